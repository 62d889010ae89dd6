"""The outbox: puts deliveries, claims them for a worker, and writes how they went.

The only writer of `Delivery.state`. Every write of a worker says `fence = mine`, so that one which
lost its lease cannot finish a row that another works on. Must never talk to another machine.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Table,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.db import transaction
from hostedpages.delivery import attempts
from hostedpages.delivery.ending import complete_enrollments
from hostedpages.delivery.history import note
from hostedpages.delivery.rows import Claimed, Finished, row
from hostedpages.errors import Conflict
from hostedpages.models import Delivery

__all__ = [
    "Claimed",
    "Finished",
    "cancel",
    "cancel_enrollment",
    "claim",
    "finish",
    "free_expired",
    "free_held",
    "is_anything_due",
    "mark_sending",
    "put",
    "put_many",
    "release",
    "renew",
    "retry",
    "row",
]

LEASE = timedelta(seconds=60)
CRASHES_ALLOWED = 5

DELIVERIES: Table = Delivery.metadata.tables["deliveries"]
# Literal, so that both databases see that a partial index answers the question.
_IS_PENDING: ColumnElement[bool] = literal_column("deliveries.state = 'pending'")
_IS_CLAIMED: ColumnElement[bool] = literal_column("deliveries.state = 'claimed'")
_IS_LEASED: ColumnElement[bool] = literal_column("deliveries.state in ('claimed', 'sending')")
_IS_HELD: ColumnElement[bool] = literal_column("deliveries.state = 'held'")
_STATE = {"retry": "pending"}
_ENDS = ("delivered", "failed", "unknown", "skipped")
_CAN_BE_STOPPED = ("pending", "held", "claimed", "unknown")


def put_many(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Store deliveries made by `row`, in the caller's transaction."""
    if rows:
        session.execute(insert(DELIVERIES), list(rows))


def put(session: Session, **values: Any) -> None:
    """Store one delivery, in the caller's transaction; takes what `row` takes."""
    put_many(session, [row(**values)])


def is_anything_due(now: datetime) -> bool:
    """Whether a claim would find something; reads only, so that waiting disturbs no writer."""
    due = select(DELIVERIES.c.id).where(_IS_PENDING, DELIVERIES.c.due_at <= now).limit(1)
    return db.session().scalar(due) is not None


