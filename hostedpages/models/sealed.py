"""Where sealed secrets stand, and what each is bound to: the one list for rotating keys and for
finding secrets that no key opens.

Must never open a secret: whoever walks them has the vault.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from hostedpages.models.account import Account
from hostedpages.models.sender import Sender, SendingDomain

AT_ONCE = 100
_Owner = Sender | SendingDomain | Account


@dataclass(frozen=True)
class Sealed:
    """One stored secret: its column and row, the sealed text, its place, and words for people."""

    column: InstrumentedAttribute[str]
    row_id: int
    sealed: str
    place: str
    words: str

    def replace(self, session: Session, sealed: str) -> bool:
        """Store it sealed anew, unless it was changed meanwhile; says whether it was stored.

        Part of the caller's transaction.
        """
        owner: Any = self.column.class_
        done = session.execute(
            update(owner)
            .where(owner.id == self.row_id, self.column == self.sealed)
            .values({self.column: sealed})
            .execution_options(synchronize_session=False)
        )
        return bool(getattr(done, "rowcount", 0))


def all_sealed(session: Session) -> Iterator[Sealed]:
    """Every sealed secret of the installation, read in small parts: the caller may write, and end
    its transaction, between two of them."""
    owners: tuple[type[_Owner], ...] = (Sender, SendingDomain, Account)
    for model in owners:
        last = 0
        while ids := _next_ids(session, model, last):
            for row_id in ids:
                row: Any = session.get(model, row_id, populate_existing=True)
                if row is not None:
                    yield from _of(row)
            last = ids[-1]


def _next_ids(session: Session, model: type[_Owner], last: int) -> list[int]:
    statement = select(model.id).where(model.id > last).order_by(model.id).limit(AT_ONCE)
    return list(session.scalars(statement))


def _of(row: _Owner) -> Iterator[Sealed]:
    match row:
        case Sender():
            places = [(Sender.secret_sealed, row.secret_place)]
            words = f"the password of sender {row.email}"
        case SendingDomain():
            places = [
                (SendingDomain.key_sealed, row.key_place(row.selector)),
                (SendingDomain.next_key_sealed, row.key_place(row.next_selector)),
            ]
            words = f"the DKIM key of {row.name}"
        case Account():
            places = [(Account.alarm_webhook_sealed, row.alarm_webhook_place)]
            words = f"the signing secret of the alarm webhook of {row.slug}"
    for column, place in places:
        sealed = getattr(row, column.key)
        if sealed:
            yield Sealed(column, row.id, sealed, place, words)
