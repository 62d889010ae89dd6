"""Settings: account, users, lead sources, each for those who may and nobody else."""

import pytest
from sqlalchemy import select

from hostedpages import db
from hostedpages.builder.settings.devices import describe
from hostedpages.models import Delivery, LeadSource, User
from tests import factories
from tests.people import Person

MANAGER_ADDRESSES = [
    "/settings/users",
    "/settings/users/invite",
    "/settings/sources",
    "/settings/sources/new",
]


@pytest.mark.parametrize("address", MANAGER_ADDRESSES)
def test_settings_are_for_owners_and_admins(address: str, alice: Person, bob: Person) -> None:
    assert alice.client.get(address).status_code == 200
    assert bob.client.get(address).status_code == 403


def test_others_come_to_their_own_devices(bob: Person) -> None:
    assert bob.client.get("/settings/account").location == "/settings/devices"
    assert "Bob Brown" in bob.client.get("/settings/devices").get_data(as_text=True)


def test_the_account_is_changed_and_its_addresses_are_clean(alice: Person) -> None:
    answer = alice.client.post(
        "/settings/account",
        data={
            "name": "  Northside   Roofing ",
            "time_zone": "America/Chicago",
            "new_lead_emails": "Boss@Example.org, sales@example.org\nboss@example.org",
        },
    )

    assert answer.status_code == 303
    assert alice.account.name == "Northside Roofing"
    assert alice.account.time_zone == "America/Chicago"
    assert alice.account.new_lead_emails == ["boss@example.org", "sales@example.org"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "Please name the account."),
        ({"name": "x" * 121}, "at most 120"),
        ({"time_zone": "Mars/Olympus"}, "Please choose a time zone"),
        ({"new_lead_emails": "nonsense"}, "valid email address"),
        ({"new_lead_emails": "a@example.org\r\nBcc:b@example.org"}, "valid email address"),
        ({"new_lead_emails": " ".join(f"u{n}@example.org" for n in range(11))}, "at most 10"),
    ],
)
def test_a_wrong_setting_is_refused_at_its_field_and_what_was_typed_stays(
    alice: Person, wrong: dict[str, str], words: str
) -> None:
    right = {"name": "Kept as typed", "time_zone": "America/Denver", "new_lead_emails": ""}
    answer = alice.client.post("/settings/account", data={**right, **wrong})

    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in text
    if "name" not in wrong:
        assert "Kept as typed" in text
    assert alice.account.name != "Kept as typed"


def test_only_what_the_form_asks_can_be_changed(alice: Person, bob: Person) -> None:
    before = (bob.user.email, bob.user.account_id, bob.user.password_hash, bob.user.public_id)

    alice.client.post(
        f"/settings/users/{bob.user.public_id}",
        data={
            "role": "standard",
            "email": "taken-over@example.org",
            "account_id": "1",
            "password_hash": "x",
            "public_id": "x",
            "archived_at": "2026-01-01",
        },
    )

    assert before == (
        bob.user.email,
        bob.user.account_id,
        bob.user.password_hash,
        bob.user.public_id,
    )
    assert bob.user.archived_at is None


def test_an_invitation_is_mailed_and_shown_once_while_mail_goes_to_a_folder(
    alice: Person,
) -> None:
    answer = alice.client.post(
        "/settings/users/invite",
        data={"email": "Pat@Example.org", "name": "Pat", "role": "salesperson"},
    )

    mail = db.session().scalars(select(Delivery)).one()
    assert answer.status_code == 201
    assert mail.recipient == "pat@example.org"
    assert "http://localhost" + mail.payload["path"] in answer.get_data(as_text=True)
    listed = alice.client.get("/settings/users").get_data(as_text=True)
    assert "Invited" in listed
    assert mail.payload["path"] not in listed


def test_the_link_in_an_invitation_ignores_the_host_of_the_request(alice: Person) -> None:
    answer = alice.client.post(
        "/settings/users/invite",
        data={"email": "pat@example.org", "role": "standard"},
        headers={"X-Forwarded-Host": "evil.test", "Forwarded": "host=evil.test"},
    )

    assert "evil.test" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"email": "nonsense", "role": "standard"}, "valid email address"),
        ({"email": "pat@example.org", "role": "king"}, "A role is one of"),
        ({"email": "alice", "role": "standard"}, "a user already"),
    ],
)
def test_a_wrong_invitation_is_refused(alice: Person, data: dict[str, str], words: str) -> None:
    if data["email"] == "alice":
        data = {**data, "email": alice.user.email.upper()}
    answer = alice.client.post("/settings/users/invite", data=data)

    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert db.session().scalars(select(Delivery)).all() == []


