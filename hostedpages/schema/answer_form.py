"""From a form schema to its WTForms class, and from posted text to checked answers.

Must never compare a field type: whatever depends on the kind of answer is asked of the type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import wtforms

from hostedpages.schema.answer_field import AnswerField
from hostedpages.schema.fields.base import first
from hostedpages.schema.show_if import is_visible

if TYPE_CHECKING:
    from hostedpages.schema.elements import Field
    from hostedpages.schema.form_schema import FormSchema


@dataclass(frozen=True, slots=True)
class Checked:
    """Checked answers, by field key.

    `values` has the stored form of each answer of a visible field that was taken, empty ones
    too; `raw` what was typed, for every field posted; `errors` the words for people; `visible`
    the keys of the fields that these answers show, on all screens.
    """

    values: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    visible: set[str] = field(default_factory=set)

    @property
    def is_valid(self) -> bool:
        """Nothing was refused and nothing required is missing."""
        return not self.errors


class Posted:
    """Answers of a plain mapping, in the shape that WTForms reads."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    def __contains__(self, key: str) -> bool:
        return key in self.answers

    def getlist(self, key: str) -> list[str]:
        """The values of one answer."""
        given = self.answers.get(key)
        if given is None:
            return []
        return list(given) if isinstance(given, list | tuple) else [given]


def answer_form_class(schema: "FormSchema") -> type[wtforms.Form]:
    """The WTForms class of a schema: attribute `f_<key>`, HTML name the key.

    The prefix keeps a field called `data` or `errors` from replacing a method of the form.
    """
    fields = {f"f_{each.key}": each.type.to_field(each) for each in schema.fields}
    return type("AnswerForm", (wtforms.Form,), fields)


def check(
    schema: "FormSchema",
    raw: Any,
    *,
    known: Mapping[str, Any] | None = None,
    screens: int | None = None,
) -> Checked:
    """Clean and validate posted answers (`getlist` like a MultiDict, or a plain mapping).

    1. Every field is cleaned by its type. 2. In document order, a field whose rule does not hold
    is left out. 3. An empty answer to a required field is an error, unless `known` (key ->
    stored value of a known contact) has a non-empty one. With `screens`, only fields on screens
    up to that index can be in error. Never raises for any text.
    """
    posted: Any = raw if hasattr(raw, "getlist") else Posted(raw)
    form = schema.answer_form_class(posted)
    stored = known or {}
    asked = _asked(schema, screens)
    checked = Checked()
    seen: dict[str, Any] = {}
    for element in schema.fields:
        answer = form[f"f_{element.key}"]
        assert isinstance(answer, AnswerField)
        if answer.raw:
            checked.raw[element.key] = answer.raw
        if not is_visible(element, schema, seen):
            continue
        checked.visible.add(element.key)
        errors = _errors(element, answer, stored)
        if errors:
            # What was typed still counts for later rules, so that nothing jumps while mending.
            seen[element.key] = answer.raw if element.type.multiple else first(answer.raw)
            if asked is None or element.key in asked:
                checked.errors[element.key] = errors
            continue
        if element.type.is_empty(answer.data) and element.key in stored:
            seen[element.key] = stored[element.key]
            continue
        value = element.type.to_json(answer.data)
        seen[element.key] = checked.values[element.key] = value
    return checked


def _errors(element: "Field", answer: AnswerField, stored: Mapping[str, Any]) -> list[str]:
    if answer.process_errors:
        return [element.error] if element.error else [str(each) for each in answer.process_errors]
    if not element.required or not element.type.is_empty(answer.data):
        return []
    if element.key in stored and not element.type.is_empty(
        element.type.from_json(stored[element.key])
    ):
        return []
    return [element.error or element.type.required_message(element)]


def _asked(schema: "FormSchema", screens: int | None) -> set[str] | None:
    if screens is None:
        return None
    return {each.key for screen in schema.screens[: screens + 1] for each in screen.fields}
