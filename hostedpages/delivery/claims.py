"""Which senders have something due, how many each may take, and taking them: fairly and exactly.

A sender that is paused or full costs nothing: it is left out by two looks into an index. The claim
and its attempts, which are the reservation against a sender's limits, are one transaction; who
claims for an account's sender holds the lock of its health. Must never open a transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import (
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from hostedpages.delivery import breaker, health, limits
from hostedpages.delivery.rows import Claimed
from hostedpages.delivery.statements import TAKE
from hostedpages.delivery.which import DELIVERIES, IS_NOT_URGENT, IS_PENDING, IS_URGENT
from hostedpages.models import PLATFORM, Sender, SenderHealth

SENDERS = Sender.metadata.tables["senders"]
HEALTH = SenderHealth.metadata.tables["sender_health"]
CONNECTIONS = 2  # at once to the server of one account, by all workers together
# A server that has taken nothing for so long gets one mail first: nobody knows whether it works.
WARM_FOR = timedelta(minutes=10)
MOST_SENDERS = 200  # looked at in one claim; the next one goes on behind them
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_ROW = DELIVERIES.c
_NOW = bindparam("now", type_=_ROW.due_at.type)


@dataclass(frozen=True, slots=True)
class Ready:
    """A sender with something due that may go now. `instead`: through the installation's server,
    because its own one fails and its owner wants that. `is_troubled`: it was refused last."""

    sender_id: int
    instead: bool = False
    is_troubled: bool = False


def _first_sender(*, after: Any = None) -> Any:
    following = DELIVERIES.alias("following")
    found = select(following.c.sender_id).where(literal_column("following.state = 'pending'"))
    if after is not None:
        found = found.where(following.c.sender_id > after)
    return found.order_by(following.c.sender_id).limit(1).scalar_subquery()


def _seen() -> Any:
    """All senders with something pending, found by leaps from one to the next."""
    seen = select(_first_sender().label("id")).cte("seen", recursive=True)
    return seen.union_all(select(_first_sender(after=seen.c.id)).where(seen.c.id.is_not(None)))


def _ready() -> Any:
    """Senders with something due: two looks into the partial index for each."""
    seen = _seen()
    due = (
        select(_ROW.id)
        .where(IS_PENDING, _ROW.sender_id == seen.c.id, _ROW.due_at <= _NOW)
        .limit(1)
        .exists()
    )
    past = [
        or_(each.is_(None), each <= _NOW)
        for each in (HEALTH.c.paused_until, HEALTH.c.probing_until, HEALTH.c.full_until)
    ]
    may_go = or_(seen.c.id < PLATFORM, HEALTH.c.id.is_(None), and_(*past))
    by_platform = and_(
        HEALTH.c.failing_since.is_not(None), SENDERS.c.if_failing == literal_column("'platform'")
    )
    return (
        select(seen.c.id, case((may_go, 0), else_=1), func.coalesce(HEALTH.c.refusals, 0) > 0)
        .select_from(
            seen.outerjoin(HEALTH, HEALTH.c.sender_id == seen.c.id).outerjoin(
                SENDERS, SENDERS.c.id == seen.c.id
            )
        )
        .where(
            seen.c.id.is_not(None),
            or_(seen.c.id <= PLATFORM, SENDERS.c.enabled),
            or_(may_go, by_platform),
            due,
        )
        .order_by(case((seen.c.id > bindparam("after"), 0), else_=1), seen.c.id)
        .limit(MOST_SENDERS)
    )


def _gone() -> Any:
    """Accounts with deliveries that wait for a sender which was removed or turned off meanwhile."""
    seen = _seen()
    account = (
        select(_ROW.account_id)
        .where(IS_PENDING, _ROW.sender_id == seen.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(account.label("account_id"))
        .select_from(seen.outerjoin(SENDERS, SENDERS.c.id == seen.c.id))
        .where(seen.c.id > PLATFORM, or_(SENDERS.c.id.is_(None), SENDERS.c.enabled.is_(False)))
    )


_READY = _ready()
_GONE = _gone()
_LOCK = (
    select(HEALTH)
    .where(HEALTH.c.sender_id.in_(bindparam("ids", expanding=True)))
    .order_by(HEALTH.c.sender_id)
    .with_for_update(skip_locked=True)
)
_SAME = SENDERS.alias("same")
_LIMITS = (
    select(SENDERS.c.id, SENDERS.c.limits, _SAME.c.id.label("counted_with"))
    .join_from(SENDERS, _SAME, _SAME.c.counted_as == SENDERS.c.counted_as)
    .where(SENDERS.c.id.in_(bindparam("ids", expanding=True)))
)
_WITH_URGENT = (
    select(_ROW.sender_id)
    .where(
        IS_PENDING,
        IS_URGENT,
        _ROW.sender_id.in_(bindparam("ids", expanding=True)),
        _ROW.due_at <= _NOW,
    )
    .distinct()
)
_PICK = (
    select(_ROW.id)
    .where(IS_PENDING, _ROW.sender_id == bindparam("sender_id"), _ROW.due_at <= _NOW)
    .order_by(_ROW.due_at)
    .limit(bindparam("up_to"))
    .with_for_update(skip_locked=True)
)
_PICK_URGENT, _PICK_OTHERS = _PICK.where(IS_URGENT), _PICK.where(IS_NOT_URGENT)


def ready(session: Session, now: datetime, *, after: int = PLATFORM) -> list[Ready]:
    """Senders that have something due and are neither paused nor full, those behind `after` first.

    Reads only, so that waiting disturbs no writer.
    """
    rows = session.connection().execute(_READY, {"now": now, "after": after})
    found = [
        Ready(sender_id, bool(instead), bool(is_troubled))
        for sender_id, instead, is_troubled in rows
    ]
    if any(each.instead for each in found) and not health.is_sound(session, PLATFORM):
        return [each for each in found if not each.instead]
    return found


@dataclass(slots=True)
class Turn:
    """Whose turn it is in one process: `account_seats` are free for the servers of accounts,
    `on_their_way` counts by sender what is being sent, and those behind `after` come first."""

    account_seats: int
    on_their_way: Mapping[int, int] = field(default_factory=dict)
    after: int = PLATFORM


def accounts_of_gone_senders(session: Session) -> set[int]:
    """Accounts with deliveries that wait for a sender which was removed or turned off."""
    return set(session.connection().execute(_GONE).scalars())


def shares(found: Sequence[Ready], seats: int, turn: Turn) -> dict[Ready, int]:
    """How many of the free seats each gets: one each in turn, until all are given.

    The installation's server has seats of its own, so that the servers of accounts cannot take
    them by hanging. Of these each gets at most two.
    """
    own = [each for each in found if each.sender_id > PLATFORM and not each.instead]
    others = [each for each in found if each.sender_id <= PLATFORM or each.instead]
    given = _dealt(dict.fromkeys(others, seats), seats)
    free = {each: CONNECTIONS - turn.on_their_way.get(each.sender_id, 0) for each in own}
    for_own = _dealt(free, turn.account_seats)
    if for_own:
        turn.after = list(for_own)[-1].sender_id
    return given | for_own


def _dealt(room: dict[Ready, int], seats: int) -> dict[Ready, int]:
    given: dict[Ready, int] = {}
    while seats > 0 and (open_ := [each for each, free in room.items() if free > 0]):
        for each in open_[:seats]:
            given[each] = given.get(each, 0) + 1
            room[each] -= 1
        seats -= len(open_)
    return given


def take(
    session: Session, wanted: Mapping[Ready, int], worker: str, now: datetime, lease: timedelta
) -> list[Claimed]:
    """Claim up to so many due deliveries of each, within the limits of its sender.

    The caller opens their attempts in the same transaction.
    """
    asked = [
        each.sender_id
        for each in wanted
        if not each.instead
        # Without limits, the installation's server is asked for only while it is in trouble.
        and (each.sender_id > PLATFORM or (each.sender_id == PLATFORM and each.is_troubled))
    ]
    allowed = _allowed(session, asked, now)
    ids: list[int] = []
    through: dict[int, int] = {}
    for each, count in wanted.items():
        if not each.instead:
            count = min(count, allowed.get(each.sender_id, count))
        if count <= 0:
            continue
        picked = _picked(session, each.sender_id, now, count)
        ids += picked
        through.update(dict.fromkeys(picked, PLATFORM if each.instead else each.sender_id))
    if not ids:
        return []
    rows = session.connection().execute(
        TAKE, {"ids": ids, "new_worker": worker, "new_lease": now + lease}
    )
    return [Claimed(**each._mapping, through=through[each.id]) for each in rows]


def _picked(session: Session, sender_id: int, now: datetime, up_to: int) -> list[int]:
    """What is due of a sender: the urgent first, then the longest due."""
    ids: list[int] = []
    for statement in (_PICK_URGENT, _PICK_OTHERS):
        wanted = {"sender_id": sender_id, "now": now, "up_to": up_to - len(ids)}
        ids += session.connection().execute(statement, wanted).scalars()
        if len(ids) == up_to:
            break
    return ids


def _allowed(session: Session, asked: Sequence[int], now: datetime) -> dict[int, int]:
    """What each sender may take now by its health and limits. One that another worker is claiming
    for at this moment gets nothing."""
    if not asked:
        return {}
    allowed = dict.fromkeys(asked, 0)
    stored, together = _limits_of(session, [each for each in asked if each > PLATFORM])
    everybody = sorted({*asked, *chain.from_iterable(together.values())})
    locked = _locked(session, everybody)
    unended = limits.unended(session, [each for each in everybody if each > PLATFORM])
    changed = []
    for row in _in_turn(session, [locked[each] for each in asked if each in locked], together, now):
        mails, values = _by_health(row, now)
        if mails and (ids := together.get(row.sender_id)):
            if not locked.keys() >= set(ids):
                continue  # another worker claims for the same mailbox
            known = limits.Limits.of(stored[row.sender_id])
            free = max(0, mails - unended[row.sender_id].open)
            way = sum((unended[each] for each in ids), limits.Unended())
            way.open += sum(allowed.get(each, 0) for each in ids)
            found = limits.room(session, ids, known, now, free=free, unended=way)
            mails = found.mails
            if found.full_until is not None:
                values = {"full_until": found.full_until}
        allowed[row.sender_id] = mails
        if values and (mails or "full_until" in values):
            changed.append((row.id, values))
    for row_id, values in changed:
        session.connection().execute(update(HEALTH).where(HEALTH.c.id == row_id).values(**values))
    return allowed


def _limits_of(
    session: Session, ids: Sequence[int]
) -> tuple[dict[int, dict[str, Any]], dict[int, list[int]]]:
    """What is stored as each sender's limits, and the senders that its provider counts with it."""
    stored: dict[int, dict[str, Any]] = {}
    together: dict[int, list[int]] = {}
    for each in session.connection().execute(_LIMITS, {"ids": list(ids)}) if ids else ():
        stored[each.id] = each.limits
        together.setdefault(each.id, []).append(each.counted_with)
    return stored, together


