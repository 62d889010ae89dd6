"""Stored answers in words, with the labels that the visitor saw.

Must never fail on an old answer: what a type no longer understands is shown as it was stored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hostedpages.models import PageVersion
from hostedpages.schema.elements import Field
from hostedpages.schema.form_schema import FormSchema


@dataclass(frozen=True)
class Answer:
    """One question with its answer in words; empty when it was left open."""

    key: str
    label: str
    text: str


@dataclass(frozen=True)
class AnsweredScreen:
    """The questions of one screen, with its title when the form has several."""

    title: str
    answers: list[Answer]


class Schemas:
    """The form schemas of a few versions, each read once. For one request or one export."""

    def __init__(self) -> None:
        self._read: dict[int, FormSchema] = {}

    def of(self, version: PageVersion) -> FormSchema:
        """The form schema of a version."""
        if version.id not in self._read:
            self._read[version.id] = FormSchema.load(version.document)
        return self._read[version.id]


def answer_text(field: Field, stored: Any) -> str:
    """A stored answer in words; empty when there is none."""
    if stored is None:
        return ""
    try:
        value = field.type.from_json(stored)
        return "" if field.type.is_empty(value) else field.type.to_text(value, field)
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
        return ", ".join(map(str, stored)) if isinstance(stored, list) else str(stored)


def screens_of(schema: FormSchema, answers: Mapping[str, Any]) -> list[AnsweredScreen]:
    """The given answers in form order, screen by screen; screens without one are left out.

    An answer whose field is not in the version (it never happens by itself) comes last.
    """
    several = len(schema.screens) > 1
    found = []
    for screen in schema.screens:
        given = [
            Answer(field.key, field.title, answer_text(field, answers[field.key]))
            for field in screen.fields
            if field.key in answers
        ]
        if given:
            found.append(AnsweredScreen(screen.title if several else "", given))
    strays = [key for key in answers if schema.field(key) is None]
    if strays:
        rest = [Answer(key, key, str(answers[key])) for key in strays]
        found.append(AnsweredScreen("Not in this version", rest))
    return found


def left_open(schema: FormSchema, answers: Mapping[str, Any]) -> list[str]:
    """Labels of the fields without an answer: left empty, hidden, or not shown by a rule."""
    return [field.title for field in schema.fields if field.key not in answers]


def merged_fields(schemas: Iterable[FormSchema]) -> dict[str, Field]:
    """All fields of several versions by key, the newest version first; later ones only add."""
    fields: dict[str, Field] = {}
    for schema in schemas:
        for field in schema.fields:
            fields.setdefault(field.key, field)
    return fields
