"""The strict base of every model in a document, and the kinds of text a document may hold.

Must never keep text that a database, a browser or a mail would refuse: `sanitize.clean_text` has
seen every string before the models do.
"""

import re
from typing import Annotated

import pydantic
from pydantic import AfterValidator, WithJsonSchema

MAX_LINE = 2_000
MAX_TEXTAREA = 10_000
KEY_PATTERN = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
SLUG_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,78})[a-z0-9]")


class Strict(pydantic.BaseModel):
    """A part of the document: no unknown keys, no silent change of type, no change after load."""

    model_config = pydantic.ConfigDict(
        extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True
    )


def one_line(text: str) -> str:
    """Line breaks and tabs become a space; the ends are trimmed."""
    if "\n" in text or "\t" in text:
        text = re.sub(r"[\n\t]+", " ", text)
    return text.strip()


def _key(text: str) -> str:
    if not KEY_PATTERN.fullmatch(text):
        raise ValueError(
            "A key has 1 to 40 characters: a to z, digits and _, and does not begin with _."
        )
    return text


def _slug(text: str) -> str:
    if not SLUG_PATTERN.fullmatch(text):
        raise ValueError(
            "An address part has 3 to 80 characters: a to z, digits and hyphens, "
            "with no hyphen at either end."
        )
    return text


def slug_from(name: str) -> str:
    """A valid slug for a page called `name`, for pages that do not say theirs."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80].strip("-")
    return slug if len(slug) >= 3 else f"page-{slug}".strip("-")


def _filled(text: str) -> str:
    if not text:
        raise ValueError("This may not be empty.")
    return text


def _matching(pattern: re.Pattern[str]) -> WithJsonSchema:
    """What the JSON Schema says of a text that a validator of ours checks."""
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern.pattern}$"})


Key = Annotated[str, AfterValidator(_key), _matching(KEY_PATTERN)]
Slug = Annotated[str, AfterValidator(_slug), _matching(SLUG_PATTERN)]
Name = Annotated[
    str,
    pydantic.Field(max_length=120),
    AfterValidator(one_line),
    AfterValidator(_filled),
]
ShortLine = Annotated[str, pydantic.Field(max_length=60), AfterValidator(one_line)]
Line200 = Annotated[str, pydantic.Field(max_length=200), AfterValidator(one_line)]
Line300 = Annotated[str, pydantic.Field(max_length=300), AfterValidator(one_line)]
Text1000 = Annotated[str, pydantic.Field(max_length=1_000)]
Text2000 = Annotated[str, pydantic.Field(max_length=2_000)]
