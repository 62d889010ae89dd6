"""Merge tokens in message templates: `{{contact.first_name|there}}`.

A fixed grammar, replaced in one pass: a value that holds a token itself stays text. Must never
reach anything but the values it is given, and no token stands for a secret.
"""

import re
from collections.abc import Mapping
from html import escape
from typing import Literal

from hostedpages.mail.headers import header_text

Channel = Literal["text", "html", "header"]
Values = Mapping[str, Mapping[str, str]]

MAX_RESULT_CHARACTERS = 256 * 1024
MAX_VALUE_CHARACTERS = 10_000
TOO_LONG = "…"
_NAME = r"([a-z][a-z0-9_]{0,60})"
_TOKEN = re.compile(r"\{\{\s*" + _NAME + r"\." + _NAME + r"\s*(?:\|([^{}|]{0,200}))?\}\}")
_DOMAIN_LIKE = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2,})")

TOKENS: dict[str, str] = {
    "contact.first_name": "First name",
    "contact.last_name": "Last name",
    "contact.full_name": "Full name",
    "contact.company_name": "Company",
    "contact.job_title": "Job title",
    "contact.email": "Email",
    "contact.cell_phone": "Cell phone",
    "contact.home_phone": "Home phone",
    "contact.address": "Street address",
    "contact.city": "City",
    "contact.state": "State or province",
    "contact.zip": "Postal code",
    "contact.country": "Country",
    "account.name": "Your account's name",
    "page.name": "Name of the hosted page",
    "page.title": "Title of the hosted page",
    "page.url": "Address of the hosted page",
    "lead_source.name": "Lead source",
    "date.today": "The date on which the step was planned",
}


def merge(template: str, values: Values, *, channel: Channel = "text") -> str:
    """Fill in the tokens of `template` from `values` (group, then name).

    An empty or unknown value gives the fallback after `|`, else nothing. `html` escapes values (the
    template itself is taken as given); `header` makes the result one safe line. The result is cut
    at 256 kB.
    """
    room = MAX_RESULT_CHARACTERS

    def fill(found: re.Match[str]) -> str:
        nonlocal room
        value = values.get(found[1], {}).get(found[2], "").strip() or (found[3] or "").strip()
        if len(value) > MAX_VALUE_CHARACTERS:
            value = value[:MAX_VALUE_CHARACTERS] + TOO_LONG
        if channel == "html":
            value = escape(value)
        if len(value) > room:
            return TOO_LONG if room > 0 else ""
        room -= len(value)
        return value

    merged = _TOKEN.sub(fill, template)[:MAX_RESULT_CHARACTERS]
    return header_text(merged) if channel == "header" else merged


def unknown_tokens(template: str) -> list[str]:
    """The tokens in `template` that stand for nothing, each once, in order."""
    names = (f"{group}.{name}" for group, name, _ in _TOKEN.findall(template))
    return list(dict.fromkeys(name for name in names if name not in TOKENS))


def without_links(value: str) -> str:
    """Take from a visitor's words what a mail program would turn into a link.

    For mail to visitors: otherwise anybody could send their own link to anybody through our form.
    """
    return _DOMAIN_LIKE.sub(". ", value.replace("://", ": //").replace("@", " at "))
