"""Links that work once: what opens them, what ends them, what they say to strangers."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.accounts import links, passwords, service
from hostedpages.clock import FrozenClock
from hostedpages.models import Delivery, User, UserToken
from tests import factories
from tests.people import Client, Person

PASSWORD = "four quiet green words"


@pytest.fixture
def user(unit: Session) -> User:
    return factories.user(email="jane@example.org", name="Jane")


def mailed_path(template: str) -> str:
    deliveries = db.session().scalars(select(Delivery).order_by(Delivery.id.desc()))
    return next(each.payload["path"] for each in deliveries if each.payload["template"] == template)


def test_opening_a_link_shows_a_button_and_uses_nothing_up(user: User, client: Client) -> None:
    link = service.one_time_link(user)

    for _ in range(3):
        page = client.get(link)
        assert page.status_code == 200
        assert "Sign in as Jane" in page.get_data(as_text=True)

    assert client.post(link).status_code == 303
    assert client.get("/settings/devices").status_code == 200


def test_a_link_works_once(user: User, app: Flask) -> None:
    link = service.one_time_link(user)

    assert app.test_client().post(link).status_code == 303
    assert app.test_client().post(link).status_code == 404
    assert app.test_client().get(link).status_code == 404


def test_a_link_ends_after_its_time(user: User, client: Client, clock: FrozenClock) -> None:
    link = service.one_time_link(user)
    printed = service.one_time_link(user, valid_for=links.PRINTED_VALID_FOR)

    clock.advance(timedelta(minutes=15, seconds=1))

    assert client.post(link).status_code == 404
    assert client.post(printed).status_code == 303


def test_a_token_is_stored_only_as_its_hash(user: User) -> None:
    link = service.one_time_link(user)

    stored = db.session().scalars(select(UserToken)).one()
    assert stored.token_hash not in link
    assert re.fullmatch(r"[0-9a-f]{64}", stored.token_hash)


@pytest.mark.parametrize("wrong", ["", "x", "A" * 44, "ä" * 44, "A" * 5000])
def test_a_wrong_token_gets_the_same_page_as_a_used_one(
    user: User, client: Client, wrong: str
) -> None:
    link = service.one_time_link(user)
    client.post(link)
    used = client.get(link)

    answer = client.get(f"/reset/{wrong or 'x'}")

    assert answer.status_code == used.status_code == 404
    assert answer.get_data() == used.get_data()


@pytest.mark.parametrize("path", ["/reset", "/invite", "/sign-in/link"])
def test_an_address_with_a_nul_is_refused_before_any_token_is_looked_at(
    user: User, client: Client, path: str
) -> None:
    assert client.get(f"{path}/{'%00' * 44}").status_code == 404
    assert client.post(f"{path}/{'%00' * 44}").status_code == 404


def test_a_cut_or_swapped_token_is_refused(user: User, client: Client) -> None:
    other = factories.user()
    token = service.one_time_link(user).rsplit("/", 1)[1]

    for wrong in (token[:-1], token + "A", other.public_id + token[22:], token[::-1]):
        assert client.post(f"/sign-in/link/{wrong}").status_code == 404


@pytest.mark.parametrize("elsewhere", ["/reset/", "/invite/"])
def test_a_token_of_one_purpose_opens_nothing_else(
    user: User, client: Client, elsewhere: str
) -> None:
    token = service.one_time_link(user).rsplit("/", 1)[1]

    answer = client.post(elsewhere + token, data={"name": "Eve", "password": PASSWORD})

    assert answer.status_code == 404
    assert user.password_hash is None


def test_a_reset_sets_the_password_and_ends_everything_else(
    alice: Person, client: Client, app: Flask
) -> None:
    client.post("/reset", data={"email": alice.user.email})
    path = mailed_path("reset")
    other_link = service.one_time_link(alice.user)

    answer = client.post(path, data={"password": PASSWORD})

    assert answer.status_code == 303
    assert client.get("/settings/devices").status_code == 200
    assert alice.client.get("/settings/devices").status_code == 303
    assert passwords.is_right(PASSWORD, alice.user.password_hash)
    assert app.test_client().post(other_link).status_code == 404
    assert app.test_client().post(path, data={"password": PASSWORD}).status_code == 404


def test_a_weak_password_does_not_use_the_reset_up(alice: Person, client: Client) -> None:
    client.post("/reset", data={"email": alice.user.email})
    path = mailed_path("reset")

    assert client.post(path, data={"password": "short"}).status_code == 422
    assert client.post(path, data={"password": PASSWORD}).status_code == 303


def test_links_die_with_the_password_they_were_made_under(user: User, client: Client) -> None:
    link = service.one_time_link(user)
    with db.transaction():
        user.password_hash = passwords.hash_password(PASSWORD)

    assert client.post(link).status_code == 404


def test_links_die_with_the_address_they_were_sent_to(user: User, client: Client) -> None:
    link = service.one_time_link(user)
    with db.transaction():
        user.email = "new@example.org"

    assert client.post(link).status_code == 404


@pytest.mark.parametrize("address", ["/reset", "/sign-in/link"])
def test_asking_for_a_mail_tells_nobody_who_is_a_user(
    user: User, client: Client, address: str
) -> None:
    known = client.post(address, data={"email": "jane@example.org"})
    unknown = client.post(address, data={"email": "john@example.org"})

    assert known.status_code == unknown.status_code == 200
    assert known.get_data(as_text=True).replace("jane@", "john@") == unknown.get_data(as_text=True)
    assert [each.recipient for each in db.session().scalars(select(Delivery))] == [
        "jane@example.org"
    ]


def test_a_user_is_not_flooded_with_links(user: User, client: Client, clock: FrozenClock) -> None:
    statuses = {client.post("/reset", data={"email": user.email}).status_code for _ in range(9)}

    assert statuses == {200}
    assert len(db.session().scalars(select(Delivery)).all()) == 5


def test_one_address_cannot_ask_for_ever(unit: Session, client: Client, clock: FrozenClock) -> None:
    for number in range(21):
        answer = client.post("/reset", data={"email": f"user{number}@example.org"})

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_an_invited_user_sets_name_and_password_and_is_in(
    alice: Person, client: Client, app: Flask
) -> None:
    path = service.invite_user(
        alice.account, by=alice.user, email="Pat@Example.org", name="", role="standard"
    )
    assert mailed_path("invite") == path

    assert client.get(path).status_code == 200
    answer = client.post(path, data={"name": "Pat Person", "password": PASSWORD})

    assert answer.status_code == 303
    assert client.get("/settings/devices").status_code == 200
    pat = db.session().scalars(select(User).where(User.email == "pat@example.org")).one()
    assert (pat.name, pat.role, pat.account_id) == ("Pat Person", "standard", alice.account.id)
    assert app.test_client().get(path).status_code == 404


def test_the_first_link_of_a_user_leads_to_the_welcome(unit: Session, client: Client) -> None:
    user = factories.user(name="")

    assert client.post(service.one_time_link(user)).location == "/welcome"
    answer = client.post(
        "/welcome",
        data={"name": "Jane", "account_name": "Jane’s Roofs", "time_zone": "America/Denver"},
    )

    assert answer.location == "/pages/new"
    assert (user.name, user.account.name) == ("Jane", "Jane’s Roofs")
    assert user.account.time_zone == "America/Denver"
    assert user.password_hash is None
    assert client.post(service.one_time_link(user)).location == "/"


def test_the_welcome_can_set_the_first_password_and_stays_signed_in(
    unit: Session, client: Client
) -> None:
    user = factories.user(name="")
    client.post(service.one_time_link(user))

    client.post(
        "/welcome",
        data={
            "name": "Jane",
            "account_name": "Roofs",
            "time_zone": "America/Denver",
            "password": PASSWORD,
        },
    )

    assert passwords.is_right(PASSWORD, user.password_hash)
    assert client.get("/settings/devices").status_code == 200


def test_a_standard_user_changes_nothing_of_the_account_on_the_welcome(bob: Person) -> None:
    before = (bob.account.name, bob.account.time_zone)

    bob.client.post(
        "/welcome",
        data={"name": "Bobby", "account_name": "Mine now", "time_zone": "America/Denver"},
    )

    assert bob.user.name == "Bobby"
    assert (bob.account.name, bob.account.time_zone) == before
