"""Reads the stopped addresses of one account, and what came back to its mailboxes.

Must never read another account's rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from hostedpages import db
from hostedpages.builder.paging import PageOfRows, page_of
from hostedpages.delivery import suppressions
from hostedpages.models import (
    Account,
    Contact,
    Delivery,
    MailboxMessage,
    Submission,
    SuppressedAddress,
    User,
)

# What the list can be narrowed to, in the order in which it is offered.
FILTERS = {
    "": "All",
    "opted_out": "Opted out",
    "quarantined": "Quarantined",
    "lifted": "Written to again",
}
MOST_CONTACTS = 20
MOST_REPLIES = 20
_BY, _LIFTED_BY = aliased(User), aliased(User)


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to: a key of FILTERS, and a part of an address."""

    show: str = ""
    search: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.show or self.search)


@dataclass(frozen=True)
class StoppedRow:
    """One stopped address with who did it and which mail it came from."""

    address: SuppressedAddress
    by: str
    lifted_by: str
    delivery_public_id: str
    delivery_summary: str

    @property
    def is_opt_out(self) -> bool:
        return suppressions.is_opt_out(self.address)

    @property
    def is_lifted(self) -> bool:
        return self.address.lifted_at is not None

    @property
    def pill(self) -> tuple[str, str]:
        """Text and kind of its pill."""
        if self.is_lifted:
            return "Written to again", "quiet"
        return ("Opted out", "warn") if self.is_opt_out else ("Quarantined", "bad")

    @property
    def why(self) -> str:
        """The reason as a sentence."""
        words = suppressions.reason_words(self.address.reason)
        return f"{words[:1].upper()}{words[1:]}."


def stopped_page(
    account: Account, wanted: Wanted, *, number: int, size: int
) -> PageOfRows[StoppedRow]:
    """One page of the list: the newest first."""
    statement = _joined().where(SuppressedAddress.account_id == account.id)
    live = SuppressedAddress.lifted_at.is_(None)
    if wanted.show == "lifted":
        statement = statement.where(~live)
    else:
        statement = statement.where(live)
        if wanted.show:
            statement = statement.where(SuppressedAddress.kind.in_([wanted.show]))
    if wanted.search:
        statement = statement.where(
            SuppressedAddress.address_key.icontains(wanted.search, autoescape=True)
        )
    order = SuppressedAddress.lifted_at if wanted.show == "lifted" else SuppressedAddress.created_at
    found = page_of(statement.order_by(order.desc(), SuppressedAddress.id.desc()), number, size)
    return PageOfRows(
        rows=[_row(each) for each in found.rows],
        number=found.number,
        size=found.size,
        total=found.total,
    )


def stopped_row(address: SuppressedAddress) -> StoppedRow:
    """One address, loaded through its account before."""
    return _row(db.session().execute(_joined().where(SuppressedAddress.id == address.id)).one())


def stopped_of(account_id: int, address: str) -> list[StoppedRow]:
    """What stops mail of an account to an address at present; an opt-out comes first."""
    if not address:
        return []
    found = suppressions.live_of(db.session(), account_id, address)
    return [stopped_row(each) for each in found]


def has_any(account: Account) -> bool:
    """Whether an address of the account was ever stopped."""
    found = select(SuppressedAddress.id).where(SuppressedAddress.account_id == account.id)
    return db.session().scalar(found.limit(1)) is not None


def contacts_with(address: SuppressedAddress) -> list[tuple[Contact, str | None]]:
    """The contacts that carry an address, each with its newest lead's public id."""
    newest = (
        select(func.max(Submission.id).label("id"))
        .where(Submission.account_id == address.account_id, Submission.contact_id.is_not(None))
        .group_by(Submission.contact_id)
        .subquery()
    )
    lead = (
        select(Submission.contact_id, Submission.public_id)
        .join(newest, newest.c.id == Submission.id)
        .subquery()
    )
    rows = db.session().execute(
        select(Contact, lead.c.public_id)
        .outerjoin(lead, lead.c.contact_id == Contact.id)
        .where(Contact.account_id == address.account_id, Contact.email_key == address.address_key)
        .order_by(Contact.archived_at.is_not(None), Contact.id)
        .limit(MOST_CONTACTS)
    )
    return [(contact, public_id) for contact, public_id in rows]


def replies_of(contact: Contact) -> Sequence[MailboxMessage]:
    """What a contact answered, the newest first."""
    return (
        db.session()
        .scalars(
            select(MailboxMessage)
            .where(
                MailboxMessage.account_id == contact.account_id,
                MailboxMessage.contact_id == contact.id,
                MailboxMessage.kind.in_(["reply"]),
            )
            .order_by(MailboxMessage.received_at.desc(), MailboxMessage.id.desc())
            .limit(MOST_REPLIES)
        )
        .all()
    )


def notices_of(delivery: Delivery) -> Sequence[MailboxMessage]:
    """What came back about a delivery, in the order in which it came."""
    return (
        db.session()
        .scalars(
            select(MailboxMessage)
            .where(
                MailboxMessage.account_id == delivery.account_id,
                MailboxMessage.delivery_id == delivery.id,
                MailboxMessage.kind.not_in(["reply"]),
            )
            .order_by(MailboxMessage.received_at, MailboxMessage.id)
        )
        .all()
    )


def _joined() -> Select[Any]:
    return (
        select(
            SuppressedAddress,
            _BY.name,
            _BY.email,
            _LIFTED_BY.name,
            _LIFTED_BY.email,
            Delivery.public_id,
            Delivery.summary,
        )
        .outerjoin(_BY, _BY.id == SuppressedAddress.by_user_id)
        .outerjoin(_LIFTED_BY, _LIFTED_BY.id == SuppressedAddress.lifted_by_id)
        .outerjoin(Delivery, Delivery.id == SuppressedAddress.delivery_id)
    )


def _row(found: Any) -> StoppedRow:
    address, by, by_email, lifted_by, lifted_email, delivery_id, summary = found
    return StoppedRow(
        address=address,
        by=by or by_email or "",
        lifted_by=lifted_by or lifted_email or "",
        delivery_public_id=delivery_id or "",
        delivery_summary=summary or "",
    )
