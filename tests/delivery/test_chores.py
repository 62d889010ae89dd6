"""What the worker does besides delivering: each chore by one process at a time."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import housekeeping
from hostedpages.delivery.chores import SILENCE, Chore, Rounds
from hostedpages.models import Heartbeat

pytestmark = pytest.mark.both_databases

T = TypeVar("T")
HOURLY = {"look": timedelta(hours=1)}


def take(worker: str, clock: FrozenClock) -> list[str]:
    return housekeeping.take_chores(HOURLY, worker, clock.at, silence=SILENCE)


def test_a_chore_is_taken_by_one_worker_and_comes_again_at_its_time(
    unit: Session, clock: FrozenClock
) -> None:
    assert take("first", clock) == ["look"]
    assert take("second", clock) == []
    housekeeping.beat("chore:look", clock.at, {"state": "done"})

    clock.advance(timedelta(minutes=59))
    assert take("second", clock) == []
    clock.advance(timedelta(minutes=1))
    assert take("second", clock) == ["look"]


def test_a_chore_whose_worker_died_is_taken_over(unit: Session, clock: FrozenClock) -> None:
    take("first", clock)
    clock.advance(timedelta(seconds=60))
    housekeeping.beat("chore:look", clock.at, {"state": "running"})
    clock.advance(timedelta(seconds=60))
    assert take("second", clock) == []

    clock.advance(timedelta(seconds=60))

    assert take("second", clock) == ["look"]


@pytest.mark.parametrize("state", ["done", "running"])
def test_a_chore_comes_at_once_after_the_clock_was_set_back(
    unit: Session, clock: FrozenClock, state: str
) -> None:
    take("first", clock)
    housekeeping.beat("chore:look", clock.at, {"state": state})

    clock.advance(timedelta(hours=-2))

    assert take("second", clock) == ["look"]
    housekeeping.beat("chore:look", clock.at, {"state": "done"})
    assert take("first", clock) == []


def test_clocks_of_two_machines_that_differ_a_little_make_no_chore_run_twice(
    unit: Session, clock: FrozenClock
) -> None:
    take("first", clock)
    clock.advance(timedelta(seconds=-5))
    assert take("second", clock) == []

    housekeeping.beat("chore:look", clock.at + timedelta(seconds=5), {"state": "done"})

    assert take("second", clock) == []


def test_a_chore_that_fails_stops_no_other(unit: Session, settings: Settings) -> None:
    done: list[str] = []

    async def breaks(_settings: Settings) -> None:
        raise LookupError("no such zone")

    async def works(_settings: Settings) -> None:
        done.append("worked")

    async def in_database(work: Callable[[], T]) -> T | None:
        return await asyncio.to_thread(work)

    async def two_rounds() -> None:
        chores = [
            Chore("breaks", timedelta(days=1), breaks),
            Chore("works", timedelta(days=1), works),
        ]
        rounds = asyncio.create_task(Rounds(settings, "w", in_database, chores).run())
        while len(ended()) < 2:
            await asyncio.sleep(0.01)
        rounds.cancel()

    asyncio.run(two_rounds())

    assert done == ["worked"]
    assert ended() == {"chore:breaks": "LookupError", "chore:works": ""}


def ended() -> dict[str, str]:
    with db.unit() as session:
        return {
            each.name: each.details["error"]
            for each in session.scalars(select(Heartbeat))
            if each.details["state"] != "running"
        }
