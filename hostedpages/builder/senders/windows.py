"""A sender's limits between its form, its preset and its row: two numbers that people change, and
the provider's other rules, which stay.

Must never drop a rule of a provider that the form does not show.
"""

from typing import Any

from hostedpages.mail.presets import PRESETS
from hostedpages.models import Sender

HOUR, DAY = 3600, 86_400


def count_of(limits: dict[str, Any], seconds: int) -> int | None:
    """How many mails the window of this length allows; None without such a window."""
    for window in limits.get("windows") or []:
        if window["seconds"] == seconds:
            return int(window["count"])
    return None


def basis(preset: str, stored: Sender | None) -> dict[str, Any]:
    """The rules to start from: the stored ones, or the preset's when it is another one now."""
    if stored is not None and stored.preset == preset:
        return dict(stored.limits)
    return dict(PRESETS[preset].limits)


def limits_with(
    limits: dict[str, Any], *, per_hour: int | None, per_day: int | None
) -> dict[str, Any]:
    """The same rules with these numbers for hour and day; None takes that window away."""
    others = [each for each in limits.get("windows") or [] if each["seconds"] not in (HOUR, DAY)]
    wanted = [
        {"count": count, "seconds": seconds}
        for count, seconds in ((per_hour, HOUR), (per_day, DAY))
        if count is not None
    ]
    found = sorted([*others, *wanted], key=lambda window: int(window["seconds"]))
    return {**limits, "windows": found}


def other_rules(limits: dict[str, Any]) -> list[str]:
    """The rules that the form does not ask for, each as a few words."""
    words = [
        f"at most {window['count']:,} in {span(window['seconds'])}"
        for window in limits.get("windows") or []
        if window["seconds"] not in (HOUR, DAY)
    ]
    if pause := limits.get("pause_seconds"):
        words.append(f"{pause} seconds between two mails")
    if per_connection := limits.get("mails_per_connection"):
        words.append(f"{per_connection:,} mails a connection")
    if limits.get("per_ip"):
        words.append("all mail from Hosted Pages counts together")
    if size := limits.get("max_bytes"):
        words.append(f"{size / 2**20:,.0f} MB a mail")
    return words


def span(seconds: int) -> str:
    """A window's length: "an hour", "30 minutes", "a day"."""
    for size, one, many in (
        (DAY, "a day", "days"),
        (HOUR, "an hour", "hours"),
        (60, "a minute", "minutes"),
    ):
        if seconds % size == 0 and seconds >= size:
            return one if seconds == size else f"{seconds // size} {many}"
    return "a second" if seconds == 1 else f"{seconds} seconds"
