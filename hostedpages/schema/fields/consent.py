"""An explicit agreement: ticked by the visitor, never for the visitor."""

from collections.abc import Iterable
from typing import Any

from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good, first

TICKED = frozenset({"yes", "true", "on", "1", "y"})
UNTICKED = frozenset({"", "no", "false", "off", "0", "n"})


class Consent(FieldType):
    """A box whose label is the wording that the visitor agrees to."""

    key = "consent"
    label = "Consent"
    group = "Choices"
    icon = "shield-check"
    order = 130
    widget = "checkbox"
    html_type = "checkbox"
    compare = "flag"
    operators = ("equals", "not_equals", "is_empty", "is_not_empty")
    can_bind_to = ("sms_ok",)
    examples = Examples(
        good=(Good(["yes"], True, "Yes"), Good(["0"], False, "No")),
        bad=(Bad(["maybe"], "Please tick the box if you agree: Sample"),),
    )

    def clean(self, raw: list[str], field: FieldLike) -> bool:
        """Whether the visitor agreed."""
        text = first(raw).lower()
        if text in UNTICKED:
            return False
        if text not in TICKED:
            raise ValueError(self.required_message(field))
        return True

    def to_text(self, value: Any, field: FieldLike) -> str:
        """Yes or No."""
        return "Yes" if value else "No"

    def form_values(self, value: Any, field: FieldLike) -> list[str]:
        """The box's own value when it is ticked."""
        return ["yes"] if value else []

    def default_values(self, field: FieldLike) -> list[str]:
        """Nobody agrees by default."""
        return []

    def required_message(self, field: FieldLike) -> str:
        """The wording stands in the label."""
        return f"Please tick the box if you agree: {field.label}"

    def problems(self, field: FieldLike) -> Iterable[tuple[str, str]]:
        """A box that is ticked beforehand is no consent."""
        if field.default not in (None, False, ""):
            yield "default", f"“{field.label}” may not be ticked beforehand. Remove its default."
