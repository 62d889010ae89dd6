"""One conversation with the server of a mailbox, step by step: find, connect, sign in, read.

Everything here blocks and belongs into a thread. Must never change the mailbox (EXAMINE and
BODY.PEEK only), never sign in without TLS, and never connect elsewhere than to the address that
`net` judged.
"""

import errno
import imaplib
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NoReturn

# The library says no types.
from imapclient import IMAPClient  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientError, ProtocolError  # type: ignore[import-untyped]

from hostedpages import clock, net
from hostedpages.mail.errors import clean_reply
from hostedpages.mail.imap_wire import MAX_LITERAL, Budget, NoStartTls, OtherServer, Wire
from hostedpages.mail.tls import NOT_TLS

PORTS = (143, 993)
ADVICE_PORT = (
    "Check the port: 993 with TLS from the start and 143 with STARTTLS are the usual ones."
)
MAX_NUMBER = 2**32 - 1
# What a confused or hostile server makes the library raise; none of it is a fault of ours.
_CONFUSED = (
    imaplib.IMAP4.error,
    IMAPClientError,
    ProtocolError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    AssertionError,
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_BYTES = re.compile(r"""\bb(["'])(.*)\1""")  # as Python writes them
# Words of a refused sign-in, in this order: what they mean, and the way out.
_LOGIN_WORDS = (
    (
        re.compile(r"\[(?:unavailable|limit|inuse|serverbug)\]|too many|try again|temporar", re.I),
        "busy",
        "It is tried again by itself.",
    ),
    (
        re.compile(r"not enabled for imap|imap (?:access )?is (?:disabled|not enabled)", re.I),
        "login",
        "Turn IMAP on in the settings of the mailbox, at the provider.",
    ),
    (
        re.compile(r"app(?:lication)?[- ]specific|app password|two[- ]step|2-step", re.I),
        "login",
        "Make an app password at the provider, and use it instead of your own.",
    ),
    (
        re.compile(r"basic auth|logindisabled|login is disabled|not (?:allowed|supported)", re.I),
        "login",
        "The provider lets no program sign in with a password: connect the account instead.",
    ),
)
REFUSED_SIGN_IN = "The server refused the sign-in"
_LOGIN_HINT = (
    "Check the user name and the password. With two-step verification, use an app password."
)


class ImapError(Exception):
    """The mailbox cannot be read. `message` is for people, without secrets; `hint` is the way out.

    `kind` is one of `host`, `connection`, `timeout`, `tls`, `login`, `busy`, `protocol`.
    """

    def __init__(self, message: str, *, kind: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.hint = hint


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where a mailbox is and how to sign in: with `token` (XOAUTH2) when given, else `password`.

    Port 143 means STARTTLS, any other TLS from the first byte. Without `allow_private` only public
    addresses and the two ports of IMAP are talked to.
    """

    host: str
    port: int
    user: str
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    allow_private: bool = False
    starts_tls: bool | None = None  # only where another port than 143 begins in clear

    @property
    def begins_in_clear(self) -> bool:
        return self.port == 143 if self.starts_tls is None else self.starts_tls


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it lies in the mailbox, its content cut at 256 kB."""

    uid: int
    received_at: datetime
    content: bytes


class Session:
    """One conversation with a mailbox's server, step by step; each raises ImapError.

    A step returns what was seen, in words, where a person wants to know.
    """

    def __init__(
        self, server: ImapServer, budget: Budget, tls_context: ssl.SSLContext | None
    ) -> None:
        self._server = server
        self._budget = budget
        self._context = tls_context or ssl.create_default_context()
        self._targets: list[net.Target] = []
        self._messages = 0
        self._wire: Wire | None = None
        self._client: _Client | None = None
        secret = server.token or server.password
        self._secrets = tuple(each for each in (secret, f"\0{server.user}\0{secret}") if secret)

    def find(self) -> str:
        """Resolve the host's name, and judge where it leads."""
        server = self._server
        if server.port not in PORTS and not server.allow_private:
            raise ImapError(
                f"Port {server.port} is not one of IMAP.", kind="host", hint="Use 993, or 143."
            )
        try:
            self._targets = net.resolve(
                server.host, server.port, allow_private=server.allow_private
            )
        except (net.HostRefused, net.HostUnknown) as error:
            raise ImapError(str(error), kind="host") from None
        if [each.address for each in self._targets] == [server.host]:
            return f"{server.host} is an address; no name has to be looked up."
        return f"{server.host} was found."

    def connect(self) -> str:
        """Connect, and encrypt before anything is said."""
        server = self._server
        try:
            self._wire = wire = self._first_that_answers()
            if wire.is_clear:
                wire.start_tls(self._context)
            if wire.state != "NONAUTH":
                raise ImapError("The server asks for no sign-in.", kind="protocol")
            self._client = _Client(wire)
        except (OSError, *_CONFUSED) as error:
            self._fail(error)
        return f"Connected to port {server.port} with {wire.tls_version}."

    def login(self) -> str:
        """Sign in: XOAUTH2 with a token, else PLAIN or LOGIN with the password."""
        server, client = self._server, self._opened()
        if _CONTROLS.search(server.user + server.password + server.token):
            raise ImapError(
                "User name or password holds a line break.", kind="login", hint="Paste it again."
            )
        try:
            if server.token:
                given = iter([f"user={server.user}\1auth=Bearer {server.token}\1\1"])
                client.sasl_login("XOAUTH2", lambda _: next(given, ""))
            elif client.has_capability("AUTH=PLAIN"):
                client.plain_login(server.user, server.password)
            else:
                client.login(_quoted(server.user), server.password)
        except (OSError, *_CONFUSED) as error:
            self._fail(error, at_login=True)
        return f"Signed in as {server.user}."

    def open_inbox(self) -> tuple[int, int]:
        """Open the inbox for reading only; its UIDVALIDITY and the number that comes next."""
        client = self._opened()
        try:
            seen = client.select_folder("INBOX", readonly=True)
            validity, next_uid = _number(seen.get(b"UIDVALIDITY")), _number(seen.get(b"UIDNEXT"))
            self._messages = _number(seen.get(b"EXISTS")) or 0
            if validity and not next_uid:
                next_uid = max(self._search(["UID", "*"]), default=0) + 1
        except (OSError, *_CONFUSED) as error:
            self._fail(error)
        if not validity or not next_uid:
            raise ImapError("The server does not number its messages.", kind="protocol")
        return validity, next_uid

    def count(self) -> str:
        """Open the inbox and say how many messages it holds."""
        self.open_inbox()
        many = "1 message" if self._messages == 1 else f"{self._messages} messages"
        return f"The inbox holds {many}. Only new ones are read, and nothing is changed."

    def uids_after(self, uid: int) -> list[int]:
        """The numbers of the messages after `uid`, and perhaps that of the newest one again."""
        return self._safely(lambda: self._search(["UID", f"{uid + 1}:*"]))

    def uids_since(self, day: date) -> list[int]:
        """The numbers of the messages that came on `day` or later."""
        return self._safely(lambda: self._search(["SINCE", day]))

    def fetch(self, uid: int) -> list[Received]:
        """One message without marking it as read; none when it is gone or cannot be understood."""
        part = f"BODY.PEEK[]<0.{MAX_LITERAL}>"
        client = self._opened()
        try:
            found = client.fetch([uid], ["INTERNALDATE", part]).get(uid, {})
        except (OSError, imaplib.IMAP4.abort) as error:
            self._fail(error)
        except _CONFUSED:
            return []  # this one only: the conversation itself goes on
        content: Any = found.get(b"BODY[]<0>", found.get(b"BODY[]"))
        if not isinstance(content, bytes):
            return []
        came: Any = found.get(b"INTERNALDATE")
        is_time = isinstance(came, datetime) and came.tzinfo is not None
        return [Received(uid, came.astimezone(UTC) if is_time else clock.now(), content)]

    def close(self) -> None:
        """Leave. The connection is simply cut: there is nothing to finish."""
        if self._wire is not None:
            self._wire.shutdown()

    def _first_that_answers(self) -> Wire:
        *others, last = self._targets
        for target in others:
            try:
                return self._wire_to(target)
            except (ConnectionError, TimeoutError):
                continue  # the next address of the same server
        return self._wire_to(last)

    def _wire_to(self, target: net.Target) -> Wire:
        """Encrypted from the start; or, where the port begins in clear, still to be encrypted."""
        server = self._server
        if server.begins_in_clear:
            return Wire(target, server.host, self._budget, None)
        try:
            return Wire(target, server.host, self._budget, self._context)
        except ssl.SSLError as error:
            # Only at a port that promises nothing may the answer to TLS have been a clear greeting.
            if error.reason not in NOT_TLS or server.port in PORTS or server.starts_tls is False:
                raise
        return Wire(target, server.host, self._budget, None)

    def _search(self, criteria: list[Any]) -> list[int]:
        found = self._opened().search(criteria)
        return sorted(uid for uid in map(int, found) if 0 < uid <= MAX_NUMBER)

    def _safely(self, work: Callable[[], list[int]]) -> list[int]:
        try:
            return work()
        except (OSError, *_CONFUSED) as error:
            self._fail(error)

    def _opened(self) -> "_Client":
        if self._client is None:
            raise ImapError("There is no connection.", kind="connection")
        return self._client

    def _fail(self, error: Exception, *, at_login: bool = False) -> NoReturn:
        """Raise what happened as an ImapError, in words."""
        if isinstance(error, ImapError):
            raise error
        host = self._server.host
        if isinstance(error, TimeoutError):
            words = f"{host} did not answer in time."
            hint = f"Check the server's name. {ADVICE_PORT}"
            raise ImapError(words, kind="timeout", hint=hint) from None
        if isinstance(error, ssl.SSLCertVerificationError):
            words = f"The certificate of {host} is not valid: {error.verify_message}."
            hint = "Use the host name that the provider gives, spelled in full."
            raise ImapError(words, kind="tls", hint=hint) from None
        if isinstance(error, ssl.SSLError):
            words = f"No encrypted connection to {host} could be agreed on."
            raise ImapError(words, kind="tls", hint=ADVICE_PORT) from None
        if isinstance(error, OSError):
            words = f"The mail server cannot be reached: {self._why_not(error)}."
            raise ImapError(words, kind="connection", hint=ADVICE_PORT) from None
        if isinstance(error, NoStartTls):
            words = f"The server does not offer STARTTLS at port {self._server.port}."
            raise ImapError(words, kind="tls", hint=ADVICE_PORT) from None
        if isinstance(error, OtherServer):
            words = f"What answers at port {self._server.port} of {host} does not speak IMAP."
            hint = ADVICE_PORT
            if error.args[0].startswith(b"220"):
                words = f"Port {self._server.port} answers, but it is a mail server for sending."
                hint = "The inbox is usually at port 993."
            raise ImapError(words, kind="protocol", hint=hint) from None
        said = self._said(error)
        if at_login and not isinstance(error, imaplib.IMAP4.abort):
            found = next((each for each in _LOGIN_WORDS if each[0].search(said)), None)
            kind, hint = (found[1], found[2]) if found else ("login", _LOGIN_HINT)
            words = f"{REFUSED_SIGN_IN}: {said}"
            raise ImapError(words, kind=kind, hint=hint) from None
        raise ImapError(f"The server made no sense: {said}", kind="protocol") from None

    def _why_not(self, error: OSError) -> str:
        """Why nobody answers, in the words that a test of sending has for it."""
        place = f"port {self._server.port} of {self._server.host}"
        if isinstance(error, ConnectionRefusedError):
            return f"nothing takes connections at {place}"
        if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
            return f"there is no way to {place} from here"
        if isinstance(error, ConnectionError):
            return f"{place} ended the connection"
        return error.strerror or type(error).__name__

    def _said(self, error: Exception) -> str:
        """The server's words without secrets."""
        first = error.args[0] if error.args else ""
        said = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
        said = _BYTES.sub(r"“\2”", said)
        return clean_reply(said, self._secrets) or type(error).__name__


class _Client(IMAPClient):  # type: ignore[misc] # see the import
    """The library on a wire of ours."""

    def __init__(self, wire: Wire) -> None:
        self._given = wire
        super().__init__(wire.host, wire.port, ssl=not wire.is_clear)
        self.normalise_times = False  # times with their zone
        wire.debug = 0  # what is said is not even formatted for a log

    def _create_IMAP4(self) -> Wire:  # noqa: N802 - the library's name
        return self._given


def _number(value: object) -> int | None:
    """A number that IMAP allows (1 to 2^32 - 1), or None."""
    return value if isinstance(value, int) and 0 < value <= MAX_NUMBER else None


def _quoted(text: str) -> str:
    """An IMAP quoted string: LOGIN takes the user name as it is otherwise."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
