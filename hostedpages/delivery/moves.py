"""Moves of deliveries outside of a worker's claim: by a person, by a rule, to another sender.

With `outbox.py` the only writer of `Delivery.state`. Must never open a transaction: each is part of
its caller's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.delivery import attempts
from hostedpages.delivery.ending import complete_enrollments
from hostedpages.delivery.history import note
from hostedpages.delivery.which import DELIVERIES, IS_HELD, IS_PENDING
from hostedpages.errors import Conflict
from hostedpages.mail.folder import is_receipt
from hostedpages.models import Delivery

CAN_BE_STOPPED = ("pending", "held", "claimed", "unknown")


def retry(delivery: Delivery, now: datetime, *, by_user_id: int | None = None) -> None:
    """A person sends it again, now; attempts stay. Part of the caller's transaction.

    Raises Conflict unless it failed, is unknown, or waits for a later try.
    """
    session = db.session()
    waits = (DELIVERIES.c.state.in_(("pending", "held"))) & (DELIVERIES.c.attempts > 0)
    moved = move(
        session,
        [delivery.id],
        "pending",
        only=DELIVERIES.c.state.in_(("failed", "unknown")) | waits,
        due_at=now,
        finished_at=None,
    )
    if not moved or delivery.payload == {}:
        raise Conflict("This delivery cannot be sent again: it was sent, skipped or canceled.")
    note(session, delivery, "delivery_retried", f"Sent again: {delivery.summary}", by_user_id)


def send_written(
    delivery: Delivery, sender_id: int, now: datetime, *, by_user_id: int | None = None
) -> None:
    """A person sends what was only written to a folder, through this sender; attempts stay. Part
    of the caller's transaction.

    Raises Conflict when it is not so any more.
    """
    session, receipt = db.session(), delivery.receipt
    moved = is_receipt(receipt) and move(
        session,
        [delivery.id],
        "pending",
        only=(DELIVERIES.c.state == "delivered") & (DELIVERIES.c.receipt == receipt),
        sender_id=sender_id,
        due_at=now,
        finished_at=None,
        receipt="",
    )
    if not moved:
        raise Conflict("This delivery cannot be sent now: it is on its way, or was sent.")
    note(session, delivery, "delivery_retried", f"Sent again: {delivery.summary}", by_user_id)


def cancel(delivery: Delivery, now: datetime, *, by_user_id: int | None = None) -> None:
    """A person stops it before it is sent, or sets a failed one aside. In the caller's transaction.

    Raises Conflict when it has ended otherwise or is on its way this moment.
    """
    session = db.session()
    states = (*CAN_BE_STOPPED, "failed")
    if not _cancel(session, DELIVERIES.c.id == delivery.id, "Canceled by a person.", now, states):
        raise Conflict("This delivery cannot be canceled: it has ended or is being sent now.")
    if delivery.enrollment_id is not None:
        complete_enrollments(session, [delivery.enrollment_id], now)
    note(session, delivery, "delivery_canceled", f"Canceled: {delivery.summary}", by_user_id)


def cancel_enrollment(session: Session, enrollment_id: int, reason: str, now: datetime) -> int:
    """Cancel all of an enrollment that is not yet sent, in the caller's transaction."""
    return _cancel(session, DELIVERIES.c.enrollment_id == enrollment_id, reason, now)


def _cancel(
    session: Session,
    which: Any,
    reason: str,
    now: datetime,
    states: Sequence[str] = CAN_BE_STOPPED,
) -> int:
    ids = session.scalars(
        update(DELIVERIES)
        .where(which, DELIVERIES.c.state.in_(states))
        .values(
            state="canceled",
            error=reason,
            finished_at=now,
            lease_until=None,
            # A worker that holds it right now must find that it does not any more.
            fence=DELIVERIES.c.fence + 1,
        )
        .returning(DELIVERIES.c.id)
    ).all()
    if ids:
        attempts.close_open(session, ids, outcome="skipped", reply=reason, ended_at=now)
    return len(ids)


def move(
    session: Session, ids: Sequence[int], state: str, *, only: Any = None, **values: Any
) -> int:
    """Put these into another state, without lease and worker; returns how many that were."""
    if not ids:
        return 0
    where = [DELIVERIES.c.id.in_(ids)] if only is None else [DELIVERIES.c.id.in_(ids), only]
    moved = session.scalars(
        update(DELIVERIES)
        .where(*where)
        .values(state=state, lease_until=None, worker="", **values)
        .returning(DELIVERIES.c.id)
    ).all()
    for each in moved:
        known = session.identity_map.get(session.identity_key(Delivery, each))
        if known is not None:
            session.expire(known)
    return len(moved)


def free_held(session: Session, which: Any, now: datetime) -> int:
    """Make held deliveries pending and due at once; returns how many."""
    return len(
        session.scalars(
            update(DELIVERIES)
            .where(IS_HELD, which)
            .values(state="pending", due_at=now)
            .returning(DELIVERIES.c.id)
        ).all()
    )


def assign(session: Session, which: Any, sender_id: int, now: datetime) -> int:
    """Give waiting deliveries to another sender; what was held goes at once. Returns how many."""
    moved = session.scalars(
        update(DELIVERIES)
        .where(IS_PENDING, which)
        .values(sender_id=sender_id)
        .returning(DELIVERIES.c.id)
    ).all()
    freed = session.scalars(
        update(DELIVERIES)
        .where(IS_HELD, which)
        .values(sender_id=sender_id, state="pending", due_at=now)
        .returning(DELIVERIES.c.id)
    ).all()
    return len(moved) + len(freed)
