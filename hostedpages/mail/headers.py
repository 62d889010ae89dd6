"""Header values that cannot become headers, and addresses that are exactly one address.

Must never let a line break, an encoded-word or a lone surrogate from outside reach a header: on
Python 3.11 the standard library turns `=?utf-8?q?...=0D=0A...?=` into real header lines.
"""

import base64
import re
import unicodedata
from email.utils import parseaddr
from functools import lru_cache

import idna

MAX_HEADER_CHARACTERS = 200
MAX_ADDRESS_BYTES = 254  # RFC 5321 4.5.3.1.3, without the angle brackets
# 39 bytes are 52 characters of base64; with its frame and a name it stays under RFC 2047's 76.
_CHUNK_BYTES = 39
_LINE = 76
_BREAKS_AND_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def valid_text(text: str) -> str:
    """Replace what no encoding can carry (lone surrogates, NUL) by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def header_text(value: str, *, limit: int = MAX_HEADER_CHARACTERS) -> str:
    """Make any text safe as a header value: one line, valid Unicode, at most `limit` characters.

    Controls and every Unicode line break become a space, and `=?` is broken up, so that neither
    this library nor a reader takes it for an encoded-word (CVE-2024-6923).
    """
    value = valid_text(value[: limit * 4])
    if not value.isprintable():
        value = _BREAKS_AND_CONTROLS.sub(" ", value)
        # Invisible direction marks could show the words in another order than they stand.
        value = "".join(each for each in value if unicodedata.category(each) != "Cf")
    return " ".join(value.split()).replace("=?", "= ?")[:limit].rstrip()


def encode_header(name: str, value: str) -> str:
    """One header as folded lines without the last CRLF; ASCII stays readable (RFC 5322, 2047)."""
    value = header_text(value)
    if value.isascii():
        folded = _fold(name, value)
        if folded is not None:
            return folded
    return f"{name}: " + "\r\n ".join(_encoded_words(value))


def _fold(name: str, value: str) -> str | None:
    line, lines = f"{name}:", []
    for word in value.split(" "):
        if len(word) >= _LINE:
            return None
        if len(line) + 1 + len(word) > _LINE and not line.endswith(":"):
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    lines.append(line)
    return "\r\n".join(lines)


def _encoded_words(value: str) -> list[str]:
    words: list[str] = []
    data, start = value.encode(), 0
    while start < len(data) or not words:
        end = start + _CHUNK_BYTES
        while end < len(data) and data[end] & 0xC0 == 0x80:  # not in the middle of a character
            end -= 1
        words.append(f"=?utf-8?b?{base64.b64encode(data[start:end]).decode()}?=")
        start = end
    return words


@lru_cache(maxsize=4096)
def one_address(value: str) -> str | None:
    """The single plain address that `value` is, ready for RCPT TO; None for anything else.

    Refused are lists, groups, comments, quoted local parts, IP literals, a leading dash, local
    parts outside ASCII (they need SMTPUTF8), and more than 254 bytes. A domain in another script
    is returned in its ASCII form (IDNA 2008).
    """
    value = value.strip(" ")
    if not value or len(value) > MAX_ADDRESS_BYTES or value.count("@") != 1:
        return None
    local, domain = value.split("@")
    if not _ATOMS.fullmatch(local) or local.startswith("-") or len(local) > 64:
        return None
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    domain = domain.lower()
    if not _DOMAIN.fullmatch(domain) or domain.rpartition(".")[2].isdigit():
        return None
    address = f"{local}@{domain}"
    return address if len(address) <= MAX_ADDRESS_BYTES else None


def named(name: str, address: str) -> str:
    """`"Name" <address>` for `sender_header`, whatever stands in the name; the address alone
    without a name."""
    name = header_text(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{address}>' if name else address


@lru_cache(maxsize=256)
def sender_header(mail_from: str) -> tuple[str, str]:
    """Split a configured `Name <address>` into the From header and the bare address.

    The header is the configured text itself when it is plain ASCII. Raises ValueError when there
    is no usable address in it.
    """
    name, found = parseaddr(mail_from)
    address = one_address(found)
    if address is None:
        raise ValueError("HOSTEDPAGES_MAIL_FROM must hold one address: Name <you@example.com>")
    if not name:
        return f"From: {address}", address
    name = header_text(name)
    if _PLAIN_WORDS.fullmatch(name):
        display = name
    elif name.isascii():
        display = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        display = "\r\n ".join(_encoded_words(name))
    return f"From: {display} <{address}>", address
