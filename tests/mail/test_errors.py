"""Each answer of a mail server has the consequences that the table of outcomes names."""

from datetime import timedelta

import pytest

from hostedpages.mail.errors import RECIPIENT, SENDER, SIGN_IN, Reply, clean_reply, from_reply

MESSAGE = "the message"
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
# Answers in the shape of the main providers' own.
TABLE = [
    (421, "4.3.2 Service shutting down", SENDER, "busy"),
    (421, "4.7.0 Try again later, closing connection.", MESSAGE, "busy"),
    (451, "4.7.0 Temporary server error. Please try again later.", SENDER, "busy"),
    (450, "4.3.2 System not accepting network messages", RECIPIENT, "busy"),
    (450, "4.7.0 Greylisted, come back in 300 seconds", RECIPIENT, "later"),
    (421, "4.4.2 Idle time-out exceeded", MESSAGE, "busy"),
    (432, "4.3.2 Concurrent connections limit exceeded", MESSAGE, "concurrency"),
    (421, "4.3.2 maximum number of concurrent server connections exceeded", SENDER, "concurrency"),
    (421, "Too many connections from your host", SENDER, "concurrency"),
    (454, "4.7.0 Temporary authentication failure", SIGN_IN, "busy"),
    (454, "4.7.0 Too many login attempts, please try again later", SIGN_IN, "busy"),
    (421, "4.7.0 Cannot authenticate due to a temporary system problem", SIGN_IN, "busy"),
    (534, "5.7.9 Application-specific password required", SIGN_IN, "authentication"),
    (534, "5.7.14 Please log in with your web browser", SIGN_IN, "authentication"),
    (535, "5.7.8 Username and Password not accepted", SIGN_IN, "authentication"),
    (535, "5.7.3 Authentication unsuccessful", SIGN_IN, "authentication"),
    (535, "5.7.139 SmtpClientAuthentication is disabled", SIGN_IN, "authentication"),
    (535, "5.7.0 Too many bad auth attempts", SIGN_IN, "authentication"),
    (538, "5.7.11 Encryption required", SIGN_IN, "authentication"),
    (550, "account is locked", SIGN_IN, "authentication"),
    (535, "5.7.8 no", SENDER, "authentication"),
    (554, "5.7.9 Message not accepted for policy reasons", MESSAGE, "policy"),
    (530, "5.7.0 Must issue a STARTTLS command first", SENDER, "configuration"),
    (530, "5.7.57 Client was not authenticated to send mail", SENDER, "configuration"),
    (554, "5.7.1 <ann@example.org>: Relay access denied", RECIPIENT, "configuration"),
    (550, "5.7.54 Unable to relay recipient in non-accepted domain", RECIPIENT, "configuration"),
    (503, "5.5.1 Authentication required", SENDER, "configuration"),
    (553, "sorry, not in my list of allowed rcpthosts", RECIPIENT, "configuration"),
    (450, "4.2.0 busy", RECIPIENT, "later"),
    (450, "4.2.1 receiving mail at a rate that prevents more", RECIPIENT, "later"),
    (451, "4.4.1 no answer from host", MESSAGE, "later"),
    (451, "come back later", RECIPIENT, "later"),
    (452, "4.5.3 Too many recipients", RECIPIENT, "connection_limit"),
    (550, "5.4.5 Daily user sending limit exceeded", MESSAGE, "quota"),
    (550, "5.1.90 You have reached your daily limit for recipients", RECIPIENT, "quota"),
    (554, "5.2.0 STOREDRV.Submission; SubmissionQuotaExceededException", MESSAGE, "quota"),
    (550, "5.7.705 Access denied, tenant has exceeded threshold", SENDER, "quota"),
    (550, "User has sent too many messages today", RECIPIENT, "quota"),
    (454, "Throttling failure: Daily message quota exceeded", MESSAGE, "quota"),
    (452, "4.3.1 Hourly sending limit reached", RECIPIENT, "quota"),
    (450, "4.7.1 Sending rate exceeded", RECIPIENT, "quota"),
    (550, "5.4.6 Unusual sending activity detected", MESSAGE, "quota"),
    (550, "5.1.1 No such user", RECIPIENT, "no_such_address"),
    (550, "5.1.2 Bad destination host", RECIPIENT, "no_such_address"),
    (553, "5.1.3 Bad address syntax", RECIPIENT, "no_such_address"),
    (551, "5.1.6 Has moved", RECIPIENT, "no_such_address"),
    (556, "5.1.10 Recipient domain takes no mail", RECIPIENT, "no_such_address"),
    (550, "5.2.1 The account is disabled", RECIPIENT, "no_such_address"),
    (452, "4.2.2 The mailbox is out of storage", RECIPIENT, "mailbox_full"),
    (552, "5.2.2 Over quota", RECIPIENT, "mailbox_full"),
    (552, "exceeded storage allocation", MESSAGE, "mailbox_full"),
    (554, "Mailbox full", RECIPIENT, "mailbox_full"),
    (552, "5.3.4 Message size exceeds the limit", SENDER, "too_big"),
    (552, "5.2.3 Your message exceeded the size limits", MESSAGE, "too_big"),
    (552, "message exceeds fixed maximum", SENDER, "too_big"),
    (550, "Message size exceeds limit", SENDER, "too_big"),
    (554, "5.7.1 The mail is too large", MESSAGE, "too_big"),
    (550, "5.7.1 Rejected by policy", MESSAGE, "policy"),
    (550, "5.7.26 Sender is not authenticated; SPF and DKIM did not pass", MESSAGE, "policy"),
    (550, "5.7.515 Domain does not meet the required authentication level", MESSAGE, "policy"),
    (554, "5.7.1 SPF: sender not permitted", RECIPIENT, "policy"),
    (554, "5.7.1 Client host blocked using a list", RECIPIENT, "policy"),
    (553, "we do not know you", SENDER, "sender_refused"),
    (553, "5.7.1 Sender address rejected: not owned by user ann", RECIPIENT, "sender_refused"),
    (550, "5.1.8 Access denied, bad outbound sender", SENDER, "sender_refused"),
    (550, "5.7.60 Client has no permission to send as this sender", MESSAGE, "sender_refused"),
    (554, "5.2.252 SendAsDenied", MESSAGE, "sender_refused"),
    (500, "5.5.2 syntax", SENDER, "protocol"),
    (501, "bad argument", SENDER, "protocol"),
    (502, "not implemented", SENDER, "protocol"),
    (503, "bad sequence", MESSAGE, "protocol"),
    (504, "no such parameter", SENDER, "protocol"),
    (555, "parameters not recognized", SENDER, "protocol"),
    (252, "perhaps", RECIPIENT, "protocol"),
    (354, "go on", SENDER, "protocol"),
    (554, "5.6.0 content", MESSAGE, "refused"),
    (554, "5.4.14 Hop count exceeded, possible mail loop", MESSAGE, "refused"),
    (500, "5.5.6 Line length limit exceeded", MESSAGE, "protocol"),
]


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
