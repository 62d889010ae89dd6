"""How much a sender may send: its provider's windows, kept exactly, and when all will be out.

What was used stands in the attempts, so all processes and restarts count the same. An attempt
counts from its claim; one that may have been accepted counts in a window until its end, which is
never before the server took it, has left the window. So no window of the server is ever exceeded.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Executable,
    bindparam,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from hostedpages.delivery.statements import ATTEMPTS, IS_COUNTED
from hostedpages.delivery.which import DELIVERIES, IS_HELD, IS_PENDING
from hostedpages.models import Sender, SenderHealth

# Nobody knows when the mail of a worker that died was accepted; not later than this after its claim
# (a lease of 60 s, 120 s for a mail, and some).
CRASH_GRACE = timedelta(seconds=200)
NEAR = 0.8
LONGEST_SECONDS = 366 * 86400
MAX_STEPS = 20_000  # of the forecast; then the pace so far goes on
UNLIMITED = 1_000_000
_TIME = ATTEMPTS.c.started_at.type
_COUNTED = ATTEMPTS.c.counted_as == bindparam("counted_as")
_HAS_ENDED = ATTEMPTS.c.finished_at.between(
    bindparam("oldest", type_=_TIME), bindparam("latest", type_=_TIME)
)
_MAY_BE_ACCEPTED = ATTEMPTS.c.outcome.in_(("delivered", "unknown"))


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` mails in any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What `Sender.limits` says; None and zero do not limit."""

    windows: tuple[Window, ...] = ()
    pause: timedelta = timedelta()
    mails_per_connection: int | None = None
    max_bytes: int | None = None

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Limits":
        """Read what is stored; what makes no sense there does not limit."""
        windows = [
            Window(max(1, int(count)), seconds)
            for each in stored.get("windows") or ()
            if isinstance(each, dict)
            and (count := _number(each.get("count")))
            and (seconds := _number(each.get("seconds")))
        ]
        per_connection = _number(stored.get("mails_per_connection"))
        max_bytes = _number(stored.get("max_bytes"))
        return cls(
            windows=tuple(windows),
            pause=timedelta(seconds=_number(stored.get("pause_seconds")) or 0),
            mails_per_connection=int(per_connection) if per_connection else None,
            max_bytes=int(max_bytes) if max_bytes else None,
        )

    @property
    def longest(self) -> timedelta:
        return timedelta(seconds=max((each.seconds for each in self.windows), default=0))


def strictest(found: Iterable[Limits]) -> Limits:
    """What holds for several that a provider counts as one: of windows of the same length the
    smallest, and the longest pause."""
    counts: dict[float, int] = {}
    pause = timedelta()
    for each in found:
        pause = max(pause, each.pause)
        for window in each.windows:
            counts[window.seconds] = min(window.count, counts.get(window.seconds, window.count))
    windows = tuple(Window(count, seconds) for seconds, count in sorted(counts.items()))
    return Limits(windows=windows, pause=pause)


