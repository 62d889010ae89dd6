"""Settings > Mail: senders set up, changed, switched and removed, by those who may."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import clock as clock_module
from hostedpages import db
from hostedpages.config import Settings
from hostedpages.models import Sender, SenderHealth
from hostedpages.vault import CannotOpen, Vault
from tests import factories, people
from tests.people import Person

CANARY = "canary-7f3a-Ohm-secret"
FILLED = {
    "preset": "custom",
    "smtp_host": "mail.example.com",
    "smtp_port": "587",
    "security": "starttls",
    "email": "office@example.com",
    "from_name": "Northside Roofing",
    "password": CANARY,
    "imap_port": "993",
    "scope": "all_emails",
    "if_failing": "hold",
    "per_hour": "50",
}


def set_up(person: Person, slot: str = "account", **changes: str) -> Sender:
    """Set a sender up through the form, and give it back."""
    answer = person.client.post(f"/settings/mail/new?slot={slot}", data={**FILLED, **changes})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    public_id = answer.location.rpartition("/")[2]
    return db.session().scalars(select(Sender).where(Sender.public_id == public_id)).one()


def address(sender: Sender, verb: str = "") -> str:
    return f"/settings/mail/{sender.public_id}{verb}"


def text_of(person: Person, path: str) -> str:
    answer = person.client.get(path)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def test_an_account_without_a_sender_is_shown_the_way_to_one_and_where_mail_goes(
    alice: Person,
) -> None:
    page = text_of(alice, "/settings/mail")
    assert "Mail from your own address" in page
    assert "/settings/mail/new?slot=account" in page
    assert "reaches nobody" in page


def test_a_sender_is_stored_with_its_password_sealed(alice: Person, settings: Settings) -> None:
    sender = set_up(alice)

    assert (sender.slot, sender.account_id) == ("account", alice.account.id)
    assert (sender.smtp_host, sender.smtp_port, sender.security) == (
        "mail.example.com",
        587,
        "starttls",
    )
    assert (sender.state, sender.enabled, sender.scope) == ("untested", True, "all_emails")
    assert sender.limits["windows"] == [{"count": 50, "seconds": 3600}]
    assert CANARY not in sender.secret_sealed
    opened = Vault(settings.secret_keys).open(sender.secret_sealed, place=sender.secret_place)
    assert opened == CANARY


def test_the_same_place_is_set_up_once(alice: Person) -> None:
    sender = set_up(alice)
    again = alice.client.post("/settings/mail/new?slot=account", data=FILLED)
    assert again.status_code == 409
    assert "somebody else was faster" in again.get_data(as_text=True)
    assert alice.client.get("/settings/mail/new?slot=account").location == address(sender)


def test_the_password_is_never_given_back(alice: Person, app: Flask) -> None:
    sender = set_up(alice)
    wrong = {**FILLED, "smtp_port": "99999"}
    pages = [
        alice.client.get(address(sender)),
        alice.client.get("/settings/mail"),
        alice.client.get(address(sender, "/remove")),
        alice.client.post(address(sender), data=wrong),
        alice.client.post("/settings/mail/new?slot=marketing", data=wrong),
        alice.client.post(address(sender), data={**FILLED, "use_preset": "1"}),
        alice.client.post(address(sender, "/check"), data={**wrong, "check": "login"}),
        alice.client.get("/deliveries"),
    ]
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            pages.append(alice.client.get(rule.rule))
    assert len(pages) > 20
    for answer in pages:
        assert CANARY not in answer.get_data(as_text=True), answer.request.path


def test_a_blank_password_keeps_the_stored_one(alice: Person, settings: Settings) -> None:
    sender = set_up(alice)
    answer = alice.client.post(address(sender), data={**FILLED, "password": "", "per_day": "9"})
    assert answer.status_code == 303
    assert "set</span>" in text_of(alice, address(sender))
    opened = Vault(settings.secret_keys).open(sender.secret_sealed, place=sender.secret_place)
    assert opened == CANARY
    assert sender.limits["windows"][-1] == {"count": 9, "seconds": 86_400}


@pytest.mark.parametrize(
    "change",
    [
        {"smtp_host": "mail.example.net"},
        {"smtp_port": "2525"},
        {"user_name": "somebody"},
        {"email": "other@example.com"},
        {"imap_enabled": "y", "imap_host": "imap.example.net"},
    ],
)
def test_another_server_or_user_asks_for_the_password_again(
    alice: Person, change: dict[str, str]
) -> None:
    sender = set_up(alice)
    before = (sender.smtp_host, sender.smtp_port, sender.user_name, sender.secret_sealed)

    answer = alice.client.post(address(sender), data={**FILLED, "password": "", **change})

    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "please type the password again" in page
    assert next(iter(change.values())) in page
    assert (sender.smtp_host, sender.smtp_port, sender.user_name, sender.secret_sealed) == before
    assert "Needed again" in page
    again = alice.client.post(address(sender), data={**FILLED, "password": "new", **change})
    assert again.status_code == 303


def test_a_sealed_password_in_another_row_opens_nothing(
    alice: Person, charlie: Person, settings: Settings
) -> None:
    hers, his = set_up(alice), set_up(charlie)
    with pytest.raises(CannotOpen):
        Vault(settings.secret_keys).open(hers.secret_sealed, place=his.secret_place)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"preset": "nonsense"}, "choose a provider"),
        ({"smtp_host": ""}, "enter the name of the server"),
        ({"smtp_host": "https://mail.example.com"}, "Only the name of the server"),
        ({"smtp_host": "mail.example.com:587"}, "the port has a field of its own"),
        ({"smtp_host": "not a host"}, "no name of a server"),
        ({"smtp_host": "-bad-.example.com"}, "no name of a server"),
        ({"smtp_port": ""}, "A port is a number"),
        ({"smtp_port": "seven"}, "A port is a number"),
        ({"smtp_port": "0"}, "A port is a number"),
        ({"smtp_port": "6379"}, "Port 6379 is not allowed"),
        ({"security": "opportunistic"}, "choose one of these"),
        ({"security": "none"}, "can be read on the way"),
        ({"email": ""}, "enter the address"),
        ({"email": "a@example.com, b@example.com"}, "valid email address"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "valid email address"),
        ({"from_name": "x" * 121}, "at most 120"),
        ({"password": "", "user_name": "me"}, "enter the password"),
        ({"password": "a\x00b"}, "no password has"),
        ({"imap_enabled": "y", "imap_host": ""}, "enter the name of the server"),
        (
            {"imap_enabled": "y", "imap_host": "imap.example.com", "imap_port": "22"},
            "Use 143 or 993",
        ),
        ({"scope": "everything"}, "choose one of these"),
        ({"if_failing": "shout"}, "choose one of these"),
        ({"per_hour": "0"}, "from 1 to 1,000,000"),
        ({"per_day": "many"}, "from 1 to 1,000,000"),
        ({"sign_in": "google"}, "its own mail server only"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field_and_what_was_typed_stays(
    alice: Person, change: dict[str, str], words: str
) -> None:
    answer = alice.client.post(
        "/settings/mail/new?slot=account", data={**FILLED, "from_name": "Kept as typed", **change}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in page
    name = next(iter(change)) if "password" not in change else "password"
    fields = {"imap_enabled": "imap_host", "security": "security"}
    shown = [f'id="{each}-error"' for each in (name, fields.get(name, name), "imap_port")]
    shown.append('id="accepts_clear_text-error"')
    assert any(each in page for each in shown)
    if "from_name" not in change:
        assert "Kept as typed" in page
    assert db.session().scalar(select(Sender)) is None


def test_all_faults_are_said_at_once(alice: Person) -> None:
    wrong = {**FILLED, "smtp_host": "", "email": "nobody", "per_day": "-1"}
    page = alice.client.post("/settings/mail/new", data=wrong).get_data(as_text=True)
    for field in ("smtp_host", "email", "per_day"):
        assert f'id="{field}-error"' in page
    assert page.count("autofocus") == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.7", "[::1]", "0177.0.0.1"])
def test_a_private_host_is_refused_when_it_is_saved(alice: Person, host: str) -> None:
    answer = alice.client.post("/settings/mail/new", data={**FILLED, "smtp_host": host})
    assert answer.status_code == 422
    assert "private or local network" in answer.get_data(as_text=True)
    assert db.session().scalar(select(Sender)) is None


def test_without_encryption_only_with_a_tick(alice: Person) -> None:
    sender = set_up(alice, security="none", accepts_clear_text="y", smtp_port="25")
    assert sender.security == "none"


def test_a_preset_fills_the_form_without_a_script(alice: Person) -> None:
    page = alice.client.post(
        "/settings/mail/new?slot=account",
        data={**FILLED, "preset": "gmail", "use_preset": "1", "smtp_port": "x"},
    ).get_data(as_text=True)
    assert 'value="smtp.gmail.com"' in page
    assert 'value="imap.gmail.com"' in page
    assert 'value="587"' in page
    assert "two-step verification" in page
    assert db.session().scalar(select(Sender)) is None


def test_microsofts_end_of_passwords_is_said(alice: Person) -> None:
    page = text_of(alice, "/settings/mail/new?slot=account&preset=microsoft365")
    assert "end of 2026" in page


def test_the_other_rules_of_a_provider_are_kept(alice: Person) -> None:
    sender = set_up(alice, preset="1and1", smtp_host="smtp.example.com", per_hour="", per_day="200")
    assert {"count": 1, "seconds": 60} in sender.limits["windows"]
    assert {"count": 200, "seconds": 86_400} in sender.limits["windows"]
    assert sender.limits["pause_seconds"] == 10
    assert "10 seconds between two mails" in text_of(alice, address(sender))


def test_the_spaces_of_a_pasted_app_password_go(alice: Person, settings: Settings) -> None:
    sender = set_up(
        alice, preset="gmail", smtp_host="smtp.gmail.com", password=" abcd efgh ijkl mnop"
    )
    opened = Vault(settings.secret_keys).open(sender.secret_sealed, place=sender.secret_place)
    assert opened == "abcdefghijklmnop"


def test_the_address_becomes_the_companys_when_that_is_ticked(alice: Person) -> None:
    set_up(alice)
    assert alice.account.company_email == ""
    set_up(alice, "marketing", updates_company_email="y", email="info@example.com")
    assert alice.account.company_email == "info@example.com"


def test_a_users_own_sender_leaves_the_companys_address_alone(bob: Person) -> None:
    sender = set_up(bob, "mine", updates_company_email="y", email="bob@example.com")
    assert bob.account.company_email == ""

    changed = {**FILLED, "updates_company_email": "y", "email": "bob@example.com"}
    assert bob.client.post(address(sender), data=changed).status_code == 303
    assert bob.account.company_email == ""


@pytest.mark.both_databases
def test_what_waits_goes_to_a_new_sender_and_back_when_it_is_off_or_removed(
    alice: Person,
) -> None:
    mail = factories.delivery(alice.account, kind="notify_user")
    plan_mail = factories.delivery(alice.account, kind="email")
    sender = set_up(alice)
    assert mail.sender_id == plan_mail.sender_id == sender.id

    alice.client.post(address(sender, "/off"))
    assert not sender.enabled
    assert mail.sender_id == 0
    alice.client.post(address(sender, "/on"))
    assert mail.sender_id == sender.id
    marketing = set_up(alice, "marketing", email="news@example.com")
    assert plan_mail.sender_id == marketing.id
    assert "1 that waits for it too" in text_of(alice, address(sender, "/remove"))
    alice.client.post(address(sender, "/remove"))
    assert mail.sender_id == 0
    assert db.session().scalars(select(Sender.email)).all() == ["news@example.com"]


@pytest.mark.both_databases
def test_saving_lets_a_failing_sender_try_at_once(alice: Person) -> None:
    sender = set_up(alice)
    factories.store(
        SenderHealth(
            sender_id=sender.id,
            refusals=3,
            problem="535 5.7.8 wrong password",
            failing_since=clock_module.now() - timedelta(hours=2),
            paused_until=clock_module.now() + timedelta(hours=1),
        )
    )
    held = factories.delivery(
        alice.account,
        kind="notify_user",
        state="held",
        sender_id=sender.id,
        due_at=clock_module.now() + timedelta(hours=1),
    )
    page = text_of(alice, "/settings/mail")
    assert "535 5.7.8 wrong password" in page
    assert "Failing" in page
    assert "1 mail waits" in page

    alice.client.post(address(sender), data={**FILLED, "password": "the right one"})

    assert held.state == "pending"
    assert "wrong password" not in text_of(alice, "/settings/mail")


def test_the_use_of_limits_is_shown_with_a_warning_from_four_fifths_on(alice: Person) -> None:
    sender = set_up(alice, per_hour="5", per_day="100")
    for _ in range(4):
        sent = factories.delivery(alice.account, state="delivered", sender_id=sender.id)
        factories.attempt(sent, sender_id=sender.id, outcome="delivered")
    page = text_of(alice, "/settings/mail")
    assert "4 of 5 in the last hour" in page
    assert "4 of 100 in the last 24 hours" in page
    assert page.count("nearly full") == 1
    together = "Same mailbox as the "

    set_up(alice, "marketing", per_hour="5", per_day="100")
    page = text_of(alice, "/settings/mail")
    assert (page.count("4 of 5 in the last hour"), page.count(together)) == (2, 2)


def test_a_user_has_a_sender_of_their_own_and_sees_no_other(alice: Person, bob: Person) -> None:
    hers = set_up(alice)
    his = set_up(bob, "mine", email="bob@example.com")
    assert (his.slot, his.user_id) == (f"user:{bob.user.public_id}", bob.user.id)

    page = text_of(bob, "/settings/mail")
    assert "bob@example.com" in page
    assert "office@example.com" not in page
    assert "HOSTEDPAGES" not in page
    for verb in ("", "/remove"):
        assert bob.client.get(address(hers, verb)).status_code == 403
    for verb in ("", "/on", "/off", "/remove", "/check"):
        data = {**FILLED, "check": "server"}
        assert bob.client.post(address(hers, verb), data=data).status_code == 403
    for slot in ("account", "marketing"):
        assert bob.client.get(f"/settings/mail/new?slot={slot}").status_code == 403
    assert "Bob Brown’s sender" in text_of(alice, "/settings/mail")
    assert alice.client.get(address(his)).status_code == 200


def test_nobody_sends_in_the_name_of_an_archived_user(alice: Person, bob: Person) -> None:
    his = set_up(bob, "mine", email="bob@example.com")
    payload = {"subject": "Hello", "text": "Thank you.", "send_as": bob.user.public_id}
    mail = factories.delivery(alice.account, payload=payload, sender_id=his.id)

    alice.client.post(f"/settings/users/{bob.user.public_id}/archive")

    assert not his.enabled
    assert mail.sender_id == 0


def test_to_a_stranger_no_sender_exists(alice: Person, charlie: Person) -> None:
    hers = set_up(alice)
    assert "office@example.com" not in text_of(charlie, "/settings/mail")
    for verb in ("", "/on", "/off", "/remove", "/check"):
        data: dict[str, Any] = {**FILLED, "check": "login"}
        assert charlie.client.post(address(hers, verb), data=data).status_code == 404
    assert hers.enabled


def test_a_salesperson_may_have_a_sender_too(app: Flask, alice: Person) -> None:
    user = factories.user(alice.account, role="salesperson", name="Sam")
    sam = people.signed_in(app, user)
    assert set_up(sam, "mine", email="sam@example.com").user_id == user.id


def test_a_slot_that_does_not_exist_is_not_there(alice: Person) -> None:
    assert alice.client.get("/settings/mail/new?slot=user:1").status_code == 404


def test_the_database_holds_no_password(alice: Person, unit: Session, settings: Settings) -> None:
    set_up(alice)
    unit.rollback()
    dump = b"".join(
        file.read_bytes() for file in settings.data_dir.glob("*.sqlite3*") if file.is_file()
    )
    assert b"office@example.com" in dump
    assert CANARY.encode() not in dump
