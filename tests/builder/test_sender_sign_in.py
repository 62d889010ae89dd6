"""Signing a sender in with its provider instead of a password."""

import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from hostedpages import db
from hostedpages.config import Settings
from hostedpages.mail import oauth
from hostedpages.models import Sender
from hostedpages.vault import Vault
from tests.people import Person
from tests.scripted_smtp import scripted_smtp
from tests.webhook_sink import WebhookSink, answer, webhook_sink

REFRESH = "canary-refresh-token"
GIVEN = {
    "access_token": "canary-access-token",
    "expires_in": 3600,
    "token_type": "Bearer",
    "refresh_token": REFRESH,
}
FILLED = {
    "preset": "gmail",
    "smtp_host": "127.0.0.1",
    "smtp_port": "2525",
    "security": "none",
    "accepts_clear_text": "y",
    "email": "office@example.com",
    "sign_in": "google",
    "scope": "general_only",
    "if_failing": "hold",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation that is registered with Google."""
    return settings.model_copy(
        update={
            "private_hosts": "allow",
            "google_client_id": "client-1",
            "google_client_secret": "canary-client-secret",
        }
    )


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebhookSink]:
    """Google's token endpoint, on the loopback."""
    with webhook_sink() as sink:
        sink.always = answer("200 OK", body=json.dumps(GIVEN).encode())
        here = replace(oauth.PROVIDERS["google"], token_endpoint=sink.url)
        monkeypatch.setitem(oauth.PROVIDERS, "google", here)
        yield sink


def begun(person: Person, **changes: str) -> Sender:
    answer = person.client.post("/settings/mail/new", data={**FILLED, **changes})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return db.session().scalars(select(Sender)).one()


def asked(person: Person, sender: Sender) -> dict[str, str]:
    """What the provider is asked: the values of the address that the person is sent to."""
    sent = person.client.get(f"/settings/mail/{sender.public_id}/sign-in")
    assert sent.location.startswith("https://accounts.google.com/")
    return {key: each[0] for key, each in parse_qs(urlsplit(sent.location).query).items()}


def test_it_is_offered_only_where_the_installation_is_registered(alice: Person) -> None:
    page = alice.client.get("/settings/mail/new").get_data(as_text=True)
    assert 'value="google"' in page
    assert 'value="microsoft"' not in page


def test_a_sender_is_used_as_soon_as_permission_was_given(
    alice: Person, google: WebhookSink, settings: Settings
) -> None:
    sender = begun(alice)
    page = alice.client.get(f"/settings/mail/{sender.public_id}").get_data(as_text=True)
    assert not sender.enabled
    assert "One step is left" in page

    question = asked(alice, sender)
    assert question["redirect_uri"] == "http://localhost/settings/mail/signed-in"
    assert question["code_challenge_method"] == "S256"
    assert question["login_hint"] == "office@example.com"
    back = alice.client.get(f"/settings/mail/signed-in?code=the-code&state={question['state']}")

    assert back.location == f"/settings/mail/{sender.public_id}"
    assert sender.enabled
    opened = Vault(settings.secret_keys).open(sender.secret_sealed, place=sender.secret_place)
    assert opened == REFRESH
    assert b"code=the-code" in google.posted[0].body
    shown = alice.client.get(back.location).get_data(as_text=True)
    assert "canary" not in shown
    assert "Signed in with Google" in shown


def test_a_code_that_this_session_did_not_ask_for_is_not_taken(
    alice: Person, bob: Person, google: WebhookSink
) -> None:
    sender = begun(alice)
    state = asked(alice, sender)["state"]
    for person, wrong in ((alice, "made-up"), (alice, state), (bob, state)):
        # The first wrong one ends the way; the right state of another session is none here.
        answer = person.client.get(f"/settings/mail/signed-in?code=stolen&state={wrong}")
        assert answer.location == "/settings/mail"
    assert google.posted == []
    assert not sender.enabled


def test_whoever_says_no_comes_back_to_the_sender(alice: Person, google: WebhookSink) -> None:
    sender = begun(alice)
    state = asked(alice, sender)["state"]
    answer = alice.client.get(f"/settings/mail/signed-in?error=access_denied&state={state}")
    page = alice.client.get(answer.location).get_data(as_text=True)
    assert "Permission was not given" in page
    assert "One step is left" in page


def test_a_refusal_of_the_provider_is_said_without_its_secrets(
    alice: Person, google: WebhookSink
) -> None:
    sender = begun(alice)
    wrong = {"error": "invalid_client", "error_description": "canary-client-secret is wrong"}
    google.always = answer("401 Unauthorized", body=json.dumps(wrong).encode())
    state = asked(alice, sender)["state"]
    back = alice.client.get(f"/settings/mail/signed-in?code=canary-code&state={state}")
    page = alice.client.get(back.location).get_data(as_text=True)
    assert "invalid_client" in page
    assert "canary" not in page


def test_tests_sign_in_with_the_token(alice: Person, google: WebhookSink) -> None:
    with scripted_smtp(extensions=["AUTH XOAUTH2 PLAIN"]) as server:
        sender = begun(alice, smtp_port=str(server.port))
        path = f"/settings/mail/{sender.public_id}/check"
        data = {**FILLED, "smtp_port": str(server.port), "check": "login"}
        early = alice.client.post(path, data=data)
        assert early.status_code == 422
        assert "Save first, then sign in with Google." in early.get_data(as_text=True)

        state = asked(alice, sender)["state"]
        alice.client.get(f"/settings/mail/signed-in?code=the-code&state={state}")
        page = alice.client.post(path, data=data).get_data(as_text=True)

        assert "Ask Google for permission" in page
        assert "Signing in works." in page
        assert any(command.startswith("AUTH XOAUTH2") for command in server.commands)
        assert "canary" not in page


def test_back_to_a_password_asks_for_one(alice: Person, google: WebhookSink) -> None:
    sender = begun(alice)
    state = asked(alice, sender)["state"]
    alice.client.get(f"/settings/mail/signed-in?code=the-code&state={state}")
    path = f"/settings/mail/{sender.public_id}"

    blank = alice.client.post(path, data={**FILLED, "sign_in": "password"})
    assert blank.status_code == 422
    assert "Please enter the password." in blank.get_data(as_text=True)
    changed = alice.client.post(path, data={**FILLED, "sign_in": "password", "password": "x y"})
    assert changed.status_code == 303
    assert (sender.sign_in, sender.enabled) == ("password", True)
