"""The shape of what a look at the database found; and words that several looks use.

Must never touch the database.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that needs a person of this account. `subject` says what it is about, so that one
    thing opens one alarm. `details` may hold `senders`, the ids of those that are to blame;
    `since`, when it began if that was before it was found; and `cause`, with another it is a new
    alarm."""

    account_id: int
    kind: str
    subject: str
    text: str
    path: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, str, str]:
        return self.account_id, self.kind, self.subject


def how_long(duration: timedelta) -> str:
    """A duration in the largest unit that says enough: "40 minutes", "26 hours", "3 days"."""
    minutes = max(1, int(duration.total_seconds() // 60))
    for size, from_on, name in ((1440, 2880, "day"), (60, 120, "hour"), (1, 1, "minute")):
        if minutes >= from_on:
            return plural(minutes // size, name)
    return "a minute"


def plural(amount: int, name: str, names: str = "") -> str:
    """`1 lead`, `2 leads`, `1,204 deliveries`."""
    return f"{amount:,} {name if amount == 1 else names or name + 's'}"


def zone_of(name: str) -> ZoneInfo:
    """An account's time zone; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
