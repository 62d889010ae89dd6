"""Turning a sender off, or removing it, asks first where its mail would reach nobody."""

import pytest

from hostedpages.builder.senders import page
from hostedpages.config import Settings
from tests import factories
from tests.builder.test_senders import address, text_of
from tests.people import Person

NOBODY = "Notifications of new leads would only be written to a folder and reach nobody"


def test_turning_off_the_only_way_of_lead_mail_asks_first(alice: Person) -> None:
    sender = factories.sender(alice.account)

    assert f'href="{address(sender, "/off")}"' in text_of(alice, "/settings/mail")
    assert f'href="{address(sender, "/off")}"' in text_of(alice, address(sender))
    asked = text_of(alice, address(sender, "/off"))
    assert NOBODY in asked
    assert f'action="{address(sender, "/off")}"' in asked
    assert sender.enabled
    assert NOBODY in text_of(alice, address(sender, "/remove"))
    alice.client.post(address(sender, "/off"))
    assert not sender.enabled


def test_turning_off_asks_nothing_where_mail_leaves_another_way(alice: Person) -> None:
    factories.sender(alice.account, scope="all_emails")
    marketing = factories.sender(alice.account, slot="marketing", email="news@example.com")

    assert f'action="{address(marketing, "/off")}"' in text_of(alice, "/settings/mail")
    assert "reach nobody" not in text_of(alice, address(marketing, "/remove"))


def test_mail_of_plans_alone_is_named_where_no_other_sender_takes_it(alice: Person) -> None:
    marketing = factories.sender(alice.account, slot="marketing", email="news@example.com")

    asked = text_of(alice, address(marketing, "/off"))
    assert "Mail of action plans would only be written to a folder and reach nobody" in asked


def test_the_list_says_where_notifications_go_without_a_sender_of_their_own(alice: Person) -> None:
    factories.sender(alice.account, enabled=False)
    factories.sender(alice.account, slot="marketing", email="news@example.com")
    rest = "Notifications of new leads leave through the Hosted Pages server."
    assert rest in text_of(alice, "/settings/mail")


def test_nothing_is_asked_where_hosted_pages_has_a_mail_server(
    alice: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_server = settings.model_copy(update={"smtp_url": "smtp://mail.example.com:587"})
    monkeypatch.setattr(page, "settings", lambda: with_server)
    sender = factories.sender(alice.account)
    assert f'action="{address(sender, "/off")}"' in text_of(alice, "/settings/mail")
