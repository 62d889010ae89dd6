"""One line of text. Must never hold a line break."""

from collections.abc import Iterable

from hostedpages.schema import clean
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.limits import length_problems, shorter_or_longer
from hostedpages.schema.texts import MAX_LINE
from hostedpages.schema.type_settings import LengthSettings


class Text(FieldType):
    """One line; inner spaces of names are collapsed."""

    key = "text"
    label = "Short text"
    group = "Text"
    icon = "text-cursor-input"
    order = 10
    settings = LengthSettings
    can_bind_to = (
        "first_name", "last_name", "full_name", "company_name", "job_title",
        "address", "city", "state", "zip", "country", "whiteboard", "gender",
        "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
    )  # fmt: skip
    examples = Examples(
        good=(
            Good(["  Ada  "], "Ada", "Ada"),
            Good(["Zoë\nO'Neil"], "Zoë O'Neil", "Zoë O'Neil"),
            Good(["<b>&amp;"], "<b>&amp;", "<b>&amp;"),
        ),
        bad=(
            Bad(["x" * 2001], "Please shorten Sample to 2,000 characters."),
            Bad(["abcdefghijk"], "Please shorten Sample to 10 characters."),
            Bad(["a"], "Please give at least 2 characters for Sample."),
        ),
        field={"min_length": 2, "max_length": 10},
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """The line, within the field's lengths."""
        if field.is_name:
            text = clean.collapse(text)
        return shorter_or_longer(text, field)

    def required_message(self, field: FieldLike) -> str:
        """A full name is asked for as people understand it."""
        if field.binds_to == "full_name":
            return "Please give your first and last name."
        return super().required_message(field)

    def html_attributes(self, field: FieldLike) -> dict[str, str]:
        """The browser stops at the same length."""
        return {"maxlength": str(min(field.max_length or MAX_LINE, MAX_LINE))}

    def problems(self, field: FieldLike) -> Iterable[tuple[str, str]]:
        """Lengths that no answer can have."""
        return length_problems(field, MAX_LINE)
