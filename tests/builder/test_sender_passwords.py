"""A password that was typed never gets lost in silence, and one that is stored never wanders."""

import re

import pytest

from hostedpages import db
from hostedpages.config import Settings
from hostedpages.models import Sender
from hostedpages.vault import Vault
from tests.builder.test_senders import CANARY, FILLED, address, set_up
from tests.people import Person

NEW = "/settings/mail/new?slot=account"
EMPTY = {**FILLED, "password": ""}


def marker(page: str) -> str:
    """What the page holds about a password that it did not keep."""
    found = re.search(r'<input[^>]*name="password_was_typed"[^>]*>', page)
    assert found
    value = re.search(r'value="([^"]*)"', found[0])
    return value[1] if value else ""


def opened(sender: Sender, settings: Settings) -> str:
    return Vault(settings.secret_keys).open(sender.secret_sealed, place=sender.secret_place)


def test_a_password_that_a_refused_page_lost_is_asked_for_again(
    alice: Person, settings: Settings
) -> None:
    refused = alice.client.post(NEW, data={**FILLED, "smtp_host": "not a host"})
    page = refused.get_data(as_text=True)
    assert CANARY not in page
    assert marker(page) == "1"

    again = alice.client.post(NEW, data={**EMPTY, "password_was_typed": "1"})
    assert again.status_code == 422
    assert "Please type the password again" in again.get_data(as_text=True)
    assert marker(again.get_data(as_text=True)) == "1"
    assert db.session().query(Sender).count() == 0

    assert opened(set_up(alice, password_was_typed="1"), settings) == CANARY


def test_a_page_that_a_preset_filled_remembers_that_a_password_was_typed(alice: Person) -> None:
    page = alice.client.post(NEW, data={**FILLED, "preset": "gmail", "use_preset": "1"})
    assert marker(page.get_data(as_text=True)) == "1"
    assert marker(alice.client.get(NEW).get_data(as_text=True)) == ""


def test_nothing_typed_and_nothing_said_asks_once_whether_there_is_a_password(
    alice: Person,
) -> None:
    answer = alice.client.post(NEW, data=EMPTY)
    assert answer.status_code == 422
    assert "or tick “This server asks for no password”" in answer.get_data(as_text=True)

    sender = set_up(alice, password="", asks_no_password="y")
    assert sender.secret_sealed == ""
    page = alice.client.get(address(sender)).get_data(as_text=True)
    assert re.search(r"<input[^>]*checked[^>]*asks_no_password", page)


@pytest.mark.parametrize("change", [{"preset": "gmail"}, {"user_name": "office"}])
def test_the_tick_does_not_replace_a_password_that_is_needed(
    alice: Person, change: dict[str, str]
) -> None:
    answer = alice.client.post(NEW, data={**EMPTY, "asks_no_password": "y", **change})
    assert answer.status_code == 422
    assert "Please enter the password." in answer.get_data(as_text=True)


def test_a_new_password_that_a_page_lost_is_asked_for_once_before_the_old_one_stays(
    alice: Person, settings: Settings
) -> None:
    sender = set_up(alice)
    wrong = {**FILLED, "password": "another one", "smtp_port": "99999"}
    assert marker(alice.client.post(address(sender), data=wrong).get_data(as_text=True)) == "1"

    lost = alice.client.post(address(sender), data={**EMPTY, "password_was_typed": "1"})
    assert lost.status_code == 422
    assert "keep the one that was stored before" in lost.get_data(as_text=True)
    assert marker(lost.get_data(as_text=True)) == ""
    assert alice.client.post(address(sender), data=EMPTY).status_code == 303
    assert opened(sender, settings) == CANARY


def test_a_server_that_asks_for_no_password_any_more_makes_us_forget_it(alice: Person) -> None:
    sender = set_up(alice)
    data = {**EMPTY, "smtp_host": "relay.example.net", "asks_no_password": "y"}
    assert alice.client.post(address(sender), data=data).status_code == 303
    assert sender.secret_sealed == ""


def test_the_inbox_of_the_same_server_needs_no_password_again(
    alice: Person, settings: Settings
) -> None:
    sender = set_up(alice)
    inbox = {"imap_enabled": "y", "imap_host": "mail.example.com"}

    assert alice.client.post(address(sender), data={**EMPTY, **inbox}).status_code == 303
    assert sender.imap_enabled
    assert opened(sender, settings) == CANARY


@pytest.mark.parametrize(
    "change",
    [
        {"imap_host": "imap.example.net"},
        {"imap_host": "mail.example.com", "imap_port": "143"},
        {"imap_host": "mail.example.com", "smtp_host": "mail.example.net"},
        {"imap_host": "imap.gmail.com", "preset": "gmail"},
    ],
)
def test_an_inbox_anywhere_else_needs_it(alice: Person, change: dict[str, str]) -> None:
    sender = set_up(alice)
    answer = alice.client.post(address(sender), data={**EMPTY, "imap_enabled": "y", **change})
    assert answer.status_code == 422
    assert "never hand a stored password" in answer.get_data(as_text=True)
