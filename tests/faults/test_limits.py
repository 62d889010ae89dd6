"""No provider gets more than it allows, whatever happens to the workers; a dead one slows nobody.

Days pass in seconds: the clock is fast. The server that takes the mail counts, not the product.
"""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import quantiles

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.config import Settings
from hostedpages.delivery import outbox
from hostedpages.models import Delivery, Sender
from tests import factories
from tests.faults.worlds import WORLDS, Profile, Sink, Taken, World, end, sink, start_worker
from tests.scripted_smtp import HANG, scripted_smtp

pytestmark = pytest.mark.timeout(600)
KILL_AT = 0.4
QUIET_SECONDS = 300
HEALTHY, MAILS_EACH = 5, 30


def with_private_hosts(settings: Settings) -> Settings:
    return settings.model_copy(update={"private_hosts": "allow"})


def a_sender(name: str, port: int, mails: int, now: datetime, **values: object) -> Sender:
    """A sender of an account of its own, with this many mails that are due."""
    owner = factories.account()
    sender = factories.sender(
        owner, smtp_port=port, email=f"{name}@senders.example", scope="all_emails", **values
    )
    with db.transaction() as session:
        outbox.put_many(
            session,
            [
                outbox.row(
                    account_id=owner.id,
                    kind="notify_user",
                    payload={"template": "plan_notice", "subject": "Call Ann", "text": "Soon."},
                    due_at=now,
                    recipient=f"p{number}@{name}.example",
                    sender_id=sender.id,
                )
                for number in range(mails)
            ],
        )
    return sender


def states(session: Session) -> Counter[str]:
    session.rollback()
    rows = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
    return Counter({each[0]: each[1] for each in rows})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("world", WORLDS, ids=[each.name for each in WORLDS])
def test_no_window_is_exceeded_by_two_workers_one_of_which_is_killed(
    unit: Session, settings: Settings, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.time()
    profiles: dict[str, Profile] = {}
    with sink() as server:
        for profile in world.profiles:
            for number in range(profile.senders):
                name = f"{profile.name.replace(' ', '').lower()}-{number}"
                at = datetime.fromtimestamp(began, UTC)
                a_sender(name, server.port, profile.mails, at, limits=profile.limits)
                profiles[f"{name}@senders.example"] = profile
        total = sum(each.senders * each.mails for each in world.profiles)
        seconds = run_with_a_kill(unit, with_private_hosts(settings), world, server, total, began)

    found = states(unit)
    repeats = server.count - total
    with capsys.disabled():
        report(world, server, profiles, total, seconds, repeats)
    assert found == {"delivered": total}
    assert 0 <= repeats <= 2 * len(profiles), "a kill repeats only what was being sent"
    for email, profile in profiles.items():
        taken = server.taken[email]
        assert len(set(taken.recipients)) == profile.mails
        for count, width in profile.windows:
            assert fullest(taken.times, world, width) <= count, f"{profile.name}: too many"
        if profile.pause:
            gaps = [after - before for before, after in pairwise(sorted(taken.times))]
            assert min(gaps) * world.scale >= profile.pause
        if profile.per_connection:
            assert max(taken.connections.values()) <= profile.per_connection


def run_with_a_kill(
    session: Session, settings: Settings, world: World, server: Sink, total: int, began: float
) -> float:
    """Two workers; one is killed in the middle, and another one takes its place."""
    started = time.monotonic()
    workers = [start_worker(settings, world, began) for _ in range(2)]
    try:
        while server.count < total * KILL_AT:
            time.sleep(0.05)
            assert time.monotonic() - started < QUIET_SECONDS, states(session)
        workers[0].kill()
        workers[0].wait()
        workers[0] = start_worker(settings, world, began)
        while states(session)["delivered"] < total:
            time.sleep(0.2)
            assert time.monotonic() - started < QUIET_SECONDS, states(session)
    finally:
        for each in workers:
            end(each)
    return time.monotonic() - started


def fullest(times: Sequence[float], world: World, width: float) -> int:
    """The most mails in any window of this many seconds of the world's clock."""
    ordered, most, first = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while (at - ordered[first]) * world.scale >= width:
            first += 1
        most = max(most, last - first + 1)
    return most


def report(
    world: World,
    server: Sink,
    profiles: dict[str, Profile],
    total: int,
    seconds: float,
    repeats: int,
) -> None:
    lines = [
        f"\n{world.name}: {total} mails through {len(profiles)} senders in {seconds:.0f} s, "
        f"clock x{world.scale:g}, two workers, one killed and replaced, {repeats} sent twice"
    ]
    for profile in world.profiles:
        taken = [server.taken[email] for email, each in profiles.items() if each is profile]
        lines.append(f"  {profile.name:14} {_figures(profile, taken, world)}")
    sys.stdout.write("\n".join(lines) + "\n")


def _figures(profile: Profile, taken: Sequence[Taken], world: World) -> str:
    words = [
        f"{max(fullest(each.times, world, width) for each in taken)} of {count} in {width:g} s"
        for count, width in profile.windows
    ]
    if profile.pause:
        gaps = [b - a for each in taken for a, b in pairwise(sorted(each.times))]
        words.append(f"shortest pause {min(gaps) * world.scale:.0f} of {profile.pause:g} s")
    if profile.per_connection:
        most = max(max(each.connections.values()) for each in taken)
        words.append(f"{most} of {profile.per_connection} in a connection")
    return ", ".join(words)


def test_a_dead_sender_slows_nobody_else(
    unit: Session, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with scripted_smtp(always={"banner": HANG}) as dead:
        alone = waits_of_the_healthy(unit, settings, dead_port=0)
        beside = waits_of_the_healthy(unit, settings, dead_port=dead.port)
        assert dead.connections >= 1

    added = _p95(beside) - _p95(alone)
    with capsys.disabled():
        sys.stdout.write(
            f"\none dead sender with 200 queued: the others' p95 is {_p95(beside):.2f} s, "
            f"{_p95(alone):.2f} s without it: {added:+.2f} s\n"
        )
    assert len(beside) == len(alone) == HEALTHY * MAILS_EACH


def waits_of_the_healthy(session: Session, settings: Settings, *, dead_port: int) -> list[float]:
    """Seconds from the start to the arrival of each mail of the healthy senders."""
    world, began = World("as it is", 1, ()), time.time()
    with sink() as server:
        if dead_port:
            a_sender("dead", dead_port, 200, datetime.fromtimestamp(began, UTC))
        for number in range(HEALTHY):
            name = f"healthy-{number}-{dead_port}"
            a_sender(name, server.port, MAILS_EACH, datetime.fromtimestamp(began, UTC))
        process = start_worker(with_private_hosts(settings), world, began)
        started = time.monotonic()
        try:
            while server.count < HEALTHY * MAILS_EACH:
                time.sleep(0.05)
                assert time.monotonic() - started < QUIET_SECONDS
        finally:
            end(process)
        times = [at for each in server.taken.values() for at in each.times]
    return [at - began for at in times]


def _p95(waits: Sequence[float]) -> float:
    return quantiles(waits, n=20)[-1]
