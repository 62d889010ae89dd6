"""Limits in the database, so that all web processes count together.

One row a limit holds its theoretical arrival time (generic cell rate algorithm, ITU-T I.371): no
counting window, no clean-up per request. Must never hold an address or an email in clear; callers
hash what they count by.
"""

from datetime import datetime

from sqlalchemy import Float, bindparam, case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql import ClauseElement

from hostedpages.models import RateBucket
from hostedpages.prepared import PreparedStatement, bound

BUCKETS = RateBucket.metadata.tables["rate_buckets"]


def _take(dialect: str) -> ClauseElement:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    at, step = bindparam("at", type_=Float()), bindparam("step", type_=Float())
    later = case((BUCKETS.c.tat > at, BUCKETS.c.tat), else_=at) + step
    return (
        make(BUCKETS)
        .values(bound(BUCKETS.c, "key", "tat"))
        .on_conflict_do_update(
            index_elements=["key"],
            set_={"tat": later},
            where=later - at <= bindparam("per_seconds", type_=Float()),
        )
        .returning(BUCKETS.c.tat)
    )


_TAKE = PreparedStatement(_take)


def allow(session: Session, key: str, rate: int, per_seconds: int, now: datetime) -> float:
    """Count one try under `key`: at most `rate` at once and in any `per_seconds` on average.

    Returns 0.0 when it is allowed, else the seconds to wait; a refused try is not counted. Part of
    the caller's transaction.
    """
    at = now.timestamp()
    step = per_seconds / rate
    values = {"key": key, "at": at, "step": step, "tat": at + step, "per_seconds": per_seconds}
    if _TAKE.one(session, values) is not None:
        return 0.0
    tat: float = session.execute(select(BUCKETS.c.tat).where(BUCKETS.c.key == key)).scalar_one()
    return max(0.001, tat + step - per_seconds - at)
