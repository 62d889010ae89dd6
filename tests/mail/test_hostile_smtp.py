"""Servers that mean harm: endless, slow and forged answers, and conversations cut at any point."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
import trustme

from hostedpages.mail.checks import check_login, check_send
from hostedpages.mail.errors import MailError
from hostedpages.mail.message import OutgoingMessage, build
from hostedpages.mail.server import Server
from hostedpages.mail.smtp import Limits, Transport
from tests.certificates import client_side, server_side
from tests.scripted_smtp import DROP, HANG, RESET, scripted_smtp

PATIENT = Limits(quit=0.3)
QUICK = Limits(read=1, quit=0.3)  # where silence is expected
AFTER_DOT = Limits(read=60, total=10, quit=0.3)  # only after the message
CANARY = "canary-password"
GREETING, OFFERS = b"220 ready\r\n", b"250-ready\r\n250 AUTH PLAIN\r\n"
FINE = {b"EHLO": OFFERS, b"AUTH": b"235 in\r\n", b"DATA": b"354 go\r\n", b".\r\n": b"250 kept\r\n"}


def mail() -> OutgoingMessage:
    return build(
        delivery_id="d" * 22,
        mail_from="leads@ours.example",
        recipient="ann@example.org",
        subject="Hello",
        text="Hello",
        html=None,
        date=datetime(2026, 3, 3, tzinfo=UTC),
    )


async def nothing() -> None:
    pass


def outcome(
    server: Server, tls: ssl.SSLContext | None = None, limits: Limits = PATIENT
) -> MailError | str:
    async def work() -> MailError | str:
        transport = Transport(server, limits=limits, tls_context=tls)
        try:
            return await transport.send(mail(), nothing)
        except MailError as error:
            return error
        finally:
            await transport.close()

    found = asyncio.run(work())
    assert CANARY not in repr(found) + str(getattr(found, "hint", ""))
    return found


def failure(
    server: Server, tls: ssl.SSLContext | None = None, limits: Limits = PATIENT
) -> MailError:
    found = outcome(server, tls, limits)
    assert isinstance(found, MailError), found
    return found


def at(port: int, security: str = "none") -> Server:
    return Server("127.0.0.1", port, security, "ann", CANARY, allow_private=True)


@dataclass
class Flood:
    """Answers well until `stage`, then sends `chunk` for ever, waiting `pause` seconds between."""

    stage: bytes
    chunk: bytes
    pause: float
    port: int = 0
    sent: int = 0
    got: bytearray = field(default_factory=bytearray)
    stopping: Event = field(default_factory=Event)

    def talk(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                self._say(connection, b"", GREETING)
                for line in lines:
                    self.got += line
                    for begin, answer in FINE.items():
                        if line.upper().startswith(begin):
                            self._say(connection, begin, answer)
                            break
                    else:
                        if line.startswith((b"MAIL", b"RCPT", b"QUIT")):
                            self._say(connection, line[:4], b"250 ok\r\n")

    def _say(self, connection: socket.socket, stage: bytes, answer: bytes) -> None:
        if stage != self.stage:
            connection.sendall(answer)
            return
        while not self.stopping.wait(self.pause):
            connection.sendall(self.chunk)
            self.sent += len(self.chunk)


@contextmanager
def flooding(stage: bytes, chunk: bytes, pause: float = 0) -> Iterator[Flood]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Flood(stage, chunk, pause, port=listener.getsockname()[1])
    thread = Thread(target=server.talk, args=(listener,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@pytest.mark.parametrize("stage", [b"", b"EHLO", b"AUTH", b"MAIL", b"RCPT", b"DATA", b".\r\n"])
@pytest.mark.parametrize("chunk", [b"250-more\r\n" * 6000, b"250-" + b"x" * 60_000])
def test_an_endless_answer_is_cut_before_it_fills_the_memory(stage: bytes, chunk: bytes) -> None:
    with flooding(stage, chunk) as server:
        error = failure(at(server.port))
        assert error.unknown == (stage == b".\r\n")
        assert not error.suppresses
    # What the machine's own buffers take may have been sent; the answer itself was not read.
    assert server.sent < 16 * 2**20


@pytest.mark.parametrize("stage", [b"", b"EHLO", b"AUTH", b"MAIL", b"DATA", b".\r\n"])
def test_an_answer_that_drips_is_given_up_in_time(stage: bytes) -> None:
    with flooding(stage, b"2", pause=0.02) as server:
        error = failure(at(server.port), limits=AFTER_DOT if stage == b".\r\n" else QUICK)
        assert error.unknown == (stage == b".\r\n")


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_nothing_is_said_to_a_listener_that_does_not_greet(security: str) -> None:
    """Redis, memcached and their like wait for the client; they must never get a word."""
    with flooding(b"", b"", pause=0.05) as server:
        assert failure(at(server.port, security), limits=QUICK).kind == "connection"
    assert server.got == b""


@pytest.mark.parametrize(
    "banner", ["+PONG", "HTTP/1.1 400", "* OK IMAP4rev1", "554 no service", ""]
)
def test_nothing_is_said_after_a_wrong_greeting(banner: str) -> None:
    with scripted_smtp(always={"banner": banner}) as server:
        assert failure(at(server.port)).server
        assert server.commands in ([], ["QUIT"])


def test_words_injected_before_tls_are_forgotten(authority: trustme.CA) -> None:
    with scripted_smtp(
        extensions=["STARTTLS"],
        tls=server_side(authority),
        always={"STARTTLS": "220 go\r\n250-injected\r\n250 AUTH PLAIN"},
    ) as server:
        result = outcome(at(server.port, "starttls"), client_side(authority))
        # The injected line would have offered AUTH: the real server does not, so nobody signs in.
        assert isinstance(result, MailError)
        assert not any(each.startswith(("AUTH", "MAIL")) for each in server.commands)


@pytest.mark.parametrize("fault", [DROP, RESET, HANG])
def test_tls_that_is_cut_in_the_handshake_is_a_fault_of_the_server(fault: str) -> None:
    with scripted_smtp(extensions=["STARTTLS"]) as server:  # says 220 and then speaks no TLS
        server.always["STARTTLS"] = fault if fault != HANG else "220 go"
        limits = QUICK if fault == HANG else PATIENT
        error = failure(at(server.port, "starttls"), limits=limits)
        assert error.server
        assert not any(each.startswith(("AUTH", "MAIL")) for each in server.commands)


@pytest.mark.parametrize("fault", [DROP, RESET, HANG])
@pytest.mark.parametrize("stage", ["banner", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "DOT"])
def test_a_conversation_cut_under_tls_ends_as_without(
    authority: trustme.CA, stage: str, fault: str
) -> None:
    with scripted_smtp(
        extensions=["AUTH PLAIN"],
        tls=server_side(authority),
        is_implicit_tls=True,
        always={stage: fault},
    ) as server:
        silent = AFTER_DOT if stage == "DOT" else QUICK
        limits = silent if fault == HANG else PATIENT
        error = failure(at(server.port, "ssl"), client_side(authority), limits)
        assert error.unknown == (stage == "DOT")
        assert error.permanent is False
        assert len(server.taken) == (1 if stage == "DOT" else 0)


@pytest.mark.parametrize("banner", ["421 4.3.2 busy", "421 4.7.0 too much mail from you"])
def test_a_busy_greeting_stops_the_sender_and_not_the_mail(banner: str) -> None:
    with scripted_smtp(always={"banner": banner}) as server:
        error = failure(at(server.port))
        assert (error.kind, error.scope, error.permanent) == ("busy", "sender", False)
        assert server.connections == 1


def test_a_server_that_takes_less_than_the_message_is_not_given_it() -> None:
    with scripted_smtp(extensions=["SIZE 100", "AUTH PLAIN"]) as server:
        error = failure(at(server.port))
        assert (error.kind, error.permanent, error.scope) == ("too_big", True, "row")
        assert not any(each.startswith("MAIL") for each in server.commands)


@pytest.mark.parametrize(
    "junk", ["250 kept\r\n250 junk", "250 kept\r\n421 bye", "250 kept\r\nnonsense"]
)
def test_whatever_follows_an_acceptance_changes_nothing(junk: str) -> None:
    with scripted_smtp(extensions=["AUTH PLAIN"], always={"DOT": junk}) as server:
        assert outcome(at(server.port)) == "250 kept"
        assert len(server.accepted) == 1


def test_no_password_reaches_a_log_an_error_or_a_step(
    authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    """The server repeats what it was told in every answer."""
    caplog.set_level(logging.DEBUG)
    coded = "AGFubgBjYW5hcnktcGFzc3dvcmQ="
    said = [
        f"535 5.7.8 {CANARY} {coded}",
        f"421 {coded} {CANARY}",
        f"421 {CANARY}\r\n999 x",
        f"999 {CANARY}",
        DROP,
    ]

    async def steps(server: Server, tls: ssl.SSLContext) -> str:
        found = [step async for step in check_login(server, tls_context=tls)]
        sending = check_send(server, mail_from="a@b.example", to="c@d.example", tls_context=tls)
        return repr(found + [step async for step in sending])

    for stage in ("banner", "EHLO", "AUTH", "MAIL", "DOT"):
        for answer in said:
            with scripted_smtp(
                extensions=["AUTH PLAIN LOGIN"],
                tls=server_side(authority),
                is_implicit_tls=True,
                always={stage: answer},
            ) as server:
                trust = client_side(authority)
                error = failure(at(server.port, "ssl"), trust)
                shown = f"{error.message} {error.hint} {error!r} {error.__context__}"
                shown += asyncio.run(steps(at(server.port, "ssl"), trust))
                assert CANARY not in shown
                assert coded.rstrip("=") not in shown
    assert CANARY not in caplog.text
    assert coded.rstrip("=") not in caplog.text
