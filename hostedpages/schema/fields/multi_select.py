"""Any number of choices, with every option in view."""

from collections.abc import Iterable
from typing import Any

from hostedpages.schema.choices import choice_label, one_choice
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.type_settings import SeveralChoicesSettings


class MultiSelect(FieldType):
    """A group of boxes; stored as a list of values in the order of the choices."""

    key = "multi_select"
    label = "Several of several"
    group = "Choices"
    icon = "list-checks"
    order = 110
    widget = "choices"
    html_type = "checkbox"
    multiple = True
    has_choices = True
    compare = "list"
    operators = ("contains", "not_contains", "in", "not_in", "is_empty", "is_not_empty")
    settings = SeveralChoicesSettings
    can_bind_to = ("whiteboard",)
    examples = Examples(
        good=(
            Good(["b", "a", "b"], ["a", "b"], "Apples, Bread"),
            Good(["b"], ["b"], "Bread"),
            Good([""], [], ""),
        ),
        bad=(
            Bad(["a", "x"], "Please choose one of the options of Sample."),
            Bad(["a", "b", "c"], "Please choose at most 2 options of Sample."),
        ),
        field={
            "choices": [
                {"value": "a", "label": "Apples"},
                {"value": "b", "label": "Bread"},
                {"value": "c", "label": "Cheese"},
            ],
            "max_length": 2,
        },
    )

    def clean(self, raw: list[str], field: FieldLike) -> list[str]:
        """The chosen values, each once, in the order of the choices."""
        chosen = {one_choice(each.strip(), field) for each in raw if each.strip()}
        if chosen and field.min_length is not None and len(chosen) < field.min_length:
            raise ValueError(f"Please choose at least {field.min_length} options of {field.label}.")
        if field.max_length is not None and len(chosen) > field.max_length:
            raise ValueError(f"Please choose at most {field.max_length} options of {field.label}.")
        return [choice.value for choice in field.choices if choice.value in chosen]

    def to_text(self, value: Any, field: FieldLike) -> str:
        """The labels that the visitor saw."""
        return ", ".join(choice_label(each, field) for each in value or ())

    def form_values(self, value: Any, field: FieldLike) -> list[str]:
        """One text for each tick."""
        return list(value or ())

    def required_message(self, field: FieldLike) -> str:
        """One chooses here, one does not fill in."""
        return f"Please choose at least one option of {field.label}."

    def problems(self, field: FieldLike) -> Iterable[tuple[str, str]]:
        """Numbers of choices that nobody can make."""
        low, high = field.min_length or 0, field.max_length
        if high is not None and (high == 0 or low > high):
            yield "max_length", f"Nobody can choose so few options of “{field.label}”."
        elif low > len(field.choices):
            yield "min_length", f"“{field.label}” has fewer choices than it asks for."
