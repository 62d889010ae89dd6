"""A program on the loopback that receives webhooks and answers as told.

Counts connections and bytes, so that a test can say that nothing reached it. Must never listen
anywhere else.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.certificates import encrypted

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
STOP_SECONDS = 20.0


@dataclass
class Posted:
    """One request as it came over the wire."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebhookSink:
    """`answers` are given one each to the next requests, `always` to the rest. A `drip` sends the
    answer one byte at a time, so many seconds apart."""

    port: int
    answers: list[bytes] = field(default_factory=list)
    always: bytes = OK
    drip: float = 0.0
    posted: list[Posted] = field(default_factory=list)
    connections: int = 0
    received_bytes: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alarms"


@contextmanager
def webhook_sink(tls: ssl.SSLContext | None = None) -> Iterator[WebhookSink]:
    """Listen on a free port until the block ends; with `tls` (of a server) it speaks https."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    sink = WebhookSink(int(listener.getsockname()[1]))
    thread = threading.Thread(target=_accept, args=(listener, sink, tls), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.stopped.set()
        thread.join()
        listener.close()


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    """The bytes of one answer: `answer("429 Too Many Requests", "Retry-After: 60")`."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _accept(listener: socket.socket, sink: WebhookSink, tls: ssl.SSLContext | None) -> None:
    while not sink.stopped.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        sink.connections += 1
        # Whatever a client does to its connection, the next one is served.
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            opened.enter_context(connection)
            connection.settimeout(STOP_SECONDS)
            if tls is not None:
                connection = opened.enter_context(encrypted(connection, tls))
            _talk(connection, sink)


def _talk(connection: socket.socket, sink: WebhookSink) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return
        sink.received_bytes += len(part)
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (each.partition(":") for each in lines)
    }
    while len(body) < int(headers.get("content-length", "0")):
        part = connection.recv(65536)
        if not part:
            return
        body += part
    sink.received_bytes += len(body)
    sink.posted.append(Posted(line, headers, body))
    said = sink.answers.pop(0) if sink.answers else sink.always
    for start in range(0, len(said), 1 if sink.drip else len(said) or 1):
        connection.sendall(said[start : start + 1] if sink.drip else said)
        if sink.drip and sink.stopped.wait(sink.drip):
            return
    time.sleep(0)
