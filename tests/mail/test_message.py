"""A built mail holds exactly the headers and parts we gave it, whatever a visitor typed."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hostedpages.mail.headers import encode_header, header_text, one_address, sender_header
from hostedpages.mail.message import OutgoingMessage, build, reads_back

NAMES = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "Auto-Submitted",
    "X-Hostedpages-Delivery",
    "MIME-Version",
    "Content-Type",
]
FORGED = "=?utf-8?q?Bob=0D=0AReply-To=3A_evil=40x=2Etest=0D=0A=0D=0APHISH?="
LINE_BREAKS = [
    "\r",
    "\n",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
]
# Pieces of what has forged headers on this interpreter before, beside ordinary text.
PIECES = st.sampled_from(
    ["=?", "?=", "=?utf-8?q?", "=?utf-8?b?", "=0D=0A", "=0A", "\r\n", "\n", "\x85", "\ud83d", "\0"]
    + [
        "Bcc: a@b.test",
        "é",
        "漢",
        "--",
        "=_" + "d" * 22,
        "--=_" + "d" * 22,
        " ",
        ".",
        "\u202e",
        FORGED,
    ]
)
HOSTILE = st.one_of(
    st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=12).map("".join),
    st.text(st.characters(), max_size=60),
)


def made(
    subject: str = "Hello", text: str = "Hi", html: str | None = "<p>Hi</p>"
) -> OutgoingMessage:
    return build(
        delivery_id="d" * 22,
        mail_from="Hosted Pages <leads@ours.example>",
        recipient="ann@example.org",
        subject=subject,
        text=text,
        html=html,
        date=datetime(2026, 3, 3, 15, 0, tzinfo=UTC),
        reply_to="pat@example.org",
    )


def parsed(message: OutgoingMessage) -> EmailMessage:
    mail = message_from_bytes(message.as_bytes, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_mail_reads_back_as_written() -> None:
    text = "Grüße\n.\n..\nFrom here on: 漢字\n"
    html = "<p>Grüße &amp; <b>漢字</b></p>\n"

    mail = parsed(made("Neuer Lead: Renée", text, html))

    assert mail.keys() == NAMES
    assert mail["Subject"] == "Neuer Lead: Renée"
    assert mail["From"] == "Hosted Pages <leads@ours.example>"
    assert mail["Message-ID"] == f"<{'d' * 22}@ours.example>"
    assert mail["Date"].datetime == datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
    assert part(mail, "plain") == text
    assert (
        part(mail, "html")
        .replace("&#252;", "ü")
        .replace("&#223;", "ß")
        .replace("&#28450;&#23383;", "漢字")
        == html
    )


@settings(max_examples=800, deadline=None)
@example(FORGED, FORGED)
@example("=?utf-8?q?=ff?= é", "\ud83d\0" + "a" * 100_000)
@example("e" + "\u0301" * 10_000, "--=_" + "d" * 22 + "--")
@given(HOSTILE, HOSTILE)
def test_no_value_adds_a_header_a_part_or_a_recipient(subject: str, body: str) -> None:
    message = made(f"New lead: {subject} from a page", body, f"<p>{body}</p>")

    mail = parsed(message)

    assert mail.keys() == NAMES
    assert mail["To"] == "ann@example.org"
    assert [each.get_content_type() for each in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert all(len(line) <= 998 for line in message.as_bytes.split(b"\r\n"))
    assert not mail.defects


@settings(max_examples=400, deadline=None)
@given(HOSTILE)
def test_the_text_arrives_as_it_was_typed(body: str) -> None:
    mail = parsed(made(text=body, html=None))

    expected = (
        body.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    )
    expected = "".join(
        "\N{REPLACEMENT CHARACTER}" if "\ud800" <= c <= "\udfff" else c for c in expected
    )
    assert part_of_single(mail) == (expected if expected.endswith("\n") else expected + "\n")


def part_of_single(mail: EmailMessage) -> str:
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("line_break", LINE_BREAKS)
def test_line_breaks_in_a_header_value_become_a_space(line_break: str) -> None:
    assert header_text(f"a{line_break}Bcc: x@y.test") == "a Bcc: x@y.test"


@pytest.mark.parametrize("value", [FORGED, "==??", "=\u200b?utf-8?q?x?=", "=\u202e?"])
def test_an_encoded_word_in_a_value_is_broken_up(value: str) -> None:
    assert "=?" not in header_text(value)


@settings(max_examples=400, deadline=None)
@given(HOSTILE)
def test_a_header_value_comes_back_from_the_standard_parser(value: str) -> None:
    encoded = encode_header("Subject", value)
    mail = message_from_bytes(f"{encoded}\r\n\r\n".encode("ascii"), policy=default)

    assert mail.keys() == ["Subject"]
    assert str(mail["Subject"]).split() == header_text(value).split()


def test_the_second_reading_notices_what_must_not_be_there() -> None:
    good = b"From: a\r\nTo: b\r\n\r\nbody\r\n"
    assert reads_back(good, ["From", "To"], None)
    assert not reads_back(good, ["From"], None)
    assert not reads_back(b"From: a\r\nTo: b\nBcc: c\r\n\r\nx\r\n", ["From", "To"], None)
    assert not reads_back(b"From: a\r\n\r\n--x\r\n--x\r\n--x\r\n--x--\r\n", ["From"], "x")


@pytest.mark.parametrize(
    "value",
    [
        "a@b.test, v@x.test",
        "a@b.test;v@x.test",
        '"a@b.test,v"@x.test',
        "(c)a@b.test",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@b.test>\0",
        "-oX@b.test",
        "a@b.test\r\nBcc: v@x.test",
        "ü@b.test",
        "a b@c.test",
        "a@-b.test",
        "a@" + "b" * 64 + ".test",
        "a" * 65 + "@b.test",
        "",
    ],
)
def test_what_is_not_one_plain_address_is_none(value: str) -> None:
    assert one_address(value) is None


def test_a_domain_in_another_script_becomes_ascii() -> None:
    assert one_address("a@bücher.test") == "a@xn--bcher-kva.test"
    assert one_address("O'Neil+tag@Example.ORG") == "O'Neil+tag@example.org"


def test_the_sender_stands_exactly_as_configured() -> None:
    assert sender_header("Leads <a@b.test>") == ("From: Leads <a@b.test>", "a@b.test")
    assert sender_header("a@b.test") == ("From: a@b.test", "a@b.test")
    header, _ = sender_header('"Smith, Inc." <a@b.test>')
    assert header == 'From: "Smith, Inc." <a@b.test>'
    with pytest.raises(ValueError, match="HOSTEDPAGES_MAIL_FROM"):
        sender_header("nobody")


def test_a_reply_address_that_is_not_one_is_left_out() -> None:
    message = build(
        delivery_id="d" * 22,
        mail_from="a@b.test",
        recipient="ann@example.org",
        subject="x",
        text="x",
        html=None,
        date=datetime(2026, 3, 3, tzinfo=UTC),
        reply_to="pat@example.org, evil@example.org",
    )
    assert "Reply-To" not in parsed(message)