def claim(worker: str, limit: int, now: datetime, *, lease: timedelta = LEASE) -> list[Claimed]:
    """Take up to `limit` due deliveries, the longest due first, each with an open attempt."""
    if limit <= 0:
        return []
    due = (
        select(DELIVERIES.c.id)
        .where(_IS_PENDING, DELIVERIES.c.due_at <= now)
        .order_by(DELIVERIES.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")  # a plain subquery may be run twice by PostgreSQL, and then takes too many
    )
    with transaction() as session:
        taken = session.execute(
            update(DELIVERIES)
            .where(DELIVERIES.c.id.in_(select(due.c.id)))
            .values(
                state="claimed",
                worker=worker,
                lease_until=now + lease,
                fence=DELIVERIES.c.fence + 1,
                attempts=DELIVERIES.c.attempts + 1,
            )
            .returning(
                DELIVERIES.c.id,
                DELIVERIES.c.public_id,
                DELIVERIES.c.account_id,
                DELIVERIES.c.kind,
                DELIVERIES.c.payload,
                DELIVERIES.c.recipient,
                DELIVERIES.c.submission_id,
                DELIVERIES.c.contact_id,
                DELIVERIES.c.page_id,
                DELIVERIES.c.enrollment_id,
                DELIVERIES.c.created_at,
                DELIVERIES.c.fence,
                DELIVERIES.c.attempts.label("attempt"),
            )
        ).all()
        if not taken:
            return []
        attempts.open_many(
            session, [(each.account_id, each.id, each.attempt) for each in taken], now
        )
        past = attempts.past(session, [each.id for each in taken if each.attempt > 1])
    return [Claimed(**each._mapping, **past.get(each.id, {})) for each in taken]


def mark_sending(claims: Sequence[Claimed], now: datetime, *, lease: timedelta = LEASE) -> set[int]:
    """Commit that these are about to reach the other side; return the ids still held by us."""
    if not claims:
        return set()
    with transaction() as session:
        return set(
            session.scalars(
                update(DELIVERIES)
                .where(_IS_CLAIMED, _ours(claims))
                .values(state="sending", lease_until=now + lease)
                .returning(DELIVERIES.c.id)
            )
        )


def renew(claims: Sequence[Claimed], now: datetime, *, lease: timedelta = LEASE) -> set[int]:
    """Extend the leases of rows being worked on; return the ids still held by us."""
    if not claims:
        return set()
    with transaction() as session:
        return set(
            session.scalars(
                update(DELIVERIES)
                .where(_IS_LEASED, _ours(claims))
                .values(lease_until=now + lease)
                .returning(DELIVERIES.c.id)
            )
        )


def finish(results: Sequence[Finished], now: datetime) -> set[int]:
    """Write many outcomes in one transaction; return the ids that were no longer ours.

    Closes each attempt, ends an enrollment whose last delivery this was, and blanks a payload
    that held a secret.
    """
    if not results:
        return set()
    with transaction() as session:
        owned = set(
            session.scalars(
                select(DELIVERIES.c.id)
                .where(_IS_LEASED, _ours([each.claimed for each in results]))
                .order_by(DELIVERIES.c.id)
                .with_for_update()
            )
        )
        ours = [each for each in results if each.claimed.id in owned]
        _write_ends(session, ours, now)
        ended = {
            each.claimed.enrollment_id
            for each in ours
            if each.claimed.enrollment_id is not None and each.outcome in _ENDS
        }
        complete_enrollments(session, ended, now)
    return {each.claimed.id for each in results} - owned


def _write_ends(session: Session, results: Sequence[Finished], now: datetime) -> None:
    if not results:
        return
    session.execute(
        update(DELIVERIES)
        .where(DELIVERIES.c.id == bindparam("row_id"), DELIVERIES.c.fence == bindparam("row_fence"))
        .values(
            state=bindparam("new_state"),
            due_at=func.coalesce(
                bindparam("new_due_at", type_=DELIVERIES.c.due_at.type), DELIVERIES.c.due_at
            ),
            error=bindparam("new_error"),
            receipt=bindparam("new_receipt"),
            finished_at=bindparam("new_finished_at"),
            lease_until=None,
            worker="",
        ),
        [
            {
                "row_id": each.claimed.id,
                "row_fence": each.claimed.fence,
                "new_state": _STATE.get(each.outcome, each.outcome),
                "new_due_at": each.due_at,
                "new_error": "" if each.outcome == "delivered" else each.reply,
                "new_receipt": each.reply if each.outcome == "delivered" else "",
                "new_finished_at": now if each.outcome in _ENDS else None,
            }
            for each in results
        ],
    )
    attempts.close_many(session, results, now)
    blank = [each.claimed.id for each in results if each.blanks_payload]
    if blank:
        session.execute(update(DELIVERIES).where(DELIVERIES.c.id.in_(blank)).values(payload={}))


def release(claims: Sequence[Claimed]) -> None:
    """Give back claims that were not begun, as if they had never been taken."""
    if not claims:
        return
    with transaction() as session:
        released = session.scalars(
            update(DELIVERIES)
            .where(_IS_CLAIMED, _ours(claims))
            .values(
                state="pending", lease_until=None, worker="", attempts=DELIVERIES.c.attempts - 1
            )
            .returning(DELIVERIES.c.id)
        ).all()
        attempts.forget_open(session, released)


def free_expired(now: datetime, sends_again: Callable[[str, dict[str, Any], int], bool]) -> int:
    """Take back rows whose lease ended, because their worker died or stands still; return how many.

    A row that was not yet sending runs again at once. One that was is unknown: `sends_again` (kind,
    payload, number of unknown outcomes) says whether it goes again, else a person decides. A row
    that was in work at every one of five crashes is failed, so that the others run on.
    """
    with transaction() as session:
        expired = session.execute(
            select(
                DELIVERIES.c.id,
                DELIVERIES.c.state,
                DELIVERIES.c.kind,
                DELIVERIES.c.payload,
                DELIVERIES.c.enrollment_id,
            )
            .where(_IS_LEASED, DELIVERIES.c.lease_until < now)
            .order_by(DELIVERIES.c.id)
            .with_for_update(skip_locked=True)
        ).all()
        if not expired:
            return 0
        ids = [each.id for each in expired]
        attempts.close_open(session, ids, outcome="unknown", reply=attempts.STOPPED, ended_at=None)
        past = attempts.past(session, ids)
        again, asks, dead = [], [], []
        for each in expired:
            known = past[each.id]
            if known["crashes"] >= CRASHES_ALLOWED:
                dead.append(each.id)
            elif each.state == "claimed" or sends_again(each.kind, each.payload, known["unknowns"]):
                again.append(each.id)
            else:
                asks.append(each.id)
        _move(session, again, "pending", due_at=now, error=attempts.STOPPED)
        _move(session, asks, "unknown", finished_at=now, error=attempts.STOPPED)
        _move(
            session,
            dead,
            "failed",
            finished_at=now,
            error=f"The worker stopped {CRASHES_ALLOWED} times while it worked on this.",
        )
        closed = {*asks, *dead}
        complete_enrollments(
            session, {each.enrollment_id for each in expired if each.id in closed} - {None}, now
        )
    return len(expired)


def free_held(now: datetime, *, all_of_them: bool = False) -> int:
    """Make held deliveries whose time has come pending again; return how many."""
    is_due = _IS_HELD if all_of_them else _IS_HELD & (DELIVERIES.c.due_at <= now)
    with transaction() as session:
        freed = session.scalars(
            update(DELIVERIES)
            .where(is_due)
            .values(state="pending", due_at=now)
            .returning(DELIVERIES.c.id)
        ).all()
    return len(freed)


def retry(delivery: Delivery, now: datetime, *, by_user_id: int | None = None) -> None:
    """A person sends it again, now; attempts stay. Part of the caller's transaction.

    Raises Conflict unless it failed, is unknown, or waits for a later try.
    """
    session = db.session()
    waits = (DELIVERIES.c.state.in_(("pending", "held"))) & (DELIVERIES.c.attempts > 0)
    moved = _move(
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


def cancel(delivery: Delivery, now: datetime, *, by_user_id: int | None = None) -> None:
    """A person stops it before it is sent, or sets a failed one aside. In the caller's transaction.

    Raises Conflict when it has ended otherwise or is on its way this moment.
    """
    session = db.session()
    states = (*_CAN_BE_STOPPED, "failed")
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
    states: Sequence[str] = _CAN_BE_STOPPED,
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


def _move(
    session: Session, ids: Sequence[int], state: str, *, only: Any = None, **values: Any
) -> int:
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


def _ours(claims: Sequence[Claimed]) -> Any:
    return tuple_(DELIVERIES.c.id, DELIVERIES.c.fence).in_(
        [(each.id, each.fence) for each in claims]
    )
