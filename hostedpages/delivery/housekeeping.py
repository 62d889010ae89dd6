"""What must be done from time to time: leases of dead workers, spent limits and links, heartbeat.

Must never delete a delivery or a lead.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hostedpages.db import transaction
from hostedpages.delivery import outbox
from hostedpages.delivery.kinds import KINDS, kind_of
from hostedpages.models import Delivery, Heartbeat, RateBucket, UserToken

SECRETS_LOOKED_FOR = timedelta(days=7)  # what ended earlier was blanked long ago
TOKENS_KEPT_FOR = timedelta(days=7)
_SECRET_KINDS = tuple(kind.key for kind in KINDS.values() if kind.has_secret)


def free_leases(now: datetime) -> int:
    """Take back deliveries of workers that died, and held ones whose time has come."""

    def sends_again(kind: str, payload: dict[str, Any], unknowns: int) -> bool:
        return kind_of(kind).sends_again(payload, unknowns)

    return outbox.free_expired(now, sends_again) + outbox.free_held(now)


def prune(now: datetime) -> None:
    """Delete rate buckets that limit nothing any more and links that are used or expired; blank
    the secrets of account mails that have ended."""
    with transaction() as session:
        session.execute(delete(RateBucket).where(RateBucket.tat < now.timestamp()))
        session.execute(
            delete(UserToken).where(
                or_(UserToken.used_at.is_not(None), UserToken.expires_at < now),
                UserToken.created_at < now - TOKENS_KEPT_FOR,
            )
        )
        ended = select(Delivery.id).where(
            Delivery.kind.in_(_SECRET_KINDS),
            Delivery.state.in_(("failed", "canceled", "skipped", "unknown")),
            Delivery.finished_at > now - SECRETS_LOOKED_FOR,
        )
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ended))
            .values(payload={})
            .execution_options(synchronize_session=False)
        )


def beat(name: str, now: datetime, details: dict[str, Any]) -> None:
    """Write a sign of life of the process `name`."""
    with transaction() as session:
        make = (
            postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        )
        session.execute(
            make(Heartbeat)
            .values(name=name, at=now, details=details)
            .on_conflict_do_update(index_elements=["name"], set_={"at": now, "details": details})
        )
