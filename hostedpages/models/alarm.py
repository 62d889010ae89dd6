"""The table of alarms: what endangers leads, since when, and who was told."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hostedpages.models.base import AccountOwned, Base, Created, PublicId


class Alarm(PublicId, AccountOwned, Created, Base):
    """One thing that needs a person; open until it is over. `subject` names what it is about."""

    __tablename__ = "alarms"
    __table_args__ = (
        Index(
            "uq_alarms_open",
            "account_id",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("closed_at is null"),
            postgresql_where=text("closed_at is null"),
        ),
    )

    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))  # `sender:12`, `page:7`, `outbox`, ...
    text: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(String(200), default="")  # where in the builder to go
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    told_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
