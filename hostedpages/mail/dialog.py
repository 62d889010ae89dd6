"""The mail part of an SMTP conversation over a connection that is already trusted.

aiosmtplib does greeting, EHLO, TLS and sign-in; then this protocol takes the connection over,
because it can send a group of commands at once (RFC 2920) and so waits twice a mail and not five
times. Must never keep an endless answer, and never write the final dot twice.
"""

import asyncio
import re
from collections import deque

from hostedpages.mail.errors import Reply

MAX_ANSWER_BYTES = 64 * 1024
MAX_ANSWER_LINES = 100
_LINE_BREAK = re.compile(rb"\r\n|\r|\n")
_CODE = re.compile(r"[2-5][0-9]{2}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


class ConversationLost(Exception):
    """The connection ended, went silent, or its answer made no sense.

    `last` is the last whole answer before that, which may be the reason: a 421, for one.
    """

    def __init__(self, reason: str, last: Reply | None = None) -> None:
        super().__init__(f"{reason} (after {last})" if last else reason)
        self.last = last


class Dialog(asyncio.Protocol):
    """Asks commands in groups and reads their answers in order."""

    def __init__(self, transport: asyncio.Transport, extensions: dict[str, str]) -> None:
        self.transport = transport
        self.pipelining = "pipelining" in extensions
        size = extensions.get("size", "")
        self.max_size = int(size) if size.isascii() and size.isdigit() else 0
        self.has_size = "size" in extensions
        self.is_dirty = False  # a refused transaction is still open and needs RSET
        self.used_at = 0.0
        self.sent = 0
        self._buffer = bytearray()
        self._lines: list[str] = []
        self._answers: deque[Reply] = deque()
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._lost: str | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def is_open(self) -> bool:
        return self._lost is None and not self.transport.is_closing() and not self._answers

    async def ask(self, *commands: str, seconds: float) -> list[Reply]:
        """Send the commands as one group and return one answer each. Raises ConversationLost."""
        for command in commands:
            if _CONTROLS.search(command):
                raise ValueError("a command holds a control character")
        self._write("".join(f"{command}\r\n" for command in commands).encode("ascii"))
        return await self._read(len(commands), seconds)

    async def finish(self, content: bytes, *, seconds: float) -> Reply:
        """Send the whole message and its final dot; return the answer. Raises ConversationLost."""
        breaks = content.count(b"\r\n")
        if content.count(b"\r") != breaks or content.count(b"\n") != breaks:
            content = _LINE_BREAK.sub(b"\r\n", content)
        content = content.replace(b"\r\n.", b"\r\n..")
        if content.startswith(b"."):
            content = b"." + content
        ending = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        self._write(content + ending)
        (answer,) = await self._read(1, seconds)
        return answer

    async def quit(self, *, seconds: float) -> None:
        """Say goodbye, briefly: some servers never answer it."""
        try:
            if self.is_open:
                await self.ask("QUIT", seconds=seconds)
        except ConversationLost:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        self._lose("closed")
        self.transport.abort()

    def _write(self, data: bytes) -> None:
        if self._lost is not None or self.transport.is_closing():
            raise ConversationLost(self._lost or "the connection is closed")
        self.transport.write(data)

    async def _read(self, count: int, seconds: float) -> list[Reply]:
        self._wanted = count
        if len(self._answers) < count and self._lost is None:
            self._waiter = self._loop.create_future()
            timer = self._loop.call_later(seconds, self._lose, "the server did not answer in time")
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        if len(self._answers) < count:
            raise ConversationLost(
                self._lost or "the connection is closed",
                self._answers[-1] if self._answers else None,
            )
        return [self._answers.popleft() for _ in range(count)]

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _lose(self, reason: str) -> None:
        if self._lost is None:
            self._lost = reason
        self._wake()

    def data_received(self, data: bytes) -> None:
        if self._lost is not None:
            return
        self._buffer += data
        if len(self._buffer) > MAX_ANSWER_BYTES or len(self._lines) > MAX_ANSWER_LINES:
            self._lose("the server's answer is too long")
            self.transport.abort()
            return
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer[:] = rest
        for line in lines:
            self._take(line.rstrip(b"\r").decode("utf-8", "replace"))
        if len(self._answers) >= max(self._wanted, 1):
            self._wake()

    def _take(self, line: str) -> None:
        code = line[:3]
        if not (_CODE.fullmatch(code) and line[3:4] in ("", " ", "-")):
            self._lose("the server's answer is not SMTP")
            self.transport.abort()
            return
        self._lines.append(line[4:].strip())
        if len(self._lines) > MAX_ANSWER_LINES:
            self._lose("the server's answer is too long")
            self.transport.abort()
        elif line[3:4] != "-":
            self._answers.append(Reply(int(code), " ".join(self._lines)))
            self._lines.clear()

    def eof_received(self) -> bool:
        self._lose("the server closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose("the connection was cut" if exc else "the server closed the connection")
