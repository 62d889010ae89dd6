"""The banner on every screen while a mail server holds mail back."""

from datetime import timedelta

import pytest

from hostedpages import clock as clock_module
from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.models import SenderHealth
from tests import factories
from tests.people import Person


def text_of(person: Person, path: str) -> str:
    answer = person.client.get(path)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def test_a_banner_says_on_every_screen_what_holds_mail_back(
    alice: Person, bob: Person, charlie: Person, clock: FrozenClock
) -> None:
    sender = factories.sender(alice.account)
    since = clock_module.now() - timedelta(minutes=46)
    problem = "The mail server refused the sign-in: 535 5.7.8 no. In this order: check the user"
    factories.store(
        SenderHealth(
            sender_id=sender.id,
            failing_since=since,
            problem_kind="authentication",
            problem=problem,
        )
    )
    for _ in range(2):
        factories.delivery(alice.account, kind="notify_user", sender_id=sender.id)
    later = clock_module.now() + timedelta(days=3)
    factories.delivery(alice.account, kind="email", sender_id=sender.id, due_at=later)
    words = "The account’s sender (office@example.com) cannot sign in since 9:14 am. 2 mails wait."

    hers, his = text_of(alice, "/pages"), text_of(bob, "/pages")
    assert f"{words} Check the user name and the password.</span>" in hers
    assert "535 5.7.8" not in hers
    assert f'href="/settings/mail/{sender.public_id}">Open the sender' in hers
    assert f"{words} Ask an owner or admin" in his
    assert f"/settings/mail/{sender.public_id}" not in his
    assert "cannot sign in" not in text_of(charlie, "/pages")

    with db.transaction():
        sender.if_failing = "platform"
    assert "cannot sign in" not in text_of(alice, "/pages")
    with db.transaction():
        sender.if_failing, sender.enabled = "hold", False
    assert "cannot sign in" not in text_of(alice, "/pages")


@pytest.mark.parametrize(
    ("kind", "problem", "words"),
    [
        ("timeout", "Port 587 did not answer in time.", "The server of {} cannot be reached since"),
        ("sender_refused", "553 not owned", "The server of {} refuses this address since"),
        ("configuration", "The mail server cannot be trusted: old.", "cannot be encrypted safely"),
        ("configuration", "The mail server offers no sign-in.", "The settings of {} do not fit"),
        ("protocol", "It answered nonsense.", "Mail through {} has failed since"),
    ],
)
def test_a_banner_is_short_and_whole_whatever_the_server_said(
    alice: Person, clock: FrozenClock, kind: str, problem: str, words: str
) -> None:
    sender = factories.sender(alice.account)
    health = {"problem_kind": kind, "problem": f"{problem} {'And much advice. ' * 20}"}
    factories.store(SenderHealth(sender_id=sender.id, failing_since=clock_module.now(), **health))
    held = {"sender_id": sender.id, "state": "held", "attempts": 1}
    factories.delivery(alice.account, error=health["problem"], **held)

    page = text_of(alice, "/deliveries")
    assert words.format("the account’s sender (office@example.com)") in page
    assert "And much advice" not in page
    assert "…" not in page.partition('<div class="banner')[2].partition("</div>")[0]


def test_the_installations_server_is_on_a_banner_only_where_mail_waits_for_it(
    alice: Person, charlie: Person
) -> None:
    since = clock_module.now() - timedelta(minutes=5)
    words = {"failing_since": since, "problem": "about somebody@else.example"}
    factories.store(SenderHealth(sender_id=0, **words))
    factories.delivery(alice.account, kind="notify_user", attempts=1, state="held")
    page = text_of(alice, "/pages")
    assert "Mail through the Hosted Pages server has failed since" in page
    assert "1 mail waits. It goes out by itself" in page
    assert "somebody@else.example" not in page
    assert "has failed" not in text_of(charlie, "/pages")


def test_two_senders_of_one_mailbox_with_one_trouble_are_one_banner(
    alice: Person, clock: FrozenClock
) -> None:
    senders = [factories.sender(alice.account)]
    senders.append(factories.sender(alice.account, slot="marketing"))
    for sender in senders:
        wrong = {"failing_since": clock.at, "problem_kind": "authentication"}
        factories.store(SenderHealth(sender_id=sender.id, **wrong))
        factories.delivery(alice.account, sender_id=sender.id)
        clock.advance(timedelta(minutes=2))

    page = text_of(alice, "/pages")
    assert page.count("cannot sign in") == 1
    assert (
        "The account’s sender and the marketing sender (office@example.com) cannot sign in "
        "since 10:00 am. 2 mails wait."
    ) in page
    assert 'href="/settings/mail">Open the senders' in page
