"""What the settings screens show. Must never read past the account that is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from hostedpages import db
from hostedpages.models import Account, ActionPlan, LeadSource, Submission, User, UserSession


@dataclass(frozen=True)
class UserRow:
    user: User
    last_seen_at: datetime | None

    @property
    def state(self) -> str:
        """`active`, `invited` (has never come in) or `archived`."""
        if self.user.archived_at is not None:
            return "archived"
        if self.user.password_hash is None and self.last_seen_at is None:
            return "invited"
        return "active"


@dataclass(frozen=True)
class SourceRow:
    source: LeadSource
    plan: ActionPlan | None
    leads: int


def users_of(account: Account) -> list[UserRow]:
    """All users, the archived ones last."""
    last_seen = (
        select(UserSession.user_id, func.max(UserSession.last_seen_at).label("at"))
        .where(UserSession.account_id == account.id)
        .group_by(UserSession.user_id)
        .subquery()
    )
    rows = db.session().execute(
        select(User, last_seen.c.at)
        .outerjoin(last_seen, last_seen.c.user_id == User.id)
        .where(User.account_id == account.id)
        .order_by(User.archived_at.is_not(None), func.lower(User.name), User.email)
    )
    return [UserRow(user, at) for user, at in rows]


def row_of(user: User) -> UserRow:
    """One user with the time of the last visit."""
    at = db.session().scalar(
        select(func.max(UserSession.last_seen_at)).where(UserSession.user_id == user.id)
    )
    return UserRow(user, at)


def sources_of(account: Account) -> list[SourceRow]:
    """All lead sources with their plan and how many leads came, the archived ones last."""
    leads = (
        select(Submission.lead_source_id, func.count().label("number"))
        .where(Submission.account_id == account.id, Submission.contact_id.is_not(None))
        .group_by(Submission.lead_source_id)
        .subquery()
    )
    rows = db.session().execute(
        select(LeadSource, ActionPlan, leads.c.number)
        .outerjoin(ActionPlan, ActionPlan.id == LeadSource.action_plan_id)
        .outerjoin(leads, leads.c.lead_source_id == LeadSource.id)
        .where(LeadSource.account_id == account.id)
        .order_by(LeadSource.active.desc(), LeadSource.name_key)
    )
    return [SourceRow(source, plan, number or 0) for source, plan, number in rows]


def plans_to_choose(account: Account) -> Sequence[ActionPlan]:
    """Plans that a lead source may start."""
    return (
        db.session()
        .scalars(
            select(ActionPlan)
            .where(ActionPlan.account_id == account.id, ActionPlan.archived_at.is_(None))
            .order_by(ActionPlan.name_key)
        )
        .all()
    )


def plan_of(source: LeadSource) -> ActionPlan | None:
    """The plan that a lead source starts."""
    if source.action_plan_id is None:
        return None
    return db.session().get(ActionPlan, source.action_plan_id)
