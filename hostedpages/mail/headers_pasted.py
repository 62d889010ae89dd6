"""Reads pasted header lines, however cut or indented, and the results that a receiver wrote there.

Takes time in proportion to the text. Must never raise for any text, nor keep more than MAX_TEXT.
"""

import re
from dataclasses import dataclass, field

MAX_TEXT = 64 * 1024
MAX_FIELDS = 400
MAX_RESULTS = 40
_NAME = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,70})[ \t]*:(?!//)")
_RESULT = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)(?:/[0-9]+)?\s*=\s*([A-Za-z]+)")
_PROPERTY = re.compile(r"\b([A-Za-z]+\.[A-Za-z0-9_-]+)\s*=\s*(\"[^\"]*\"|[^\s;]+)")
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Result:
    """One verdict of a receiver: `spf=pass smtp.mailfrom=example.com` (RFC 8601)."""

    method: str
    verdict: str
    properties: dict[str, str] = field(default_factory=dict)
    comments: str = ""

    def domain_of(self, *names: str) -> str:
        """The domain in the first of these properties that is there; empty when there is none."""
        for name in names:
            found = domain_in(self.properties.get(name, ""))
            if found:
                return found
        return ""


@dataclass(frozen=True, slots=True)
class Results:
    """All verdicts of one receiver."""

    receiver: str
    results: tuple[Result, ...]

    def of(self, method: str) -> list[Result]:
        return [each for each in self.results if each.method == method]


def fields_of(text: str) -> list[tuple[str, str]]:
    """The header fields in their order, unfolded: name in lower case, value on one line.

    Lines that begin with no name belong to the field before, indented or not.
    """
    text = _UNSEEN.sub(" ", text[:MAX_TEXT]).replace("\r\n", "\n").replace("\r", "\n")
    found: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        name = None if line[:1] in (" ", "\t") and found else _NAME.match(line.lstrip(" \t>"))
        if name:
            if len(found) >= MAX_FIELDS:
                break
            found.append((name[1].lower(), [line.lstrip(" \t>")[name.end() :]]))
        elif line.strip(" \t>") and found:
            found[-1][1].append(line.lstrip(" \t>"))
        elif found and any(each == "from" for each, _ in found) and len(found) > 3:
            break  # the body begins here
    return [(name, " ".join(" ".join(lines).split())) for name, lines in found]


def results_in(value: str) -> Results:
    """The verdicts of one Authentication-Results field, or of its ARC twin."""
    plain, comments = _without_comments(value)
    parts = plain.split(";")
    head = 0
    if parts and re.match(r"\s*i\s*=\s*[0-9]+\s*\Z", parts[0]):
        head = 1  # ARC numbers its fields
    names = parts[head].split() if len(parts) > head else []
    receiver = names[0][:253] if names and "=" not in names[0] else ""
    found: list[Result] = []
    for number, part in enumerate(parts[: MAX_RESULTS + 2]):
        result = _RESULT.match(part)
        if number < head or not result or len(found) >= MAX_RESULTS:
            continue
        properties: dict[str, str] = {}
        for name, text in _PROPERTY.findall(part[:2000]):
            properties.setdefault(name.lower(), text.strip('"')[:320])
        found.append(
            Result(result[1].lower(), result[2].lower(), properties, comments.get(number, ""))
        )
    return Results(receiver, tuple(found))


def domain_in(text: str) -> str:
    """The domain of an address, or the domain that the text is; empty when it is neither."""
    found = _DOMAIN.search(text.rpartition("@")[2][:320])
    return found[0].lower().rstrip(".") if found and len(found[0]) <= 253 else ""


def address_in(value: str) -> str:
    """What stands in the last angle brackets of a From; without brackets, outside of comments."""
    _, opening, rest = value[:4000].rpartition("<")
    return rest.partition(">")[0] if opening else _without_comments(value[:4000])[0]


def tag_of(value: str, name: str) -> str:
    """One tag of a DKIM-Signature: `d` of `v=1; d=example.com; ...`."""
    for part in value.split(";")[:60]:
        found, separator, text = part.partition("=")
        if separator and found.strip().lower() == name:
            return "".join(text.split())[:253]
    return ""


def _without_comments(value: str) -> tuple[str, dict[int, str]]:
    """The text outside of parentheses, and what stood inside, by the number of its part."""
    outside: list[str] = []
    inside: dict[int, list[str]] = {}
    depth, part, is_quoted, is_escaped = 0, 0, False, False
    for letter in value[:MAX_TEXT]:
        if is_escaped:
            is_escaped = False
        elif letter == "\\" and (depth or is_quoted):
            is_escaped = True
        elif letter == '"' and not depth:
            is_quoted = not is_quoted
        elif letter == "(" and not is_quoted:
            depth += 1
            continue
        elif letter == ")" and depth and not is_quoted:
            depth -= 1
            outside.append(" ")
            continue
        elif letter == ";" and not depth and not is_quoted:
            part += 1
        if depth:
            inside.setdefault(part, []).append(letter)
        else:
            outside.append(letter)
    return "".join(outside), {number: "".join(letters)[:500] for number, letters in inside.items()}
