"""Why a mail server holds mail back, in few whole words: for the banner and for lists.

The server's own words stand on the sender's screen. Must never show more of the installation's
server than that it fails.
"""

from dataclasses import dataclass

from hostedpages.builder import times
from hostedpages.builder.deliveries import ways
from hostedpages.models import PLATFORM, Sender, SenderHealth

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
    "authentication": ("{} cannot sign in", "Enter the new password."),
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


def banner(sender: Sender | None, waiting: int, *, may_mend: bool) -> str:
    """What stands on every screen while a server holds mail back; `sender` is None for the
    installation's own."""
    health = ways.way_through(sender.id if sender else PLATFORM).health
    found = _of(sender, health)
    waits = f" {waiting:,} {'mail waits' if waiting == 1 else 'mails wait'}." if waiting else ""
    advice = found.advice if sender is None or may_mend else ASK
    return f"{found.what}{_since(health)}.{waits} {advice}"


def note(way: ways.Way) -> str:
    """The same for a row of a list, without advice: "office@example.com cannot sign in since …"."""
    return f"{_of(way.sender, way.health).what}{_since(way.health)}."


def _of(sender: Sender | None, health: SenderHealth | None) -> Trouble:
    if sender is None:
        return Trouble(f"Mail through {ways.PLATFORM_NAME} has failed", BY_ITSELF)
    kind = health.problem_kind if health else ""
    if kind == "configuration" and any(word in health.problem for word in _NOT_SAFE if health):
        kind = "not_safe"
    what, advice = _WORDS.get(kind, _OTHER)
    if kind == "authentication" and sender.sign_in != "password":
        advice = "Sign in with the provider again."
    return Trouble(what.format(sender.email), advice)


def _since(health: SenderHealth | None) -> str:
    since = health.failing_since if health else None
    return f" since {times.short_time(since)}" if since else ""
