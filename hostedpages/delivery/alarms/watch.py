"""The chore that opens and closes alarms and has them told by a second way.

An alarm is opened once, stays open while it is found with the same cause, and closes by itself when
it is over; what rings again is a new one. Must never hold a transaction while it looks, and never
send: it puts rows into the outbox.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

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

# What comes and goes is told no more often than this.
QUIET = timedelta(minutes=15)
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
        over: dict[int, list[Alarm]] = {}
        for key, alarm in open_.items():
            if key not in found or _has_another_cause(found[key], alarm):
                alarm.closed_at = now
                over.setdefault(alarm.account_id, []).append(alarm)
        session.flush()  # before others of the same subjects open
        for key, finding in found.items():
            before = open_.get(key)
            if before is None:
                session.add(_opened(finding, now))
            elif before.closed_at is not None:
                # What has lasted for long has had this cause only from now on.
                session.add(_opened(finding, now, since=now.isoformat()))
            elif _differs(finding, before):
                before.text, before.path = finding.text, finding.path
                before.details = _details(finding, before)
        for account_id, alarms in sorted(over.items()):
            account = session.get_one(Account, account_id)
            rows = tell.closed_rows(session, account, alarms, settings, now)
            outbox.put_many(session, rows)


def _differs(finding: Finding, alarm: Alarm) -> bool:
    new = (finding.text, finding.path, _details(finding, alarm))
    return new != (alarm.text, alarm.path, alarm.details)


def _has_another_cause(finding: Finding, alarm: Alarm) -> bool:
    cause = finding.details.get("cause")
    return bool(alarm.details.get("cause", cause) != cause)


def _details(finding: Finding, alarm: Alarm) -> dict[str, Any]:
    """What was found, except since when: that stays as it was when the alarm was opened."""
    kept = {"since": alarm.details["since"]} if "since" in alarm.details else {}
    return finding.details | kept


def _open(session: Session, kinds: tuple[str, ...]) -> dict[tuple[int, str, str], Alarm]:
    rows = session.scalars(select(Alarm).where(_IS_OPEN, Alarm.kind.in_(kinds)))
    return {_key(each): each for each in rows}


def _key(alarm: Alarm) -> tuple[int, str, str]:
    return alarm.account_id, alarm.kind, alarm.subject


def _opened(finding: Finding, now: datetime, **details: str) -> Alarm:
    return Alarm(
        account_id=finding.account_id,
        kind=finding.kind,
        subject=finding.subject,
        text=finding.text,
        path=finding.path,
        details=finding.details | details,
        created_at=now,
    )


def _tell(session: Session, settings: Settings, now: datetime) -> None:
    """Put one mail for each account with news, and one webhook for each piece of news."""
    waiting = [
        each
        for each in session.scalars(select(Alarm).where(_IS_OPEN))
        if tell.is_to_be_told(each, now)
    ]
    if waiting:
        just_told = _told_lately(session, now)
        waiting = [each for each in waiting if _key(each) not in just_told]
    if not waiting:
        return
    known = looks.servers(session)
    by_account: dict[int, list[int]] = {}
    for alarm in waiting:
        by_account.setdefault(alarm.account_id, []).append(alarm.id)
    for account_id, ids in sorted(by_account.items()):
        _tell_one(account_id, ids, known, settings, now)


def _told_lately(session: Session, now: datetime) -> set[tuple[int, str, str]]:
    """Of what an earlier alarm, which is over, was told a moment ago."""
    since = now - QUIET
    rows = session.scalars(select(Alarm).where(Alarm.closed_at > since, Alarm.told_at > since))
    return {_key(each) for each in rows}


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