@dataclass(frozen=True, slots=True)
class Room:
    """How many mails may be claimed now, and when the next may if none: None when an end of what
    is on its way will tell."""

    mails: int
    full_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a sender stands with its limits, for people.

    `windows` are (count, seconds, used). `waiting` is what is due and not sent. `next_at` is when
    the next may go, None when it may now; `forecast_done_at` is when all that waits will be out,
    None when nothing waits. `is_shared`: mail of other senders counts too, because they have the
    same mailbox, or because the provider counts all that leaves one address.
    """

    windows: list[tuple[int, float, int]]
    waiting: int
    next_at: datetime | None
    forecast_done_at: datetime | None
    is_near: bool
    is_shared: bool


@dataclass(slots=True)
class Unended:
    """Attempts without an end of what a provider counts as one: how many are `open`, in all and
    `of` each sender, and by when those of workers that died were accepted at the latest."""

    of: Counter[int] = field(default_factory=Counter)
    crashed: list[datetime] = field(default_factory=list)

    @property
    def open(self) -> int:
        return self.of.total()


def unended(session: Session, keys: Collection[str]) -> dict[str, Unended]:
    """The attempts without an end, by what they are counted as."""
    found = {each: Unended() for each in keys}
    rows = session.connection().execute(_UNENDED, {"keys": list(keys)}) if keys else ()
    for counted_as, sender_id, at, outcome in rows:
        if outcome:
            found[counted_as].crashed.append(at + CRASH_GRACE)
        else:
            found[counted_as].of[sender_id] += 1
    return found


def room(
    session: Session, counted_as: str, limits: Limits, now: datetime, *, unended: Unended
) -> Room:
    """How many mails may be claimed, if nothing else held them back.

    The caller holds the lock of what is counted so, and has read what is `unended` before: an
    attempt that ends in between is counted twice then, and not forgotten.
    """
    if not (limits.windows or limits.pause):
        return Room(UNLIMITED)
    free, full_until, crashed = UNLIMITED, None, unended.crashed
    counts, last = _ended(session, counted_as, limits, now)
    for window, count in zip(limits.windows, counts, strict=True):
        span = timedelta(seconds=window.seconds)
        used = count + sum(at > now - span for at in crashed)
        free = min(free, window.count - used - unended.open)
        if used >= window.count:
            leaves = _end_at(session, counted_as, window.count - 1, now - span, now)
            until = (leaves or now - span + timedelta(seconds=1)) + span
            full_until = max(until, full_until or until)
    if limits.pause:
        free = min(free, 0 if unended.open else 1)
        last = max([*crashed, *([last] if last else [])], default=None)
        if last is not None and now < last + limits.pause:
            until = last + limits.pause
            full_until = max(until, full_until or until)
    if full_until is not None and full_until > now:
        return Room(0, full_until)
    return Room(max(0, free))


def standing(session: Session, sender: Sender, now: datetime) -> Standing:
    """How this sender stands now; reads only."""
    mates = _counted_with(session, sender)
    limits = strictest(Limits.of(each) for each in [sender.limits, *mates.values()])
    ends = _ends(session, sender.counted_as, limits, now)
    used = [
        sum(at > now - timedelta(seconds=window.seconds) for at in ends)
        for window in limits.windows
    ]
    waiting, ahead = _waiting(session, sender.id, list(mates), now)
    begins = _begins(session, sender.id, now)
    nexts = forecast(limits, ends, 1, begins)
    done = forecast(limits, ends, waiting + ahead, begins) if waiting else None
    return Standing(
        windows=[
            (window.count, window.seconds, count)
            for window, count in zip(limits.windows, used, strict=True)
        ],
        waiting=waiting,
        next_at=nexts if nexts > now else None,
        forecast_done_at=done,
        is_near=any(
            count >= NEAR * window.count for window, count in zip(limits.windows, used, strict=True)
        ),
        is_shared=bool(mates),
    )


def _counted_with(session: Session, sender: Sender) -> dict[int, dict[str, Any]]:
    """The other senders in use that the provider counts together with this one, and what is stored
    as their limits."""
    same = (Sender.counted_as == sender.counted_as) & Sender.enabled
    rows = session.execute(select(Sender.id, Sender.limits).where(same, Sender.id != sender.id))
    return {each.id: each.limits for each in rows}


def forecast(limits: Limits, ends: Sequence[datetime], mails: int, begins: datetime) -> datetime:
    """When the last of `mails` may go, if the first may at `begins` and `ends` were sent before.

    Exact for the first twenty thousand; what comes after them goes on at their pace.
    """
    keep = max((each.count for each in limits.windows), default=1)
    sent = deque(sorted(ends), maxlen=keep)
    at = begins
    steps = min(mails, MAX_STEPS)
    for _ in range(steps):
        for window in limits.windows:
            if len(sent) >= window.count:
                at = max(at, sent[-window.count] + timedelta(seconds=window.seconds))
        if sent and limits.pause:
            at = max(at, sent[-1] + limits.pause)
        sent.append(at)
    slowest = max((each.seconds / each.count for each in limits.windows), default=0.0)
    slowest = max(slowest, limits.pause.total_seconds())
    return at + timedelta(seconds=slowest * (mails - steps))


_UNENDED = select(
    ATTEMPTS.c.counted_as, ATTEMPTS.c.sender_id, ATTEMPTS.c.started_at, ATTEMPTS.c.outcome
).where(
    IS_COUNTED,
    ATTEMPTS.c.counted_as.in_(bindparam("keys", expanding=True)),
    ATTEMPTS.c.finished_at.is_(None),
    ATTEMPTS.c.outcome.in_(("", "unknown")),
)
_END_AT = (
    select(ATTEMPTS.c.finished_at)
    .where(IS_COUNTED, _COUNTED, _HAS_ENDED, _MAY_BE_ACCEPTED)
    .order_by(ATTEMPTS.c.finished_at.desc())
    .offset(bindparam("newer"))
    .limit(1)
)
_ENDS = select(ATTEMPTS.c.finished_at).where(IS_COUNTED, _COUNTED, _HAS_ENDED, _MAY_BE_ACCEPTED)


@lru_cache
def _counting(windows: int) -> Executable:
    """How many ended in each of so many windows, and the last one's end."""
    ended = ATTEMPTS.c.finished_at
    counts = [
        func.count(case((ended > bindparam(f"since_{number}", type_=_TIME), 1)))
        for number in range(windows)
    ]
    return select(*counts, func.max(ended)).where(
        IS_COUNTED, _COUNTED, _HAS_ENDED, _MAY_BE_ACCEPTED
    )


