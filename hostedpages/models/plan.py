"""Tables of action plans, their steps, and the contacts who are in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hostedpages import clock
from hostedpages.models.base import AccountOwned, Base, Created, PublicId

DELAY_UNITS = ("minutes", "hours", "days", "weeks", "months")


class ActionPlan(PublicId, AccountOwned, Created, Base):
    """An automated follow-up: a list of timed steps. Only a Ready one starts."""

    __tablename__ = "action_plans"
    __table_args__ = (UniqueConstraint("account_id", "name_key"),)

    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(20), default="draft")
    stops_on_reply: Mapped[bool] = mapped_column(default=True)  # a person took over: be quiet
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    archived_at: Mapped[datetime | None]

    steps: Mapped[list["PlanStep"]] = relationship(
        order_by="PlanStep.position", cascade="all, delete-orphan", back_populates="plan"
    )


class PlanStep(PublicId, AccountOwned, Base):
    """One action of a plan, a time after its start."""

    __tablename__ = "plan_steps"

    plan_id: Mapped[int] = mapped_column(ForeignKey("action_plans.id"), index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    delay_amount: Mapped[int] = mapped_column(default=0)
    delay_unit: Mapped[str] = mapped_column(String(10), default="minutes")
    at_time: Mapped[str] = mapped_column(String(5), default="")  # HH:MM in the account's zone
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)

    plan: Mapped[ActionPlan] = relationship(back_populates="steps")


class Enrollment(PublicId, AccountOwned, Base):
    """One contact in one plan."""

    __tablename__ = "enrollments"
    __table_args__ = (Index("ix_enrollments_contact_plan_state", "contact_id", "plan_id", "state"),)

    plan_id: Mapped[int] = mapped_column(ForeignKey("action_plans.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="active")
    stop_reason: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]

    plan: Mapped[ActionPlan] = relationship()
