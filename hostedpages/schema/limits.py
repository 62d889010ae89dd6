"""Lengths and ranges of answers: checking them, and finding limits that cannot be met.

Must never parse a number with float(): limits and answers are compared as decimals or ISO text.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol


class HasLimits(Protocol):
    """The part of a field that limits look at."""

    @property
    def label(self) -> str: ...
    @property
    def min_length(self) -> int | None: ...
    @property
    def max_length(self) -> int | None: ...
    @property
    def min(self) -> str | int | float | None: ...
    @property
    def max(self) -> str | int | float | None: ...


def plain(number: str | int | float) -> str:
    """A limit or default of the document as text, without an exponent."""
    return format(Decimal(repr(number)), "f") if isinstance(number, float) else str(number)


def shorter_or_longer(text: str, field: HasLimits) -> str:
    """`text` when its length suits the field. Raises ValueError with words for people."""
    if field.max_length is not None and len(text) > field.max_length:
        raise ValueError(f"Please shorten {field.label} to {field.max_length:,} characters.")
    if field.min_length is not None and len(text) < field.min_length:
        raise ValueError(f"Please give at least {field.min_length:,} characters for {field.label}.")
    return text


def length_problems(field: HasLimits, greatest: int) -> Iterator[tuple[str, str]]:
    """Lengths that no answer can have."""
    low, high = field.min_length or 0, field.max_length
    if high is not None and (high == 0 or high > greatest):
        yield "max_length", f"The greatest length of “{field.label}” is from 1 to {greatest:,}."
    elif low > (high or greatest):
        yield "min_length", f"“{field.label}” asks for more characters than it takes."


@dataclass(frozen=True, slots=True)
class Range:
    """How a kind of answer is limited.

    `read` cleans a limit as it cleans an answer, `order` makes both comparable, `show` makes a
    limit readable; `above` and `below` end the sentence "Age must be 18 ...".
    """

    read: Callable[[str], str]
    order: Callable[[str], Any] = str
    show: Callable[[str], str] = str
    above: str = "or more"
    below: str = "or less"

    def check(self, value: str, field: HasLimits) -> str:
        """`value` when it lies in the field's range. Raises ValueError with words for people.

        A limit that cannot be read does not limit: publishing has refused it.
        """
        low, high = self._edge(field.min), self._edge(field.max)
        if low is not None and self.order(value) < self.order(low):
            raise ValueError(f"{field.label} must be {self.show(low)} {self.above}.")
        if high is not None and self.order(value) > self.order(high):
            raise ValueError(f"{field.label} must be {self.show(high)} {self.below}.")
        return value

    def problems(self, field: HasLimits) -> Iterator[tuple[str, str]]:
        """Limits that cannot be read, or that no answer can meet."""
        for key, limit in (("min", field.min), ("max", field.max)):
            if limit not in (None, "") and self._edge(limit) is None:
                yield key, f"A limit of “{field.label}” cannot be read: {plain(limit or 0)[:40]}"
                return
        low, high = self._edge(field.min), self._edge(field.max)
        if low is not None and high is not None and self.order(low) > self.order(high):
            yield "min", f"The lower limit of “{field.label}” is above its upper limit."

    def html(self, field: HasLimits) -> dict[str, str]:
        """The attributes `min` and `max` of an input."""
        edges = {"min": self._edge(field.min), "max": self._edge(field.max)}
        return {key: edge for key, edge in edges.items() if edge is not None}

    def _edge(self, limit: str | int | float | None) -> str | None:
        if limit is None or limit == "":
            return None
        try:
            return self.read(plain(limit))
        except ValueError:
            return None
