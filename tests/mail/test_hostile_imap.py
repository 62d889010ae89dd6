"""Servers that want to hold the reader up or make it grow: every one ends soon, in words."""

import base64
import resource
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
import trustme

from hostedpages.mail import imap
from hostedpages.mail.imap import ImapError, ImapServer, Position
from tests.certificates import client_side, server_side
from tests.scripted_imap import CAPABILITIES, scripted_imap

Chunks = Iterator[bytes]
INBOX = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 10] next\r\n"
SECONDS = 30.0
SILENCE = 1.5  # seconds, where it is what the server does
START = Position(None, 0, None)
MEGABYTE = 1024  # of `ru_maxrss`, which counts in kB


def visit(
    authority: trustme.CA, port: int, *, last_uid: int = 1, seconds: float = SECONDS
) -> imap.Visit:
    server = ImapServer("127.0.0.1", port, "ann", "a canary password", allow_private=True)
    position = Position(7, last_uid, None)
    return imap.visit(server, position, seconds=seconds, tls_context=client_side(authority))


def endless(chunk: bytes) -> Callable[[], Chunks]:
    def chunks() -> Chunks:
        while True:
            yield chunk

    return chunks


def dripping(data: bytes) -> Callable[[], Chunks]:
    pause = threading.Event()

    def chunks() -> Chunks:
        for each in data:
            pause.wait(0.1)
            yield bytes([each])

    return chunks


def said(*chunks: bytes) -> Callable[[], Chunks]:
    return lambda: iter(chunks)


@pytest.mark.parametrize(
    ("command", "chunks", "words"),
    [
        (b"FETCH", said(b"* 1 FETCH (UID 5 BODY[]<0> {4294967296}\r\n"), "4294967296 bytes"),
        (b"FETCH", said(b"* 1 FETCH (UID 5 BODY[]<0> {300000}\r\n"), "300000 bytes"),
        (b"FETCH", endless(b"* 5 EXISTS\r\n" * 1000), "did not stop talking"),
        (b"SEARCH", endless(b"* SEARCH 1\r\n" * 1000), "did not stop talking"),
        (b"SEARCH", endless(b"x" * 4096), "a line without an end"),
        (b"EXAMINE", endless(b"* OK " + b"y" * 60_000 + b"\r\n"), "sent too much"),
        (b"CAPABILITY", endless(b"* CAPABILITY IMAP4rev1\r\n" * 99), "did not stop talking"),
        (b"EXAMINE", dripping(INBOX * 100), "did not answer in time"),
        (b"EXAMINE", said(b"* 3 EXISTS\r\n* OK [UIDVALIDITY 99999999999] x\r\n"), "not number"),
        (b"EXAMINE", said(b"* OK [UIDVALIDITY seven] x\r\n"), "made no sense"),
        (b"EXAMINE", said(b"no words of ours\r\n"), "response: “no words of ours”"),
        (b"SEARCH", said(b"* SEARCH " + b"(" * 30_000 + b"\r\n"), "made no sense"),
        (b"LOGOUT", said(b""), ""),
    ],
)
def test_the_reader_gives_up_in_words(
    authority: trustme.CA, command: bytes, chunks: Callable[[], Chunks], words: str
) -> None:
    answers = {b"EXAMINE": said(INBOX), b"SEARCH": said(b"* SEARCH 5 6\r\n"), command: chunks}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with scripted_imap(answers, tls=server_side(authority)) as server:
        if words:
            seconds = SILENCE if "in time" in words else SECONDS
            with pytest.raises(ImapError, match=words) as caught:
                visit(authority, server.port, seconds=seconds)
            assert "canary" not in caught.value.message
        else:
            assert visit(authority, server.port).messages == []

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 60 * MEGABYTE


def test_one_message_that_makes_no_sense_is_left_out_and_the_others_are_read(
    authority: trustme.CA,
) -> None:
    parts = iter(
        [
            b"* 1 FETCH (UID 5 BODY[]<0> (((\r\n",
            b'* 2 FETCH (UID 6 INTERNALDATE "not a date" BODY[]<0> {5}\r\nhello)\r\n',
            b"* 3 FETCH (UID 7 INTERNALDATE NIL BODY[]<0> {5}\r\nthere)\r\n",
        ]
    )
    answers = {
        b"EXAMINE": said(INBOX),
        b"SEARCH": said(b"* SEARCH 5 6 7\r\n"),
        b"FETCH": lambda: iter([next(parts)]),
    }

    with scripted_imap(answers, tls=server_side(authority)) as server:
        seen = visit(authority, server.port)

    assert [each.content for each in seen.messages][-1] == b"there"
    assert seen.last_uid == 7


