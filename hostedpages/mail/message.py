"""Builds a mail once, as the bytes that go over the wire: text and HTML, RFC 5322, 2045 to 2047.

The standard library's EmailMessage is six times slower and can be made to raise, or to grow
headers, by what a visitor typed. Must never raise because of a value that came from outside, and
never let such a value add a header or a part: what was built is read again before it leaves.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from hostedpages.mail.headers import encode_header, one_address, sender_header, valid_text

MAX_BODY_CHARACTERS = 512 * 1024
MAX_LINE = 990  # RFC 5322 allows 998
_HEADER_LINE = re.compile(rb"([A-Za-z][A-Za-z0-9-]*): [\x20-\x7e]*")
_CONTINUATION = re.compile(rb"[ \t][\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,900}")
_MESSAGE_MARK = "=_"  # cannot stand in quoted-printable or base64, so a boundary cannot be forged


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A finished mail with its envelope; exactly one recipient."""

    message_id: str
    sender: str
    recipient: str
    as_bytes: bytes


def build(
    *,
    delivery_id: str,
    mail_from: str,
    recipient: str,
    subject: str,
    text: str,
    html: str | None,
    date: datetime,
    reply_to: str | None = None,
    auto_submitted: str = "auto-generated",
    id_domain: str = "",
    unsubscribe_url: str = "",
) -> OutgoingMessage:
    """Build one mail. `delivery_id` (url-safe) makes the Message-ID, the same at every attempt;
    `id_domain` stands in it when it is a domain, else that of the sender.

    `unsubscribe_url` makes the headers that let a mail program say stop by itself (RFC 2369; over
    https also RFC 8058). It, and a `reply_to`, are left out when they are not one URL or address.
    If the finished bytes do not read back as built, a plain mail with the text alone takes its
    place. Raises ValueError only for a recipient or sender that is not one address, which callers
    check before.
    """
    from_line, sender = sender_header(mail_from)
    to = one_address(recipient)
    if to is None:
        raise ValueError("the recipient is not one address")
    if not _IDENTIFIER.fullmatch(delivery_id):
        raise ValueError("the delivery id is not url-safe")
    domain = (one_address(f"x@{id_domain}") or sender).rpartition("@")[2]
    message_id = f"<{delivery_id}@{domain}>"
    answer_to = one_address(reply_to) if reply_to else None
    lines = [
        from_line,
        f"To: {to}",
        encode_header("Subject", subject),
        f"Date: {format_datetime(date)}",
        f"Message-ID: {message_id}",
        *([f"Reply-To: {answer_to}"] if answer_to else []),
        f"Auto-Submitted: {auto_submitted}",
        f"X-Hostedpages-Delivery: {delivery_id}",
        *_unsubscribe_lines(unsubscribe_url),
        "MIME-Version: 1.0",
    ]
    boundary = f"{_MESSAGE_MARK}{delivery_id}"
    content = _content(text, html, boundary)
    as_bytes = ("\r\n".join(lines) + "\r\n").encode("ascii") + content
    names = [line.partition(":")[0] for line in lines]
    names += ["Content-Type"] if html is not None else ["Content-Type", "Content-Transfer-Encoding"]
    if not reads_back(as_bytes, names, boundary if html is not None else None):
        lines[2] = "Subject: A message from your hosted pages"
        as_bytes = ("\r\n".join(lines) + "\r\n").encode("ascii") + _part_base64("plain", text)
    return OutgoingMessage(message_id, sender, to, as_bytes)


def _unsubscribe_lines(url: str) -> list[str]:
    if not _URL.fullmatch(url):
        return []
    lines = [f"List-Unsubscribe: <{url}>"]
    if url.startswith("https:"):
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return lines


def reads_back(as_bytes: bytes, names: list[str], boundary: str | None) -> bool:
    """Read a finished message again: only the expected headers in order, and its two parts.

    Independent of the code that wrote it; the property tests compare it with the standard parser.
    """
    head, separator, body = as_bytes.partition(b"\r\n\r\n")
    breaks = as_bytes.count(b"\r\n")
    if not separator or as_bytes.count(b"\r") != breaks or as_bytes.count(b"\n") != breaks:
        return False
    found = []
    for line in head.split(b"\r\n"):
        if len(line) > 998:
            return False
        match = _HEADER_LINE.fullmatch(line)
        if match:
            found.append(match[1].decode())
        elif not found or not _CONTINUATION.fullmatch(line):
            return False
    if found != names:
        return False
    if boundary is None:
        return True
    mark = b"--" + boundary.encode()
    return (
        body.startswith(mark + b"\r\n")
        and body.endswith(b"\r\n" + mark + b"--\r\n")
        and body.count(mark) == 3
    )


def _content(text: str, html: str | None, boundary: str) -> bytes:
    if html is None:
        return _part("plain", text)
    mark = b"--" + boundary.encode("ascii")
    head = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode("ascii")
    return b"".join(
        [
            head,
            mark,
            b"\r\n",
            _part("plain", text),
            b"\r\n",
            mark,
            b"\r\n",
            _part("html", html),
            b"\r\n",
            mark,
            b"--\r\n",
        ]
    )


def _part(subtype: str, text: str) -> bytes:
    text = _lines(text)
    if text.isascii() and _fits(text):
        return _part_head(subtype, "us-ascii", "7bit") + _to_crlf(text.encode("ascii"))
    data = text.encode()
    if subtype == "html" and _fits(text) and len(data) - len(text) < 200:
        # Character references keep a nearly plain page plain, and cost nothing to decode.
        data = text.encode("ascii", "xmlcharrefreplace")
        if _fits(data.decode("ascii")):
            return _part_head(subtype, "us-ascii", "7bit") + _to_crlf(data)
    if len(data) - len(text) > len(text) // 3:
        return _part_base64(subtype, text)
    # The line break at the end tells binascii which kind to write.
    data = binascii.b2a_qp(_to_crlf(text.encode()), istext=True)
    return _part_head(subtype, "utf-8", "quoted-printable") + data


def _fits(text: str) -> bool:
    """As it is: no line over the limit of RFC 5322, nothing that looks like a boundary."""
    return _MESSAGE_MARK not in text and max(map(len, text.split("\n"))) < MAX_LINE


def _to_crlf(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


def _part_base64(subtype: str, text: str) -> bytes:
    data = base64.encodebytes(_lines(text).replace("\n", "\r\n").encode())
    return _part_head(subtype, "utf-8", "base64") + data.replace(b"\n", b"\r\n")


def _part_head(subtype: str, charset: str, coding: str) -> bytes:
    return (
        f'Content-Type: text/{subtype}; charset="{charset}"\r\n'
        f"Content-Transfer-Encoding: {coding}\r\n\r\n"
    ).encode("ascii")


def _lines(text: str) -> str:
    """Valid Unicode with `\\n` line breaks, capped, and one at the end."""
    text = valid_text(text[:MAX_BODY_CHARACTERS]).replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"
