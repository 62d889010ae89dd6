"""What the choice types share: finding a choice by its value, and its label.

Must never accept a value that is not a choice of the field.
"""

from typing import Any, Protocol


class _Choice(Protocol):
    @property
    def value(self) -> str: ...
    @property
    def label(self) -> str: ...


class HasChoices(Protocol):
    """The part of a field that choices look at."""

    @property
    def label(self) -> str: ...
    @property
    def choices(self) -> Any: ...


def one_choice(text: str, field: HasChoices) -> str:
    """The value of the choice that `text` names. Raises ValueError with words for people."""
    found: list[_Choice] = list(field.choices)
    for choice in found:
        # Browsers send a value without its outer spaces trimmed; ours may hold them.
        if choice.value == text or choice.value.strip() == text:
            return choice.value
    raise ValueError(f"Please choose one of the options of {field.label}.")


def choice_label(value: Any, field: HasChoices) -> str:
    """The label of a stored value; the value itself when the choice is gone."""
    labels = {choice.value: choice.label for choice in field.choices}
    return labels.get(value, str(value or "")) or str(value or "")
