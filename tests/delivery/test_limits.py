"""A sender's limits: no window of its provider is ever exceeded, and when all will be out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.delivery import limits
from hostedpages.delivery.limits import Limits, Window
from hostedpages.models import Delivery, DeliveryAttempt, Sender, SenderHealth
from tests import factories
from tests.conftest import NOON

FEW = Limits((Window(3, 60), Window(10, 3600)))


def stored(*windows: tuple[int, float], **more: Any) -> dict[str, Any]:
    return {"windows": [{"count": count, "seconds": seconds} for count, seconds in windows]} | more


def a_sender(**values: Any) -> tuple[Sender, Delivery]:
    owner = factories.account()
    sender = factories.sender(owner, **values)
    return sender, factories.delivery(owner, state="delivered", sender_id=sender.id)


def room(
    session: Session, sender: Sender, known: Limits, now: datetime, connections: int
) -> limits.Room:
    key = sender.counted_as
    unended = limits.unended(session, [key])[key]
    found = limits.room(session, key, known, now, unended=unended)
    return replace(found, mails=min(found.mails, max(0, connections - unended.open)))


class Provider:
    """A provider that notes when it took a mail, and the attempts as the worker writes them."""

    def __init__(self, session: Session, known: Limits) -> None:
        self.session, self.known, self.number = session, known, 0
        self.sender, self.delivery = a_sender()
        self.now = NOON
        self.taken: list[datetime] = []
        self.open: list[DeliveryAttempt] = []

    def claim(self, wanted: int, connections: int) -> None:
        found = room(self.session, self.sender, self.known, self.now, connections)
        for _ in range(min(wanted, found.mails)):
            self.number += 1
            self.open.append(
                factories.attempt(
                    self.delivery,
                    number=self.number,
                    sender_id=self.sender.id,
                    started_at=self.now,
                    finished_at=None,
                )
            )

    def end(self, outcome: str, accepted_after: float) -> None:
        """One attempt ends now; the provider took it somewhere between its start and now."""
        if not self.open:
            return
        attempt = self.open.pop(0)
        if outcome != "passing":
            at = attempt.started_at + (self.now - attempt.started_at) * accepted_after
            self.taken.append(at)
        with db.transaction():
            attempt.outcome, attempt.finished_at = outcome, self.now

    def crash(self, seconds: float) -> None:
        """A worker dies after the provider took the mail, or just before it does."""
        if not self.open:
            return
        attempt = self.open.pop(0)
        self.taken.append(attempt.started_at + timedelta(seconds=seconds))
        with db.transaction():
            attempt.outcome = "unknown"
        self.now = max(self.now, self.taken[-1])

    def check(self) -> None:
        taken = sorted(self.taken)
        for window in self.known.windows:
            for first, last in zip(taken, taken[window.count :], strict=False):
                assert last - first >= timedelta(seconds=window.seconds), "too many in a window"
        for before, after in zip(taken, taken[1:], strict=False):
            assert after - before >= self.known.pause


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), st.integers(1, 3), st.integers(1, 2)),
        st.tuples(
            st.just("end"), st.sampled_from(["delivered", "unknown", "passing"]), st.floats(0, 1)
        ),
        st.tuples(st.just("crash"), st.floats(0, 180), st.none()),
        st.tuples(st.just("pass"), st.sampled_from([0.5, 7.0, 30.0, 61.0, 700.0]), st.none()),
    ),
    min_size=20,
    max_size=60,
)
KNOWN = st.builds(
    Limits,
    st.lists(
        st.builds(Window, st.integers(1, 4), st.sampled_from([1.0, 10.0, 60.0, 1800.0])),
        max_size=3,
    ).map(tuple),
    st.sampled_from([timedelta(), timedelta(seconds=10)]),
)


@given(known=KNOWN, steps=STEPS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_window_of_a_provider_is_ever_exceeded(
    unit: Session, known: Limits, steps: Sequence[tuple[str, Any, Any]]
) -> None:
    provider = Provider(unit, known)
    for what, first, second in steps:
        if what == "claim":
            provider.claim(first, second)
        elif what == "end":
            provider.end(first, second)
        elif what == "crash":
            provider.crash(first)
        else:
            provider.now += timedelta(seconds=first)
    for _ in list(provider.open):
        provider.end("delivered", 1.0)
    provider.check()


@pytest.mark.both_databases
def test_a_full_window_says_when_the_next_may_go(unit: Session, clock: FrozenClock) -> None:
    sender, delivery = a_sender()
    for number in range(3):
        factories.attempt(
            delivery,
            number=number + 1,
            sender_id=sender.id,
            outcome="delivered",
            finished_at=clock.at + timedelta(seconds=number),
        )
    clock.advance(timedelta(seconds=10))

    found = room(unit, sender, FEW, clock.at, 2)
    assert found == limits.Room(0, NOON + timedelta(seconds=60))

    clock.advance(timedelta(seconds=50))
    assert room(unit, sender, FEW, clock.at, 2) == limits.Room(1)


@pytest.mark.both_databases
def test_what_is_on_its_way_counts_and_what_was_refused_does_not(
    unit: Session, clock: FrozenClock
) -> None:
    sender, delivery = a_sender()
    for number, outcome in enumerate(["", "passing", "failed", "held", "skipped", "delivered"]):
        ended = None if not outcome else clock.at
        factories.attempt(
            delivery, number=number + 1, sender_id=sender.id, outcome=outcome, finished_at=ended
        )

    assert room(unit, sender, FEW, clock.at, 2) == limits.Room(1)
    assert room(unit, sender, FEW, clock.at, 1) == limits.Room(0)


def test_what_is_stored_is_read_and_nonsense_does_not_limit() -> None:
    found = Limits.of(stored((250, 86400), pause_seconds=10, mails_per_connection=500))
    assert found == Limits((Window(250, 86400),), timedelta(seconds=10), 500, None)
    nonsense = {"windows": [{"count": 0, "seconds": 5}, {"count": "x"}, 7], "max_bytes": -1}
    assert Limits.of(nonsense) == Limits()


def test_a_forecast_fills_each_window_and_waits_for_the_next() -> None:
    begins = NOON
    sent = [NOON - timedelta(seconds=30)] * 2

    assert limits.forecast(FEW, sent, 1, begins) == NOON
    assert limits.forecast(FEW, sent, 2, begins) == NOON + timedelta(seconds=30)
    assert limits.forecast(FEW, [], 12, begins) == NOON + timedelta(hours=1)
    pause = Limits(pause=timedelta(seconds=10))
    assert limits.forecast(pause, [], 7, begins) == NOON + timedelta(minutes=1)
    assert limits.forecast(Limits(), [], 5000, begins) == NOON


def test_a_forecast_of_very_many_goes_on_at_the_pace_so_far() -> None:
    hourly = Limits((Window(100, 3600),))
    found = limits.forecast(hourly, [], 200_000, NOON)
    assert abs(found - (NOON + timedelta(hours=2000))) < timedelta(hours=2)


@pytest.mark.both_databases
def test_standing_says_what_is_used_what_waits_and_when_it_will_be_out(
    unit: Session, clock: FrozenClock
) -> None:
    sender, delivery = a_sender(limits=stored((5, 3600), (1000, 86400)))
    for number in range(5):
        factories.attempt(delivery, number=number + 1, sender_id=sender.id, outcome="delivered")
    owner = delivery.account_id
    for state, due in (("pending", NOON), ("held", NOON), ("pending", NOON + timedelta(days=2))):
        factories.store(
            Delivery(
                account_id=owner,
                kind="email",
                state=state,
                due_at=due,
                payload={"x": 1},
                sender_id=sender.id,
            )
        )

    found = limits.standing(unit, sender, clock.at)

    assert found.windows == [(5, 3600, 5), (1000, 86400, 5)]
    assert (found.waiting, found.is_near) == (2, True)
    assert found.next_at == found.forecast_done_at == NOON + timedelta(hours=1)


def test_standing_of_a_paused_sender_begins_when_it_may_be_tried_again(
    unit: Session, clock: FrozenClock
) -> None:
    sender, _ = a_sender()
    until = clock.at + timedelta(minutes=20)
    factories.store(SenderHealth(sender_id=sender.id, refusals=1, paused_until=until))

    found = limits.standing(unit, sender, clock.at)

    assert (found.next_at, found.waiting, found.forecast_done_at) == (until, 0, None)
    assert not found.is_near
