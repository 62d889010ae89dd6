"""What follows from the end of an attempt: again when, held, failed, or a person's turn.

Pure. Must never touch a row: it only says what `outbox.finish` shall write.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from hostedpages.delivery import backoff
from hostedpages.delivery.breaker import Fault
from hostedpages.delivery.kinds.base import DeliveryError, DeliveryKind
from hostedpages.delivery.rows import Claimed, Finished
from hostedpages.mail.errors import MailError

MAILBOX_FULL_FOR = timedelta(hours=24)
SENDER_IS_GONE = "Its sender was removed before this could go."
TOO_LATE = "Given up: by now it would come too late."


def of_success(claimed: Claimed, kind: DeliveryKind, receipt: str) -> Finished:
    return Finished(claimed, "delivered", receipt, blanks_payload=kind.has_secret, answered=True)


def of_refusal(claimed: Claimed, kind: DeliveryKind, reason: str) -> Finished:
    """The kind does not allow it at this moment."""
    return Finished(claimed, "skipped", reason, blanks_payload=kind.has_secret)


def of_fault(claimed: Claimed, kind: DeliveryKind, reason: str) -> Finished:
    """Our own fault: trying again would only repeat it, so a person sees it at once."""
    return _failed(claimed, kind, reason)


def of_error(
    claimed: Claimed,
    kind: DeliveryKind,
    error: DeliveryError | MailError,
    *,
    now: datetime,
    random: Random,
) -> Finished:
    """`random` spreads the waits. What the server is to blame for waits for it besides: who writes
    the result knows how long that is left alone."""
    if isinstance(error, DeliveryError):
        if error.permanent:
            return _failed(claimed, kind, error.message)
        return _later(claimed, kind, error.message, now, random, at_least=error.retry_after)
    words = f"{error.message} {error.hint}".strip()
    if error.unknown:
        if kind.sends_again(claimed.payload, claimed.unknowns + 1):
            return _later(claimed, kind, words, now, random, was_unknown=True)
        return Finished(claimed, "unknown", words)
    if error.server:
        return _for_the_server(claimed, kind, error, words, now, random)
    quarantines = words if error.suppresses and kind.is_to_contact else ""
    return replace(
        _by_itself(claimed, kind, error, words, now, random),
        answered=True,  # it refused this mail, so it is there and talks to us
        quarantines=quarantines,
    )


def is_too_late(claimed: Claimed, kind: DeliveryKind, now: datetime) -> bool:
    """Whether it waited so long that it is worse than none."""
    limit = kind.gives_up_after(claimed.payload)
    return limit is not None and now > claimed.created_at + limit


def of_gone_sender(claimed: Claimed, now: datetime) -> Finished:
    """Due at once, and no failure of its own: housekeeping gives it to whoever takes it now."""
    return Finished(claimed, "held", SENDER_IS_GONE, due_at=now)


def of_lateness(claimed: Claimed, kind: DeliveryKind) -> Finished:
    return _failed(claimed, kind, TOO_LATE)


def _for_the_server(
    claimed: Claimed,
    kind: DeliveryKind,
    error: MailError,
    words: str,
    now: datetime,
    random: Random,
) -> Finished:
    """Nothing is wrong with the mail, so it waits and never fails by itself. Its own wait grows,
    so that a mail which breaks its server leaves the next try to another one."""
    fault = Fault.of(error)
    if error.held:
        return Finished(claimed, "held", words, due_at=now, fault=fault)
    tries = min(claimed.holds + 1, len(backoff.SCHEDULE))
    wait = backoff.wait(tries, random) or backoff.SCHEDULE[-1]
    limit = kind.gives_up_after(claimed.payload)
    if limit is not None and now + wait > claimed.created_at + limit:
        return replace(_failed(claimed, kind, f"{words} {TOO_LATE}"), fault=fault)
    return Finished(claimed, "retry", words, due_at=now + wait, fault=fault)


def _by_itself(
    claimed: Claimed,
    kind: DeliveryKind,
    error: MailError,
    words: str,
    now: datetime,
    random: Random,
) -> Finished:
    if error.permanent:
        return _failed(claimed, kind, words)
    if error.last_try_after is not None:
        if claimed.failures:
            return _failed(claimed, kind, words)
        return Finished(claimed, "retry", words, due_at=now + error.last_try_after)
    if error.kind == "mailbox_full" and now - claimed.created_at > MAILBOX_FULL_FOR:
        return _failed(claimed, kind, words)
    return _later(claimed, kind, words, now, random)


def _failed(claimed: Claimed, kind: DeliveryKind, reason: str) -> Finished:
    return Finished(claimed, "failed", reason, blanks_payload=kind.has_secret)


def _later(
    claimed: Claimed,
    kind: DeliveryKind,
    words: str,
    now: datetime,
    random: Random,
    *,
    was_unknown: bool = False,
    at_least: timedelta | None = None,
) -> Finished:
    ended_unknown = claimed.unknowns - claimed.crashes
    wait = backoff.wait(claimed.failures + ended_unknown + 1, random, kind.schedule)
    limit = kind.gives_up_after(claimed.payload)
    if wait is None:
        return _failed(claimed, kind, f"{words} Given up after three days.")
    if at_least is not None:
        wait = max(wait, at_least)
    if limit is not None and now + wait > claimed.created_at + limit:
        return _failed(claimed, kind, f"{words} {TOO_LATE}")
    return Finished(claimed, "retry", words, due_at=now + wait, was_unknown=was_unknown)
