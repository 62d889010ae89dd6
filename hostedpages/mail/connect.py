"""Opens a connection to a mail server: address, greeting, EHLO, TLS, sign-in; with aiosmtplib.

The address is judged once and connected to as it was judged, while the certificate is asked for
the name. Must never send a password before TLS unless the server's security is `none`, and never
try a refused password a second time: providers lock accounts for that.
"""

import asyncio
import re
import socket
import ssl

import aiosmtplib

from hostedpages import net
from hostedpages.mail.dialog import Dialog
from hostedpages.mail.errors import SIGN_IN, MailError, Reply, clean_reply, from_reply
from hostedpages.mail.server import PORTS, Server

_HOST_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class Client(aiosmtplib.SMTP):
    """Lets go of a connection at once: a polite end of TLS would wait for a server that failed."""

    def close(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        super().close()


async def open_dialog(
    server: Server,
    *,
    connect_seconds: float,
    read_seconds: float,
    tls_context: ssl.SSLContext | None = None,
) -> Dialog:
    """A connection that is ready for mail. Raises MailError."""
    try:
        targets = await find(server, seconds=connect_seconds)
        client = await open_client(
            server,
            await open_socket(targets, seconds=connect_seconds),
            seconds=read_seconds,
            tls_context=tls_context,
        )
        try:
            await start_tls(client, server)
            await sign_in(client, server)
        except BaseException:
            client.close()
            raise
    except aiosmtplib.SMTPNotSupported:
        raise unusable("The mail server offers no way of signing in that can be used.") from None
    except aiosmtplib.SMTPAuthenticationError as error:
        raise from_reply(clean(server, error), SIGN_IN) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _refused_connection(server, clean(server, error)) from None
    except ssl.SSLError as error:
        raise tls_error(error) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _unreachable(server, error) from None
    return to_dialog(client)


async def find(server: Server, *, seconds: float) -> list[net.Target]:
    """The judged addresses of the server. Raises MailError."""
    if not server.allow_private and server.port not in PORTS:
        raise unusable(f"Mail servers are not talked to at port {server.port}.")
    try:
        async with asyncio.timeout(seconds):
            return await net.resolve_soon(
                server.host, server.port, allow_private=server.allow_private
            )
    except net.HostRefused as error:
        raise unusable(str(error)) from None
    except net.HostUnknown as error:
        raise MailError(str(error), kind="name", server=True) from None
    except TimeoutError:
        raise MailError(
            f"The name server did not say in time where “{server.host}” is.",
            kind="name",
            server=True,
        ) from None


async def open_socket(targets: list[net.Target], *, seconds: float) -> socket.socket:
    """Connect to the first address that answers, within `seconds` altogether. Raises OSError."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    problem: OSError = TimeoutError("it did not answer in time")
    for number, target in enumerate(targets):
        left = end - loop.time()
        share = left if number == len(targets) - 1 else left / 2
        opened = socket.socket(target.family, socket.SOCK_STREAM)
        opened.setblocking(False)
        try:
            async with asyncio.timeout(share):
                await loop.sock_connect(opened, (target.address, target.port))
        except TimeoutError:
            opened.close()
            problem = TimeoutError("it did not answer in time")
        except OSError as error:
            opened.close()
            problem = error
        except BaseException:
            opened.close()
            raise
        else:
            return opened
    raise problem


async def open_client(
    server: Server,
    opened: socket.socket,
    *,
    seconds: float,
    tls_context: ssl.SSLContext | None = None,
) -> Client:
    """TLS if it comes first, and the greeting. Owns the socket. Raises what aiosmtplib raises."""
    client = Client(
        hostname=server.host,
        sock=opened,
        local_hostname=_own_name(),
        timeout=seconds,
        use_tls=server.security == "ssl",
        start_tls=False,
        tls_context=None if server.security == "none" else tls_context,
    )
    try:
        await client.connect()
    except BaseException:
        client.close()
        opened.close()
        raise
    return client


async def start_tls(client: Client, server: Server) -> None:
    """EHLO, and TLS when it is to be asked for; the server's offers are known after that."""
    await _ehlo(client)
    if server.security != "starttls":
        return
    if not client.supports_extension("starttls"):
        raise unusable("The mail server does not offer STARTTLS, which is required.")
    await client.starttls()
    await _ehlo(client)


async def _ehlo(client: Client) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if not 500 <= error.code <= 504:
            raise
        await client.helo()  # a server of the last century


async def sign_in(client: Client, server: Server) -> None:
    """Sign in with the one best way that the server offers; without a user there is nothing to do.

    Another way is tried only when the server does not know the first one after all.
    Raises SMTPNotSupported when there is none, SMTPAuthenticationError when it is refused.
    """
    if not server.user:
        return
    for method in ways(client, server):
        try:
            if method == "xoauth2":
                await client.auth_xoauth2(server.user, server.token)
            elif method == "plain":
                await client.auth_plain(server.user, server.password)
            elif method == "login":
                await client.auth_login(server.user, server.password)
            else:
                await client.auth_crammd5(server.user, server.password)
        except aiosmtplib.SMTPAuthenticationError as error:
            if not 500 <= error.code <= 504:
                raise
            continue
        return
    raise aiosmtplib.SMTPNotSupported("no way of signing in is left")


def ways(client: Client, server: Server) -> list[str]:
    """The sign-in methods that both sides know, the best first."""
    if server.token:
        known = ["xoauth2"]
    elif server.security == "none":
        known = ["cram-md5", "plain", "login"]
    else:
        known = ["plain", "login", "cram-md5"]
    return [each for each in known if each in client.server_auth_methods]


def to_dialog(client: Client) -> Dialog:
    """Hand the connection over to our own protocol. Raises MailError when it was just cut."""
    protocol = client.protocol
    if protocol is None or not isinstance(protocol.transport, asyncio.Transport):
        raise MailError("The connection was cut.", kind="connection", server=True)
    dialog = Dialog(protocol.transport, dict(client.esmtp_extensions))
    protocol.transport.set_protocol(dialog)
    return dialog


def clean(server: Server, error: aiosmtplib.SMTPResponseException) -> Reply:
    """The server's answer without the secrets it was given."""
    return Reply(error.code, clean_reply(str(error.message), server.secrets))


def _refused_connection(server: Server, reply: Reply) -> MailError:
    if reply.code == 454 and server.security == "starttls":
        return unusable(f"The mail server refused TLS: {reply}")
    error = from_reply(reply, "the connection")
    if error.permanent or not error.server:
        return MailError(error.message, kind=error.kind, server=True)
    return error


def _unreachable(server: Server, error: Exception) -> MailError:
    if isinstance(error.__cause__, ssl.SSLError):
        return tls_error(error.__cause__)
    words = clean_reply(str(error), server.secrets)
    return MailError(f"The mail server cannot be reached: {words}", kind="connection", server=True)


def tls_error(error: ssl.SSLError) -> MailError:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"its certificate is not valid ({error.verify_message})"
    else:
        reason = "no encrypted connection could be agreed on"
    return unusable(f"The mail server cannot be trusted: {reason}.")


def unusable(message: str) -> MailError:
    return MailError(message, kind="configuration", server=True, held=True)


def _own_name() -> str:
    """The name for EHLO, without asking any name server."""
    name = socket.gethostname()
    return name if _HOST_NAME.fullmatch(name) else "[127.0.0.1]"
