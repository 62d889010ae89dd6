"""The five element kinds of a form: Field, Header, Notes, Line, Separator.

A closed set: it changes only when the product changes. Must never know a field type by name.
"""

import difflib
import re
from functools import lru_cache
from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from hostedpages.sanitize import clean_notes
from hostedpages.schema.contact_fields import CONTACT_FIELDS, NAME_FIELDS, is_pii
from hostedpages.schema.fields import TYPES, field_type
from hostedpages.schema.fields.base import FieldType
from hostedpages.schema.show_if import ShowIf
from hostedpages.schema.texts import (
    MAX_TEXTAREA,
    Key,
    Line200,
    Line300,
    ShortLine,
    Strict,
    Text1000,
)

MAX_CHOICES = 500
MAX_NOTES = 5_000


def _type(value: object) -> FieldType:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9_]{1,40}", value):
        raise ValueError(f"A field type is one of {', '.join(TYPES)}.")
    return field_type(value)


def _limit(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("A limit is a number, or a date or time as text.")
    if isinstance(value, str) and len(value) > 40:
        raise ValueError("A limit has at most 40 characters.")
    return value


def _default(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str) and len(value) <= MAX_TEXTAREA:
        return value
    texts = value if isinstance(value, list) else [None]
    if len(texts) <= MAX_CHOICES and all(isinstance(t, str) and len(t) <= 200 for t in texts):
        return value
    raise ValueError("A default is a text, a number, yes or no, or a list of choice values.")


@lru_cache(maxsize=256)
def _notes(html: str) -> str:
    """Safe notes. Kept, because a draft that saves itself is read again every few seconds."""
    cleaned = clean_notes(html)
    if len(re.sub(r"<[^>]*>", "", cleaned)) > MAX_NOTES:
        raise ValueError(f"Please shorten the note to {MAX_NOTES:,} characters.")
    return cleaned


TypeOfField = Annotated[
    FieldType,
    PlainValidator(_type),
    PlainSerializer(lambda each: each.key, return_type=str),
    WithJsonSchema({"type": "string", "enum": list(TYPES)}),
]
Limit = Annotated[
    str | int | float,
    PlainValidator(_limit),
    WithJsonSchema({"type": ["number", "string"]}),
]
Default = Annotated[
    str | int | float | bool | list[str] | None,
    PlainValidator(_default),
    WithJsonSchema({"type": ["string", "number", "boolean", "array", "null"]}),
]
Length = Annotated[int, pydantic.Field(ge=0, le=MAX_TEXTAREA)]


class Choice(Strict):
    """One option: `value` is stored, `label` is shown."""

    value: Line200
    label: Line300


class Field(Strict):
    """An element that takes an answer. `key` is set once and survives every relabel.

    A draft may have an empty label, no choices, or a rule that points nowhere; publishing asks.
    """

    model_config = pydantic.ConfigDict(extra="allow")

    kind: Literal["field"]
    key: Key
    type: TypeOfField
    label: Line300
    help: Text1000 = ""
    placeholder: Line200 = ""
    required: bool = False
    width: Literal["full", "half"] = "full"
    default: Default = None
    binds_to: Key | None = None
    choices: Annotated[list[Choice], pydantic.Field(max_length=MAX_CHOICES)] = []
    min_length: Length | None = None
    max_length: Length | None = None
    min: Limit | None = None
    max: Limit | None = None
    show_if: ShowIf | None = None
    error: Line300 = ""

    @pydantic.model_validator(mode="after")
    def _own_keys(self) -> "Field":
        """Further keys must be the type's own; those of an unknown type are kept as they are."""
        faults: list[InitErrorDetails] = []
        for name, value in (self.model_extra or {}).items():
            known = self.type.own_keys.get(name)
            if known is None and self.type.is_known:
                faults.append(_fault(name, value, "unknown_key", unknown_key(name, self.type)))
            elif known is not None and not _fits(value, known.kind, known.minimum, known.maximum):
                words = f"Please give a value from {known.minimum} to {known.maximum}."
                faults.append(_fault(name, value, "own_key", words))
        if faults:
            raise pydantic.ValidationError.from_exception_data("Field", faults)
        return self

    def own(self, name: str) -> Any:
        """The value of a key that only this type has, or its default."""
        return (self.model_extra or {}).get(name, self.type.own_keys[name].default)

    @property
    def is_pii(self) -> bool:
        """Whether it is bound to personal data."""
        return is_pii(self.binds_to)

    @property
    def is_name(self) -> bool:
        """Whether it is bound to a name, so that inner spaces are collapsed."""
        return self.binds_to in NAME_FIELDS

    @property
    def title(self) -> str:
        """The label, or else words that let people find it."""
        bound = CONTACT_FIELDS.get(self.binds_to or "")
        return self.label or (bound.label if bound else self.key)


class Header(Strict):
    """A heading between fields."""

    kind: Literal["header"]
    text: Line200
    level: Annotated[int, pydantic.Field(ge=1, le=3)] = 2
    align: Literal["left", "center", "right"] = "left"


class Notes(Strict):
    """Rich text in the safe subset of `sanitize.clean_notes`."""

    kind: Literal["notes"]
    html: Annotated[str, pydantic.Field(max_length=65_536), AfterValidator(_notes)]


class Line(Strict):
    """A horizontal line; `thickness` in CSS pixels."""

    kind: Literal["line"]
    color: Literal["base", "highlight", "grey"] = "grey"
    thickness: Annotated[int, pydantic.Field(ge=1, le=6)] = 1


class Separator(Strict):
    """Ends a screen and begins the next, which bears `title`.

    `next_label` is the button that leads here, `back_label` the one that leads back.
    """

    kind: Literal["separator"]
    title: Line200 = ""
    next_label: ShortLine = "Next"
    back_label: ShortLine = "Back"


Element = Annotated[Field | Header | Notes | Line | Separator, pydantic.Field(discriminator="kind")]
ELEMENT_CLASSES: dict[str, type[Strict]] = {
    "field": Field,
    "header": Header,
    "notes": Notes,
    "line": Line,
    "separator": Separator,
}


def unknown_key(name: str, kind: FieldType | None = None) -> str:
    """Words for a key that a field does not have, with the nearest one it has."""
    known = [*Field.model_fields, *(kind.own_keys if kind else ())]
    return did_you_mean("Unknown key.", name, known)


def did_you_mean(words: str, name: str, known: list[str]) -> str:
    """`words` and the nearest known spelling, if there is one."""
    near = difflib.get_close_matches(name[:60], known, n=1)
    return f"{words} Did you mean “{near[0]}”?" if near else words


def _fits(value: object, kind: type, minimum: int, maximum: int) -> bool:
    if type(value) is not kind:
        return False
    if isinstance(value, bool):
        return True
    size = value if isinstance(value, int) else len(str(value))
    return minimum <= size <= maximum


def _fault(name: str, value: object, code: str, words: str) -> InitErrorDetails:
    # Braces would be read as placeholders of the message template.
    error = PydanticCustomError(code, "{words}", {"words": words})
    return InitErrorDetails(type=error, loc=(name,), input=value)
