"""Hashing and the rule for new passwords."""

import pytest

from hostedpages.accounts import passwords
from hostedpages.errors import Refused

GOOD = "four quiet green words"


def test_a_password_fits_its_hash_and_no_other_does() -> None:
    password_hash = passwords.hash_password(GOOD)

    assert passwords.is_right(GOOD, password_hash)
    assert not passwords.is_right(GOOD + " ", password_hash)


def test_the_same_password_hashes_differently_each_time() -> None:
    assert passwords.hash_password(GOOD) != passwords.hash_password(GOOD)


def test_the_hash_says_its_costs() -> None:
    assert passwords.hash_password(GOOD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_nobodys_hash_costs_as_much_as_a_real_one_and_lets_nobody_in() -> None:
    assert not passwords.is_outdated(passwords.NOBODYS_HASH)
    assert not passwords.is_right(GOOD, None)


def test_a_hash_of_other_costs_is_outdated() -> None:
    assert passwords.is_outdated("$argon2id$v=19$m=8192,t=1,p=1$c2FsdA$aGFzaA")


def test_composed_and_decomposed_letters_are_one_password() -> None:
    password_hash = passwords.hash_password("caf\u00e9 in the morning")

    assert passwords.is_right("cafe\u0301 in the morning", password_hash)


def test_a_very_long_or_broken_password_is_simply_wrong() -> None:
    password_hash = passwords.hash_password(GOOD)

    for wrong in ("x" * 1_000_000, "\ud800" * 20, "", "\0" * 12):
        assert not passwords.is_right(wrong, password_hash)


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "elevenchars",
        "x" * 257,
        "aaaaaaaaaaaa",
        "password1234",
        "PassWord1234",
        "jane@example.org",
        "jane.exampleorg",
        "janejanejane",
        "jane20262026",
        "2026NorthsideRoofing1",
        "Northside Roofing",
    ],
)
def test_a_weak_password_is_refused_with_its_field(weak: str) -> None:
    with pytest.raises(Refused) as refused:
        passwords.check_strength(
            weak, own_words=["jane@example.org", "Jane", "Northside Roofing", ""]
        )

    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "good",
    [
        GOOD,
        "!@#$%^&*()_+",
        "northside has many fine roofs",
        "пароль из слов",
        "密码密码很长的一句话吧哈",
    ],
)
def test_length_is_enough(good: str) -> None:
    passwords.check_strength(good, own_words=["jane@example.org", "Jane", "Northside Roofing"])
