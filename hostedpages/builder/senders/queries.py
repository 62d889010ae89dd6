"""What the sender screens show. Must never read past the account that is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, true

from hostedpages import clock, db
from hostedpages.delivery import limits, senders
from hostedpages.delivery.streams import GENERAL, MARKETING
from hostedpages.models import PLATFORM, Account, Delivery, Sender, SenderHealth, User

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


@dataclass(frozen=True)
class Failing:
    """A server that mail waits for: `sender` is None for the installation's own."""

    sender: Sender | None
    waiting: int


def failing_of(account: Account) -> list[Failing]:
    """Servers that fail now, and hold mail of this account back."""
    session = db.session()
    rows = session.execute(
        select(SenderHealth, Sender)
        .outerjoin(Sender, Sender.id == SenderHealth.sender_id)
        .where(
            SenderHealth.failing_since.is_not(None),
            or_(
                SenderHealth.sender_id == PLATFORM,
                (Sender.account_id == account.id) & Sender.enabled,
            ),
        )
        .order_by(SenderHealth.failing_since)
    ).all()
    platform_fails = any(sender is None for _, sender in rows)
    found = []
    for health, sender in rows:
        if sender is not None and sender.if_failing == "platform" and not platform_fails:
            continue  # its mail leaves all the same
        waiting = waiting_for(account, health.sender_id, now=clock.now())
        if health.failing_since is not None and (waiting or sender is not None):
            found.append(Failing(sender, waiting))
    return found


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


def streams_of(sender: Sender) -> list[str]:
    """The streams of mail that nobody but the server of Hosted Pages would take without it."""
    now = senders.routes(db.session(), sender.account_id)
    later = senders.Routes({slot: way for slot, way in now.by_slot.items() if slot != sender.slot})
    streams = dict.fromkeys((GENERAL, MARKETING, *([sender.slot] if sender.user_id else [])))
    return [each for each in streams if now.of(each) == sender.id and later.of(each) == PLATFORM]


def waiting_for(account: Account, sender_id: int, *, now: datetime | None = None) -> int:
    """How many deliveries of the account wait or are held for this sender; with `now`, without
    those whose time has not come yet."""
    due = (Delivery.due_at <= now) | (Delivery.attempts > 0) if now else true()
    statement = (
        select(func.count())
        .select_from(Delivery)
        .where(
            Delivery.account_id == account.id,
            Delivery.sender_id == sender_id,
            Delivery.state.in_(("pending", "held")),
            due,
        )
    )
    return db.session().scalar(statement) or 0
