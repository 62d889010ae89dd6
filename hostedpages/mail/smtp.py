"""Sends mail through the installation's SMTP server over kept connections.

TLS is required unless the address says `?tls=none`: with the library's default a server that hides
STARTTLS would get the password in clear. Must never send credentials without TLS to another
machine, and never wait longer than the limits below.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib

from hostedpages.mail.dialog import ConversationLost, Dialog
from hostedpages.mail.errors import MailError, Reply, clean_reply, from_reply
from hostedpages.mail.message import OutgoingMessage

_HOST_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to wait, and how much to keep (reliability reference, constants)."""

    connect: float = 10
    read: float = 30
    total: float = 120
    quit: float = 2
    idle: float = 45  # a connection unused for longer is not trusted any more
    mails_per_connection: int = 400


@dataclass(frozen=True, slots=True)
class SmtpUrl:
    """Where and how mail leaves: host, port, security (`starttls`, `tls`, `none`), sign-in."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> "SmtpUrl":
        """Read `smtp://user:pass@host:587`, `smtps://host:465` or `smtp://host:25?tls=none`.

        Raises ValueError with words for the operator, never with the password.
        """
        try:
            parts = urlsplit(url)
            port, options = (
                parts.port,
                dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))),
            )
        except ValueError:
            raise ValueError("HOSTEDPAGES_SMTP_URL is not an address.") from None
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
            raise ValueError("HOSTEDPAGES_SMTP_URL must look like smtp://user:password@host:587.")
        if options not in ({}, {"tls": "none"}) or (options and parts.scheme == "smtps"):
            raise ValueError("HOSTEDPAGES_SMTP_URL knows one option: smtp://...?tls=none.")
        security = "tls" if parts.scheme == "smtps" else "none" if options else "starttls"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if user and security == "none" and not _is_loopback(parts.hostname):
            raise ValueError("HOSTEDPAGES_SMTP_URL would send a password without TLS.")
        default = {"tls": 465, "starttls": 587, "none": 25}[security]
        return cls(parts.hostname, port or default, security, user, password)


class Transport:
    """A pool of kept connections to one SMTP server."""

    def __init__(
        self,
        url: SmtpUrl,
        *,
        connections: int = 10,
        limits: Limits | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self.url = url
        self.limits = limits or Limits()
        self.connections = connections
        self._tls = tls_context
        self._idle: list[Dialog] = []
        self._places = asyncio.Semaphore(connections)
        self._name = _own_name()
        blank = f"\0{url.user}\0{url.password}" if url.password else ""
        self._secrets = tuple(each for each in (blank, url.password) if each)

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
        """Greeting, EHLO, TLS and sign-in with aiosmtplib. Raises MailError."""
        url = self.url
        client = _Client(
            hostname=url.host,
            port=url.port,
            username=url.user or None,
            password=url.password or None,
            local_hostname=self._name,
            timeout=self.limits.connect,
            use_tls=url.security == "tls",
            start_tls=url.security == "starttls",
            tls_context=None if url.security == "none" else self._tls,
        )
        try:
            await _greet(client)
        except aiosmtplib.SMTPNotSupported:
            raise _unusable(
                "The mail server offers no way of signing in that can be used."
            ) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise from_reply(
                self._clean(Reply(error.code, str(error.message))), "the sign-in"
            ) from None
        except aiosmtplib.SMTPResponseException as error:
            raise self._refused_connection(Reply(error.code, str(error.message))) from None
        except ssl.SSLError as error:
            raise _tls_error(error) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._unreachable(error) from None
        protocol = client.protocol
        if protocol is None or not isinstance(protocol.transport, asyncio.Transport):
            raise MailError("The connection was cut.", kind="connection", server=True)
        dialog = Dialog(protocol.transport, dict(client.esmtp_extensions))
        protocol.transport.set_protocol(dialog)
        return dialog

    def _unreachable(self, error: Exception) -> MailError:
        if isinstance(error.__cause__, ssl.SSLError):
            return _tls_error(error.__cause__)
        # The library closes the connection before it tells that STARTTLS is missing, with the
        # plain base class; every fault of the network has a class of its own.
        if type(error) is aiosmtplib.SMTPException and self.url.security == "starttls":
            return _unusable("The mail server does not offer STARTTLS, which is required.")
        words = clean_reply(str(error), self._secrets)
        return MailError(
            f"The mail server cannot be reached: {words}", kind="connection", server=True
        )

    def _refused_connection(self, reply: Reply) -> MailError:
        reply = self._clean(reply)
        if reply.code == 454 and self.url.security == "starttls":
            return _unusable(f"The mail server refused TLS: {reply}")
        error = from_reply(reply, "the connection")
        if error.permanent or not error.server:
            return MailError(error.message, kind=error.kind, server=True)
        return error

    def _lost(self, error: ConversationLost) -> MailError:
        words = clean_reply(str(error), self._secrets)
        is_busy = "after 421" in words
        return MailError(
            f"The conversation with the mail server broke off: {words}.",
            kind="busy" if is_busy else "connection",
            server=True,
        )

    def _clean(self, reply: Reply) -> Reply:
        return Reply(reply.code, clean_reply(reply.text, self._secrets))


class _Client(aiosmtplib.SMTP):
    """Lets go of a connection at once: a polite end of TLS would wait for a server that failed."""

    def close(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        super().close()


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
    except BaseException:
        client.close()
        raise


def _unusable(message: str) -> MailError:
    return MailError(message, kind="configuration", server=True, held=True)


def _tls_error(error: ssl.SSLError) -> MailError:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"its certificate is not valid ({error.verify_message})"
    else:
        reason = "no encrypted connection could be agreed on"
    return _unusable(f"The mail server cannot be trusted: {reason}.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _own_name() -> str:
    """The name for EHLO, without asking any name server."""
    name = socket.gethostname()
    return name if _HOST_NAME.fullmatch(name) else "[127.0.0.1]"
