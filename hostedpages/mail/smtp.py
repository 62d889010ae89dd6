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
from hostedpages.mail.errors import MailError, Reply, clean_reply, from_reply
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

    async def close(self) -> None:
        """Say goodbye on every idle connection, within two seconds altogether."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(dialog.quit(seconds=self.limits.quit) for dialog in idle))

    async def _send(
        self, message: OutgoingMessage, before_final: Callable[[], Awaitable[None]]
    ) -> str:
        while True:
            dialog, is_kept = await self._dialog()
            try:
                await self._offer(dialog, message)
            except ConversationLost as error:
                dialog.abort()
                if is_kept:
                    continue  # the server had closed a kept connection: nothing was sent yet
                raise self._lost(error) from None
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
        if reply.code == 250:
            self._keep(dialog)
            return str(reply)
        if reply.code == 421:
            dialog.abort()
        else:
            self._keep(dialog)
        raise from_reply(reply, "the message")

    async def _offer(self, dialog: Dialog, message: OutgoingMessage) -> None:
        """Sender, recipient, permission to send; raises MailError at the first refusal."""
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
                "the sender",
                f"MAIL FROM:<{message.sender}>" + (f" SIZE={size}" if dialog.has_size else ""),
                250,
            ),
            ("the recipient", f"RCPT TO:<{message.recipient}>", 250),
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
                refusal = from_reply(self._clean(reply), stage)
                break
        if refusal:
            if any(reply.code == 421 for reply in replies):
                dialog.abort()
            raise refusal

    def _keep(self, dialog: Dialog) -> None:
        dialog.sent += 1
        dialog.used_at = asyncio.get_running_loop().time()
        if dialog.is_open and dialog.sent < self.limits.mails_per_connection:
            self._idle.append(dialog)
        else:
            dialog.abort()

    async def _dialog(self) -> tuple[Dialog, bool]:
        fresh = asyncio.get_running_loop().time() - self.limits.idle
        while self._idle:
            dialog = self._idle.pop()
            if dialog.is_open and dialog.used_at > fresh:
                return dialog, True
            dialog.abort()
        return await self._connect(), False

    async def _connect(self) -> Dialog:
        return await open_dialog(
            self.server,
            connect_seconds=self.limits.connect,
            read_seconds=self.limits.read,
            tls_context=self._tls,
        )

    def _lost(self, error: ConversationLost) -> MailError:
        words = clean_reply(str(error), self.server.secrets)
        is_busy = "after 421" in words
        return MailError(
            f"The conversation with the mail server broke off: {words}.",
            kind="busy" if is_busy else "connection",
            server=True,
        )

    def _clean(self, reply: Reply) -> Reply:
        return Reply(reply.code, clean_reply(reply.text, self.server.secrets))
