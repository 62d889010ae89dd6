"""The outbox: puts deliveries, claims them for a worker, and writes how they went.

The only writer of `Delivery.state`. Every write of a worker says `fence = mine`, so that one which
lost its lease cannot finish a row that another works on. Must never talk to another machine.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.db import transaction
from hostedpages.delivery import attempts
from hostedpages.delivery.ending import complete_enrollments
from hostedpages.delivery.history import note
from hostedpages.delivery.rows import Claimed, Finished, row
from hostedpages.delivery.statements import ANY_DUE, CLAIM, END, MARK, OWNED, RENEW
from hostedpages.delivery.which import (
    DELIVERIES,
    IS_CLAIMED,
    IS_HELD,
    IS_LEASED,
    ours,
    pairs,
)
from hostedpages.errors import Conflict
from hostedpages.models import Delivery
from hostedpages.prepared import Prepared, bound

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
    "write",
]

LEASE = timedelta(seconds=60)
CRASHES_ALLOWED = 5

_STATE = {"retry": "pending"}
_PUT = Prepared(lambda _dialect: insert(DELIVERIES).values(bound(DELIVERIES.c)))
_ENDS = ("delivered", "failed", "unknown", "skipped")
_CAN_BE_STOPPED = ("pending", "held", "claimed", "unknown")


def put_many(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Store deliveries made by `row`, in the caller's transaction."""
    if rows:
        _PUT.many(session, rows)


def put(session: Session, **values: Any) -> None:
    """Store one delivery, in the caller's transaction; takes what `row` takes."""
    put_many(session, [row(**values)])


def is_anything_due(now: datetime) -> bool:
    """Whether a claim would find something; reads only, so that waiting disturbs no writer."""
    return db.session().connection().execute(ANY_DUE, {"now": now}).first() is not None


def claim(worker: str, limit: int, now: datetime, *, lease: timedelta = LEASE) -> list[Claimed]:
    """Take up to `limit` due deliveries, the longest due first, each with an open attempt."""
    if limit <= 0:
        return []
    wanted = {"now": now, "up_to": limit, "new_worker": worker, "new_lease": now + lease}
    with transaction() as session:
        taken = session.connection().execute(CLAIM, wanted).all()
        if not taken:
            return []
        attempts.open_many(
            session, [(each.account_id, each.id, each.attempt) for each in taken], now
        )
        past = attempts.past(session, [each.id for each in taken if each.attempt > 1])
    return [Claimed(**each._mapping, **past.get(each.id, {})) for each in taken]


def mark_sending(claims: Sequence[Claimed], now: datetime, *, lease: timedelta = LEASE) -> set[int]:
    """Commit that these are about to reach the other side; return the ids still held by us."""
    return write(claims, (), now, lease=lease)[0]


def finish(results: Sequence[Finished], now: datetime) -> set[int]:
    """Write many outcomes in one transaction; return the ids that were no longer ours.

    Closes each attempt, ends an enrollment whose last delivery this was, and blanks a payload
    that held a secret.
    """
    return write((), results, now)[1]


def write(
    marks: Sequence[Claimed],
    results: Sequence[Finished],
    now: datetime,
    *,
    lease: timedelta = LEASE,
) -> tuple[set[int], set[int]]:
    """`mark_sending` and `finish` in one transaction; returns what they return."""
    if not marks and not results:
        return set(), set()
    with transaction() as session:
        return _mark(session, marks, now + lease), _finish(session, results, now)


def renew(claims: Sequence[Claimed], now: datetime, *, lease: timedelta = LEASE) -> set[int]:
    """Extend the leases of rows being worked on; return the ids still held by us."""
    if not claims:
        return set()
    wanted = {"pairs": pairs(claims), "new_lease": now + lease}
    with transaction() as session:
        return set(session.connection().execute(RENEW, wanted).scalars())


def _mark(session: Session, marks: Sequence[Claimed], lease_until: datetime) -> set[int]:
    if not marks:
        return set()
    wanted = {"pairs": pairs(marks), "new_lease": lease_until}
    return set(session.connection().execute(MARK, wanted).scalars())


def _finish(session: Session, results: Sequence[Finished], now: datetime) -> set[int]:
    if not results:
        return set()
    wanted = {"pairs": pairs([each.claimed for each in results])}
    owned = set(session.connection().execute(OWNED, wanted).scalars())
    mine = [each for each in results if each.claimed.id in owned]
    _write_ends(session, mine, now)
    ended = {
        each.claimed.enrollment_id
        for each in mine
        if each.claimed.enrollment_id is not None and each.outcome in _ENDS
    }
    complete_enrollments(session, ended, now)
    return {each.claimed.id for each in results} - owned


def _write_ends(session: Session, results: Sequence[Finished], now: datetime) -> None:
    if not results:
        return
    session.connection().execute(
        END,
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
            .where(IS_CLAIMED, ours(claims))
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
            .where(IS_LEASED, DELIVERIES.c.lease_until < now)
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
    is_due = IS_HELD if all_of_them else IS_HELD & (DELIVERIES.c.due_at <= now)
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
