"""Signatures, judged by Mail::DKIM for Perl, which asks the real name server for the key."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given, settings
from hypothesis import strategies as st

from hostedpages.mail import dkim, message
from hostedpages.mail.dkim_check import problem_of
from hostedpages.mail.server import Server
from hostedpages.mail.smtp import Transport
from tests import zones
from tests.servers import START_SECONDS, free_port

ADDRESS = tuple[str, int]
VERIFIER = Path(__file__).with_name("verify_dkim.pl")
HEAD = b"From: Ann <ann@fine.test>\r\nTo: b@example.com\r\nSubject: Hi\r\nDate: now\r\n"
FOLDED = HEAD.replace(b"Hi", b"a\r\n \t b \r\n   c")
HOSTILE = {
    "plain": HEAD + b"\r\nHello\r\n",
    "no body": HEAD + b"\r\n",
    "nothing after the headers": HEAD.removesuffix(b"\r\n"),
    "no line break at the end": HEAD + b"\r\nHello",
    "only line breaks": HEAD + b"\r\n\r\n\r\n\r\n",
    "blanks everywhere": HEAD + b"\r\n  a \t b  \r\n \t \r\n\r\n  \r\n",
    "dots": HEAD + b"\r\n.\r\n..\r\n.MAIL FROM:<x>\r\n...\r\n",
    "long lines": HEAD + b"\r\n" + b"long " * 400 + b"\r\n" + b"x" * 5000 + b"\r\n",
    "lone breaks": HEAD + b"\r\na\nb\rc\r\n\n\r",
    "eight bits": HEAD + "\r\nGr\u00fc\u00dfe \u2028 \U0001f600\r\n".encode(),
    "folded headers": FOLDED + b"Cc: x@y.test ,\r\n\tz@y.test\r\n\r\nx\r\n",
    "odd header names": b"FROM : ann@fine.test\r\nsubject:\r\nto:b@example.com\r\n\r\nx\r\n",
    "two of a kind": HEAD + b"Cc: a@y.test\r\nCc: b@y.test\r\nSubject: second\r\n\r\nx\r\n",
    "encoded words": HEAD.replace(b"Hi", b"=?utf-8?b?R3LDvA==?=\r\n =?utf-8?b?IQ==?=") + b"\r\n",
}


def sign(as_bytes: bytes, domain: str = "fine.test") -> bytes:
    return dkim.sign(
        as_bytes, domain=domain, selector="lf1", private_key=zones.key_pair().private_key
    )


def verdicts(name_server: ADDRESS, folder: Path, *messages: bytes) -> list[str]:
    """What the independent verifier says about each message."""
    files = []
    for number, each in enumerate(messages):
        file = folder / f"{number}.eml"
        file.write_bytes(each)
        files.append(str(file))
    done = subprocess.run(
        ["perl", str(VERIFIER), str(name_server[1]), *files], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_message_verifies_however_odd_it_is(name_server: ADDRESS, tmp_path: Path) -> None:
    found = verdicts(name_server, tmp_path, *map(sign, HOSTILE.values()))
    assert dict(zip(HOSTILE, found, strict=True)) == dict.fromkeys(HOSTILE, "pass")


def test_the_verifier_sees_what_is_changed_or_added_on_the_way(
    name_server: ADDRESS, tmp_path: Path
) -> None:
    signed = sign(HOSTILE["plain"])
    changed = [
        signed.replace(b"Hello", b"Hallo"),
        signed.replace(b"Subject: Hi", b"Subject: Ho"),
        signed.replace(b"Hello\r\n", b"Hello\r\nmore\r\n"),
        # Oversigned: a second one counts, wherever it is put.
        *(signed.replace(HEAD, extra + HEAD) for extra in EXTRA),
        *(signed.replace(HEAD, HEAD + extra) for extra in EXTRA),
    ]
    found = verdicts(name_server, tmp_path, *changed)
    assert all(each.startswith("fail") for each in found), found


EXTRA = (
    b"From: x@evil.test\r\n",
    b"Reply-To: x@evil.test\r\n",
    b"Subject: other\r\n",
    b"To: x@evil.test\r\n",
)


def test_what_may_change_on_the_way_does_not_break_it(name_server: ADDRESS, tmp_path: Path) -> None:
    signed = sign(HOSTILE["plain"])
    moved = [
        b"Received: from a by b\r\n" + signed,
        signed.replace(b"Subject: Hi", b"SUBJECT:   Hi  "),
        signed.replace(b"Hello\r\n", b"Hello   \r\n\r\n\r\n"),
        signed.replace(HEAD, HEAD + b"X-Spam: no\r\n"),
    ]
    assert verdicts(name_server, tmp_path, *moved) == ["pass"] * len(moved)


def test_a_domain_with_another_key_does_not_verify(name_server: ADDRESS, tmp_path: Path) -> None:
    domains = ("other-key.test", "revoked.test", "no-key.test", "aliases.test", "fine.test")
    signed = [sign(HOSTILE["plain"], domain) for domain in domains]
    found = verdicts(name_server, tmp_path, *signed)
    assert [each == "pass" for each in found] == [False, False, False, True, True], found


async def nothing() -> None:
    pass


class Raw:
    """Keeps the bytes of each message as they came over the wire."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_DATA(  # noqa: N802  the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.received.append(envelope.original_content or b"")
        return "250 2.0.0 Kept"


