"""What is wrong with a document, by path and in plain words.

Must never let a library's own wording through to a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pydantic

from hostedpages.schema.elements import ELEMENT_CLASSES, Choice, did_you_mean
from hostedpages.schema.options import PageOptions
from hostedpages.schema.show_if import OPERATORS, Rule, ShowIf

MAX_PROBLEMS = 100
_JSON_TYPES = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "none_required": "null",
}
_ALLOWED = {
    "mode": ("lead", "update_only", "note_only"),
    "pii_visibility": ("hide", "mask", "show"),
    "width": ("full", "half"),
    "align": ("left", "center", "right"),
    "color": ("base", "highlight", "grey"),
    "operator": tuple(OPERATORS),
    "kind": tuple(ELEMENT_CLASSES),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: `path` such as `elements[3].label`, `message` in words for people.

    `is_gap` marks what is merely not there yet, as in every unfinished draft.
    """

    path: str
    message: str
    is_gap: bool = False

    @property
    def element_index(self) -> int | None:
        """Which element it is about, counted from 0; None for the page or its options."""
        if not self.path.startswith("elements["):
            return None
        return int(self.path[len("elements[") : self.path.index("]")])

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class DocumentError(ValueError):
    """The document cannot be read; `problems` has every fault with its path."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


def path_of(location: Sequence[str | int]) -> str:
    """`("elements", 3, "show_if", "all", 0)` as `elements[3].show_if.all[0]`."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part[:60]}" if path else part[:60]
    return path


def translate(error: pydantic.ValidationError, known: Mapping[str, Any]) -> list[Problem]:
    """Problems of a failed load. `known` are the keys of the whole document."""
    problems = []
    for detail in error.errors(include_url=False, include_input=True)[:MAX_PROBLEMS]:
        location = _without_tags(detail["loc"])
        if detail["type"] in ("union_tag_not_found", "union_tag_invalid"):
            location = [*location, "kind"]
        message = _message(detail, location, detail["loc"], known)
        problems.append(Problem(path_of(location), message))
    return problems


def _without_tags(location: Sequence[str | int]) -> list[str | int]:
    """The path as it stands in the file: pydantic adds an element's kind after its index."""
    parts = list(location)
    if len(parts) > 2 and parts[0] == "elements" and parts[2] in ELEMENT_CLASSES:
        del parts[2]
    return parts


def _message(
    detail: Any, path: Sequence[str | int], location: Sequence[str | int], known: Mapping[str, Any]
) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    name = str(path[-1]) if path else "document"
    match kind:
        case "missing":
            return f"“{name}” is missing. Please add it."
        case "union_tag_not_found":
            if isinstance(detail["input"], dict):
                return f"“{name}” is missing. Please add it."
            return "This must be an object."
        case "extra_forbidden":
            return did_you_mean("Unknown key.", name, _known_keys(location, known))
        case "literal_error":
            return _one_of(name, detail["input"])
        case "union_tag_invalid":
            return _one_of(name, context["tag"])
        case "value_error":
            return str(context["error"])
        case "own_key" | "unknown_key":
            return str(context["words"])
    return _measure(kind, context)


def _measure(kind: str, context: Mapping[str, Any]) -> str:
    """Words for a value that is too long, too large, or of the wrong JSON type."""
    match kind:
        case "string_too_long":
            return f"Please shorten this to {context['max_length']:,} characters."
        case "too_long":
            return f"There may be at most {context['max_length']:,} entries here."
        case "too_short":
            return "This list may not be empty."
        case "greater_than_equal":
            return f"This must be {context['ge']:,} or more."
        case "less_than_equal":
            return f"This must be {context['le']:,} or less."
    wanted = _JSON_TYPES.get(kind)
    return f"This must be {wanted}." if wanted else "This value is not allowed here."


def _one_of(name: str, given: object) -> str:
    if name == "format":
        return "This file has a format that this version cannot read. The format must be 1."
    allowed = _ALLOWED.get(name, ())
    words = f"This must be one of {', '.join(allowed)}."
    return did_you_mean(words, given, list(allowed)) if isinstance(given, str) else words


def _known_keys(location: Sequence[str | int], known: Mapping[str, Any]) -> list[str]:
    if location[0] == "options":
        return list(PageOptions.model_fields)
    if len(location) < 3:
        return list(known)
    if "show_if" in location:
        return list((Rule if isinstance(location[-2], int) else ShowIf).model_fields)
    if "choices" in location:
        return list(Choice.model_fields)
    return list(ELEMENT_CLASSES[str(location[2])].model_fields)
