"""Which senders have something due, how many each may take, and taking them: fairly and exactly.

A sender that is paused or full costs nothing: it is left out by two looks into an index. The claim
and its attempts, which are the reservation against a sender's limits, are one transaction. Must
never open a transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from hostedpages.delivery import allowance, health
from hostedpages.delivery.allowance import CONNECTIONS, HEALTH, LONGEST_WAIT, SENDERS
from hostedpages.delivery.rows import Claimed
from hostedpages.delivery.statements import TAKE
from hostedpages.delivery.which import DELIVERIES, IS_NOT_URGENT, IS_PENDING, IS_URGENT
from hostedpages.models import PLATFORM

MOST_SENDERS = 200  # looked at in one claim; the next one goes on behind them
_ROW = DELIVERIES.c
_NOW = bindparam("now", type_=_ROW.due_at.type)
_TOO_LATE = bindparam("too_late", type_=_ROW.due_at.type)


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
        or_(each.is_(None), each <= _NOW, each > _TOO_LATE)
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
    wanted = {"now": now, "too_late": now + LONGEST_WAIT, "after": after}
    rows = session.connection().execute(_READY, wanted)
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
    allowed = allowance.of(session, asked, now)
    ids: list[int] = []
    through: dict[int, int] = {}
    for each, count in wanted.items():
        if not each.instead and each.sender_id in allowed:
            count = min(count, allowed[each.sender_id].mails)
        if count <= 0:
            continue
        picked = _picked(session, each.sender_id, now, count)
        ids += picked
        through.update(dict.fromkeys(picked, PLATFORM if each.instead else each.sender_id))
    if not ids:
        return []
    counted = {sender_id: each.counted_as for sender_id, each in allowed.items()}
    rows = session.connection().execute(
        TAKE, {"ids": ids, "new_worker": worker, "new_lease": now + lease}
    )
    return [
        Claimed(
            **each._mapping,
            through=through[each.id],
            counted_as=counted.get(through[each.id], ""),
        )
        for each in rows
    ]


def _picked(session: Session, sender_id: int, now: datetime, up_to: int) -> list[int]:
    """What is due of a sender, the longest due first; but mostly all that is urgent before it."""
    ids: list[int] = []
    in_turn = (_PICK_URGENT, _PICK_OTHERS)
    for statement in reversed(in_turn) if allowance.puts_others_first() else in_turn:
        wanted = {"sender_id": sender_id, "now": now, "up_to": up_to - len(ids)}
        ids += session.connection().execute(statement, wanted).scalars()
        if len(ids) == up_to:
            break
    return ids
