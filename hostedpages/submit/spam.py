"""How much a submission looks like a machine's.

One sign alone rarely decides; a suspect is kept with the reasons and can be released. Must never
throw anything away.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

ENOUGH = 1.0
# Faster than a person can read one label; a password manager may fill in a form, so it only adds.
QUICK_MILLISECONDS = 1_500

_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_MARKUP = re.compile(r"<a\s|\[url[=\]]|\[link[=\]]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Signs:
    """What the request tells about how it was made. `elapsed_ms` is None without the script."""

    trap: str
    elapsed_ms: int | None
    texts: Iterable[str]


def reasons(signs: Signs) -> list[str]:
    """Why this is a suspect, in words; empty for most."""
    found: list[tuple[float, str]] = []
    if signs.trap.strip():
        found.append((1.0, "A field that people cannot see was filled in."))
    if signs.elapsed_ms is not None and signs.elapsed_ms < QUICK_MILLISECONDS:
        found.append((0.5, "It was sent faster than a person can type."))
    links = markup = 0
    for text in signs.texts:
        links += len(_LINK.findall(text))
        markup += len(_MARKUP.findall(text))
    if markup:
        found.append((1.0, "An answer holds a link written as code."))
    elif links >= 4:
        found.append((1.0, f"The answers hold {links} links."))
    elif links >= 2:
        found.append((0.5, f"The answers hold {links} links."))
    if sum(weight for weight, _ in found) < ENOUGH:
        return []
    return [words for _, words in found]
