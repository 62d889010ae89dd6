"""The table of submissions."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hostedpages.models.base import AccountOwned, Base, Created, PublicId
from hostedpages.models.contact import Contact
from hostedpages.models.page import Page, PageVersion


class Submission(PublicId, AccountOwned, Created, Base):
    """One filled-in form, with the exact version that it answers."""

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("page_id", "nonce"),
        Index("ix_submissions_page_created", "page_id", "created_at"),
        Index("ix_submissions_account_created", "account_id", "created_at"),
    )

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"))
    page_version_id: Mapped[int] = mapped_column(ForeignKey("page_versions.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    lead_source_id: Mapped[int | None] = mapped_column(ForeignKey("lead_sources.id"))
    answers: Mapped[dict[str, Any]]
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[str] = mapped_column(String(40))
    nonce: Mapped[str] = mapped_column(String(64))
    answers_digest: Mapped[str] = mapped_column(String(64))
    revises_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))
    spam_reasons: Mapped[list[str]] = mapped_column(default=list)
    released_at: Mapped[datetime | None]
    plan_note: Mapped[str] = mapped_column(Text, default="")
    search_text: Mapped[str] = mapped_column(Text, default="")

    page: Mapped[Page] = relationship()
    page_version: Mapped[PageVersion] = relationship()
    contact: Mapped[Contact | None] = relationship()

    @property
    def is_quarantined(self) -> bool:
        return bool(self.spam_reasons) and self.released_at is None
