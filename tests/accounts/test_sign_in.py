"""Signing in by password: the session it makes, the words of a refusal, the limits."""

import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.accounts import passwords, service, throttle
from hostedpages.clock import FrozenClock
from hostedpages.models import RateBucket, User, UserSession
from tests import factories
from tests.people import Client

PASSWORD = "four quiet green words"


@pytest.fixture
def user(unit: Session) -> User:
    return factories.user(email="jane@example.org", password_hash=passwords.hash_password(PASSWORD))


def sign_in(client: Client, password: str = PASSWORD, email: str = "jane@example.org", **extra):
    return client.post("/sign-in", data={"email": email, "password": password, **extra})


def cookie(client: Client) -> str | None:
    found = client.get_cookie("hp_session")
    return found.value if found else None


def test_the_right_password_opens_a_session(user: User, client: Client) -> None:
    answer = sign_in(client, email="  JANE@example.org ")

    assert answer.status_code == 303
    assert client.get("/settings/devices").status_code == 200


def test_the_cookie_is_for_the_server_only_and_not_what_is_stored(
    user: User, client: Client
) -> None:
    answer = sign_in(client)

    header = next(
        each for each in answer.headers.getlist("Set-Cookie") if each.startswith("hp_session=")
    )
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/" in header
    assert "Domain" not in header
    stored = db.session().scalars(select(UserSession.token_hash)).one()
    assert cookie(client) not in (None, stored)


def test_a_session_id_from_before_is_worthless_after_signing_in(
    user: User, client: Client, app: Flask
) -> None:
    client.set_cookie("hp_session", "planted-by-somebody-else")

    sign_in(client)

    assert cookie(client) != "planted-by-somebody-else"
    other = app.test_client()
    other.set_cookie("hp_session", "planted-by-somebody-else")
    assert other.get("/settings/devices").status_code == 303


def test_each_sign_in_makes_a_new_token(user: User, client: Client) -> None:
    sign_in(client)
    first = cookie(client)
    sign_in(client)

    assert cookie(client) != first


def without_token(page: str, email: str) -> str:
    """The page without what differs for everybody: the time in its form token, the address."""
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", page).replace(email, "EMAIL")


def test_unknown_archived_and_wrong_are_refused_with_the_same_page(
    user: User, client: Client
) -> None:
    archived = factories.user(password_hash=user.password_hash, role="standard")
    service.archive_user(archived, by=None)
    no_password = factories.user()

    pages = {
        without_token(sign_in(client, password, email).get_data(as_text=True), email)
        for email, password in (
            (user.email, "wrong wrong wrong"),
            ("nobody@example.org", PASSWORD),
            (archived.email, PASSWORD),
            (no_password.email, ""),
        )
    }

    assert len(pages) == 1
    assert service.WRONG in pages.pop()


def test_the_refused_page_keeps_the_address_and_never_the_password(
    user: User, client: Client
) -> None:
    answer = sign_in(client, "a wrong password")

    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "jane@example.org" in text
    assert "a wrong password" not in text


def test_guessing_is_slowed_down_but_the_user_gets_in_from_elsewhere(
    user: User, client: Client, clock: FrozenClock
) -> None:
    statuses = [sign_in(client, "wrong").status_code for _ in range(12)]

    assert statuses[0] == 422
    assert statuses[-1] == 429
    assert sign_in(client).status_code == 429
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    answer = client.post(
        "/sign-in",
        data={"email": "jane@example.org", "password": PASSWORD},
        environ_overrides=elsewhere,
    )
    assert answer.status_code == 303


def test_whoever_was_slowed_down_may_try_again_later(
    user: User, client: Client, clock: FrozenClock
) -> None:
    for _ in range(12):
        answer = sign_in(client, "wrong")
    assert int(answer.headers["Retry-After"]) >= 1

    clock.advance(timedelta(minutes=6))

    assert sign_in(client).status_code == 303


def test_a_user_guessed_at_from_everywhere_is_never_locked_out(
    user: User, client: Client, clock: FrozenClock
) -> None:
    with db.transaction() as session:
        for number in range(110):
            throttle.sign_in(session, user.email, f"198.51.100.{number}")

    assert sign_in(client).status_code == 303


def test_limits_hold_no_address_and_no_email(user: User, client: Client) -> None:
    sign_in(client, "wrong")

    keys = " ".join(db.session().scalars(select(RateBucket.key)))
    assert keys
    assert "jane" not in keys
    assert "127.0.0.1" not in keys


def test_an_outdated_hash_is_renewed_on_sign_in(user: User, client: Client) -> None:
    cheaper = Argon2id(salt=b"0" * 16, length=32, iterations=1, lanes=1, memory_cost=8192)
    with db.transaction():
        user.password_hash = cheaper.derive_phc_encoded(PASSWORD.encode())

    assert sign_in(client).status_code == 303

    assert not passwords.is_outdated(user.password_hash or "")
    assert sign_in(client).status_code == 303
