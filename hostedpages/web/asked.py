"""What a request asks for in its headers, read exactly: the host, and the coding of the answer.

Must never be more generous than the standard: what is refused there is refused here.
"""

import re
from collections.abc import Collection
from functools import lru_cache

from werkzeug.sansio.utils import host_is_trusted

_LITERAL = re.compile(r"(\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.I)
_NO_QUALITY = re.compile(r"0(?:\.0{0,3})?")


def is_trusted(host: str, trusted: Collection[str]) -> bool:
    """Whether a `Host` (RFC 9110, 7.2) is one of ours; its port does not matter.

    The library compares names alone, so an IPv6 address in brackets is compared here.
    """
    literal = _LITERAL.fullmatch(host)
    if literal is None:
        names = [each for each in trusted if not each.startswith("[")]
        return bool(names) and host_is_trusted(host, names)
    port = literal[2]
    return literal[1].lower() in trusted and (port is None or 1 <= int(port) <= 65535)


@lru_cache(256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Whether `Accept-Encoding` (RFC 9110, 12.5.3) names gzip without refusing it."""
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (each.strip() for each in part.split(";"))
        if coding in ("gzip", "x-gzip"):
            return not any(
                name.strip() == "q" and _NO_QUALITY.fullmatch(value.strip())
                for name, _, value in (each.partition("=") for each in parameters)
            )
    return False
