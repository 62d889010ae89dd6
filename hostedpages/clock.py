"""The one place where time comes from, so that tests can hold it still.

Must never be bypassed: code that asks the system for the date itself cannot be tested.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


class FrozenClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def advance(self, step: timedelta) -> None:
        self.at += step


# The clocks of two machines may differ by so much; what is written further ahead was written before
# a clock was set back, and says nothing about when something comes again.
CLOCKS_DIFFER = timedelta(seconds=10)

_frozen: FrozenClock | None = None


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _frozen.at if _frozen else datetime.now(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[FrozenClock]:
    """Hold the clock of this process at `at` (aware) until the block ends."""
    global _frozen
    before, _frozen = _frozen, FrozenClock(at.astimezone(UTC))
    try:
        yield _frozen
    finally:
        _frozen = before
