"""A US ZIP code or a Canadian postal code."""

from hostedpages.schema import clean
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.type_settings import PlaceholderSettings


class PostalCode(FieldType):
    """Stored in the usual spelling of its country."""

    key = "postal_code"
    label = "ZIP or postal code"
    group = "Contact"
    icon = "map-pin"
    order = 60
    autocomplete = "postal-code"
    operators = (
        "equals", "not_equals", "contains", "not_contains",
        "in", "not_in", "is_empty", "is_not_empty",
    )  # fmt: skip
    settings = PlaceholderSettings
    can_bind_to = ("zip",)
    examples = Examples(
        good=(
            Good(["84101"], "84101", "84101"),
            Good(["841011234"], "84101-1234", "84101-1234"),
            Good(["k1a0b1"], "K1A 0B1", "K1A 0B1"),
        ),
        bad=tuple(Bad([raw], clean.POSTAL_CODE_MESSAGE) for raw in ("8410", "ABC", "٨٤١٠١")),
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """The usual spelling."""
        return clean.postal_code(text)

    def html_attributes(self, field: FieldLike) -> dict[str, str]:
        """Room for the longest form."""
        return {"maxlength": "10"}
