"""Whatever stands in any value of a mail: no header is added, and the mail can be delivered."""

import asyncio
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hostedpages.mail.headers import header_text, named, one_address, sender_header
from hostedpages.mail.message import OutgoingMessage, build
from hostedpages.mail.server import Server
from hostedpages.mail.smtp import Transport
from tests.mail.test_message import FORGED, HOSTILE, LINE_BREAKS
from tests.scripted_smtp import scripted_smtp

ADDRESS = "office@ours.example"
ALWAYS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Hostedpages-Delivery",
    "MIME-Version",
    "Content-Type",
]
SOMETIMES = {"Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"}
# Pieces of addresses that have smuggled recipients elsewhere.
ADDRESS_PIECES = st.sampled_from(
    [
        "a@b.test",
        "v@x.test",
        "@",
        ",",
        ";",
        ":",
        "<",
        ">",
        '"',
        "(",
        ")",
        "\\",
        "-oQ",
        "[127.0.0.1]",
    ]
    + ["\r\n", "\n", "\0", "\u200b", "\u2028", "ü", "b\u00fccher.test", "İ", "xn--", ".", " ", "%"]
    + ["RCPT TO:<v@x.test>", "group:", "\ud83d", "a" * 70]
)
ADDRESSES = st.one_of(
    st.lists(ADDRESS_PIECES, max_size=6).map("".join), st.text(max_size=40), HOSTILE
)


def made(**values: Any) -> OutgoingMessage:
    given = {
        "delivery_id": "d" * 22,
        "mail_from": named("Leads", ADDRESS),
        "recipient": "ann@example.org",
        "subject": "Hello",
        "text": "Hi",
        "html": "<p>Hi</p>",
        "date": datetime(2026, 3, 3, tzinfo=UTC),
    }
    return build(**(given | values))


def parsed(message: OutgoingMessage) -> EmailMessage:
    mail = message_from_bytes(message.as_bytes, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def words(text: str) -> str:
    """Without spaces: the standard parser adds one between two encoded words of a name."""
    return "".join(text.split())


@settings(max_examples=120, deadline=None)
@example(FORGED, FORGED, FORGED, FORGED, FORGED, FORGED)
@example('"', "a@b.test, v@x.test", "x", "y", "https://x.test/>\r\nBcc: v@x.test", "z\r\n.")
@example("\\", "\\", "\\", "\\", "\\", "\\")
@given(HOSTILE, ADDRESSES, HOSTILE, HOSTILE, HOSTILE, ADDRESSES)
def test_no_value_of_a_mail_adds_a_header_or_keeps_it_from_being_built(
    from_name: str, reply_to: str, subject: str, body: str, url: str, id_domain: str
) -> None:
    message = made(
        mail_from=named(from_name, ADDRESS),
        reply_to=reply_to,
        subject=subject,
        text=body,
        html=f"<p>{body}</p>",
        unsubscribe_url=f"https://forms.example/stop/{url}",
        id_domain=id_domain,
    )

    mail = parsed(message)
    assert [name for name in mail if name not in SOMETIMES] == ALWAYS
    assert len(mail.keys()) == len(set(mail.keys()))
    assert message.sender == ADDRESS
    assert message.recipient == mail["To"] == "ann@example.org"
    (sender,) = mail["From"].addresses
    assert sender.addr_spec == ADDRESS
    assert words(sender.display_name) == words(header_text(from_name))
    assert message.message_id.count("@") == 1
    assert [each.get_content_type() for each in mail.walk()][0] == "multipart/alternative"
    assert len(list(mail.walk())) == 3
    assert all(len(line) <= 998 for line in message.as_bytes.split(b"\r\n"))
    assert not mail.defects


@settings(max_examples=500, deadline=None)
@given(ADDRESSES)
def test_an_address_is_exactly_one_or_none_at_all(value: str) -> None:
    address = one_address(value)

    if address is None:
        return
    assert address.isascii()
    assert address.count("@") == 1
    assert len(address) <= 254
    assert not address.startswith("-")
    assert not set(address) & set(' ,;:<>"()[]\\\r\n\0\t')
    assert one_address(address) == address
    message = made(recipient=value, reply_to=value)
    assert message.recipient == address
    (to,) = parsed(message)["To"].addresses
    assert to.addr_spec == address


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_a_senders_name_is_read_back_as_it_was_configured(name: str) -> None:
    header, address = sender_header(named(name, ADDRESS))
    (found,) = parsed(made(mail_from=named(name, ADDRESS)))["From"].addresses

    assert address == ADDRESS
    assert header.startswith("From: ")
    assert words(found.display_name) == words(header_text(name))


def test_a_plain_name_stands_byte_for_byte_as_configured() -> None:
    assert sender_header(named("Leads Office", ADDRESS))[0] == f"From: Leads Office <{ADDRESS}>"
    assert sender_header(named("", ADDRESS))[0] == f"From: {ADDRESS}"


def sent(*messages: OutgoingMessage) -> tuple[list[EmailMessage], list[str]]:
    """What a server got: the messages, and the RCPT commands."""

    async def nothing() -> None:
        pass

    async def work(url: str) -> None:
        transport = Transport(Server.from_url(url), connections=1)
        for each in messages:
            await transport.send(each, nothing)
        await transport.close()

    with scripted_smtp() as server:
        asyncio.run(work(server.url))
        return server.mails, [each for each in server.commands if each.startswith("RCPT")]


@pytest.mark.parametrize("line_break", LINE_BREAKS)
def test_a_line_break_in_any_value_arrives_as_no_header(line_break: str) -> None:
    evil = f"x{line_break}Bcc: v@x.test{line_break}{line_break}PHISH"
    mails, recipients = sent(
        made(subject=evil),
        made(mail_from=named(evil, ADDRESS)),
        made(reply_to=f"a@b.test{line_break}Bcc: v@x.test"),
        made(unsubscribe_url=f"https://x.test/{evil}"),
        made(text=evil, html=evil),
        made(id_domain=evil),
    )

    assert recipients == ["RCPT TO:<ann@example.org>"] * 6
    for mail in mails:
        assert [name for name in mail if name not in SOMETIMES] == ALWAYS
    assert len(mails) == 6


@pytest.mark.parametrize(
    "text",
    [
        "a\n.\nMAIL FROM:<x@y.test>\nRCPT TO:<v@x.test>\n",
        "a\r.\rb\n",
        "a\r\n.\r\nb\n",
        "a\n.\r\nb\n",
        "a\r\n.\nb\n",
        ".\n",
        "..\n.\n...\n",
        "a\n.",
    ],
)
def test_no_body_ends_its_message_early(text: str) -> None:
    (mail,), recipients = sent(made(text=text, html=None))

    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    expected = expected if expected.endswith("\n") else expected + "\n"
    assert mail.get_content().replace("\r\n", "\n") == expected
    assert len(recipients) == 1


@pytest.mark.parametrize(
    "value",
    ["=?utf-8?q?=ff?= é", "\ud83d", "a\0b", "x" * 100_000, "e" + "\u0301" * 10_000, FORGED, "=?"],
)
def test_text_that_is_poison_elsewhere_is_delivered(value: str) -> None:
    mails, _ = sent(made(subject=value, text=value, mail_from=named(value, ADDRESS)))

    assert len(mails) == 1
    assert mails[0]["From"].addresses[0].addr_spec == ADDRESS
