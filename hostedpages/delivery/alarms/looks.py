"""Looks at the database for what needs a person: one function for each kind of alarm.

Each answers with findings, reads only through an index, and names no contact. Must never write, and
never take the state of something for its history: an alarm is over when its finding is gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from hostedpages.delivery import limits
from hostedpages.delivery.alarms import kinds
from hostedpages.delivery.alarms.findings import Finding, how_long, plural
from hostedpages.delivery.breaker import SIGN_IN
from hostedpages.delivery.kinds import KINDS, kind_of
from hostedpages.delivery.streams import MARKETING, NO_MAIL
from hostedpages.delivery.which import DELIVERIES, IS_HELD, IS_NOT_SENT, IS_PENDING
from hostedpages.mail.folder import is_receipt
from hostedpages.mail.imap_session import REFUSED_SIGN_IN
from hostedpages.models import (
    NO_SENDER,
    PLATFORM,
    Account,
    MailboxMessage,
    Sender,
    SenderHealth,
    SendingDomain,
)
from hostedpages.pii import redact

# What ended badly longer ago still stands in the delivery log, but rings no more.
FAILED_LATELY = timedelta(days=7)
OVERDUE = timedelta(minutes=15)
BOUNCED_LATELY = timedelta(days=7)
TOO_LATE = timedelta(hours=24)
SENDERS_PATH = "/settings/mail"
DOMAINS_PATH = "/settings/domains"
ALARMS_PATH = "/settings/alarms"
BOUNCES = ("hard_bounce", "soft_bounce", "complaint")
_ALARM_KINDS = frozenset(kind.key for kind in KINDS.values() if kind.is_alarm)
# To our own people: an address that does not answer there is mended, never quarantined.
_OWN_KINDS = tuple(
    kind.key for kind in KINDS.values() if kind.default_stream not in (MARKETING, NO_MAIL)
)
_D = DELIVERIES.c


@dataclass(frozen=True, slots=True)
class Servers:
    """The senders that are in use, and how their servers are doing; PLATFORM is among these."""

    senders: dict[int, Sender]
    health: dict[int, SenderHealth]

    def is_failing(self, sender_id: int) -> bool:
        health = self.health.get(sender_id)
        return health is not None and health.failing_since is not None

    def full_until(self, sender_id: int) -> datetime | None:
        """Until when this sender's limits let nothing go."""
        health = self.health.get(sender_id)
        times = (health.full_until, health.window_until) if health else ()
        return max((at for at in times if at is not None), default=None)

    def of_mailbox(self, sender_id: int) -> set[int]:
        """This sender and the others of its account with the same mailbox at the same server: one
        password, one quota, one way. Those of one internet address alone fail each by itself."""
        own = self.senders.get(sender_id)
        if own is None or Sender.is_per_ip(own.counted_as):
            return {sender_id}
        return {
            each.id
            for each in self.senders.values()
            if (each.account_id, each.counted_as) == (own.account_id, own.counted_as)
        }

    def waits(self, sender_id: int, now: datetime) -> bool:
        """Whether mail of this sender waits for a reason that is known."""
        health = self.health.get(sender_id)
        if health is None:
            return False
        times = (health.paused_until, health.window_until, health.full_until)
        return self.is_failing(sender_id) or any(at is not None and at > now for at in times)


def servers(session: Session) -> Servers:
    """Read all senders that are switched on; a few hundred rows at most."""
    rows = session.scalars(
        select(Sender)
        .join(Account, Account.id == Sender.account_id)
        .where(Sender.enabled, Account.archived_at.is_(None))
    )
    health = session.scalars(select(SenderHealth))
    return Servers({each.id: each for each in rows}, {each.sender_id: each for each in health})


def look_everywhere(session: Session, now: datetime) -> list[Finding]:
    """Everything that is looked for every minute."""
    known = servers(session)
    looks: Sequence[Callable[[Session, datetime], list[Finding]]] = (
        failed_deliveries,
        partial(failing_senders, known),
        partial(overdue, known),
        partial(narrow_limits, known),
        partial(closed_platform, known),
        partial(unread_mailboxes, known),
        lost_domains,
        bounced_notices,
    )
    return [finding for look in looks for finding in look(session, now)]


def failed_deliveries(session: Session, now: datetime) -> list[Finding]:
    """Deliveries of the last days that a person must send again or set aside; and alarms that did
    not arrive, which ring a bell of their own."""
    rows = session.execute(
        select(
            _D.account_id,
            _D.kind,
            func.count().label("amount"),
            func.max(_D.finished_at).label("last"),
            func.min(_D.sender_id).label("least"),
            func.max(_D.sender_id).label("most"),
        )
        .where(
            IS_NOT_SENT,
            _D.state.in_(("failed", "unknown")),
            _D.finished_at > now - FAILED_LATELY,
        )
        .group_by(_D.account_id, _D.kind)
        .order_by(_D.account_id, _D.kind)
    ).all()
    found: dict[int, list[Row[tuple[int, str, int, datetime, int, int]]]] = {}
    silent = []
    for row in rows:
        if row[1] in _ALARM_KINDS:
            silent += _lost_alarms(session, row)
        else:
            found.setdefault(row[0], []).append(row)
    return [_failed(account_id, group) for account_id, group in found.items()] + silent


