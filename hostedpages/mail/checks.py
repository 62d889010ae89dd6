"""The three live tests of a mail server: *Test server*, *Test login*, *Test SMTP Send*.

Each yields its steps as they happen, with cause, advice and time. Must never show a secret, never
try a sign-in twice, and never take longer than its deadlines.
"""

import asyncio
import contextlib
import secrets
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import aiosmtplib

from hostedpages import clock, net
from hostedpages.mail.check import Check
from hostedpages.mail.connect import (
    Client,
    find,
    in_words,
    let_go,
    open_client,
    open_socket,
    sign_in,
    start_tls,
    to_dialog,
    unusable,
    ways,
)
from hostedpages.mail.errors import RECIPIENT, SENDER, MailError, clean_reply
from hostedpages.mail.imap import ImapServer, check_imap_login
from hostedpages.mail.message import build
from hostedpages.mail.presets import PRESETS
from hostedpages.mail.server import Server
from hostedpages.mail.smtp import Limits, Transport
from hostedpages.mail.tls import Certificate, unverified

__all__ = ["CHECK_LIMITS", "Check", "check_login", "check_send", "check_server"]

CHECK_LIMITS = Limits(total=90)
PATIENCE = 5.0  # seconds of silence before it is said what they usually mean
TLS_SECONDS = 5.0  # for a look whether a port begins with TLS
STILL_SILENT = "Still waiting: a server that begins with TLS stays silent like this."
_TEXT = """\
This is a test of your mail settings: the message left through your own mail server, so the
settings work.

Nothing needs to be done. If it lies in the spam folder, check SPF, DKIM and DMARC of your domain.
"""

Step = tuple[str, str, Callable[[], Awaitable[str]]]


async def check_server(
    server: Server, *, limits: Limits = CHECK_LIMITS, tls_context: ssl.SSLContext | None = None
) -> AsyncIterator[Check]:
    """Name, connection, greeting, TLS, offers. Says that it does not check the password."""
    talk = _Talk(server, limits, tls_context)
    async for check in talk.run(talk.steps()):
        yield check
    yield Check(
        "password",
        "User name and password",
        "skipped",
        "This test does not check the password; “Test login” does.",
    )


async def check_login(
    server: Server,
    imap: ImapServer | None = None,
    *,
    limits: Limits = CHECK_LIMITS,
    tls_context: ssl.SSLContext | None = None,
) -> AsyncIterator[Check]:
    """Sign in to the SMTP server, and to the mailbox when one is given."""
    talk = _Talk(server, limits, tls_context)
    async for check in talk.run([*talk.steps(), ("login", "Sign in", talk.login)]):
        yield check
    if imap is not None:
        async for check in check_imap_login(imap, tls_context=tls_context):
            yield check


async def check_send(
    server: Server,
    *,
    mail_from: str,
    to: str,
    limits: Limits = CHECK_LIMITS,
    tls_context: ssl.SSLContext | None = None,
) -> AsyncIterator[Check]:
    """Send a real message from `mail_from` (`Name <address>`) to the one address `to`."""
    talk = _Talk(server, limits, tls_context)

    async def send() -> str:
        return await talk.send(mail_from, to)

    async for check in talk.run(
        [
            *talk.steps(),
            ("login", "Sign in", talk.login),
            ("send", "Send a message", send),
        ]
    ):
        yield check


def advice(server: Server, error: MailError) -> str:
    """The error's own advice, then what this provider wants to be known about signing in."""
    if error.kind == "no_such_address" and f"refused {SENDER}" not in error.message:
        return "Check the address that the test goes to; the sender itself works."
    if not error.hint and f"refused {RECIPIENT}" in error.message:
        return "Check the address that the test goes to, or send the test to another one."
    if error.kind != "authentication":
        return error.hint
    if server.token:
        return "Connect the account anew with the provider's own button."
    if server.password != server.password.strip():
        return f"Your password begins or ends with a space. {error.hint}"
    known = (each for each in PRESETS.values() if each.smtp_host == server.host.lower())
    preset = next(known, None)
    return f"{error.hint} {preset.label}: {preset.sign_in_hint}" if preset else error.hint


async def _stop(task: asyncio.Future[Any]) -> None:
    """Let go of a step that nobody waits for any more."""
    if not task.done():
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class _Skip(Exception):
    """The step has nothing to do; the message is the reason."""


