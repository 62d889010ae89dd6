"""What the screens show about alarms. Must never read past the account that is given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.delivery.alarms import looks, tell, telling
from hostedpages.delivery.alarms.kinds import AlarmKind, kind_of
from hostedpages.delivery.alarms.telling import Telling
from hostedpages.models import NO_SENDER, PLATFORM, Account, Alarm, Delivery, Heartbeat, Sender

SHOWN_AFTERWARDS = timedelta(days=7)
TEST_SHOWN_FOR = timedelta(hours=1)
ONE_TEST = timedelta(seconds=2)
MAY_REST = timedelta(minutes=5)
MOST_OVER = 10
# Their own banner says more than an alarm can: see builder/shell.py.
SHOWN_OTHERWISE = ("sender",)
UNDER_WAY = ("pending", "claimed", "sending")


@dataclass(frozen=True)
class AlarmRow:
    """One alarm with the words of its kind; `telling` once somebody was to be told."""

    alarm: Alarm
    kind: AlarmKind
    since: datetime
    telling: Telling | None = None

    @property
    def headline(self) -> str:
        """Its first sentence."""
        return self.alarm.text.partition(". ")[0].rstrip(".") + "."


@dataclass(frozen=True)
class TestRow:
    """One message of the last test: to whom, by which way, and how it went."""

    delivery: Delivery
    way: str
    is_real: bool = True  # a folder is no way to reach anybody


@dataclass(frozen=True)
class LastTest:
    at: datetime
    rows: list[TestRow]

    @property
    def is_under_way(self) -> bool:
        return any(each.delivery.state in UNDER_WAY for each in self.rows)


def open_alarms(account: Account) -> list[AlarmRow]:
    """What needs a person now, the oldest first."""
    rows = db.session().scalars(
        select(Alarm)
        .where(Alarm.account_id == account.id, Alarm.closed_at.is_(None))
        .order_by(Alarm.created_at, Alarm.id)
    )
    return [_row(each) for each in rows]


def open_and_told(account: Account) -> list[AlarmRow]:
    """As `open_alarms`, with how telling them went."""
    rows = open_alarms(account)
    known = telling.tellings(db.session(), [each.alarm for each in rows])
    return [replace(each, telling=known.get(each.alarm.id)) for each in rows]


def endangering(account: Account) -> list[AlarmRow]:
    """Open alarms that endanger leads and have no other place around the screens."""
    return [
        row
        for row in open_alarms(account)
        if row.kind.endangers_leads and row.alarm.kind not in SHOWN_OTHERWISE
    ]


def over_lately(account: Account) -> list[AlarmRow]:
    """What was over in the last days, the newest first."""
    rows = db.session().scalars(
        select(Alarm)
        .where(Alarm.account_id == account.id, Alarm.closed_at > clock.now() - SHOWN_AFTERWARDS)
        .order_by(Alarm.closed_at.desc(), Alarm.id.desc())
        .limit(MOST_OVER)
    )
    return [_row(each) for each in rows]


def _row(alarm: Alarm) -> AlarmRow:
    return AlarmRow(alarm, kind_of(alarm.kind), tell.began_at(alarm))


def told_addresses(account: Account) -> Sequence[str]:
    """Who is told at present."""
    return tell.alarm_addresses(db.session(), account)


def ways_to_tell(account: Account, settings: Settings) -> int:
    """How many ways to tell people there are that do not fail together."""
    session = db.session()
    return tell.real_ways(session, account, looks.servers(session), settings)


def looked_at() -> datetime | None:
    """When the worker looked for alarms last; None when that is too long ago."""
    at = db.session().scalar(select(Heartbeat.at).where(Heartbeat.name == "chore:alarms"))
    return at if at is not None and clock.now() - at < MAY_REST else None


def last_test(account: Account, *, has_server: bool) -> LastTest | None:
    """The messages of the last test, while it is news. `has_server`: the installation has a mail
    server of its own, not only a folder."""
    session = db.session()
    rows = session.scalars(
        select(Delivery)
        .where(
            Delivery.account_id == account.id,
            Delivery.created_at > clock.now() - TEST_SHOWN_FOR,
            Delivery.summary.in_(tell.TEST_SUMMARIES),
        )
        .order_by(Delivery.created_at.desc(), Delivery.id)
    ).all()
    if not rows:
        return None
    # Put together, a moment apart.
    mine = [each for each in rows if rows[0].created_at - each.created_at < ONE_TEST]
    mine.sort(key=lambda each: each.id)
    senders = session.execute(
        select(Sender.id, Sender.email).where(
            Sender.account_id == account.id, Sender.id.in_({each.sender_id for each in mine})
        )
    )
    names = {
        PLATFORM: "by mail through the Hosted Pages server"
        if has_server
        else "by mail into a folder: Hosted Pages has no mail server yet",
        NO_SENDER: "by webhook",
    } | {sender_id: f"by mail through {email}" for sender_id, email in senders}
    return LastTest(
        rows[0].created_at,
        [
            TestRow(
                each,
                names.get(each.sender_id, "by mail"),
                is_real=has_server or each.sender_id != PLATFORM,
            )
            for each in mine
        ],
    )
