"""Which contact is this? The default duplicate rule, on cleaned values.

The same email address, or else the same phone number and last name; a cell phone number is looked
for among home phones too, and the other way round. Archived contacts are not found.
"""

import hashlib
from collections.abc import Iterable

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Row,
    bindparam,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from hostedpages.models import Contact
from hostedpages.prepared import PreparedStatement
from hostedpages.submit.person import Person

_BIGINTS = ARRAY(BigInteger())
CONTACTS = Contact.metadata.tables["contacts"]


_BY_EMAIL = PreparedStatement(
    lambda _dialect: (
        select(CONTACTS.c.id)
        .where(
            CONTACTS.c.account_id == bindparam("account_id", type_=BigInteger()),
            CONTACTS.c.email_key == bindparam("email_key", type_=CONTACTS.c.email_key.type),
            CONTACTS.c.archived_at.is_(None),
        )
        .order_by(CONTACTS.c.id)
    )
)


def find(session: Session, account_id: int, person: Person) -> Row[tuple[object, ...]] | None:
    """The oldest contact that matches, as a row of the table, or None."""
    columns = CONTACTS.c
    living = (columns.account_id == account_id) & columns.archived_at.is_(None)
    if person.email_key:
        found = _BY_EMAIL.one(session, {"account_id": account_id, "email_key": person.email_key})
        if found is not None:
            return session.execute(select(CONTACTS).where(columns.id == found[0])).one()
    phones, last_name = person.phones, person.last_name.casefold()
    if not phones or not last_name:
        return None
    candidates = session.execute(
        select(CONTACTS)
        .where(living, or_(columns.cell_phone.in_(phones), columns.home_phone.in_(phones)))
        .order_by(columns.id)
        .limit(100)
    )
    # Compared here: SQLite lowers only ASCII letters.
    return next((row for row in candidates if row.last_name.casefold() == last_name), None)


def lock(session: Session, keys: Iterable[str]) -> None:
    """Let two submissions with one of `keys` in common pass one after the other.

    SQLite has one writer anyway. On PostgreSQL until the end of the transaction, in one order, so
    that two cannot wait for each other.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    numbers = sorted({_number(key) for key in keys})
    if numbers:
        series = func.unnest(literal(numbers, _BIGINTS)).alias("key")
        session.execute(select(func.pg_advisory_xact_lock(series.column)))


def lock_keys(account_id: int, person: Person) -> list[str]:
    """What two submissions of one person have in common."""
    keys = [f"email:{account_id}:{person.email_key}"] if person.email_key else []
    return keys + [f"phone:{account_id}:{phone}" for phone in person.phones]


def _number(key: str) -> int:
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
