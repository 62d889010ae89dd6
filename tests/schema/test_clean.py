"""Cleaners: right for what people type, refusing for what machines accept by accident."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostedpages.schema import clean
from tests.schema.samples import refusal

CLEANERS: list[Callable[[str], str]] = [
    clean.email, clean.phone, clean.decimal, clean.iso_date, clean.iso_time,
    clean.state, clean.country, clean.postal_code,
]  # fmt: skip
EACH = pytest.mark.parametrize("cleaner", CLEANERS, ids=lambda each: each.__name__)


@EACH
@given(text=st.text(max_size=60))
def test_a_cleaner_takes_text_or_refuses_it_in_words(
    cleaner: Callable[[str], str], text: str
) -> None:
    refused = refusal(cleaner, text)
    if refused:
        assert refused.startswith("Please ")
    else:
        assert cleaner(cleaner(text)) == cleaner(text)


@EACH
@pytest.mark.parametrize("piece", ["1", "a", "@", ".", "-", "(", " ", ",", "a@", "1,", "\u0301"])
def test_long_text_is_refused(cleaner: Callable[[str], str], piece: str) -> None:
    with pytest.raises(ValueError, match="Please"):
        cleaner(piece * 100_000)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("$10,000.50", "10000.50"), ("-$5", "-5"), ("$-5", "-5"), ("+3", "3"), ("0.10", "0.10"),
        ("\u22125", "-5"), ("1,234,567", "1234567"), ("000", "0"), ("-0.00", "0.00"), ("5.", "5"),
        ("999999999999999", "999999999999999"),
    ],
)  # fmt: skip
def test_numbers_become_plain_decimals(typed: str, number: str) -> None:
    assert clean.decimal(typed) == number


@pytest.mark.parametrize(
    "typed", ["1,00", "1,2345", "1.2.3", "12,34", "1 000", "$", "$$5", "0x1f", "1e5", "∞", "½", "٣"]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="number"):
        clean.decimal(typed)


def test_a_full_name_is_split_at_the_first_space() -> None:
    assert clean.split_name("  Ada  King Lovelace ") == ("Ada", "King Lovelace")
    assert clean.split_name("Cher") == ("Cher", "")
    assert clean.split_name("") == ("", "")


def test_addresses_of_one_mailbox_have_one_key() -> None:
    assert clean.email_key(" Ada@Example.ORG ") == "ada@example.org"
    assert clean.email_key("a@BÜCHER.example") == clean.email_key("a@xn--bcher-kva.example")
    assert clean.email_key("") == ""
    assert clean.email_key("a" * 5_000) == ""


def test_an_address_is_kept_as_typed_but_for_what_nobody_sees() -> None:
    assert clean.email(" Ada.L@Example.ORG ") == "Ada.L@Example.ORG"
    assert clean.email("ada\u200b@example.org\ufeff") == "ada@example.org"


def test_phone_numbers_read_as_people_write_them() -> None:
    assert clean.phone_text("+18015550123") == "(801) 555-0123"
    assert clean.phone_text("+442079460958") == "+44 20 7946 0958"
    assert clean.phone_text("call me") == "call me"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("12 AM", "00:00"), ("12:15 p.m.", "12:15"), ("9am", "09:00"), ("23:59:59.123", "23:59")],
)
def test_times_are_stored_on_a_24_hour_clock(typed: str, stored: str) -> None:
    assert clean.iso_time(typed) == stored
