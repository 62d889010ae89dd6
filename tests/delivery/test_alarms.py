"""Alarms open when a person is needed, are told once by another way, and close by themselves."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery.alarms import tell, watch
from hostedpages.delivery.alarms.telling import Telling, tellings
from hostedpages.models import (
    NO_SENDER,
    PLATFORM,
    Account,
)
from tests import factories
from tests.delivery.alarming import (
    all_alarms,
    bounce,
    failed,
    health,
    look,
    open_alarms,
    told,
    works_again,
)

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


def test_where_all_is_well_nothing_rings(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    factories.delivery(owner, state="delivered", finished_at=clock.at)
    factories.delivery(owner, due_at=clock.at + timedelta(days=3))
    factories.sender(owner, imap_enabled=True)

    assert look(settings, clock) == []


def test_a_failing_sender_is_told_once_through_the_platform_and_closes_by_itself(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    sender = factories.sender(owner)
    row = health(sender.id, clock)

    (alarm,) = look(settings, clock)
    assert (alarm.kind, alarm.subject) == ("sender", f"sender:{sender.public_id}")
    assert "office@example.com" in alarm.text
    assert "535 5.7.8 Wrong password" in alarm.text
    assert alarm.path == f"/settings/mail/{sender.public_id}"
    assert told() == []  # a hiccup wakes nobody

    for _ in range(10):
        look(settings, clock, after=timedelta(minutes=1))
    (mail,) = told()
    assert (mail.recipient, mail.sender_id) == ("boss@example.org", PLATFORM)
    assert mail.due_at - alarm.created_at <= timedelta(minutes=15)

    works_again(row)
    assert look(settings, clock, after=timedelta(minutes=1)) == []
    assert len(told()) == 1
    assert [each.closed_at for each in all_alarms()] == [clock.at]


def test_what_was_over_and_rings_again_is_a_new_alarm_with_its_own_since_and_told(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    row = health(factories.sender(owner).id, clock)
    look(settings, clock)
    look(settings, clock, after=timedelta(minutes=6))
    works_again(row)
    look(settings, clock, after=timedelta(minutes=1))
    clock.advance(timedelta(minutes=1))
    with db.transaction():
        row.failing_since = again = clock.at

    look(settings, clock)
    (alarm,) = look(settings, clock, after=timedelta(minutes=8))
    assert (tell.began_at(alarm), alarm.told_at) == (again, None)
    assert len(told()) == 1  # what comes and goes wakes people every quarter of an hour at most

    (alarm,) = look(settings, clock, after=timedelta(minutes=6))

    assert alarm.told_at == clock.at
    assert [each.closed_at is None for each in all_alarms()] == [False, True]
    assert [each.payload["alarms"][0]["again"] for each in told()] == [False, False]


def test_another_cause_is_a_new_alarm_and_other_words_are_not(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    sender = factories.sender(owner)
    row = health(sender.id, clock, problem_kind="authentication")
    look(settings, clock)
    look(settings, clock, after=timedelta(minutes=6))

    with db.transaction():
        row.problem_kind, row.problem = "connection", "Connection refused."
    (alarm,) = look(settings, clock, after=timedelta(minutes=30))
    assert (tell.began_at(alarm), alarm.told_at) == (clock.at, None)
    with db.transaction():
        row.problem_kind, row.problem = "timeout", "It says nothing."
    (same,) = look(settings, clock, after=timedelta(minutes=6))

    assert same.id == alarm.id
    assert same.text.endswith("It says nothing.")
    assert [len(all_alarms()), len(told())] == [2, 2]
    assert tell.began_at(same) == clock.at - timedelta(minutes=6)


def test_a_mailbox_with_another_cause_is_a_new_alarm(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    refused = "The server refused the sign-in: 535"
    sender = factories.sender(owner, imap_enabled=True, imap_problem=refused)
    look(settings, clock)
    with db.transaction():
        sender.imap_problem = "example.com cannot be reached: Connection refused."

    look(settings, clock, after=timedelta(minutes=20))

    assert [each.kind for each in all_alarms()] == ["mailbox", "mailbox"]
    assert all_alarms()[1].created_at == clock.at


def test_while_it_lasts_people_are_reminded_once_a_day(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    health(factories.sender(owner).id, clock)

    for _ in range(3 * 24):
        look(settings, clock, after=timedelta(hours=1))

    assert len(told()) == 3
    assert told()[-1].payload["alarms"][0]["again"]


def test_the_failing_platform_rings_for_those_who_wait_through_their_own_sender(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    sender = factories.sender(owner)
    factories.delivery(owner, sender_id=PLATFORM)
    factories.account(name="Has nothing to send")
    health(PLATFORM, clock, problem="Nobody answers, said for pat@example.org")

    look(settings, clock)
    (alarm,) = look(settings, clock, after=timedelta(minutes=6))

    assert (alarm.account_id, alarm.subject) == (owner.id, "platform")
    assert "pat@example.org" not in alarm.text
    assert [each.sender_id for each in told()] == [sender.id]


def test_when_nobody_knows_which_way_works_all_are_taken(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    sender = factories.sender(owner)
    health(sender.id, clock)
    health(PLATFORM, clock)

    look(settings, clock)
    look(settings, clock, after=timedelta(minutes=6))

    assert [each.sender_id for each in told()] == [PLATFORM, sender.id]


def test_an_alarm_about_a_sender_does_not_leave_by_another_of_its_mailbox(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    settings = settings.model_copy(update={"smtp_url": ""})
    sender = factories.sender(owner)
    factories.sender(owner, slot="marketing")
    other = factories.sender(owner, slot="other", email="other@example.com")
    health(sender.id, clock)

    look(settings, clock)
    look(settings, clock, after=timedelta(minutes=6))

    assert [each.sender_id for each in told()] == [other.id]


def test_with_one_mailbox_alone_the_alarm_leaves_once_by_the_sender_that_may_work(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    settings = settings.model_copy(update={"smtp_url": ""})
    health(factories.sender(owner).id, clock)
    mate = factories.sender(owner, slot="marketing")

    look(settings, clock)
    look(settings, clock, after=timedelta(minutes=6))

    assert [each.sender_id for each in told()] == [mate.id]


def test_senders_that_share_only_an_internet_address_are_ways_of_their_own(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    settings = settings.model_copy(update={"smtp_url": ""})
    limits = {"per_ip": True}
    health(factories.sender(owner, limits=limits).id, clock)
    other = factories.sender(owner, slot="marketing", limits=limits, email="other@example.com")

    look(settings, clock)
    look(settings, clock, after=timedelta(minutes=6))

    assert [each.sender_id for each in told()] == [other.id]


@pytest.mark.parametrize("known", ["full_until", "window_until"])
def test_an_alarm_waits_for_no_limit_when_there_is_another_way(
    known: str, owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    sender = factories.sender(owner)
    full = health(PLATFORM, clock, failing_since=None, problem="")
    lost = failed(owner, clock, sender_id=NO_SENDER)
    with db.transaction():
        setattr(full, known, clock.at + timedelta(minutes=54))
    look(settings, clock)
    assert [each.sender_id for each in told()] == [sender.id]

    with db.transaction():
        setattr(full, known, clock.at + timedelta(hours=24, minutes=3))
    look(settings, clock, after=timedelta(hours=24))
    assert lost
    assert [each.sender_id for each in told()] == [sender.id, PLATFORM]


def test_an_account_sender_without_a_limit_goes_before_its_full_mate(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    settings = settings.model_copy(update={"smtp_url": ""})
    marketing = factories.sender(owner, slot="marketing")
    sender = factories.sender(owner)
    until = clock.at + timedelta(minutes=54)
    health(marketing.id, clock, failing_since=None, problem="", full_until=until)
    failed(owner, clock, sender_id=NO_SENDER)

    look(settings, clock)

    assert [each.sender_id for each in told()] == [sender.id]


def test_without_named_addresses_the_owners_are_told(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    with db.transaction():
        owner.alarm_emails = []
    factories.user(owner, email="gone@example.org", archived_at=clock.at)
    factories.user(owner, email="bob@example.org", role="standard")
    failed(owner, clock)

    look(settings, clock)

    assert [each.recipient for each in told()] == ["owner@example.org"]


def test_several_alarms_of_one_moment_are_one_mail(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    failed(owner, clock, sender_id=factories.sender(owner).id)
    bounce(owner, clock, kind="notify_user")

    assert len(look(settings, clock)) == 2

    (mail,) = told()
    assert mail.payload["subject"].startswith("2 things need you")


def test_the_webhook_is_told_of_the_beginning_and_of_the_end(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    with db.transaction():
        owner.alarm_webhook_url = "https://hooks.example.net/alarms?key=secret"
    row = failed(owner, clock)

    look(settings, clock)
    (alarm,) = look(settings, clock, after=timedelta(hours=25))
    with db.transaction():
        row.state = "canceled"
    look(settings, clock, after=timedelta(minutes=1))

    hooks = [each for each in told() if each.sender_id == NO_SENDER]
    assert [each.payload["event"]["type"] for each in hooks] == ["alarm.opened", "alarm.closed"]
    assert {each.recipient for each in hooks} == {"hooks.example.net"}
    event = hooks[0].payload["event"]
    assert set(event) == {"type", "timestamp", "data"}
    assert set(event["data"]) == {"account", "alarm"}
    assert set(event["data"]["alarm"]) == {"id", "kind", "title", "text", "since", "url"}
    assert event["data"]["alarm"]["id"] == alarm.public_id
    assert event["data"]["account"] == {"id": owner.public_id, "name": "Northside"}


def test_a_webhook_that_was_given_up_is_told_by_mail_and_left_alone(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    with db.transaction():
        owner.alarm_webhook_url = "https://hooks.example.net/alarms"
    lost = failed(owner, clock, kind="webhook", sender_id=NO_SENDER)

    (alarm,) = look(settings, clock)
    assert (alarm.kind, alarm.subject) == ("alarm_way", "webhook")
    mails = [each for each in told() if each.id != lost.id]
    assert [each.kind for each in mails] == ["alarm_mail"]

    failed(owner, clock)
    look(settings, clock, after=timedelta(minutes=1))
    assert [each.kind for each in told() if each.id != lost.id] == ["alarm_mail", "alarm_mail"]

    # Later ones arrive: the way is open again.
    factories.delivery(
        owner, kind="webhook", state="delivered", finished_at=clock.at, sender_id=NO_SENDER
    )
    left = look(settings, clock, after=timedelta(minutes=1))
    assert [each.kind for each in left] == ["deliveries"]


def test_an_alarm_mail_that_fails_rings_no_bell_that_puts_another(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    lost = failed(owner, clock, kind="alarm_mail")

    for _ in range(72):
        look(settings, clock, after=timedelta(hours=1))

    assert [each.kind for each in all_alarms()] == ["alarm_way"]
    assert told() == [lost]


def test_an_alarm_that_was_only_written_to_a_folder_has_not_arrived(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    failed(owner, clock, kind="alarm_mail")
    look(settings, clock)
    written = {"kind": "alarm_mail", "state": "delivered", "receipt": "Written to mail/1.eml"}
    factories.delivery(owner, finished_at=clock.at + timedelta(seconds=1), **written)

    (alarm,) = look(settings, clock, after=timedelta(minutes=1))

    assert alarm.kind == "alarm_way"


def test_what_tells_an_alarm_says_which_one(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    with db.transaction():
        owner.alarm_webhook_url = "https://hooks.example.net/alarms"
    failed(owner, clock)
    watch.look_now(settings, clock.at)
    (alarm,) = open_alarms()
    assert tellings(db.session(), [alarm]) == {alarm.id: Telling()}

    for each in told():
        with db.transaction():
            each.state, each.error = "failed", f"{each.kind} failed."
    found = tellings(db.session(), open_alarms())[alarm.id]

    assert found == Telling(why="alarm_mail failed. webhook failed.")


def test_an_archived_sender_and_a_stranger_hear_nothing(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    other = factories.account(name="Other", alarm_emails=["other@example.org"])
    health(factories.sender(owner, enabled=False).id, clock)
    failed(other, clock)

    (alarm,) = look(settings, clock)

    assert alarm.account_id == other.id
    assert [each.recipient for each in told()] == ["other@example.org"]
