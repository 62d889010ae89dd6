"""What the designer can build with, as JSON: field types, contact fields, operators, limits.

Must never list a field type by name: it asks every type that was found.
"""

from typing import Any

import wtforms
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs

from hostedpages.schema import elements, form_schema, options, show_if, texts
from hostedpages.schema.contact_fields import CONTACT_FIELDS
from hostedpages.schema.fields import TYPES
from hostedpages.schema.fields.base import FieldType

GROUPS = ("Text", "Contact", "Choices", "Numbers and dates", "Other")
_WIDGETS: tuple[tuple[type[wtforms.Field], str], ...] = (
    (wtforms.BooleanField, "checkbox"),
    (wtforms.TextAreaField, "textarea"),
    (wtforms.SelectField, "select"),
    (wtforms.DateField, "date"),
    (wtforms.TimeField, "time"),
    (wtforms.IntegerField, "number"),
)


class FieldSettings(wtforms.Form):
    """What every field can be set to, whatever its type; names are document keys."""

    label = wtforms.TextAreaField("Label")
    help = wtforms.TextAreaField("Help text", description="Shown below the label.")
    required = wtforms.BooleanField("Required")
    error = wtforms.StringField(
        "Own error message", description="Shown instead of ours when the answer is not taken."
    )
    width = wtforms.SelectField(
        "Width",
        choices=[SelectChoice("full", "Full"), SelectChoice("half", "Half: two side by side")],
        default="full",
    )


class HeaderSettings(wtforms.Form):
    """What a header can be set to."""

    text = wtforms.StringField("Text")
    level = wtforms.SelectField(
        "Size",
        choices=[
            SelectChoice("1", "Large"),
            SelectChoice("2", "Medium"),
            SelectChoice("3", "Small"),
        ],
        coerce=int,
        default=2,
    )
    align = wtforms.SelectField(
        "Alignment",
        choices=[
            SelectChoice("left", "Left"),
            SelectChoice("center", "Center"),
            SelectChoice("right", "Right"),
        ],
        default="left",
    )


class NotesSettings(wtforms.Form):
    """What notes can be set to."""

    html = wtforms.TextAreaField("Text")


class LineSettings(wtforms.Form):
    """What a line can be set to."""

    color = wtforms.SelectField(
        "Color",
        choices=[
            SelectChoice("grey", "Grey"),
            SelectChoice("base", "Base color"),
            SelectChoice("highlight", "Highlight color"),
        ],
        default="grey",
    )
    thickness = wtforms.IntegerField("Thickness", description="1 to 6 pixels.", default=1)


class SeparatorSettings(wtforms.Form):
    """What a page separator can be set to."""

    title = wtforms.StringField("Title of the next screen")
    next_label = wtforms.StringField("Button that leads on", default="Next")
    back_label = wtforms.StringField("Button that leads back", default="Back")


_ELEMENTS: tuple[tuple[str, str, str, type[wtforms.Form]], ...] = (
    ("field", "Field", "text-cursor-input", FieldSettings),
    ("header", "Header", "heading", HeaderSettings),
    ("notes", "Notes", "notebook-pen", NotesSettings),
    ("line", "Horizontal line", "minus", LineSettings),
    ("separator", "Page separator", "separator-horizontal", SeparatorSettings),
)


def catalogue() -> dict[str, Any]:
    """Everything the designer needs to know, ready for `json.dumps`."""
    types = sorted(TYPES.values(), key=_position)
    return {
        "groups": sorted({each.group for each in types}, key=_group_position),
        "field_types": [_field_type(each) for each in types],
        "contact_fields": [
            {"key": each.key, "label": each.label, "type": each.type, "pii": each.pii}
            for each in CONTACT_FIELDS.values()
        ],
        "operators": dict(show_if.OPERATORS),
        "operators_without_value": sorted(show_if.WITHOUT_VALUE),
        "operators_with_list": sorted(show_if.WITH_LIST),
        "elements": [
            {"kind": kind, "label": label, "icon": icon, "settings": _settings(form)}
            for kind, label, icon, form in _ELEMENTS
        ],
        "limits": limits(),
    }


def limits() -> dict[str, int]:
    """The greatest sizes that a document may have."""
    return {
        "elements": form_schema.MAX_ELEMENTS,
        "screens": form_schema.MAX_SCREENS,
        "choices": elements.MAX_CHOICES,
        "notes": elements.MAX_NOTES,
        "rules": show_if.MAX_RULES,
        "name": 120,
        "title": 200,
        "description": 2_000,
        "label": 300,
        "help": 1_000,
        "placeholder": 200,
        "error": 300,
        "header": 200,
        "key": 40,
        "button": 60,
        "message": 2_000,
        "line": texts.MAX_LINE,
        "textarea": texts.MAX_TEXTAREA,
        "notify_emails": options.MAX_ADDRESSES,
        "origins": options.MAX_ORIGINS,
    }


def _field_type(each: FieldType) -> dict[str, Any]:
    return {
        "key": each.key,
        "label": each.label,
        "icon": each.icon,
        "group": each.group,
        "widget": each.widget,
        "html_type": each.html_type,
        "multiple": each.multiple,
        "has_choices": each.has_choices,
        "is_shown": each.is_shown,
        "compare": each.compare,
        "operators": list(each.operators),
        "can_bind_to": list(each.can_bind_to),
        "settings": _settings(each.settings),
    }


def _settings(form: type[wtforms.Form]) -> list[dict[str, Any]]:
    return [
        {
            "name": field.short_name,
            "label": field.label.text,
            "widget": _widget(field),
            "help": field.description,
            "default": field.default,
            "choices": _choices(field),
            # The document wants a number although a list of choices is shown.
            "is_number": getattr(field, "coerce", None) is int,
        }
        for field in form()
    ]


def _choices(field: wtforms.Field) -> list[dict[str, str]]:
    if not isinstance(field, wtforms.SelectField):
        return []
    return [{"value": str(value), "label": label} for value, label, *_ in field.iter_choices()]


def _widget(field: wtforms.Field) -> str:
    return next((name for kind, name in _WIDGETS if isinstance(field, kind)), "text")


def _position(each: FieldType) -> tuple[int, int, str]:
    return _group_position(each.group), each.order, each.label


def _group_position(group: str) -> int:
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)
