"""Choosing a provider without a script: what another one filled in goes, what was typed stays."""

import pytest

from tests.builder.test_senders import FILLED
from tests.people import Person

NEW = "/settings/mail/new?slot=account"
GMAIL = {"smtp_host": "smtp.gmail.com", "imap_host": "imap.gmail.com", "per_day": "100"}


@pytest.mark.parametrize("preset", ["exchange", "custom"])
def test_a_provider_without_a_server_keeps_nothing_of_another(alice: Person, preset: str) -> None:
    data = {**FILLED, **GMAIL, "per_hour": "7", "preset": preset, "use_preset": "1"}
    page = alice.client.post(NEW, data=data).get_data(as_text=True)
    assert 'value="smtp.gmail.com"' not in page
    assert 'value="imap.gmail.com"' not in page
    assert 'value="100"' not in page
    assert 'value="7"' in page


def test_a_server_that_was_typed_stays(alice: Person) -> None:
    data = {**FILLED, "preset": "exchange", "use_preset": "1"}
    page = alice.client.post(NEW, data=data).get_data(as_text=True)
    assert 'value="mail.example.com"' in page
    assert 'value="50"' in page
