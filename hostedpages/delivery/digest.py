"""The daily digest: what happened yesterday, at eight in the morning of the account's time zone.

Counts and reasons, no names and no answers. Must never be sent twice for a day, nor when there was
nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_, select, update
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.db import transaction
from hostedpages.delivery import outbox
from hostedpages.delivery.alarms import looks, tell
from hostedpages.delivery.alarms.findings import plural, zone_of
from hostedpages.delivery.alarms.kinds import kind_of as alarm_kind_of
from hostedpages.delivery.alarms.looks import BOUNCES
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import spoken_time
from hostedpages.delivery.which import DELIVERIES, IS_HELD, IS_NOT_SENT
from hostedpages.models import Account, Alarm, MailboxMessage, Submission, SuppressedAddress
from hostedpages.pii import redact

AT = time(8)
MOST_DAYS = 7  # after a longer rest of the worker, what is older stays in the logs
MOST_REASONS = 10
MAX_REASON = 160
_D = DELIVERIES.c


@dataclass(frozen=True, slots=True)
class Span:
    """The time a digest tells of: from one eight o'clock to another, an hour more or less when
    the clocks are changed."""

    day: date  # on which it is sent
    start: datetime
    end: datetime


async def send_all(settings: Settings) -> None:
    """The chore: put the digest of every account whose morning has come."""
    await asyncio.to_thread(send_all_now, settings, clock.now())


def send_all_now(settings: Settings, now: datetime) -> None:
    """One small read for all accounts, and one transaction for each whose turn it is."""
    with db.unit() as session:
        rows = session.execute(
            select(Account.id, Account.time_zone, Account.digest_sent_on).where(
                Account.daily_digest, Account.archived_at.is_(None)
            )
        ).all()
        due = [
            (account_id, span)
            for account_id, zone, sent_on in rows
            if (span := span_of(zone, sent_on, now)) is not None
        ]
        for account_id, span in due:
            _send(account_id, span, settings, now)


def span_of(zone_name: str, sent_on: date | None, now: datetime) -> Span | None:
    """What the digest of this moment tells of; None before eight, or when today's was sent."""
    zone = zone_of(zone_name)
    local = now.astimezone(zone)
    today = local.date()
    if local.time() < AT or (sent_on is not None and sent_on >= today):
        return None
    first = today - timedelta(days=1)
    if sent_on is not None:
        first = max(sent_on, today - timedelta(days=MOST_DAYS))
    return Span(
        day=today,
        start=datetime.combine(first, AT, zone),
        end=datetime.combine(today, AT, zone),
    )


def _send(account_id: int, span: Span, settings: Settings, now: datetime) -> None:
    with transaction() as session:
        taken = session.execute(
            update(Account)
            .where(
                Account.id == account_id,
                or_(Account.digest_sent_on.is_(None), Account.digest_sent_on < span.day),
            )
            .values(digest_sent_on=span.day)
            .returning(Account.id)
            .execution_options(synchronize_session=False)
        ).first()
        if taken is None:
            return
        account = session.get_one(Account, account_id)
        payload = payload_of(session, account, span)
        if payload is None:
            return
        addresses = tell.alarm_addresses(session, account)
        known = looks.servers(session)
        ways = tell.mail_ways(account_id, set(), known, settings, now)[:1]
        rows = tell.mail_rows(account, addresses, ways, payload, "Daily digest", now)
        outbox.put_many(session, rows)


def payload_of(session: Session, account: Account, span: Span) -> dict[str, Any] | None:
    """What the mail says, or None when there was nothing."""
    zone = zone_of(account.time_zone)
    leads = _leads(session, account, span)
    sections = [
        {"title": title, "lines": lines, "path": path, "link": link}
        for title, lines, path, link in (
            ("Alarms", _alarms(session, account, span), "/settings/alarms", "Open the alarms"),
            (
                "Deliveries that did not go",
                _not_sent(session, account, span),
                "/deliveries",
                "Open the delivery log",
            ),
            ("Addresses", _addresses(session, account, span), "", ""),
        )
        if lines
    ]
    if not leads and not sections:
        return None
    return {
        "template": "digest",
        "account": account.name,
        "day": f"{span.day:%A}, {span.day:%B} {span.day.day}",
        "start": spoken_time(span.start.astimezone(zone)),
        "end": spoken_time(span.end.astimezone(zone)),
        "leads": leads,
        "sections": sections,
    }


