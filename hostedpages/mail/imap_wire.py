"""The wire below the IMAP library: a connection to one judged address that cannot be made to wait
or to grow without end.

The library reads whatever a server announces. Must never read a literal, a line, or a conversation
beyond its budget, and never take up what was said in clear before TLS.
"""

import imaplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field

from hostedpages.net import Target

MAX_LITERAL = 256 * 1024
MAX_LINE = 64 * 1024
CONNECT_SECONDS = 10.0
READ_SECONDS = 15.0


@dataclass(slots=True)
class Budget:
    """What one conversation may cost: seconds from now, bytes and lines that the server sends."""

    seconds: float
    bytes: int
    lines: int
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.seconds

    def wait(self, longest: float) -> float:
        """How long the next step may take. Raises TimeoutError when the time is used up."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is used up")
        return min(left, longest)


class OtherServer(imaplib.IMAP4.abort):
    """What answers is no IMAP server; the argument is the first line that it said."""


class NoStartTls(imaplib.IMAP4.error):
    """The server does not offer to encrypt the connection."""


class Wire(imaplib.IMAP4):
    """An IMAP connection to exactly `target`; with `context` encrypted from the first byte.

    Reads the greeting and the capabilities at once. Raises OSError (TimeoutError, ssl.SSLError
    among them) and imaplib.IMAP4.error (OtherServer among them).
    """

    def __init__(
        self, target: Target, host: str, budget: Budget, context: ssl.SSLContext | None
    ) -> None:
        self._target = target
        self._budget = budget
        self._context = context
        self._buffer = bytearray()
        self._first_line = b""
        try:
            super().__init__(host, target.port)
        except self.abort:
            if self._first_line and not self._first_line.startswith(b"* "):
                raise OtherServer(self._first_line) from None
            raise

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self.sock = self._create_socket(timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        target = self._target
        opened = socket.create_connection(
            (target.address, target.port), timeout=self._budget.wait(CONNECT_SECONDS)
        )
        return self._encrypted(opened, self._context) if self._context else opened

    def _encrypted(self, opened: socket.socket, context: ssl.SSLContext) -> socket.socket:
        try:
            opened.settimeout(self._budget.wait(CONNECT_SECONDS))
            return context.wrap_socket(opened, server_hostname=self.host)
        except BaseException:
            opened.close()
            raise

    @property
    def is_clear(self) -> bool:
        """Whether the connection began without TLS."""
        return self._context is None

    @property
    def tls_version(self) -> str:
        """For example `TLSv1.3`; empty while nothing is encrypted."""
        return (self.sock.version() or "") if isinstance(self.sock, ssl.SSLSocket) else ""

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Encrypt from here on (RFC 3501, 6.2.1). Raises imaplib.IMAP4.error when it cannot."""
        if self.state != "NONAUTH" or "STARTTLS" not in self.capabilities:
            raise NoStartTls("the server does not offer STARTTLS")
        kind, _ = self._simple_command("STARTTLS")
        if kind != "OK":
            raise self.error("the server refused STARTTLS")
        if self._buffer:
            raise self.abort("the server went on in clear after STARTTLS")
        self.sock = self._encrypted(self.sock, context)
        self.untagged_responses = {}  # what was said in clear counts for nothing
        self._get_capabilities()

    def read(self, size: int) -> bytes:
        if size > MAX_LITERAL:
            raise self.abort(f"the server announced {size} bytes at once")
        while len(self._buffer) < size:
            self._receive()
        return self._cut(size)

    def readline(self) -> bytes:
        self._budget.lines -= 1
        if self._budget.lines < 0:
            raise self.abort("the server did not stop talking")
        looked = 0
        while (end := self._buffer.find(b"\n", looked)) < 0:
            looked = len(self._buffer)
            if looked > MAX_LINE:
                raise self.abort("the server sent a line without an end")
            self._receive()
        line = self._cut(end + 1)
        self._first_line = self._first_line or line
        return line

    def send(self, data: bytes) -> None:  # type: ignore[override]  # typeshed asks for any buffer
        self.sock.settimeout(self._budget.wait(READ_SECONDS))
        self.sock.sendall(data)

    def shutdown(self) -> None:
        with suppress(OSError):
            self.sock.close()

    def _receive(self) -> None:
        self.sock.settimeout(self._budget.wait(READ_SECONDS))
        data = self.sock.recv(64 * 1024)
        if not data:
            raise self.abort("the server closed the connection")
        self._budget.bytes -= len(data)
        if self._budget.bytes < 0:
            raise self.abort("the server sent too much")
        self._buffer += data

    def _cut(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken
