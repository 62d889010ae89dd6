"""The new-lead notification: who gets it, and what it says.

Built from the submission and the exact version that it answers. Must never show personal data when
the page says so, and never a value that could be taken for markup or a link of ours.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hostedpages.delivery import outbox
from hostedpages.delivery.facts import Lead
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import Recipient, spoken_time
from hostedpages.mail.headers import one_address
from hostedpages.pii import mask
from hostedpages.schema.clean import phone_text
from hostedpages.schema.elements import Field

KIND = "notify_user"
STREAM = kind_of(KIND).default_stream
NEW_LINE = "\n"
MAX_ANSWER_CHARACTERS = 20_000
CAMPAIGN = {
    "utm_campaign": "Campaign",
    "utm_source": "Source",
    "utm_medium": "Medium",
    "utm_term": "Term",
    "utm_content": "Content",
}


def rows_for(
    people: Sequence[Recipient],
    *,
    account_id: int,
    page_id: int,
    submission_id: int,
    contact_id: int | None,
    returning: bool,
    due_at: datetime,
    sender_id: int,
) -> list[dict[str, Any]]:
    """One outbox row per recipient of a page's new-lead mail, for `outbox.put_many`.

    `people` come from `recipients.of_page`, `sender_id` from `senders.choose`. `returning`: the
    contact existed before.
    """
    what = "Returning-lead notification" if returning else "New-lead notification"
    return [
        outbox.row(
            account_id=account_id,
            kind=KIND,
            payload={"template": "new_lead", "user_id": person.user_id, "returning": returning},
            due_at=due_at,
            recipient=person.email,
            summary=what,
            submission_id=submission_id,
            contact_id=contact_id,
            page_id=page_id,
            sender_id=sender_id,
        )
        for person in people
    ]


def describe(lead: Lead, *, returning: bool, public_url: str) -> dict[str, Any]:
    """Everything the new-lead templates show, already masked where the page asks for it."""
    is_masked = not lead.sheet.schema.options.notify_personal_data
    answers, wishes = [], []
    for field, kind in lead.sheet.fields:
        text = _answer(field, lead.answers.get(field.key))
        if not text:
            continue
        if is_masked and kind:
            text = mask(kind, text)
        answers.append((field.label, text))
        if not field.binds_to and not kind:
            wishes.append(text)
    name = lead.contact_name or _bound(lead, "full_name") or _name(lead)
    email = lead.contact_email or _bound(lead, "email")
    phone = lead.contact_phone or _bound(lead, "cell_phone") or _bound(lead, "home_phone")
    who = name or email or phone or "Somebody"
    if is_masked:
        who = mask("name", name) or mask("email", email) or mask("phone", phone) or "Somebody"
    address = one_address(email) if not is_masked else None
    dial = "".join(each for each in phone if each in "+0123456789") if not is_masked else ""
    context = lead.context
    return {
        "who": who,
        "wish": " · ".join(_short(each) for each in wishes[:3])
        or lead.sheet.schema.title
        or lead.page_name,
        "is_returning": returning,
        "answers": answers,
        # Set in, so that an answer cannot pass for a label or for our own words.
        "answers_text": "\n\n".join(
            f"{label}\n  {text.replace(NEW_LINE, NEW_LINE + '  ')}" for label, text in answers
        ),
        "email": address,
        "mailto": f"mailto:{quote(address, safe='@')}" if address else "",
        "phone": phone_text(phone) if dial else "",
        "tel": f"tel:{dial}" if dial else "",
        "source": lead.source_name,
        "plan_note": lead.plan_note,
        "page": lead.page_name,
        "account": lead.account_name,
        "at": spoken_time(lead.created_at.astimezone(_zone(lead.time_zone))),
        "campaign": [
            (label, _short(value))
            for key, label in CAMPAIGN.items()
            if (value := _touch(context, key))
        ],
        "url": f"{public_url}/leads/{lead.submission_id}",
        "reply_to": address,
        "is_masked": is_masked,
    }


def _answer(field: Field, stored: Any) -> str:
    if stored is None:
        return ""
    try:
        value = field.type.from_json(stored)
        text = "" if field.type.is_empty(value) else field.type.to_text(value, field)
    except (ValueError, ArithmeticError, TypeError, AttributeError, KeyError):
        text = str(stored)  # a lead must reach its people even if a type has changed meanwhile
    if len(text) > MAX_ANSWER_CHARACTERS:
        text = text[:MAX_ANSWER_CHARACTERS] + "… (the rest is in the builder)"
    return text.strip()


def _bound(lead: Lead, contact_field: str) -> str:
    for field, _ in lead.sheet.fields:
        if field.binds_to == contact_field:
            return _answer(field, lead.answers.get(field.key))
    return ""


def _name(lead: Lead) -> str:
    return f"{_bound(lead, 'first_name')} {_bound(lead, 'last_name')}".strip()


def _touch(context: dict[str, Any], key: str) -> str:
    nested = context.get("utm")
    value = context.get(key) or (nested.get(key) if isinstance(nested, dict) else None)
    return value if isinstance(value, str) else ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79].rstrip() + "…"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
