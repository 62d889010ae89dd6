"""What a step would send to a contact, before it is sent: the step's own kind prepares it.

Must never store or deliver anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hostedpages import clock, db
from hostedpages.builder.plans import queries
from hostedpages.builder.share import addresses
from hostedpages.delivery import plans
from hostedpages.delivery.kinds import kind_of
from hostedpages.models import Account, ActionPlan, Contact, LeadSource, Page, PlanStep


@dataclass(frozen=True)
class Sample:
    """For whom a preview is made: a contact, and what else the tokens stand for."""

    account: Account
    contact: Contact
    page: Page | None
    page_url: str
    lead_source: LeadSource | None


@dataclass(frozen=True)
class StepPreview:
    """One step as it would go out: to whom (or why to nobody), its subject and its text."""

    recipients: list[str]
    refusal: str
    subject: str
    text: str


@dataclass(frozen=True)
class RehearsedStep:
    """One step of a rehearsal: when it is due, and what it would send."""

    number: int
    step: PlanStep
    due_at: datetime
    preview: StepPreview


def sample(account: Account, contacts: Sequence[Contact], chosen: str) -> Sample:
    """The chosen contact (by public id), else the first; an invented one while there is none."""
    contact = next((each for each in contacts if each.public_id == chosen), None)
    page = queries.sample_page(account)
    return Sample(
        account=account,
        contact=contact or (contacts[0] if contacts else invented_contact()),
        page=page,
        page_url=addresses.of(account).page(page) if page else "",
        lead_source=queries.sample_source(account),
    )


def invented_contact() -> Contact:
    """Somebody to preview with before the first lead came; never stored."""
    return Contact(
        first_name="Ann",
        last_name="Example",
        full_name="Ann Example",
        email="ann@example.com",
        cell_phone="+1 212 555 0100",
        city="Albany",
        state="NY",
        zip="12207",
    )


def step_preview(
    kind: str,
    settings: dict[str, Any],
    *,
    plan_name: str,
    for_sample: Sample,
    due_at: datetime,
) -> StepPreview:
    """What this step would send now."""
    with db.session().no_autoflush:
        context = plans.step_context(
            db.session(),
            plan_name=plan_name,
            account=for_sample.account,
            contact=for_sample.contact,
            page=for_sample.page,
            page_url=for_sample.page_url,
            lead_source=for_sample.lead_source,
            due=due_at,
            now=clock.now(),
        )
        prepared = kind_of(kind).prepare(settings, context)
    first = prepared[0] if prepared else None
    payload = first.payload if first else {}
    return StepPreview(
        recipients=[each.recipient for each in prepared if not each.skip_reason],
        refusal=first.skip_reason if first else "Nothing would be sent.",
        subject=str(payload.get("subject") or (first.summary if first else "")),
        text=str(payload.get("text") or ""),
    )


def rehearse(plan: ActionPlan, start: datetime, for_sample: Sample) -> list[RehearsedStep]:
    """Every step with its time, for somebody who enters the plan at `start`; by time."""
    zone = for_sample.account.time_zone
    rehearsed = []
    for number, step in enumerate(plan.steps, 1):
        due = plans.due_at(step, start, zone)
        preview = step_preview(
            step.kind, step.settings, plan_name=plan.name, for_sample=for_sample, due_at=due
        )
        rehearsed.append(RehearsedStep(number, step, due, preview))
    return sorted(rehearsed, key=lambda each: (each.due_at, each.number))
