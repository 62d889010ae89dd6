"""Personal links: made for a contact, and revoked. Must never put a contact's data into a link."""

from datetime import timedelta

from hostedpages import clock, db
from hostedpages.errors import NotFound, Refused
from hostedpages.models import Contact, ContactLink, HistoryEntry, Page, User

DAYS = (7, 30, 90, 365)
DEFAULT_DAYS = 90


def make_link(page: Page, contact: Contact, user: User | None, days: int) -> ContactLink:
    """A personal link of `contact` to `page`, good for `days`. Raises Refused, NotFound."""
    if days not in DAYS:
        raise Refused("Please choose how long the link works.", field="days")
    if contact.account_id != page.account_id or contact.archived_at is not None:
        raise NotFound()
    now = clock.now()
    link = ContactLink(
        account_id=page.account_id,
        page_id=page.id,
        contact_id=contact.id,
        expires_at=now + timedelta(days=days),
        created_by_id=user.id if user else None,
    )
    with db.transaction() as session:
        session.add(link)
        session.add(
            HistoryEntry(
                account_id=page.account_id,
                contact_id=contact.id,
                kind="link",
                text=f"A personal link to “{page.name}” was made, good for {days} days.",
                by_user_id=user.id if user else None,
            )
        )
    return link


def revoke_link(page: Page, link: ContactLink, user: User | None) -> None:
    """The link opens the empty form from now on. Nothing happens when it was revoked before."""
    if link.page_id != page.id:
        raise NotFound()
    with db.transaction() as session:
        if link.revoked_at is not None:
            return
        link.revoked_at = clock.now()
        session.add(
            HistoryEntry(
                account_id=page.account_id,
                contact_id=link.contact_id,
                kind="link",
                text=f"The personal link to “{page.name}” was revoked.",
                by_user_id=user.id if user else None,
            )
        )
