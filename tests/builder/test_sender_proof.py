"""A test that succeeded counts when exactly what was tested is saved, and only then."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.models import Sender
from hostedpages.tokens import Tokens
from tests.builder.test_sender_checks import CANARY, NEW, check, filled, lines, stored
from tests.people import Person
from tests.scripted_smtp import ScriptedSmtp, scripted_smtp


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation that may talk to hosts in its own network."""
    return settings.model_copy(update={"private_hosts": "allow"})


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    with scripted_smtp(extensions=["AUTH PLAIN LOGIN"]) as running:
        yield running


def token_of(person: Person, server: ScriptedSmtp, kind: str = "login", **changes: str) -> str:
    """What the end of a test gives the page."""
    told = lines(check(person, NEW, kind, filled(server, **changes)))
    return str(told[-1]["tested"])


def saved(person: Person, server: ScriptedSmtp, token: str, **changes: str) -> Sender:
    data = filled(server, tested=token, **changes)
    answer = person.client.post("/settings/mail/new", data=data)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return db.session().query(Sender).one()


@pytest.mark.parametrize("kind", ["login", "send"])
def test_what_was_tested_and_then_saved_works(
    alice: Person, server: ScriptedSmtp, kind: str
) -> None:
    sender = saved(alice, server, token_of(alice, server, kind), from_name="Another name")
    assert sender.state == "ok"
    assert sender.tested_at is not None
    page = alice.client.get(f"/settings/mail/{sender.public_id}").get_data(as_text=True)
    assert "Not tested" not in page
    assert "Now test it" not in page


@pytest.mark.parametrize(
    "change",
    [
        {"password": "another one"},
        {"email": "other@example.com"},
        {"smtp_host": "localhost"},
        {"user_name": "office"},
        {"imap_enabled": "y", "imap_host": "127.0.0.1"},
    ],
)
def test_anything_else_is_not_called_tested(
    alice: Person, server: ScriptedSmtp, change: dict[str, str]
) -> None:
    sender = saved(alice, server, token_of(alice, server), **change)
    assert (sender.state, sender.tested_at) == ("untested", None)


def test_a_result_is_too_old_after_a_while(
    alice: Person, server: ScriptedSmtp, clock: FrozenClock
) -> None:
    token = token_of(alice, server)
    clock.advance(timedelta(minutes=21))
    assert saved(alice, server, token).state == "untested"


def test_neither_a_failed_test_nor_one_of_the_server_alone_proves_anything(
    alice: Person, server: ScriptedSmtp
) -> None:
    assert token_of(alice, server, "server") == ""
    server.always["AUTH"] = "535 5.7.8 no"
    assert token_of(alice, server) == ""


def test_a_result_of_another_account_proves_nothing(
    alice: Person, charlie: Person, server: ScriptedSmtp
) -> None:
    assert saved(alice, server, token_of(charlie, server)).state == "untested"
    assert "forged" not in saved_again(alice, server)


def saved_again(person: Person, server: ScriptedSmtp) -> str:
    """The state after a change with a token that nobody signed."""
    sender = db.session().query(Sender).one()
    data = filled(server, password="x y", tested="forged")
    assert person.client.post(f"/settings/mail/{sender.public_id}", data=data).status_code == 303
    return sender.state


def test_the_token_holds_no_secret(alice: Person, server: ScriptedSmtp, settings: Settings) -> None:
    token = token_of(alice, server)
    found = Tokens(settings.secret_keys).read("sender-tested", token, max_age=None)
    assert found is not None
    assert set(found) == {"t", "proof", "kind"}
    assert CANARY not in str(found)


def test_a_change_that_was_tested_before_works_too(alice: Person, server: ScriptedSmtp) -> None:
    sender = stored(alice, server)
    path = f"/settings/mail/{sender.public_id}"
    changed = filled(server, password="", email="other@example.com", user_name="office@example.com")
    token = str(lines(check(alice, f"{path}/check", "login", changed))[-1]["tested"])

    assert alice.client.post(path, data={**changed, "tested": token}).status_code == 303
    db.session().refresh(sender)
    assert (sender.email, sender.state) == ("other@example.com", "ok")


def test_without_a_script_the_page_carries_the_result(alice: Person, server: ScriptedSmtp) -> None:
    data = {**filled(server), "check": "login"}
    page = alice.client.post(NEW, data=data).get_data(as_text=True)
    found = re.search(r'name="tested"[^>]*value="([^"]+)"', page)
    assert found
    assert saved(alice, server, found[1]).state == "ok"


def test_without_a_script_the_page_asks_for_the_password_that_it_did_not_keep(
    alice: Person, server: ScriptedSmtp
) -> None:
    alice.client.post(NEW, data={**filled(server), "check": "login"})
    data = filled(server, password="", password_was_typed="1")
    for verb, path in (("login", NEW), ("", "/settings/mail/new")):
        answer = alice.client.post(path, data={**data, "check": verb} if verb else data)
        assert answer.status_code == 422
        assert "Please type the password again" in answer.get_data(as_text=True)
