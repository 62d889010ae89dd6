"""Consent instead of a password, against a token endpoint on the loopback."""

import asyncio
import base64
import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hostedpages import clock as clocks
from hostedpages.config import Settings
from hostedpages.mail import oauth
from hostedpages.mail.errors import MailError
from hostedpages.mail.oauth import OAuthClient, Token, Tokens
from tests.servers import free_port

SECRET, CODE, REFRESH = "canary-secret", "canary-code", "canary-refresh"
GIVEN = {"access_token": "at-1", "expires_in": 3600, "token_type": "Bearer", "refresh_token": "rt"}


@dataclass
class Endpoint:
    """Answers each question as told; the last answer stays."""

    port: int
    answers: list[tuple[int, bytes]]
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def client(self) -> OAuthClient:
        provider = replace(
            oauth.PROVIDERS["google"], token_endpoint=f"http://127.0.0.1:{self.port}/token"
        )
        return OAuthClient(provider, "client-1", SECRET)


@contextmanager
def endpoint(*answers: tuple[int, Any]) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            made.asked.append({key: each[0] for key, each in parse_qs(body).items()})
            status, content = made.answers[0]
            if len(made.answers) > 1:
                made.answers.pop(0)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    written = [
        (status, each if isinstance(each, bytes) else json.dumps(each).encode())
        for status, each in answers
    ]
    made = Endpoint(server.server_port, written)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def renewed(client: OAuthClient) -> Token:
    return asyncio.run(oauth.access_token(client, REFRESH))


def refusal(client: OAuthClient) -> MailError:
    with pytest.raises(MailError) as caught:
        renewed(client)
    assert "canary" not in f"{caught.value.message} {caught.value.hint} {caught.value!r}"
    return caught.value


@pytest.mark.parametrize("key", ["google", "microsoft"])
def test_the_person_is_sent_to_the_provider_with_state_and_challenge(key: str) -> None:
    verifier = oauth.new_verifier()
    client = OAuthClient(oauth.PROVIDERS[key], "client-1", SECRET)

    url = oauth.authorize_url(
        client,
        redirect_uri="https://forms.example/oauth",
        state="state-1",
        verifier=verifier,
        email="ann@example.com",
    )

    parts, asked = urlsplit(url), parse_qs(urlsplit(url).query)
    digest = hashlib.sha256(verifier.encode()).digest()
    assert parts.scheme == "https"
    assert asked["state"] == ["state-1"]
    assert asked["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["https://forms.example/oauth"]
    assert asked["login_hint"] == ["ann@example.com"]
    assert verifier not in url
    assert SECRET not in url


def test_a_verifier_is_long_enough_and_never_the_same() -> None:
    found = {oauth.new_verifier() for _ in range(50)}
    assert len(found) == 50
    assert all(43 <= len(each) <= 128 for each in found)


def test_only_registered_providers_are_offered() -> None:
    assert oauth.clients(Settings()) == {}
    with_google = Settings(google_client_id="a", google_client_secret="b", microsoft_client_id="c")
    assert list(oauth.clients(with_google)) == ["google"]


def test_a_code_becomes_a_token(clock: clocks.FrozenClock) -> None:
    with endpoint((200, GIVEN)) as server:
        token = asyncio.run(
            oauth.exchange_code(
                server.client, code=CODE, redirect_uri="https://f.example/o", verifier="v" * 43
            )
        )
    assert (token.value, token.refresh_token) == ("at-1", "rt")
    assert token.expires_at == clocks.now() + timedelta(hours=1)
    assert server.asked == [
        {
            "grant_type": "authorization_code",
            "code": CODE,
            "redirect_uri": "https://f.example/o",
            "code_verifier": "v" * 43,
            "client_id": "client-1",
            "client_secret": SECRET,
        }
    ]
    assert "at-1" not in repr(token)
    assert SECRET not in repr(server.client)


def test_consent_without_a_lasting_permission_is_refused() -> None:
    answer = (200, {**GIVEN, "refresh_token": None})
    with endpoint(answer) as server, pytest.raises(MailError) as caught:
        asyncio.run(
            oauth.exchange_code(server.client, code=CODE, redirect_uri="x", verifier="v" * 43)
        )
    assert caught.value.kind == "authentication"


def test_a_new_refresh_token_is_handed_on() -> None:
    with endpoint((200, {**GIVEN, "refresh_token": "rt-2"})) as server:
        assert renewed(server.client).refresh_token == "rt-2"
        assert server.asked[0]["grant_type"] == "refresh_token"


def test_withdrawn_consent_holds_mail_until_the_person_connects_anew() -> None:
    said = {"error": "invalid_grant", "error_description": f"{REFRESH} {SECRET} is revoked"}
    with endpoint((400, said)) as server:
        error = refusal(server.client)
    assert (error.kind, error.held, error.scope) == ("authentication", True, "sender")
    assert "is revoked" in error.message
    assert "anew" in error.hint


def test_a_wrong_client_secret_is_the_operators_matter() -> None:
    with endpoint((401, {"error": "invalid_client"})) as server:
        assert "settings" in refusal(server.client).hint


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"oops"),
        (429, {"error": "slow_down"}),
        (200, b"not json"),
        (200, b"[" * 60_000),
        (200, b'"' + b"x" * 70_000 + b'"'),
        (200, {**GIVEN, "access_token": "two\nlines"}),
        (200, {**GIVEN, "access_token": 5}),
        (200, {**GIVEN, "token_type": "mac"}),
        (302, GIVEN),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_passing_fault(answer: tuple[int, Any]) -> None:
    with endpoint(answer) as server:
        error = refusal(server.client)
        assert (error.kind, error.held) == ("connection", False)
        assert len(server.asked) == 1


def test_nobody_listening_is_a_passing_fault() -> None:
    client = Endpoint(free_port(), []).client
    assert refusal(client).kind == "connection"


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    with endpoint((200, GIVEN)) as server:
        assert renewed(server.client).value == "at-1"


def test_a_token_is_kept_until_shortly_before_its_end(clock: clocks.FrozenClock) -> None:
    async def ask(tokens: Tokens, client: OAuthClient, count: int) -> set[str]:
        found = await asyncio.gather(*[tokens.get("s1", client, REFRESH) for _ in range(count)])
        return {each.value for each in found}

    without = {key: value for key, value in GIVEN.items() if key != "refresh_token"}
    answers = [(200, {**without, "access_token": f"at-{number}"}) for number in (1, 2, 3)]
    with endpoint(*answers) as server:
        tokens = Tokens()
        assert asyncio.run(ask(tokens, server.client, 10)) == {"at-1"}
        clock.advance(timedelta(minutes=54))
        assert asyncio.run(ask(tokens, server.client, 1)) == {"at-1"}
        clock.advance(timedelta(minutes=2))
        assert asyncio.run(ask(tokens, server.client, 1)) == {"at-2"}
        tokens.forget("s1")
        assert asyncio.run(ask(tokens, server.client, 1)) == {"at-3"}
        assert len(server.asked) == 3


def test_no_secret_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with endpoint((400, {"error": "invalid_grant", "error_description": REFRESH})) as server:
        refusal(server.client)
    assert "canary" not in caplog.text
