"""A state of the US or a province of Canada, stored as its two-letter code."""

from collections.abc import Sequence
from typing import Any

from hostedpages.schema import clean
from hostedpages.schema.fields.base import (
    Bad,
    Choice,
    ChoiceLike,
    Examples,
    FieldLike,
    FieldType,
    Good,
)
from hostedpages.schema.places import STATES
from hostedpages.schema.type_settings import ListSettings

_CHOICES = tuple(Choice(code, name) for code, name in STATES.items())


class State(FieldType):
    """A drop-down list; a full name is taken as well."""

    key = "state"
    label = "State or province"
    group = "Contact"
    icon = "map"
    order = 70
    widget = "select"
    autocomplete = "address-level1"
    operators = ("equals", "not_equals", "in", "not_in", "is_empty", "is_not_empty")
    settings = ListSettings
    can_bind_to = ("state",)
    examples = Examples(
        good=(
            Good(["ut"], "UT", "Utah"),
            Good(["new  york"], "NY", "New York"),
            Good(["Quebec"], "QC", "Quebec"),
        ),
        bad=(Bad(["Utopia"], clean.STATE_MESSAGE), Bad(["XX"], clean.STATE_MESSAGE)),
    )

    def clean_text(self, text: str, field: FieldLike) -> str:
        """The two-letter code."""
        return clean.state(text)

    def choices(self, field: FieldLike) -> Sequence[ChoiceLike]:
        """All states, territories and provinces."""
        return _CHOICES

    def to_text(self, value: Any, field: FieldLike) -> str:
        """The full name."""
        return STATES.get(value, str(value or ""))
