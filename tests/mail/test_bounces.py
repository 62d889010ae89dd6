"""Returned mail of the main providers and servers, classed; broken and hostile mail survived."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostedpages.mail import bounces, replies
from hostedpages.mail.bounces import Bounce

MAILBOX = Path(__file__).parent.parent / "mailbox"
ID = "AbCdEfGhIjKlMnOpQrStUv"  # the delivery that the messages of this folder are about


def content(name: str) -> bytes:
    return (MAILBOX / f"{name}.eml").read_bytes()


def read(name: str) -> Bounce:
    found = bounces.read(content(name))
    assert found is not None
    return found


HARD, SOFT, LATER, OURS = "dead address", "try again", "still trying", "our fault or a rule"


def meaning(found: Bounce) -> str:
    if not found.is_final:
        return LATER
    if found.kind == "hard":
        return HARD
    return SOFT if found.counts else OURS


@pytest.mark.parametrize(
    ("name", "means", "address", "status", "words"),
    [
        ("postfix-unknown-user", HARD, "pat@lakeview.example", "5.1.1", "User unknown"),
        ("postfix-no-such-domain", HARD, "pat@gmial.example", "5.4.4", "domain name not found"),
        ("postfix-delayed", LATER, "pat@slowpoke.example", "4.4.1", "timed out"),
        ("postfix-expired", SOFT, "pat@slowpoke.example", "4.4.1", "timed out"),
        ("gmail-address-not-found", HARD, "pat.gone@gmail.example", "5.1.1", "no account"),
        ("gmail-mailbox-full", SOFT, "pat@gmail.example", "5.2.2", "out of storage"),
        ("gmail-delayed", LATER, "pat@slowpoke.example", "4.4.1", "did not accept"),
        ("gmail-refused-unauthenticated", OURS, "pat@gmail.example", "5.7.26", "SPF did not"),
        ("microsoft365-recipient-not-found", HARD, "pat@contoso.example", "5.1.10", "NotFound"),
        ("microsoft365-access-denied", HARD, "pat@fabrikam.example", "5.4.1", "Access denied"),
        ("microsoft365-refused-as-spam", OURS, "pat@woodgrove.example", "5.7.1", "unsolicited"),
        ("exchange-old-server", HARD, "pat@adatum.example", "5.1.1", "RecipNotFound"),
        ("hotmail-mailbox-unavailable", HARD, "pat@hotmail.example", "5.5.0", "unavailable"),
        ("yahoo-failure-notice", HARD, "pat.gone@yahoo.example", "", "mailbox is disabled"),
        ("yahoo-no-such-account", HARD, "pat@yahoo.example", "5.0.0", "doesn't have a"),
        ("exim-text", HARD, "pat@lakeview.example", "", "550 No Such User Here"),
        ("exim-warning", LATER, "pat@slowpoke.example", "", ""),
        ("exim-report", HARD, "pat@lakeview.example", "5.0.0", "Recipient not found"),
        ("qmail-text", HARD, "pat@lakeview.example", "5.1.1", "User unknown"),
        ("sendmail-user-unknown", HARD, "pat@lakeview.example", "5.1.1", "User unknown"),
        ("icloud-no-such-user", HARD, "pat@icloud.example", "5.1.1", "does not exist"),
    ],
)
def test_a_returned_mail_is_classed(
    name: str, means: str, address: str, status: str, words: str
) -> None:
    found = read(name)

    assert meaning(found) == means
    assert found.address == address
    assert found.status == status
    assert words in found.reply
    assert "\n" not in found.reply
    if name != "exim-warning":  # it shows nothing of the original
        assert found.delivery_id == ID


@pytest.mark.parametrize("name", ["arf-complaint-yahoo", "arf-complaint-redacted"])
def test_a_complaint_names_the_mail_that_was_complained_about(name: str) -> None:
    found = read(name)

    assert (found.kind, found.delivery_id) == ("complaint", ID)


@pytest.mark.parametrize(
    "name",
    [
        "arf-auth-failure",
        "out-of-office-exchange",
        "vacation-gmail",
        "read-receipt",
        "delivered-report",
        "newsletter",
        "own-notification",
    ],
)
def test_what_machines_say_by_the_way_is_neither_a_bounce_nor_an_answer(name: str) -> None:
    assert read(name).kind == "automatic"


@pytest.mark.parametrize("name", [each.stem for each in sorted(MAILBOX.glob("reply-*.eml"))])
def test_what_a_person_wrote_is_no_notice(name: str) -> None:
    assert bounces.read(content(name)) is None


@pytest.mark.parametrize(
    "address", ["mailbox-full@lakeview.example", "sender@spam.example", "pat@sender.example"]
)
def test_the_words_in_the_address_that_a_notice_names_mean_nothing(address: str) -> None:
    notice = content("exim-report").replace(b"pat@lakeview.example", address.encode())
    said = f"550 <{address}>: unknown user at {address.split('@')[1]}"
    found = bounces.read(notice.replace(b"550 Recipient not found", said.encode()))

    assert found is not None
    assert said in found.reply
    assert (found.address, meaning(found)) == (address, HARD)


def test_a_notice_with_scripts_is_text_like_any_other() -> None:
    found = read("hostile-script")

    assert (found.kind, found.status) == ("hard", "5.1.1")
    assert "<script>" in found.reply  # kept as it is; whoever shows it escapes it


def test_a_forged_notice_says_only_what_it_claims() -> None:
    assert read("hostile-forged-unknown-id").delivery_id == "NobodyKnowsThisOneHere"


def test_an_id_outside_of_the_returned_original_counts_for_nothing() -> None:
    text = (
        b"From: MAILER-DAEMON@evil.example\nSubject: Undelivered mail\n"
        b"X-Hostedpages-Delivery: " + ID.encode() + b"\nIn-Reply-To: <" + ID.encode() + b"@a.b>\n\n"
        b"could not be delivered\n550 5.1.1 no such user\n"
        b"X-Hostedpages-Delivery: " + ID.encode() + b"\n"
    )

    found = bounces.read(text)

    assert found is not None
    assert found.delivery_id == ""


@pytest.mark.parametrize(
    "broken",
    [
        content("hostile-broken-mime"),
        b"",
        b"\x00" * 1000,
        b"From: MAILER-DAEMON@n.example\nSubject: Undelivered\n"
        + b"Content-Type: message/rfc822\n\n" * 3000,
        b"From: MAILER-DAEMON@n.example\nSubject: Undelivered\n"
        + b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (each, each)
            for each in range(600)
        ),
        b"From: MAILER-DAEMON@n.example\nSubject: failure notice\n\n" + b"<" * 250_000,
        b"From: MAILER-DAEMON@n.example\nSubject: failure notice\n\n" + b"user " * 50_000,
        b"From: MAILER-DAEMON@n.example\nSubject: failure notice\n\n" + b"on \n" * 60_000,
        b"From: MAILER-DAEMON@n.example\nSubject: failure notice\n\n" + b"- " * 120_000,
    ],
    ids=range(9),
)
def test_broken_giant_and_nested_messages_are_survived(broken: bytes) -> None:
    bounces.read(broken)
    replies.read(broken)


HTML = b"From: pat@lakeview.example\nContent-Type: text/html\n\n"
NESTED = b"From: pat@lakeview.example\n" + b"".join(
    b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (each, each)
    for each in range(100)
)


@pytest.mark.parametrize(
    "costly",
    [
        NESTED + b"\n" * 250_000,
        NESTED + b"\r" * 250_000,
        b"From: MAILER-DAEMON@n.example\nContent-Type: message/delivery-status\n\n"
        + b"\n" * 250_000,
        HTML + b"<a " * 80_000,
        HTML + b"<a/" * 80_000,
        HTML + b"<a a='x>" * 30_000,
        HTML + b"<!--" * 60_000,
        HTML + b"<?" * 100_000,
    ],
    ids=range(8),
)
def test_a_message_that_is_made_to_be_costly_is_not_worth_seconds(costly: bytes) -> None:
    began = time.thread_time()

    bounces.read(costly)
    replies.read(costly)

    assert time.thread_time() - began < 5  # it took minutes; a lead that is stored must not wait


_FILES = [each.read_bytes() for each in sorted(MAILBOX.glob("*.eml"))]
_LINES = st.sampled_from([line for file in _FILES for line in file.split(b"\n")])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(_LINES, st.binary(max_size=60)), max_size=60))
def test_no_mixture_of_lines_makes_the_readers_fail(lines: list[bytes]) -> None:
    mixed = b"\n".join(lines)

    found, answer = bounces.read(mixed), replies.read(mixed)

    assert found is None or len(found.reply) <= 500
    assert answer is None or "\0" not in answer.text


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(_FILES), st.data())
def test_no_damage_to_a_real_message_makes_the_readers_fail(
    file: bytes, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(file)))
    end = data.draw(st.integers(start, min(len(file), start + 200)))
    damaged = file[:start] + data.draw(st.binary(max_size=30)) + file[end:]

    bounces.read(damaged)
    replies.read(damaged)
