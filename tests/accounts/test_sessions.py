"""How a session lives and ends: rest, age, sign-out, archive, password change, role change."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.accounts import passwords, service
from hostedpages.app import create_app
from hostedpages.builder.settings import service as settings_service
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.errors import Refused
from hostedpages.models import UserSession
from tests import people
from tests.people import Person

PASSWORD = "four quiet green words"


def is_in(person: Person) -> bool:
    return person.client.get("/settings/devices").status_code == 200


def another_device(app: Flask, person: Person) -> Person:
    return people.signed_in(app, person.user)


def test_a_session_ends_after_12_hours_of_rest(clock: FrozenClock, alice: Person) -> None:
    clock.advance(timedelta(hours=11, minutes=59))
    assert is_in(alice)
    clock.advance(timedelta(hours=11, minutes=59))
    assert is_in(alice)
    clock.advance(timedelta(hours=12, minutes=1))
    assert not is_in(alice)


def test_a_session_ends_after_7_days_of_use(clock: FrozenClock, alice: Person) -> None:
    for _ in range(7 * 24 // 8 - 1):
        clock.advance(timedelta(hours=8))
        assert is_in(alice)
    clock.advance(timedelta(hours=8, minutes=1))

    assert not is_in(alice)


def test_looking_around_writes_at_most_every_5_minutes(clock: FrozenClock, alice: Person) -> None:
    seen = select(UserSession.last_seen_at)
    before = db.session().scalars(seen).one()
    clock.advance(timedelta(minutes=4))
    is_in(alice)
    assert db.session().scalars(seen).one() == before
    clock.advance(timedelta(minutes=2))
    is_in(alice)

    assert db.session().scalars(seen).one() == before + timedelta(minutes=6)


def test_after_signing_out_the_old_cookie_is_dead(alice: Person, app: Flask) -> None:
    token = alice.client.get_cookie("hp_session")
    assert token is not None

    answer = alice.client.post("/sign-out")

    assert answer.location == "/sign-in"
    assert alice.client.get_cookie("hp_session") is None
    thief = app.test_client()
    thief.set_cookie("hp_session", token.value)
    assert thief.get("/settings/devices").status_code == 303


def test_one_device_can_sign_out_another(alice: Person, app: Flask) -> None:
    phone = another_device(app, alice)
    listed = alice.client.get("/settings/devices").get_data(as_text=True)
    other = db.session().scalars(select(UserSession).order_by(UserSession.id.desc())).first()
    assert other is not None
    assert other.public_id in listed

    alice.client.post(f"/settings/devices/{other.public_id}/sign-out")

    assert not is_in(phone)
    assert is_in(alice)


def test_nobody_ends_the_session_of_somebody_else(
    alice: Person, bob: Person, charlie: Person
) -> None:
    hers = db.session().scalars(
        select(UserSession.public_id).where(UserSession.user_id == alice.user.id)
    )
    address = f"/settings/devices/{hers.one()}/sign-out"

    assert bob.client.post(address).status_code == 404
    assert charlie.client.post(address).status_code == 404
    assert is_in(alice)


def test_signing_out_everywhere_ends_all_devices_of_this_user_only(
    alice: Person, bob: Person, app: Flask
) -> None:
    phone = another_device(app, alice)

    alice.client.post("/settings/devices/sign-out-everywhere")

    assert not is_in(alice)
    assert not is_in(phone)
    assert is_in(bob)


def test_a_password_change_ends_the_other_devices_and_renews_this_one(
    alice: Person, bob: Person, app: Flask
) -> None:
    phone = another_device(app, alice)
    before = alice.client.get_cookie("hp_session")
    link = service.one_time_link(alice.user)

    answer = alice.client.post("/settings/devices/password", data={"password": PASSWORD})

    after = alice.client.get_cookie("hp_session")
    assert answer.status_code == 303
    assert is_in(alice)
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert not is_in(phone)
    assert is_in(bob)
    assert app.test_client().post(link).status_code == 404


def test_a_password_is_changed_only_with_the_current_one(alice: Person) -> None:
    with db.transaction():
        alice.user.password_hash = passwords.hash_password(PASSWORD)

    answer = alice.client.post(
        "/settings/devices/password",
        data={"current": "something else", "password": "another good long one"},
    )

    assert answer.status_code == 422
    assert "The current password is not right." in answer.get_data(as_text=True)
    assert passwords.is_right(PASSWORD, alice.user.password_hash)


def test_an_archived_user_is_out_at_once_and_off_the_lists(
    alice: Person, bob: Person, app: Flask
) -> None:
    with db.transaction():
        bob.user.gets_new_leads = True
        alice.account.new_lead_emails = [bob.user.email, "boss@example.org"]
    link = service.one_time_link(bob.user)

    service.archive_user(bob.user, by=alice.user)

    assert not is_in(bob)
    assert bob.user.gets_new_leads is False
    assert alice.account.new_lead_emails == ["boss@example.org"]
    assert app.test_client().post(link).status_code == 404
    assert is_in(alice)


def test_a_restored_user_gets_in_again_but_not_by_what_was_before(
    alice: Person, bob: Person, app: Flask
) -> None:
    link = service.one_time_link(bob.user)
    service.archive_user(bob.user, by=alice.user)

    settings_service.restore_user(bob.user, by=alice.user)

    assert not is_in(bob)
    assert app.test_client().post(link).status_code == 404
    assert is_in(people.signed_in(app, bob.user))


def test_an_archived_account_lets_nobody_in(clock: FrozenClock, alice: Person, bob: Person) -> None:
    with db.transaction():
        alice.account.archived_at = clock.at

    assert not is_in(alice)
    assert not is_in(bob)


def test_a_new_role_holds_from_the_next_request_on(alice: Person, bob: Person) -> None:
    assert bob.client.get("/settings/users").status_code == 403

    settings_service.change_user(bob.user, by=alice.user, role="admin", gets_new_leads=False)
    assert bob.client.get("/settings/users").status_code == 200

    settings_service.change_user(bob.user, by=alice.user, role="salesperson", gets_new_leads=False)
    assert bob.client.get("/settings/users").status_code == 403


def test_the_last_owner_can_neither_be_archived_nor_demoted(alice: Person) -> None:
    with pytest.raises(Refused, match="needs an owner"):
        service.archive_user(alice.user, by=None)
    with pytest.raises(Refused, match="needs an owner"):
        settings_service.change_user(alice.user, by=alice.user, role="admin", gets_new_leads=False)


def test_on_https_the_cookies_are_bound_to_this_host(
    settings: Settings, unit: Session, alice: Person
) -> None:
    secure = settings.model_copy(update={"public_url": "https://localhost"})
    app = product(secure)
    link = service.one_time_link(alice.user)

    answer = app.test_client().post(link, base_url="https://localhost")

    cookies = answer.headers.getlist("Set-Cookie")
    assert answer.status_code == 303
    assert {each.partition("=")[0] for each in cookies} == {
        "__Host-hp_session",
        "__Host-hp_form",
    }
    for each in cookies:
        assert "Secure" in each
        assert "HttpOnly" in each
        assert "SameSite=Lax" in each
        assert "Domain" not in each
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def product(settings: Settings) -> Flask:
    """The product with other settings, without the check for CSRF tokens."""
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    return app
