"""Decides whether an address may be opened after signing in.

Must never let anything through that a browser could read as another site.
"""

import re

AREAS = ("pages", "leads", "plans", "deliveries", "settings")
# No backslash, no second slash, no control character, no scheme: only what our own addresses have.
_OURS = re.compile(
    rf"/(?:{'|'.join(AREAS)})(?:/[A-Za-z0-9_-]+)*/?(?:\?[A-Za-z0-9_.~%&=+-]*)?", re.ASCII
)


def safe_next(path: str | None) -> str | None:
    """The path itself when it is one of ours, else None."""
    if path and len(path) <= 500 and _OURS.fullmatch(path):
        return path
    return None
