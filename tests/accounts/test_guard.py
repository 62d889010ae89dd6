"""The gate of staff routes: CSRF tokens, other sites, sign-in, roles, foreign rows."""

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.accounts import guard
from hostedpages.errors import NotFound
from hostedpages.models import LeadSource
from tests import factories, people
from tests.people import Client, Person

NEW_NAME = {"name": "Changed", "time_zone": "America/Denver", "new_lead_emails": ""}


@pytest.fixture
def checked(app: Flask) -> Flask:
    """The product with the check for CSRF tokens, as in production."""
    app.config["WTF_CSRF_ENABLED"] = True
    return app


def csrf_token(client: Client, path: str = "/settings/account") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found
    return found.group(1)


def test_a_write_with_its_token_is_done(alice: Person, checked: Flask) -> None:
    answer = alice.client.post(
        "/settings/account", data={**NEW_NAME, "csrf_token": csrf_token(alice.client)}
    )

    assert answer.status_code == 303
    assert alice.account.name == "Changed"


def test_a_script_may_carry_the_token_in_a_header(alice: Person, checked: Flask) -> None:
    answer = alice.client.post(
        "/settings/account",
        data=NEW_NAME,
        headers={"X-CSRFToken": csrf_token(alice.client)},
    )

    assert answer.status_code == 303


def test_without_a_token_or_with_a_wrong_one_nothing_is_done(
    alice: Person, bob: Person, checked: Flask
) -> None:
    before = alice.account.name
    bobs = csrf_token(bob.client, "/settings/devices")
    for wrong in ({}, {"csrf_token": "x"}, {"csrf_token": bobs}):
        assert alice.client.post("/settings/account", data={**NEW_NAME, **wrong}).status_code == 403

    assert alice.account.name == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.test"},
        {"Origin": "http://localhost:8001"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.test"},
    ],
)
def test_other_sites_are_refused_even_with_the_right_token(
    alice: Person, checked: Flask, headers: dict[str, str]
) -> None:
    before = alice.account.name
    answer = alice.client.post(
        "/settings/account",
        data={**NEW_NAME, "csrf_token": csrf_token(alice.client)},
        headers=headers,
    )

    assert answer.status_code == 403
    assert alice.account.name == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_our_own_pages_may_write(alice: Person, checked: Flask, headers: dict[str, str]) -> None:
    data = {**NEW_NAME, "csrf_token": csrf_token(alice.client)}

    assert alice.client.post("/settings/account", data=data, headers=headers).status_code == 303


def test_signing_in_is_protected_too(client: Client, checked: Flask, unit: Session) -> None:
    link = people.service.one_time_link(factories.user())

    assert client.post("/sign-in", data={"email": "a@example.org"}).status_code == 403
    assert client.post(link).status_code == 403
    assert client.post(link, data={"csrf_token": csrf_token(client, link)}).status_code == 303


def test_the_csrf_secret_from_before_the_sign_in_is_worthless_after_it(
    client: Client, checked: Flask, unit: Session
) -> None:
    link = people.service.one_time_link(factories.user())
    planted = csrf_token(client, link)
    client.post(link, data={"csrf_token": planted})

    answer = client.post("/settings/devices/name", data={"name": "X", "csrf_token": planted})

    assert answer.status_code == 403


def test_no_route_needs_a_read_to_change_anything_by_another_method(alice: Person) -> None:
    before = alice.account.name
    for extra in ({"X-HTTP-Method-Override": "POST"}, {"X-Original-URL": "/sign-out"}):
        alice.client.get("/settings/account?_method=POST&name=Changed", headers=extra)

    assert alice.account.name == before


def test_a_view_without_a_gate_does_not_exist(app: Flask, alice: Person) -> None:
    del app.view_functions["builder.settings_devices"].gate
    try:
        assert alice.client.get("/settings/devices").status_code == 404
    finally:
        guard.signed_in(app.view_functions["builder.settings_devices"])


def test_scripts_are_told_that_the_session_is_over(client: Client) -> None:
    answer = client.post("/settings/account", json={})

    assert answer.status_code == 401
    assert answer.get_json()["error"]["message"] == "Please sign in again."


def test_a_made_up_cookie_is_nobody(client: Client) -> None:
    for value in ("x", "x" * 3000, "é", "", "A" * 44):
        client.set_cookie("hp_session", value)
        assert client.get("/settings/devices").status_code == 303


def test_a_foreign_row_and_a_missing_one_are_the_same(
    app: Flask, alice: Person, charlie: Person
) -> None:
    source = factories.lead_source(alice.account)
    foreign = charlie.client.get(f"/settings/sources/{source.public_id}")
    missing = charlie.client.get(f"/settings/sources/{'x' * 22}")
    long = charlie.client.get(f"/settings/sources/{'x' * 500}")

    def without_reference(text: str) -> str:
        return re.sub(r'<span class="mono">\w+', "", text)

    assert foreign.status_code == missing.status_code == long.status_code == 404
    assert without_reference(foreign.get_data(as_text=True)) == without_reference(
        missing.get_data(as_text=True)
    )
    assert alice.client.get(f"/settings/sources/{source.public_id}").status_code == 200


def test_owned_loads_only_through_the_account(app: Flask, alice: Person, bob: Person) -> None:
    mine = factories.lead_source(alice.account)
    other = factories.lead_source(factories.account())

    def load(public_id: str, who: Person) -> LeadSource:
        cookie = who.client.get_cookie("hp_session")
        assert cookie is not None
        with (
            app.test_request_context("/", headers={"Cookie": f"hp_session={cookie.value}"}),
            db.unit(),
        ):
            return guard.owned(LeadSource, public_id)

    assert load(mine.public_id, alice).id == mine.id
    assert load(mine.public_id, bob).id == mine.id
    with pytest.raises(NotFound):
        load(other.public_id, alice)


def test_public_pages_set_no_cookie_and_read_none(alice: Person) -> None:
    for path in ("/healthz", "/static/x/builder/builder.css"):
        answer = alice.client.get(path)
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
