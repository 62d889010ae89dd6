"""What must be done from time to time: leases of dead workers, spent limits and links, heartbeat.

Must never delete a delivery or a lead.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.db import transaction
from hostedpages.delivery import claims, moves, outbox, senders
from hostedpages.delivery.kinds import KINDS, kind_of
from hostedpages.models import (
    PLATFORM,
    Delivery,
    Heartbeat,
    RateBucket,
    Sender,
    SenderHealth,
    UserToken,
)

SECRETS_LOOKED_FOR = timedelta(days=7)  # what ended earlier was blanked long ago
TOKENS_KEPT_FOR = timedelta(days=7)
CHORE = "chore:"  # how the heartbeat of a chore is named
_SECRET_KINDS = tuple(kind.key for kind in KINDS.values() if kind.has_secret)


def free_leases(now: datetime) -> int:
    """Take back deliveries of workers that died, and held ones whose time has come; give those
    whose sender is gone to whoever takes them now."""

    def sends_again(kind: str, payload: dict[str, Any], unknowns: int) -> bool:
        return kind_of(kind).sends_again(payload, unknowns)

    freed = outbox.free_expired(now, sends_again) + outbox.free_held(now)
    orphaned = claims.accounts_of_gone_senders(db.session())
    if orphaned:
        with transaction() as session:
            for account_id in orphaned:
                senders.assign_again(session, account_id, now)
    return freed


def try_again_now(now: datetime) -> None:
    """The worker starts: whoever runs this may have changed the installation's mail server, so it
    is tried at once, by one mail. The servers of accounts are left alone: restarts are not theirs.
    """
    with transaction() as session:
        session.execute(
            update(SenderHealth)
            .where(SenderHealth.sender_id == PLATFORM, SenderHealth.refusals > 0)
            .values(paused_until=None, probing_until=None)
            .execution_options(synchronize_session=False)
        )
        moves.free_held(session, Delivery.sender_id == PLATFORM, now)


def keep_secret(sender_id: int, sealed: str, *, instead_of: str) -> None:
    """Store the newer secret of a sender, unless a person has given another one meanwhile."""
    with transaction() as session:
        session.execute(
            update(Sender)
            .where(Sender.id == sender_id, Sender.secret_sealed == instead_of)
            .values(secret_sealed=sealed)
            .execution_options(synchronize_session=False)
        )


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
        session.execute(
            _insert(session)(Heartbeat)
            .values(name=name, at=now, details=details)
            .on_conflict_do_update(index_elements=["name"], set_={"at": now, "details": details})
        )


def take_chores(
    chores: Mapping[str, timedelta], worker: str, now: datetime, *, silence: timedelta
) -> list[str]:
    """Take those of `chores` (name -> how often) whose turn has come; returns their names.

    Whoever takes one writes its heartbeat, so that nobody else takes it meanwhile. One that is
    running without a sign of life for `silence` is taken over. One whose last sign lies in the
    future is due: the clock was set back, and there is no waiting until it has caught up.
    """
    names = [CHORE + name for name in chores]
    known = {
        each.name.removeprefix(CHORE): each
        for each in db.session().execute(
            select(Heartbeat.name, Heartbeat.at, Heartbeat.details).where(Heartbeat.name.in_(names))
        )
    }
    due: list[tuple[str, datetime | None]] = []
    for name, every in chores.items():
        last = known.get(name)
        if last is None:
            due.append((name, None))
            continue
        is_running = last.details.get("state") == "running"
        comes_at = last.at + (silence if is_running else every)
        is_ahead = last.at > now + (silence if is_running else clock.CLOCKS_DIFFER)
        if now >= comes_at or is_ahead:
            due.append((name, last.at))
    if not due:
        return []
    with transaction() as session:
        return [name for name, seen in due if _take_chore(session, CHORE + name, seen, worker, now)]


def _take_chore(
    session: Session, name: str, seen: datetime | None, worker: str, now: datetime
) -> bool:
    """Only who finds the heartbeat as it was seen gets it."""
    values = {"at": now, "details": {"worker": worker, "state": "running", "error": ""}}
    if seen is None:
        taken = session.scalar(
            _insert(session)(Heartbeat)
            .values(name=name, **values)
            .on_conflict_do_nothing(index_elements=["name"])
            .returning(Heartbeat.id)
        )
    else:
        taken = session.scalar(
            update(Heartbeat)
            .where(Heartbeat.name == name, Heartbeat.at == seen)
            .values(**values)
            .returning(Heartbeat.id)
            .execution_options(synchronize_session=False)
        )
    return taken is not None


def _insert(session: Session) -> Any:
    is_postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert if is_postgres else sqlite.insert
