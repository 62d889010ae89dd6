"""Which mail server, how it is talked to, and who signs in there.

Must never show a password or a token: they stay out of the repr, and `secrets` names every form in
which a server could echo them.
"""

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

SECURITIES = ("starttls", "ssl", "none")
# Where mail is handed in. A typed host is asked at no other port, so that a test of settings
# cannot be pointed at some other service.
PORTS = frozenset({25, 26, 80, 465, 587, 588, 2465, 2525, 2526, 2587, 3535, 8025})


@dataclass(frozen=True, slots=True)
class Server:
    """An SMTP server: host, port, security (`starttls`, `ssl` = TLS from the start, `none`).

    `password` or `token` (an OAuth access token) signs `user` in. With `allow_private` the host
    may be in a private network and the port any: for the operator's own server, and where the
    operator allows it.
    """

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    allow_private: bool = False

    def __post_init__(self) -> None:
        if self.security not in SECURITIES:
            raise ValueError(f"security is one of {', '.join(SECURITIES)}")

    @classmethod
    def from_url(cls, url: str) -> "Server":
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
        security = "ssl" if parts.scheme == "smtps" else "none" if options else "starttls"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if user and security == "none" and not _is_loopback(parts.hostname):
            raise ValueError("HOSTEDPAGES_SMTP_URL would send a password without TLS.")
        default = {"ssl": 465, "starttls": 587, "none": 25}[security]
        return cls(parts.hostname, port or default, security, user, password, allow_private=True)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be taken out of anything this server says, the longest first."""
        found = [self.password, self.token]
        if self.password:
            found.append(f"\0{self.user}\0{self.password}")
        if self.token:
            found.append(f"user={self.user}\x01auth=Bearer {self.token}\x01\x01")
        return tuple(sorted((each for each in found if each), key=len, reverse=True))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
