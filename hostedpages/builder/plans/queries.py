"""Reads action plans of one account: the list, where each is used, who is in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, case, func, or_, select

from hostedpages import db
from hostedpages.builder.paging import PageOfRows, page_of
from hostedpages.delivery.ending import OPEN_STATES
from hostedpages.models import (
    Account,
    ActionPlan,
    Contact,
    Delivery,
    Enrollment,
    LeadSource,
    Page,
    PageVersion,
    PlanStep,
)

STATES = {"ready": "Ready", "draft": "Draft", "archived": "Archived"}
CONTACTS_TO_CHOOSE = 50


@dataclass
class Uses:
    """What starts a plan: lead sources and live pages, and drafts that will. (name, public id)."""

    sources: list[tuple[str, str]] = field(default_factory=list)
    pages: list[tuple[str, str]] = field(default_factory=list)
    drafts: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.sources or self.pages or self.drafts)

    @property
    def names(self) -> list[str]:
        """Each use in words: `lead source “Website”`, `page “Free estimate”`."""
        return [
            *(f"lead source “{name}”" for name, _ in self.sources),
            *(f"page “{name}”" for name, _ in self.pages),
            *(f"the draft of page “{name}”" for name, _ in self.drafts),
        ]


@dataclass(frozen=True)
class PlanRow:
    """A plan as the list shows it."""

    plan: ActionPlan
    steps: int
    people: int
    uses: Uses


@dataclass(frozen=True)
class PersonRow:
    """Somebody in a plan, with the next delivery and how many are still to come."""

    enrollment: Enrollment
    contact: Contact
    next_delivery: Delivery | None
    open_count: int


def plans_page(account: Account, *, search: str, state: str, number: int) -> PageOfRows[PlanRow]:
    """One page of the account's plans by name; archived ones only when asked for."""
    statement = select(
        ActionPlan,
        _count(PlanStep.id, PlanStep.plan_id == ActionPlan.id),
        _count(Enrollment.id, Enrollment.plan_id == ActionPlan.id, Enrollment.state == "active"),
    ).where(ActionPlan.account_id == account.id)
    if state == "archived":
        statement = statement.where(ActionPlan.archived_at.is_not(None))
    else:
        statement = statement.where(ActionPlan.archived_at.is_(None))
        if state:
            statement = statement.where(ActionPlan.state == state)
    if search:
        statement = statement.where(
            ActionPlan.name_key.contains(search.casefold(), autoescape=True)
        )
    found = page_of(statement.order_by(ActionPlan.name_key), number, 25)
    uses = uses_by_plan(account) if found.rows else {}
    rows = [
        PlanRow(plan, steps, people, uses.get(plan.id, Uses()))
        for plan, steps, people in found.rows
    ]
    return PageOfRows(rows=rows, number=found.number, size=found.size, total=found.total)


def has_plans(account: Account) -> bool:
    """Whether the account has any plan, archived ones too."""
    found = select(ActionPlan.id).where(ActionPlan.account_id == account.id).limit(1)
    return db.session().scalar(found) is not None


def uses_by_plan(account: Account) -> dict[int, Uses]:
    """For each plan of the account that anything starts: what does."""
    session = db.session()
    found: dict[int, Uses] = {}
    sources = session.execute(
        select(LeadSource.action_plan_id, LeadSource.name, LeadSource.public_id)
        .where(
            LeadSource.account_id == account.id,
            LeadSource.action_plan_id.is_not(None),
            LeadSource.active.is_(True),
        )
        .order_by(LeadSource.name_key)
    )
    for plan_id, name, public_id in sources:
        found.setdefault(plan_id, Uses()).sources.append((name, public_id))
    _add_pages(account, found)
    return found


def uses_of(account: Account, plan: ActionPlan) -> Uses:
    """What starts this plan."""
    return uses_by_plan(account).get(plan.id, Uses())


