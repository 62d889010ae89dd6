"""A box to tick: yes or no."""

from typing import Any

from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good, first
from hostedpages.schema.type_settings import TickSettings

TICKED = frozenset({"yes", "true", "on", "1", "y"})
UNTICKED = frozenset({"", "no", "false", "off", "0", "n"})


class Checkbox(FieldType):
    """True when ticked, False when not; when required it must be ticked."""

    key = "checkbox"
    label = "Checkbox"
    group = "Choices"
    icon = "square-check"
    order = 120
    widget = "checkbox"
    html_type = "checkbox"
    compare = "flag"
    operators = ("equals", "not_equals", "is_empty", "is_not_empty")
    settings = TickSettings
    can_bind_to = ("whiteboard",)
    examples = Examples(
        good=(
            Good(["yes"], True, "Yes"),
            Good(["on"], True, "Yes"),
            Good(["no"], False, "No"),
        ),
        bad=(Bad(["maybe"], "Please tick Sample, or leave it empty."),),
    )

    def clean(self, raw: list[str], field: FieldLike) -> bool:
        """Whether the box was ticked."""
        text = first(raw).lower()
        if text in UNTICKED:
            return False
        if text not in TICKED:
            raise ValueError(f"Please tick {field.label}, or leave it empty.")
        return True

    def to_text(self, value: Any, field: FieldLike) -> str:
        """Yes or No."""
        return "Yes" if value else "No"

    def form_values(self, value: Any, field: FieldLike) -> list[str]:
        """The box's own value when it is ticked."""
        return ["yes"] if value else []

    def required_message(self, field: FieldLike) -> str:
        """One ticks here, one does not fill in."""
        return f"Please tick {field.label}."
