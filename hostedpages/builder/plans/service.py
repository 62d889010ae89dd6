"""What can be done with action plans: one function per use case, one transaction each.

A plan that is Ready stays sendable: a change that would break it is refused. Must never touch what
was planned for people who are in a plan already, but for stopping it.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.builder.pages import naming
from hostedpages.builder.plans import readiness
from hostedpages.builder.plans.readiness import NotReady
from hostedpages.delivery import plans
from hostedpages.delivery.kinds import kind_of
from hostedpages.errors import Conflict, Refused
from hostedpages.models import Account, ActionPlan, Enrollment, Page, PlanStep, User
from hostedpages.sanitize import clean_text

RESERVED_NAMES = frozenset({"none"})  # in a page's options it means: no plan
MAX_STEPS = 100

# Plans


def create_plan(account: Account, name: str) -> ActionPlan:
    """A new draft without steps. Raises Refused for an empty, reserved or taken name."""
    name = _checked_name(name)
    with db.transaction() as session:
        _refuse_taken(session, account.id, name, but=None)
        plan = ActionPlan(account_id=account.id, name=name, name_key=name.casefold())
        session.add(plan)
        session.flush()
    return plan


def rename(plan: ActionPlan, name: str) -> None:
    """Call the plan by another name, also in the drafts of pages that name it. Raises Refused."""
    name = _checked_name(name)
    with db.transaction() as session:
        _refuse_taken(session, plan.account_id, name, but=plan)
        _rename_in_drafts(session, plan, name)
        plan.name, plan.name_key = name, name.casefold()
        plan.updated_at = clock.now()


def change_rules(plan: ActionPlan, *, stops_on_reply: bool) -> None:
    """Say what ends the plan for a contact before its last step. Raises Refused when archived."""
    with db.transaction() as session:
        _lock(session, plan)
        _refuse_archived(plan)
        plan.stops_on_reply = stops_on_reply
        plan.updated_at = clock.now()


def duplicate(plan: ActionPlan) -> ActionPlan:
    """A new draft with the same steps, called "… copy"."""
    with db.transaction() as session:
        name = _free_name(session, plan.account_id, f"{plan.name[: naming.MAX_NAME - 8]} copy")
        copy = ActionPlan(
            account_id=plan.account_id,
            name=name,
            name_key=name.casefold(),
            stops_on_reply=plan.stops_on_reply,
        )
        copy.steps = [
            PlanStep(
                account_id=plan.account_id,
                position=position,
                kind=step.kind,
                delay_amount=step.delay_amount,
                delay_unit=step.delay_unit,
                at_time=step.at_time,
                settings=dict(step.settings),
            )
            for position, step in enumerate(plan.steps)
        ]
        session.add(copy)
        session.flush()
    return copy


def set_ready(plan: ActionPlan) -> None:
    """From now on the plan starts for new leads. Raises NotReady with everything to mend."""
    with db.transaction() as session:
        _lock(session, plan)
        _refuse_archived(plan)
        _refuse_problems(session, plan)
        plan.state, plan.updated_at = "ready", clock.now()


def back_to_draft(plan: ActionPlan) -> None:
    """New leads do not start it any more; who is in it goes on."""
    with db.transaction():
        plan.state, plan.updated_at = "draft", clock.now()


def archive(plan: ActionPlan, *, stops_people: bool = False, by: User) -> None:
    """Take the plan out of use: nothing starts it any more.

    Who is in it goes on to the end, or with `stops_people` is stopped now.
    """
    with db.transaction() as session:
        plan.archived_at = plan.archived_at or clock.now()
        plan.updated_at = clock.now()
        if stops_people:
            for enrollment_id in session.scalars(
                select(Enrollment.id).where(
                    Enrollment.plan_id == plan.id, Enrollment.state == "active"
                )
            ).all():
                _stop(enrollment_id, f"The plan was archived by {_called(by)}.", by)


def restore(plan: ActionPlan) -> None:
    """Bring an archived plan back, as a draft: a person looks at it before it starts again."""
    with db.transaction():
        plan.archived_at, plan.state, plan.updated_at = None, "draft", clock.now()


# Steps


def add_step(
    plan: ActionPlan,
    *,
    kind: str,
    delay_amount: int,
    delay_unit: str,
    at_time: str = "",
    settings: dict[str, Any] | None = None,
) -> PlanStep:
    """Add a step at the end. Raises Refused for an unknown kind, NotReady if it breaks the plan."""
    if not kind_of(kind).is_step:
        raise Refused("Choose what this step does.", field="kind")
    with db.transaction() as session:
        _lock(session, plan)
        _refuse_archived(plan)
        if len(plan.steps) >= MAX_STEPS:
            raise Refused(f"A plan has at most {MAX_STEPS} steps.")
        step = PlanStep(
            account_id=plan.account_id,
            position=len(plan.steps),
            kind=kind,
            delay_amount=delay_amount,
            delay_unit=delay_unit,
            at_time=at_time,
            settings=_cleaned(settings or {}),
        )
        plan.steps.append(step)
        session.flush()
        _touch(session, plan)
    return step


def change_step(
    step: PlanStep,
    *,
    delay_amount: int,
    delay_unit: str,
    at_time: str,
    settings: dict[str, Any],
) -> None:
    """Change when a step comes and what it says. Raises NotReady if it breaks a Ready plan."""
    with db.transaction() as session:
        _lock(session, step.plan)
        _refuse_archived(step.plan)
        step.delay_amount, step.delay_unit, step.at_time = delay_amount, delay_unit, at_time
        step.settings = _cleaned(settings)
        _touch(session, step.plan)


def move_step(step: PlanStep, *, by: int) -> None:
    """Move a step one place up (-1) or down (1); at the end of the list nothing happens."""
    with db.transaction() as session:
        plan = _lock(session, step.plan)
        _refuse_archived(plan)
        order = list(plan.steps)
        old = order.index(step)
        new = old + by
        if not 0 <= new < len(order):
            return
        order[old], order[new] = order[new], order[old]
        _number(order)
        _touch(session, plan)


def delete_step(step: PlanStep) -> None:
    """Remove a step. Raises NotReady for the last step of a Ready plan."""
    with db.transaction() as session:
        plan = _lock(session, step.plan)
        _refuse_archived(plan)
        plan.steps.remove(step)
        _number(plan.steps)
        _touch(session, plan)


# People


def stop_enrollment(enrollment: Enrollment, *, by: User) -> None:
    """Stop the plan for one contact: what is not sent yet is canceled. Raises Conflict."""
    with db.transaction():
        if enrollment.state != "active":
            raise Conflict("This plan has already ended for this contact.")
        _stop(enrollment.id, f"{_called(by)} stopped it.", by)


def _stop(enrollment_id: int, reason: str, by: User) -> None:
    plans.stop(enrollment_id, reason, clock.now(), by_user_id=by.id)


def _called(user: User) -> str:
    return user.name or user.email


def _checked_name(name: str) -> str:
    name = naming.checked_name(name, what="plan")
    if name.casefold() in RESERVED_NAMES:
        raise Refused(f"“{name}” means that no plan is started. Choose another name.", field="name")
    return name


def _with_name(session: Session, account_id: int, name: str) -> ActionPlan | None:
    # Whoever asks is about to take the name: one after the other.
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update())
    return session.scalar(
        select(ActionPlan).where(
            ActionPlan.account_id == account_id, ActionPlan.name_key == name.casefold()
        )
    )


def _refuse_taken(session: Session, account_id: int, name: str, *, but: ActionPlan | None) -> None:
    found = _with_name(session, account_id, name)
    if found is None or found is but:
        return
    which = "An archived plan" if found.archived_at is not None else "Another plan"
    raise Refused(f"{which} is already called “{found.name}”. Choose another name.", field="name")


def _free_name(session: Session, account_id: int, wanted: str) -> str:
    name, number = wanted, 1
    while _with_name(session, account_id, name) is not None:
        number += 1
        name = f"{wanted} {number}"
    return name


def _rename_in_drafts(session: Session, plan: ActionPlan, name: str) -> None:
    """Drafts name their plan. An open designer sees that its draft is stale, and why."""
    named = Page.draft["options"]["action_plan"].as_string()
    for page in session.scalars(
        select(Page).where(Page.account_id == plan.account_id, named.is_not(None))
    ):
        options = page.draft["options"]
        if str(options["action_plan"]).casefold() == plan.name_key:
            page.draft = {**page.draft, "options": {**options, "action_plan": name}}
            page.lock_version += 1
            page.updated_at = clock.now()


def _lock(session: Session, plan: ActionPlan) -> ActionPlan:
    """Two people may edit the same plan: one after the other."""
    return session.scalars(
        select(ActionPlan)
        .where(ActionPlan.id == plan.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _refuse_archived(plan: ActionPlan) -> None:
    if plan.archived_at is not None:
        raise Refused("This plan is archived. Restore it first.")


def _refuse_problems(session: Session, plan: ActionPlan) -> None:
    problems = readiness.plan_problems(session, plan)
    if problems:
        raise NotReady(problems)


def _touch(session: Session, plan: ActionPlan) -> None:
    plan.updated_at = clock.now()
    if plan.state == "ready":
        _refuse_problems(session, plan)


def _number(steps: list[PlanStep]) -> None:
    for position, step in enumerate(steps):
        step.position = position


def _cleaned(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        name: clean_text(value) if isinstance(value, str) else value
        for name, value in settings.items()
    }
