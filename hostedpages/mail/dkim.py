"""DKIM (RFC 6376): key pairs, the record to publish, and the signature of a message.

Signs with rsa-sha256, relaxed/relaxed. Must never change a signed message, and never let a private
key into a log or an error.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from hostedpages import clock

KEY_BITS = 2048
FIRST_SELECTOR = "lf1"
MAX_STRING = 255  # bytes of one string in a TXT record (RFC 1035 3.3)

# What is signed when it is there. Each of ALSO_ABSENT is named once more than it stands in the
# message, so that nobody can add another one on the way (RFC 6376 5.4.2).
ALSO_ABSENT = ("from", "reply-to", "subject", "to", "date")
_SIGNED = (
    *("from", "reply-to", "subject", "to", "cc", "date", "message-id", "in-reply-to"),
    *("references", "mime-version", "content-type", "content-transfer-encoding"),
    *("auto-submitted", "list-id", "list-unsubscribe", "list-unsubscribe-post"),
)
_LINE = 72
_LONE_BREAK = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_BLANKS = re.compile(rb"[ \t]+")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new key: PKCS#8 in PEM for us, and the base64 of its public half for the record."""

    private_key: str = field(repr=False)
    public_key: str


def new_key_pair(bits: int = KEY_BITS) -> KeyPair:
    """Make an RSA key pair; takes about a tenth of a second."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private.decode("ascii"), base64.b64encode(public).decode("ascii"))


def next_selector(*known: str) -> str:
    """The selector of the next key: lf2 after lf1. `known` are the names that were used."""
    numbers = [int(each[2:]) for each in known if re.fullmatch(r"lf[0-9]{1,6}", each)]
    return f"lf{max(numbers, default=0) + 1}"


def record_host(selector: str, domain: str) -> str:
    """Where the record of a key stands in the DNS."""
    return f"{selector}._domainkey.{domain}"


def record_value(public_key: str) -> str:
    """The text of the record that publishes a key."""
    return f"v=DKIM1; k=rsa; p={public_key}"


def split(value: str) -> tuple[str, ...]:
    """A TXT value as the strings it must be published in: at most 255 bytes each."""
    data, start = value.encode(), 0
    strings: list[str] = []
    while start < len(data) or not strings:
        end = min(start + MAX_STRING, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # not in the middle of a character
            end -= 1
        strings.append(data[start:end].decode())
        start = end
    return tuple(strings)


def sign(as_bytes: bytes, *, domain: str, selector: str, private_key: str) -> bytes:
    """The whole message with a DKIM-Signature on top.

    Lone CR or LF become CRLF first: servers send them so, and the signature must fit what leaves.
    Raises ValueError when the message has no From, or the key is none.
    """
    message = _LONE_BREAK.sub(b"\r\n", as_bytes)
    head, _, body = message.partition(b"\r\n\r\n")
    if message.startswith(b"\r\n"):
        head, body = b"", message[2:]
    fields = _fields(head)
    names = _names_to_sign(fields)
    unsigned = "\r\n\t".join(
        [
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;",
            f"d={domain}; s={selector};",
            f"t={int(clock.now().timestamp())};",
            *_folded_names(names),
            f"bh={base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()};",
            "b=",
        ]
    ).encode("ascii")
    signed = b"".join(_chosen(fields, names)) + relaxed_field(unsigned)
    signature = _loaded(private_key).sign(signed, padding.PKCS1v15(), SHA256())
    text = base64.b64encode(signature)
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return unsigned + b"\r\n\t ".join(lines) + b"\r\n" + message


def relaxed_body(body: bytes) -> bytes:
    """The body in the form that is hashed (RFC 6376 3.4.4)."""
    body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b"\r\n ")
    return body + b"\r\n" if body else b""


def relaxed_field(line: bytes) -> bytes:
    """One header field in the form that is signed, without a line break (RFC 6376 3.4.2)."""
    name, _, value = line.partition(b":")
    value = _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.rstrip(b" \t").lower() + b":" + value


def _fields(head: bytes) -> list[tuple[str, bytes]]:
    """The header fields, folded as they are: name in lower case, whole field."""
    found: list[tuple[str, bytes]] = []
    for line in head.split(b"\r\n") if head else []:
        if line[:1] in (b" ", b"\t") and found:
            name, before = found[-1]
            found[-1] = (name, before + b"\r\n" + line)
        else:
            name = line.partition(b":")[0].rstrip(b" \t").decode("ascii", "replace").lower()
            found.append((name, line))
    return found


def _names_to_sign(fields: list[tuple[str, bytes]]) -> list[str]:
    present = [name for name, _ in fields]
    if "from" not in present:
        raise ValueError("a message without From cannot be signed")
    return [name for name in _SIGNED for _ in range(present.count(name) + (name in ALSO_ABSENT))]


def _chosen(fields: list[tuple[str, bytes]], names: list[str]) -> list[bytes]:
    # Of several fields with one name the last is signed first; one that is not there is nothing.
    left = list(fields)
    chosen = []
    for wanted in names:
        place = next((n for n in range(len(left) - 1, -1, -1) if left[n][0] == wanted), None)
        if place is not None:
            chosen.append(relaxed_field(left.pop(place)[1]) + b"\r\n")
    return chosen


def _folded_names(names: list[str]) -> list[str]:
    lines, line = [], "h=" + names[0]
    for name in names[1:]:
        if len(line) + len(name) > _LINE:
            lines.append(f"{line}:")
            line = name
        else:
            line += f":{name}"
    return [*lines, f"{line};"]


@lru_cache(maxsize=64)
def _loaded(private_key: str) -> rsa.RSAPrivateKey:
    # Reading and proving a key takes longer than signing with it.
    try:
        key = load_pem_private_key(private_key.encode(), None)
    except (ValueError, TypeError):
        raise ValueError("this is no private key") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("this is no RSA key")
    return key
