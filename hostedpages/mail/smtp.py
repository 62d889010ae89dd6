"""Sends mail through one SMTP server over kept connections: a pool for each sender.

TLS is as the server's settings say: with the library's default a server that hides STARTTLS would
get the password in clear. Must never fall back to clear text, and never wait longer than the
limits below.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hostedpages.mail.connect import open_dialog
from hostedpages.mail.dialog import ConversationLost, Dialog
from hostedpages.mail.errors import (
    RECIPIENT,
    SENDER,
    MailError,
    Reply,
    clean_reply,
    from_reply,
)
from hostedpages.mail.message import OutgoingMessage
from hostedpages.mail.server import Server

__all__ = ["ACCOUNT_CONNECTIONS", "Limits", "Server", "Transport"]

ACCOUNT_CONNECTIONS = 2  # at once, to the server of one account


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to wait, and how much to keep (reliability reference, constants)."""

    connect: float = 10
    read: float = 30
    total: float = 120
    quit: float = 2
    idle: float = 45  # a connection unused for longer is not trusted any more
    mails_per_connection: int = 400


class Transport:
    """A pool of kept connections to one SMTP server."""

    def __init__(
        self,
        server: Server,
        *,
        connections: int = ACCOUNT_CONNECTIONS,
        limits: Limits | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self.server = server
        self.limits = limits or Limits()
        self.connections = connections
        self._tls = tls_context
        self._idle: list[Dialog] = []
        self._places = asyncio.Semaphore(connections)
        self._leaving: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def send(
        self, message: OutgoingMessage, before_final: Callable[[], Awaitable[None]]
    ) -> str:
        """Hand one message to the server; return its words of acceptance.

        `before_final` is awaited when everything was accepted but the message itself; what it
        raises stops the mail before any of it left. Raises MailError.
        """
        async with self._places:
            try:
                async with asyncio.timeout(self.limits.total):
                    return await self._send(message, before_final)
            except TimeoutError:
                raise MailError(
                    f"The mail server took longer than {self.limits.total:g} seconds.",
                    kind="timeout",
                    server=True,
                ) from None

    def adopt(self, dialog: Dialog) -> None:
        """Use a connection that somebody else opened and signed in."""
        dialog.used_at = asyncio.get_running_loop().time()
        self._idle.append(dialog)

    async def close(self) -> None:
        """Say goodbye on every idle connection, within two seconds altogether."""
        self._is_closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for dialog in self._idle:
            self._leave(dialog)
        self._idle.clear()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def close_idle(self) -> None:
        """Say goodbye on connections that nobody used for `limits.idle` seconds.

        Happens by itself too, a little later.
        """
        self._leave_stale()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _send(
        self, message: OutgoingMessage, before_final: Callable[[], Awaitable[None]]
    ) -> str:
        while True:
            dialog, is_kept = await self._dialog()
            try:
                await self._offer(dialog, message, is_kept=is_kept)
            except ConversationLost as error:
                dialog.abort()
                if is_kept:
                    continue  # enough for this connection, or long closed: nothing was sent yet
                raise self._lost(error, message) from None
            except MailError:
                self._keep(dialog)
                raise
            except BaseException:
                dialog.abort()  # canceled in the middle: answers are still on their way
                raise
            break
        try:
            await before_final()
        except BaseException:
            dialog.abort()  # the server waits for a message that must not come
            raise
        return await self._finish(dialog, message)

    async def _finish(self, dialog: Dialog, message: OutgoingMessage) -> str:
        try:
            reply = await dialog.finish(message.as_bytes, seconds=self.limits.total)
        except (ConversationLost, asyncio.CancelledError) as error:
            dialog.abort()
            raise MailError(
                f"The connection ended while the message was on its way ({error or 'time-out'}). "
                "The server may have taken it.",
                kind="unknown",
                unknown=True,
            ) from None
        reply = self._clean(reply)
        dialog.is_dirty = False
        if reply.code == 421:
            dialog.abort()
        self._keep(dialog)
        if reply.code == 250:
            return str(reply)
        raise _refusal(reply, "the message", message)

    async def _offer(self, dialog: Dialog, message: OutgoingMessage, *, is_kept: bool) -> None:
        """Sender, recipient, permission to send; raises MailError at the first refusal.

        A kept connection that had its share (421, 4.5.3) raises ConversationLost: a new one helps.
        """
        size = len(message.as_bytes)
        if dialog.max_size and size > dialog.max_size:
            raise MailError(
                f"The message has {size} bytes; the server takes {dialog.max_size}.",
                kind="too_big",
                permanent=True,
            )
        stages = [
            *([("a new start", "RSET", 250)] if dialog.is_dirty else []),
            (
                SENDER,
                f"MAIL FROM:<{message.sender}>" + (f" SIZE={size}" if dialog.has_size else ""),
                250,
            ),
            (RECIPIENT, f"RCPT TO:<{message.recipient}>", 250),
            ("the message", "DATA", 354),
        ]
        dialog.is_dirty = True
        refusal: MailError | None = None
        if dialog.pipelining:
            commands = [command for _, command, _ in stages]
            replies = await dialog.ask(*commands, seconds=self.limits.read)
            if replies[-1].code == 354 and any(reply.code >= 400 for reply in replies):
                dialog.abort()  # it waits for a message that nobody should get
        else:
            replies = []
            for _, command, wanted in stages:
                replies += await dialog.ask(command, seconds=self.limits.read)
                if replies[-1].code not in (wanted, 251):
                    break
        for (stage, _, wanted), reply in zip(stages, replies, strict=False):
            if reply.code not in (wanted, 251):
                refusal = _refusal(self._clean(reply), stage, message)
                break
        if refusal:
            last = next((each for each in replies if each.code == 421), None)
            if last is not None:
                dialog.abort()
            if is_kept and (last is not None or refusal.scope == "connection"):
                raise ConversationLost("the server wants a new connection", last)
            raise refusal

    def _keep(self, dialog: Dialog) -> None:
        """Keep the connection for the next mail, unless it had its share."""
        loop = asyncio.get_running_loop()
        dialog.sent += 1
        dialog.used_at = loop.time()
        if self._is_closed or dialog.sent >= self.limits.mails_per_connection:
            self._leave(dialog)
        elif dialog.is_open:
            self._idle.append(dialog)
            if self._sweep is None:
                self._sweep = loop.call_later(self.limits.idle, self._leave_stale)
        else:
            dialog.abort()

    def _leave(self, dialog: Dialog) -> None:
        """Say goodbye without keeping anybody waiting."""
        task = asyncio.get_running_loop().create_task(dialog.quit(seconds=self.limits.quit))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _leave_stale(self) -> None:
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self.limits.idle
        for dialog in [each for each in self._idle if each.used_at <= oldest or not each.is_open]:
            self._idle.remove(dialog)
            self._leave(dialog)
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        if self._idle and not self._is_closed:
            wait = min(each.used_at for each in self._idle) - oldest
            self._sweep = loop.call_later(wait, self._leave_stale)

    async def _dialog(self) -> tuple[Dialog, bool]:
        self._leave_stale()
        if self._idle:
            return self._idle.pop(), True
        return await self._connect(), False

    async def _connect(self) -> Dialog:
        if self._tls is None and self.server.security != "none":
            # Reading all authorities takes as long as a mail: once for the pool is enough.
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        return await open_dialog(
            self.server,
            connect_seconds=self.limits.connect,
            read_seconds=self.limits.read,
            tls_context=self._tls,
        )

    def _lost(self, error: ConversationLost, message: OutgoingMessage) -> MailError:
        words, last = clean_reply(str(error), self.server.secrets), error.last
        error.args, error.last = (words,), None  # what it repeated may be secret
        if last is not None and last.code == 421:
            return _refusal(self._clean(last), "the conversation", message)
        return MailError(
            f"The conversation with the mail server broke off: {words}.",
            kind="connection",
            server=True,
        )

    def _clean(self, reply: Reply) -> Reply:
        return Reply(reply.code, clean_reply(reply.text, self.server.secrets))


def _refusal(reply: Reply, stage: str, message: OutgoingMessage) -> MailError:
    return from_reply(reply, stage, sender=message.sender, recipient=message.recipient)
