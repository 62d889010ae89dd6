"""Every field type, found by looking into this folder. Must never list them by hand."""

import sys

from hostedpages.registry import discover
from hostedpages.schema.fields.base import FieldType, UnknownField

__all__ = ["TYPES", "FieldType", "UnknownField", "field_type"]

TYPES: dict[str, FieldType] = discover(sys.modules[__name__], FieldType)


def field_type(key: str) -> FieldType:
    """The type called `key`, or an `UnknownField` that keeps the key."""
    return TYPES.get(key) or UnknownField(key)
