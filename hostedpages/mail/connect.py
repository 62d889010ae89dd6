"""Opens a connection to a mail server: address, greeting, EHLO, TLS, sign-in; with aiosmtplib.

The address is judged once and connected to as it was judged, while the certificate is asked for
the name. Must never send a password before TLS unless the server's security is `none`, and never
try a refused password a second time: providers lock accounts for that.
"""

import asyncio
import contextlib
import errno
import re
import socket
import ssl
from collections.abc import Iterator

import aiosmtplib

from hostedpages import net
from hostedpages.mail.dialog import Dialog
from hostedpages.mail.errors import SIGN_IN, MailError, Reply, clean_reply, from_reply
from hostedpages.mail.server import PORTS, Server
from hostedpages.mail.tls import tls_error

ADVICE_PORT = "Check the port: 587 with STARTTLS and 465 with SSL/TLS are the usual ones."
ADVICE_SILENT = (
    "Check the server's name and the port. Many networks block port 25: try 587 with STARTTLS, or "
    "465 with SSL/TLS."
)
ADVICE_TLS_FIRST = (
    "A server that begins with TLS stays silent like this: choose SSL/TLS (usual at port 465), or "
    "port 587 with STARTTLS."
)
ADVICE_NO_STARTTLS = (
    "Choose SSL/TLS (usually port 465), or another port of this server: STARTTLS is usual at 587."
)
TURNS_TO_CLOSE = 10  # of the event loop: one to see the end, one to tell TLS, one to close
_HOST_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class Client(aiosmtplib.SMTP):
    """Lets go of a connection at once: a polite end of TLS would wait for a server that failed."""

    greeting = ""

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
    with in_words(server):
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
    return to_dialog(client)


@contextlib.contextmanager
def in_words(server: Server) -> Iterator[None]:
    """Turn whatever the network and aiosmtplib raise into MailError, secrets removed."""
    try:
        yield
    except aiosmtplib.SMTPNotSupported as error:
        raise unusable(str(error)) from None
    except aiosmtplib.SMTPAuthenticationError as error:
        raise from_reply(clean(server, error), SIGN_IN) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _refused_connection(server, clean(server, error)) from None
    except ssl.SSLError as error:
        raise tls_error(server, error) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _unreachable(server, error) from None


async def find(server: Server, *, seconds: float) -> list[net.Target]:
    """The judged addresses of the server. Raises MailError."""
    if not server.allow_private and server.port not in PORTS:
        raise unusable(
            f"Port {server.port} is not allowed for mail servers. Use 25, 465, 587 or 2525.",
            ADVICE_PORT,
        )
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
        client.greeting = clean_reply((await client.connect()).message, server.secrets)
    except aiosmtplib.SMTPConnectTimeoutError:
        client.close()
        await let_go(opened)
        if server.security == "ssl":
            raise
        raise MailError(
            "The mail server says nothing: it does not begin the conversation.",
            kind="connection",
            server=True,
            hint=ADVICE_TLS_FIRST,
        ) from None
    except (Exception, asyncio.CancelledError):  # not GeneratorExit, which forbids to wait
        client.close()
        await let_go(opened)
        raise
    return client


async def let_go(opened: socket.socket) -> None:
    """Close the socket through whoever owns it: broken off within the handshake of TLS, that is a
    transport that nobody else knows. Closed under its feet, the loop would keep watching it."""
    with contextlib.suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
    try:
        for _ in range(TURNS_TO_CLOSE):
            if opened.fileno() < 0:
                break
            await asyncio.sleep(0)
    finally:
        opened.close()


async def start_tls(client: Client, server: Server) -> None:
    """EHLO, and TLS when it is to be asked for; the server's offers are known after that."""
    await _ehlo(client)
    if server.security != "starttls":
        return
    if not client.supports_extension("starttls"):
        words = "The mail server does not offer STARTTLS, which is required."
        raise unusable(words, ADVICE_NO_STARTTLS)
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
    raise aiosmtplib.SMTPNotSupported(_no_way(client, server))


def _no_way(client: Client, server: Server) -> str:
    offered = client.server_auth_methods
    if server.token:
        return "The mail server offers no sign-in with the provider's own account (XOAUTH2)."
    if "xoauth2" in offered or "oauthbearer" in offered:
        return "The mail server takes no passwords: sign in with the provider's own button."
    if not offered and server.security == "none" and client.supports_extension("starttls"):
        return "The mail server offers signing in only after STARTTLS: choose STARTTLS."
    if not offered:
        return "The mail server offers no way of signing in at this port."
    return "The mail server offers no way of signing in that can be used."


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
    """The server's answer without the secrets it was given; the error forgets them, too."""
    reply = Reply(error.code, clean_reply(str(error.message), server.secrets))
    error.message = reply.text
    error.args = (reply.code, reply.text)
    return reply


def _refused_connection(server: Server, reply: Reply) -> MailError:
    if not 200 <= reply.code < 600 or reply.text.startswith("Response too long"):
        words = f"What answers at port {server.port} of {server.host} does not speak SMTP."
        return MailError(words, kind="protocol", server=True, hint=ADVICE_PORT)
    if reply.code == 454 and server.security == "starttls":
        return unusable(f"The mail server refused TLS: {reply}")
    error = from_reply(reply, "the connection")
    if error.permanent or not error.server:
        return MailError(error.message, kind=error.kind, server=True)
    return error


def _unreachable(server: Server, error: Exception) -> MailError:
    cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPException) else error
    if isinstance(cause, ssl.SSLError):
        return tls_error(server, cause)
    place = f"port {server.port} of {server.host}"
    if isinstance(cause, ConnectionRefusedError):
        words, hint = f"nothing takes connections at {place}", ADVICE_PORT
    elif isinstance(error, TimeoutError):
        words, hint = f"{place} did not answer in time", ADVICE_SILENT
    elif isinstance(cause, OSError) and cause.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        words, hint = f"there is no way to {place} from here", ADVICE_SILENT
    elif isinstance(error, ConnectionError):
        words, hint = f"{place} ended the connection", ADVICE_PORT
    else:
        words, hint = clean_reply(str(error), server.secrets), ""
    return MailError(
        f"The mail server cannot be reached: {words}.", kind="connection", server=True, hint=hint
    )


def unusable(message: str, hint: str = "") -> MailError:
    """An error that holds mail until somebody changes a setting."""
    return MailError(message, kind="configuration", server=True, held=True, hint=hint)


def _own_name() -> str:
    """The name for EHLO, without asking any name server."""
    name = socket.gethostname()
    return name if _HOST_NAME.fullmatch(name) else "[127.0.0.1]"
