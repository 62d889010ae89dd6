"""The chore that opens and closes alarms and has them told by a second way.

An alarm is opened once, stays open while it is found, and closes by itself when it is over. Must
never hold a transaction while it looks, and never send: it puts rows into the outbox.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.db import transaction
from hostedpages.delivery import outbox
from hostedpages.delivery.alarms import kinds, looks, silent_pages, tell
from hostedpages.delivery.alarms.findings import Finding
from hostedpages.delivery.alarms.looks import Servers
from hostedpages.models import Account, Alarm

# What comes back so soon was never over: nobody is told of it anew.
SAME_AGAIN = timedelta(hours=1)
# Literal, so that both databases see that a partial index answers the question.
_IS_OPEN: ColumnElement[bool] = literal_column("alarms.closed_at is null")
_SILENCE = (kinds.SILENT_PAGE,)
_OTHERS = tuple(key for key in kinds.KINDS if key not in _SILENCE)


async def look(settings: Settings) -> None:
    """The chore of every minute."""
    await asyncio.to_thread(look_now, settings, clock.now())


async def listen(settings: Settings) -> None:
    """The chore of every ten minutes: pages that have fallen silent."""
    await asyncio.to_thread(listen_now, settings, clock.now())


def look_now(settings: Settings, now: datetime) -> None:
    """1. Look for what needs a person. 2. Open and close alarms. 3. Put what is to be told."""
    with db.unit() as session:
        findings = looks.look_everywhere(session, now)
        _keep(session, settings, findings, _OTHERS, now)
        _tell(session, settings, now)


def listen_now(settings: Settings, now: datetime) -> None:
    """As `look_now`, for the silence of pages."""
    with db.unit() as session:
        _keep(session, settings, silent_pages.silent_pages(session, now), _SILENCE, now)
        _tell(session, settings, now)


def _keep(
    session: Session,
    settings: Settings,
    findings: Iterable[Finding],
    kinds: tuple[str, ...],
    now: datetime,
) -> None:
    """Make the open alarms of these kinds what was found; writes only what differs."""
    found = {each.key: each for each in findings}
    open_ = _open(session, kinds)
    is_same = found.keys() == open_.keys()
    if is_same and not any(_differs(each, open_[key]) for key, each in found.items()):
        return
    with transaction() as session:
        open_ = _open(session, kinds)
        for key, finding in found.items():
            alarm = open_.get(key) or _opened(session, finding, now)
            if _differs(finding, alarm):
                alarm.text, alarm.path, alarm.details = finding.text, finding.path, finding.details
        over: dict[int, list[Alarm]] = {}
        for key in open_.keys() - found.keys():
            open_[key].closed_at = now
            over.setdefault(key[0], []).append(open_[key])
        for account_id, alarms in sorted(over.items()):
            account = session.get_one(Account, account_id)
            rows = tell.closed_rows(session, account, alarms, settings, now)
            outbox.put_many(session, rows)


def _differs(finding: Finding, alarm: Alarm) -> bool:
    return (finding.text, finding.path, finding.details) != (alarm.text, alarm.path, alarm.details)


def _open(session: Session, kinds: tuple[str, ...]) -> dict[tuple[int, str, str], Alarm]:
    rows = session.scalars(select(Alarm).where(_IS_OPEN, Alarm.kind.in_(kinds)))
    return {(each.account_id, each.kind, each.subject): each for each in rows}


def _opened(session: Session, finding: Finding, now: datetime) -> Alarm:
    """A new row, or the one that closed a moment ago."""
    again = session.scalar(
        select(Alarm)
        .where(
            Alarm.account_id == finding.account_id,
            Alarm.kind == finding.kind,
            Alarm.subject == finding.subject,
            Alarm.closed_at > now - SAME_AGAIN,
        )
        .order_by(Alarm.closed_at.desc())
        .limit(1)
    )
    if again is not None:
        again.closed_at = None
        return again
    alarm = Alarm(
        account_id=finding.account_id,
        kind=finding.kind,
        subject=finding.subject,
        text=finding.text,
        path=finding.path,
        details=finding.details,
        created_at=now,
    )
    session.add(alarm)
    return alarm


def _tell(session: Session, settings: Settings, now: datetime) -> None:
    """Put one mail for each account with news, and one webhook for each piece of news."""
    waiting = [
        each
        for each in session.scalars(select(Alarm).where(_IS_OPEN))
        if tell.is_to_be_told(each, now)
    ]
    if not waiting:
        return
    known = looks.servers(session)
    by_account: dict[int, list[int]] = {}
    for alarm in waiting:
        by_account.setdefault(alarm.account_id, []).append(alarm.id)
    for account_id, ids in sorted(by_account.items()):
        _tell_one(account_id, ids, known, settings, now)


def _tell_one(
    account_id: int, ids: list[int], known: Servers, settings: Settings, now: datetime
) -> None:
    with transaction() as session:
        account = session.get_one(Account, account_id)
        alarms = list(
            session.scalars(
                select(Alarm).where(Alarm.id.in_(ids), _IS_OPEN).order_by(Alarm.created_at)
            )
        )
        rows = tell.opened_rows(session, account, alarms, known, settings, now)
        outbox.put_many(session, rows)
        for alarm in alarms:
            alarm.told_at = now
