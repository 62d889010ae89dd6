"""Personal links: from a signed token to a contact, and what of the contact its visitor may see.

Only a signed link makes a visitor known. Must never tell a wrong, expired or revoked link from no
link at all, and never let a raw value out that the page hides or masks.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from hostedpages import clock, db, pii
from hostedpages.config import Settings
from hostedpages.models import Contact, ContactLink
from hostedpages.schema.contact_fields import CONTACT_FIELDS
from hostedpages.schema.elements import Field
from hostedpages.schema.form_schema import FormSchema
from hostedpages.tokens import Tokens

PURPOSE = "known_contact"
# Notes of the staff about a person: a form adds to them and never shows them.
_NEVER_SHOWN = frozenset({"whiteboard"})


@dataclass(frozen=True, slots=True)
class KnownContact:
    """A visitor who came by a personal link that is good for this page."""

    contact: Contact
    token: str
    # Kept apart: inside a transaction the row above is read anew.
    contact_id: int = 0


@dataclass(frozen=True, slots=True)
class Treatment:
    """How the fields of a form are drawn for a visitor; empty for one who is not known.

    `hidden`: keys not drawn at all. `masked`: key to the hint beside an empty box. `filled`: key
    to the raw values in the box. `answered`: stored values that count as answers although the
    visitor gives none. `unasked`: contact fields that were typed although their stored value is
    hidden, because the page was drawn before the value was known.
    """

    hidden: frozenset[str] = frozenset()
    masked: Mapping[str, str] = field(default_factory=dict)
    filled: Mapping[str, list[str]] = field(default_factory=dict)
    answered: Mapping[str, Any] = field(default_factory=dict)
    unasked: frozenset[str] = frozenset()


NOBODY = Treatment()


def sign(link: ContactLink, page_public_id: str, tokens: Tokens) -> str:
    """The token of a link. It holds no contact: only the row's random id and the page's."""
    return tokens.sign(PURPOSE, {"l": link.public_id, "p": page_public_id})


def url_for(link: ContactLink, page_path: str, page_public_id: str, settings: Settings) -> str:
    """The whole address to give to the contact; `page_path` is the page's, such as `/p/acme/roof`.

    The link opens nothing after its row's `expires_at` or once it is revoked.
    """
    token = sign(link, page_public_id, Tokens(settings.secret_keys))
    return f"{settings.public_url}{page_path}?c={token}"


def read(token: str, *, page_id: int, page_public_id: str, tokens: Tokens) -> KnownContact | None:
    """The contact behind a token, or None when it is not good here and now, for whatever reason."""
    payload = tokens.read(PURPOSE, token, max_age=None)
    if payload is None or payload.get("p") != page_public_id:
        return None
    row = (
        db.session()
        .execute(
            select(Contact, Contact.id)
            .join(ContactLink, ContactLink.contact_id == Contact.id)
            .where(
                ContactLink.public_id == str(payload.get("l", "")),
                ContactLink.page_id == page_id,
                ContactLink.revoked_at.is_(None),
                ContactLink.expires_at > clock.now(),
                ContactLink.account_id == Contact.account_id,
                Contact.archived_at.is_(None),
            )
        )
        .first()
    )
    return KnownContact(row[0], token, row[1]) if row else None


def treat(schema: FormSchema, known: KnownContact | None, typed: Collection[str] = ()) -> Treatment:
    """The table of product decisions: hide, mask or show, for each bound field of the form.

    `typed` are keys that the visitor has given a value: what they typed stays theirs to see.
    """
    if known is None:
        return NOBODY
    hidden: set[str] = set()
    masked: dict[str, str] = {}
    filled: dict[str, list[str]] = {}
    answered: dict[str, Any] = {}
    unasked: set[str] = set()
    level = schema.options.pii_visibility
    for each in schema.fields:
        bound = CONTACT_FIELDS.get(each.binds_to or "")
        if bound is None or bound.key in _NEVER_SHOWN or not each.type.is_shown:
            continue
        stored = stored_value(known.contact, bound.key)
        has_value = stored not in ("", False)
        if not bound.pii or level == "show":
            if has_value:
                filled[each.key] = raw_values(each, stored)
        elif level == "mask":
            if has_value:
                masked[each.key] = pii.mask(bound.mask, str(stored))
                answered[each.key] = stored
        elif each.key in typed:
            if has_value:
                unasked.add(bound.key)
        elif has_value or not each.required:
            hidden.add(each.key)
            if has_value:
                answered[each.key] = stored
    return Treatment(frozenset(hidden), masked, filled, answered, frozenset(unasked))


def stored_value(contact: Contact, contact_field: str) -> str | bool:
    """What the contact's row holds for a contact field; empty for what is not kept there."""
    if contact_field == "full_name" and not contact.full_name:
        return f"{contact.first_name} {contact.last_name}".strip()
    value = getattr(contact, contact_field, "")
    return value if isinstance(value, bool) else str(value or "")


def raw_values(element: Field, stored: str | bool) -> list[str]:
    """A stored value as the field's inputs want it; nothing when the type cannot show it."""
    if element.type.multiple:
        return []
    return element.type.form_values(element.type.from_json(stored), element)
