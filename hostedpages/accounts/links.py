"""Links that work once: sign in, invitation, password reset.

Rows of the current transaction only. Must never store a token as it is, and never let one outlive
the password or the address that it was made for.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hostedpages.models import User, UserToken
from hostedpages.tokens import hash_token, random_id

ID_LENGTH = 22
SIGN_IN_VALID_FOR = timedelta(minutes=15)
PRINTED_VALID_FOR = timedelta(hours=24)
RESET_VALID_FOR = timedelta(hours=1)
INVITE_VALID_FOR = timedelta(days=7)


def issue(
    session: Session, user: User, purpose: str, *, valid_for: timedelta, now: datetime
) -> str:
    """Add a row and return the token for the link. `purpose` is sign_in, invite or reset."""
    token = user.public_id + random_id()
    session.add(
        UserToken(
            account_id=user.account_id,
            user_id=user.id,
            purpose=purpose,
            token_hash=_fingerprint(user, purpose, token),
            expires_at=now + valid_for,
        )
    )
    return token


def find(session: Session, purpose: str, token: str, *, now: datetime) -> UserToken | None:
    """The usable row of a token; None when it is wrong, used, expired, or of another purpose."""
    if len(token) != 2 * ID_LENGTH or not token.isascii():
        return None
    user = session.scalar(select(User).where(User.public_id == token[:ID_LENGTH]))
    if user is None or user.archived_at is not None or user.account.archived_at is not None:
        return None
    return session.scalar(
        select(UserToken).where(
            UserToken.token_hash == _fingerprint(user, purpose, token),
            UserToken.user_id == user.id,
            UserToken.purpose == purpose,
            UserToken.used_at.is_(None),
            UserToken.expires_at > now,
        )
    )


def consume(session: Session, found: UserToken, *, now: datetime) -> bool:
    """Mark it used. False when somebody else was faster."""
    used = session.execute(
        update(UserToken)
        .where(UserToken.id == found.id, UserToken.used_at.is_(None))
        .values(used_at=now)
        .returning(UserToken.id)
    ).first()
    return used is not None


def was_ever_used(session: Session, user: User) -> bool:
    """Whether this user has come in by a link before."""
    used = select(UserToken.id).where(UserToken.user_id == user.id, UserToken.used_at.is_not(None))
    return session.scalar(used.limit(1)) is not None


def end_all(session: Session, user: User, *, now: datetime) -> None:
    """No open link of this user works any longer."""
    session.execute(
        update(UserToken)
        .where(UserToken.user_id == user.id, UserToken.expires_at > now)
        .values(expires_at=now)
    )


def _fingerprint(user: User, purpose: str, token: str) -> str:
    """Ties the row to purpose, address and password: when one changes, the token is dead."""
    return hash_token("\n".join((purpose, token, user.email, user.password_hash or "")))