def _failed(
    account_id: int, rows: Sequence[Row[tuple[int, str, int, datetime, int, int]]]
) -> Finding:
    amount = sum(row.amount for row in rows)
    parts = ", ".join(f"{row.amount:,} × {kind_of(row.kind).label}" for row in rows)
    return Finding(
        account_id,
        kinds.DELIVERIES,
        "deliveries",
        f"{plural(amount, 'delivery', 'deliveries')} did not go out: {parts}.",
        "/deliveries?state=needs-a-person",
        {"senders": sorted({each for row in rows for each in (row.least, row.most)})},
    )


def _lost_alarms(
    session: Session, row: Row[tuple[int, str, int, datetime, int, int]]
) -> list[Finding]:
    """An alarm that failed, unless a later one of the same kind arrived; in a folder nobody reads
    it."""
    receipts = session.scalars(
        select(_D.receipt).where(
            _D.account_id == row.account_id,
            _D.created_at > row.last - FAILED_LATELY,
            _D.kind == row.kind,
            _D.state == "delivered",
            _D.finished_at > row.last,
        )
    )
    if not all(is_receipt(each) for each in receipts):
        return []
    label = kind_of(row.kind).label
    text = f"{label}: {plural(row.amount, 'message')} could not be delivered."
    return [Finding(row.account_id, kinds.ALARM_WAY, row.kind, text, ALARMS_PATH)]


def failing_senders(known: Servers, session: Session, now: datetime) -> list[Finding]:
    """Servers that refuse or do not answer; the installation's own one rings for each account
    whose mail waits for it."""
    found = []
    for sender_id, sender in known.senders.items():
        if known.is_failing(sender_id):
            found.append(
                Finding(
                    sender.account_id,
                    kinds.SENDER,
                    f"sender:{sender.public_id}",
                    f"Mail through {sender.email} ({sender.smtp_host}) fails. "
                    f"{known.health[sender_id].problem}",
                    f"{SENDERS_PATH}/{sender.public_id}",
                    _blamed(known, sender_id),
                )
            )
    if known.is_failing(PLATFORM):
        health = known.health[PLATFORM]
        # Its words may repeat what a mail of another account was about.
        text = f"Mail through the Hosted Pages server fails. {redact(health.problem)}"
        blamed = _blamed(known, PLATFORM)
        found += [
            Finding(account_id, kinds.SENDER, "platform", text, "/deliveries", blamed)
            for account_id in _waiting_accounts(session, PLATFORM, now, or_tried=True)
        ]
    return found


def _blamed(known: Servers, sender_id: int) -> dict[str, Any]:
    health = known.health[sender_id]
    since = health.failing_since
    return {
        "senders": [sender_id],
        "since": since.isoformat() if since else "",
        "cause": "sign-in" if health.problem_kind == SIGN_IN else "server",
    }


def _waiting_accounts(
    session: Session, sender_id: int, due_before: datetime, *, or_tried: bool = False
) -> Sequence[int]:
    """The accounts whose mail waits for one sender; with `or_tried` also what was tried in vain
    and comes again later."""
    is_due: ColumnElement[bool] = _D.due_at <= due_before
    if or_tried:
        is_due = is_due | (_D.attempts > 0)
    states: list[Select[tuple[int]]] = [
        select(_D.account_id).where(state, _D.sender_id == sender_id, is_due)
        for state in (IS_PENDING, IS_HELD)
    ]
    found = session.execute(states[0].union(states[1]).order_by("account_id"))
    return [row.account_id for row in found]


def overdue(known: Servers, session: Session, now: datetime) -> list[Finding]:
    """Rows that should have gone a quarter of an hour ago and wait for no known reason."""
    cutoff = now - OVERDUE
    rows = session.execute(
        select(_D.sender_id, func.min(_D.due_at).label("oldest"))
        .where(IS_PENDING, _D.due_at < cutoff)
        .group_by(_D.sender_id)
        .order_by(_D.sender_id)
    ).all()
    found: dict[int, Finding] = {}
    for sender_id, oldest in rows:
        if known.waits(sender_id, now):
            continue
        for account_id in _waiting_accounts(session, sender_id, cutoff):
            earlier = found.get(account_id)
            blamed = [*(earlier.details["senders"] if earlier else ()), sender_id]
            found[account_id] = Finding(
                account_id,
                kinds.OUTBOX,
                "outbox",
                "Deliveries have waited for more than 15 minutes although no server refuses them.",
                "/deliveries?state=waiting",
                {
                    "senders": [each for each in blamed if each != NO_SENDER],
                    "since": min([oldest.isoformat(), *_since(earlier)]),
                },
            )
    return list(found.values())