def _leads(session: Session, account: Account, span: Span) -> int:
    is_lead = or_(cast(Submission.spam_reasons, Text) == "[]", Submission.released_at.is_not(None))
    amount = select(func.count()).where(
        Submission.account_id == account.id, _within(Submission.created_at, span), is_lead
    )
    return session.scalar(amount) or 0


def _alarms(session: Session, account: Account, span: Span) -> list[str]:
    rows = session.scalars(
        select(Alarm)
        .where(
            Alarm.account_id == account.id,
            or_(
                _within(Alarm.created_at, span),
                _within(Alarm.closed_at, span),
                Alarm.closed_at.is_(None),
            ),
        )
        .order_by(Alarm.created_at, Alarm.id)
    )
    return [f"{alarm_kind_of(each.kind).title}: {each.text} {_state(each)}" for each in rows]


def _state(alarm: Alarm) -> str:
    return "(still open)" if alarm.closed_at is None else "(over)"


def _not_sent(session: Session, account: Account, span: Span) -> list[str]:
    """How many of which kind ended how, and why; and what waits for a person or a server now."""
    rows = session.execute(
        select(_D.kind, _D.state, _D.error, func.count().label("amount"))
        .where(IS_NOT_SENT, _within(_D.finished_at, span), _D.account_id == account.id)
        .group_by(_D.kind, _D.state, _D.error)
        .order_by(_D.kind, _D.state, _D.error)
    )
    reasons: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        # Servers repeat the address that they refuse: no names, and the same reason once.
        reason = redact(row.error)[:MAX_REASON]
        reasons[kind_of(row.kind).label, _WORDS[row.state], reason] += row.amount
    lines = [
        f"{amount:,} × {label}, {ended}: {reason}"
        for (label, ended, reason), amount in reasons.most_common(MOST_REASONS)
    ]
    rest = reasons.total() - sum(amount for _, amount in reasons.most_common(MOST_REASONS))
    if rest:
        lines.append(f"{plural(rest, 'more delivery', 'more deliveries')} for other reasons.")
    held = session.scalar(
        select(func.count()).select_from(DELIVERIES).where(IS_HELD, _D.account_id == account.id)
    )
    if held:
        lines.append(f"Held until mail can be sent again: {held:,}.")
    return lines


_WORDS = {"failed": "failed", "unknown": "maybe sent", "skipped": "not sent"}


def _addresses(session: Session, account: Account, span: Span) -> list[str]:
    bounced = session.scalar(
        select(func.count()).where(
            MailboxMessage.account_id == account.id,
            _within(MailboxMessage.created_at, span),
            MailboxMessage.kind.in_(BOUNCES),
        )
    )
    rows = session.execute(
        select(SuppressedAddress.kind, func.count().label("amount"))
        .where(
            SuppressedAddress.account_id == account.id,
            _within(SuppressedAddress.created_at, span),
        )
        .group_by(SuppressedAddress.kind)
    )
    stopped = {row.kind: row.amount for row in rows}
    found: Sequence[tuple[int, str, str, str]] = (
        (bounced or 0, "mail", "mails", "came back."),
        (stopped.get("quarantined", 0), "address", "addresses", "quarantined."),
        (stopped.get("opted_out", 0), "person", "people", "opted out."),
    )
    return [f"{plural(amount, one, many)} {what}" for amount, one, many, what in found if amount]


def _within(column: Any, span: Span) -> ColumnElement[bool]:
    found: ColumnElement[bool] = (column >= span.start) & (column < span.end)
    return found
