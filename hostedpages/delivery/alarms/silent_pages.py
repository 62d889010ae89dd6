"""Looks for pages that usually get leads and get none; `silence.py` says what that means.

Reads the times of leads through an index, and those of pages alone that had none for a while. Must
never ring for a page that is paused, closed by its date or full, and never look at an answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from hostedpages.delivery.alarms import kinds
from hostedpages.delivery.alarms.findings import Finding, how_long, plural, zone_of
from hostedpages.delivery.alarms.silence import (
    FEWEST_LEADS,
    LEAST_SURPRISE,
    REACH,
    SHORTEST_SILENCE,
    Silence,
    silence_of,
)
from hostedpages.models import Account, Page, PageDay, PageVersion, Submission
from hostedpages.schema.form_schema import DocumentError, FormSchema

PAGES_AT_ONCE = 200
# Leads of a day may all come in two hours. Even so too few can be missing: no need to look closer.
BUSIEST = 12


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A page that is open and has had no lead for a while."""

    id: int
    public_id: str
    account_id: int
    name: str
    version_id: int
    opened_at: datetime | None
    zone: ZoneInfo


def silent_pages(session: Session, now: datetime) -> list[Finding]:
    """The pages of all accounts that have fallen silent."""
    found = []
    quiet = _quiet(session, now)
    for start in range(0, len(quiet), PAGES_AT_ONCE):
        some = {each.id: each for each in quiet[start : start + PAGES_AT_ONCE]}
        for page_id, leads in _leads(session, list(some), now):
            page = some[page_id]
            silence = silence_of(leads, now=now, zone=page.zone, open_since=page.opened_at)
            if silence is None or not silence.is_alarming or not _is_open(session, page, now):
                continue
            found.append(_finding(session, page, silence, now))
    return found


def _quiet(session: Session, now: datetime) -> list[_Quiet]:
    """Open pages with enough leads to know them and none lately: two looks into an index each."""
    mine = (Submission.page_id == Page.id) & (Submission.created_at > now - REACH)
    leads = select(func.count()).where(mine).scalar_subquery()
    last = select(func.max(Submission.created_at)).where(mine, _is_lead()).scalar_subquery()
    lately = select(Submission.id).where(
        Submission.page_id == Page.id, Submission.created_at > now - SHORTEST_SILENCE, _is_lead()
    )
    rows = session.execute(
        select(
            Page.id,
            Page.public_id,
            Page.account_id,
            Page.name,
            Page.live_version_id,
            Page.opened_at,
            Account.time_zone,
            leads.label("leads"),
            last.label("last"),
        )
        .join(Account, Account.id == Page.account_id)
        .where(
            Page.status == "published",
            Page.live_version_id.is_not(None),
            Account.archived_at.is_(None),
            ~lately.exists(),
            leads >= FEWEST_LEADS,
        )
        .order_by(Page.id)
    )
    return [
        _Quiet(
            id=row.id,
            public_id=row.public_id,
            account_id=row.account_id,
            name=row.name,
            version_id=row.live_version_id,
            opened_at=row.opened_at,
            zone=zone_of(row.time_zone),
        )
        for row in rows
        if row.last is not None
        and BUSIEST * row.leads * ((now - row.last) / REACH) >= LEAST_SURPRISE
    ]


def _leads(
    session: Session, page_ids: Sequence[int], now: datetime
) -> Iterator[tuple[int, list[datetime]]]:
    rows = session.execute(
        select(Submission.page_id, Submission.created_at)
        .where(Submission.page_id.in_(page_ids), Submission.created_at > now - REACH, _is_lead())
        .order_by(Submission.page_id, Submission.created_at)
    )
    for page_id, group in groupby(rows, key=lambda row: row[0]):
        yield page_id, [at for _, at in group]


def _is_lead() -> ColumnElement[bool]:
    """Not set aside as spam, or released by a person."""
    return or_(cast(Submission.spam_reasons, Text) == "[]", Submission.released_at.is_not(None))


def _is_open(session: Session, page: _Quiet, now: datetime) -> bool:
    """Whether the live version takes answers: not past its date, not full."""
    document = session.scalar(select(PageVersion.document).where(PageVersion.id == page.version_id))
    try:
        options = FormSchema.load(document or {}).options
    except DocumentError:
        return False
    if options.closes_at is not None and options.closes_at <= now:
        return False
    if options.max_submissions is None:
        return True
    taken = select(func.count()).where(Submission.page_id == page.id, _is_lead())
    return (session.scalar(taken) or 0) < options.max_submissions


def _finding(session: Session, page: _Quiet, silence: Silence, now: datetime) -> Finding:
    since = silence.since
    usual = plural(round(silence.expected), "lead")
    text = (
        f"“{page.name}” has had no lead for {how_long(now - since)}. In such a time it usually "
        f"gets about {usual}. {_hint(session, page, since, now)}"
    ).strip()
    return Finding(
        page.account_id,
        kinds.SILENT_PAGE,
        f"page:{page.public_id}",
        text,
        f"/pages/{page.public_id}/results",
        {"since": since.isoformat(), "expected": round(silence.expected, 1)},
    )


def _hint(session: Session, page: _Quiet, since: datetime, now: datetime) -> str:
    """What speaks for which cause: no visitors, a form that does not work, or a hasty filter."""
    aside = session.scalar(
        select(func.count()).where(
            Submission.page_id == page.id, Submission.created_at > since, ~_is_lead()
        )
    )
    if aside:
        return f"{plural(aside, 'submission')} came and {_were(aside)} set aside as spam."
    # Views are counted by whole days: what of the first day came after that lead, nobody knows.
    first, today = (at.astimezone(page.zone).date() for at in (since, now))
    if today == first:
        return ""
    views = session.scalar(
        select(func.coalesce(func.sum(PageDay.views), 0)).where(
            PageDay.page_id == page.id, PageDay.day > first
        )
    )
    if views:
        return f"It was opened {plural(views, 'time')} after that day: does sending still work?"
    return "Nobody has opened it after that day: do the links to it still work?"


def _were(amount: int) -> str:
    return "was" if amount == 1 else "were"
