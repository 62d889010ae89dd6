"""One choice, with every option in view."""

from typing import Any

from hostedpages.schema.choices import choice_label, one_choice
from hostedpages.schema.fields.base import Bad, Examples, FieldLike, FieldType, Good
from hostedpages.schema.type_settings import OneChoiceSettings


class Radio(FieldType):
    """A group of radio buttons."""

    key = "radio"
    label = "One of several"
    group = "Choices"
    icon = "circle-dot"
    order = 100
    widget = "choices"
    html_type = "radio"
    has_choices = True
    operators = ("equals", "not_equals", "in", "not_in", "is_empty", "is_not_empty")
    settings = OneChoiceSettings
    can_bind_to = ("gender", "state", "country", "city", "whiteboard")
    examples = Examples(
        good=(Good(["am"], "am", "In the morning"),),
        bad=(Bad(["night"], "Please choose one of the options of Sample."),),
        field={
            "choices": [
                {"value": "am", "label": "In the morning"},
                {"value": "pm", "label": "In the afternoon"},
            ]
        },
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """The value of one of the field's choices."""
        return one_choice(text, field)

    def to_text(self, value: Any, field: FieldLike) -> str:
        """The label that the visitor saw."""
        return choice_label(value, field)

    def required_message(self, field: FieldLike) -> str:
        """One chooses here, one does not fill in."""
        return f"Please choose one of the options of {field.label}."
