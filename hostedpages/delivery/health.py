"""How the servers of senders are doing: reads and writes `sender_health` in others' transactions.

The rules stand in `breaker.py`. Must never open a transaction, and never fail a delivery.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hostedpages.delivery import breaker, limits, moves
from hostedpages.delivery.rows import Finished
from hostedpages.delivery.statements import ATTEMPTS
from hostedpages.delivery.which import DELIVERIES, IS_PENDING
from hostedpages.models import PLATFORM, Sender, SenderHealth
from hostedpages.models.sender import PER_IP

HEALTH = SenderHealth.metadata.tables["sender_health"]
_OF = select(SenderHealth).where(SenderHealth.sender_id.in_(bindparam("ids", expanding=True)))
_SEEN = select(
    HEALTH.c.sender_id, HEALTH.c.refusals, HEALTH.c.probing_until, HEALTH.c.delivered_at
).where(HEALTH.c.sender_id.in_(bindparam("ids", expanding=True)))
_OWN, _OTHER = (Sender.__table__.alias(name) for name in ("own", "other"))
_MATES = (
    select(_OWN.c.id, _OTHER.c.id)
    .join_from(_OWN, _OTHER, _OTHER.c.counted_as == _OWN.c.counted_as)
    .where(
        _OWN.c.id.in_(bindparam("ids", expanding=True)),
        _OTHER.c.id != _OWN.c.id,
        _OWN.c.counted_as.not_like(f"{PER_IP}:%"),
    )
)
_LOCKED = _OF.order_by(SenderHealth.sender_id).with_for_update()


def of(session: Session, sender_id: int) -> SenderHealth | None:
    """The health of one sender as it is now; None while nothing is known."""
    return session.scalar(_OF.execution_options(populate_existing=True), {"ids": [sender_id]})


def is_sound(session: Session, sender_id: int) -> bool:
    """Whether nothing is known to be wrong with this server."""
    found = of(session, sender_id)
    return found is None or not found.refusals


def make_rows(session: Session, ids: Iterable[int]) -> bool:
    """See to it that each of these senders has a row, which is also its lock; True when some had
    none."""
    wanted = set(ids)
    missing = wanted - set(
        session.scalars(select(SenderHealth.sender_id).where(SenderHealth.sender_id.in_(wanted)))
    )
    if not missing:
        return False
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    empty = {"refusals": 0, "connections": 0, "problem_kind": "", "problem": ""}
    session.execute(
        make(SenderHealth)
        .values([{"sender_id": each, **empty} for each in sorted(missing)])
        .on_conflict_do_nothing(index_elements=["sender_id"])
    )
    return True


def note(session: Session, results: Sequence[Finished], now: datetime) -> dict[int, datetime]:
    """Take note of what the servers said; returns for those with a fault when their mail may be
    tried again, by sender id: at once when it goes through the installation's server instead.

    1. A server that works as before costs one read and no write.
    2. After the first success everything held goes on by itself.
    3. A sender that fails, or works again, says so.
    """
    told: dict[int, list[Finished]] = {}
    for each in results:
        if each.claimed.through >= PLATFORM:
            told.setdefault(each.claimed.through, []).append(each)
    if not told:
        return {}
    rows = session.connection().execute(_SEEN, {"ids": list(told)})
    known = {each.sender_id: each for each in rows}
    news = [
        sender_id for sender_id, said in told.items() if _is_news(known.get(sender_id), said, now)
    ]
    if not news:
        return {}
    mates = _mates(session, [each for each in news if any(said.fault for said in told[each])])
    wanted = sorted({*news, *chain.from_iterable(mates.values())})
    make_rows(session, wanted)
    found = session.scalars(_LOCKED.execution_options(populate_existing=True), {"ids": wanted})
    locked = {each.sender_id: each for each in found}
    faulty = {}
    for sender_id in sorted(news):
        health, said = locked[sender_id], told[sender_id]
        if _take_note(session, health, said, now):
            until = health.paused_until or now
            faulty[sender_id] = now if _goes_instead(session, health, now) else until
            for mate in mates.get(sender_id, ()):
                _warn(session, locked[mate], health, said, now)
    session.flush()
    return faulty


def _mates(session: Session, ids: Sequence[int]) -> dict[int, list[int]]:
    """The other senders of the same mailbox, of each of these."""
    found: dict[int, list[int]] = {}
    for sender_id, mate in session.connection().execute(_MATES, {"ids": ids}) if ids else ():
        found.setdefault(sender_id, []).append(mate)
    return found


def _warn(
    session: Session, mate: SenderHealth, of: SenderHealth, said: Sequence[Finished], now: datetime
) -> None:
    """What a sender is told about its mailbox holds for the others of it too: else each would try a
    changed password by itself, until the provider closes the mailbox.

    One that has sent since then knows better; so does any that works of one that never did.
    """
    if mate.delivered_at and not (of.delivered_at and of.delivered_at >= mate.delivered_at):
        return
    for fault in (each.fault for each in said if each.fault):
        if fault.kind in breaker.OF_THE_MAILBOX:
            breaker.refused(mate, fault, now, window=_window(session, mate.sender_id))
    if mate.failing_since is not None:
        _say(session, mate.sender_id, "failing")


def _is_news(health: Any, said: Sequence[Finished], now: datetime) -> bool:
    """Mostly it is not, and then nothing is written."""
    if health is None or health.refusals or health.probing_until:
        return True
    if any(each.fault for each in said):
        return True
    is_old = health.delivered_at is None or now - health.delivered_at >= breaker.SEEN_AGAIN
    return is_old and any(each.outcome == "delivered" for each in said)


def _take_note(
    session: Session, health: SenderHealth, said: Sequence[Finished], now: datetime
) -> bool:
    """Whether it has a fault after all that was said."""
    was_failing, is_open = health.failing_since is not None, False
    health.probing_until = None
    for each in said:
        if each.answered:
            is_open |= breaker.answered(health, now, delivered=each.outcome == "delivered")
    faults = [each.fault for each in said if each.fault]
    for fault in faults:
        window = _window(session, health.sender_id) if fault.kind == breaker.QUOTA else None
        breaker.refused(health, fault, now, window=window or breaker.QUOTA_WINDOW)
    if is_open and not faults:
        _go_on(session, health.sender_id, now)
    is_failing = health.failing_since is not None
    answered = any(each.outcome == "delivered" for each in said)
    if is_failing != was_failing or (answered and not is_failing):
        _say(session, health.sender_id, "failing" if is_failing else "ok")
    return bool(faults)


def _goes_instead(session: Session, health: SenderHealth, now: datetime) -> bool:
    """Whether its mail leaves through the installation's server now; what is held goes too."""
    if health.failing_since is None:
        return False
    wish = session.scalar(select(Sender.if_failing).where(Sender.id == health.sender_id))
    if wish != "platform":
        return False
    moves.free_held(session, DELIVERIES.c.sender_id == health.sender_id, now)
    return True