class _Talk:
    """One conversation with the server, step by step; each step returns what was seen."""

    def __init__(self, server: Server, limits: Limits, tls_context: ssl.SSLContext | None) -> None:
        self.server = server
        self.limits = limits
        self._context = tls_context
        self._targets: list[net.Target] = []
        self._opened: socket.socket | None = None
        self._client: Client | None = None
        self._bad_greeting: aiosmtplib.SMTPResponseException | None = None

    def steps(self) -> list[Step]:
        """The steps that every test begins with."""
        greeting: Step = ("greeting", "Read its greeting", self.greeting)
        tls: Step = ("tls", "Encrypt the connection", self.tls)
        return [
            ("name", "Find the server", self.name),
            ("connection", f"Connect to port {self.server.port}", self.connection),
            *([tls, greeting] if self.server.security == "ssl" else [greeting, tls]),
            ("offers", "See what it offers", self.offers),
        ]

    async def run(self, steps: list[Step]) -> AsyncIterator[Check]:
        """Do the steps; after a problem the rest is skipped."""
        end = time.monotonic() + self.limits.total
        has_failed = False
        try:
            for name, title, work in steps:
                if has_failed:
                    yield Check(name, title, "skipped")
                    continue
                yield Check(name, title, "running")
                began = time.monotonic()
                task = asyncio.ensure_future(self._one(Check(name, title, "ok"), work, end - began))
                try:
                    is_heard = name == "greeting" and self.server.security != "ssl"
                    patience = PATIENCE if is_heard else None
                    if not (await asyncio.wait({task}, timeout=patience))[0]:
                        yield Check(name, title, "running", STILL_SILENT)
                    check = await task
                finally:
                    await _stop(task)
                detail = clean_reply(check.detail, self.server.secrets, limit=1000)
                has_failed = check.state == "problem"
                took = round((time.monotonic() - began) * 1000)
                yield replace(check, detail=detail, milliseconds=took)
        finally:
            if self._opened is not None:
                self._opened.close()
            if self._client is not None:
                self._client.close()

    async def _one(self, check: Check, work: Callable[[], Awaitable[str]], left: float) -> Check:
        try:
            async with asyncio.timeout(max(left, 0.001)):
                with in_words(self.server):
                    return replace(check, detail=await work())
        except _Skip as reason:
            return replace(check, state="skipped", detail=str(reason))
        except TimeoutError:
            words = f"The test took longer than {self.limits.total:g} seconds."
            return replace(check, state="problem", detail=words)
        except MailError as error:
            hint = advice(self.server, error)
            return replace(check, state="problem", detail=error.message, hint=hint)

    async def name(self) -> str:
        self._targets = await find(self.server, seconds=self.limits.connect)
        found = [each.address for each in self._targets[:3]]
        if found == [self.server.host]:
            return f"{self.server.host} is an address; no name has to be looked up."
        return f"{self.server.host} is {', '.join(found)}."

    async def connection(self) -> str:
        self._opened = await open_socket(self._targets, seconds=self.limits.connect)
        address = self._opened.getpeername()[0]
        # From here on nothing goes to another machine of the same name.
        self._targets = [net.Target(self._opened.family, address, self.server.port)]
        return f"{address} takes connections at port {self.server.port}."

    async def greeting(self) -> str:
        if self._bad_greeting is not None:
            raise self._bad_greeting
        if self.server.security == "ssl":
            await start_tls(self._connected, self.server)
        else:
            await self._greet()
        return f"It says: {self._connected.greeting}"

    async def _greet(self) -> None:
        """Begin the conversation without TLS, unless the port turns out to begin with it."""

        async def begin() -> None:
            # Ours from its first moment on: a test that is broken off just now still closes it.
            self._client = await self._open(self._context)

        opening = asyncio.ensure_future(begin())
        try:
            is_heard = bool((await asyncio.wait({opening}, timeout=PATIENCE))[0])
            if not is_heard and await self._begins_with_tls():
                raise unusable(
                    f"Port {self.server.port} begins with TLS: the server says nothing before.",
                    "Choose SSL/TLS.",
                )
            await opening
        finally:
            await _stop(opening)

    async def _begins_with_tls(self) -> bool:
        """Whether TLS is answered at once, over a connection of its own that carries nothing."""
        if self.server.port == 25:
            return False  # who talks before the greeting is taken for a spammer there
        try:
            async with asyncio.timeout(TLS_SECONDS):
                opened = await open_socket(self._targets, seconds=TLS_SECONDS)
                writer = await self._encrypted_unverified(opened)
        except (OSError, ValueError):
            return False
        writer.transport.abort()
        return True

    async def _encrypted_unverified(self, opened: socket.socket) -> asyncio.StreamWriter:
        try:
            _, writer = await asyncio.open_connection(
                sock=opened, ssl=unverified(), server_hostname=self.server.host
            )
        except (Exception, asyncio.CancelledError):  # not GeneratorExit, which forbids to wait
            await let_go(opened)
            raise
        return writer

    async def tls(self) -> str:
        try:
            with in_words(self.server):
                return await self._encrypted()
        except MailError as error:
            seen = await self._refused_certificate(error)
            raise _with(error, f"{error.message} {seen}".strip()) from None

    async def _encrypted(self) -> str:
        if self.server.security == "ssl":
            try:
                self._client = await self._open(self._context)
            except aiosmtplib.SMTPResponseException as error:
                self._bad_greeting = error
                return "The connection is encrypted."
        else:
            await start_tls(self._connected, self.server)
        if self.server.security == "none":
            raise _Skip("The connection is not encrypted, as chosen: it can be read on the way.")
        return _seen(self._connected)

    async def offers(self) -> str:
        client = self._connected
        methods = sorted(each.upper() for each in client.server_auth_methods)
        size = client.esmtp_extensions.get("size", "")
        words = [f"Signing in: {', '.join(methods)}." if methods else "It offers no signing in."]
        if size.isdigit() and int(size):
            words.append(f"Messages of up to {int(size) / 2**20:,.0f} MB.")
        if client.supports_extension("starttls"):
            words.append("STARTTLS is offered, and not used.")
        return " ".join(words)

    async def login(self) -> str:
        server = self.server
        if not server.user:
            raise _Skip("No user name and password are set, so there is nothing to test.")
        method = (ways(self._connected, server) or [""])[0].upper()
        await sign_in(self._connected, server)
        return f"{server.user} is signed in ({method})."

    async def send(self, mail_from: str, to: str) -> str:
        try:
            message = build(
                delivery_id=f"test-{secrets.token_urlsafe(12)}",
                mail_from=mail_from,
                recipient=to,
                subject="Test of your mail settings",
                text=_TEXT,
                html=None,
                date=clock.now(),
            )
        except ValueError:
            words = "From and the address to send to must be one email address each."
            raise MailError(words, kind="refused", permanent=True) from None
        transport = Transport(
            self.server, connections=1, limits=self.limits, tls_context=self._context
        )
        transport.adopt(to_dialog(self._connected))
        self._client = None
        try:
            said = await transport.send(message, _nothing)
        finally:
            await transport.close()
        return f"The server took it: {said}. Message-ID {message.message_id}"

    @property
    def _connected(self) -> Client:
        assert self._client is not None
        return self._client

    async def _open(self, context: ssl.SSLContext | None) -> Client:
        server, opened, self._opened = self.server, self._opened, None
        if opened is None:
            opened = await open_socket(self._targets, seconds=self.limits.connect)
        # At the port of TLS a plain conversation only meets silence: no need to wait long.
        is_mismatch = server.port == 465 and server.security != "ssl"
        seconds = self.limits.connect if is_mismatch else self.limits.read
        return await open_client(server, opened, seconds=seconds, tls_context=context)

    async def _refused_certificate(self, error: MailError) -> str:
        """What the certificate says that was not trusted; over a connection of its own."""
        if "certificate" not in error.message:
            return ""
        try:
            with in_words(self.server):
                client = await self._open(unverified())
        except MailError:
            return ""
        try:
            with in_words(self.server):
                await start_tls(client, self.server)
            return _seen(client)
        except MailError:
            return ""
        finally:
            client.close()


def _seen(client: Client) -> str:
    """Version of TLS and certificate of an encrypted connection."""
    connection = client.get_transport_info("ssl_object")
    certificate = Certificate.of(connection.getpeercert(True) or b"")
    return f"{connection.version()}. {certificate or ''}".strip()


def _with(error: MailError, message: str) -> MailError:
    return MailError(message, kind=error.kind, server=True, held=error.held, hint=error.hint)


async def _nothing() -> None:
    pass
