"""One choice of a closed list."""

from typing import Any

from hostedpages.schema.choices import choice_label, one_choice
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.type_settings import ListSettings


class Select(FieldType):
    """A drop-down list."""

    key = "select"
    label = "Drop-down list"
    group = "Choices"
    icon = "chevrons-up-down"
    order = 90
    widget = "select"
    has_choices = True
    operators = ("equals", "not_equals", "in", "not_in", "is_empty", "is_not_empty")
    settings = ListSettings
    can_bind_to = (
        "gender", "state", "country", "city", "job_title", "company_name", "whiteboard",
    )  # fmt: skip
    examples = Examples(
        good=(Good(["metal"], "metal", "Metal roof"),),
        bad=(Bad(["wood"], "Please choose one of the options of Sample."),),
        field={
            "choices": [
                {"value": "metal", "label": "Metal roof"},
                {"value": "tile", "label": "Tile"},
            ]
        },
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """The value of one of the field's choices."""
        return one_choice(text, field)

    def to_text(self, value: Any, field: FieldLike) -> str:
        """The label that the visitor saw."""
        return choice_label(value, field)
