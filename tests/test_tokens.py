"""Signed tokens: one purpose each, an age, keys that rotate."""

from datetime import timedelta
from itertools import permutations

import pytest

from hostedpages.clock import FrozenClock
from hostedpages.tokens import Tokens, random_id

PURPOSES = ("form", "known_contact", "receipt", "unsubscribe")
WEEK = timedelta(days=7)


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(["newest key, 0123456789 abcdefghij", "older key, 0123456789 abcdefghijk"])


def test_a_token_gives_back_what_was_signed(tokens: Tokens, clock: FrozenClock) -> None:
    token = tokens.sign("form", {"p": "page", "v": 3})
    payload = tokens.read("form", token, max_age=WEEK)
    assert payload == {"p": "page", "v": 3, "t": int(clock.at.timestamp())}


@pytest.mark.parametrize(("signed", "read"), list(permutations(PURPOSES, 2)))
def test_a_token_of_one_purpose_is_worthless_for_another(
    tokens: Tokens, signed: str, read: str
) -> None:
    assert tokens.read(read, tokens.sign(signed, {"p": 1}), max_age=None) is None


def test_every_changed_character_spoils_a_token(tokens: Tokens) -> None:
    token = tokens.sign("form", {"p": "page"})
    for place, letter in enumerate(token):
        changed = token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
        payload = tokens.read("form", changed, max_age=WEEK)
        # The last character of base64 holds unused bits: the same bytes are the same token.
        assert payload is None or place == len(token) - 1


@pytest.mark.parametrize(
    ("age", "is_read"),
    [
        (timedelta(seconds=-600), False),
        (timedelta(seconds=-120), True),
        (timedelta(hours=13), True),
        (WEEK - timedelta(seconds=1), True),
        (WEEK + timedelta(minutes=6), False),
        (timedelta(days=8), False),
    ],
)
def test_a_token_is_read_within_its_age_and_five_minutes_of_clock_skew(
    tokens: Tokens, clock: FrozenClock, age: timedelta, is_read: bool
) -> None:
    token = tokens.sign("form", {"p": "page"})
    clock.advance(age)
    assert (tokens.read("form", token, max_age=WEEK) is not None) is is_read


def test_after_a_rotation_the_new_key_signs_and_the_old_one_only_reads() -> None:
    old, new = "older key, 0123456789 abcdefghijk", "newest key, 0123456789 abcdefghij"
    before = Tokens([old]).sign("form", {"p": 1})
    after = Tokens([new, old]).sign("form", {"p": 1})
    assert Tokens([new, old]).read("form", before, max_age=None)
    assert Tokens([new]).read("form", after, max_age=None)
    assert Tokens([new]).read("form", before, max_age=None) is None


@pytest.mark.parametrize("junk", ["", ".", "a.b", "x" * 5000, "é.ü", "null.AAAA"])
def test_junk_is_no_token(tokens: Tokens, junk: str) -> None:
    assert tokens.read("form", junk, max_age=None) is None


def test_random_ids_have_22_url_safe_characters() -> None:
    found = {random_id() for _ in range(1000)}
    assert len(found) == 1000
    assert all(
        len(each) == 22 and each.replace("-", "").replace("_", "").isalnum() for each in found
    )
