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
from html import unescape

from hostedpages.mail.headers import one_address, valid_text

MAX_PARTS = 100
MAX_TEXT = 64 * 1024
MAX_HEADER = 2000
# The standard parser asks each open part about each line. A real message needs a tenth of this.
MAX_EFFORT = 500_000
MAX_STATUS_GROUPS = 5000
# What the standard parser is known to raise for broken messages, and for nesting without end.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
_ID = re.compile(r"<([^<>\s]{1,250})>")
_OWN_ID = re.compile(r"[A-Za-z0-9_-]{22}")  # as `tokens.random_id` makes them
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"[ \t\u00a0]+")
_MANY_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")
_BOUNDARY = re.compile(rb"boundary", re.I)
_STATUS_PART = re.compile(rb"delivery-status", re.I)
_BLANK_LINES = re.compile(rb"\n(?=\r?\n)|\r(?=\r)")
# A tag holds no other one, so that looking for its end never goes far.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]*)((?:[\s/][^<>]*)?)>|<[!?][^<>]*>")
_ATTRIBUTE = re.compile(
    r"""(?<![^\s"'])(class|id)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))""", re.I
)
_MAX_ATTRIBUTES = 2000


def open_message(content: bytes) -> Message | None:
    """The parsed message, or None when the parser gives up on it or would need too long."""
    if not _is_affordable(content):
        return None
    try:
        return email.message_from_bytes(content)
    except _BROKEN:
        return None


def _is_affordable(content: bytes) -> bool:
    """Whether parsing takes about a second at most, however the parts are nested."""
    lines = content.count(b"\n") + content.count(b"\r")
    if lines * (1 + len(_BOUNDARY.findall(content))) > MAX_EFFORT:
        return False
    # Each blank line of a delivery report begins another message.
    return not (
        _STATUS_PART.search(content) and len(_BLANK_LINES.findall(content)) > MAX_STATUS_GROUPS
    )


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
    reader.read(_without_comments(html[:MAX_TEXT]))
    text = "\n".join(_SPACES.sub(" ", line).strip() for line in reader.text.split("\n"))
    return _MANY_BLANK_LINES.sub("\n\n", text).strip()


def _without_comments(html: str) -> str:
    """What stands outside of comments; one without an end goes on to the end."""
    kept = []
    while html:
        before, mark, html = html.partition("<!--")
        kept.append(before)
        if mark:
            html = html.partition("-->")[2]
    return "".join(kept)


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


class _HtmlText:
    """Collects text; breaks lines at blocks; skips scripts, styles and quoted messages.

    The standard parser takes minutes for some kilobytes of tags that never end.
    """

    _BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "table", "hr", "ul"})
    _SILENT = frozenset({"script", "style", "head", "title", "blockquote"})
    _QUOTED = ("gmail_quote", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote")
    _ENDING = ("divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container")
    _VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "area", "base", "col", "wbr"})

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._silent: list[str] = []  # the open elements since the first silent one
        self._is_over = False

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def read(self, html: str) -> None:
        """Take in HTML without comments."""
        at = 0
        for found in _TAG.finditer(html):
            self._data(unescape(html[at : found.start()]))
            at = found.end()
            tag = (found[2] or "").lower()
            if found[1]:
                self._end(tag)
            elif tag:
                self._start(tag, found[3][:_MAX_ATTRIBUTES])
        self._data(unescape(html[at:]))

    def _start(self, tag: str, attributes: str) -> None:
        given = {
            each[1].lower(): unescape(each[2] or each[3] or each[4] or "").lower()
            for each in _ATTRIBUTE.finditer(attributes)
        }
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

    def _end(self, tag: str) -> None:
        if self._silent and tag == self._silent[0]:
            self._silent.pop()
        if tag in self._BLOCKS:
            self._pieces.append("\n")

    def _data(self, data: str) -> None:
        if not self._silent and not self._is_over:
            self._pieces.append(data.replace("\n", " "))
