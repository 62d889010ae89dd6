"""The only door for HTML and free text that people typed; the only user of bleach and nh3.

Called on save and import, never while a page is shown. Must never let markup through that is not
on the one list below.
"""

import re
import unicodedata
from html.parser import HTMLParser

import bleach
import nh3

TAGS = frozenset({"p", "br", "strong", "em", "u", "ul", "ol", "li", "a"})
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
MAX_HTML_BYTES = 64 * 1024
MAX_DEPTH = 100
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "col", "source", "area"})
# Script and style keep their text when bleach strips their tags, so they go with all they hold.
_WITH_CONTENT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_RELATIVE_SCHEME = re.compile(r"""(<a\s[^>]*?)href=(["'])\s*[\\/]{2}[^"']*\2""", re.IGNORECASE)


class _Depth(HTMLParser):
    """Counts nesting in one linear pass: bleach is quadratic in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.depth = self.deepest = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)

    def handle_endtag(self, tag: str) -> None:
        self.depth = max(0, self.depth - 1)


def clean_notes(html: str) -> str:
    """Reduce rich text to the safe subset p, br, strong, em, u, ul, ol, li, a.

    Idempotent. Raises ValueError, in words for people, when the text is over 64 kB or nested more
    than 100 levels deep.
    """
    if len(html.encode("utf-8", "replace")) > MAX_HTML_BYTES:
        raise ValueError("This text is too long. Please shorten it to 64 kB.")
    html = clean_text(html)
    scan = _Depth()
    scan.feed(html)
    scan.close()
    if scan.deepest > MAX_DEPTH:
        raise ValueError("This text is nested too deeply. Please paste it as plain text.")
    html = _WITH_CONTENT.sub("", html)
    html = bleach.clean(html, tags=TAGS, attributes={"a": ["href"]}, protocols=SCHEMES, strip=True)
    html = _RELATIVE_SCHEME.sub(r"\1", html)
    # nh3 has the last word: bleach is no longer maintained.
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={"a": {"href"}},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )


def clean_text(text: str) -> str:
    """Make text storable everywhere: NFC, no NUL, no lone surrogate, no control characters.

    Newline and tab stay; CR LF and lone CR become newline.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(map(_storable, text))
    return unicodedata.normalize("NFC", text)


def _storable(character: str) -> str:
    if character in "\n\t":
        return character
    category = unicodedata.category(character)
    if category == "Cs" or character == "\0":
        return "\N{REPLACEMENT CHARACTER}"
    return "" if category == "Cc" else character
