"""Slows down guessing: limits for one address at one user, for one address, for one user.

Must never lock a user out: whoever guesses from elsewhere only slows elsewhere down.
"""

from sqlalchemy.orm import Session

from hostedpages import clock, ratelimit
from hostedpages.errors import TooManyTries
from hostedpages.tokens import hash_token

MINUTE = 60
HOUR = 60 * MINUTE
WAIT = "Too many tries. Please wait a moment, or use another way to sign in."


def sign_in(session: Session, email: str, address_key: str) -> None:
    """Count one try. Raises TooManyTries.

    When one user is guessed at from many places, each place gets fewer tries, but everybody,
    the user included, still gets some.
    """
    waits = [
        _wait(session, "sign-in-address", address_key, rate=60, per_seconds=10 * MINUTE),
        _wait(session, "sign-in", f"{address_key} {email}", rate=10, per_seconds=5 * MINUTE),
    ]
    if _wait(session, "sign-in-user", email, rate=100, per_seconds=HOUR) > 0:
        waits.append(
            _wait(session, "sign-in-besieged", f"{address_key} {email}", rate=3, per_seconds=HOUR)
        )
    longest = max(waits)
    if longest > 0:
        raise TooManyTries(WAIT, retry_after_seconds=longest)


def mailed_link(session: Session, email: str, address_key: str) -> bool:
    """Whether a mail may go out. Raises TooManyTries for the address; stays silent for the user,
    because a different answer would tell who is one."""
    wait = _wait(session, "link-address", address_key, rate=20, per_seconds=HOUR)
    if wait > 0:
        raise TooManyTries(
            "Too many tries. Please wait a while before asking again.", retry_after_seconds=wait
        )
    return _wait(session, "link-user", email, rate=5, per_seconds=HOUR) <= 0


def _wait(session: Session, limit: str, subject: str, *, rate: int, per_seconds: int) -> float:
    key = f"{limit}:{hash_token(subject)}"  # no address and no email in the table of limits
    return ratelimit.allow(session, key, rate, per_seconds, clock.now())