@contextmanager
def raw_sink() -> Iterator[tuple[Raw, int]]:
    sink, port = Raw(), free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port, ready_timeout=START_SECONDS)
    controller.start()
    try:
        yield sink, port
    finally:
        controller.stop()


def test_the_bytes_that_a_server_really_received_verify(
    name_server: ADDRESS, tmp_path: Path
) -> None:
    built = [
        message.build(
            delivery_id=f"d{number}",
            mail_from="Zoë’s Roofs <office@fine.test>",
            recipient="pat@example.org",
            subject=subject,
            text=text,
            html=f"<p>{text}</p>" if number % 2 else None,
            date=datetime(2026, 3, 3, tzinfo=UTC),
            reply_to="ann@example.com",
        )
        for number, (subject, text) in enumerate(
            [
                ("Hi", "Hello"),
                ("Grüße \N{GRINNING FACE}" * 20, ".\n..\n.\r\nDone\n\n\n"),
                ("=?utf-8?q?x=0D=0AX: y?=", "w" * 3000 + "\n" + "ü" * 2000),
                ("a\r\nBcc: x@evil.test", "\0 \ud800 tab\t \n \t\n"),
            ]
        )
    ]
    with raw_sink() as (sink, port):

        async def send_all() -> None:
            transport = Transport(Server("127.0.0.1", port, "none", allow_private=True))
            for each in built:
                signed = message.OutgoingMessage(
                    each.message_id, each.sender, each.recipient, sign(each.as_bytes)
                )
                await transport.send(signed, nothing)
            await transport.close()

        asyncio.run(send_all())

    assert len(sink.received) == len(built)
    assert verdicts(name_server, tmp_path, *sink.received) == ["pass"] * len(built)


@given(st.binary(max_size=300), st.sampled_from([b"", b"Cc: x\r\n", b"Reply-To: a@b.test\r\n"]))
@settings(max_examples=50)
def test_signing_changes_nothing_below_its_own_header(body: bytes, extra: bytes) -> None:
    as_bytes = HEAD + extra + b"\r\n" + body
    signed = sign(as_bytes)
    assert signed.endswith(re.sub(rb"\r(?!\n)|(?<!\r)\n", b"\r\n", as_bytes))
    assert signed.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n")
    assert all(len(line) <= 78 for line in signed.partition(b"From:")[0].split(b"\r\n"))


@given(st.binary(max_size=200))
def test_the_canonical_body_of_the_rfc_is_reached_and_stays(body: bytes) -> None:
    body = re.sub(rb"\r(?!\n)|(?<!\r)\n", b"\r\n", body)
    once = dkim.relaxed_body(body)
    assert dkim.relaxed_body(once) == once
    lines = once.split(b"\r\n")
    assert not any(re.search(rb"[ \t]\Z|\t|  ", line) for line in lines)
    assert once == b"" or (once.endswith(b"\r\n") and not once.endswith(b"\r\n\r\n"))


def test_the_example_of_rfc_6376_section_3_4_5() -> None:
    assert dkim.relaxed_field(b"A: X") == b"a:X"
    assert dkim.relaxed_field(b"B : Y\t\r\n\tZ  ") == b"b:Y Z"
    assert dkim.relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"


def test_a_message_without_from_and_a_key_that_is_none_are_refused() -> None:
    with pytest.raises(ValueError, match="From"):
        sign(b"To: x@y.test\r\n\r\nx")
    with pytest.raises(ValueError, match="no private key"):
        dkim.sign(HOSTILE["plain"], domain="fine.test", selector="lf1", private_key="secret")


def test_a_value_over_255_characters_is_split_and_joins_to_the_same() -> None:
    value = zones.record()
    parts = dkim.split(value)
    assert len(value) > 255
    assert [len(each) for each in parts] == [255, len(value) - 255]
    assert "".join(parts) == value
    assert problem_of(value, zones.key_pair().public_key) == ("", "")


def test_keys_have_2048_bits_and_hide_their_private_half() -> None:
    made = dkim.new_key_pair()
    assert "PRIVATE" not in repr(made)
    assert problem_of(dkim.record_value(made.public_key), "") == ("", "")


def test_selectors_go_on_counting() -> None:
    assert dkim.next_selector() == "lf1"
    assert dkim.next_selector("lf1", "", "other") == "lf2"
    assert dkim.next_selector("lf9", "lf10") == "lf11"
