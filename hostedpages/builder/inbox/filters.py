"""What a list of submissions is narrowed to, out of its address.

Must never refuse a filter that is nonsense: it is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select

from hostedpages.builder import times
from hostedpages.builder.pages.queries import is_counted
from hostedpages.models import Submission

SHOWN = {"": "Leads", "quarantine": "Quarantine"}
MAX_WORDS = 8


@dataclass(frozen=True)
class Filters:
    """Search words, the first and last local day, and leads or quarantine."""

    search: str = ""
    first: date | None = None
    last: date | None = None
    shown: str = ""

    @property
    def is_active(self) -> bool:
        return bool(self.search or self.first or self.last)


def read(arguments: Mapping[str, str]) -> Filters:
    """The filters of an address."""
    shown = arguments.get("show", "")
    return Filters(
        search=arguments.get("q", "").strip()[:200],
        first=_day(arguments.get("from", "")),
        last=_day(arguments.get("to", "")),
        shown=shown if shown in SHOWN else "",
    )


def narrow(statement: Select[Any], filters: Filters, zone: ZoneInfo) -> Select[Any]:
    """The statement with the conditions added; days are those of `zone`."""
    counted = is_counted()
    statement = statement.where(~counted if filters.shown == "quarantine" else counted)
    for word in filters.search.casefold().split()[:MAX_WORDS]:
        statement = statement.where(Submission.search_text.contains(word, autoescape=True))
    if filters.first is not None:
        start, _ = times.day_bounds(filters.first, zone)
        statement = statement.where(Submission.created_at >= start)
    if filters.last is not None:
        _, end = times.day_bounds(filters.last, zone)
        statement = statement.where(Submission.created_at < end)
    return statement


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None
