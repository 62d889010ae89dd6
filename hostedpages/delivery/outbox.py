"""The outbox: puts deliveries, claims them for a worker, and writes how they went.

With `moves.py` the only writer of `Delivery.state`. Every write of a worker says `fence = mine`, so
that one which lost its lease cannot finish a row that another works on. Must never talk to another
machine.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.db import transaction
from hostedpages.delivery import attempts, claims, health, moves, suppressions
from hostedpages.delivery.claims import Turn
from hostedpages.delivery.ending import complete_enrollments
from hostedpages.delivery.moves import cancel, cancel_enrollment, move, retry, send_written
from hostedpages.delivery.rows import Claimed, Finished, row
from hostedpages.delivery.statements import END, MARK, OWNED, RENEW
from hostedpages.delivery.which import (
    DELIVERIES,
    IS_CLAIMED,
    IS_LEASED,
    ours,
    pairs,
)
from hostedpages.prepared import PreparedStatement, bound

__all__ = [
    "Claimed",
    "Finished",
    "Turn",
    "cancel",
    "cancel_enrollment",
    "claim",
    "finish",
    "free_expired",
    "free_held",
    "mark_sending",
    "put",
    "put_many",
    "release",
    "renew",
    "retry",
    "row",
    "send_written",
    "write",
]

LEASE = timedelta(seconds=60)
CRASHES_ALLOWED = 5

_STATE = {"retry": "pending"}
_PUT = PreparedStatement(lambda _dialect: insert(DELIVERIES).values(bound(DELIVERIES.c)))
_ENDS = ("delivered", "failed", "unknown", "skipped")


def put_many(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Store deliveries made by `row`, in the caller's transaction."""
    if rows:
        _PUT.many(session, rows)


def put(session: Session, **values: Any) -> None:
    """Store one delivery, in the caller's transaction; takes what `row` takes."""
    put_many(session, [row(**values)])


def claim(
    worker: str,
    seats: int,
    now: datetime,
    *,
    lease: timedelta = LEASE,
    turn: Turn | None = None,
) -> list[Claimed]:
    """Take due deliveries, each with an open attempt: of a sender the urgent ones first, then those
    that are due the longest.

    At most `seats` for the installation's server, and as many for those of accounts as `turn`
    says. Looks before it writes: waiting disturbs no writer.
    """
    turn = turn or Turn(account_seats=seats)
    found = claims.ready(db.session(), now, after=turn.after)
    wanted = claims.shares(found, seats, turn)
    if not wanted:
        return []
    with transaction() as session:
        taken = claims.take(session, wanted, worker, now, lease)
        if not taken:
            return []
        attempts.open_many(session, taken, now)
        past = attempts.past(session, [each.id for each in taken if each.attempt > 1])
    return [replace(each, **past[each.id]) if each.id in past else each for each in taken]


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
    faulty = health.note(session, results, now)
    _write_ends(session, [_with_pause(each, faulty, now) for each in mine], now)
    _quarantine(session, mine, now)
    ended = {
        each.claimed.enrollment_id
        for each in mine
        if each.claimed.enrollment_id is not None and each.outcome in _ENDS
    }
    complete_enrollments(session, ended, now)
    return {each.claimed.id for each in results} - owned


def _with_pause(result: Finished, faulty: Mapping[int, datetime], now: datetime) -> Finished:
    """What met a fault of its server is due when that may be tried again, and not before."""
    until = faulty.get(result.claimed.through) if result.fault else None
    if until is None or result.outcome not in ("retry", "held"):
        return result
    if until <= now:  # another server takes it
        return replace(result, outcome="retry", due_at=now)
    if result.outcome == "held":
        return replace(result, due_at=until)
    return replace(result, due_at=max(until, result.due_at or now))


def _quarantine(session: Session, results: Sequence[Finished], now: datetime) -> None:
    for each in results:
        if each.quarantines:
            suppressions.quarantine(
                session,
                each.claimed.account_id,
                each.claimed.recipient,
                reason="hard_bounce",
                reply=each.quarantines,
                delivery_id=each.claimed.id,
                now=now,
            )


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
        move(session, again, "pending", due_at=now, error=attempts.STOPPED)
        move(session, asks, "unknown", finished_at=now, error=attempts.STOPPED)
        move(
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


def free_held(now: datetime) -> int:
    """Make held deliveries whose time has come pending again; return how many."""
    with transaction() as session:
        return moves.free_held(session, DELIVERIES.c.due_at <= now, now)
