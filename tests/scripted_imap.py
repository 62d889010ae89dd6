"""An IMAP server on the loopback that says what a test tells it, one command after another.

For what no decent server would do. Must never listen anywhere else.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.certificates import encrypted

GREETING = b"* OK ready\r\n"
CAPABILITIES = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"
Chunks = Iterator[bytes]


@dataclass
class ScriptedImap:
    """`heard` is every line that came, in order; `sent` counts the bytes that went out."""

    port: int
    heard: list[bytes] = field(default_factory=list)
    sent: int = 0


@contextmanager
def scripted_imap(
    answers: dict[bytes, Callable[[], Chunks]],
    *,
    greeting: bytes = GREETING,
    tls: ssl.SSLContext | None = None,
) -> Iterator[ScriptedImap]:
    """Serve one connection. `answers` maps a command's name to the chunks that are sent before its
    `OK`; `%TAG%` in a chunk stands for the tag of the command. Chunks may never end."""
    listener = socket.create_server(("127.0.0.1", 0))
    made = ScriptedImap(listener.getsockname()[1])
    ending = threading.Event()
    thread = threading.Thread(
        target=_serve, args=(listener, made, answers, greeting, tls, ending), daemon=True
    )
    thread.start()
    try:
        yield made
    finally:
        ending.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _serve(
    listener: socket.socket,
    made: ScriptedImap,
    answers: dict[bytes, Callable[[], Chunks]],
    greeting: bytes,
    tls: ssl.SSLContext | None,
    ending: threading.Event,
) -> None:
    with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
        connection, _ = listener.accept()
        opened.callback(connection.close)
        if tls is not None:
            connection = encrypted(connection, tls)
            opened.callback(connection.close)
        _talk(connection, made, answers, greeting, ending)


def _talk(
    connection: socket.socket,
    made: ScriptedImap,
    answers: dict[bytes, Callable[[], Chunks]],
    greeting: bytes,
    ending: threading.Event,
) -> None:
    def say(data: bytes) -> None:
        connection.sendall(data)
        made.sent += len(data)

    say(greeting)
    reader = connection.makefile("rb")
    for line in reader:
        made.heard.append(line)
        tag, _, rest = line.rstrip().partition(b" ")
        name = rest.upper()
        name = name.removeprefix(b"UID ").split(b" ")[0]
        if name == b"AUTHENTICATE":
            say(b"+ \r\n")
            made.heard.append(reader.readline())
        for chunk in answers.get(name, lambda: iter(()))():
            if ending.is_set():
                return
            say(chunk.replace(b"%TAG%", tag))
        if name == b"CAPABILITY" and b"CAPABILITY" not in answers:
            say(CAPABILITIES)
        say(tag + b" OK done\r\n")
