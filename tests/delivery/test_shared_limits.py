"""What a provider counts as one: a mailbox, an internet address; and who goes first there."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.delivery import allowance, limits, outbox, senders
from hostedpages.delivery.breaker import Fault
from hostedpages.delivery.claims import Turn
from hostedpages.delivery.rows import Claimed, Finished
from hostedpages.models import Account, Delivery, DeliveryAttempt, Sender, SenderHealth
from tests import factories
from tests.delivery.own_servers import put

pytestmark = pytest.mark.both_databases
THREE_AN_HOUR = {"windows": [{"count": 3, "seconds": 3600}]}
HOUR = timedelta(hours=1, seconds=1)


@pytest.fixture(autouse=True)
def leads_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """No place goes to what waits the longest, unless a test says so."""
    monkeypatch.setattr(allowance, "puts_others_first", lambda: False)


def a_sender(owner: Account, clock: FrozenClock, **values: Any) -> Sender:
    """A sender that has just sent something."""
    sender = factories.sender(owner, **{"email": "office@acme.test", **values})
    factories.store(SenderHealth(sender_id=sender.id, delivered_at=clock.at))
    return sender


def claim(clock: FrozenClock) -> list[Claimed]:
    return outbox.claim("w", 10, clock.at, turn=Turn(account_seats=10))


def end(claimed: list[Claimed], clock: FrozenClock, fault: Fault | None = None) -> None:
    if fault is None:
        results = [Finished(each, "delivered", "250 ok", answered=True) for each in claimed]
    else:
        results = [
            Finished(each, "held", fault.words, due_at=clock.at, fault=fault) for each in claimed
        ]
    outbox.finish(results, clock.at)


def sends(clock: FrozenClock) -> list[str]:
    """Everything that may go now goes; returns to whom."""
    found = []
    while claimed := claim(clock):
        end(claimed, clock)
        found += [each.recipient for each in claimed]
    return found


def people(letter: str, count: int) -> list[str]:
    return [f"{letter}{number}@example.org" for number in range(count)]


def test_a_lead_that_just_came_overtakes_the_plan_mail_that_waits_for_the_same_sender(
    unit: Session, clock: FrozenClock
) -> None:
    sender = a_sender(factories.account(), clock)
    put(sender, *people("p", 20), kind="email")
    clock.advance(timedelta(minutes=5))
    put(sender, "sales@example.com")

    def next_one() -> list[str]:
        taken = outbox.claim("w", 10, clock.at, turn=Turn(account_seats=1))
        return [each.recipient for each in taken]

    assert next_one() == ["sales@example.com"]
    assert next_one() == ["p0@example.org"]


def test_however_many_leads_come_plan_mail_goes_too(
    unit: Session, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter(number % 5 == 0 for number in range(1, 10_000))
    monkeypatch.setattr(allowance, "puts_others_first", lambda: next(turns))
    sender = a_sender(factories.account(), clock, limits=THREE_AN_HOUR)
    put(sender, "plan@example.org", kind="email")
    gone = []
    for _ in range(6):
        put(sender, *people("s", 3))
        gone += sends(clock)
        clock.advance(HOUR)

    assert "plan@example.org" in gone
    assert len(gone) >= 15


def test_one_place_of_five_goes_to_what_waits_the_longest(
    unit: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    share = sum(allowance.puts_others_first() for _ in range(20_000)) / 20_000
    assert 0.15 < share < 0.25


def test_senders_of_one_mailbox_share_its_limits_and_the_lowest_holds(
    unit: Session, clock: FrozenClock
) -> None:
    owner = factories.account()
    ten = {"windows": [{"count": 10, "seconds": 3600}]}
    marketing = a_sender(owner, clock, slot="marketing", limits=ten)
    company = a_sender(owner, clock, slot="account", limits=THREE_AN_HOUR)
    put(marketing, *people("p", 5), kind="email")
    put(company, *people("s", 2))

    first = claim(clock)
    assert {each.sender_id for each in first} == {company.id}
    assert len(first) == allowance.CONNECTIONS
    assert claim(clock) == [], "two mails at once to one mailbox, by whichever sender"
    end(first, clock)

    assert sends(clock) == ["p0@example.org"]
    standing = limits.standing(unit, company, clock.at)
    assert (standing.windows, standing.is_shared) == ([(3, 3600, 3)], True)
    clock.advance(HOUR)
    assert sends(clock) == people("p", 5)[1:4]


def test_a_sender_that_is_made_anew_or_moved_leaves_what_its_mailbox_used_up(
    unit: Session, clock: FrozenClock
) -> None:
    owner = factories.account()
    company = a_sender(owner, clock, slot="account", limits=THREE_AN_HOUR)
    marketing = a_sender(owner, clock, slot="marketing", limits=THREE_AN_HOUR)
    put(marketing, *people("a", 3))
    assert len(sends(clock)) == 3

    with db.transaction():
        marketing.email = "news@acme.test"
    put(company, "late@example.org")
    assert sends(clock) == []

    with db.transaction() as session:
        session.delete(session.get_one(Sender, company.id))
    anew = a_sender(owner, clock, slot="account", limits=THREE_AN_HOUR)
    with db.transaction() as session:
        session.execute(
            update(Delivery).where(Delivery.sender_id == company.id).values(sender_id=anew.id)
        )
    assert sends(clock) == []
    clock.advance(HOUR)
    assert sends(clock) == ["late@example.org"]


def test_a_changed_password_is_tried_at_a_mailbox_not_at_each_of_its_senders(
    unit: Session, clock: FrozenClock
) -> None:
    owner = factories.account()
    slots = ("account", "marketing", "user:x", "user:y")
    for slot in slots:
        put(a_sender(owner, clock, slot=slot), *people(slot[0], 5), kind="email")
    refused = Fault("authentication", "535 5.7.8 wrong password", is_setting=True)
    tries = 0
    for _ in range(360):
        outbox.free_held(clock.at)
        taken = claim(clock)
        tries += len(taken)
        if taken:
            end(taken, clock, refused)
        clock.advance(timedelta(seconds=10))
    # What was on its way at the first refusal counts too.
    assert tries <= 3 + 1


def test_a_wrong_password_of_one_user_stops_nobody_who_signs_in_well(
    unit: Session, clock: FrozenClock
) -> None:
    owner = factories.account()
    company = a_sender(owner, clock, slot="account")
    hers = factories.sender(owner, slot="user:x", email="office@acme.test")
    put(hers, "a@example.org", kind="email")
    end(claim(clock), clock, Fault("authentication", "535 5.7.8 wrong", is_setting=True))

    put(company, "sales@example.com")
    assert sends(clock) == ["sales@example.com"]


def test_a_quota_of_the_provider_holds_all_senders_of_the_mailbox(
    unit: Session, clock: FrozenClock
) -> None:
    owner = factories.account()
    company, marketing = (a_sender(owner, clock, slot=slot) for slot in ("account", "marketing"))
    put(marketing, "p@example.org", kind="email")
    end(claim(clock), clock, Fault("quota", "550 5.4.5 Daily limit", is_setting=True))

    put(company, "sales@example.com")
    assert claim(clock) == []
    clock.advance(HOUR)
    assert [each.recipient for each in claim(clock)] == ["sales@example.com"]


def test_a_provider_that_counts_by_address_counts_the_mail_of_all_accounts(
    unit: Session, clock: FrozenClock
) -> None:
    for per_ip, taken in ((False, 6), (True, 3)):
        values = {"smtp_host": f"smtp{per_ip}.roads.test", "limits": THREE_AN_HOUR}
        values["limits"] = THREE_AN_HOUR | {"per_ip": per_ip}
        for name in ("ann", "bob"):
            sender = a_sender(factories.account(), clock, email=f"{name}@roads.test", **values)
            put(sender, *people(name[0], 3))
        assert len(sends(clock)) == taken


def test_a_forecast_counts_what_goes_before_and_nothing_that_is_stuck(
    unit: Session, clock: FrozenClock
) -> None:
    owner = factories.account()
    marketing = a_sender(owner, clock, slot="marketing", limits=THREE_AN_HOUR)
    company = a_sender(owner, clock, slot="account", limits=THREE_AN_HOUR)
    put(marketing, *people("p", 30), kind="email")
    sends(clock)

    def hours(sender: Sender) -> int:
        done = limits.standing(unit, sender, clock.at).forecast_done_at
        return round((done - clock.at) / timedelta(hours=1)) if done else 0

    put(company, "sales@example.com")
    assert hours(company) == 1, "a lead waits for leads alone"
    put(company, "plan@example.org", kind="email")
    assert hours(company) == 10
    with db.transaction() as session:
        session.execute(
            update(SenderHealth)
            .where(SenderHealth.sender_id == marketing.id)
            .values(failing_since=clock.at, paused_until=clock.at + HOUR)
        )
    assert hours(company) == 1


def test_a_clock_that_was_far_ahead_for_a_moment_leaves_no_sender_full(
    unit: Session, clock: FrozenClock
) -> None:
    now = clock.at
    sender = a_sender(factories.account(), clock, limits=THREE_AN_HOUR)
    clock.advance(timedelta(days=3650))
    put(sender, *people("p", 4))
    assert len(sends(clock)) == 3

    clock.advance(now - clock.at + timedelta(hours=2))
    with db.transaction() as session:
        session.execute(update(Delivery).values(due_at=clock.at))
        senders.reopen(session, sender.id, clock.at)
    assert sends(clock) == ["p3@example.org"]


def test_a_name_of_any_length_is_stored(unit: Session, clock: FrozenClock) -> None:
    sender = a_sender(factories.account(), clock, user_name="İ" * 254, smtp_host="h" * 253)
    put(sender, "a@example.org")
    assert sends(clock) == ["a@example.org"]
    assert unit.query(DeliveryAttempt).one().counted_as == sender.counted_as
