"""Documents that the tests of this folder share. Must never hold a test."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostedpages.schema.form_schema import FormSchema

DOCUMENTS = Path(__file__).parents[1] / "documents"


def document(name: str) -> Any:
    """One of the JSON files of tests/documents."""
    return json.loads((DOCUMENTS / f"{name}.json").read_text("utf-8"))


def field(key: str, type: str = "text", **keys: Any) -> dict[str, Any]:
    """A field of a document; its label is its key in words."""
    label = key.replace("_", " ").capitalize()
    return {"kind": "field", "key": key, "type": type, "label": label} | keys


def choices(*values: str) -> list[dict[str, str]]:
    """Choices whose labels are their values in words."""
    return [{"value": value, "label": value.capitalize()} for value in values]


def when(key: str, operator: str, value: Any = None) -> dict[str, Any]:
    """A show-if rule about one earlier field."""
    rule = {"field": key, "operator": operator}
    return {"all": [rule if value is None else rule | {"value": value}]}


def refusal(function: Callable[..., Any], *arguments: Any) -> str:
    """The words of a refusal, or "" when there was none; anything else fails the test."""
    try:
        function(*arguments)
    except ValueError as error:
        assert type(error) is ValueError  # noqa: PT017 -- not its UnicodeError, with other words
        return str(error) or "without words"
    return ""


def page(*elements: dict[str, Any], **options: Any) -> FormSchema:
    """A page that stores answers only, so that it needs no name and no lead source."""
    return FormSchema.load(
        {
            "format": 1,
            "name": "Page",
            "options": {"mode": "note_only"} | options,
            "elements": list(elements),
        }
    )
