"""Action plans in the builder: list, names, Ready, people, archiving, who may."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import clock as clock_module
from hostedpages import db
from hostedpages.models import ActionPlan, Delivery
from tests import factories, people
from tests.builder.planning import MAIL, at, email, enter, step_at, text_of
from tests.people import Person

# The list


def test_an_account_without_plans_is_led_to_the_first(alice: Person) -> None:
    assert "Your first plan" in text_of(alice, "/plans")


def test_the_list_says_steps_people_and_what_starts_each(alice: Person) -> None:
    plan = factories.plan(alice.account, email(), email(delay_amount=3), name="New estimate")
    enter(plan, factories.contact(alice.account))
    factories.lead_source(alice.account, name="Website", action_plan_id=plan.id)
    live = factories.page(alice.account, name="Live page", published=False)
    factories.publish(live, action_plan_id=plan.id)
    factories.page(
        alice.account,
        name="Draft page",
        published=False,
        options={"action_plan": "new ESTIMATE"},
    )
    row = text_of(alice, "/plans").partition("<tbody>")[2]
    for said in ("New estimate", "Ready", "Website", "Live page", "Draft page"):
        assert said in row
    assert '<td data-label="Steps" class="is-number">2</td>' in row
    assert f'<a href="{at(plan)}/people">1</a>' in row


def test_archived_plans_are_shown_when_asked_for(alice: Person) -> None:
    factories.plan(alice.account, name="Old one", archived_at=clock_module.now())
    factories.plan(alice.account, name="A draft", state="draft")
    assert "Old one" not in text_of(alice, "/plans")
    assert "Old one" in text_of(alice, "/plans?state=archived")
    assert "A draft" not in text_of(alice, "/plans?state=ready")
    assert "A draft" in text_of(alice, "/plans?q=DRA")


# Naming


def test_a_new_plan_is_a_draft_without_steps(alice: Person) -> None:
    answer = alice.client.post("/plans/new", data={"name": "  New   estimate "})
    plan = db.session().scalars(select(ActionPlan)).one()
    assert answer.headers["Location"] == at(plan)
    assert (plan.name, plan.state, plan.steps) == ("New estimate", "draft", [])


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "none", "NONE", "taken", "TAKEN"])
def test_a_name_that_cannot_be_is_refused_with_what_was_typed(alice: Person, name: str) -> None:
    factories.plan(alice.account, name="Taken")
    answer = alice.client.post("/plans/new", data={"name": name})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.get_data(as_text=True)
    assert f'value="{name}"' in answer.get_data(as_text=True)


def test_two_accounts_may_use_the_same_name(alice: Person, charlie: Person) -> None:
    factories.plan(alice.account, name="Welcome")
    assert charlie.client.post("/plans/new", data={"name": "Welcome"}).status_code == 303


def test_a_new_name_also_stands_in_the_drafts_of_pages(alice: Person, charlie: Person) -> None:
    plan = factories.plan(alice.account, name="Old name")
    page = factories.page(alice.account, options={"action_plan": "old NAME"})
    other = factories.page(alice.account, options={"action_plan": "none"})
    foreign = factories.page(charlie.account, options={"action_plan": "Old name"})
    before = page.lock_version
    alice.client.post(at(plan, "/rename"), data={"name": "New name"})
    assert plan.name == "New name"
    assert page.draft["options"]["action_plan"] == "New name"
    assert page.lock_version == before + 1
    assert other.draft["options"]["action_plan"] == "none"
    assert foreign.draft["options"]["action_plan"] == "Old name"


def test_a_refused_name_keeps_the_old_one_and_says_why(alice: Person) -> None:
    plan = factories.plan(alice.account, name="Mine")
    answer = alice.client.post(at(plan, "/rename"), data={"name": "None"})
    assert answer.status_code == 422
    assert "means that no plan is started" in answer.get_data(as_text=True)
    assert plan.name == "Mine"


def test_a_copy_is_a_draft_with_the_same_steps(alice: Person) -> None:
    plan = factories.plan(
        alice.account, email(), email(delay_amount=3, at_time="09:00"), name="Welcome"
    )
    for _ in range(2):
        alice.client.post(at(plan, "/duplicate"))
    first, second = db.session().scalars(
        select(ActionPlan).where(ActionPlan.id != plan.id).order_by(ActionPlan.id)
    )
    assert (first.name, second.name) == ("Welcome copy", "Welcome copy 2")
    assert first.state == "draft"
    assert [(s.delay_amount, s.at_time, s.settings) for s in first.steps] == [
        (s.delay_amount, s.at_time, s.settings) for s in plan.steps
    ]


# Ready


def test_a_complete_plan_becomes_ready_and_a_draft_again(alice: Person) -> None:
    plan = factories.plan(alice.account, email(), state="draft")
    assert alice.client.post(at(plan, "/ready")).status_code == 303
    assert plan.state == "ready"
    alice.client.post(at(plan, "/draft"))
    assert plan.state == "draft"


def test_a_plan_without_steps_is_not_ready(alice: Person) -> None:
    plan = factories.plan(alice.account, state="draft")
    answer = alice.client.post(at(plan, "/ready"))
    assert answer.status_code == 422
    assert "It has no step yet" in answer.get_data(as_text=True)
    assert plan.state == "draft"


def test_an_unknown_token_keeps_a_plan_from_being_ready_and_is_named(alice: Person) -> None:
    plan = factories.plan(alice.account, email(), state="draft")
    typed = {"delay_amount": "0", "delay_unit": "days", "subject": "Hi {{contact.nickname}}"}
    (step,) = plan.steps
    kept = alice.client.post(step_at(step), data=typed | {"body": "Hello"})
    assert kept.status_code == 303
    assert "Hi {{contact.nickname}}" in text_of(alice, step_at(step))
    refused = alice.client.post(at(plan, "/ready"))
    assert refused.status_code == 422
    assert "{{contact.nickname}}" in refused.get_data(as_text=True)
    assert f'href="{step_at(step)}"' in refused.get_data(as_text=True)
    assert plan.state == "draft"


def test_a_ready_plan_refuses_a_change_that_would_break_it(alice: Person) -> None:
    plan = factories.plan(alice.account, email())
    (step,) = plan.steps
    typed = {"delay_amount": "0", "delay_unit": "days", "subject": "", "body": "typed words"}
    answer = alice.client.post(step_at(step), data=typed)
    assert answer.status_code == 422
    assert "typed words" in answer.get_data(as_text=True)
    alice.client.post(step_at(step, "/delete"))
    assert plan.steps == [step]
    assert step.settings == MAIL


def test_a_step_may_only_name_people_of_its_own_account(alice: Person, charlie: Person) -> None:
    plan = factories.plan(alice.account, state="draft")
    typed = {"kind": "notify_user", "delay_amount": "0", "delay_unit": "days", "subject": "Call"}
    foreign = typed | {"people": [alice.user.public_id, charlie.user.public_id]}
    assert alice.client.post(at(plan, "/steps/new"), data=foreign).status_code == 422
    own = typed | {"people": [alice.user.public_id]}
    assert alice.client.post(at(plan, "/steps/new"), data=own).status_code == 303
    assert plan.steps[0].settings["people"] == [alice.user.public_id]


def test_extra_values_are_not_taken_over(alice: Person, charlie: Person) -> None:
    plan = factories.plan(alice.account, email(), state="draft")
    (step,) = plan.steps
    values = {"delay_amount": "1", "delay_unit": "days", **MAIL}
    marks = {"account_id": str(charlie.account.id), "plan_id": "99", "position": "7", "id": "4711"}
    alice.client.post(step_at(step), data=values | marks | {"kind": "notify_user"})
    assert (step.account_id, step.plan_id, step.position, step.kind) == (
        alice.account.id,
        plan.id,
        0,
        "email",
    )
    assert step.settings == MAIL


# People


def test_people_in_a_plan_are_shown_with_their_next_step(
    alice: Person, clock: clock_module.FrozenClock
) -> None:
    plan = factories.plan(
        alice.account, email(delay_amount=3, at_time="09:00"), email(delay_amount=9)
    )
    enter(plan, factories.contact(alice.account, first_name="Maria", last_name="Santos"))
    page = text_of(alice, at(plan, "/people"))
    assert "Maria Santos" in page
    assert "Fri, Mar 6, 9:00 am EST" in page
    assert "then 1 more" in page


def test_stopping_cancels_what_was_not_sent(alice: Person, bob: Person, unit: Session) -> None:
    plan = factories.plan(alice.account, email(delay_amount=3), email(delay_amount=9))
    stopped = enter(plan, factories.contact(alice.account))
    goes_on = enter(plan, factories.contact(alice.account))
    answer = bob.client.post(f"/plans/people/{stopped.public_id}/stop")
    assert answer.headers["Location"] == at(plan, "/people")
    assert (stopped.state, goes_on.state) == ("stopped", "active")
    states = {
        enrollment.id: {
            each.state
            for each in unit.scalars(
                select(Delivery).where(Delivery.enrollment_id == enrollment.id)
            )
        }
        for enrollment in (stopped, goes_on)
    }
    assert states == {stopped.id: {"canceled"}, goes_on.id: {"pending"}}
    assert "Bob Brown stopped it." in text_of(alice, at(plan, "/people"))


def test_what_has_ended_is_not_stopped_again(alice: Person) -> None:
    plan = factories.plan(alice.account)
    ended = factories.enrollment(plan, factories.contact(alice.account), state="completed")
    assert alice.client.post(f"/plans/people/{ended.public_id}/stop").status_code == 409
    assert ended.state == "completed"


def test_editing_a_plan_leaves_what_people_in_it_were_promised(
    alice: Person, unit: Session
) -> None:
    plan = factories.plan(alice.account, email(delay_amount=3), email(delay_amount=5))
    first, second = plan.steps
    enter(plan, factories.contact(alice.account))
    before = [(each.due_at, each.payload) for each in unit.scalars(select(Delivery))]
    typed = {"delay_amount": "40", "delay_unit": "days", "subject": "Other", "body": "Other"}
    alice.client.post(step_at(first), data=typed)
    alice.client.post(step_at(second, "/delete"))
    alice.client.post(at(plan, "/draft"))
    after = [(each.due_at, each.payload) for each in unit.scalars(select(Delivery))]
    assert after == before


# Archiving


def test_a_plan_in_use_is_archived_only_after_the_warning(alice: Person) -> None:
    plan = factories.plan(alice.account, email(delay_amount=1))
    factories.lead_source(alice.account, name="Website", action_plan_id=plan.id)
    page = factories.page(alice.account, name="Free estimate", published=False)
    factories.publish(page, action_plan_id=plan.id)
    answer = alice.client.post(at(plan, "/archive"))
    assert answer.headers["Location"] == at(plan, "/archive")
    assert plan.archived_at is None
    warning = text_of(alice, at(plan, "/archive"))
    assert "Lead source “Website”" in warning
    assert "Page “Free estimate”" in warning
    alice.client.post(at(plan, "/archive"), data={"seen": "yes"})
    assert plan.archived_at is not None


def test_an_unused_plan_is_archived_at_once_and_comes_back_as_a_draft(alice: Person) -> None:
    plan = factories.plan(alice.account, email())
    alice.client.post(at(plan, "/archive"))
    assert plan.archived_at is not None
    assert alice.client.post(at(plan, "/ready")).status_code == 422
    alice.client.post(at(plan, "/restore"))
    assert (plan.archived_at, plan.state) == (None, "draft")


@pytest.mark.parametrize(("choice", "state"), [("no", "active"), ("yes", "stopped")])
def test_archiving_asks_what_happens_to_the_people_in_it(
    alice: Person, choice: str, state: str
) -> None:
    plan = factories.plan(alice.account, email(delay_amount=1))
    inside = enter(plan, factories.contact(alice.account))
    alice.client.post(at(plan, "/archive"), data={"seen": "yes", "stops_people": choice})
    assert inside.state == state


# Who may


def test_a_team_mate_works_on_the_same_plans(alice: Person, bob: Person) -> None:
    plan = factories.plan(alice.account, email(), name="Ours")
    assert "Ours" in text_of(bob, "/plans")
    assert bob.client.post(at(plan, "/draft")).status_code == 303
    assert plan.state == "draft"


def test_a_salesperson_does_not_enter(app: Flask, alice: Person) -> None:
    plan = factories.plan(alice.account, email())
    seller = people.signed_in(app, factories.user(alice.account, role="salesperson"))
    assert seller.client.get("/plans").status_code == 403
    assert seller.client.post(at(plan, "/draft")).status_code == 403
    assert plan.state == "ready"


def test_to_a_stranger_nothing_of_a_plan_is_there(alice: Person, charlie: Person) -> None:
    plan = factories.plan(alice.account, email(delay_amount=1), name="Hers")
    inside = enter(plan, factories.contact(alice.account))
    (step,) = plan.steps
    for address in (at(plan), at(plan, "/people"), at(plan, "/rehearse"), step_at(step)):
        assert charlie.client.get(address).status_code == 404, address
    for address in (
        at(plan, "/rename"),
        at(plan, "/draft"),
        at(plan, "/duplicate"),
        at(plan, "/archive"),
        at(plan, "/steps/new"),
        step_at(step),
        step_at(step, "/move"),
        step_at(step, "/delete"),
        f"/plans/people/{inside.public_id}/stop",
    ):
        assert charlie.client.post(address, data={"name": "Mine"}).status_code == 404, address
    assert "Hers" not in text_of(charlie, "/plans")
    assert (plan.name, plan.state, inside.state, len(plan.steps)) == ("Hers", "ready", "active", 1)
