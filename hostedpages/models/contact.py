"""Tables of contacts, their personal links and their history."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hostedpages import clock
from hostedpages.models.base import AccountOwned, Base, Created, PublicId


class Contact(PublicId, AccountOwned, Created, Base):
    """A person record. Its id is stable for ever."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index("ix_contacts_account_email", "account_id", "email_key"),
        Index("ix_contacts_account_phone", "account_id", "cell_phone"),
        Index("ix_contacts_account_home_phone", "account_id", "home_phone"),
    )

    first_name: Mapped[str] = mapped_column(Text, default="")
    last_name: Mapped[str] = mapped_column(Text, default="")
    full_name: Mapped[str] = mapped_column(Text, default="")
    company_name: Mapped[str] = mapped_column(Text, default="")
    job_title: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    email_key: Mapped[str] = mapped_column(String(254), default="")  # lower case, for matching
    cell_phone: Mapped[str] = mapped_column(String(32), default="")
    home_phone: Mapped[str] = mapped_column(String(32), default="")
    address: Mapped[str] = mapped_column(Text, default="")
    city: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(Text, default="")
    zip: Mapped[str] = mapped_column(Text, default="")
    country: Mapped[str] = mapped_column(Text, default="")
    whiteboard: Mapped[str] = mapped_column(Text, default="")
    sms_ok: Mapped[bool] = mapped_column(default=False)
    deal_size: Mapped[str] = mapped_column(Text, default="")
    age: Mapped[str] = mapped_column(Text, default="")
    gender: Mapped[str] = mapped_column(Text, default="")
    birth_date: Mapped[str] = mapped_column(Text, default="")
    first_touch: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_touch: Mapped[dict[str, Any]] = mapped_column(default=dict)
    lead_source_id: Mapped[int | None] = mapped_column(ForeignKey("lead_sources.id"))
    needs_review: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    archived_at: Mapped[datetime | None]

    @property
    def display_name(self) -> str:
        """What people call this contact, whatever is known."""
        joined = f"{self.first_name} {self.last_name}".strip() or self.full_name
        return joined or self.email or self.cell_phone or "Nameless contact"


class ContactLink(PublicId, AccountOwned, Created, Base):
    """A personal link of one contact to one page. Its token holds only this row's public id."""

    __tablename__ = "contact_links"

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    contact: Mapped[Contact] = relationship()


class HistoryEntry(AccountOwned, Created, Base):
    """A note of what happened to a contact."""

    __tablename__ = "history_entries"

    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
