"""A value that visitors do not see: fixed, or brought by the page's address."""

from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.texts import MAX_LINE
from hostedpages.schema.type_settings import HiddenSettings


class Hidden(FieldType):
    """Any short text; never trusted, because a visitor can change it."""

    key = "hidden"
    label = "Hidden value"
    group = "Other"
    icon = "eye-off"
    order = 180
    widget = "hidden"
    html_type = "hidden"
    is_shown = False
    settings = HiddenSettings
    can_bind_to = (
        "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
        "whiteboard", "company_name", "city", "state", "country",
    )  # fmt: skip
    examples = Examples(
        good=(Good(["spring-2026"], "spring-2026", "spring-2026"),),
        bad=(Bad(["x" * 2001], "Please shorten Sample to 2,000 characters."),),
        field={"default": "direct"},
    )

    def clean(self, raw: list[str], field: FieldLike) -> str:
        """What was posted, or else the field's default."""
        value = super().clean(raw, field)
        if value:
            return str(value)
        return next(iter(self.default_values(field)), "")[:MAX_LINE]