def _ended(
    session: Session, counted_as: str, limits: Limits, now: datetime
) -> tuple[list[int], datetime | None]:
    since = {
        f"since_{number}": now - timedelta(seconds=window.seconds)
        for number, window in enumerate(limits.windows)
    }
    wanted = _between(counted_as, now - max(limits.longest, limits.pause), now) | since
    *counts, last = session.connection().execute(_counting(len(since)), wanted).one()
    return counts, last


def _end_at(
    session: Session, counted_as: str, newer: int, since: datetime, now: datetime
) -> datetime | None:
    """When the mail ended that has so many `newer` ones since then."""
    wanted = _between(counted_as, since, now) | {"newer": newer}
    found: datetime | None = session.connection().scalar(_END_AT, wanted)
    return found


def _ends(session: Session, counted_as: str, limits: Limits, now: datetime) -> list[datetime]:
    """When each mail counts that may have been accepted or is on its way."""
    wanted = _between(counted_as, now - max(limits.longest, limits.pause), now)
    ends = list(session.connection().execute(_ENDS, wanted).scalars())
    found = unended(session, [counted_as])[counted_as]
    return [*ends, *found.crashed, *[now] * found.open]


def _between(counted_as: str, oldest: datetime, now: datetime) -> dict[str, Any]:
    """What ended later than now was written by a wrong clock, and would count for ever."""
    return {"counted_as": counted_as, "oldest": oldest, "latest": now + CRASH_GRACE}


def _waiting(
    session: Session, sender_id: int, mates: Sequence[int], now: datetime
) -> tuple[int, int]:
    """How many mails of this sender wait, and how many of those counted with it go before the last
    of them: only what is urgent before what is urgent, and nothing of one that cannot send."""
    is_mine = DELIVERIES.c.sender_id == sender_id
    held = select(func.count()).select_from(DELIVERIES).where(IS_HELD, is_mine)
    stuck = select(SenderHealth.sender_id).where(
        SenderHealth.sender_id.in_(mates),
        or_(SenderHealth.paused_until > now, SenderHealth.failing_since.is_not(None)),
    )
    going = {sender_id, *mates} - set(session.scalars(stuck) if mates else ())
    due = session.execute(
        select(DELIVERIES.c.sender_id, DELIVERIES.c.is_urgent, func.count())
        .where(IS_PENDING, DELIVERIES.c.sender_id.in_(going | {sender_id}))
        .where(DELIVERIES.c.due_at <= now)
        .group_by(DELIVERIES.c.sender_id, DELIVERIES.c.is_urgent)
    )
    counts = {(row[0], row[1]): row[2] for row in due}
    mine = {urgent: counts.pop((sender_id, urgent), 0) for urgent in (True, False)}
    ahead = sum(count for (_, urgent), count in counts.items() if urgent or mine[False])
    return sum(mine.values()) + (session.scalar(held) or 0), ahead


def _begins(session: Session, sender_id: int, now: datetime) -> datetime:
    paused = session.scalar(
        select(SenderHealth.paused_until).where(SenderHealth.sender_id == sender_id)
    )
    return max(now, paused or now)


def _number(value: object) -> float:
    return min(value, LONGEST_SECONDS) if isinstance(value, int | float) and value > 0 else 0
