"""Tables of accounts, users, their sessions and single-use tokens."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hostedpages.models.base import AccountOwned, Base, Created, PublicId

ROLES = ("owner", "admin", "standard", "salesperson")


class Account(PublicId, Created, Base):
    """A tenant. All of its data is invisible to every other account."""

    __tablename__ = "accounts"

    name: Mapped[str] = mapped_column(String(120))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    parent_account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    time_zone: Mapped[str] = mapped_column(String(64), default="America/New_York")
    new_lead_emails: Mapped[list[str]] = mapped_column(default=list)
    # Stand below every mail of a plan: who sends it, and how to reach them.
    company_address: Mapped[str] = mapped_column(Text, default="")
    company_phone: Mapped[str] = mapped_column(String(40), default="")
    company_email: Mapped[str] = mapped_column(String(254), default="")
    # Who is told, by a second way, when something endangers leads.
    alarm_emails: Mapped[list[str]] = mapped_column(default=list)
    alarm_webhook_url: Mapped[str] = mapped_column(Text, default="")
    alarm_webhook_sealed: Mapped[str] = mapped_column(Text, default="")  # its signing secret
    daily_digest: Mapped[bool] = mapped_column(default=True)
    digest_sent_on: Mapped[date | None]
    archived_at: Mapped[datetime | None]

    @property
    def alarm_webhook_place(self) -> str:
        """What the signing secret of the alarm webhook is bound to."""
        return f"account:{self.public_id}:alarm_webhook"


class User(PublicId, AccountOwned, Created, Base):
    """A person who signs in."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    gets_new_leads: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class UserSession(PublicId, AccountOwned, Created, Base):
    """One signed-in browser; the cookie's token is stored as its hash."""

    __tablename__ = "user_sessions"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(String(64), default="")

    user: Mapped[User] = relationship()


class UserToken(AccountOwned, Created, Base):
    """A link that works once: sign in, invitation, password reset."""

    __tablename__ = "user_tokens"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