def _since(finding: Finding | None) -> list[str]:
    return [finding.details["since"]] if finding else []


def narrow_limits(known: Servers, session: Session, now: datetime) -> list[Finding]:
    """Senders whose limit will not let all that waits out within a day."""
    found = []
    for sender_id, sender in known.senders.items():
        full_until = known.full_until(sender_id)
        if full_until is None or full_until <= now:
            continue
        standing = limits.standing(session, sender, now)
        done_at = max(standing.forecast_done_at or now, full_until)
        if standing.waiting and done_at - now > TOO_LATE:
            found.append(
                Finding(
                    sender.account_id,
                    kinds.LIMIT,
                    f"sender:{sender.public_id}",
                    f"The mail that waits for {sender.email} will not all go out within a day: "
                    f"its limit allows no more. At this pace it takes {how_long(done_at - now)}.",
                    f"{SENDERS_PATH}/{sender.public_id}",
                    {"senders": [sender_id]},
                )
            )
    return found


def closed_platform(known: Servers, session: Session, now: datetime) -> list[Finding]:
    """The provider of the installation's own server takes no more for now: rings for each account
    whose mail has waited for it."""
    health = known.health.get(PLATFORM)
    if health is None or health.window_until is None or health.window_until <= now:
        return []
    text = (
        "The Hosted Pages server has sent as much as its provider allows. Mail waits meanwhile and "
        "goes out by itself. A sender of your own does not wait for it."
    )
    return [
        Finding(
            account_id,
            kinds.LIMIT,
            "platform",
            text,
            SENDERS_PATH,
            {"senders": [PLATFORM]},
        )
        for account_id in _waiting_accounts(session, PLATFORM, now - OVERDUE)
    ]


def unread_mailboxes(known: Servers, session: Session, now: datetime) -> list[Finding]:
    """Mailboxes that the last reading could not open."""
    return [
        Finding(
            sender.account_id,
            kinds.MAILBOX,
            f"mailbox:{sender.public_id}",
            f"The mailbox of {sender.email} at {sender.imap_host} cannot be read. "
            f"{sender.imap_problem}",
            f"{SENDERS_PATH}/{sender.public_id}",
            # A server that is down says so in many words, and is one cause all the same.
            {"cause": "sign-in" if sender.imap_problem.startswith(REFUSED_SIGN_IN) else "server"},
        )
        for sender in known.senders.values()
        if sender.imap_enabled and sender.imap_problem
    ]


def lost_domains(session: Session, now: datetime) -> list[Finding]:
    """Domains that were fine once and are not at their last check. A look that could not be made
    says nothing."""
    rows = session.scalars(
        select(SendingDomain).where(
            SendingDomain.fine_since.is_not(None),
            SendingDomain.state.in_(("wrong", "not_found")),
        )
    )
    return [
        Finding(
            each.account_id,
            kinds.DOMAIN,
            f"domain:{each.public_id}",
            f"{each.name} was fine and is not any more.",
            f"{DOMAINS_PATH}/{each.public_id}",
        )
        for each in rows
    ]


def bounced_notices(session: Session, now: datetime) -> list[Finding]:
    """Mail to our own people that came back in the last days; over when none did any more."""
    rows = session.execute(
        select(
            MailboxMessage.account_id,
            MailboxMessage.address_key,
            func.count().label("amount"),
            func.max(MailboxMessage.text).label("words"),
            func.max(MailboxMessage.sender_id).label("sender_id"),
        )
        .join(DELIVERIES, _D.id == MailboxMessage.delivery_id)
        .where(
            MailboxMessage.created_at > now - BOUNCED_LATELY,
            MailboxMessage.kind.in_(BOUNCES),
            _D.bounced_at.is_not(None),  # not a warning that a server is still tried
            _D.kind.in_(_OWN_KINDS),
        )
        .group_by(MailboxMessage.account_id, MailboxMessage.address_key)
        .order_by(MailboxMessage.account_id, MailboxMessage.address_key)
    )
    return [
        Finding(
            row.account_id,
            kinds.BOUNCED_NOTICE,
            f"address:{row.address_key}"[:80],
            f"{plural(row.amount, 'mail')} to {row.address_key} came back: {row.words[:300]}",
            "/deliveries",
            {"senders": [], "address": row.address_key},
        )
        for row in rows
    ]
