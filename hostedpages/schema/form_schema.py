"""FormSchema: the whole document of a page, read strictly and written canonically.

Must never ask a database or the clock; what needs the account (does this plan exist?) is asked
by the services.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import pydantic
import wtforms

from hostedpages.schema import answer_form, publish, reading
from hostedpages.schema.answer_form import Checked
from hostedpages.schema.changes import changes
from hostedpages.schema.elements import Element, Field, Separator
from hostedpages.schema.fields import TYPES
from hostedpages.schema.options import PageOptions
from hostedpages.schema.problems import DocumentError, Problem, translate
from hostedpages.schema.texts import Line200, Name, Slug, Strict, Text2000, slug_from

__all__ = ["DocumentError", "FormSchema", "Problem", "Screen", "changes", "json_schema"]

FORMAT = 1
MAX_ELEMENTS = 200
MAX_SCREENS = 20


@dataclass(frozen=True, slots=True)
class Screen:
    """What a visitor sees at a time. `next_label` of the last one is the submit label."""

    index: int
    title: str
    next_label: str
    back_label: str
    elements: list[Element]

    @property
    def fields(self) -> list[Field]:
        """The elements that take an answer."""
        return [each for each in self.elements if isinstance(each, Field)]


def _number(value: object) -> object:
    """True equals 1 in Python, but not in a document."""
    return None if isinstance(value, bool) else value


class FormSchema(Strict):
    """A page with its options and elements. Read it with `load`; it never changes afterwards."""

    format: Annotated[Literal[1], pydantic.BeforeValidator(_number)]
    name: Name
    slug: Slug
    title: Line200 = ""
    description: Text2000 = ""
    options: PageOptions = PageOptions()
    elements: Annotated[list[Element], pydantic.Field(max_length=MAX_ELEMENTS)] = []

    @classmethod
    def load(cls, document: Mapping[str, Any] | bytes | str) -> Self:
        """Read a document (JSON bytes or text, or parsed JSON).

        A missing slug or title is made from the name. What is merely incomplete loads and shows
        in `publish_problems`. Raises DocumentError with every fault and its path.
        """
        data = reading.tidy(
            reading.parse(document) if isinstance(document, bytes | str) else dict(document)
        )
        if isinstance(data.get("name"), str):
            if data.get("slug") in (None, ""):
                data["slug"] = slug_from(data["name"])
            if data.get("title") in (None, ""):
                data["title"] = data["name"][:200]
        try:
            schema = cls.model_validate(data)
        except pydantic.ValidationError as error:
            raise DocumentError(translate(error, cls.model_fields)) from error
        problems = list(schema._contradictions())
        if problems:
            raise DocumentError(problems)
        return schema

    def dump(self) -> dict[str, Any]:
        """The document as plain JSON data: keys in fixed order, defaults left out."""
        data = self.model_dump(exclude_defaults=True)
        if data["title"] == self.name:
            del data["title"]
        # Always there, so that readers of stored documents need no special case.
        data["options"] = data.pop("options", {})
        data["elements"] = data.pop("elements", [])
        return data

    def to_bytes(self) -> bytes:
        """The page file: canonical, so that equal documents are equal bytes."""
        text = json.dumps(self.dump(), ensure_ascii=False, indent=2, allow_nan=False)
        return f"{text}\n".encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `to_bytes`, in hex."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @cached_property
    def fields(self) -> list[Field]:
        """The elements that take an answer, in order."""
        return [each for each in self.elements if isinstance(each, Field)]

    @cached_property
    def _by_key(self) -> dict[str, Field]:
        return {each.key: each for each in self.fields}

    @cached_property
    def positions(self) -> dict[str, int]:
        """Each field's place among the fields, by its key."""
        return {each.key: at for at, each in enumerate(self.fields)}

    def field(self, key: str) -> Field | None:
        """The field with this key, or None."""
        return self._by_key.get(key)

    @cached_property
    def screens(self) -> list[Screen]:
        """The elements divided by the separators; there is always one screen."""
        parts: list[tuple[Separator | None, list[Element]]] = [(None, [])]
        for element in self.elements:
            if isinstance(element, Separator):
                parts.append((element, []))
            else:
                parts[-1][1].append(element)
        following = [begins for begins, _ in parts[1:]] + [None]
        return [
            Screen(
                index=index,
                title=begins.title if begins else "",
                next_label=after.next_label if after else self.options.submit_label,
                back_label=begins.back_label if begins else "",
                elements=elements,
            )
            for index, ((begins, elements), after) in enumerate(zip(parts, following, strict=True))
        ]

    @cached_property
    def answer_form_class(self) -> type[wtforms.Form]:
        """The WTForms class of the public form, built once per loaded document."""
        return answer_form.answer_form_class(self)

    def publish_problems(self) -> list[Problem]:
        """What keeps this page from being published, in the order of the document."""
        return publish.publish_problems(self)

    def faults(self) -> list[Problem]:
        """Those publish problems that contradict themselves, instead of being unfinished.

        A draft that is being edited may have them for a while; a file that is imported may not.
        """
        return [each for each in self.publish_problems() if not each.is_gap]

    def check(
        self, raw: Any, *, known: Mapping[str, Any] | None = None, screens: int | None = None
    ) -> Checked:
        """Clean and validate a visitor's answers; see `answer_form.check`."""
        return answer_form.check(self, raw, known=known, screens=screens)

    def _contradictions(self) -> list[Problem]:
        """Faults that no draft may have because nothing downstream could tell fields apart."""
        problems = []
        seen: dict[str, int] = {}
        separators = 0
        for at, element in enumerate(self.elements):
            if isinstance(element, Separator):
                separators += 1
                if separators == MAX_SCREENS:
                    words = f"A page has at most {MAX_SCREENS} screens."
                    problems.append(Problem(f"elements[{at}]", words))
            elif isinstance(element, Field):
                if element.key in seen:
                    first = f"elements[{seen[element.key]}]"
                    words = f"The key “{element.key}” is already used by {first}."
                    problems.append(Problem(f"elements[{at}].key", words))
                seen.setdefault(element.key, at)
        return problems


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a page file."""
    schema = FormSchema.model_json_schema(mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Hosted page"
    # The slug and the title are made from the name when they are left out.
    schema["required"] = ["format", "name"]
    field = schema["$defs"]["Field"]
    own = {name: key for each in TYPES.values() for name, key in each.own_keys.items()}
    json_types = {int: "integer", bool: "boolean", str: "string"}
    for name, key in own.items():
        field["properties"][name] = {"type": json_types[key.kind], "default": key.default}
    field["additionalProperties"] = False
    return schema
