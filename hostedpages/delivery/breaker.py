"""When a mail server that is down, busy or refuses us may be tried again; mail waits meanwhile.

A provider that sees a wrong password every second bans the machine. Works on a row of
`sender_health`, which all workers share. Pure. Must never drop a mail: it only says when.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hostedpages.mail.errors import MailError
from hostedpages.models import PLATFORM, SenderHealth

# Seconds by the number of refusals in a row; the last one stays.
DOWN_PAUSES = (60, 120, 300, 600, 900)
BUSY_PAUSES = (60, 120, 300, 600, 1800)
# Three sign-ins in the first hour, then one an hour: more would get this machine banned.
SIGN_IN_PAUSES = (300, 900, 3600)
HOURLY = (3600,)
CONCURRENCY_PAUSES = (60,)
# The installation's own server belongs to who runs this: it is back soon, and bans nobody.
OWN_DOWN_PAUSES = (10, 20, 40, 60, 120, 300)
OWN_SETTING_PAUSES = (60, 300, 3600)

SIGN_IN = "authentication"
QUOTA = "quota"
BUSY = "busy"
CONCURRENCY = "concurrency"
# The server says these of the mailbox, whichever of its senders asks.
OF_THE_MAILBOX = frozenset({SIGN_IN, QUOTA, BUSY, CONCURRENCY})
_PAUSES = {
    BUSY: BUSY_PAUSES,
    CONCURRENCY: CONCURRENCY_PAUSES,
    QUOTA: HOURLY,
    SIGN_IN: SIGN_IN_PAUSES,
}
# A short interruption is no failing sender; a wrong setting is one at once.
DOWN_BEFORE_FAILING = 3
BUSY_BEFORE_FAILING = 5
QUOTA_WINDOW = timedelta(hours=24)
PROBE_TIME = timedelta(seconds=150)  # longer than any mail may take
SEEN_AGAIN = timedelta(minutes=1)  # a working server is noted as such once a minute


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the server, not of the mail. `is_setting`: a person must change something, or a
    quota must pass. `words` are for people, without secrets."""

    kind: str
    words: str
    is_setting: bool
    wait: timedelta = timedelta()

    @classmethod
    def of(cls, error: MailError) -> "Fault":
        words = f"{error.message}\n{error.hint}".strip()
        return cls(error.kind, words, error.held, error.wait or timedelta())


def refused(
    health: SenderHealth, fault: Fault, now: datetime, *, window: timedelta = QUOTA_WINDOW
) -> None:
    """Take note of a fault, and wait longer after each. `window` is how long a quota may last.

    What was on its way at the same time counts once; but each refused sign-in counts.
    """
    is_paused = health.paused_until is not None and now < health.paused_until
    if not is_paused or fault.kind == SIGN_IN:
        pauses = _pauses(health, fault)
        seconds = pauses[min(health.refusals, len(pauses) - 1)]
        health.refusals += 1
        until = now + max(timedelta(seconds=seconds), fault.wait)
        health.paused_until = max(until, health.paused_until or until)
    health.probing_until = None
    health.problem_kind, health.problem = fault.kind, fault.words
    if fault.kind == CONCURRENCY:
        health.connections = 1
    if fault.kind == QUOTA and (health.window_until is None or health.window_until <= now):
        health.window_until = now + window
    if health.failing_since is None and _is_failing(health, fault):
        health.failing_since = now


def answered(health: SenderHealth, now: datetime, *, delivered: bool) -> bool:
    """The server talks to us, and has taken a mail when `delivered`; True when it did not before,
    and what was held should go on."""
    health.probing_until = None
    if delivered and (health.delivered_at is None or now - health.delivered_at >= SEEN_AGAIN):
        health.delivered_at = now
    if not health.refusals:
        return False
    if health.problem_kind == QUOTA and not delivered:
        return False  # it refused one address; whether it takes mail again is not known yet
    health.refusals = 0
    health.paused_until = health.window_until = health.failing_since = None
    health.problem_kind = health.problem = ""
    return True


def _pauses(health: SenderHealth, fault: Fault) -> tuple[int, ...]:
    found = _PAUSES.get(fault.kind, HOURLY if fault.is_setting else DOWN_PAUSES)
    if health.sender_id != PLATFORM or fault.kind in (BUSY, CONCURRENCY, QUOTA):
        return found
    return OWN_SETTING_PAUSES if fault.is_setting else OWN_DOWN_PAUSES


def _is_failing(health: SenderHealth, fault: Fault) -> bool:
    if fault.kind in (QUOTA, CONCURRENCY):
        return False  # it works; it only has had enough for now
    if fault.is_setting:
        return True
    return health.refusals >= (BUSY_BEFORE_FAILING if fault.kind == BUSY else DOWN_BEFORE_FAILING)
