"""From bytes or parsed JSON to plain data that is safe to look at: size, depth, numbers, text.

Must never guess: what a JSON reader would silently change (a key that stands twice, NaN, a huge
number) is refused with its path.
"""

import json
import math
from typing import Any

from hostedpages.sanitize import clean_text
from hostedpages.schema.problems import MAX_PROBLEMS, DocumentError, Problem, path_of

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 20
MAX_DIGITS = 15
_WORDS_TOO_LONG = "The document is larger than 2 MB. Please make it smaller."


class _Repeated(dict[str, Any]):
    """An object in which a key stood twice."""

    key = ""


class _BadNumber:
    """A number that JSON does not know (NaN) or that nobody means (5,000 digits)."""


def parse(text: bytes | str) -> Any:
    """The data of a JSON text, with marks where `tidy` will refuse it. Raises DocumentError."""
    if len(text) > MAX_BYTES:
        raise DocumentError([Problem("", _WORDS_TOO_LONG)])
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise DocumentError([Problem("", "The document is not UTF-8 text.")]) from error
    try:
        return json.loads(
            decoded,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=lambda _: _BadNumber(),
        )
    except json.JSONDecodeError as error:
        words = f"The document is not JSON: line {error.lineno}, column {error.colno}."
        raise DocumentError([Problem("", words)]) from error
    except RecursionError as error:
        raise DocumentError([Problem("", "The document is nested too deeply.")]) from error


def tidy(data: Any) -> dict[str, Any]:
    """A copy of parsed data with storable text only. Raises DocumentError."""
    if not isinstance(data, dict):
        raise DocumentError([Problem("", "The document must be a JSON object.")])
    walk = _Walk()
    copy = walk.copy(data, ())
    if walk.size > MAX_BYTES:
        walk.problems[:0] = [Problem("", _WORDS_TOO_LONG)]
    if walk.problems:
        raise DocumentError(walk.problems)
    assert isinstance(copy, dict)
    return copy


class _Walk:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.size = 0

    def copy(self, value: Any, path: tuple[str | int, ...]) -> Any:
        if self.size > MAX_BYTES:
            return None
        self.size += 2
        if isinstance(value, str):
            self.size += len(value)
            return clean_text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            if not math.isfinite(value) or abs(value) >= 10**MAX_DIGITS:
                self._add(path, "This number is too large.")
            return value
        if isinstance(value, _BadNumber):
            self._add(path, "This is not a number that JSON knows, or it is too large.")
            return None
        if not isinstance(value, dict | list):
            self._add(path, "This value is not allowed here.")
            return None
        if len(path) >= MAX_DEPTH:
            self._add(path, f"The document is nested deeper than {MAX_DEPTH} levels.")
            return None
        if isinstance(value, list):
            return [self.copy(each, (*path, at)) for at, each in enumerate(value)]
        if isinstance(value, _Repeated):
            self._add((*path, clean_text(value.key)), "This key stands here twice.")
        return {self._key(key, path): self.copy(value[key], (*path, str(key))) for key in value}

    def _key(self, key: object, path: tuple[str | int, ...]) -> str:
        if not isinstance(key, str):
            self._add(path, "The keys of an object must be texts.")
            return ""
        self.size += len(key)
        return clean_text(key)

    def _add(self, path: tuple[str | int, ...], words: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(path_of(path), words))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    repeated = _Repeated(found)
    for key, _ in pairs:
        if key in seen:
            repeated.key = key
        seen.add(key)
    return repeated


def _integer(digits: str) -> int | _BadNumber:
    return int(digits) if len(digits.lstrip("-")) <= MAX_DIGITS else _BadNumber()