def test_what_was_read_before_the_connection_broke_counts(authority: trustme.CA) -> None:
    parts = iter([b"* 1 FETCH (UID 5 BODY[]<0> {5}\r\nhello)\r\n", b"* 1 FETCH (BODY {999999}\r\n"])
    answers = {
        b"EXAMINE": said(INBOX),
        b"SEARCH": said(b"* SEARCH 5 6\r\n"),
        b"FETCH": lambda: iter([next(parts)]),
    }

    with scripted_imap(answers, tls=server_side(authority)) as server:
        seen = visit(authority, server.port)

    assert [each.uid for each in seen.messages] == [5]
    assert seen.last_uid == 5


def test_nothing_but_reading_is_ever_asked(authority: trustme.CA) -> None:
    answers = {
        b"EXAMINE": said(INBOX),
        b"SEARCH": said(b"* SEARCH 5\r\n"),
        b"FETCH": said(b"* 1 FETCH (UID 5 BODY[]<0> {5}\r\nhello)\r\n"),
    }

    with scripted_imap(answers, tls=server_side(authority)) as server:
        visit(authority, server.port)

    asked = {line.split()[1] for line in server.heard if len(line.split()) > 1}
    assert asked == {b"CAPABILITY", b"AUTHENTICATE", b"EXAMINE", b"UID"}
    assert not any(b"STORE" in line for line in server.heard)
    assert all(b"PEEK" in line for line in server.heard if b"FETCH" in line)


def test_a_token_is_shown_as_the_providers_want_it(authority: trustme.CA) -> None:
    answers = {
        b"CAPABILITY": said(b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=PLAIN\r\n"),
        b"EXAMINE": said(INBOX),
    }
    context = ssl.create_default_context()
    authority.configure_trust(context)

    with scripted_imap(answers, tls=server_side(authority)) as server:
        mailbox = ImapServer(
            "127.0.0.1", server.port, "ann@x.org", token="ya29", allow_private=True
        )
        imap.visit(mailbox, START, seconds=SECONDS, tls_context=client_side(authority))

    shown = next(i for i, line in enumerate(server.heard) if b"AUTHENTICATE XOAUTH2" in line)
    assert base64.b64decode(server.heard[shown + 1]) == (
        b"user=ann@x.org\x01auth=Bearer ya29\x01\x01"
    )
    assert not any(b"PLAIN" in line or b"LOGIN" in line for line in server.heard)


def test_a_refused_token_is_said_in_words(authority: trustme.CA) -> None:
    refusal = said(b"%TAG% NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n")
    context = ssl.create_default_context()
    authority.configure_trust(context)

    with scripted_imap({b"AUTHENTICATE": refusal}, tls=server_side(authority)) as server:
        mailbox = ImapServer("127.0.0.1", server.port, "ann", token="canary", allow_private=True)
        with pytest.raises(ImapError, match="refused the sign-in") as caught:
            imap.visit(mailbox, START, seconds=SECONDS, tls_context=client_side(authority))

    assert "canary" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("greeting", "capabilities", "words"),
    [
        (b"* OK ready\r\n", CAPABILITIES, "does not offer STARTTLS at port"),
        (b"* PREAUTH come in\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\n", "not offer STARTTLS"),
        (b"HTTP/1.1 400 Bad Request\r\n", b"", "does not speak IMAP"),
        (b"-ERR unknown command\r\n", b"", "does not speak IMAP"),
    ],
)
def test_without_encryption_no_password_leaves(
    greeting: bytes, capabilities: bytes, words: str
) -> None:
    with scripted_imap({b"CAPABILITY": said(capabilities)}, greeting=greeting) as server:
        clear = ImapServer(
            "127.0.0.1", server.port, "ann", "canary", allow_private=True, starts_tls=True
        )
        with pytest.raises(ImapError, match=words):
            imap.visit(clear, Position(None, 0, None), seconds=SECONDS)

    assert not any(b"AUTHENTICATE" in line or b"LOGIN" in line for line in server.heard)


def test_what_is_said_in_clear_after_starttls_is_not_taken_up() -> None:
    answers = {
        b"CAPABILITY": said(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n"),
        b"STARTTLS": said(b"%TAG% OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"),
    }
    with scripted_imap(answers) as server:
        clear = ImapServer(
            "127.0.0.1", server.port, "ann", "canary", allow_private=True, starts_tls=True
        )
        with pytest.raises(ImapError, match="went on in clear"):
            imap.visit(clear, Position(None, 0, None), seconds=SECONDS)

    assert not any(b"AUTHENTICATE" in line for line in server.heard)
