"""Action plans: what starts, what does not and why, and when each step is due."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.config import Settings
from hostedpages.delivery import outbox, plans, worker
from hostedpages.models import Account, ActionPlan, Contact, Delivery, Enrollment, HistoryEntry
from hostedpages.models.plan import PlanStep
from tests import factories

NEW_YORK = "America/New_York"


def step(
    amount: int = 0, unit: str = "minutes", at: str = "", **values: object
) -> dict[str, object]:
    return {
        "kind": "email",
        "delay_amount": amount,
        "delay_unit": unit,
        "at_time": at,
        "settings": {"subject": "Hello {{contact.first_name|there}}", "body": "Thank you."},
        **values,
    }


def enroll(
    plan: ActionPlan | None, contact: Contact, now: datetime, **values: object
) -> plans.PlanStart:
    with db.transaction() as session:
        return plans.enroll(
            session,
            plan_id=plan.id if plan else 0,
            contact_id=contact.id,
            now=now,
            **values,
        )


def deliveries() -> list[Delivery]:
    db.session().rollback()
    db.session().expire_all()
    return list(db.session().scalars(select(Delivery).order_by(Delivery.id)))


@pytest.fixture
def owner(unit: Session) -> Account:
    return factories.account(time_zone=NEW_YORK)


@pytest.mark.parametrize(
    ("start", "zone", "amount", "unit", "at", "due"),
    [
        # The clock skips 02:30: the first valid minute after.
        ("2026-03-07T07:30Z", NEW_YORK, 1, "days", "", "2026-03-08T07:00Z"),
        ("2026-03-07T12:00Z", NEW_YORK, 1, "days", "02:30", "2026-03-08T07:00Z"),
        # 01:30 comes twice: the first.
        ("2026-10-31T12:00Z", NEW_YORK, 1, "days", "01:30", "2026-11-01T05:30Z"),
        # The next day at nine, across each change.
        ("2026-03-07T15:00Z", NEW_YORK, 1, "days", "09:00", "2026-03-08T13:00Z"),
        ("2026-10-31T15:00Z", NEW_YORK, 1, "days", "09:00", "2026-11-01T14:00Z"),
        ("2026-03-28T12:00Z", "Europe/London", 1, "days", "09:00", "2026-03-29T08:00Z"),
        ("2026-03-28T12:00Z", "Europe/London", 1, "days", "01:30", "2026-03-29T01:00Z"),
        ("2026-10-03T02:00Z", "Australia/Sydney", 1, "days", "02:30", "2026-10-03T16:00Z"),
        # Half an hour only.
        ("2026-10-03T02:00Z", "Australia/Lord_Howe", 1, "days", "02:15", "2026-10-03T15:30Z"),
        ("2026-03-03T15:00Z", "America/Sao_Paulo", 1, "days", "09:00", "2026-03-04T12:00Z"),
        ("2026-03-03T15:00Z", "Asia/Kathmandu", 1, "days", "09:00", "2026-03-04T03:15Z"),
        # Hours are durations, days are calendar days.
        ("2026-03-08T06:30Z", NEW_YORK, 1, "hours", "", "2026-03-08T07:30Z"),
        ("2026-03-07T15:00Z", NEW_YORK, 24, "hours", "", "2026-03-08T15:00Z"),
        ("2026-03-07T15:00Z", NEW_YORK, 1, "days", "", "2026-03-08T14:00Z"),
        ("2026-03-07T15:00Z", NEW_YORK, 1, "weeks", "", "2026-03-14T14:00Z"),
        # Months end.
        ("2026-01-31T15:00Z", NEW_YORK, 1, "months", "", "2026-02-28T15:00Z"),
        ("2028-01-31T15:00Z", NEW_YORK, 1, "months", "", "2028-02-29T15:00Z"),
        ("2024-02-29T15:00Z", NEW_YORK, 12, "months", "", "2025-02-28T15:00Z"),
        ("2026-12-15T15:00Z", NEW_YORK, 1, "months", "", "2027-01-15T15:00Z"),
        # A time of day that has passed means the next day.
        ("2026-03-03T15:00Z", NEW_YORK, 0, "minutes", "09:00", "2026-03-04T14:00Z"),
        ("2026-03-03T15:00Z", NEW_YORK, 0, "days", "11:00", "2026-03-03T16:00Z"),
        ("2026-03-03T15:00Z", NEW_YORK, 2, "hours", "09:00", "2026-03-04T14:00Z"),
        # A zone that nobody knows must not lose the lead.
        ("2026-03-03T15:00Z", "Mars/Olympus", 1, "days", "09:00", "2026-03-04T09:00Z"),
    ],
)
def test_a_step_is_due_on_the_accounts_calendar(
    start: str, zone: str, amount: int, unit: str, at: str, due: str
) -> None:
    made = PlanStep(kind="email", delay_amount=amount, delay_unit=unit, at_time=at)

    assert plans.due_at(made, datetime.fromisoformat(start), zone) == datetime.fromisoformat(due)


def test_a_step_in_the_second_of_two_equal_hours_is_not_due_before_the_start() -> None:
    start = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)  # the second 01:30 in New York
    made = PlanStep(kind="email", delay_amount=0, delay_unit="days", at_time="")
    assert plans.due_at(made, start, NEW_YORK) == start


def test_all_steps_wait_visibly_from_the_start(owner: Account, clock: FrozenClock) -> None:
    plan = factories.plan(owner, step(), step(3, "days", "09:00"), name="Welcome")
    contact = factories.contact(owner, first_name="Ann", email="ann@example.org")

    start = enroll(plan, contact, clock.at)

    assert start.started
    assert start.note == "Plan “Welcome” was started."
    first, second = deliveries()
    assert (first.state, second.state) == ("pending", "pending")
    assert (first.due_at, second.due_at) == (clock.at, datetime(2026, 3, 6, 14, 0, tzinfo=UTC))
    assert (first.recipient, first.summary) == ("ann@example.org", "Email “Hello Ann”")
    assert first.payload["is_answer"]
    assert not second.payload["is_answer"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "draft"}, "is a draft, so it was not started"),
        ({"archived_at": datetime(2026, 1, 1, tzinfo=UTC)}, "is archived, so it was not started"),
    ],
)
def test_a_plan_that_is_not_ready_starts_nothing_and_says_so(
    owner: Account, clock: FrozenClock, values: dict[str, object], words: str
) -> None:
    plan = factories.plan(owner, step(), name="Welcome", **values)

    start = enroll(plan, factories.contact(owner), clock.at)

    assert not start.started
    assert start.note == f"Plan “Welcome” {words}."
    assert deliveries() == []


def test_a_missing_plan_or_one_of_another_account_starts_nothing(
    owner: Account, clock: FrozenClock
) -> None:
    contact = factories.contact(owner)
    foreign = factories.plan(factories.account(), step())

    for plan in (None, foreign):
        start = enroll(plan, contact, clock.at)
        assert not start.started
        assert "does not exist any more" in start.note
    assert deliveries() == []


def test_a_plan_that_still_runs_keeps_running(owner: Account, clock: FrozenClock) -> None:
    plan = factories.plan(owner, step(1, "days"), name="Welcome")
    contact = factories.contact(owner)
    enroll(plan, contact, clock.at)

    again = enroll(plan, contact, clock.at)

    assert not again.started
    assert "still running" in again.note
    assert len(deliveries()) == 1


def test_stopping_cancels_what_waits_and_tells_the_contacts_history(
    owner: Account, clock: FrozenClock
) -> None:
    plan = factories.plan(owner, step(1, "days"), step(2, "days"), name="Welcome")
    start = enroll(plan, factories.contact(owner), clock.at)
    assert start.enrollment_id is not None

    with db.transaction():
        stopped = plans.stop(start.enrollment_id, "They called.", clock.at)

    assert stopped == 2
    assert [each.state for each in deliveries()] == ["canceled", "canceled"]
    enrollment = db.session().scalars(select(Enrollment)).one()
    assert (enrollment.state, enrollment.stop_reason) == ("stopped", "They called.")
    assert "They called." in db.session().scalars(select(HistoryEntry.text)).one()


def test_a_plan_is_completed_with_its_last_delivery(
    owner: Account, clock: FrozenClock, settings: Settings
) -> None:
    plan = factories.plan(owner, step(), step(1, "hours"))
    enroll(plan, factories.contact(owner), clock.at)

    worker.run_until_idle(settings)
    assert [each.state for each in deliveries()] == ["delivered", "pending"]
    assert db.session().scalars(select(Enrollment.state)).one() == "active"
    clock.advance(timedelta(hours=1))
    worker.run_until_idle(settings)

    assert [each.state for each in deliveries()] == ["delivered", "delivered"]
    db.session().rollback()
    assert db.session().scalars(select(Enrollment.state)).one() == "completed"


@pytest.mark.parametrize(
    ("change", "reason"),
    [("opted_out", "opted out"), ("quarantined", "quarantined"), ("archived", "archived")],
)
def test_what_changed_since_the_start_is_asked_again_at_sending(
    owner: Account,
    clock: FrozenClock,
    settings: Settings,
    change: str,
    reason: str,
) -> None:
    contact = factories.contact(owner)
    enroll(factories.plan(owner, step(1, "hours")), contact, clock.at)
    if change == "archived":
        with db.transaction():
            contact.archived_at = clock.at
    else:
        factories.suppressed_address(owner, contact.email, kind=change)
    clock.advance(timedelta(hours=1))

    worker.run_until_idle(settings)

    (delivery,) = deliveries()
    assert delivery.state == "skipped"
    assert reason in delivery.error


def test_a_contact_without_an_address_is_skipped_with_a_reason(
    owner: Account, clock: FrozenClock
) -> None:
    enroll(
        factories.plan(owner, step()), factories.contact(owner, email="", email_key=""), clock.at
    )

    (delivery,) = deliveries()
    assert (delivery.state, delivery.error) == ("skipped", "The contact has no email address.")
    assert db.session().scalars(select(Enrollment.state)).one() == "completed"


def test_a_notification_step_goes_to_everybody_on_the_new_lead_list(
    owner: Account, clock: FrozenClock
) -> None:
    factories.user(owner, email="yes@example.org", gets_new_leads=True)
    factories.user(owner, email="no@example.org")
    factories.user(owner, email="gone@example.org", gets_new_leads=True, archived_at=clock.at)
    notice = step(
        kind="notify_user", settings={"people": [], "subject": "Call {{contact.first_name}}"}
    )

    enroll(factories.plan(owner, notice), factories.contact(owner, first_name="Ann"), clock.at)

    assert [(each.recipient, each.summary) for each in deliveries()] == [
        ("yes@example.org", "Notification “Call Ann”")
    ]


def test_a_flooded_address_gets_three_automatic_answers_a_day_at_most(
    owner: Account, clock: FrozenClock
) -> None:
    plan = factories.plan(owner, step())
    spellings = [
        "victim@gmail.com",
        "v.ictim@gmail.com",
        "victim+1@gmail.com",
        "Victim@googlemail.com",
    ]
    for number in range(12):
        page = factories.page(owner)
        contact = factories.contact(owner, email=spellings[number % 4])
        enroll(plan, contact, clock.at, page_id=page.id)

    states = [each.state for each in deliveries()]
    assert states.count("pending") == 3
    assert states.count("skipped") == 9
    assert "share" in deliveries()[-1].error


def test_one_page_answers_an_address_once_a_day(owner: Account, clock: FrozenClock) -> None:
    plan, page = factories.plan(owner, step()), factories.page(owner)
    for _ in range(2):
        enroll(plan, factories.contact(owner, email="ann@example.org"), clock.at, page_id=page.id)
    clock.advance(timedelta(hours=25))
    enroll(plan, factories.contact(owner, email="ann@example.org"), clock.at, page_id=page.id)

    assert [each.state for each in deliveries()] == ["pending", "skipped", "pending"]


def test_a_visitors_link_does_not_travel_in_mail_to_visitors(
    owner: Account, clock: FrozenClock
) -> None:
    contact = factories.contact(owner, first_name="https://evil.test/win")

    enroll(factories.plan(owner, step()), contact, clock.at)

    (delivery,) = deliveries()
    assert "evil.test" not in delivery.payload["subject"]


def test_a_step_of_a_kind_that_is_gone_is_skipped(owner: Account, clock: FrozenClock) -> None:
    enroll(factories.plan(owner, step(kind="pigeon")), factories.contact(owner), clock.at)

    (delivery,) = deliveries()
    assert delivery.state == "skipped"
    assert outbox.claim("w", 5, clock.at) == []
