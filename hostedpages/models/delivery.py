"""Tables of the outbox: deliveries, their attempts, the worker's heartbeat, rate buckets.

Only `delivery/outbox.py` writes the state of a delivery.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hostedpages import clock
from hostedpages.models.base import AccountOwned, Base, Created, PublicId
from hostedpages.models.sender import PLATFORM

STATES = (
    "pending",
    "claimed",
    "sending",
    "delivered",
    "failed",
    "unknown",
    "held",
    "skipped",
    "canceled",
)


class Delivery(PublicId, AccountOwned, Created, Base):
    """One promised action after a commit: what, to whom, when, and how it went."""

    __tablename__ = "deliveries"
    __table_args__ = (
        # Partial: these hold only what is asked for all the time, however many are done.
        Index(
            "ix_deliveries_pending",
            "sender_id",
            "due_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_deliveries_urgent",
            "sender_id",
            "due_at",
            sqlite_where=text("state = 'pending' and is_urgent"),
            postgresql_where=text("state = 'pending' and is_urgent"),
        ),
        Index(
            "ix_deliveries_held",
            "due_at",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
        Index(
            "ix_deliveries_leased",
            "lease_until",
            sqlite_where=text("state in ('claimed', 'sending')"),
            postgresql_where=text("state in ('claimed', 'sending')"),
        ),
        # The staff rail counts these on every screen.
        Index(
            "ix_deliveries_needs_person",
            "account_id",
            sqlite_where=text("state in ('failed', 'unknown', 'held')"),
            postgresql_where=text("state in ('failed', 'unknown', 'held')"),
        ),
        # What did not go, by when: the alarms and the daily digest look at the newest of these.
        Index(
            "ix_deliveries_not_sent",
            "finished_at",
            sqlite_where=text("state in ('failed', 'unknown', 'skipped')"),
            postgresql_where=text("state in ('failed', 'unknown', 'skipped')"),
        ),
        Index("ix_deliveries_account_created", "account_id", "created_at"),
    )

    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), default="pending")
    due_at: Mapped[datetime]
    # Which sender shall take it: chosen when it is put, and again when senders change. A number,
    # not a reference: the sender may be removed while its deliveries stay.
    sender_id: Mapped[int] = mapped_column(default=PLATFORM)
    # Somebody waits for it: it goes before all else that waits for the same sender.
    is_urgent: Mapped[bool] = mapped_column(default=False)
    payload: Mapped[dict[str, Any]]
    recipient: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    page_id: Mapped[int | None] = mapped_column(ForeignKey("pages.id"), index=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    enrollment_id: Mapped[int | None] = mapped_column(ForeignKey("enrollments.id"), index=True)
    # A number, not a reference: the step may be edited away while its delivery waits.
    plan_step_id: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    worker: Mapped[str] = mapped_column(String(64), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    receipt: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[datetime | None]
    # When a notice came that it did not arrive. Beside the state: notices come late and in any
    # order, and the server's acceptance stays true.
    bounced_at: Mapped[datetime | None]

    tries: Mapped[list["DeliveryAttempt"]] = relationship(order_by="DeliveryAttempt.number")


class DeliveryAttempt(AccountOwned, Base):
    """One try. Opened with the claim, so that a crash leaves an attempt without an outcome."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (
        UniqueConstraint("delivery_id", "number"),
        # What a sender used up of its limits: the platform's own server has none.
        Index(
            "ix_delivery_attempts_counted",
            "counted_as",
            "finished_at",
            sqlite_where=text("counted_as <> ''"),
            postgresql_where=text("counted_as <> ''"),
        ),
    )

    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"))
    number: Mapped[int]
    sender_id: Mapped[int] = mapped_column(default=PLATFORM)  # which one really took it
    # What the provider counted it as: that of the sender at the time, which may change or go.
    counted_as: Mapped[str] = mapped_column(String(40), default="")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20), default="")
    reply: Mapped[str] = mapped_column(Text, default="")


class Heartbeat(Base):
    """The last sign of life of a process."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(40), unique=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class RateBucket(Base):
    """One limit's state: its theoretical arrival time in unix seconds."""

    __tablename__ = "rate_buckets"

    key: Mapped[str] = mapped_column(String(200), unique=True)
    tat: Mapped[float]
