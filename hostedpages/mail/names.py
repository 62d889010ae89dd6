"""Domain names as people type them and as name servers know them (RFC 1035, IDNA 2008).

Must never let a name through that belongs to an inner network: an answer would tell about it.
"""

import ipaddress
import re

import idna

MAX_NAME = 253
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_HOST_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
# What resolvers of companies and homes answer for themselves, or what means nothing in public DNS.
_INTERNAL = frozenset(
    {
        *("local", "localdomain", "localhost", "internal", "intranet", "private", "corp", "home"),
        *("lan", "onion", "alt", "invalid", "arpa"),
    }
)


class NameRefused(ValueError):
    """This is not a public domain name; the message is for people."""


def domain_name(typed: str) -> str:
    """The ASCII form, in lower case, of a domain that a person typed or pasted.

    An address of a web page, or an email address, is read as its domain. Raises NameRefused.
    """
    text = typed.strip().lower()
    text = re.sub(r"\A[a-z]+://", "", text)
    text = re.split(r"[/?#\s]", text, maxsplit=1)[0].rpartition("@")[2].rstrip(".")
    if not text:
        raise NameRefused("Please give a domain, such as example.com.")
    try:
        name = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise NameRefused(f"“{text[:80]}” is not a domain. Check the spelling.") from None
    labels = name.split(".")
    if any("xn--" in each for each in labels):
        try:
            idna.decode(name)
        except (idna.IDNAError, UnicodeError):
            raise NameRefused(f"“{text[:80]}” is not a domain. Check the spelling.") from None
    if len(labels) == 1 and name != "localhost":
        raise NameRefused(f"“{text[:80]}” has no ending. Give the whole domain: example.com.")
    if len(name) > MAX_NAME - 30 or not all(map(_HOST_LABEL.fullmatch, labels)):
        raise NameRefused(f"“{text[:80]}” is not a domain. Check the spelling.")
    if labels[-1].isdigit():
        raise NameRefused("That is an address of a machine. Give a domain, such as example.com.")
    if is_internal(name):
        raise NameRefused(f"“{text[:80]}” is a name of inner networks: nobody outside can see it.")
    return name


def host_name(text: str, *, port_place: str = "has a field of its own") -> str:
    """A server's name in its ASCII form, or an IP address; empty for nothing.

    Raises ValueError with words for people; `port_place` tells where the port belongs.
    """
    text = text.strip().rstrip(".").lower()
    if not text:
        return ""
    if "://" in text or "/" in text or "@" in text:
        raise ValueError("Only the name of the server, such as smtp.example.com.")
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    if ":" in text:
        raise ValueError(f"Only the name of the server; the port {port_place}.")
    try:
        name = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        name = ""
    if not name or len(name) > MAX_NAME or not all(map(_LABEL.fullmatch, name.split("."))):
        raise ValueError("This is no name of a server. It looks like smtp.example.com.")
    return name


def is_internal(name: str) -> bool:
    """Whether a name, in ASCII, has no place in the public DNS: one label, or an inner ending."""
    labels = name.rstrip(".").lower().split(".")
    return len(labels) < 2 or labels[-1] in _INTERNAL


def is_askable(name: str) -> bool:
    """Whether a name server may be asked for it: well-formed, and not of an inner network."""
    plain = name.rstrip(".").lower()
    if not plain or len(plain) > MAX_NAME or is_internal(plain):
        return False
    return all(_LABEL.fullmatch(label) for label in plain.split("."))


def readable(name: str) -> str:
    """The name in its own script, when it has one; as it is otherwise."""
    try:
        return idna.decode(name) if "xn--" in name else name
    except (idna.IDNAError, UnicodeError):
        return name


def is_within(name: str, parent: str) -> bool:
    """Whether `name` is `parent` or stands below it."""
    return name == parent or name.endswith(f".{parent}")
