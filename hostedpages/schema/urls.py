"""Web addresses and origins, read so strictly that every browser sees the same host as we do.

Must never accept what Python and a browser read differently: a redirect or a header is built
from the result (WHATWG URL Standard against RFC 3986).
"""

import re
from urllib.parse import quote

import idna

MAX_URL = 2_000
_URL = re.compile(r"([A-Za-z]{4,5})://([^/?#]*)([/?#].*)?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?:{_BYTE}\.){{3}}{_BYTE}")
_NUMBER_LIKE = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL = frozenset({"localhost", "127.0.0.1"})
# Browsers take these for a full stop between labels.
_WIDE_DOTS = re.compile("[\u3002\uff0e\uff61]")
_KEPT_IN_PATH = "!#$%&'()*+,/:;=?@[]~"

SAMPLE = "such as https://www.example.com/thanks"


def https_url(text: str) -> str:
    """A redirect target: https, or http for this machine. Raises ValueError."""
    scheme, host, port, rest = _parts(text)
    if scheme == "http" and host not in _LOCAL:
        raise ValueError("The address must begin with https://.")
    return _build(scheme, host, port, rest)


def visitor_url(text: str) -> str:
    """A web address a visitor typed; http is fine, a missing scheme becomes https."""
    text = text.strip()
    if "://" not in text:
        text = f"https://{text}"
    scheme, host, port, rest = _parts(text)
    if "." not in host:
        raise ValueError("The address has no domain.")
    return _build(scheme, host, port, rest)


def origin(text: str) -> str:
    """`https://host` or `https://host:port` (http for this machine). Raises ValueError."""
    scheme, host, port, rest = _parts(text)
    if scheme == "http" and host not in _LOCAL:
        raise ValueError("The site must begin with https://.")
    if rest not in ("", "/"):
        raise ValueError("Give the site only, such as https://www.example.com, without a path.")
    return _build(scheme, host, port, "")


def _parts(text: str) -> tuple[str, str, int | None, str]:
    if len(text) > MAX_URL:
        raise ValueError(f"The address is longer than {MAX_URL:,} characters.")
    if not text.isprintable() or any(each.isspace() for each in text):
        raise ValueError("The address has a space or an invisible character in it.")
    if "\\" in text:
        raise ValueError("The address has a backslash in it. Please use /.")
    found = _URL.fullmatch(text)
    if not found or found[1].lower() not in ("http", "https"):
        raise ValueError(f"Please give a whole address {SAMPLE}.")
    scheme, authority, rest = found[1].lower(), found[2], found[3] or ""
    if "@" in authority:
        raise ValueError("The address may not hold a user name or password.")
    name, colon, port_text = authority.partition(":")
    port: int | None = None
    if colon:
        if not _PORT.fullmatch(port_text) or int(port_text) > 65_535:
            raise ValueError("The port of the address is not a number from 1 to 65535.")
        port = int(port_text)
        if port == (443 if scheme == "https" else 80):
            port = None
    return scheme, _host(name), port, rest


def _host(name: str) -> str:
    if not name:
        raise ValueError(f"The address has no host. Please give a whole address {SAMPLE}.")
    bad = ValueError("The host name of the address is not valid.")
    if _WIDE_DOTS.search(name) or len(name) > 253:
        raise bad
    host = name.lower()
    try:
        if not host.isascii():
            host = idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
        elif "xn--" in host:
            idna.decode(host)
    except UnicodeError as error:
        raise bad from error
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise bad
    # A browser reads 2130706433, 127.1 or 0x7f.1 as an IP address.
    if _NUMBER_LIKE.fullmatch(labels[-1]) and not _IPV4.fullmatch(host):
        raise bad
    return host


def _build(scheme: str, host: str, port: int | None, rest: str) -> str:
    address = f"{scheme}://{host}{'' if port is None else f':{port}'}"
    whole = address + quote(rest, safe=_KEPT_IN_PATH)
    if len(whole) > MAX_URL:
        raise ValueError(f"The address is longer than {MAX_URL:,} characters.")
    return whole
