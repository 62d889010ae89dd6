"""What tests of alarms share: the chore run at a time, and what it finds."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery.alarms import watch
from hostedpages.models import (
    PLATFORM,
    Account,
    Alarm,
    Delivery,
    MailboxMessage,
    SenderHealth,
)
from tests import factories


def look(settings: Settings, clock: FrozenClock, *, after: timedelta = timedelta()) -> list[Alarm]:
    """Let time pass, let the chore run, and give back the open alarms. What it puts arrives."""
    clock.advance(after)
    watch.look_now(settings, clock.at)
    with db.transaction():
        for each in told():
            if each.state == "pending":
                each.state, each.finished_at = "delivered", clock.at
    return open_alarms()


def open_alarms() -> list[Alarm]:
    return [each for each in all_alarms() if each.closed_at is None]


def all_alarms() -> list[Alarm]:
    db.session().rollback()
    db.session().expire_all()
    return list(db.session().scalars(select(Alarm).order_by(Alarm.id)))


def told() -> list[Delivery]:
    """The mails and webhooks that were put, in order."""
    return list(
        db.session().scalars(
            select(Delivery)
            .where(Delivery.kind.in_(("alarm_mail", "webhook")))
            .order_by(Delivery.id)
        )
    )


def health(sender_id: int, clock: FrozenClock, **values: Any) -> SenderHealth:
    made = {"failing_since": clock.at, "problem": "535 5.7.8 Wrong password"} | values
    return factories.store(SenderHealth(sender_id=sender_id, **made))


def works_again(row: SenderHealth) -> None:
    with db.transaction():
        row.failing_since, row.problem = None, ""


def failed(owner: Account, clock: FrozenClock, **values: Any) -> Delivery:
    made = {"state": "failed", "finished_at": clock.at, "kind": "notify_user"} | values
    return factories.delivery(owner, **made)


def bounce(
    owner: Account, clock: FrozenClock, *, kind: str, address: str = "sales@example.org"
) -> None:
    delivery = factories.delivery(
        owner,
        kind=kind,
        state="delivered",
        recipient=address,
        finished_at=clock.at,
        bounced_at=clock.at,
    )
    factories.store(
        MailboxMessage(
            account_id=owner.id,
            sender_id=PLATFORM,
            message_key=f"key {delivery.id}",
            kind="hard_bounce",
            address_key=address.lower(),
            delivery_id=delivery.id,
            text="550 5.1.1 No such user",
            received_at=clock.at,
        )
    )
