"""The one way out to web addresses that a person typed: webhooks.

The name is looked up once, judged by `net`, and exactly the judged address is connected to, so that
neither a redirect nor a name that changes its mind leads inside. Must never follow a redirect, use
a proxy of the environment, decompress an answer, or keep more of one than can be shown.
"""

import asyncio
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpcore2
import idna

from hostedpages import net

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 30.0
MAX_URL_CHARACTERS = 2000
MAX_ANSWER_BYTES = 64 * 1024
MAX_SHOWN_CHARACTERS = 300
PORTS = frozenset({443, 8443})
_URL = re.compile(r"(https?)://([^/?#\s]+)([/?][\x21-\x7e]*)?", re.I)
_CONTROLS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")


class UrlRefused(Exception):
    """This address is not one to send to; the message is for people."""


class NoAnswer(Exception):
    """The other side could not be reached, or did not answer in time; the message is for people."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said: status, headers by lower-case name, the start of its text."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""


def checked_url(url: str, *, allow_private: bool) -> httpcore2.URL:
    """Read an address as typed. Raises UrlRefused.

    Only https at the ports 443 and 8443, without user name or password, unless `allow_private`
    says that this installation may talk to its own network.
    """
    found = _URL.fullmatch(url) if len(url) <= MAX_URL_CHARACTERS else None
    if found is None:
        raise UrlRefused("Enter one web address, such as https://example.com/alarms.")
    if "@" in found[2]:
        raise UrlRefused("Leave user name and password out: each message is signed instead.")
    try:
        parts = urlsplit(url)
        host, port = _ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        raise UrlRefused("There is a mistake in this address. Check its first part.") from None
    scheme = found[1].lower()
    if not allow_private:
        if scheme != "https":
            raise UrlRefused("Use an https address, so that nobody on the way can read along.")
        if port is not None and port not in PORTS:
            raise UrlRefused("Only the ports 443 and 8443 are used.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore2.URL(scheme=scheme, host=host, port=port, target=target)


def host_and_port(url: httpcore2.URL) -> tuple[str, int]:
    """Which server a checked address leads to."""
    host = url.host.decode("ascii").strip("[]")
    return host, url.port or (443 if url.scheme == b"https" else 80)


class Egress:
    """Posts to web addresses; one object a process. `tls` replaces the usual trust, for tests."""

    def __init__(self, *, allow_private: bool, tls: ssl.SSLContext | None = None) -> None:
        self._allow_private = allow_private
        self._tls = tls
        self._backend = _Pinned(allow_private)

    async def post(self, url: str, *, headers: dict[str, str], body: bytes) -> Answer:
        """Send `body` once, over a connection of its own, within 30 seconds.

        Raises UrlRefused or net.HostRefused when this address may not be talked to, NoAnswer when
        nothing came back.
        """
        checked = checked_url(url, allow_private=self._allow_private)
        host, _ = host_and_port(checked)
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await self._exchange(checked, headers, body)
        except net.HostUnknown as error:
            raise NoAnswer(str(error)) from None
        except (TimeoutError, httpcore2.TimeoutException):
            raise NoAnswer(f"“{host}” did not answer in time.") from None
        except httpcore2.ConnectError as error:
            raise NoAnswer(_unreachable(host, error)) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            raise NoAnswer(f"“{host}” broke off without an answer.") from None

    async def _exchange(self, url: httpcore2.URL, headers: dict[str, str], body: bytes) -> Answer:
        if self._tls is None and url.scheme == b"https":
            self._tls = httpcore2.default_ssl_context()
        waits = {"connect": CONNECT_SECONDS, "read": TOTAL_SECONDS, "write": TOTAL_SECONDS}
        pool = httpcore2.AsyncConnectionPool(
            ssl_context=self._tls,
            network_backend=self._backend,
            max_connections=1,
            max_keepalive_connections=0,
        )
        async with (
            pool,
            pool.stream(
                "POST",
                url,
                headers=_lines(url, headers),
                content=body,
                extensions={"timeout": waits},
            ) as response,
        ):
            text = await _start_of(response)
            found = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
        return Answer(response.status, found, text)


class _Pinned(httpcore2.AsyncNetworkBackend):
    """Connects to the addresses that `net` judged, and to no other; the TLS name stays the host."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        targets = await net.resolve_soon(host.strip("[]"), port, allow_private=self._allow_private)
        for target in targets[:-1]:
            try:
                return await self._plain.connect_tcp(target.address, target.port, timeout)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._plain.connect_tcp(targets[-1].address, targets[-1].port, timeout)


def _ascii_host(host: str) -> str:
    """The host as it is asked for; raises ValueError (UnicodeError) for what can be none."""
    if ":" in host:
        return f"[{host}]"
    if host.isascii():
        if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}", host):
            raise ValueError(host)
        return host.lower()
    return idna.encode(host, uts46=True).decode("ascii")


def _lines(url: httpcore2.URL, headers: dict[str, str]) -> list[tuple[str, str]]:
    host = url.host.decode("ascii")
    return [
        ("Host", host if url.port is None else f"{host}:{url.port}"),
        ("User-Agent", "HostedPages"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
        *headers.items(),
    ]


async def _start_of(response: httpcore2.Response) -> str:
    """The first words of an answer; once the status is here, nothing more is needed."""
    taken = b""
    try:
        async for part in response.aiter_stream():
            taken += part[: MAX_ANSWER_BYTES - len(taken)]
            if len(taken) >= MAX_ANSWER_BYTES:
                break
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException):
        pass
    text = taken[: 4 * MAX_SHOWN_CHARACTERS].decode("utf-8", "replace")
    return _CONTROLS.sub(" ", text).strip()[:MAX_SHOWN_CHARACTERS]


def _unreachable(host: str, error: httpcore2.ConnectError) -> str:
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            return f"The certificate of “{host}” cannot be trusted: {found.verify_message}."
        if isinstance(found, ssl.SSLError):
            return f"“{host}” does not speak https properly."
        found = found.__cause__ or found.__context__
    return f"“{host}” cannot be reached."
