"""A phone number: ten digits for the US and Canada, or a country code after +."""

from typing import Any

from hostedpages.schema import clean
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.type_settings import PlaceholderSettings


class Phone(FieldType):
    """Stored as E.164, shown as people write it."""

    key = "phone"
    label = "Phone"
    group = "Contact"
    icon = "phone"
    order = 50
    html_type = "tel"
    autocomplete = "tel"
    inputmode = "tel"
    settings = PlaceholderSettings
    can_bind_to = ("cell_phone", "home_phone")
    examples = Examples(
        good=(
            Good(["(801) 555-0123"], "+18015550123", "(801) 555-0123"),
            Good(["1 801.555.0123"], "+18015550123", "(801) 555-0123"),
            Good(["+1 801 555 0123"], "+18015550123", "(801) 555-0123"),
            Good(["+44 20 7946 0958"], "+442079460958", "+44 20 7946 0958"),
        ),
        bad=(
            *(
                Bad([raw], clean.PHONE_MESSAGE)
                for raw in ("555-0123", "²²²²²²²²²²", "call me", "٨٠١٥٥٥٠١٢٣", "28015550123")
            ),
            *(Bad([raw], clean.FOREIGN_PHONE_MESSAGE) for raw in ("+", "+44 1", "+999 123456789")),
        ),
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """E.164."""
        return clean.phone(text)

    def to_text(self, value: Any, field: FieldLike) -> str:
        """As people write it."""
        return clean.phone_text(str(value)) if value else ""

    def form_values(self, value: Any, field: FieldLike) -> list[str]:
        """The readable form; cleaning it gives the same number again."""
        return [self.to_text(value, field)] if value else []

    def html_attributes(self, field: FieldLike) -> dict[str, str]:
        """Room for spaces and a country code."""
        return {"maxlength": "50"}
