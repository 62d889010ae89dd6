"""The table of lead sources."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hostedpages.models.base import AccountOwned, Base, Created, PublicId


class LeadSource(PublicId, AccountOwned, Created, Base):
    """Where leads come from, with the plan that its leads start by default."""

    __tablename__ = "lead_sources"
    __table_args__ = (UniqueConstraint("account_id", "name_key"),)

    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(400))
    web_key: Mapped[str] = mapped_column(String(40), unique=True)
    action_plan_id: Mapped[int | None] = mapped_column(ForeignKey("action_plans.id"))
    active: Mapped[bool] = mapped_column(default=True)
