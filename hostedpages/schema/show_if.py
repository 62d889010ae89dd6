"""Show-if rules: their shape, and whether they hold for the answers given so far.

The browser holds the same rules in form.js; tests/documents/show_if_vectors.json binds both.
Must never raise for any answer or rule: what cannot be compared does not match.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic
from pydantic import PlainValidator, WithJsonSchema

from hostedpages.schema.texts import Key, Strict

if TYPE_CHECKING:
    from hostedpages.schema.elements import Field
    from hostedpages.schema.form_schema import FormSchema

MAX_RULES = 20
MAX_VALUES = 500
MAX_VALUE = 300
OPERATORS: dict[str, str] = {
    "equals": "equals",
    "not_equals": "does not equal",
    "contains": "contains",
    "not_contains": "does not contain",
    "in": "is one of",
    "not_in": "is none of",
    "greater_than": "is greater than",
    "less_than": "is less than",
    "before": "is before",
    "after": "is after",
    "is_empty": "is empty",
    "is_not_empty": "is filled in",
}
WITHOUT_VALUE = frozenset({"is_empty", "is_not_empty"})
WITH_LIST = frozenset({"in", "not_in"})
_OPPOSITES = {
    "not_equals": "equals",
    "not_contains": "contains",
    "not_in": "in",
    "is_empty": "is_not_empty",
}
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{0,6})?")

Operator = Literal[
    "equals", "not_equals", "contains", "not_contains", "in", "not_in",
    "greater_than", "less_than", "before", "after", "is_empty", "is_not_empty",
]  # fmt: skip


def _value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        if len(value) > MAX_VALUE:
            raise ValueError(f"Please shorten this to {MAX_VALUE} characters.")
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        if len(value) > MAX_VALUES or any(len(each) > MAX_VALUE for each in value):
            raise ValueError(f"A rule takes at most {MAX_VALUES} values of {MAX_VALUE} characters.")
        return value
    raise ValueError("A rule compares with a text, a number, yes or no, or a list of texts.")


RuleValue = Annotated[
    str | int | float | bool | list[str] | None,
    PlainValidator(_value),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "number", "boolean", "null"]},
                {"type": "array", "items": {"type": "string"}, "maxItems": MAX_VALUES},
            ]
        }
    ),
]


class Rule(Strict):
    """One comparison of an earlier field's answer."""

    field: Key
    operator: Operator
    value: RuleValue = None


class ShowIf(Strict):
    """All of the rules, or any of them; exactly one of the two lists is given."""

    all: Annotated[list[Rule], pydantic.Field(min_length=1, max_length=MAX_RULES)] | None = None
    any: Annotated[list[Rule], pydantic.Field(min_length=1, max_length=MAX_RULES)] | None = None

    @pydantic.model_validator(mode="after")
    def _one_of_two(self) -> "ShowIf":
        if (self.all is None) == (self.any is None):
            raise ValueError("Give either “all” or “any” with a list of rules.")
        return self

    @property
    def rules(self) -> list[Rule]:
        """The rules, whichever list they stand in."""
        return self.all or self.any or []


def is_visible(field: "Field", schema: "FormSchema", seen: Mapping[str, Any]) -> bool:
    """Whether `field` is shown, given the answers of the visible fields before it."""
    if field.show_if is None:
        return True
    results = (_rule_holds(rule, schema, seen) for rule in field.show_if.rules)
    return all(results) if field.show_if.all is not None else any(results)


def _rule_holds(rule: Rule, schema: "FormSchema", seen: Mapping[str, Any]) -> bool:
    asked = schema.field(rule.field)
    compare = asked.type.compare if asked else "text"
    return holds(compare, rule.operator, seen.get(rule.field), rule.value)


def holds(compare: str, operator: str, value: Any, expected: Any) -> bool:
    """Whether one comparison holds.

    `compare` is the field type's way of comparing: text, number, moment, list or flag. Text is
    compared without regard to case. A missing answer makes everything false but `is_empty` and
    the negations.
    """
    if operator in _OPPOSITES:
        return not holds(compare, _OPPOSITES[operator], value, expected)
    if value is None or value == "" or value == [] or value is False:
        # An unticked box is the one empty answer that can equal something: "no".
        return compare == "flag" and operator == "equals" and _flag(expected) is False
    if operator == "is_not_empty":
        return True
    if compare == "flag":
        return operator == "equals" and _flag(expected) is True
    if compare == "list" or isinstance(value, list):
        return _list_holds(operator, value, expected)
    if compare == "number":
        return _number_holds(operator, value, expected)
    return _text_holds(operator, _text(value), expected)


def _text_holds(operator: str, value: str, expected: Any) -> bool:
    if operator == "in":
        return value in _texts(expected)
    if isinstance(expected, list):
        return False
    wanted = _text(expected)
    match operator:
        case "equals":
            return value == wanted
        case "contains":
            return wanted != "" and wanted in value
        # ISO dates and times sort as text.
        case "before" | "less_than":
            return wanted != "" and value < wanted
        case "after" | "greater_than":
            return wanted != "" and value > wanted
    return False


def _number_holds(operator: str, value: Any, expected: Any) -> bool:
    number = _number(value)
    if operator == "in":
        return number is not None and number in [_number(each) for each in _texts(expected)]
    wanted = _number(expected)
    if number is None or wanted is None:
        return False
    match operator:
        case "equals":
            return number == wanted
        case "greater_than" | "after":
            return number > wanted
        case "less_than" | "before":
            return number < wanted
        case "contains":
            return _text(expected) in _text(value)
    return False


def _list_holds(operator: str, value: Any, expected: Any) -> bool:
    chosen = _texts(value)
    wanted = _texts(expected)
    match operator:
        case "equals":
            return sorted(chosen) == sorted(wanted)
        case "contains":
            return bool(wanted) and all(each in chosen for each in wanted)
        case "in":
            return any(each in wanted for each in chosen)
    return False


def _texts(value: Any) -> list[str]:
    return [_text(each) for each in value] if isinstance(value, list) else [_text(value)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip().lower()


def _number(value: Any) -> float | None:
    text = _text(value).replace(",", "").replace("$", "")
    return float(text) if _NUMBER.fullmatch(text) else None


def _flag(expected: Any) -> bool | None:
    text = _text(expected)
    if text in ("yes", "true", "on", "1"):
        return True
    return False if text in ("no", "false", "off", "0") else None
