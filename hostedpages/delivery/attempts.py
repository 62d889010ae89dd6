"""The tries of a delivery, as rows: opened with the claim, closed with the outcome.

A crash leaves one without an end. Must never open a transaction, nor write a delivery.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hostedpages.delivery.rows import Claimed, Finished
from hostedpages.delivery.statements import ATTEMPTS, CLOSE_ATTEMPT, OPEN_ATTEMPT

STOPPED = "The worker stopped before it could write down how this went."
# What the attempt is called in the log. `held`: its server could not be used; nothing was wrong
# with the mail, so it does not count as one of its failures.
_OUTCOMES = {"retry": "passing"}


def open_many(session: Session, taken: Iterable[Claimed], now: datetime) -> None:
    """Open an attempt for each; it is also the reservation against its sender's limits."""
    session.connection().execute(
        OPEN_ATTEMPT,
        [
            {
                "account_id": each.account_id,
                "delivery_id": each.id,
                "number": each.attempt,
                "sender_id": each.through,
                "counted_as": each.counted_as,
                "started_at": now,
                "outcome": "",
                "reply": "",
            }
            for each in taken
        ],
    )


def close_many(session: Session, results: Sequence[Finished], now: datetime) -> None:
    """Write outcome and reply of each result's attempt."""
    session.connection().execute(
        CLOSE_ATTEMPT,
        [
            {
                "row_id": each.claimed.id,
                "row_number": each.claimed.attempt,
                "new_finished_at": now,
                "new_outcome": _outcome(each),
                "new_reply": each.reply,
            }
            for each in results
        ],
    )


def _outcome(result: Finished) -> str:
    if result.was_unknown:
        return "unknown"
    if result.fault is not None and result.outcome == "retry":
        return "held"
    return _OUTCOMES.get(result.outcome, result.outcome)


def close_open(
    session: Session, ids: Sequence[int], *, outcome: str, reply: str, ended_at: datetime | None
) -> None:
    """End the open attempt of each delivery; without a time when nobody knows it (a crash)."""
    session.execute(
        update(ATTEMPTS)
        .where(ATTEMPTS.c.delivery_id.in_(ids), ATTEMPTS.c.outcome == "")
        .values(outcome=outcome, reply=reply, finished_at=ended_at)
    )


def forget_open(session: Session, ids: Sequence[int]) -> None:
    """Remove the open attempt of deliveries that were given back untouched."""
    session.execute(
        delete(ATTEMPTS).where(ATTEMPTS.c.delivery_id.in_(ids), ATTEMPTS.c.outcome == "")
    )


def past(session: Session, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """How often earlier attempts ended in `failures`, `unknowns`, `crashes` and `holds`, by
    delivery id.

    A crash is an unknown outcome that never got an end.
    """
    if not ids:
        return {}
    counts: dict[int, dict[str, Any]] = {
        each: {"failures": 0, "unknowns": 0, "crashes": 0, "holds": 0} for each in ids
    }
    ended = ATTEMPTS.c.finished_at.is_not(None)
    found = session.execute(
        select(ATTEMPTS.c.delivery_id, ATTEMPTS.c.outcome, ended, func.count())
        .where(ATTEMPTS.c.delivery_id.in_(ids))
        .group_by(ATTEMPTS.c.delivery_id, ATTEMPTS.c.outcome, ended)
    )
    for delivery_id, outcome, has_ended, count in found:
        if outcome == "passing":
            counts[delivery_id]["failures"] += count
        elif outcome == "held":
            counts[delivery_id]["holds"] += count
        elif outcome == "unknown":
            counts[delivery_id]["unknowns"] += count
            counts[delivery_id]["crashes"] += 0 if has_ended else count
    return counts
