"""What a submission says about a person: its answers, by contact field.

Must never name a field type; whether a box was ticked is asked of the value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hostedpages.schema.clean import split_name
from hostedpages.schema.contact_fields import CONTACT_FIELDS
from hostedpages.schema.form_schema import FormSchema


@dataclass(frozen=True, slots=True)
class Person:
    """Bound answers that were given. `fields` never holds an empty value.

    `consent` is the wording whose box was ticked for text messages, empty when none was.
    """

    fields: Mapping[str, str]
    note: str = ""
    consent: str = ""

    @property
    def email_key(self) -> str:
        return self.fields.get("email", "").lower()

    @property
    def last_name(self) -> str:
        return self.fields.get("last_name", "")

    @property
    def phones(self) -> list[str]:
        """Cell and home phone, each once."""
        given = (self.fields.get("cell_phone", ""), self.fields.get("home_phone", ""))
        return sorted({each for each in given if each})


def person_of(schema: FormSchema, values: Mapping[str, Any]) -> Person:
    """Read the bound answers of checked `values` (field key to stored value)."""
    fields: dict[str, str] = {}
    notes: list[str] = []
    consent = ""
    for each in schema.fields:
        bound = each.binds_to
        if bound not in CONTACT_FIELDS or bound.startswith("utm_"):
            continue
        stored = values.get(each.key)
        value = each.type.from_json(stored) if stored is not None else None
        if value is None or each.type.is_empty(value):
            continue
        if bound == "sms_ok":
            # Only a ticked box; never a text that happens to say so.
            consent = (each.label or "May be texted") if stored is True else ""
        elif bound == "whiteboard":
            notes.append(f"{each.title}: {each.type.to_text(value, each)}")
        else:
            fields[bound] = stored if isinstance(stored, str) else each.type.to_text(value, each)
    _complete_names(fields)
    return Person(fields, "\n".join(notes), consent)


def _complete_names(fields: dict[str, str]) -> None:
    """First, last and full name, whichever of them the form asks for."""
    first, last = fields.get("first_name", ""), fields.get("last_name", "")
    if fields.get("full_name") and not (first or last):
        first, last = split_name(fields["full_name"])
    fields["full_name"] = f"{first} {last}".strip()
    fields["first_name"], fields["last_name"] = first, last
    for name in ("full_name", "first_name", "last_name"):
        if not fields[name]:
            del fields[name]
