"""Servers on the loopback that stand for other machines: a mail server, and another web site.

Must never listen anywhere else.
"""

import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

START_SECONDS = 120
# Below 32768, where Linux begins to give ports to whoever asks for any. Each process of the tests
# has its own, so none is taken between being found free and being used.
FIRST_PORT, PORTS_EACH, MOST_PROCESSES = 12000, 2000, 10


@dataclass
class Received:
    """One message as the mail server got it."""

    sender: str
    recipients: list[str]
    message: EmailMessage


@dataclass
class SmtpSink:
    """A mail server without TLS that keeps every message and answers as told.

    `refusals` maps a recipient to the reply it gets (`550 5.1.1 No such user`); `data_replies` are
    given, one each, to the next messages instead of taking them.
    """

    port: int
    received: list[Received] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    data_replies: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def to(self, address: str) -> list[EmailMessage]:
        """The messages that one address got, in order."""
        return [each.message for each in self.received if address in each.recipients]

    async def handle_RCPT(  # noqa: N802  the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        refusal = self.refusals.get(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(  # noqa: N802  the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.data_replies:
            return self.data_replies.pop(0)
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=SMTPUTF8)
        assert isinstance(message, EmailMessage)
        self.received.append(Received(envelope.mail_from or "", list(envelope.rcpt_tos), message))
        return "250 2.0.0 Kept"


@contextmanager
def smtp_sink(port: int = 0) -> Iterator[SmtpSink]:
    """Run a mail server on this or a free port until the block ends."""
    sink = SmtpSink(port or free_port())
    controller = Controller(
        sink,
        hostname="127.0.0.1",
        port=sink.port,
        enable_SMTPUTF8=True,
        ready_timeout=START_SECONDS,
    )
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


@dataclass
class OtherSite:
    """A web site of somebody else: another origin and, by its name, another site for cookies."""

    url: str
    folder: Path

    def put(self, name: str, html: str) -> str:
        """Publish a file; returns its address."""
        (self.folder / name).write_text(html, "utf-8")
        return f"{self.url}/{name}"


@contextmanager
def other_site(folder: Path) -> Iterator[OtherSite]:
    """Serve `folder` as `localhost` (the product is 127.0.0.1) until the block ends."""

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def do_GET(self) -> None:
            if self.path == "/favicon.ico":  # browsers ask by themselves
                self.send_response(204)
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield OtherSite(f"http://localhost:{server.server_address[1]}", folder)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    """A port of the loopback that nobody uses at this moment, and that is given only once."""
    return next(port for port in _PORTS if _is_free(port))


def _own_ports() -> Iterator[int]:
    """Ports of this process alone, endlessly. Of two runs of the tests each begins elsewhere."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST_PORT + PORTS_EACH * (number % MOST_PROCESSES)
    for count in itertools.count(os.getpid() * 37):  # neighbors in number begin far apart
        yield first + count % PORTS_EACH


_PORTS = _own_ports()


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
