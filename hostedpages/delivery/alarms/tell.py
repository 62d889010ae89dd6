"""Whom alarms are told, and by which way: never by the one that the alarm is about, if there is
another. Senders with the same mailbox are one way.

Makes rows for the outbox. Must never put one message for each delivery: what is told at one moment
goes to an address in one mail.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages.config import Settings
from hostedpages.delivery import outbox
from hostedpages.delivery.alarms import kinds
from hostedpages.delivery.alarms.findings import zone_of
from hostedpages.delivery.alarms.kinds import kind_of
from hostedpages.delivery.alarms.looks import Servers
from hostedpages.delivery.kinds import KINDS
from hostedpages.delivery.kinds.base import spoken_time
from hostedpages.delivery.suppressions import address_key
from hostedpages.models import NO_SENDER, PLATFORM, Account, Alarm, User

MAIL = "alarm_mail"
WEBHOOK = "webhook"
OPENED, CLOSED, TEST = "alarm.opened", "alarm.closed", "alarm.test"
AGAIN_AFTER = timedelta(hours=24)
SOON = timedelta(minutes=5)  # a full sender that an alarm can wait for
MOST_IN_A_MAIL = 20
TEST_SUMMARIES = ("Test alarm", KINDS[WEBHOOK].summary({"event": {"type": TEST}}))
Rows = list[dict[str, Any]]


def is_to_be_told(alarm: Alarm, now: datetime) -> bool:
    """Whether an open alarm has lasted long enough, or a day has passed since it was told."""
    kind = kind_of(alarm.kind)
    if alarm.told_at is None:
        return now - alarm.created_at >= kind.told_after
    return kind.told_daily and now - alarm.told_at >= AGAIN_AFTER


def opened_rows(
    session: Session,
    account: Account,
    alarms: Sequence[Alarm],
    known: Servers,
    settings: Settings,
    now: datetime,
) -> Rows:
    """Mails and webhooks that tell an account of these alarms."""
    groups: dict[tuple[tuple[int, ...], str], list[Alarm]] = {}
    addresses = alarm_addresses(session, account)
    has_bounces = any(each.kind == kinds.BOUNCED_NOTICE for each in alarms)
    living = _living_addresses(session, account, addresses) if has_bounces else []
    for alarm in alarms:
        if _is_about(alarm, MAIL):
            continue
        ways = mail_ways(account.id, blamed(alarm), known, settings, now)
        for address in living if alarm.kind == kinds.BOUNCED_NOTICE else addresses:
            groups.setdefault((ways, address), []).append(alarm)
    rows: Rows = []
    for (ways, address), group in groups.items():
        payload = mail_payload(account, group, settings, now)
        rows += mail_rows(account, [address], ways, payload, "Alarm", now)
    if has_webhook(session, account):
        rows += [
            webhook_row(account, event(OPENED, account, alarm, settings, now), now)
            for alarm in alarms
            # A program keeps what it was told; people forget.
            if alarm.told_at is None and not _is_about(alarm, WEBHOOK)
        ]
    return rows


def closed_rows(
    session: Session, account: Account, alarms: Iterable[Alarm], settings: Settings, now: datetime
) -> Rows:
    """Webhooks that tell a program that alarms it knows are over; people read it in the digest."""
    told = [each for each in alarms if each.told_at is not None and not _is_about(each, WEBHOOK)]
    if not told or not has_webhook(session, account):
        return []
    return [webhook_row(account, event(CLOSED, account, each, settings, now), now) for each in told]


def test_rows(
    session: Session,
    account: Account,
    known: Servers,
    settings: Settings,
    now: datetime,
    *,
    by: str,
) -> Rows:
    """A test for every address by every way that there is, and for the webhook. `by` is whoever
    asked for it."""
    ways = [_soonest(way, known, now) for way in _ways(account.id, known, settings)]
    payload = {"template": "alarm_test", "account": account.name, "by": by}
    rows = mail_rows(
        account, alarm_addresses(session, account), ways, payload, TEST_SUMMARIES[0], now
    )
    if account.alarm_webhook_url:
        data = {"account": {"id": account.public_id, "name": account.name}}
        body = {"type": TEST, "timestamp": now.isoformat(), "data": data}
        rows.append(webhook_row(account, body, now))
    return rows


def own_senders(account_id: int, known: Servers) -> list[int]:
    """The senders of an account as a whole; those of single users are theirs."""
    return sorted(
        each.id
        for each in known.senders.values()
        if each.account_id == account_id and each.user_id is None
    )


def blamed(alarm: Alarm) -> set[int]:
    """The senders that this alarm is about."""
    return set(alarm.details.get("senders", ()))


def mail_ways(
    account_id: int, to_blame: set[int], known: Servers, settings: Settings, now: datetime
) -> tuple[int, ...]:
    """By which senders an alarm mail leaves: one that is fine, not to blame, and not full for long
    if there is another; else by all ways, since nobody knows which works first."""

    def is_bad(sender_id: int) -> bool:
        return sender_id in to_blame or known.is_failing(sender_id)

    ways = _ways(account_id, known, settings)
    fine = [
        _soonest(way, known, now)
        for way in ways
        if not any(is_bad(mate) for each in way for mate in known.of_mailbox(each))
    ]
    if fine:
        return (_soonest(fine, known, now),)
    # Of one mailbox the sender that may work: each keeps a password of its own.
    return tuple(
        _soonest([each for each in way if not is_bad(each)] or way, known, now) for way in ways
    )


def real_ways(session: Session, account: Account, known: Servers, settings: Settings) -> int:
    """How many ways there are that do not fail together: mailboxes, the installation's own mail
    server, and the webhook. A folder is none."""
    own = [way for way in _ways(account.id, known, settings) if way != [PLATFORM]]
    return len(own) + bool(settings.smtp_url) + has_webhook(session, account)


def _ways(account_id: int, known: Servers, settings: Settings) -> list[list[int]]:
    """The senders that alarm mail can leave by, those of one mailbox together.

    Without a mail server of its own the installation's way ends in a folder, where nobody reads it:
    it is taken when there is no other.
    """
    own: dict[int, list[int]] = {}
    for each in own_senders(account_id, known):
        own.setdefault(min(known.of_mailbox(each)), []).append(each)
    platform = [[PLATFORM]] if settings.smtp_url or not own else []
    return [*platform, *own.values()]


def _soonest(way: Sequence[int], known: Servers, now: datetime) -> int:
    """The first that is not full for long; else the one that is free first."""

    def free_at(sender_id: int) -> datetime:
        until = known.full_until(sender_id)
        return until if until is not None and until > now + SOON else now

    return min(way, key=free_at)


def alarm_addresses(session: Session, account: Account) -> list[str]:
    """Who is told: the addresses that the account named, else its owners."""
    return list(account.alarm_emails) or _owners(session, account)


def _owners(session: Session, account: Account) -> list[str]:
    owners = select(User.email).where(
        User.account_id == account.id, User.role == "owner", User.archived_at.is_(None)
    )
    return list(session.scalars(owners.order_by(User.id)))


def _living_addresses(session: Session, account: Account, addresses: Sequence[str]) -> list[str]:
    """Who can be told that mail comes back: not those whose mail does. The news would come back,
    too, and keep its own alarm open for ever. With none left, the owners are told."""
    open_ = session.scalars(
        select(Alarm.details).where(
            Alarm.account_id == account.id,
            Alarm.kind == kinds.BOUNCED_NOTICE,
            Alarm.closed_at.is_(None),
        )
    )
    dead = {details.get("address") for details in open_}
    for told in (addresses, _owners(session, account)):
        living = [each for each in told if address_key(each) not in dead]
        if living:
            return living
    return []


def has_webhook(session: Session, account: Account) -> bool:
    """Whether there is one that works: after one was given up, a person must look at it."""
    if not account.alarm_webhook_url:
        return False
    stopped = select(Alarm.id).where(
        Alarm.account_id == account.id,
        Alarm.kind == kinds.ALARM_WAY,
        Alarm.subject == WEBHOOK,
        Alarm.closed_at.is_(None),
    )
    return session.scalar(stopped) is None


def mail_payload(
    account: Account, alarms: Sequence[Alarm], settings: Settings, now: datetime
) -> dict[str, Any]:
    """What the mail says, frozen: it is sent as it was when it was decided."""
    zone = zone_of(account.time_zone)
    shown = alarms[:MOST_IN_A_MAIL]
    one = kind_of(shown[0].kind).title
    return {
        "template": "alarm",
        "subject": one if len(alarms) == 1 else f"{len(alarms)} things need you: {one}, …",
        "account": account.name,
        "more": len(alarms) - len(shown),
        "alarms": [
            {
                "id": each.public_id,
                "title": kind_of(each.kind).title,
                "text": each.text,
                "since": spoken_time(began_at(each).astimezone(zone)),
                "to_do": kind_of(each.kind).to_do,
                "link": kind_of(each.kind).link,
                "path": each.path,
                "again": each.told_at is not None,
            }
            for each in shown
        ],
    }


def began_at(alarm: Alarm) -> datetime:
    """Since when: what the look found, else when the alarm was opened."""
    since = alarm.details.get("since")
    return datetime.fromisoformat(since) if since else alarm.created_at


def mail_rows(
    account: Account,
    addresses: Sequence[str],
    ways: Sequence[int],
    payload: dict[str, Any],
    summary: str,
    now: datetime,
) -> Rows:
    """One row for each address and way."""
    return [
        outbox.row(
            account_id=account.id,
            kind=MAIL,
            payload=payload,
            due_at=now,
            recipient=address,
            summary=summary,
            sender_id=way,
        )
        for way in ways
        for address in addresses
    ]


def event(
    name: str, account: Account, alarm: Alarm, settings: Settings, now: datetime
) -> dict[str, Any]:
    """What a webhook says of an alarm; the list of its keys is documented."""
    return {
        "type": name,
        "timestamp": now.isoformat(),
        "data": {
            "account": {"id": account.public_id, "name": account.name},
            "alarm": {
                "id": alarm.public_id,
                "kind": alarm.kind,
                "title": kind_of(alarm.kind).title,
                "text": alarm.text,
                "since": began_at(alarm).isoformat(),
                "url": f"{settings.public_url}{alarm.path}",
            },
        },
    }


def webhook_row(account: Account, body: dict[str, Any], now: datetime) -> dict[str, Any]:
    """One event for the account's webhook."""
    payload = {"event": body}
    return outbox.row(
        account_id=account.id,
        kind=WEBHOOK,
        payload=payload,
        due_at=now,
        recipient=account.alarm_webhook_url.split("//")[-1].split("/")[0].split("?")[0],
        summary=KINDS[WEBHOOK].summary(payload),
        sender_id=NO_SENDER,
    )


def _is_about(alarm: Alarm, way: str) -> bool:
    """Whether it says that alarms do not arrive by this way, so that it takes the other one."""
    return alarm.kind == kinds.ALARM_WAY and alarm.subject == way