def _locked(session: Session, ids: Sequence[int]) -> dict[int, Any]:
    """The health of these senders, locked; without those that another worker claims for."""
    rows = session.connection().execute(_LOCK, {"ids": ids}).all()
    if len(rows) < len(ids) and health.make_rows(session, ids):
        rows = session.connection().execute(_LOCK, {"ids": ids}).all()
    return {each.sender_id: each for each in rows}


def _in_turn(
    session: Session, rows: list[Any], together: Mapping[int, Sequence[int]], now: datetime
) -> list[Any]:
    """Of those that share their limits, who has something urgent first, then who went last."""
    shared = [each.sender_id for each in rows if len(together.get(each.sender_id, ())) > 1]
    if len(shared) < 2:
        return rows
    wanted = {"ids": shared, "now": now}
    urgent = set(session.connection().execute(_WITH_URGENT, wanted).scalars())
    return sorted(
        rows, key=lambda row: (row.sender_id not in urgent, row.delivered_at or _LONG_AGO)
    )


def _by_health(row: Any, now: datetime) -> tuple[int, dict[str, Any]]:
    """At most how many, and what to note when any are taken."""
    for until in (row.paused_until, row.probing_until, row.full_until):
        if until is not None and until > now:
            return 0, {}
    if row.refusals:
        return 1, {"probing_until": now + breaker.PROBE_TIME}
    if row.sender_id == PLATFORM:
        return MOST_SENDERS, {}
    is_warm = row.delivered_at is not None and now - row.delivered_at < WARM_FOR
    return min(row.connections or CONNECTIONS, CONNECTIONS) if is_warm else 1, {}
