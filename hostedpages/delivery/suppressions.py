"""Addresses that an account stopped using: opted out by the person, or quarantined with a reason.

The one place that stops an address and lets it go again. Must never delete one: the address is
kept, so that a new contact with it is not written to either. Opens no transaction.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hostedpages.delivery.rows import Claimed
from hostedpages.models import Contact, HistoryEntry, SuppressedAddress
from hostedpages.schema.clean import email_key
from hostedpages.tokens import random_id

MAX_REPLY = 2000
# Why an address is stopped, as it follows "opted out: ..." or "quarantined: ...".
REASONS = {
    "one_click": "by the unsubscribe button of their mail program",
    "unsubscribe_page": "on the unsubscribe page",
    "hard_bounce": "mail to it came back for good",
    "complaint": "the person reported a mail as spam",
    "repeated_soft_bounce": "mail to it came back three times within 14 days",
    "no_such_address": "the mail server says that there is no such address",
    "manual": "stopped by hand",
}


def address_key(address: str) -> str:
    """How an address is kept and compared: lower case, its domain in ASCII, as contacts are."""
    return email_key(address)[:254]


def reason_words(reason: str) -> str:
    """A reason for people; one that is not in the list as it is."""
    return REASONS.get(reason, reason.replace("_", " "))


def live(session: Session, batch: Sequence[Claimed]) -> dict[tuple[int, str, str], str]:
    """What holds for the recipients of a batch: (account id, address key, kind) -> reason."""
    keys = {address_key(each.recipient) for each in batch}
    rows = session.execute(
        select(
            SuppressedAddress.account_id,
            SuppressedAddress.address_key,
            SuppressedAddress.kind,
            SuppressedAddress.reason,
        ).where(
            SuppressedAddress.account_id.in_({each.account_id for each in batch}),
            SuppressedAddress.address_key.in_(keys),
            SuppressedAddress.lifted_at.is_(None),
        )
    )
    return {(account_id, key, kind): reason_words(reason) for account_id, key, kind, reason in rows}


def live_of(session: Session, account_id: int, address: str) -> Sequence[SuppressedAddress]:
    """What holds for one address of an account; an opt-out comes first."""
    return session.scalars(
        select(SuppressedAddress)
        .where(
            SuppressedAddress.account_id == account_id,
            SuppressedAddress.address_key == address_key(address),
            SuppressedAddress.lifted_at.is_(None),
        )
        .order_by(SuppressedAddress.kind, SuppressedAddress.id)
    ).all()


def live_among(
    session: Session, account_id: int, keys: Sequence[str]
) -> dict[str, SuppressedAddress]:
    """What stops these address keys of an account, an opt-out before a quarantine."""
    rows = session.scalars(
        select(SuppressedAddress)
        .where(
            SuppressedAddress.account_id == account_id,
            SuppressedAddress.address_key.in_(keys),
            SuppressedAddress.lifted_at.is_(None),
        )
        .order_by(SuppressedAddress.kind.desc())
    )
    return {each.address_key: each for each in rows}


def is_opt_out(suppressed: SuppressedAddress) -> bool:
    """Whether the person said stop, and not a mail server."""
    return suppressed.kind == "opted_out"


def quarantine(
    session: Session,
    account_id: int,
    address: str,
    *,
    reason: str,
    reply: str = "",
    delivery_id: int | None = None,
    by_user_id: int | None = None,
    now: datetime,
) -> bool:
    """Stop plan mail of an account to an address that does not get it.

    `reason` is a key of REASONS, `reply` the server's last words without secrets. Returns whether
    that is new; an address that is quarantined already keeps its first reason.
    """
    return _stop(
        session,
        account_id,
        address,
        kind="quarantined",
        reason=reason,
        reply=reply,
        delivery_id=delivery_id,
        by_user_id=by_user_id,
        now=now,
    )


def opt_out(
    session: Session,
    account_id: int,
    address: str,
    *,
    reason: str,
    delivery_id: int | None = None,
    by_user_id: int | None = None,
    now: datetime,
) -> bool:
    """The person said stop: no plan mail of this account to this address any more.

    `reason` is a key of REASONS. Returns whether that is new.
    """
    return _stop(
        session,
        account_id,
        address,
        kind="opted_out",
        reason=reason,
        reply="",
        delivery_id=delivery_id,
        by_user_id=by_user_id,
        now=now,
    )


def lift(
    session: Session,
    suppressed: SuppressedAddress,
    *,
    by_user_id: int | None,
    note: str,
    now: datetime,
) -> bool:
    """Let an address be written to again, with a note why. The row stays as a record.

    Returns whether that is new: one that was lifted before keeps its first note.
    """
    if suppressed.lifted_at is not None:
        return False
    suppressed.lifted_at, suppressed.lifted_by_id = now, by_user_id
    suppressed.lifted_note = note[:MAX_REPLY]
    _note(
        session,
        suppressed.account_id,
        suppressed.address_key,
        kind="address_lifted",
        words=f"{suppressed.address_key} may be written to again: {note or 'no note.'}",
        address_id=suppressed.public_id,
        by_user_id=by_user_id,
        now=now,
    )
    return True


def _stop(
    session: Session,
    account_id: int,
    address: str,
    *,
    kind: str,
    reason: str,
    reply: str,
    delivery_id: int | None,
    by_user_id: int | None,
    now: datetime,
) -> bool:
    key = address_key(address)
    if not key:
        return False
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    made = session.execute(
        make(SuppressedAddress)
        .values(
            public_id=random_id(),
            account_id=account_id,
            address_key=key,
            kind=kind,
            reason=reason[:40],
            reply=reply[:MAX_REPLY],
            delivery_id=delivery_id,
            by_user_id=by_user_id,
            lifted_note="",
            created_at=now,
        )
        # Two notices at the same moment: the database decides, and nobody fails.
        .on_conflict_do_nothing(
            index_elements=["account_id", "address_key", "kind"],
            index_where=text("lifted_at is null"),
        )
        .returning(SuppressedAddress.public_id)
    ).scalar()
    if made is None:
        return False
    words = "opted out" if kind == "opted_out" else "is quarantined"
    _note(
        session,
        account_id,
        key,
        kind=kind,
        words=f"{key} {words}: {reason_words(reason)}.",
        address_id=made,
        by_user_id=by_user_id,
        now=now,
    )
    return True


def _note(
    session: Session,
    account_id: int,
    key: str,
    *,
    kind: str,
    words: str,
    address_id: str,
    by_user_id: int | None,
    now: datetime,
) -> None:
    """A history entry on each contact that carries the address."""
    contacts = session.scalars(
        select(Contact.id).where(Contact.account_id == account_id, Contact.email_key == key)
    ).all()
    session.add_all(
        HistoryEntry(
            account_id=account_id,
            contact_id=contact_id,
            kind=kind,
            text=words,
            details={"address": address_id},
            by_user_id=by_user_id,
            created_at=now,
        )
        for contact_id in contacts
    )
