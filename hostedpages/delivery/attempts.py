"""The tries of a delivery, as rows: opened with the claim, closed with the outcome.

A crash leaves one without an end. Must never open a transaction, nor write a delivery.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hostedpages.delivery.rows import Finished
from hostedpages.delivery.statements import ATTEMPTS, CLOSE_ATTEMPT, OPEN_ATTEMPT

STOPPED = "The worker stopped before it could write down how this went."
# What the attempt is called in the log; a held delivery tried and was sent away for now.
_OUTCOMES = {"retry": "passing", "held": "passing"}


def open_many(session: Session, taken: Iterable[tuple[int, int, int]], now: datetime) -> None:
    """Open an attempt for each (account id, delivery id, number)."""
    session.connection().execute(
        OPEN_ATTEMPT,
        [
            {
                "account_id": account_id,
                "delivery_id": delivery_id,
                "number": number,
                "started_at": now,
                "outcome": "",
                "reply": "",
            }
            for account_id, delivery_id, number in taken
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
                "new_outcome": "unknown"
                if each.was_unknown
                else _OUTCOMES.get(each.outcome, each.outcome),
                "new_reply": each.reply,
            }
            for each in results
        ],
    )


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
    """How often earlier attempts ended in `failures`, `unknowns` and `crashes`, by delivery id.

    A crash is an unknown outcome that never got an end.
    """
    if not ids:
        return {}
    counts: dict[int, dict[str, Any]] = {
        each: {"failures": 0, "unknowns": 0, "crashes": 0} for each in ids
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
        elif outcome == "unknown":
            counts[delivery_id]["unknowns"] += count
            counts[delivery_id]["crashes"] += 0 if has_ended else count
    return counts
