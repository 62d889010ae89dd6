"""What a submission promises, and keeping it: the contact, its history, notifications, the plan.

The same for one that is accepted now and for one that is released from quarantine. Part of the
pipeline's transaction; must never open one itself.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from hostedpages.delivery import notifications, outbox, plans, recipients, senders
from hostedpages.delivery.kinds.base import Recipient
from hostedpages.models import Account, HistoryEntry, LeadSource, Submission
from hostedpages.prepared import PreparedStatement, bound
from hostedpages.schema.form_schema import FormSchema
from hostedpages.submit import contacts, matching, results
from hostedpages.submit.contacts import Change
from hostedpages.submit.matching import CONTACTS
from hostedpages.submit.person import Person

SUBMISSIONS = Submission.metadata.tables["submissions"]
HISTORY = HistoryEntry.metadata.tables["history_entries"]
_INSERT_HISTORY = PreparedStatement(lambda _dialect: insert(HISTORY).values(bound(HISTORY.c)))


@dataclass(frozen=True, slots=True)
class Promise:
    """What a submission has to lead to, whether it is accepted now or released from quarantine."""

    account_id: int
    page_id: int
    page_name: str
    page_url: str
    version_id: int
    schema: FormSchema
    lead_source_id: int | None
    action_plan_id: int | None
    public_id: str
    values: Mapping[str, Any]
    context: Mapping[str, Any]
    known_contact_id: int | None
    now: datetime
    # Kept as long as the look-up of the page: who is notified changes as rarely.
    memo: dict[Hashable, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """The contact that a submission belongs to, and what became of it."""

    contact_id: int | None
    result: str
    is_returning: bool
    change: Change


def keep_contact(session: Session, promise: Promise, person: Person) -> Kept:
    """The contact, by the page's mode: known, matched, made, or none."""
    mode = promise.schema.options.mode
    known = _contact(session, promise.known_contact_id)
    if mode == "note_only":
        return Kept(known.id if known else None, results.OK_STORED, bool(known), Change())
    how: dict[str, Any] = {
        "submission": promise.public_id,
        "touch": contacts.touch_of(promise.context, promise.now),
        "now": promise.now,
    }
    if known is not None and not contacts.is_somebody_else(known, person):
        change = contacts.update_own(
            session, known, person, **how, unasked=promise.context.get("unasked", ())
        )
        return Kept(known.id, results.OK_UPDATED, True, change)
    if mode == "update_only":
        return Kept(None, results.OK_STORED, False, Change())
    found = matching.find(session, promise.account_id, person)
    if found is not None:
        change = contacts.fill_empty(session, found, person, **how)
        return Kept(found.id, results.OK_DUPLICATE_ACCEPTED, True, change)
    contact_id, change = contacts.create(
        session,
        promise.account_id,
        person,
        lead_source_id=promise.lead_source_id,
        touch=how["touch"],
        now=promise.now,
    )
    return Kept(contact_id, results.OK_CREATED, False, change)


def fulfil(
    session: Session,
    promise: Promise,
    kept: Kept,
    submission_id: int,
    *,
    by_user_id: int | None = None,
) -> None:
    """History, notifications and the plan."""
    words = [f"Sent the form “{promise.page_name}”.", *kept.change.words()]
    _INSERT_HISTORY.one(
        session,
        {
            "account_id": promise.account_id,
            "contact_id": kept.contact_id,
            "submission_id": submission_id,
            "kind": "submission",
            "text": " ".join(words),
            "details": {**kept.change.details(), **_consent_proof(promise, kept)},
            "by_user_id": by_user_id,
            "created_at": promise.now,
        },
    )
    chosen = senders.routes(session, promise.account_id)
    outbox.put_many(
        session,
        notifications.rows_for(
            _people(session, promise),
            account_id=promise.account_id,
            page_id=promise.page_id,
            submission_id=submission_id,
            contact_id=kept.contact_id,
            returning=kept.is_returning,
            due_at=promise.now,
            sender_id=chosen.of(notifications.STREAM),
        ),
    )
    note = _start_plan(session, promise, kept, submission_id, chosen)
    if note:
        session.execute(
            update(SUBMISSIONS).where(SUBMISSIONS.c.id == submission_id).values(plan_note=note)
        )


def _people(session: Session, promise: Promise) -> Sequence[Recipient]:
    key = ("people", promise.version_id)
    found: Sequence[Recipient] | None = promise.memo.get(key)
    if found is None:
        options = promise.schema.options
        found = promise.memo[key] = recipients.of_page(
            session,
            session.get_one(Account, promise.account_id),
            notify_users=options.notify_users,
            notify_emails=options.notify_emails,
        )
    return found


def _start_plan(
    session: Session, promise: Promise, kept: Kept, submission_id: int, chosen: senders.Routes
) -> str:
    """Start the page's plan, else the lead source's; return a sentence about it."""
    options = promise.schema.options
    if kept.contact_id is None or options.mode == "note_only" or options.starts_no_plan:
        return ""
    plan_id = promise.action_plan_id
    if plan_id is None and options.action_plan is None and promise.lead_source_id is not None:
        plan_id = _plan_of_source(session, promise)
    if plan_id is None:
        return ""
    return plans.enroll(
        session,
        plan_id=plan_id,
        contact_id=kept.contact_id,
        submission_id=submission_id,
        page_id=promise.page_id,
        lead_source_id=promise.lead_source_id,
        page_url=promise.page_url,
        routes=chosen,
        now=promise.now,
    ).note


def _plan_of_source(session: Session, promise: Promise) -> int | None:
    key = ("plan", promise.lead_source_id)
    if key not in promise.memo:
        promise.memo[key] = session.scalar(
            select(LeadSource.action_plan_id).where(LeadSource.id == promise.lead_source_id)
        )
    found: int | None = promise.memo[key]
    return found


def _consent_proof(promise: Promise, kept: Kept) -> dict[str, Any]:
    if not kept.change.consent:
        return {}
    return {
        "consent_at": promise.now.isoformat(timespec="seconds"),
        "consent_visitor": promise.context.get("visitor", ""),
    }


def _contact(session: Session, contact_id: int | None) -> Row[Any] | None:
    if contact_id is None:
        return None
    return session.execute(
        select(CONTACTS)
        .where(CONTACTS.c.id == contact_id, CONTACTS.c.archived_at.is_(None))
        .with_for_update()
    ).first()