def test_an_invitation_can_be_sent_again_and_ends_the_one_before(alice: Person) -> None:
    alice.client.post("/settings/users/invite", data={"email": "p@example.org", "role": "admin"})
    invited = db.session().scalars(select(User).where(User.email == "p@example.org")).one()

    answer = alice.client.post(f"/settings/users/{invited.public_id}/invite")

    first, second = (
        each.payload["path"] for each in db.session().scalars(select(Delivery).order_by("id"))
    )
    assert answer.status_code == 201
    assert alice.client.get(first).status_code == 404
    assert alice.client.get(second).status_code == 200


def test_an_admin_neither_makes_nor_changes_owners(alice: Person, bob: Person) -> None:
    with db.transaction():
        bob.user.role = "admin"

    made = bob.client.post("/settings/users/invite", data={"email": "e@e.org", "role": "owner"})
    changed = bob.client.post(f"/settings/users/{alice.user.public_id}", data={"role": "standard"})
    archived = bob.client.post(f"/settings/users/{alice.user.public_id}/archive")
    promoted = bob.client.post(f"/settings/users/{bob.user.public_id}", data={"role": "owner"})

    assert [each.status_code for each in (made, changed, archived, promoted)] == [422] * 4
    assert alice.user.role == "owner"
    assert alice.user.archived_at is None
    assert bob.user.role == "admin"


def test_a_user_is_archived_and_brought_back(alice: Person, bob: Person) -> None:
    address = f"/settings/users/{bob.user.public_id}"

    alice.client.post(f"{address}/archive")
    assert bob.client.get("/settings/devices").status_code == 303
    listed = alice.client.get("/settings/users").get_data(as_text=True)
    assert "Bob Brown is archived and signed out everywhere." in listed

    alice.client.post(f"{address}/restore")
    assert bob.user.archived_at is None


def test_nobody_archives_themselves(alice: Person) -> None:
    answer = alice.client.post(f"/settings/users/{alice.user.public_id}/archive")

    assert answer.status_code == 422
    assert "You cannot archive yourself" in answer.get_data(as_text=True)


def test_a_lead_source_gets_a_web_key_and_a_plan(alice: Person) -> None:
    plan = factories.plan(alice.account, name="New lead")

    answer = alice.client.post(
        "/settings/sources/new", data={"name": "Website", "action_plan": plan.public_id}
    )

    source = db.session().scalars(select(LeadSource)).one()
    assert answer.status_code == 303
    assert source.action_plan_id == plan.id
    assert source.web_key.startswith("LF_")
    assert len(source.web_key) == 35
    listed = alice.client.get("/settings/sources").get_data(as_text=True)
    assert source.web_key in listed
    assert "New lead" in listed


def test_names_of_lead_sources_differ_in_more_than_case(alice: Person, charlie: Person) -> None:
    alice.client.post("/settings/sources/new", data={"name": "Website"})

    again = alice.client.post("/settings/sources/new", data={"name": "WEBSITE "})
    elsewhere = charlie.client.post("/settings/sources/new", data={"name": "Website"})

    assert again.status_code == 422
    assert "already" in again.get_data(as_text=True)
    assert elsewhere.status_code == 303


def test_a_plan_of_another_account_cannot_be_chosen(alice: Person, charlie: Person) -> None:
    foreign = factories.plan(charlie.account, name="Secret plan")

    answer = alice.client.post(
        "/settings/sources/new", data={"name": "Website", "action_plan": foreign.public_id}
    )

    assert answer.status_code == 422
    assert "Secret plan" not in answer.get_data(as_text=True)
    assert db.session().scalars(select(LeadSource)).all() == []


def test_a_lead_source_is_renamed_archived_and_brought_back(alice: Person) -> None:
    source = factories.lead_source(alice.account, name="Fair")
    key = source.web_key
    address = f"/settings/sources/{source.public_id}"

    alice.client.post(address, data={"name": "Home show"})
    alice.client.post(f"{address}/archive")
    assert (source.name, source.active, source.web_key) == ("Home show", False, key)

    alice.client.post(f"{address}/restore")
    assert source.active is True


def test_names_are_shown_as_text(alice: Person) -> None:
    evil = "<script>alert(1)</script>\"'>"
    alice.client.post("/settings/devices/name", data={"name": evil})
    alice.client.post("/settings/sources/new", data={"name": evil})

    for address in ("/settings/users", "/settings/sources", "/settings/devices"):
        assert "<script>alert" not in alice.client.get(address).get_data(as_text=True)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36",
            "Chrome on Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19 Safari/605", "Safari on Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) CriOS/140 Safari/604", "Chrome on iPhone"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        ("", "Unknown device"),
        ("\r\n<b>", "Unknown device"),
    ],
)
def test_a_device_is_named_in_words(user_agent: str, words: str) -> None:
    assert describe(user_agent) == words
