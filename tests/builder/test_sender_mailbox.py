"""Two senders of one mailbox say that they share its limit; another mailbox shares nothing."""

from tests import factories
from tests.builder.test_senders import address, set_up, text_of
from tests.people import Person

SHARED = "they use up the same limit, and the lowest number holds."


def test_two_senders_of_one_mailbox_name_each_other_on_card_and_form(alice: Person) -> None:
    account = set_up(alice, per_hour="3")
    assert SHARED not in text_of(alice, "/settings/mail")
    marketing = set_up(alice, "marketing", per_hour="10")

    page = text_of(alice, "/settings/mail")
    assert f"Same mailbox as the marketing sender (office@example.com): {SHARED}" in page
    assert f"Same mailbox as the account’s sender (office@example.com): {SHARED}" in page
    assert page.count("0 of 3 in the last hour") == 2
    assert "of 10" not in page
    for sender in (account, marketing):
        assert SHARED in text_of(alice, address(sender))


def test_a_sender_without_limits_names_the_other_of_its_mailbox_too(alice: Person) -> None:
    factories.sender(alice.account)
    factories.sender(alice.account, slot="marketing")
    page = text_of(alice, "/settings/mail")
    assert page.count(SHARED) == 2


def test_another_mailbox_shares_nothing(alice: Person) -> None:
    set_up(alice)
    set_up(alice, "marketing", email="news@example.com")
    assert SHARED not in text_of(alice, "/settings/mail")


def test_a_marketing_sender_is_promised_limits_of_its_own_only_with_its_own_mailbox(
    alice: Person,
) -> None:
    words = "Choose another mailbox than the account’s: then it uses up no limits"
    assert words in text_of(alice, "/settings/mail")
