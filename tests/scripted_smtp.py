"""A mail server on the loopback that misbehaves as told, stage by stage.

For the faults that a well-made server library cannot produce. Must never listen anywhere else.
"""

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Event, Thread
from typing import BinaryIO

from tests.certificates import encrypted

DROP = "<drop>"  # close without an answer
RESET = "<reset>"  # cut the connection
HANG = "<hang>"  # say nothing any more
OK = {
    "banner": "220 scripted ESMTP",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "DOT": "250 2.0.0 kept",
    "RSET": "250 2.0.0 ok",
    "NOOP": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


@dataclass
class ScriptedSmtp:
    """`script` maps a stage (`banner`, `EHLO`, ... `DOT`, `QUIT`) to what happens there.

    Each list entry is used once, by whichever connection comes first; then all goes well again.
    With `always`, the entry stays. `taken` are messages whose final dot arrived, `accepted` those
    answered with 250.
    """

    listener: socket.socket
    script: dict[str, list[str]] = field(default_factory=dict)
    always: dict[str, str] = field(default_factory=dict)
    extensions: list[str] = field(default_factory=lambda: ["PIPELINING", "SIZE 1000000"])
    tls: ssl.SSLContext | None = None
    is_implicit_tls: bool = False
    greeting_pause: float = 0
    commands: list[str] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)
    accepted: list[bytes] = field(default_factory=list)
    connections: int = 0
    stopping: Event = field(default_factory=Event)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    @property
    def mails(self) -> list[EmailMessage]:
        """The accepted messages, parsed."""
        parsed = [message_from_bytes(each, policy=default) for each in self.accepted]
        return [each for each in parsed if isinstance(each, EmailMessage)]

    def says(self, stage: str) -> str:
        waiting = self.script.get(stage)
        if waiting:
            return waiting.pop(0)
        if stage in self.always:
            return self.always[stage]
        if stage == "EHLO":
            return "\r\n".join(
                f"250{'-' if number < len(self.extensions) else ' '}{word}"
                for number, word in enumerate(["scripted", *self.extensions])
            )
        return OK.get(stage, "502 5.5.1 no such command")

    def serve(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            Thread(target=self._quietly, args=(connection,), daemon=True).start()

    def _quietly(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as opened:
            opened.enter_context(connection)
            if self.is_implicit_tls and self.tls is not None:
                connection = encrypted(connection, self.tls)
                opened.enter_context(connection)
            self._talk(connection, opened)

    def _talk(self, connection: socket.socket, opened: contextlib.ExitStack) -> None:
        file = opened.enter_context(connection.makefile("rb"))
        self.stopping.wait(self.greeting_pause)
        self._say(connection, "banner")
        while line := file.readline():
            command = line.decode("latin-1").strip()
            self.commands.append(command)
            verb = command.split(" ", 1)[0].upper()
            said = self._say(connection, verb)
            if verb == "QUIT":
                return
            if verb == "STARTTLS" and said.startswith("220") and self.tls is not None:
                connection = opened.enter_context(encrypted(connection, self.tls))
                file = opened.enter_context(connection.makefile("rb"))
            if verb == "DATA" and said.startswith("354") and not self._take(connection, file):
                return

    def _take(self, connection: socket.socket, file: BinaryIO) -> bool:
        lines = []
        while (line := file.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        if line == b"":
            return False
        message = b"".join(lines)
        self.taken.append(message)
        answer = self.says("DOT")
        # Before the answer is written: who reads it may look here at once.
        if answer.startswith("250"):
            self.accepted.append(message)
        self._write(connection, answer)
        return True

    def _say(self, connection: socket.socket, stage: str) -> str:
        answer = self.says(stage)
        self._write(connection, answer)
        return answer

    def _write(self, connection: socket.socket, answer: str) -> None:
        """What the script says, a word of fault carried out; OSError ends the conversation."""
        if answer == HANG:
            self.stopping.wait(30)
        if answer == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if answer in (HANG, RESET, DROP):
            raise ConnectionAbortedError
        connection.sendall(answer.encode("latin-1") + b"\r\n")


@contextlib.contextmanager
def scripted_smtp(**settings: object) -> Iterator[ScriptedSmtp]:
    """Run a scripted mail server on a free port until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = ScriptedSmtp(listener, **settings)
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
