"""What keeps a plan from being Ready. Reads only.

A draft may be as unfinished as it likes; Ready means that every step can be sent.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from hostedpages.builder.plans.words import stored_as_typed
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import StepSettings
from hostedpages.errors import Refused
from hostedpages.models import Account, ActionPlan, PlanStep, Sender, User


@dataclass(frozen=True)
class PlanProblem:
    """One thing to mend: in words, with the step that has it (its number counts from 1)."""

    message: str
    step: PlanStep | None = None
    number: int = 0


@dataclass(frozen=True)
class PlanHint:
    """Something that would be better otherwise; `endpoint` is the screen that mends it."""

    message: str
    link: str
    endpoint: str


class NotReady(Refused):
    """The plan cannot be Ready; `problems` has every reason."""

    def __init__(self, problems: list[PlanProblem]) -> None:
        reasons = " ".join(
            f"Step {each.number}: {each.message}" if each.step else each.message
            for each in problems
        )
        super().__init__(f"This plan cannot be Ready yet. {reasons}")
        self.problems = problems


def people_to_choose(session: Session, account_id: int) -> list[tuple[str, str]]:
    """Users who can be told something: public id and name."""
    found = session.execute(
        select(User.public_id, User.name, User.email)
        .where(User.account_id == account_id, User.archived_at.is_(None))
        .order_by(User.name, User.id)
    )
    return [(public_id, name or email) for public_id, name, email in found]


def settings_form(
    kind_key: str, people: list[tuple[str, str]], typed: MultiDict[str, str] | None = None
) -> StepSettings:
    """The form of a kind's settings, with what a browser sent (see `stored_as_typed`)."""
    form = kind_of(kind_key).settings(typed)
    form.offer(people=people)
    return form


def plan_problems(session: Session, plan: ActionPlan) -> list[PlanProblem]:
    """Everything that must be mended before the plan can be Ready, in the order of its steps."""
    if not plan.steps:
        return [PlanProblem("It has no step yet. Add the first one.")]
    people = people_to_choose(session, plan.account_id)
    return [
        PlanProblem(message, step, number)
        for number, step in enumerate(plan.steps, 1)
        for message in step_problems(step, people)
    ]


def plan_hints(session: Session, account: Account, plan: ActionPlan) -> list[PlanHint]:
    """What a Ready plan may lack all the same: who sends, and where answers are noticed."""
    if not any(kind_of(step.kind).is_to_contact for step in plan.steps):
        return []
    hints = []
    missing = [
        words
        for words, value in (
            ("postal address", account.company_address),
            ("phone number", account.company_phone),
        )
        if not value
    ]
    if missing:
        hints.append(
            PlanHint(
                f"The mails of this plan end without a {' and a '.join(missing)}: many countries "
                "require to say who sends.",
                "Fill it in under Account",
                "builder.settings_account",
            )
        )
    if plan.stops_on_reply and not _reads_mailboxes(session, account.id):
        hints.append(
            PlanHint(
                "Replies are not noticed yet: no mailbox of this account is read, so nothing stops "
                "the plan when a contact answers.",
                "Turn on IMAP under Mail",
                "builder.senders_list",
            )
        )
    return hints


def _reads_mailboxes(session: Session, account_id: int) -> bool:
    found = select(Sender.id).where(
        Sender.account_id == account_id, Sender.enabled, Sender.imap_enabled
    )
    return session.scalar(found.limit(1)) is not None


def step_problems(step: PlanStep, people: list[tuple[str, str]]) -> list[str]:
    """What one step lacks, in words."""
    if not kind_of(step.kind).is_step:
        return [f"{kind_of(step.kind).label} is not something that a plan can do."]
    form = settings_form(step.kind, people, stored_as_typed(step.settings))
    if form.validate():
        return []
    return [
        f"{form[name].label.text}: {message}"
        for name, messages in form.errors.items()
        if name is not None
        for message in messages
    ]
