"""Reading plans and deliveries gives the same on both databases."""

import pytest
from sqlalchemy.orm import Session

from hostedpages.builder.deliveries.queries import (
    LogFilter,
    failed,
    log_page,
    needs_person_count,
)
from hostedpages.builder.plans import queries, service
from hostedpages.models.delivery import STATES
from tests import factories
from tests.builder.planning import email, enter

pytestmark = pytest.mark.both_databases


def test_what_starts_a_plan_is_found(database_url: str, unit: Session) -> None:
    account = factories.account()
    plan = factories.plan(account, email(), name="Welcome")
    factories.lead_source(account, name="Website", action_plan_id=plan.id)
    live = factories.page(account, name="Live", published=False)
    factories.publish(live, action_plan_id=plan.id)
    factories.page(account, name="Draft", published=False, options={"action_plan": "WELCOME"})
    factories.page(account, name="None", published=False, options={"action_plan": "none"})
    factories.page(account, name="Unset", published=False, options={"action_plan": None})
    factories.page(
        account, name="Gone", published=False, status="archived", options={"action_plan": "Welcome"}
    )
    assert queries.uses_of(account, plan).names == [
        "lead source “Website”",
        "page “Live”",
        "the draft of page “Draft”",
    ]
    assert not queries.uses_of(account, factories.plan(account))


def test_a_plan_is_renamed_in_drafts_too(database_url: str, unit: Session) -> None:
    account = factories.account()
    plan = factories.plan(account, name="Old")
    page = factories.page(account, published=False, options={"action_plan": "old"})
    factories.page(account, published=False)
    service.rename(plan, "New")
    unit.expire_all()
    assert page.draft["options"]["action_plan"] == "New"


def test_people_are_listed_with_what_comes_next(database_url: str, unit: Session) -> None:
    account = factories.account()
    plan = factories.plan(account, email(delay_amount=2), email(delay_amount=1))
    factories.enrollment(plan, factories.contact(account), state="completed")
    enter(plan, factories.contact(account, first_name="Maria"))
    first, second = queries.people_page(plan, number=1, size=10)
    assert (first.contact.first_name, first.open_count) == ("Maria", 2)
    assert first.next_delivery is not None
    assert first.next_delivery.plan_step_id == plan.steps[1].id
    assert (second.enrollment.state, second.next_delivery) == ("completed", None)


def test_the_log_is_counted_and_searched(database_url: str, unit: Session) -> None:
    account = factories.account()
    for state in STATES:
        factories.delivery(account, state=state, recipient=f"{state}_1@Example.org")
    assert needs_person_count(account) == 2
    assert len(failed(account)) == 1
    found = log_page(account, LogFilter(search="LED_1@ex"), number=1, size=10)
    assert [row.delivery.state for row in found] == ["canceled", "failed"]
