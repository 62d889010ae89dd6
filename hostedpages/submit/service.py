"""Small writes of the public side: views and starts that are counted, readers who say stop.

Counting must never store anything of the visitor; saying stop must never need to know more than
the link in the mail.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from hostedpages import db
from hostedpages.db import engine, transaction
from hostedpages.delivery import suppressions
from hostedpages.delivery.kinds import kind_of
from hostedpages.models import Account, Delivery, PageDay, SuppressedAddress
from hostedpages.render.live import LivePage

TAKE_BACK_WITHIN = timedelta(hours=1)
TAKEN_BACK = "Taken back on the unsubscribe page."
_BY_THE_READER = ("one_click", "unsubscribe_page")
EVENTS = {"view": "views", "start": "starts"}


def count_seen(live: LivePage, event: str, now: datetime) -> None:
    """Add one to the day of the account's calendar. `event` is a key of EVENTS."""
    table = PageDay.metadata.tables["page_days"]
    column = EVENTS[event]
    make = postgresql.insert if engine().dialect.name == "postgresql" else sqlite.insert
    first = {"views": 0, "starts": 0} | {column: 1}
    with transaction() as session:
        session.execute(
            make(table)
            .values(
                account_id=live.account_id,
                page_id=live.id,
                day=now.astimezone(ZoneInfo(live.time_zone)).date(),
                **first,
            )
            .on_conflict_do_update(
                index_elements=["page_id", "day"], set_={column: table.c[column] + 1}
            )
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a link in a mail is about: whose mails, to which address, and if they are stopped."""

    account_id: int
    delivery_id: int
    company: str
    address: str
    is_stopped: bool
    can_take_back: bool


def standing(delivery_public_id: str, now: datetime) -> Standing | None:
    """How it stands with the address that a delivery went to; None when it went to no contact."""
    session = db.session()
    found = session.execute(
        select(Delivery.id, Delivery.account_id, Delivery.kind, Delivery.recipient, Account.name)
        .join(Account, Account.id == Delivery.account_id)
        .where(Delivery.public_id == delivery_public_id)
    ).first()
    if found is None or not found.recipient or not kind_of(found.kind).is_to_contact:
        return None
    live = suppressions.live_of(session, found.account_id, found.recipient)
    stopped = next((each for each in live if suppressions.is_opt_out(each)), None)
    return Standing(
        account_id=found.account_id,
        delivery_id=found.id,
        company=found.name,
        address=found.recipient,
        is_stopped=stopped is not None,
        can_take_back=stopped is not None and _may_be_taken_back(stopped, found.id, now),
    )


def stop_mail(about: Standing, *, reason: str, now: datetime) -> None:
    """No plan mail of this account to this address any more. `reason` is a key of
    `suppressions.REASONS`. Does nothing when it is so already."""
    with transaction() as session:
        suppressions.opt_out(
            session,
            about.account_id,
            about.address,
            reason=reason,
            delivery_id=about.delivery_id,
            now=now,
        )


def take_stop_back(about: Standing, *, now: datetime) -> None:
    """The reader did not mean it: only for what this link itself stopped, within the hour."""
    with transaction() as session:
        for each in suppressions.live_of(session, about.account_id, about.address):
            if suppressions.is_opt_out(each) and _may_be_taken_back(each, about.delivery_id, now):
                suppressions.lift(session, each, by_user_id=None, note=TAKEN_BACK, now=now)


def _may_be_taken_back(stopped: SuppressedAddress, delivery_id: int, now: datetime) -> bool:
    return (
        stopped.delivery_id == delivery_id
        and stopped.reason in _BY_THE_READER
        and now - stopped.created_at <= TAKE_BACK_WITHIN
    )
