"""Tables of hosted pages: the page with its draft, its immutable versions, its daily counts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hostedpages import clock
from hostedpages.models.base import AccountOwned, Base, Created, PublicId

STATUSES = ("draft", "published", "paused", "archived")


class Page(PublicId, AccountOwned, Created, Base):
    """A thing with an address. Its draft is edited; visitors see its live version."""

    __tablename__ = "pages"
    __table_args__ = (
        UniqueConstraint("account_id", "name_key"),
        UniqueConstraint("account_id", "slug"),
    )

    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(400))  # casefolded: names differ in more than case
    slug: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(20), default="draft")
    draft: Mapped[dict[str, Any]]
    lock_version: Mapped[int] = mapped_column(default=1)
    # No constraint: the two tables would each need the other one first. Versions are never deleted.
    live_version_id: Mapped[int | None]
    # Since when it takes answers without a break; unknown for a page that never had one.
    opened_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)

    live_version: Mapped["PageVersion | None"] = relationship(
        primaryjoin="foreign(Page.live_version_id) == PageVersion.id", viewonly=True
    )


class PageVersion(PublicId, AccountOwned, Base):
    """What visitors saw from one publish to the next. Never changed after its insert."""

    __tablename__ = "page_versions"
    __table_args__ = (UniqueConstraint("page_id", "number"),)

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"))
    number: Mapped[int]
    document: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    lead_source_id: Mapped[int | None] = mapped_column(ForeignKey("lead_sources.id"))
    action_plan_id: Mapped[int | None] = mapped_column(ForeignKey("action_plans.id"))
    published_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    page: Mapped[Page] = relationship()


class PageDay(AccountOwned, Base):
    """How often a page was seen and begun on one day of its account's calendar."""

    __tablename__ = "page_days"
    __table_args__ = (
        UniqueConstraint("page_id", "day"),
        Index("ix_page_days_day", "day"),
    )

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"))
    day: Mapped[date]
    views: Mapped[int] = mapped_column(default=0)
    starts: Mapped[int] = mapped_column(default=0)
