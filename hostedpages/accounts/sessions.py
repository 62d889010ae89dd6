"""Rows of signed-in browsers: open, look up, end.

Rows of the current transaction only. Must never store a cookie's token as it is.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, contains_eager

from hostedpages.models import Account, User, UserSession
from hostedpages.tokens import hash_token, random_id

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
TOUCH_EVERY = timedelta(minutes=5)  # writing on each request would make every GET a writer


def open_session(
    session: Session, user: User, *, address: str, user_agent: str, now: datetime
) -> str:
    """Add a row and return the token for the cookie. Clears this user's expired rows."""
    session.execute(
        delete(UserSession).where(UserSession.user_id == user.id, UserSession.expires_at <= now)
    )
    token = random_id() + random_id()
    session.add(
        UserSession(
            account_id=user.account_id,
            user_id=user.id,
            token_hash=hash_token(token),
            last_seen_at=now,
            expires_at=now + ABSOLUTE,
            user_agent=user_agent[:300],
            address=address[:64],
        )
    )
    return token


def live_session(session: Session, token: str, *, now: datetime) -> UserSession | None:
    """The session of a cookie with its user and account, read fresh; None when it is over."""
    if not token or len(token) > 100 or not token.isascii():
        return None
    return session.scalar(
        select(UserSession)
        .join(UserSession.user)
        .join(User.account)
        .options(contains_eager(UserSession.user).contains_eager(User.account))
        .where(
            UserSession.token_hash == hash_token(token),
            UserSession.expires_at > now,
            UserSession.last_seen_at > now - IDLE,
            User.archived_at.is_(None),
            Account.archived_at.is_(None),
        )
    )


def live_sessions(session: Session, user: User, *, now: datetime) -> list[UserSession]:
    """All browsers where this user is signed in, the latest first."""
    return list(
        session.scalars(
            select(UserSession)
            .where(
                UserSession.user_id == user.id,
                UserSession.expires_at > now,
                UserSession.last_seen_at > now - IDLE,
            )
            .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
        )
    )


def end_all(session: Session, user: User) -> None:
    """Sign this user out everywhere."""
    session.execute(delete(UserSession).where(UserSession.user_id == user.id))
