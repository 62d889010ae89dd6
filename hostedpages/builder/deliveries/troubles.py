"""Why a mail server holds mail back, in few whole words: for the banner and for lists.

The server's own words stand on the sender's screen. Must never show more of the installation's
server than that it fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import g

from hostedpages.builder import times
from hostedpages.builder.deliveries import ways
from hostedpages.builder.senders.queries import trouble_since
from hostedpages.models import PLATFORM, Sender, SenderHealth

SLOT_NAMES = {"account": "the account’s sender", "marketing": "the marketing sender"}
ASK = "Ask an owner or admin of your account to look at it."
BY_ITSELF = "It goes out by itself as soon as that works again."
_UNREACHED = (
    "The server of {} cannot be reached",
    "It is tried again by itself; check its server if that lasts.",
)


@dataclass(frozen=True)
class Trouble:
    """`what` ends before "since ...", `advice` is a whole sentence."""

    what: str
    advice: str


# By the kinds of `mail.errors.MailError`.
_WORDS = {
    "authentication": ("{} cannot sign in", "Check the user name and the password."),
    "connection": _UNREACHED,
    "name": _UNREACHED,
    "timeout": _UNREACHED,
    "busy": ("The server of {} takes no mail", "It is tried again by itself."),
    "sender_refused": (
        "The server of {} refuses this address",
        "Allow the address there, or use the mailbox’s own.",
    ),
    "not_safe": (
        "The connection of {} cannot be encrypted safely",
        "Check the server and its encryption.",
    ),
    "configuration": ("The settings of {} do not fit its server", "Check the server settings."),
}
_OTHER = ("Mail through {} has failed", "Look at the sender.")
# What the words of `mail.tls` and `mail.connect` have in common, when it is about encryption.
_NOT_SAFE = ("encrypt", "certificate", "cannot be trusted", "TLS")


def banner(
    senders: Sequence[Sender], waiting: int, since: datetime | None, *, may_mend: bool
) -> str:
    """What stands on every screen while a server holds mail back: of these senders, which have the
    same mailbox, or of the installation when there are none."""
    health = ways.way_through(senders[0].id if senders else PLATFORM).health
    found = _of(senders, health)
    waits = f" {waiting:,} {'mail waits' if waiting == 1 else 'mails wait'}." if waiting else ""
    advice = found.advice if not senders or may_mend else ASK
    return f"{found.what}{_since(since)}.{waits} {advice}"


def note(way: ways.Way) -> str:
    """The same for a row of a list, without advice: "The account’s sender (office@…) cannot …"."""
    return f"{_of([way.sender] if way.sender else [], way.health).what}{_since(began(way))}."


def began(way: ways.Way) -> datetime | None:
    """When the trouble of this way began; read once a request for each sender."""
    if way.sender is None:
        return way.failing_since
    known: dict[int, datetime | None] = g.setdefault("troubles_began", {})
    if way.sender.id not in known:
        known[way.sender.id] = trouble_since(way.sender, way.health)
    return known[way.sender.id]


def called(senders: Sequence[Sender]) -> str:
    """Which senders: "the account’s sender and the marketing sender (office@example.com)"."""
    by_address: dict[str, list[str]] = {}
    for sender in senders:
        slot = SLOT_NAMES.get(sender.slot, "a user’s sender")
        by_address.setdefault(sender.email, []).append(slot)
    return " and ".join(f"{' and '.join(slots)} ({email})" for email, slots in by_address.items())


def _of(senders: Sequence[Sender], health: SenderHealth | None) -> Trouble:
    if not senders:
        return Trouble(f"Mail through {ways.PLATFORM_NAME} has failed", BY_ITSELF)
    kind = health.problem_kind if health else ""
    if kind == "configuration" and any(word in health.problem for word in _NOT_SAFE if health):
        kind = "not_safe"
    what, advice = _WORDS.get(kind, _OTHER)
    if kind == "authentication" and senders[0].sign_in != "password":
        advice = "Sign in with the provider again."
    said = what.format(called(senders))
    return Trouble(said[:1].upper() + said[1:], advice)


def _since(since: datetime | None) -> str:
    return f" since {times.short_time(since)}" if since else ""
