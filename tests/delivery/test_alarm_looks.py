"""What an alarm rings for, and what it does not ring for."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.models import (
    PLATFORM,
    Account,
    Delivery,
    Sender,
    SendingDomain,
)
from tests import factories
from tests.delivery.alarming import bounce, failed, health, look, told

pytestmark = pytest.mark.both_databases


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation with a mail server of its own."""
    return settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:2?tls=none"})


@pytest.fixture
def owner(unit: Session) -> Account:
    made = factories.account(name="Northside", alarm_emails=["boss@example.org"])
    factories.user(made, email="owner@example.org")
    return made


def test_many_failed_deliveries_are_one_alarm_and_one_mail(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    rows = [failed(owner, clock) for _ in range(3)]
    failed(owner, clock, kind="email", state="unknown")
    failed(owner, clock, finished_at=clock.at - timedelta(days=8))

    (alarm,) = look(settings, clock)
    assert alarm.text == (
        "4 deliveries did not go out: 1 × Email to the contact, 3 × Notification to your team."
    )
    failed(owner, clock)
    (alarm,) = look(settings, clock, after=timedelta(minutes=1))
    assert alarm.text.startswith("5 deliveries")
    assert len(told()) == 1

    with db.transaction():
        for each in db.session().scalars(select(Delivery).where(Delivery.state != "pending")):
            each.state = "canceled"
    assert rows
    assert look(settings, clock, after=timedelta(minutes=1)) == []


def test_mail_that_waits_for_no_known_reason_rings(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    factories.delivery(owner, due_at=clock.at - timedelta(minutes=14))
    assert look(settings, clock) == []

    (alarm,) = look(settings, clock, after=timedelta(minutes=2))
    assert (alarm.kind, alarm.details["senders"]) == ("outbox", [PLATFORM])
    assert alarm.details["since"] == (clock.at - timedelta(minutes=16)).isoformat()


@pytest.mark.parametrize("known", ["paused_until", "window_until", "full_until"])
def test_mail_that_waits_for_a_known_reason_is_not_overdue(
    known: str, owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    sender = factories.sender(owner)
    factories.delivery(owner, sender_id=sender.id, due_at=clock.at - timedelta(hours=1))
    wait = {known: clock.at + timedelta(minutes=5)}
    health(sender.id, clock, failing_since=None, **wait)

    assert look(settings, clock) == []


def test_a_mailbox_that_cannot_be_read_rings_after_a_while(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    sender = factories.sender(
        owner, imap_enabled=True, imap_host="imap.example.com", imap_problem="Wrong password."
    )
    (alarm,) = look(settings, clock)
    assert alarm.kind == "mailbox"
    assert "imap.example.com" in alarm.text
    assert told() == []
    look(settings, clock, after=timedelta(minutes=11))
    assert len(told()) == 1

    with db.transaction():
        db.session().get_one(Sender, sender.id).imap_problem = ""
    assert look(settings, clock, after=timedelta(minutes=1)) == []


@pytest.mark.parametrize(
    ("state", "was_fine", "rings"),
    [
        ("fine", True, False),
        ("wrong", True, True),
        ("not_found", True, True),
        ("could_not_check", True, False),
        ("wrong", False, False),
        ("not_checked", False, False),
    ],
)
def test_a_domain_that_stopped_being_fine_rings(
    state: str,
    was_fine: bool,
    rings: bool,
    owner: Account,
    settings: Settings,
    clock: FrozenClock,
) -> None:
    factories.store(
        SendingDomain(
            account_id=owner.id,
            name="example.com",
            selector="hp1",
            key_sealed="",
            public_key="",
            state=state,
            fine_since=clock.at if was_fine else None,
        )
    )

    assert [each.kind for each in look(settings, clock)] == (["domain"] if rings else [])


def test_a_notification_that_comes_back_rings_and_one_to_a_contact_does_not(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    bounce(owner, clock, kind="email")
    assert look(settings, clock) == []

    bounce(owner, clock, kind="notify_user")
    (alarm,) = look(settings, clock)

    assert alarm.text == "1 mail to sales@example.org came back: 550 5.1.1 No such user"
    assert look(settings, clock, after=timedelta(days=6, hours=23)) == [alarm]
    assert look(settings, clock, after=timedelta(hours=2)) == []


@pytest.mark.parametrize(
    ("named", "dead", "hear"),
    [
        (["Boss@example.org", "desk@example.org"], ["Boss@example.org"], ["desk@example.org"]),
        (["Boss@example.org"], ["Boss@example.org"], ["owner@example.org"]),
        (["Boss@example.org", "desk@example.org"], ["Boss@example.org", "desk@example.org"],
         ["owner@example.org"]),
        ([], ["owner@example.org"], []),
    ],
)  # fmt: skip
def test_that_mail_to_an_address_comes_back_is_told_to_others_and_is_over_by_itself(
    named: list[str],
    dead: list[str],
    hear: list[str],
    owner: Account,
    settings: Settings,
    clock: FrozenClock,
) -> None:
    with db.transaction():
        owner.alarm_emails = named
    for address in dead:
        bounce(owner, clock, kind="alarm_mail", address=address)
    before = len(told())

    open_ = look(settings, clock)

    assert len(open_) == len(dead)
    assert [each.recipient for each in told()[before:]] == hear
    for _ in range(8):
        open_ = look(settings, clock, after=timedelta(days=1))
    assert open_ == []
    assert {each.recipient for each in told()[before:]} == set(hear)


def test_an_address_whose_mail_comes_back_still_hears_of_everything_else(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    with db.transaction():
        owner.alarm_emails = ["boss@example.org", "desk@example.org"]
    bounce(owner, clock, kind="alarm_mail", address="boss@example.org")
    failed(owner, clock)
    before = len(told())

    look(settings, clock)

    amounts = {each.recipient: len(each.payload["alarms"]) for each in told()[before:]}
    assert amounts == {"boss@example.org": 1, "desk@example.org": 2}


def test_a_limit_that_holds_mail_for_more_than_a_day_rings(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    limits = {"windows": [{"count": 1, "seconds": 86400}]}
    sender = factories.sender(owner, limits=limits)
    health(
        sender.id, clock, failing_since=None, problem="", full_until=clock.at + timedelta(hours=20)
    )
    done = factories.delivery(owner, state="delivered", sender_id=sender.id)
    factories.attempt(done, sender_id=sender.id, outcome="delivered")
    factories.delivery(owner, sender_id=sender.id)
    assert look(settings, clock) == []

    for _ in range(3):
        factories.delivery(owner, sender_id=sender.id)
    (alarm,) = look(settings, clock, after=timedelta(minutes=1))

    assert alarm.kind == "limit"
    assert "office@example.com" in alarm.text


def test_the_closed_platform_rings_for_those_whose_mail_has_waited_for_it(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    sender = factories.sender(owner)
    factories.delivery(factories.account(name="Waits at its own sender"), sender_id=sender.id)
    factories.delivery(owner, due_at=clock.at - timedelta(minutes=14))
    until = clock.at + timedelta(hours=5)
    health(PLATFORM, clock, failing_since=None, problem="", window_until=until)
    assert look(settings, clock) == []

    (alarm,) = look(settings, clock, after=timedelta(minutes=2))
    look(settings, clock, after=timedelta(minutes=11))

    assert (alarm.account_id, alarm.kind, alarm.subject) == (owner.id, "limit", "platform")
    assert [each.sender_id for each in told()] == [sender.id]
    assert look(settings, clock, after=timedelta(hours=5)) != [alarm]
