"""The daily digest: one mail a day at eight of the account's morning, when there was anything."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import digest, worker
from hostedpages.models import PLATFORM, Account, Alarm, Delivery, MailboxMessage
from tests import factories
from tests.servers import smtp_sink

pytestmark = pytest.mark.both_databases

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def owner(unit: Session) -> Account:
    made = factories.account(
        name="Northside", time_zone="America/New_York", alarm_emails=["boss@example.org"]
    )
    factories.user(made, email="owner@example.org")
    return made


def at(clock: FrozenClock, text: str) -> datetime:
    """Set the clock to a time of New York."""
    clock.at = datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)
    return clock.at


def mails(settings: Settings, clock: FrozenClock) -> list[Delivery]:
    """Let the chore run; every digest that was ever put."""
    digest.send_all_now(settings, clock.at)
    db.session().rollback()
    db.session().expire_all()
    return list(db.session().scalars(select(Delivery).where(Delivery.kind == "alarm_mail")))


def lead(owner: Account, when: datetime) -> None:
    factories.submission(factories.page(owner), created_at=when)


def test_it_comes_once_after_eight_and_tells_of_the_day_before(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    lead(owner, at(clock, "2026-03-03T07:59"))  # told yesterday
    lead(owner, at(clock, "2026-03-03T08:00"))
    lead(owner, at(clock, "2026-03-04T07:59"))
    assert mails(settings, clock) == []

    at(clock, "2026-03-04T08:00")
    (mail,) = mails(settings, clock)
    assert (mail.recipient, mail.sender_id) == ("boss@example.org", PLATFORM)
    assert (mail.payload["leads"], mail.payload["sections"]) == (2, [])
    assert mail.payload["start"] == "March 3, 2026, 8:00 am EST"

    for _ in range(20):
        clock.advance(timedelta(hours=1))
        assert len(mails(settings, clock)) == 1


def test_nothing_is_sent_when_there_was_nothing(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    at(clock, "2026-03-04T09:00")
    assert mails(settings, clock) == []
    assert db.session().get_one(Account, owner.id).digest_sent_on == date(2026, 3, 4)

    lead(owner, clock.at)
    clock.advance(timedelta(days=1))
    assert len(mails(settings, clock)) == 1


def test_whoever_does_not_want_it_gets_none(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    gone = factories.account(archived_at=clock.at)
    factories.user(gone)
    with db.transaction():
        owner.daily_digest = False
    for account in (owner, gone):
        lead(account, at(clock, "2026-03-03T12:00"))

    at(clock, "2026-03-04T12:00")
    assert mails(settings, clock) == []


@pytest.mark.parametrize(
    ("first", "hours"),
    [("2026-03-07", 23), ("2026-10-31", 25)],  # New York changes its clocks on the next day
)
def test_it_comes_once_a_day_when_the_clocks_are_changed(
    first: str, hours: int, owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    at(clock, f"{first}T00:00")
    end = clock.at + timedelta(days=4)
    came = []
    while clock.at < end:
        lead(owner, clock.at)
        clock.advance(timedelta(hours=1))
        if len(mails(settings, clock)) > len(came):
            came.append(clock.at.astimezone(NEW_YORK))

    assert [each.hour for each in came] == [8] * len(came)
    assert len(came) == len({each.date() for each in came}) == 4
    told = [each.payload["leads"] for each in mails(settings, clock)]
    assert told == [8, hours, 24, 24]


def test_after_a_rest_of_the_worker_it_tells_of_all_days_since(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    at(clock, "2026-03-04T09:00")
    mails(settings, clock)
    for day in range(5, 8):
        lead(owner, at(clock, f"2026-03-0{day}T12:00"))

    at(clock, "2026-03-08T15:00")
    (mail,) = mails(settings, clock)
    assert mail.payload["leads"] == 3


def test_it_says_what_happened_without_names(
    owner: Account, settings: Settings, clock: FrozenClock
) -> None:
    when = at(clock, "2026-03-03T12:00")
    for number in range(3):
        factories.delivery(
            owner,
            state="skipped",
            finished_at=when,
            error=f"550 no such user pat{number}@example.org",
        )
    factories.delivery(owner, kind="notify_user", state="failed", finished_at=when, error="Full.")
    factories.delivery(owner, state="held", due_at=when)
    factories.delivery(factories.account(), state="failed", finished_at=when, error="Theirs.")
    factories.suppressed_address(owner, "pat@example.org", created_at=when)
    factories.store(
        MailboxMessage(
            account_id=owner.id,
            sender_id=PLATFORM,
            message_key="x",
            kind="hard_bounce",
            address_key="pat@example.org",
            received_at=when,
            created_at=when,
        )
    )
    factories.store(
        Alarm(
            account_id=owner.id,
            kind="mailbox",
            subject="mailbox:x",
            text="It cannot be read.",
            path="/settings/mail/x",
            created_at=when,
            closed_at=when + timedelta(hours=1),
        )
    )

    at(clock, "2026-03-04T08:10")
    with smtp_sink() as sink:
        there = settings.model_copy(update={"smtp_url": sink.url})
        (mail,) = mails(there, clock)
        lines = {each["title"]: each["lines"] for each in mail.payload["sections"]}
        assert lines == {
            "Alarms": ["A mailbox cannot be read: It cannot be read. (over)"],
            "Deliveries that did not go": [
                "3 × Email to the contact, not sent: 550 no such user [email]",
                "1 × Notification to your team, failed: Full.",
                "Held until mail can be sent again: 1.",
            ],
            "Addresses": ["1 mail came back.", "1 person opted out."],
        }
        worker.run_until_idle(there)
        (received,) = sink.to("boss@example.org")

    assert received["Subject"] == ("Northside: alarms, deliveries that did not go, addresses")
    text = received.get_body(("plain",)).get_content()
    assert "No new leads" in text
    assert "http://localhost/settings/alarms" in text
    assert "pat@" not in received.as_string()
