"""Where a token of Google or Microsoft may be sent: it opens the whole mailbox."""

import pytest
from sqlalchemy import select

from hostedpages import db
from hostedpages.models import Sender
from tests.builder.test_senders import FILLED, set_up
from tests.people import Person


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"smtp_host": "mail.evil.example"}, "This is no server of Google"),
        ({"imap_enabled": "y", "imap_host": "imap.evil.example"}, "This is no server of Google"),
        ({"security": "none", "accepts_clear_text": "y"}, "talked to with encryption only"),
    ],
)
def test_a_providers_token_is_for_its_own_servers_only(
    alice: Person, changes: dict[str, str], wrong: str
) -> None:
    google = {"preset": "gmail", "sign_in": "google", "smtp_host": "smtp.gmail.com", "password": ""}

    answer = alice.client.post(
        "/settings/mail/new?slot=account", data={**FILLED, **google, **changes}
    )

    assert answer.status_code == 422
    assert wrong in answer.get_data(as_text=True)
    assert db.session().scalars(select(Sender)).all() == []
    sender = set_up(alice, **google)
    assert (sender.sign_in, sender.enabled) == ("google", False)
