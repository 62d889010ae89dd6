"""What the options can be chosen from: lead sources, action plans, people.

Must never read another account's rows.
"""

from collections.abc import Sequence

from sqlalchemy import func, select

from hostedpages import db
from hostedpages.models import Account, ActionPlan, LeadSource, User


def sources_of(account: Account, chosen: str) -> Sequence[LeadSource]:
    """The account's lead sources in use, and the chosen one whatever its state, by name."""
    return (
        db.session()
        .scalars(
            select(LeadSource)
            .where(
                LeadSource.account_id == account.id,
                LeadSource.active | (LeadSource.name_key == chosen.casefold()),
            )
            .order_by(LeadSource.name_key)
        )
        .all()
    )


def plans_of(account: Account) -> Sequence[ActionPlan]:
    """The account's action plans, by name; archived ones are left out."""
    return (
        db.session()
        .scalars(
            select(ActionPlan)
            .where(ActionPlan.account_id == account.id, ActionPlan.archived_at.is_(None))
            .order_by(ActionPlan.name_key)
        )
        .all()
    )


def plan_of_source(account: Account, name: str) -> ActionPlan | None:
    """The plan that leads of this source start by default."""
    return db.session().scalar(
        select(ActionPlan)
        .join(LeadSource, LeadSource.action_plan_id == ActionPlan.id)
        .where(LeadSource.account_id == account.id, LeadSource.name_key == name.casefold())
    )


def people_of(account: Account) -> Sequence[User]:
    """Who can be notified: everybody who can sign in, by name."""
    return (
        db.session()
        .scalars(
            select(User)
            .where(User.account_id == account.id, User.archived_at.is_(None))
            .order_by(func.lower(User.name), User.email)
        )
        .all()
    )


def new_lead_list(account: Account) -> list[str]:
    """Who is told of a new lead when the page names nobody."""
    people = [each.email for each in people_of(account) if each.gets_new_leads]
    return list(dict.fromkeys([*people, *account.new_lead_emails]))
