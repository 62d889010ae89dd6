"""The contract of a field type: every aspect of one kind of question stands in one class.

Must never know a single type by name; a type is added by adding its file and nothing else.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import wtforms

from hostedpages.schema.answer_field import AnswerField
from hostedpages.schema.limits import plain
from hostedpages.schema.texts import MAX_LINE

# What ends a line somewhere: in a text box, in a mail, or in a browser's script.
_BREAKS = re.compile("[\n\t\u2028\u2029]")
Json = str | bool | list[str] | None
Limit = str | int | float | None


class ChoiceLike(Protocol):
    """One option of a choice field: what is stored and what is shown."""

    @property
    def value(self) -> str: ...
    @property
    def label(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice that a type brings along itself (states, countries)."""

    value: str
    label: str


class FieldLike(Protocol):
    """What a type may ask of the field it belongs to; `elements.Field` is one."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def default(self) -> str | int | float | bool | list[str] | None: ...
    @property
    def binds_to(self) -> str | None: ...
    @property
    def is_name(self) -> bool: ...
    @property
    def choices(self) -> Sequence[ChoiceLike]: ...
    @property
    def min_length(self) -> int | None: ...
    @property
    def max_length(self) -> int | None: ...
    @property
    def min(self) -> Limit: ...
    @property
    def max(self) -> Limit: ...
    def own(self, name: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A document key that only one type has: its kind, range and default."""

    kind: type[int] | type[bool] | type[str]
    default: int | bool | str
    minimum: int = 0
    maximum: int = 0


@dataclass(frozen=True, slots=True)
class Good:
    """A raw answer that is taken: what becomes of it, and how it reads in a mail."""

    raw: list[str]
    value: Json
    text: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A raw answer that is refused, and the words for it."""

    raw: list[str]
    message: str


@dataclass(frozen=True, slots=True)
class Examples:
    """What the contract test feeds to a type. `field` are extra document keys of the sample."""

    good: Sequence[Good]
    bad: Sequence[Bad] = ()
    field: Mapping[str, Any] | None = None


class NoSettings(wtforms.Form):
    """A type without settings of its own."""


class FieldType:
    """One kind of field. Subclass it in a file of its own below `schema/fields/`.

    `key` is what documents say, for ever. `widget` is one of the six shared widgets: input,
    textarea, choices, select, checkbox, hidden. `compare` says how show-if rules look at the
    answer: text, number, moment (ISO dates and times), list or flag. `own_keys` are document
    keys that only this type has. `settings` is the form of the designer's "Answer" group; its
    field names are document keys.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    group: ClassVar[str] = "Other"
    icon: ClassVar[str] = "square"
    order: ClassVar[int] = 100
    widget: ClassVar[str] = "input"
    html_type: ClassVar[str] = "text"
    autocomplete: ClassVar[str] = ""
    inputmode: ClassVar[str] = ""
    multiple: ClassVar[bool] = False
    has_choices: ClassVar[bool] = False
    is_shown: ClassVar[bool] = True
    is_known: ClassVar[bool] = True
    compare: ClassVar[str] = "text"
    operators: ClassVar[tuple[str, ...]] = (
        "equals", "not_equals", "contains", "not_contains",
        "in", "not_in", "is_empty", "is_not_empty",
    )  # fmt: skip
    can_bind_to: ClassVar[tuple[str, ...]] = ()
    own_keys: ClassVar[Mapping[str, OwnKey]] = {}
    settings: ClassVar[type[wtforms.Form]] = NoSettings
    examples: ClassVar[Examples] = Examples(good=())

    def clean(self, raw: list[str], field: FieldLike) -> Any:
        """The value of a raw answer. Raises ValueError with words for people.

        An empty answer gives the type's empty value; whether it is required is not asked here.
        """
        text = first(raw)
        if not text:
            return ""
        if len(text) > MAX_LINE:
            raise ValueError(f"Please shorten {field.label} to {MAX_LINE:,} characters.")
        return self.clean_text(text, field)

    def clean_text(self, text: str, field: FieldLike) -> Any:
        """The value of one trimmed, non-empty line. Raises ValueError with words for people."""
        return text

    def is_empty(self, value: Any) -> bool:
        """Nothing was given: an empty text, no choice, no tick."""
        return value is None or value == "" or value == [] or value is False

    def to_json(self, value: Any) -> Json:
        """The value as it is stored."""
        return value  # type: ignore[no-any-return]  # a type with other values overrides this

    def from_json(self, stored: Json) -> Any:
        """The value of what was stored; the inverse of `to_json`."""
        return stored

    def to_text(self, value: Any, field: FieldLike) -> str:
        """The value in words, for mails, exports and screens."""
        return str(value or "")

    def form_values(self, value: Any, field: FieldLike) -> list[str]:
        """What goes back into the HTML inputs, one text per value."""
        return [] if self.is_empty(value) else [str(value)]

    def default_values(self, field: FieldLike) -> list[str]:
        """The field's default as raw values of the HTML inputs."""
        default = field.default
        if default is None or default == "" or default is False:
            return []
        if isinstance(default, list):
            return default
        return ["yes"] if default is True else [plain(default)]

    def choices(self, field: FieldLike) -> Sequence[ChoiceLike]:
        """The options a visitor can pick from; empty for a type without."""
        return field.choices if self.has_choices else ()

    def html_attributes(self, field: FieldLike) -> dict[str, str]:
        """Attributes for the input beyond name, id and type (maxlength, min, max, step ...)."""
        return {}

    def problems(self, field: FieldLike) -> Iterable[tuple[str, str]]:
        """What keeps a page with this field from being published: (document key, words)."""
        return ()

    def required_message(self, field: FieldLike) -> str:
        """The words for a required answer that is missing."""
        return f"Please fill in {field.label}."

    def to_field(self, field: FieldLike) -> Any:
        """The WTForms field of the public form (unbound); its HTML name is the field's key."""
        return AnswerField(field.label, name=field.key, element=field)


class UnknownField(FieldType):
    """Stands in for a stored type whose file is gone: kept, shown read-only, never published."""

    is_known = False
    icon = "circle-question-mark"
    label = "Unknown field"

    def __init__(self, key: str) -> None:
        # A class attribute elsewhere: here each instance keeps the key it was stored with.
        self.key = key  # type: ignore[misc]

    def clean(self, raw: list[str], field: FieldLike) -> str:
        """Nothing is taken for a field that nobody understands."""
        return ""

    def to_text(self, value: Any, field: FieldLike) -> str:
        """Old answers stay readable."""
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")

    def problems(self, field: FieldLike) -> Iterable[tuple[str, str]]:
        """Blocks publishing; `publish` adds the nearest known type."""
        yield "type", f"There is no field type “{self.key[:60]}”."


def first(raw: list[str]) -> str:
    """The first value of an answer, trimmed, on one line; empty when there is none."""
    return _BREAKS.sub(" ", raw[0]).strip() if raw else ""
