"""Opens a message that somebody sent us: headers as text, its parts, its readable text.

Whatever comes is from outside and may be broken on purpose. Must never raise because of it, and
never return what a page could not show.
"""

import email
import re
from collections.abc import Iterator
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from html.parser import HTMLParser

from hostedpages.mail.headers import one_address, valid_text

MAX_PARTS = 100
MAX_TEXT = 64 * 1024
MAX_HEADER = 2000
# What the standard parser is known to raise for broken messages, and for nesting without end.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
_ID = re.compile(r"<([^<>\s]{1,250})>")
_OWN_ID = re.compile(r"[A-Za-z0-9_-]{22}")  # as `tokens.random_id` makes them
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"[ \t\u00a0]+")
_MANY_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")


def open_message(content: bytes) -> Message | None:
    """The parsed message, or None when the parser gives up on it."""
    try:
        return email.message_from_bytes(content)
    except _BROKEN:
        return None


def parts(message: Message) -> Iterator[Message]:
    """The message and all parts in it, at most MAX_PARTS, the outer ones first."""
    waiting = [message]
    for _ in range(MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        inside = part.get_payload()
        if isinstance(inside, list):
            waiting[:0] = [each for each in inside if isinstance(each, Message)]


def kind_of(part: Message) -> str:
    """The content type in lower case, such as `text/plain`."""
    try:
        return part.get_content_type()
    except _BROKEN:
        return "text/plain"


def parameter(part: Message, name: str) -> str:
    """A parameter of the content type in lower case, or an empty string."""
    try:
        found = part.get_param(name)
    except _BROKEN:
        return ""
    return str(found).strip().lower() if isinstance(found, str) else ""


def header(message: Message, name: str) -> str:
    """A header as readable text on one line, decoded (RFC 2047); the first one, or ""."""
    try:
        raw = str(message.get(name, ""))[:MAX_HEADER]
        pieces = decode_header(raw)
    except _BROKEN:
        return ""
    text = "".join(_decoded(value, charset or "utf-8") for value, charset in pieces)
    return " ".join(_readable(text).split())


def address(message: Message, name: str) -> str:
    """The one address in a header, in lower case; "" for none or several."""
    try:
        found = getaddresses([str(message.get(name, ""))[:MAX_HEADER]])
    except _BROKEN:
        return ""
    real = [each for _, each in found if each]
    return (one_address(real[0]) or "").lower() if len(real) == 1 else ""


def ids(message: Message, name: str) -> list[str]:
    """The message ids in a header, without their angle brackets."""
    try:
        return _ID.findall(str(message.get(name, ""))[: 20 * MAX_HEADER])
    except _BROKEN:
        return []


def own_id(text: str) -> str:
    """The id of a delivery in a text such as `id` or `id@domain`, or ""."""
    local = text.strip().strip("<>").partition("@")[0]
    return local if _OWN_ID.fullmatch(local) else ""


def raw_text(part: Message) -> str:
    """The text of one part, decoded as it says, else as UTF-8 with what is wrong replaced."""
    try:
        data = part.get_payload(decode=True)
        charset = part.get_content_charset() or "utf-8"
    except _BROKEN:
        return ""
    return _readable(_decoded(data, charset)) if isinstance(data, bytes) else ""


def text_of(message: Message) -> str:
    """What a person would read: the first plain text, or else the first HTML as text."""
    plain = html = ""
    for part in parts(message):
        kind = kind_of(part)
        if kind == "text/plain" and not plain:
            plain = raw_text(part)
        elif kind == "text/html" and not html:
            html = raw_text(part)
    return plain if plain.strip() else text_of_html(html)


def text_of_html(html: str) -> str:
    """HTML as plain text; what a mail program marked as quoted is left out."""
    reader = _HtmlText()
    try:
        reader.feed(html[:MAX_TEXT])
        reader.close()
    except _BROKEN:
        return ""
    text = "\n".join(_SPACES.sub(" ", line).strip() for line in reader.text.split("\n"))
    return _MANY_BLANK_LINES.sub("\n\n", text).strip()


def _decoded(value: bytes | str, charset: str) -> str:
    if isinstance(value, str):
        return value
    try:
        return value.decode(charset, "replace")
    except _BROKEN:
        return value.decode("utf-8", "replace")


def _readable(text: str) -> str:
    text = valid_text(text[:MAX_TEXT]).replace("\r\n", "\n").replace("\r", "\n")
    return _UNREADABLE.sub("", text)


class _HtmlText(HTMLParser):
    """Collects text; breaks lines at blocks; skips scripts, styles and quoted messages."""

    _BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "table", "hr", "ul"})
    _SILENT = frozenset({"script", "style", "head", "title", "blockquote"})
    _QUOTED = ("gmail_quote", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote")
    _ENDING = ("divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container")
    _VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "area", "base", "col", "wbr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._silent: list[str] = []  # the open elements since the first silent one
        self._is_over = False

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").lower() for name, value in attrs}
        if given.get("id", "").removeprefix("x_") in self._ENDING:
            self._is_over = True
        marks = given.get("class", "")
        if self._silent:
            if tag == self._silent[0]:
                self._silent.append(tag)
        elif tag in self._SILENT or (
            tag not in self._VOID and any(each in marks for each in self._QUOTED)
        ):
            self._silent = [tag]
        if tag in self._BLOCKS:
            self._pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[0]:
            self._silent.pop()
        if tag in self._BLOCKS:
            self._pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent and not self._is_over:
            self._pieces.append(data.replace("\n", " "))
