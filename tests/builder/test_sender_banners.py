"""The banner on every screen while a mail server holds mail back."""

from datetime import timedelta

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
    problem = "The mail server refused the sign-in: 535 5.7.8 no."
    factories.store(SenderHealth(sender_id=sender.id, failing_since=since, problem=problem))
    for _ in range(2):
        factories.delivery(alice.account, kind="notify_user", sender_id=sender.id)
    later = clock_module.now() + timedelta(days=3)
    factories.delivery(alice.account, kind="email", sender_id=sender.id, due_at=later)
    words = "Mail through office@example.com has failed since 9:14 am: The mail server refused"

    hers, his = text_of(alice, "/pages"), text_of(bob, "/pages")
    assert words in hers
    assert "535 5.7.8 no. 2 wait." in hers
    assert f'href="/settings/mail/{sender.public_id}">Open the sender' in hers
    assert words in his
    assert f"/settings/mail/{sender.public_id}" not in his
    assert "has failed" not in text_of(charlie, "/pages")

    with db.transaction():
        sender.if_failing = "platform"
    assert "has failed" not in text_of(alice, "/pages")
    with db.transaction():
        sender.if_failing, sender.enabled = "hold", False
    assert "has failed" not in text_of(alice, "/pages")


def test_the_installations_server_is_on_a_banner_only_where_mail_waits_for_it(
    alice: Person, charlie: Person
) -> None:
    since = clock_module.now() - timedelta(minutes=5)
    words = {"failing_since": since, "problem": "about somebody@else.example"}
    factories.store(SenderHealth(sender_id=0, **words))
    factories.delivery(alice.account, kind="notify_user", attempts=1, state="held")
    page = text_of(alice, "/pages")
    assert "Mail through the installation’s server has failed since" in page
    assert "1 waits." in page
    assert "somebody@else.example" not in page
    assert "has failed" not in text_of(charlie, "/pages")