def _window(session: Session, sender_id: int) -> timedelta:
    """How long a provider's quota may last: as long as the longest window that it is known for."""
    stored = session.scalar(select(Sender.limits).where(Sender.id == sender_id))
    longest = limits.Limits.of(stored or {}).longest
    return min(longest or breaker.QUOTA_WINDOW, breaker.QUOTA_WINDOW)


def _go_on(session: Session, sender_id: int, now: datetime) -> None:
    """What is held goes now, and so does what only waits because of the server."""
    mine = DELIVERIES.c.sender_id == sender_id
    moves.free_held(session, mine, now)
    hit = select(ATTEMPTS.c.delivery_id).where(
        ATTEMPTS.c.delivery_id == DELIVERIES.c.id,
        ATTEMPTS.c.number == DELIVERIES.c.attempts,
        ATTEMPTS.c.outcome == "held",
    )
    session.execute(
        update(DELIVERIES)
        .where(
            IS_PENDING,
            mine,
            DELIVERIES.c.due_at > now,
            DELIVERIES.c.attempts > 0,
            hit.exists(),
        )
        .values(due_at=now)
    )


def _say(session: Session, sender_id: int, state: str) -> None:
    session.execute(
        update(Sender)
        .where(Sender.id == sender_id, Sender.state != state)
        .values(state=state)
        .execution_options(synchronize_session=False)
    )
