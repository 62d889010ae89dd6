"""Each answer of a mail server has the consequences that the table of outcomes names."""

from datetime import timedelta

import pytest

from hostedpages.mail.errors import RECIPIENT, SIGN_IN, Reply, clean_reply, from_reply
from tests.mail.smtp_answers import MESSAGE, TABLE

# What follows, by kind: scope, permanent, held, suppresses.
FOLLOWS = {
    "busy": ("sender", False, False, False),
    "concurrency": ("sender", False, False, False),
    "quota": ("sender", False, True, False),
    "authentication": ("sender", False, True, False),
    "configuration": ("sender", False, True, False),
    "sender_refused": ("sender", False, True, False),
    "connection_limit": ("connection", False, False, False),
    "later": ("row", False, False, False),
    "mailbox_full": ("row", False, False, False),
    "no_such_address": ("row", True, False, True),
    "too_big": ("row", True, False, False),
    "policy": ("row", True, False, False),
    "refused": ("row", True, False, False),
    "protocol": ("row", True, False, False),
}


@pytest.mark.parametrize(("code", "text", "stage", "kind"), TABLE)
def test_an_answer_has_its_consequences(code: int, text: str, stage: str, kind: str) -> None:
    error = from_reply(Reply(code, text), stage)

    assert error.kind == kind
    assert (error.scope, error.permanent, error.held, error.suppresses) == FOLLOWS[kind]
    assert error.server == (error.scope == "sender")
    assert error.warns == (kind == "policy")
    assert not error.unknown
    assert f"{code} {text}" in error.message
    assert error.hint or not (error.held or error.warns)


@pytest.mark.parametrize("stage", [RECIPIENT, MESSAGE])
def test_a_refusal_without_a_reason_gets_one_more_try_and_stops_no_address(stage: str) -> None:
    error = from_reply(Reply(550, "no"), stage)

    assert error.kind == "refused"
    assert error.last_try_after == timedelta(minutes=10)
    assert not error.permanent
    assert not error.suppresses


def test_a_pause_is_asked_for_where_the_other_side_wants_one() -> None:
    assert from_reply(Reply(432, "4.3.2"), MESSAGE).wait == timedelta(seconds=60)
    assert from_reply(Reply(550, "5.4.5"), MESSAGE).wait == timedelta(hours=1)


@pytest.mark.parametrize(
    ("code", "text", "first"),
    [
        (535, "5.7.8 bad", "user name and the password"),
        (534, "5.7.9 app password required", "app password"),
        (535, "5.7.139 disabled", "switched off"),
        (535, "SMTP access is disabled for this user", "switched off"),
    ],
)
def test_a_refused_sign_in_says_what_to_do_in_the_right_order(
    code: int, text: str, first: str
) -> None:
    hint = from_reply(Reply(code, text), SIGN_IN).hint

    assert first in hint
    if code == 535 and "5.7.8" in text:
        order = [hint.index(word) for word in ("password", "two-step", "app password")]
        assert order == sorted(order)


def test_secrets_leave_a_servers_words_in_every_form() -> None:
    secret = "\0user\0hunter2"
    text = clean_reply("no AHVzZXIAaHVudGVyMg== and\r\nhunter2\x00 AHV=", (secret, "hunter2"))

    assert "hunter2" not in text
    assert "AHVz" not in text
    assert "\n" not in text


def test_a_sender_refused_late_is_not_called_the_recipient() -> None:
    reply = Reply(553, "5.7.1 Sender address rejected: not owned by user ann")
    error = from_reply(reply, RECIPIENT, sender="office@example.com")
    assert error.message == f"The mail server refused the sender office@example.com: {reply}"
