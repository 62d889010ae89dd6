"""Hides personal data: `mask` for what visitors see, `redact` for what logs keep.

Must never be asked to unmask: it only ever takes away.
"""

import re

_EMAIL = re.compile(r"[^\s@<>\"',;:]{1,64}@[^\s@<>\"',;:]{1,255}")
# Not inside of an id such as host-1234567-ab12.
_LONG_NUMBER = re.compile(r"(?<![\w-])\+?\d(?:[\s().-]{0,2}\d){6,}(?![\w-])")


def mask(kind: str, value: str) -> str:
    """A hint that lets its owner recognize `value` and nobody else read it.

    `kind` is `email` (`j***@e***.com`), `phone` (`***-***-0123`), `name` (`D.`), or anything
    else (`***`). An empty value gives an empty hint.
    """
    value = value.strip()
    if not value:
        return ""
    if kind == "email" and "@" in value:
        local, _, domain = value.rpartition("@")
        host, dot, ending = domain.rpartition(".")
        return f"{local[:1]}***@{host[:1]}***{dot}{ending}" if dot else f"{local[:1]}***@***"
    if kind == "phone":
        digits = re.sub(r"\D", "", value)
        return f"***-***-{digits[-4:]}" if len(digits) >= 7 else "***"
    if kind == "name":
        return f"{value[0].upper()}."
    return "***"


def redact(text: str) -> str:
    """Replace what looks like an email address or a phone number by its mask."""
    text = _EMAIL.sub("[email]", text)
    return _LONG_NUMBER.sub("[number]", text)
