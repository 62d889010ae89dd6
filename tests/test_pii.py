"""Masks for visitors, redaction for logs."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hostedpages.pii import mask, redact


@pytest.mark.parametrize(
    ("kind", "value", "hint"),
    [
        ("email", "jane@example.com", "j***@e***.com"),
        ("email", "j@mail.example.co.uk", "j***@m***.uk"),
        ("phone", "+15550100123", "***-***-0123"),
        ("phone", "911", "***"),
        ("name", "Dorothy", "D."),
        ("name", "", ""),
        ("email", " \t\n ", ""),
        ("text", "12 High Street", "***"),
    ],
)
def test_a_mask_is_a_hint_for_its_owner(kind: str, value: str, hint: str) -> None:
    assert mask(kind, value) == hint


# A letter and a dot may be all of a short name, and asterisks are what a mask is made of.
VALUES = st.text(st.characters(exclude_characters="*"), min_size=6, max_size=60)


@given(st.sampled_from(["email", "phone", "name", "text"]), VALUES)
def test_a_mask_never_holds_the_value(kind: str, value: str) -> None:
    assume(len(value.strip()) >= 6)
    assert value.strip() not in mask(kind, value)


def test_logs_keep_neither_addresses_nor_phone_numbers() -> None:
    line = "from jane.doe+x@example.com tel (555) 010-0123 or +1 555 010 0123, delivery 42"
    assert redact(line) == "from [email] tel ([number] or [number], delivery 42"
