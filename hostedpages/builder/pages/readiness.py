"""What keeps a page from being published, and what would surprise its owner. Reads only.

The schema knows what a document lacks; this adds what only the account can know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages.builder.pages import naming
from hostedpages.errors import Refused
from hostedpages.models import Account, ActionPlan, LeadSource, User
from hostedpages.schema.form_schema import FormSchema, Problem


class PublishRefused(Refused):
    """The page cannot go live; `problems` has every reason with its path."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = len(problems)
        things = "One thing needs" if count == 1 else f"{count} things need"
        super().__init__(f"{things} to be put right before this page can be published.")
        self.problems = list(problems)


@dataclass(frozen=True)
class Readiness:
    """What a publish would use, and what speaks against it."""

    problems: list[Problem]
    warnings: list[str]
    lead_source: LeadSource | None
    action_plan: ActionPlan | None


def readiness(session: Session, account: Account, schema: FormSchema) -> Readiness:
    """Ask the document and the account."""
    options = schema.options
    problems = list(schema.publish_problems())
    warnings: list[str] = []
    source = plan = None
    if options.lead_source:
        source = naming.source_by_name(session, account, options.lead_source)
        if source is None:
            words = f"There is no lead source “{options.lead_source}”. Please choose another one."
            problems.append(Problem("options.lead_source", words))
        elif not source.active:
            words = f"The lead source “{source.name}” is switched off. Please choose another one."
            problems.append(Problem("options.lead_source", words))
    if options.action_plan and not options.starts_no_plan:
        plan = naming.plan_by_name(session, account, options.action_plan)
        if plan is None:
            words = f"There is no action plan “{options.action_plan}”. Please choose another one."
            problems.append(Problem("options.action_plan", words))
        elif plan.state != "ready":
            warnings.append(
                f"The action plan “{plan.name}” is not marked Ready: leads are taken, "
                "but it will not start."
            )
    warnings += _unknown_people(session, account, options.notify_users)
    return Readiness(problems, warnings, source, plan)


def _unknown_people(session: Session, account: Account, emails: Sequence[str]) -> list[str]:
    if not emails:
        return []
    known = set(
        session.scalars(
            select(User.email).where(User.account_id == account.id, User.archived_at.is_(None))
        )
    )
    return [
        f"{email} is not a user any more and gets no mail."
        for email in emails
        if email.lower() not in known
    ]
