"""Senders in words: whose they are, what they are used for, how they are doing.

Must never show a path or a setting of the machine to somebody who cannot change it.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint

from hostedpages import clock
from hostedpages.accounts import guard
from hostedpages.builder import times
from hostedpages.builder.deliveries import troubles
from hostedpages.builder.senders.queries import SenderRow
from hostedpages.config import Settings
from hostedpages.delivery.streams import GENERAL
from hostedpages.models import Sender, User

TITLES = {
    "account": "The account’s sender",
    "marketing": "Marketing sender",
    "mine": "Your own sender",
}
# What a slot is for, where none is set up yet.
OFFERS = {
    "account": "Notifications of new leads come from your own address, through your own server.",
    "marketing": "Mail of action plans comes from an address of its own. Choose another mailbox "
    "than the account’s: then it uses up no limits that notifications need.",
    "mine": "Mail of action plans that goes out in your name comes from your own address.",
}


@dataclass(frozen=True)
class State:
    """How a sender does: text and kind of its pill, and one sentence that explains."""

    text: str
    pill: str
    sentence: str


@dataclass(frozen=True)
class Bar:
    """What was used up of one limit: a share of 0 to 100 for the picture, and the same in words."""

    share: int
    text: str
    is_near: bool


def title_of(slot: str, user: User | None) -> str:
    """Whose sender it is: "The account’s sender", "Bob Brown’s sender", "Your sender"."""
    me = guard.current_user()
    if user is not None and me is not None and user.id == me.id:
        return "Your sender"
    return TITLES.get(slot) or f"{(user.name or user.email) if user else 'A user'}’s sender"


def use_of(sender: Sender, user: User | None, used: list[str]) -> str:
    """What it is used for. `used` are the slots that are enabled."""
    if sender.slot == "account":
        if sender.scope == "general_only":
            return "Sends notifications of new leads."
        if "marketing" in used:
            return "Sends notifications of new leads; mail of action plans has a sender of its own."
        return "Sends notifications of new leads, and mail of action plans."
    if sender.slot == "marketing":
        return "Sends mail of action plans to contacts."
    whose = (user.name or user.email) if user else "a user who is gone"
    return f"Sends mail of action plans that goes out in the name of {whose}."


def way_of_rest(used: list[str], account_scope: str) -> str:
    """What else leaves through the Hosted Pages server; empty when senders' own lines say it."""
    has_plans = "marketing" in used or account_scope == "all_emails"
    rest = [
        *([] if "account" in used else ["notifications of new leads"]),
        *([] if has_plans else ["mail of action plans"]),
    ]
    if not rest:
        return ""
    leaves = "leave" if "account" not in used else "leaves"
    return f"{capital(' and '.join(rest))} {leaves} through the Hosted Pages server."


def loss_of(streams: list[str]) -> str:
    """What would reach nobody, in one sentence; empty when nothing of that kind is meant."""
    names = dict.fromkeys(
        "notifications of new leads" if each == GENERAL else "mail of action plans"
        for each in streams
    )
    if not names:
        return ""
    what = capital(" and ".join(names))
    return f"{what} would only be written to a folder and reach nobody."


def capital(words: str) -> str:
    """The same as the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def state_of(row: SenderRow) -> State:
    """How it does now: what mail says comes before what a test said."""
    sender, health, now = row.sender, row.health, clock.now()
    if row.needs_sign_in:
        return State("Not signed in", "warn", "It is not used until somebody signs in.")
    if not sender.enabled:
        return State("Off", "quiet", "It sends nothing. Mail leaves as if it were not there.")
    if health and health.failing_since:
        since = times.short_time(row.since)
        return State("Failing", "bad", f"Since {since}: {health.problem or 'no answer.'}")
    if health and health.window_until and health.window_until > now:
        return State(
            "Waiting",
            "warn",
            "The provider says that its limit is reached. Mail waits and goes on at "
            f"{times.short_time(health.window_until)}.",
        )
    if health and health.refusals:
        return State("Having trouble", "warn", f"{_trouble_of(row, now)}\n{health.problem}".strip())
    if sender.state == "failing":
        tested = times.short_time(sender.tested_at)
        return State("Failing", "bad", f"The test of {tested} failed.\n{sender.test_problem}")
    delivered_at = health.delivered_at if health else None
    if delivered_at and (sender.tested_at is None or delivered_at > sender.tested_at):
        return State("Works", "ok", f"It last took a mail {times.short_time(delivered_at)}.")
    if sender.state == "ok" and sender.tested_at:
        return State("Works", "ok", f"Tested {times.short_time(sender.tested_at)}.")
    return State("Not tested", "warn", "Mail goes out through it, but nobody has tested it yet.")


def _trouble_of(row: SenderRow, now: datetime) -> str:
    """Since when, and when it is tried again: "Having trouble since 7:57 am; tried again …"."""
    since = f" since {times.short_time(row.since)}" if row.since else ""
    until = row.health.paused_until if row.health else None
    again = f"at {times.short_time(until)}" if until and until > now else "soon"
    return f"Having trouble{since}; tried again {again}."


def bars_of(row: SenderRow) -> list[Bar]:
    """What was used up of each window of its limits."""
    bars = []
    for count, seconds, used in row.standing.windows:
        share = min(100, round(100 * used / count)) if count else 0
        text = f"{used:,} of {count:,} in {_last(seconds)}"
        bars.append(Bar(share, text, is_near=share >= 80))
    return bars


def _last(seconds: int) -> str:
    known = {
        1: "the last second",
        60: "the last minute",
        3600: "the last hour",
        86_400: "the last 24 hours",
    }
    return known.get(seconds) or f"the last {seconds // 60} minutes"


def sharing_of(row: SenderRow) -> str:
    """Why mail of other senders counts here too; empty when none does."""
    if row.standing.is_shared and Sender.is_per_ip(row.sender.counted_as):
        return "The provider counts all mail from Hosted Pages together."
    if not row.mates:
        return ""
    called = troubles.called(row.mates)
    return f"Same mailbox as {called}: they use up the same limit, and the lowest number holds."


def waiting_of(row: SenderRow) -> str:
    """How many wait, and when the last of them goes; empty when nothing waits."""
    if not row.waiting:
        return ""
    is_one = row.waiting == 1
    count = "1 mail waits" if is_one else f"{row.waiting:,} mails wait"
    if row.has_trouble:
        tried_at = row.health.paused_until if row.health else None
        when = (
            f" at about {times.short_time(tried_at)}"
            if tried_at and tried_at > clock.now()
            else " soon"
        )
        return f"{count}; its server is tried again{when}."
    done_at = row.standing.forecast_done_at
    if done_at is None or done_at <= clock.now():
        return f"{count}."
    goes = " and goes" if is_one else "; the last one goes"
    return f"{count}{goes} at about {times.short_time(done_at)}."


def platform_way(settings: Settings) -> tuple[str, bool]:
    """Where mail goes without a sender, in words, and whether it reaches anybody."""
    if settings.smtp_url:
        return (
            f"It goes through {urlsplit(settings.smtp_url).hostname}, from {settings.mail_from}.",
            True,
        )
    return (
        "Hosted Pages has no mail server yet: such mail is only written to a folder on its "
        "machine, and reaches nobody. Whoever runs it can set HOSTEDPAGES_SMTP_URL.",
        False,
    )


def step_time(milliseconds: int) -> str:
    """How long a step of a test took: "4 ms", "1.25 s"."""
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{max(1, milliseconds)} ms"


def install(blueprint: Blueprint) -> None:
    """Give templates the filter that says how long a step took."""
    blueprint.add_app_template_filter(step_time, "step_time")
