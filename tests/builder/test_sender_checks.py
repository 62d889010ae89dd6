"""The three tests of a sender: streamed or as a page, bounded, and never to a wrong place."""

import base64
import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.models import Sender
from tests.people import Person
from tests.scripted_smtp import ScriptedSmtp, scripted_smtp

CANARY = "canary-7f3a-Ohm-secret"
NDJSON = "application/x-ndjson"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation that may talk to hosts in its own network."""
    return settings.model_copy(update={"private_hosts": "allow"})


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    with scripted_smtp(extensions=["PIPELINING", "SIZE 1000000", "AUTH PLAIN LOGIN"]) as running:
        yield running


def filled(server: ScriptedSmtp, **changes: str) -> dict[str, str]:
    return {
        "preset": "custom",
        "smtp_host": "127.0.0.1",
        "smtp_port": str(server.port),
        "security": "none",
        "accepts_clear_text": "y",
        "email": "office@example.com",
        "from_name": "Northside, Roofing",
        "password": CANARY,
        "scope": "general_only",
        "if_failing": "hold",
        "to": "me@example.org",
        **changes,
    }


def stored(person: Person, server: ScriptedSmtp) -> Sender:
    answer = person.client.post("/settings/mail/new", data=filled(server))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return db.session().scalars(select(Sender)).one()


def check(person: Person, path: str, kind: str, data: dict[str, str]) -> TestResponse:
    headers = {"Accept": NDJSON}
    return person.client.post(path, data={**data, "check": kind}, headers=headers)


def lines(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.mimetype == NDJSON
    return [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]


def ends(answer: TestResponse) -> dict[str, str]:
    """Name of each step with how it ended."""
    return {
        line["name"]: line["state"]
        for line in lines(answer)
        if "name" in line and line["state"] != "running"
    }


NEW = "/settings/mail/check?slot=account"


def test_each_step_is_a_line_said_when_it_begins_and_when_it_ended(
    alice: Person, server: ScriptedSmtp
) -> None:
    told = lines(check(alice, NEW, "server", filled(server, password="", email="")))

    assert [line["state"] for line in told if line.get("name") == "name"] == ["running", "ok"]
    assert set(told[1]) == {"name", "title", "state", "detail", "hint", "milliseconds"}
    assert "Test login" in told[-1]["end"]
    assert not any(command.startswith("AUTH") for command in server.commands)


def test_typed_settings_are_tested_before_they_are_stored(
    alice: Person, server: ScriptedSmtp
) -> None:
    answer = check(alice, NEW, "login", filled(server))

    assert ends(answer)["login"] == "ok"
    assert lines(answer)[-1]["end"] == "Signing in works. These settings are not saved yet."
    assert db.session().scalar(select(Sender)) is None


def test_a_providers_sign_in_is_not_tried_without_a_password(
    alice: Person, server: ScriptedSmtp
) -> None:
    answer = check(alice, NEW, "login", filled(server, preset="gmail", password=""))
    assert answer.status_code == 422
    assert answer.get_json()["problems"] == {"password": "Please enter the password."}
    assert server.commands == []


def test_a_test_with_the_stored_password_sets_the_state(
    alice: Person, server: ScriptedSmtp
) -> None:
    sender = stored(alice, server)
    path = f"/settings/mail/{sender.public_id}/check"

    answer = check(alice, path, "login", filled(server, password=""))

    assert ends(answer)["login"] == "ok"
    assert lines(answer)[-1]["end"] == "Signing in works."
    db.session().refresh(sender)
    assert (sender.state, sender.test_problem) == ("ok", "")
    assert sender.tested_at is not None
    assert "Works" in alice.client.get("/settings/mail").get_data(as_text=True)


def test_a_refused_password_says_the_cause_what_to_do_and_no_secret(
    alice: Person, server: ScriptedSmtp
) -> None:
    sender = stored(alice, server)
    coded = base64.b64encode(f"\0office@example.com\0{CANARY}".encode()).decode()
    server.always["AUTH"] = f"535 5.7.8 no: {CANARY} {coded}"
    path = f"/settings/mail/{sender.public_id}/check"

    answer = check(alice, path, "login", filled(server, password=""))

    assert ends(answer)["login"] == "problem"
    step = next(line for line in lines(answer) if line.get("state") == "problem")
    assert "535" in step["detail"]
    assert "password" in step["hint"].lower()
    text = answer.get_data(as_text=True)
    assert CANARY not in text
    assert coded not in text
    db.session().refresh(sender)
    assert sender.state == "failing"
    assert CANARY not in sender.test_problem
    assert "failed.<br>Sign in: " in alice.client.get("/settings/mail").get_data(as_text=True)


def test_a_real_message_goes_to_the_chosen_address(alice: Person, server: ScriptedSmtp) -> None:
    sender = stored(alice, server)
    path = f"/settings/mail/{sender.public_id}/check"

    answer = check(alice, path, "send", filled(server, password=""))

    assert ends(answer)["send"] == "ok"
    (mail,) = server.mails
    assert mail["To"] == "me@example.org"
    assert mail["From"] == '"Northside, Roofing" <office@example.com>'
    assert str(mail["Message-ID"]) in answer.get_data(as_text=True)
    db.session().refresh(sender)
    assert sender.state == "ok"


def test_another_host_never_gets_the_stored_password(alice: Person, server: ScriptedSmtp) -> None:
    sender = stored(alice, server)
    path = f"/settings/mail/{sender.public_id}"
    with scripted_smtp(extensions=["AUTH PLAIN LOGIN"]) as other:
        moved = filled(server, password="", smtp_port=str(other.port))
        for kind in ("login", "send"):
            answer = check(alice, f"{path}/check", kind, moved)
            assert answer.status_code == 422
            problems = answer.get_json()["problems"]
            assert "type the password again" in problems["password"]
        assert alice.client.post(path, data=moved).status_code == 422
        # The server alone may be looked at: nobody signs in for that.
        assert ends(check(alice, f"{path}/check", "server", moved))["connection"] == "ok"
        assert not any(command.startswith("AUTH") for command in other.commands)
    assert server.commands == []


def test_what_was_changed_during_a_test_is_not_called_tested(
    alice: Person, server: ScriptedSmtp
) -> None:
    sender = stored(alice, server)
    path = f"/settings/mail/{sender.public_id}/check"

    check(alice, path, "login", filled(server, password="", email="office@example.com")).close()
    db.session().refresh(sender)
    tested_at = sender.tested_at
    changed = filled(server, password="another one")
    assert "not saved yet" in lines(check(alice, path, "login", changed))[-1]["end"]
    db.session().refresh(sender)
    assert sender.tested_at == tested_at


def test_without_a_script_the_same_post_is_a_page_with_all_steps(
    alice: Person, server: ScriptedSmtp
) -> None:
    data = {**filled(server, from_name="Kept as typed"), "check": "login"}
    page = alice.client.post(NEW, data=data).get_data(as_text=True)

    assert "Signing in works." in page
    assert "Sign in</strong>" in page
    assert "Kept as typed" in page
    assert CANARY not in page


def test_without_a_script_what_is_missing_stands_at_its_field(
    alice: Person, server: ScriptedSmtp
) -> None:
    answer = alice.client.post(NEW, data={**filled(server, email="", to="nobody"), "check": "send"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="email-error"' in page
    again = alice.client.post(NEW, data={**filled(server, to="nobody"), "check": "send"})
    assert 'id="to-error"' in again.get_data(as_text=True)
    assert server.commands == []


def test_ten_tests_a_minute_and_twenty_test_mails_a_day(
    alice: Person, bob: Person, server: ScriptedSmtp, clock: FrozenClock
) -> None:
    for _ in range(10):
        assert ends(check(alice, NEW, "server", filled(server)))["name"] == "ok"
    answer = check(alice, NEW, "server", filled(server))
    assert answer.status_code == 429
    assert answer.get_json()["error"]["message"] == (
        "That is 10 tests within a minute. Try again in 6 seconds."
    )
    page = alice.client.post(NEW, data={**filled(server), "check": "server"})
    assert page.status_code == 429
    assert "10 tests within a minute" in page.get_data(as_text=True)
    # The same account, whoever asks.
    mine = "/settings/mail/check?slot=mine"
    assert check(bob, mine, "server", filled(server)).status_code == 429

    for _ in range(20):
        clock.advance(timedelta(minutes=1))
        assert ends(check(alice, NEW, "send", filled(server)))["send"] == "ok"
    clock.advance(timedelta(minutes=1))
    refused = check(alice, NEW, "send", filled(server))
    assert refused.status_code == 429
    assert (
        "20 test mails within a day. Try again in 52 minutes."
        in refused.get_json()["error"]["message"]
    )
    assert len(server.mails) == 20


class TestWherePrivateHostsAreRefused:
    """As every installation is unless its operator says otherwise."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"private_hosts": "refuse"})

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:7f00:1]"])
    def test_not_one_byte_reaches_a_private_host(self, alice: Person, host: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            port = listener.getsockname()[1]
            data = {
                "preset": "custom",
                "smtp_host": host,
                "security": "starttls",
                "email": "office@example.com",
                "password": CANARY,
                "to": "me@example.org",
            }
            for kind in ("server", "login", "send"):
                # At a port of mail the host is refused; at any other, the port already.
                answer = check(alice, NEW, kind, {**data, "smtp_port": "587"})
                assert ends(answer)["name"] == "problem"
                assert "private or local network" in answer.get_data(as_text=True)
            answer = check(alice, NEW, "server", {**data, "smtp_port": str(port)})
            assert answer.status_code == 422
            saved = alice.client.post("/settings/mail/new", data={**data, "smtp_port": "587"})
            assert saved.status_code == 422
            with pytest.raises(BlockingIOError):
                listener.accept()
