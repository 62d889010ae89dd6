"""Reads for sharing: contacts found by typing, and the personal links of a page.

Must never read another account's rows.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select

from hostedpages import db
from hostedpages.builder.paging import PageOfRows, page_of
from hostedpages.models import Account, Contact, ContactLink, Page

MAX_FOUND = 8


def contacts_like(account: Account, text: str) -> Sequence[Contact]:
    """The first few contacts whose name, company, email or phone has all the words of `text`."""
    words = text.casefold().split()[:6]
    if not words:
        return []
    statement = select(Contact).where(
        Contact.account_id == account.id, Contact.archived_at.is_(None)
    )
    columns = (
        Contact.first_name,
        Contact.last_name,
        Contact.full_name,
        Contact.company_name,
        Contact.email_key,
        Contact.cell_phone,
    )
    for word in words:
        statement = statement.where(
            or_(*(func.lower(column).contains(word, autoescape=True) for column in columns))
        )
    statement = statement.order_by(Contact.updated_at.desc(), Contact.id.desc())
    return db.session().scalars(statement.limit(MAX_FOUND)).all()


def links_of(page: Page, number: int = 1) -> PageOfRows[ContactLink]:
    """The personal links of a page, the newest first."""
    statement = (
        select(ContactLink)
        .join(Contact, Contact.id == ContactLink.contact_id)
        .where(ContactLink.page_id == page.id)
        .order_by(ContactLink.created_at.desc(), ContactLink.id.desc())
    )
    found = page_of(statement, number)
    rows = [link for (link,) in found.rows]
    return PageOfRows(rows=rows, number=found.number, size=found.size, total=found.total)


def state_of(link: ContactLink, now: datetime) -> str:
    """`works`, `revoked` or `expired`."""
    if link.revoked_at is not None:
        return "revoked"
    return "works" if link.expires_at > now else "expired"
