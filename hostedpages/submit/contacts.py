"""Creates and updates contacts from submissions; the only writer of contacts on the public side.

A visitor who is not known fills empty fields only; what differs goes to review. Must never raise
consent without a ticked box, never erase a value, and never merge two contacts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from hostedpages.prepared import PreparedStatement, bound
from hostedpages.schema.contact_fields import CONTACT_FIELDS
from hostedpages.submit.matching import CONTACTS
from hostedpages.submit.person import Person
from hostedpages.tokens import random_id

MAX_NOTES = 20_000
MAX_REVIEWS = 50
_TEXTS = (
    "first_name", "last_name", "full_name", "company_name", "job_title", "email", "cell_phone",
    "home_phone", "address", "city", "state", "zip", "country", "deal_size", "age", "gender",
    "birth_date",
)  # fmt: skip
# Made from first and last name, so it never conflicts by itself.
_DERIVED = frozenset({"full_name"})


_INSERT = PreparedStatement(
    lambda _dialect: insert(CONTACTS).values(bound(CONTACTS.c)).returning(CONTACTS.c.id)
)


@dataclass(slots=True)
class Change:
    """What a submission did to a contact, for its history. `changed` lets people take it back."""

    filled: list[str] = field(default_factory=list)
    changed: list[dict[str, str]] = field(default_factory=list)
    review: list[dict[str, Any]] = field(default_factory=list)
    consent: str = ""

    def details(self) -> dict[str, Any]:
        """For a history entry; empty parts are left out."""
        found = {
            "filled": self.filled,
            "changed": self.changed,
            "review": [each["field"] for each in self.review],
            "consent": self.consent,
        }
        return {name: value for name, value in found.items() if value}

    def words(self) -> list[str]:
        """Sentences for people."""
        said = []
        if self.filled:
            said.append(f"Added: {_labels(self.filled)}.")
        if self.changed:
            said.append(f"Changed: {_labels([each['field'] for each in self.changed])}.")
        if self.review:
            said.append(f"To review: {_labels([each['field'] for each in self.review])}.")
        if self.consent:
            said.append("Agreed to text messages.")
        return said


def create(
    session: Session,
    account_id: int,
    person: Person,
    *,
    lead_source_id: int | None,
    touch: dict[str, Any],
    now: datetime,
) -> tuple[int, Change]:
    """Insert a new contact; return its id."""
    values = dict.fromkeys(_TEXTS, "") | {
        name: text for name, text in person.fields.items() if name in _TEXTS
    }
    made: dict[str, Any] = {
        **values,
        "public_id": random_id(),
        "account_id": account_id,
        "email_key": person.email_key,
        "whiteboard": person.note[:MAX_NOTES],
        "sms_ok": bool(person.consent),
        "first_touch": touch,
        "last_touch": touch,
        "lead_source_id": lead_source_id,
        "needs_review": [],
        "created_at": now,
        "updated_at": now,
        "archived_at": None,
    }
    row = _INSERT.one(session, made)
    assert row is not None  # it returns the new id
    return row[0], Change(consent=person.consent)


def fill_empty(
    session: Session,
    row: Row[Any],
    person: Person,
    *,
    submission: str,
    touch: dict[str, Any],
    now: datetime,
) -> Change:
    """Update a contact that a visitor matched by typing: empty fields only, the rest to review."""
    change, values = Change(), {}
    for name, text in person.fields.items():
        stored = getattr(row, name)
        if not stored:
            values[name] = text
            change.filled.append(name)
        elif name not in _DERIVED and text.casefold() != stored.casefold():
            change.review.append(_review(name, text, submission, now, "typed by a visitor"))
    if "email" in values:
        values["email_key"] = person.email_key
    _write(session, row, person, values, change, touch=touch, now=now)
    return change


def update_own(
    session: Session,
    row: Row[Any],
    person: Person,
    *,
    submission: str,
    touch: dict[str, Any],
    now: datetime,
    unasked: Collection[str] = (),
) -> Change:
    """Update a known contact's own fields with what was given; an empty box erases nothing.

    An email address that another contact has is not taken over: it waits for a person. So does
    another value for one of the `unasked` fields, which the page hides because there is a value.
    """
    change, values = Change(), {}
    for name, text in person.fields.items():
        stored = getattr(row, name)
        if text == stored:
            continue
        if name == "email" and _belongs_to_another(session, row, person.email_key):
            change.review.append(_review(name, text, submission, now, "another contact has it"))
            continue
        if stored and name in unasked:
            change.review.append(_review(name, text, submission, now, "the page hides this field"))
            continue
        values[name] = text
        if not stored:
            change.filled.append(name)
        elif name not in _DERIVED:
            change.changed.append({"field": name, "old": stored, "new": text})
    if "email" in values and person.email_key != row.email_key:
        values["email_key"] = person.email_key
    _write(session, row, person, values, change, touch=touch, now=now)
    return change


def is_somebody_else(row: Row[Any], person: Person) -> bool:
    """Whether a personal link was passed on: another name and another email address at once."""
    if not person.email_key or not row.email_key or person.email_key == row.email_key:
        return False
    given = person.fields.get("full_name", "").casefold()
    stored = (f"{row.first_name} {row.last_name}".strip() or row.full_name).casefold()
    return bool(given and stored and given != stored)


def _write(
    session: Session,
    row: Row[Any],
    person: Person,
    values: dict[str, Any],
    change: Change,
    *,
    touch: dict[str, Any],
    now: datetime,
) -> None:
    if "first_name" in values or "last_name" in values:
        first = values.get("first_name", row.first_name)
        last = values.get("last_name", row.last_name)
        values["full_name"] = f"{first} {last}".strip()
    if "full_name" in change.filled and {"first_name", "last_name"} & set(change.filled):
        change.filled.remove("full_name")
    if person.note:
        values["whiteboard"] = f"{row.whiteboard}\n{person.note}".strip()[-MAX_NOTES:]
    if person.consent and not row.sms_ok:
        values["sms_ok"] = True
        change.consent = person.consent
    if change.review:
        values["needs_review"] = [*row.needs_review, *change.review][-MAX_REVIEWS:]
    if touch:
        values["last_touch"] = touch
        if not row.first_touch:
            values["first_touch"] = touch
    values["updated_at"] = now
    session.execute(update(CONTACTS).where(CONTACTS.c.id == row.id).values(**values))


def _belongs_to_another(session: Session, row: Row[Any], email_key: str) -> bool:
    if email_key == row.email_key:
        return False
    return (
        session.execute(
            select(CONTACTS.c.id)
            .where(
                CONTACTS.c.account_id == row.account_id,
                CONTACTS.c.email_key == email_key,
                CONTACTS.c.id != row.id,
                CONTACTS.c.archived_at.is_(None),
            )
            .limit(1)
        ).first()
        is not None
    )


def _review(name: str, text: str, submission: str, now: datetime, why: str) -> dict[str, Any]:
    at = now.isoformat(timespec="seconds")
    return {"field": name, "value": text, "submission": submission, "at": at, "why": why}


def _labels(names: list[str]) -> str:
    return ", ".join(CONTACT_FIELDS[name].label for name in names if name in CONTACT_FIELDS)


def touch_of(context: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What a submission tells about where the visitor came from; empty when nothing does."""
    found = {**context.get("utm", {}), **context.get("click", {})}
    for name in ("referrer", "landing"):
        if context.get(name):
            found[name] = context[name]
    return {**found, "at": now.isoformat(timespec="seconds")} if found else {}
