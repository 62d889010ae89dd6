"""What the sender screens show. Must never read past the account that is given."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from hostedpages import clock, db
from hostedpages.delivery import limits
from hostedpages.models import Account, Delivery, Sender, SenderHealth, User

# The order of the overview: the account's own, the marketing sender, then people's.
_FIRST = ("account", "marketing")


@dataclass(frozen=True)
class SenderRow:
    """A sender with whose it is, how its server does, and what it used up of its limits."""

    sender: Sender
    user: User | None
    health: SenderHealth | None
    standing: limits.Standing

    @property
    def needs_sign_in(self) -> bool:
        """Whether somebody still has to sign in with the provider."""
        return self.sender.sign_in != "password" and not self.sender.secret_sealed

    @property
    def failing(self) -> bool:
        """Whether mail has failed at its server and has not gone since."""
        return bool(self.health and self.health.failing_since)


def rows_of(account: Account, *, only: User | None = None) -> list[SenderRow]:
    """The senders of an account; `only` leaves those of one user."""
    statement = (
        select(Sender, User, SenderHealth)
        .outerjoin(User, User.id == Sender.user_id)
        .outerjoin(SenderHealth, SenderHealth.sender_id == Sender.id)
        .where(Sender.account_id == account.id)
    )
    if only is not None:
        statement = statement.where(Sender.user_id == only.id)
    rows = [_row(*found) for found in db.session().execute(statement)]
    return sorted(rows, key=_place_in_list)


def row_of(sender: Sender) -> SenderRow:
    """One sender, loaded through its account before."""
    session = db.session()
    user = session.get(User, sender.user_id) if sender.user_id else None
    health = session.scalar(select(SenderHealth).where(SenderHealth.sender_id == sender.id))
    return _row(sender, user, health)


def _row(sender: Sender, user: User | None, health: SenderHealth | None) -> SenderRow:
    standing = limits.standing(db.session(), sender, clock.now())
    return SenderRow(sender, user, health, standing)


def _place_in_list(row: SenderRow) -> tuple[int, str]:
    slot = row.sender.slot
    return (_FIRST.index(slot) if slot in _FIRST else len(_FIRST), row.sender.email.lower())


def in_slot(account: Account, slot: str) -> Sender | None:
    """The sender of this slot, if there is one."""
    return db.session().scalar(
        select(Sender).where(Sender.account_id == account.id, Sender.slot == slot)
    )


def enabled_slots(account: Account) -> Sequence[str]:
    """The slots whose sender is used."""
    found = select(Sender.slot).where(Sender.account_id == account.id, Sender.enabled)
    return db.session().scalars(found).all()


def scope_of_account(account: Account) -> str:
    """What the account's own sender is used for; empty when it is not used."""
    found = select(Sender.scope).where(
        Sender.account_id == account.id, Sender.slot == "account", Sender.enabled
    )
    return db.session().scalar(found) or ""


def waiting_for(account: Account, sender_id: int) -> int:
    """How many deliveries of the account wait or are held for this sender."""
    statement = (
        select(func.count())
        .select_from(Delivery)
        .where(
            Delivery.account_id == account.id,
            Delivery.sender_id == sender_id,
            Delivery.state.in_(("pending", "held")),
        )
    )
    return db.session().scalar(statement) or 0
