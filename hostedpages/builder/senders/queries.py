"""What the sender screens show. Must never read past the account that is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, true

from hostedpages import clock, db
from hostedpages.delivery import limits, senders
from hostedpages.delivery.statements import IS_COUNTED
from hostedpages.delivery.streams import GENERAL, MARKETING
from hostedpages.models import (
    PLATFORM,
    Account,
    Delivery,
    DeliveryAttempt,
    Sender,
    SenderHealth,
    User,
)

# The order of the overview: the account's own, the marketing sender, then people's.
_FIRST = ("account", "marketing")


@dataclass(frozen=True)
class SenderRow:
    """A sender with whose it is, how its server does, and what it used up of its limits."""

    sender: Sender
    user: User | None
    health: SenderHealth | None
    standing: limits.Standing
    waiting: int = 0
    mates: Sequence[Sender] = ()  # the account's others that have the same mailbox
    since: datetime | None = None  # of the trouble that it has now

    @property
    def needs_sign_in(self) -> bool:
        """Whether somebody still has to sign in with the provider."""
        return self.sender.sign_in != "password" and not self.sender.secret_sealed

    @property
    def has_trouble(self) -> bool:
        """Whether its server did not take the last mail, be it called failing yet or not."""
        return bool(self.health and (self.health.failing_since or self.health.refusals))

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
    session, now = db.session(), clock.now()
    return SenderRow(
        sender,
        user,
        health,
        limits.standing(session, sender, now),
        waiting_for(sender.account_id, sender.id, now=now),
        _mates_of(sender),
        trouble_since(sender, health),
    )


def _mates_of(sender: Sender) -> Sequence[Sender]:
    if Sender.is_per_ip(sender.counted_as):
        return ()
    same = (Sender.account_id == sender.account_id, Sender.counted_as == sender.counted_as)
    return db.session().scalars(select(Sender).where(*same, Sender.id != sender.id)).all()


def trouble_since(sender: Sender, health: SenderHealth | None) -> datetime | None:
    """When the trouble of now began: at the first try that was held back since its last mail, or
    since somebody mended it; a server is called failing only after some."""
    if health is None or not (health.failing_since or health.refusals):
        return None
    tried = DeliveryAttempt
    mine = (IS_COUNTED, tried.counted_as == sender.counted_as, tried.sender_id == sender.id)
    session = db.session()
    last = select(func.max(tried.finished_at)).where(*mine, tried.outcome == "delivered")
    was_tested = sender.tested_at if not sender.test_problem else None
    worked = max(filter(None, (session.scalar(last), sender.updated_at, was_tested)))
    first = session.scalar(
        select(func.min(tried.finished_at)).where(
            *mine, tried.outcome == "held", tried.finished_at > worked
        )
    )
    return min(filter(None, (first, health.failing_since)), default=None)


def _place_in_list(row: SenderRow) -> tuple[int, str]:
    slot = row.sender.slot
    return (_FIRST.index(slot) if slot in _FIRST else len(_FIRST), row.sender.email.lower())


@dataclass(frozen=True)
class Failing:
    """A server that mail waits for, with the senders of one mailbox that have the same trouble;
    none for the installation's own."""

    senders: list[Sender]
    waiting: int
    since: datetime | None


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
    found: dict[object, Failing] = {}
    for health, sender in rows:
        if sender is not None and sender.if_failing == "platform" and not platform_fails:
            continue  # its mail leaves all the same
        waiting = waiting_for(account.id, health.sender_id, now=clock.now())
        if sender is None:
            if waiting:
                found[PLATFORM] = Failing([], waiting, health.failing_since)
            continue
        is_per_ip = Sender.is_per_ip(sender.counted_as)
        place = sender.id if is_per_ip else (sender.counted_as, health.problem_kind)
        since, known = trouble_since(sender, health), found.get(place)
        found[place] = Failing(
            [*(known.senders if known else []), sender],
            waiting + (known.waiting if known else 0),
            min(filter(None, (since, known.since if known else None)), default=None),
        )
    return list(found.values())


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


def waiting_for(account_id: int, sender_id: int, *, now: datetime | None = None) -> int:
    """How many deliveries of the account wait or are held for this sender; with `now`, without
    those whose time has not come yet."""
    # A retry moves the time of what waits for its server into the future.
    has_begun = (Delivery.attempts > 0) | (Delivery.state == "held")
    due = (Delivery.due_at <= now) | has_begun if now else true()
    statement = (
        select(func.count())
        .select_from(Delivery)
        .where(
            Delivery.account_id == account_id,
            Delivery.sender_id == sender_id,
            Delivery.state.in_(("pending", "held")),
            due,
        )
    )
    return db.session().scalar(statement) or 0
