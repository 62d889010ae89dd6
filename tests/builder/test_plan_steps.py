"""The steps of an action plan in the builder: the editor, the preview, the rehearsal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hostedpages import clock as clock_module
from hostedpages.builder.plans import preview, readiness, service, words
from hostedpages.delivery.kinds import step_kinds
from hostedpages.errors import Refused
from hostedpages.models import Delivery
from hostedpages.models.plan import DELAY_UNITS
from tests import factories
from tests.builder.planning import MAIL, at, email, enter, step_at, text_of
from tests.people import Person

# Steps


@pytest.mark.parametrize("delay_unit", DELAY_UNITS)
@pytest.mark.parametrize("at_time", ["", "00:00", "09:05", "23:59"])
def test_a_saved_step_opens_again_as_it_was(alice: Person, delay_unit: str, at_time: str) -> None:
    plan = factories.plan(alice.account, state="draft")
    typed = {
        "kind": "email",
        "delay_amount": "12",
        "delay_unit": delay_unit,
        "at_time": at_time,
        **MAIL,
    }
    alice.client.post(at(plan, "/steps/new"), data=typed)
    (step,) = plan.steps
    for _ in range(2):
        page = text_of(alice, step_at(step))
        assert 'value="12"' in page
        assert f'<option selected value="{delay_unit}">' in page
        assert f'value="{at_time}"' in page or not at_time
        alice.client.post(step_at(step), data=typed)
        assert (step.delay_amount, step.delay_unit, step.at_time) == (12, delay_unit, at_time)
        assert step.settings == MAIL


@pytest.mark.parametrize("kind", step_kinds(), ids=lambda kind: kind.key)
def test_every_kind_of_step_is_added_with_its_own_examples(kind: Any, alice: Person) -> None:
    plan = factories.plan(alice.account, state="draft")
    for example in (each for each in kind.examples if each.settings):
        typed = {"kind": kind.key, "delay_amount": 0, "delay_unit": "minutes", **example.settings}
        assert kind.label in text_of(alice, at(plan, f"/steps/new?kind={kind.key}"))
        assert alice.client.post(at(plan, "/steps/new"), data=typed).status_code == 303
    assert plan.steps
    assert all(not readiness.step_problems(step, []) for step in plan.steps)
    assert kind.label in text_of(alice, at(plan))


@pytest.mark.parametrize(
    "wrong",
    [
        {"delay_amount": "-1"},
        {"delay_amount": "soon"},
        {"delay_amount": ""},
        {"delay_amount": "61", "delay_unit": "months"},
        {"delay_amount": "9" * 30},
        {"delay_unit": "fortnights"},
        {"at_time": "25:00"},
        {"kind": "pigeon"},
        {"kind": "account_mail"},
    ],
)
def test_a_step_that_cannot_be_is_refused_with_what_was_typed(
    alice: Person, wrong: dict[str, str]
) -> None:
    plan = factories.plan(alice.account, state="draft")
    typed = {"kind": "email", "delay_amount": "1", "delay_unit": "days", **MAIL}
    answer = alice.client.post(at(plan, "/steps/new"), data=typed | wrong)
    assert answer.status_code == 422
    assert plan.steps == []
    if wrong.get("kind") is None:
        assert "Thank you." in answer.get_data(as_text=True)


def test_steps_move_up_and_down(alice: Person) -> None:
    plan = factories.plan(alice.account, *(email(delay_amount=n) for n in range(3)))
    first, second, third = plan.steps
    alice.client.post(step_at(third, "/move"), data={"direction": "up"})
    assert plan.steps == [first, third, second]
    alice.client.post(step_at(first, "/move"), data={"direction": "down"})
    assert plan.steps == [third, first, second]
    alice.client.post(step_at(third, "/move"), data={"direction": "up"})
    assert [step.position for step in plan.steps] == [0, 1, 2]
    assert plan.steps == [third, first, second]


def test_a_step_is_asked_about_and_deleted(alice: Person) -> None:
    plan = factories.plan(alice.account, email(), email(delay_amount=3), email(delay_amount=5))
    first, second, third = plan.steps
    assert "It does not come back" in text_of(alice, step_at(second, "/delete"))
    alice.client.post(step_at(second, "/delete"))
    assert plan.steps == [first, third]
    assert [step.position for step in plan.steps] == [0, 1]


def test_a_plan_takes_no_flood_of_steps(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_STEPS", 2)
    plan = factories.plan(alice.account, email(), email())
    with pytest.raises(Refused):
        service.add_step(plan, kind="email", delay_amount=0, delay_unit="days", settings=MAIL)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"delay_amount": 0}, "At once"),
        ({"delay_amount": 0, "at_time": "09:00"}, "At the next 9:00 am New York time"),
        ({"delay_amount": 1}, "1 day after the start"),
        (
            {"delay_amount": 3, "at_time": "09:00"},
            "3 days after the start, at 9:00 am New York time",
        ),
        (
            {"delay_amount": 2, "delay_unit": "hours", "at_time": "14:30"},
            "2 hours after the start, at the next 2:30 pm New York time",
        ),
        ({"delay_amount": 1, "delay_unit": "months"}, "1 month after the start"),
    ],
)
def test_when_a_step_comes_is_said_in_words(alice: Person, step: dict[str, Any], said: str) -> None:
    plan = factories.plan(alice.account, email(**step))
    assert f">{said}<" in text_of(alice, at(plan))


# Preview and rehearsal


def test_a_step_is_previewed_for_a_contact_without_being_saved(alice: Person) -> None:
    plan = factories.plan(alice.account, email())
    (step,) = plan.steps
    contact = factories.contact(alice.account, first_name="Maria", email="maria@example.org")
    typed = {
        "delay_amount": "0",
        "delay_unit": "days",
        "subject": "Dear {{contact.first_name}}",
        "body": "From {{account.name}}",
        "preview_for": contact.public_id,
        "preview": "yes",
    }
    answer = alice.client.post(step_at(step), data=typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Dear Maria" in page
    assert "maria@example.org" in page
    assert f"From {alice.account.name}" in page
    assert step.settings == MAIL


def test_a_preview_needs_no_contact_and_stores_none(alice: Person, unit: Session) -> None:
    plan = factories.plan(alice.account, email())
    assert "Hello Ann" in text_of(alice, at(plan, "/rehearse"))
    assert unit.scalar(select(func.count(Delivery.id))) == 0


def test_a_preview_never_uses_another_accounts_contact(alice: Person, charlie: Person) -> None:
    plan = factories.plan(alice.account, email())
    hers = factories.contact(charlie.account, first_name="Zelda")
    assert "Zelda" not in text_of(alice, at(plan, f"/rehearse?contact={hers.public_id}"))


def test_the_rehearsal_shows_each_step_at_its_local_time(alice: Person) -> None:
    plan = factories.plan(
        alice.account,
        email(),
        email(delay_amount=2, delay_unit="hours"),
        email(delay_amount=1, at_time="09:00"),
    )
    # The night in which the clocks of New York go back.
    page = text_of(alice, at(plan, "/rehearse?start=2026-10-31T18:00"))
    for moment in (
        "Sat, Oct 31, 6:00 pm EDT",
        "Sat, Oct 31, 8:00 pm EDT",
        "Sun, Nov 1, 9:00 am EST",
    ):
        assert moment in page.replace(", 2026", "")


@pytest.mark.parametrize("start", ["soon", "9999-12-31T23:59", "0001-01-01T00:00", "2026-02-30"])
def test_a_start_that_no_calendar_knows_is_said_so(alice: Person, start: str) -> None:
    plan = factories.plan(alice.account, email())
    answer = alice.client.get(at(plan, "/rehearse"), query_string={"start": start})
    assert answer.status_code == 200
    assert "not a date and time that the calendar knows" in answer.get_data(as_text=True)


def test_the_rehearsal_is_what_people_get(
    alice: Person, clock: clock_module.FrozenClock, unit: Session
) -> None:
    plan = factories.plan(
        alice.account, email(), email(delay_amount=1, delay_unit="months", at_time="08:30")
    )
    contact = factories.contact(alice.account)
    sample = preview.sample(alice.account, [contact], contact.public_id)
    rehearsed = preview.rehearse(plan, clock.at, sample)
    enter(plan, contact)
    sent = unit.scalars(select(Delivery).order_by(Delivery.due_at)).all()
    assert [each.due_at for each in rehearsed] == [each.due_at for each in sent]
    assert [each.preview.subject for each in rehearsed] == [
        each.payload["subject"] for each in sent
    ]


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (timedelta(0), "at once"),
        (timedelta(minutes=1), "1 minute later"),
        (timedelta(hours=2), "2 hours later"),
        (timedelta(days=3, hours=8, minutes=5), "3 days 8 hours later"),
    ],
)
def test_how_long_after_the_start_is_said_in_words(later: timedelta, said: str) -> None:
    start = datetime(2026, 3, 3, 15, tzinfo=UTC)
    assert words.since_words(start, start + later) == said


def test_a_mail_in_somebodys_name_leaves_through_their_own_sender(
    alice: Person, bob: Person, charlie: Person, unit: Session
) -> None:
    plan = factories.plan(alice.account, state="draft")
    slot = f"user:{bob.user.public_id}"
    his = factories.sender(alice.account, slot=slot, user_id=bob.user.id, email="bob@example.com")
    typed = {"kind": "email", "delay_amount": "0", "delay_unit": "minutes", **MAIL}
    foreign = {**typed, "send_as": charlie.user.public_id}
    assert alice.client.post(at(plan, "/steps/new"), data=foreign).status_code == 422

    named = {**typed, "send_as": bob.user.public_id}
    assert alice.client.post(at(plan, "/steps/new"), data=named).status_code == 303
    alice.client.post(at(plan, "/steps/new"), data=typed)
    alice.client.post(at(plan, "/ready"))
    contact = factories.contact(alice.account)
    enter(plan, contact)

    assert [each.sender_id for each in unit.scalars(select(Delivery).order_by(Delivery.id))] == [
        his.id,
        0,
    ]
