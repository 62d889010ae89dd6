"""How many mails each sender may take now: by its health, its limits, and those counted with it.

Who claims for a sender holds the lock of its health, and that of the first sender of all that its
provider counts as one. Must never open a transaction, nor claim anything itself.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from hostedpages.delivery import breaker, health, limits
from hostedpages.delivery.which import DELIVERIES, IS_PENDING, IS_URGENT
from hostedpages.models import PLATFORM, Sender, SenderHealth

SENDERS = Sender.metadata.tables["senders"]
HEALTH = SenderHealth.metadata.tables["sender_health"]
CONNECTIONS = 2  # at once to one mailbox, by all workers together
# A server that has taken nothing for so long gets one mail first: nobody knows whether it works.
WARM_FOR = timedelta(minutes=10)
# No pause and no window of a provider is longer: what ends later was written by a wrong clock.
LONGEST_WAIT = timedelta(days=2)
# One place of so many goes to what waits the longest, so that nothing waits for ever.
ONE_PLACE_OF = 5


_SAME = SENDERS.alias("same")
_ASKED = select(
    SENDERS.c.id,
    SENDERS.c.counted_as,
    select(func.min(_SAME.c.id))
    .where(_SAME.c.counted_as == SENDERS.c.counted_as)
    .scalar_subquery()
    .label("first"),
).where(SENDERS.c.id.in_(bindparam("ids", expanding=True)))
_TOGETHER = select(SENDERS.c.counted_as, SENDERS.c.limits).where(
    SENDERS.c.counted_as.in_(bindparam("keys", expanding=True)), SENDERS.c.enabled
)
_LOCK = (
    select(HEALTH)
    .where(HEALTH.c.sender_id.in_(bindparam("ids", expanding=True)))
    .order_by(HEALTH.c.sender_id)
    .with_for_update(skip_locked=True)
)
_WITH_URGENT = (
    select(DELIVERIES.c.sender_id)
    .where(
        IS_PENDING,
        IS_URGENT,
        DELIVERIES.c.sender_id.in_(bindparam("ids", expanding=True)),
        DELIVERIES.c.due_at <= bindparam("now", type_=DELIVERIES.c.due_at.type),
    )
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many mails, and what their attempts are counted as."""

    mails: int
    counted_as: str = ""


def of(session: Session, asked: Sequence[int], now: datetime) -> dict[int, Allowance]:
    """What each sender may take now; one that another worker is claiming for gets nothing."""
    if not asked:
        return {}
    accounts = [each for each in asked if each > PLATFORM]
    known = {
        each.id: each
        for each in (session.connection().execute(_ASKED, {"ids": accounts}) if accounts else ())
    }
    locked = _locked(session, sorted({*asked, *(each.first for each in known.values())}))
    keys = {each.counted_as for each in known.values()}
    unended = limits.unended(session, keys)
    holding = _limits_of(session, keys)
    rooms: dict[str, limits.Room] = {}
    given: Counter[str] = Counter()
    found = dict.fromkeys(asked, Allowance(0))
    for row in _in_turn(session, [locked[each] for each in asked if each in locked], known, now):
        mails, values = _by_health(row, now)
        if mails and (sender := known.get(row.sender_id)):
            if sender.first not in locked:
                continue  # another worker claims for the same mailbox
            key = sender.counted_as
            way = unended[key]
            on_their_way = way.of[row.sender_id] if Sender.is_per_ip(key) else way.open + given[key]
            if key not in rooms:
                rooms[key] = limits.room(session, key, holding[key], now, unended=way)
            room = rooms[key]
            mails = max(0, min(mails - on_their_way, room.mails - given[key]))
            given[key] += mails
            if room.full_until is not None:
                values = {"full_until": room.full_until}
            found[row.sender_id] = Allowance(mails, key)
        else:
            found[row.sender_id] = Allowance(mails)
        if values and (mails or "full_until" in values):
            change = update(HEALTH).where(HEALTH.c.id == row.id).values(**values)
            session.connection().execute(change)
    return found


def _limits_of(session: Session, keys: Collection[str]) -> dict[str, limits.Limits]:
    """What holds for all senders that are counted as one."""
    found: dict[str, list[limits.Limits]] = {each: [] for each in keys}
    for key, stored in (
        session.connection().execute(_TOGETHER, {"keys": list(keys)}) if keys else ()
    ):
        found[key].append(limits.Limits.of(stored))
    return {key: limits.strictest(each) for key, each in found.items()}


def puts_others_first() -> bool:
    """Whether this place goes to what waits the longest, before what somebody waits for."""
    return random() * ONE_PLACE_OF < 1


def is_waiting(until: datetime | None, now: datetime) -> bool:
    """Whether something lasts until then; not when a wrong clock wrote it."""
    return until is not None and now < until <= now + LONGEST_WAIT


def _locked(session: Session, ids: Sequence[int]) -> dict[int, Any]:
    """The health of these senders, locked; without those that another worker claims for."""
    rows = session.connection().execute(_LOCK, {"ids": ids}).all()
    if len(rows) < len(ids) and health.make_rows(session, ids):
        rows = session.connection().execute(_LOCK, {"ids": ids}).all()
    return {each.sender_id: each for each in rows}


def _in_turn(session: Session, rows: list[Any], known: dict[int, Any], now: datetime) -> list[Any]:
    """In any order, so that none of those that share a limit is always the last; who has something
    urgent mostly first."""
    keys = Counter(each.counted_as for each in known.values())
    shared = [sender_id for sender_id, each in known.items() if keys[each.counted_as] > 1]
    if not shared:
        return rows
    urgent: set[int] = set()
    if not puts_others_first():
        wanted = {"ids": shared, "now": now}
        urgent.update(session.connection().execute(_WITH_URGENT, wanted).scalars())
    return sorted(rows, key=lambda row: (row.sender_id not in urgent, random()))


def _by_health(row: Any, now: datetime) -> tuple[int, dict[str, Any]]:
    """At most how many, and what to note when any are taken."""
    if any(is_waiting(each, now) for each in (row.paused_until, row.probing_until, row.full_until)):
        return 0, {}
    if row.refusals:
        return 1, {"probing_until": now + breaker.PROBE_TIME}
    if row.sender_id == PLATFORM:
        return limits.UNLIMITED, {}
    is_warm = row.delivered_at is not None and now - row.delivered_at < WARM_FOR
    return min(row.connections or CONNECTIONS, CONNECTIONS) if is_warm else 1, {}
