"""What stands in the database at the moment of sending, read for a whole batch at once.

Must never write, and never keep a row: what it returns is used while no transaction is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages.delivery import suppressions
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import Company, Endpoint, Facts
from hostedpages.delivery.rows import Claimed
from hostedpages.delivery.sheet import Sheet
from hostedpages.delivery.suppressions import address_key
from hostedpages.models import (
    Account,
    Contact,
    Enrollment,
    LeadSource,
    Page,
    PageVersion,
    Sender,
    Submission,
    User,
)
from hostedpages.schema.form_schema import DocumentError, FormSchema


@dataclass(frozen=True, slots=True)
class Lead:
    """One submission with everything that a mail about it may say."""

    submission_id: str
    answers: dict[str, Any]
    context: dict[str, Any]
    plan_note: str
    created_at: datetime
    sheet: Sheet
    page_name: str
    source_name: str
    account_name: str
    time_zone: str
    contact_name: str
    contact_email: str
    contact_phone: str


# A version never changes after its insert, so its sheet may be kept while there is room.
MAX_SHEETS = 500
Sheets = dict[int, Sheet | None]


def gather(session: Session, batch: Sequence[Claimed], sheets: Sheets) -> dict[int, Facts]:
    """The facts of each claimed delivery, by its id; a handful of queries however many they are.

    `sheets` is the caller's memory of page versions of this database, by id.
    """
    contacts = {
        each.id: each
        for each in session.execute(
            select(Contact.id, Contact.archived_at).where(
                Contact.id.in_({each.contact_id for each in batch if each.contact_id})
            )
        )
    }
    suppressed = suppressions.live(session, batch)
    user_ids = {each.payload.get("user_id") for each in batch} - {None}
    archived_users = set(
        session.scalars(select(User.id).where(User.id.in_(user_ids), User.archived_at.is_not(None)))
        if user_ids
        else ()
    )
    enrollment_ids = {each.enrollment_id for each in batch if each.enrollment_id}
    enrollments: dict[int, str] = {}
    if enrollment_ids:
        states = select(Enrollment.id, Enrollment.state).where(Enrollment.id.in_(enrollment_ids))
        enrollments = {each.id: each.state for each in session.execute(states)}
    leads = _leads(
        session,
        {
            each.submission_id
            for each in batch
            if each.submission_id and kind_of(each.kind).needs_lead(each.payload)
        },
        sheets,
    )
    endpoints = _endpoints(
        session,
        {each.account_id for each in batch if kind_of(each.kind).needs_endpoint(each.payload)},
    )
    companies = _companies(
        session, {each.account_id for each in batch if kind_of(each.kind).is_to_contact}
    )
    found = {}
    for each in batch:
        contact = contacts.get(each.contact_id)
        found[each.id] = Facts(
            contact_found=contact is not None,
            contact_archived=bool(contact and contact.archived_at),
            opted_out=(each.account_id, address_key(each.recipient), "opted_out") in suppressed,
            quarantined=suppressed.get(
                (each.account_id, address_key(each.recipient), "quarantined"), ""
            ),
            user_archived=each.payload.get("user_id") in archived_users,
            enrollment_state=enrollments.get(each.enrollment_id or 0, ""),
            lead=leads.get(each.submission_id or 0),
            endpoint=endpoints.get(each.account_id),
            delivery_id=each.public_id,
            company=companies.get(each.account_id),
        )
    return found


def _companies(session: Session, account_ids: set[int]) -> dict[int, Company]:
    """Who stands below the mails to contacts of these accounts."""
    if not account_ids:
        return {}
    # Rather a mailbox that is read: there an answer is noticed.
    mailbox = (
        select(Sender.email)
        .where(Sender.account_id == Account.id, Sender.enabled, Sender.imap_enabled)
        .order_by(Sender.slot)
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Account, mailbox).where(Account.id.in_(account_ids)).order_by(Account.id)
    )
    return {
        each.id: Company(
            each.name,
            each.company_address,
            each.company_phone,
            email or each.company_email,
        )
        for each, email in rows
    }


def _endpoints(session: Session, account_ids: set[int]) -> dict[int, Endpoint]:
    """Where the alarms of these accounts go besides mail: read late, so that a mended address
    counts for what waits."""
    if not account_ids:
        return {}
    rows = session.scalars(select(Account).where(Account.id.in_(account_ids)))
    return {
        each.id: Endpoint(
            each.alarm_webhook_url, each.alarm_webhook_sealed, each.alarm_webhook_place
        )
        for each in rows
        if each.alarm_webhook_url
    }


def _leads(session: Session, ids: set[int], sheets: Sheets) -> dict[int, Lead]:
    if not ids:
        return {}
    rows = session.execute(
        select(
            Submission.id,
            Submission.public_id,
            Submission.answers,
            Submission.context,
            Submission.plan_note,
            Submission.created_at,
            Submission.page_version_id,
            Page.name.label("page_name"),
            LeadSource.name.label("source_name"),
            Account.name.label("account_name"),
            Account.time_zone,
            Contact.first_name,
            Contact.last_name,
            Contact.full_name,
            Contact.email,
            Contact.cell_phone,
            Contact.home_phone,
        )
        .join(Page, Page.id == Submission.page_id)
        .join(Account, Account.id == Submission.account_id)
        .outerjoin(LeadSource, LeadSource.id == Submission.lead_source_id)
        .outerjoin(Contact, Contact.id == Submission.contact_id)
        .where(Submission.id.in_(ids))
    ).all()
    missing = {each.page_version_id for each in rows} - sheets.keys()
    if missing:
        _remember(session, missing, sheets)
    return {
        each.id: Lead(
            submission_id=each.public_id,
            answers=each.answers,
            context=each.context,
            plan_note=each.plan_note,
            created_at=each.created_at,
            sheet=sheet,
            page_name=each.page_name,
            source_name=each.source_name or "",
            account_name=each.account_name,
            time_zone=each.time_zone,
            contact_name=f"{each.first_name or ''} {each.last_name or ''}".strip()
            or each.full_name
            or "",
            contact_email=each.email or "",
            contact_phone=each.cell_phone or each.home_phone or "",
        )
        for each in rows
        if (sheet := sheets[each.page_version_id]) is not None
    }


def _remember(session: Session, version_ids: set[int], sheets: Sheets) -> None:
    if len(sheets) + len(version_ids) > MAX_SHEETS:
        sheets.clear()
    rows = session.execute(
        select(PageVersion.id, PageVersion.document).where(PageVersion.id.in_(version_ids))
    )
    for version_id, document in rows:
        try:
            sheets[version_id] = Sheet(FormSchema.load(document))
        except DocumentError:
            sheets[version_id] = None  # the lead still reaches its people, by the plain letter