def _add_pages(account: Account, found: dict[int, Uses]) -> None:
    session = db.session()
    named = session.execute(
        select(ActionPlan.name_key, ActionPlan.id).where(ActionPlan.account_id == account.id)
    )
    ids = dict(named.all())
    in_draft = Page.draft["options"]["action_plan"].as_string()
    pages = session.execute(
        select(
            Page.name,
            Page.public_id,
            case((Page.status == "published", PageVersion.action_plan_id)).label("live_id"),
            in_draft.label("draft_name"),
        )
        .outerjoin(PageVersion, PageVersion.id == Page.live_version_id)
        .where(
            Page.account_id == account.id,
            Page.status != "archived",
            or_(PageVersion.action_plan_id.is_not(None), in_draft.is_not(None)),
        )
        .order_by(Page.name_key)
    )
    for name, public_id, live_id, draft_name in pages:
        if live_id is not None:
            found.setdefault(live_id, Uses()).pages.append((name, public_id))
        draft_id = ids.get((draft_name or "").casefold())
        if draft_id is not None and draft_id != live_id:
            found.setdefault(draft_id, Uses()).drafts.append((name, public_id))


def people_count(plan: ActionPlan) -> int:
    """How many contacts are in the plan now."""
    return (
        db.session().scalar(
            select(func.count(Enrollment.id)).where(
                Enrollment.plan_id == plan.id, Enrollment.state == "active"
            )
        )
        or 0
    )


def people_page(plan: ActionPlan, *, number: int, size: int) -> PageOfRows[PersonRow]:
    """Who is or was in the plan: those in it now first, then the latest."""
    statement = (
        select(Enrollment, Contact)
        .join(Contact, Contact.id == Enrollment.contact_id)
        .where(Enrollment.plan_id == plan.id)
        .order_by(
            case((Enrollment.state == "active", 0), else_=1),
            Enrollment.started_at.desc(),
            Enrollment.id.desc(),
        )
    )
    found = page_of(statement, number, size)
    coming = _coming([enrollment.id for enrollment, _ in found.rows])
    rows = [
        PersonRow(
            enrollment,
            contact,
            next(iter(coming.get(enrollment.id, [])), None),
            len(coming.get(enrollment.id, [])),
        )
        for enrollment, contact in found.rows
    ]
    return PageOfRows(rows=rows, number=found.number, size=found.size, total=found.total)


def _coming(enrollment_ids: Sequence[int]) -> dict[int, list[Delivery]]:
    """What each enrollment still has to come, the next one first."""
    coming: dict[int, list[Delivery]] = {}
    if not enrollment_ids:
        return coming
    for delivery in db.session().scalars(
        select(Delivery)
        .where(Delivery.enrollment_id.in_(enrollment_ids), Delivery.state.in_(OPEN_STATES))
        .order_by(Delivery.due_at, Delivery.id)
    ):
        if delivery.enrollment_id is not None:
            coming.setdefault(delivery.enrollment_id, []).append(delivery)
    return coming


def contacts_to_choose(account: Account) -> list[Contact]:
    """The contacts that changed last, for previews."""
    found: Select[tuple[Contact]] = (
        select(Contact)
        .where(Contact.account_id == account.id, Contact.archived_at.is_(None))
        .order_by(Contact.updated_at.desc(), Contact.id.desc())
        .limit(CONTACTS_TO_CHOOSE)
    )
    return list(db.session().scalars(found))


def sample_page(account: Account) -> Page | None:
    """A page to fill in the page's tokens with, in previews: the one that was edited last."""
    return db.session().scalar(
        select(Page)
        .where(Page.account_id == account.id, Page.status != "archived")
        .order_by(Page.updated_at.desc(), Page.id.desc())
        .limit(1)
    )


def sample_source(account: Account) -> LeadSource | None:
    """A lead source for previews."""
    return db.session().scalar(
        select(LeadSource)
        .where(LeadSource.account_id == account.id, LeadSource.active.is_(True))
        .order_by(LeadSource.id)
        .limit(1)
    )


def _count(column: Any, *conditions: Any) -> Any:
    return select(func.count(column)).where(*conditions).correlate(ActionPlan).scalar_subquery()
