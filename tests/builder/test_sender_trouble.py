"""A sender whose server fails shows so from the first time, with all that waits for it."""

from datetime import timedelta

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.delivery.breaker import Fault
from hostedpages.mail.errors import MailError
from hostedpages.models import Account, Sender, SenderHealth
from tests import factories
from tests.builder.test_senders import address, text_of
from tests.people import Person

CAUSE = "The mail server cannot be reached: Connection refused."
ADVICE = "Check host and port."


def refused_once(account: Account, clock: FrozenClock) -> Sender:
    """A sender that worked until a mail was held back by its server."""
    sender = factories.sender(account, tested_at=clock.at)
    clock.advance(timedelta(minutes=1))
    sent = factories.delivery(account, state="delivered", sender_id=sender.id)
    factories.attempt(sent, sender_id=sender.id, outcome="delivered")
    clock.advance(timedelta(minutes=1))
    later = clock.at + timedelta(minutes=1)
    waits = factories.delivery(account, attempts=1, due_at=later, sender_id=sender.id, error=CAUSE)
    factories.attempt(waits, sender_id=sender.id, outcome="held")
    factories.delivery(account, sender_id=sender.id)
    factories.store(
        SenderHealth(
            sender_id=sender.id,
            refusals=1,
            paused_until=later,
            problem_kind="connection",
            problem=f"{CAUSE}\n{ADVICE}",
            delivered_at=clock.at - timedelta(minutes=1),
        )
    )
    return sender


def test_from_the_first_refused_connection_a_sender_has_trouble(
    alice: Person, clock: FrozenClock
) -> None:
    sender = refused_once(alice.account, clock)
    words = "Having trouble since 10:02 am; tried again at 10:03 am."
    for path in ("/settings/mail", address(sender)):
        page = text_of(alice, path)
        assert f"{words}<br>{CAUSE}<br>{ADVICE}" in page
        assert "2 mails wait; its server is tried again at about 10:03 am." in page
        assert ">Works<" not in page


def test_a_server_that_is_called_failing_has_failed_since_its_first_refusal(
    alice: Person, clock: FrozenClock
) -> None:
    sender = refused_once(alice.account, clock)
    clock.advance(timedelta(minutes=3))
    with db.transaction() as session:
        health = session.query(SenderHealth).filter_by(sender_id=sender.id).one()
        health.refusals, health.failing_since = 3, clock.at
    page = text_of(alice, "/settings/mail")
    assert f"Since 10:02 am: {CAUSE}<br>{ADVICE}" in page
    assert "cannot be reached since 10:02 am. 2 mails wait." in page
    row = (
        "The server of the account’s sender (office@example.com) cannot be reached since 10:02 am."
    )
    assert row in text_of(alice, "/deliveries").partition("<main")[2]


def test_trouble_that_somebody_mended_is_no_part_of_the_next(
    alice: Person, clock: FrozenClock
) -> None:
    sender = refused_once(alice.account, clock)
    clock.advance(timedelta(minutes=5))
    with db.transaction():
        sender.updated_at = clock.at
    again = factories.delivery(alice.account, attempts=1, sender_id=sender.id)
    clock.advance(timedelta(minutes=1))
    factories.attempt(again, sender_id=sender.id, outcome="held")
    assert "Having trouble since 10:08 am" in text_of(alice, "/settings/mail")


def test_without_the_time_of_a_test_nobody_is_said_to_have_tested(alice: Person) -> None:
    factories.sender(alice.account, state="ok", tested_at=None)
    page = text_of(alice, "/settings/mail")
    assert "Mail goes out through it, but nobody has tested it yet." in page
    assert "Tested ." not in page


def test_cause_and_advice_of_a_fault_are_two_lines() -> None:
    fault = Fault.of(MailError(CAUSE, kind="connection", server=True, hint=ADVICE))
    assert fault.words == f"{CAUSE}\n{ADVICE}"
