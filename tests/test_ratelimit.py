"""Limits shared by all processes."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from hostedpages import clock, db, ratelimit
from hostedpages.clock import FrozenClock

pytestmark = pytest.mark.both_databases


def tries(count: int, key: str = "key") -> list[float]:
    with db.transaction() as session:
        return [ratelimit.allow(session, key, 10, 60, clock.now()) for _ in range(count)]


def test_as_many_tries_as_the_rate_pass_at_once(
    database_url: str, unit: Session, clock: FrozenClock
) -> None:
    waits = tries(12)
    assert waits[:10] == [0.0] * 10
    assert waits[10] == pytest.approx(6, abs=0.01)
    assert waits[11] == waits[10], "a refused try costs nothing"


def test_after_the_wait_that_was_told_one_more_passes(
    database_url: str, unit: Session, clock: FrozenClock
) -> None:
    wait = tries(11)[-1]
    clock.advance(timedelta(seconds=wait - 0.5))
    assert tries(1)[0] > 0
    clock.advance(timedelta(seconds=0.6))
    assert tries(2) == [0.0, pytest.approx(6, abs=0.2)]


def test_keys_do_not_share(database_url: str, unit: Session, clock: FrozenClock) -> None:
    tries(11)
    assert tries(1, "another") == [0.0]


def test_no_try_slips_through_when_many_come_at_once(
    database_url: str, database: None, clock: FrozenClock
) -> None:
    passed: list[float] = []

    def attempt() -> None:
        with db.unit():
            passed.extend(wait for wait in tries(5) if wait == 0)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 10
