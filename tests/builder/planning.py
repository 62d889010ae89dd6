"""What tests of action plans share: a step that can be sent, addresses, entering a plan."""

from typing import Any

from hostedpages import clock, db
from hostedpages.delivery import plans
from hostedpages.models import ActionPlan, Contact, Enrollment, PlanStep
from tests.people import Person

MAIL = {"subject": "Hello {{contact.first_name|there}}", "body": "Thank you."}


def email(**values: Any) -> dict[str, Any]:
    """Columns of an email step that can be sent."""
    return {"kind": "email", "delay_unit": "days", "settings": dict(MAIL), **values}


def text_of(person: Person, address: str) -> str:
    answer = person.client.get(address)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def at(plan: ActionPlan, verb: str = "") -> str:
    return f"/plans/{plan.public_id}{verb}"


def step_at(step: PlanStep, verb: str = "") -> str:
    return f"/plans/steps/{step.public_id}{verb}"


def enter(plan: ActionPlan, contact: Contact) -> Enrollment:
    """Let the contact enter the plan as the pipeline does."""
    with db.transaction() as session:
        started = plans.enroll(session, plan_id=plan.id, contact_id=contact.id, now=clock.now())
    assert started.started, started.note
    return db.session().get_one(Enrollment, started.enrollment_id)
