"""How deliveries leave: through which sender, what they wait for, and when they are expected.

Read once a request for the whole account. Must never show a server or a path to somebody who
cannot set up mail.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import g
from sqlalchemy import select

from hostedpages import clock, db
from hostedpages.accounts import guard
from hostedpages.builder import times
from hostedpages.builder.services import settings
from hostedpages.delivery import limits, senders
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.streams import GENERAL, MARKETING, NO_MAIL
from hostedpages.mail.headers import sender_header
from hostedpages.models import NO_SENDER, PLATFORM, Account, Delivery, Sender, SenderHealth

PLATFORM_NAME = "the Hosted Pages server"
REMOVED = "a sender that was removed"
PER = {1: "a second", 60: "a minute", 3600: "an hour", 86_400: "a day"}
LIMITS = {1: "limit a second", 60: "limit a minute", 3600: "hourly limit", 86_400: "daily limit"}


@dataclass(frozen=True)
class Way:
    """How mail leaves: `name` for people, empty when it is no mail."""

    name: str
    sender: Sender | None = None
    health: SenderHealth | None = None

    @property
    def failing_since(self) -> datetime | None:
        return self.health.failing_since if self.health else None

    def waits_for(self, now: datetime) -> str:
        """`server`, `provider`, `limit`, or empty when it may send now."""
        health = self.health
        if health is None:
            return ""
        if _is_later(health.window_until, now):
            return "provider"
        if health.failing_since is not None or _is_later(health.paused_until, now):
            return "server"
        return "limit" if _is_later(health.full_until, now) else ""


def _is_later(at: datetime | None, now: datetime) -> bool:
    return at is not None and at > now


def way_of(delivery: Delivery) -> Way:
    """The way that is meant for a delivery."""
    if delivery.sender_id == NO_SENDER or kind_of(delivery.kind).default_stream == NO_MAIL:
        return Way("")
    return way_through(delivery.sender_id)


def way_through(sender_id: int) -> Way:
    """The way through a sender of this account, or through the installation's server."""
    return _known().get(sender_id) or Way(REMOVED)


def _known() -> dict[int, Way]:
    known: dict[int, Way] | None = g.get("mail_ways")
    if known is None:
        known = g.mail_ways = _ways()
    return known


def own_addresses() -> frozenset[str]:
    """The addresses of the account's senders and of the installation: they get no plan mail."""
    own = {way.name for way in _known().values() if way.sender is not None}
    _, platform = sender_header(settings().mail_from)
    return frozenset(each.casefold() for each in {platform, *own})


def sender_of(delivery: Delivery) -> str:
    """The address of the account's sender that is meant for it; empty without one. For lists."""
    way = way_of(delivery)
    return way.name if way.sender is not None else ""


def through_words(delivery: Delivery) -> str:
    """Through whom it goes or went; empty when it is no mail. Reads its attempts."""
    meant = way_of(delivery).name
    if not meant:
        return ""
    is_taken = delivery.state == "delivered"  # an earlier try may only have written it down
    took = delivery.tries[-1] if is_taken and delivery.tries else None
    if took is None or took.sender_id == delivery.sender_id:
        return meant[:1].upper() + meant[1:] if meant in (PLATFORM_NAME, REMOVED) else meant
    really = way_through(took.sender_id).name
    return f"{really[:1].upper()}{really[1:]}, instead of {meant}"


def _ways() -> dict[int, Way]:
    session, account = db.session(), guard.current_account()
    own = {
        each.id: each
        for each in session.scalars(select(Sender).where(Sender.account_id == account.id))
    }
    health = {
        each.sender_id: each
        for each in session.scalars(
            select(SenderHealth).where(SenderHealth.sender_id.in_([PLATFORM, *own]))
        )
    }
    found = {key: Way(each.email, each, health.get(key)) for key, each in own.items()}
    return found | {PLATFORM: Way(PLATFORM_NAME, None, health.get(PLATFORM))}


@dataclass(frozen=True)
class Limited:
    """What a sender's mail waits for: "2 an hour", and when the first and the last may go."""

    what: str
    window: str
    first: datetime | None
    last: datetime | None


def limited(sender: Sender) -> Limited:
    """What mail of this sender waits for; read once a request."""
    known: dict[int, Limited] = g.setdefault("limited_senders", {})
    if sender.id not in known:
        standing = limits.standing(db.session(), sender, clock.now())
        full = [(count, int(seconds)) for count, seconds, used in standing.windows if used >= count]
        count, seconds = full[-1] if full else (0, 0)
        known[sender.id] = Limited(
            f"{count:,} {PER[seconds]}" if seconds in PER else "a limit",
            LIMITS.get(seconds, "limit"),
            standing.next_at,
            standing.forecast_done_at,
        )
    return known[sender.id]


def expected(sender: Sender) -> str:
    """When mail that waits for a limit of this sender is expected: "Expected at 8:46 am"."""
    first, last = limited(sender).first, limited(sender).last
    if first is None:
        return ""
    if last is None or last <= first:
        return f"Expected at {times.short_time(first)}"
    return f"Expected between {times.short_time(first)} and {times.short_time(last)}"


def mail_note(account: Account, *, platform_sends: bool) -> tuple[str, bool]:
    """Where mail goes, in one sentence, and whether all of it reaches somebody."""
    routes = senders.routes(db.session(), account.id)
    general, marketing = way_through(routes.of(GENERAL)), way_through(routes.of(MARKETING))
    lost = [each for each in (general, marketing) if each.sender is None and not platform_sends]
    if len(lost) == 2:
        return "Mail is not set up yet: it is written here, but reaches nobody.", False
    if lost:
        whose = "Mail of action plans" if lost[0] is marketing else "Notifications of new leads"
        return f"{whose} cannot leave yet: no mail server is set up for that.", False
    if general.name == marketing.name:
        return f"Mail leaves through {general.name}.", True
    return (
        f"Notifications leave through {general.name}, mail of action plans through "
        f"{marketing.name}.",
        True,
    )
