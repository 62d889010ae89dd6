"""One submission, one transaction: contact, history, deliveries, repeats, closing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.clock import FrozenClock
from hostedpages.errors import Conflict
from hostedpages.models import (
    Account,
    Contact,
    Delivery,
    Enrollment,
    HistoryEntry,
    Page,
    Submission,
)
from hostedpages.submit import pipeline
from tests import factories
from tests.factories import field
from tests.people import Client
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases

FIELDS = (
    field("first", "First name", binds_to="first_name"),
    field("last", "Last name", binds_to="last_name"),
    field("email", "Email", type="email", binds_to="email"),
    field("phone", "Phone", type="phone", binds_to="cell_phone"),
    field("city", "City", binds_to="city"),
    field("agree", "You may text me", type="consent", binds_to="sms_ok"),
    field("words", "Message", type="textarea", binds_to="whiteboard"),
)


@pytest.fixture
def owner(unit: Session) -> Account:
    made = factories.account()
    factories.user(made, email="boss@example.org", gets_new_leads=True)
    return made


def send(client: Client, page: Page, query: str = "", **answers: str) -> Any:
    return Visitor(client, f"/f/{page.public_id}{query}").open().fill(**answers).press()


def rows(unit: Session, model: Any) -> list[Any]:
    return list(unit.scalars(select(model).order_by(model.id)))


def test_a_lead_makes_contact_history_and_notification(
    client: Client, unit: Session, owner: Account
) -> None:
    page = factories.page(owner, *FIELDS)
    response = send(
        client, page, "?utm_source=news&gclid=g1",
        first="Ann", last="Lee", email="Ann@Example.org", phone="801 555 0123", words="Hello",
    )  # fmt: skip
    assert response.status_code == 303
    [contact], [submission], [entry] = (
        rows(unit, Contact), rows(unit, Submission), rows(unit, HistoryEntry),
    )  # fmt: skip
    assert (contact.full_name, contact.email, contact.email_key) == (
        "Ann Lee", "Ann@Example.org", "ann@example.org",
    )  # fmt: skip
    assert contact.cell_phone == "+18015550123"
    assert "Hello" in contact.whiteboard
    assert contact.first_touch["utm_source"] == contact.last_touch["utm_source"] == "news"
    assert contact.sms_ok is False
    assert submission.result == "ok_created"
    assert submission.contact_id == entry.contact_id == contact.id
    assert submission.context["click"] == {"gclid": "g1"}
    [delivery] = rows(unit, Delivery)
    assert (delivery.recipient, delivery.state) == ("boss@example.org", "pending")


def test_the_page_plan_wins_over_the_lead_sources(
    client: Client, unit: Session, owner: Account
) -> None:
    step = {
        "kind": "notify_user", "delay_amount": 0, "delay_unit": "minutes", "at_time": "",
        "settings": {"subject": "Call", "body": "Call them."},
    }  # fmt: skip
    of_source, of_page = factories.plan(owner, step), factories.plan(owner, step)
    source = factories.lead_source(owner, action_plan_id=of_source.id)
    for options, version, expected in (
        ({}, {}, of_source.id),
        ({"action_plan": of_page.name}, {"action_plan_id": of_page.id}, of_page.id),
        ({"action_plan": "none"}, {}, None),
    ):
        page = factories.page(owner, *FIELDS, published=False, options=options)
        factories.publish(page, lead_source_id=source.id, **version)
        send(client, page, email=f"ann{page.id}@example.org")
        submission = rows(unit, Submission)[-1]
        started = unit.scalar(
            select(Enrollment.plan_id).where(Enrollment.submission_id == submission.id)
        )
        assert started == expected
        assert bool(submission.plan_note) == (expected is not None)


def test_a_plan_that_is_not_ready_never_blocks_a_lead(
    client: Client, unit: Session, owner: Account
) -> None:
    plan = factories.plan(owner, state="draft")
    page = factories.page(owner, *FIELDS, published=False, options={"action_plan": plan.name})
    factories.publish(page, action_plan_id=plan.id)
    assert send(client, page, email="ann@example.org").status_code == 303
    [submission] = rows(unit, Submission)
    assert "draft" in submission.plan_note


def test_a_duplicate_fills_empty_fields_and_leaves_conflicts_to_people(
    client: Client, unit: Session, owner: Account
) -> None:
    contact = factories.contact(
        owner, first_name="Ann", last_name="Lee", email="ann@example.org", city="Provo"
    )
    page = factories.page(owner, *FIELDS)
    send(
        client, page,
        first="Ann", last="Smith", email="ANN@example.org", phone="8015550123", city="Ogden",
    )  # fmt: skip
    [found] = rows(unit, Contact)
    assert found.id == contact.id
    assert (found.last_name, found.city, found.cell_phone) == ("Lee", "Provo", "+18015550123")
    assert {each["field"]: each["value"] for each in found.needs_review} == {
        "last_name": "Smith", "city": "Ogden",
    }  # fmt: skip
    assert rows(unit, Submission)[0].result == "ok_duplicate_accepted"


def test_a_phone_matches_only_with_the_last_name_and_across_home_and_cell(
    client: Client, unit: Session, owner: Account
) -> None:
    factories.contact(owner, last_name="Lee", email="", email_key="", home_phone="+18015550123")
    page = factories.page(owner, *FIELDS)
    send(client, page, last="Other", phone="8015550123")
    send(client, page, last="LEE", phone="8015550123")
    first, second = rows(unit, Submission)
    assert (first.result, second.result) == ("ok_created", "ok_duplicate_accepted")


def test_an_archived_contact_is_not_matched(
    client: Client, unit: Session, owner: Account, clock: FrozenClock
) -> None:
    factories.contact(owner, email="ann@example.org", archived_at=clock.at)
    send(client, factories.page(owner, *FIELDS), email="ann@example.org")
    assert len(rows(unit, Contact)) == 2


def test_another_accounts_contact_is_not_matched(
    client: Client, unit: Session, owner: Account
) -> None:
    factories.contact(factories.account(), email="ann@example.org")
    send(client, factories.page(owner, *FIELDS), email="ann@example.org")
    assert len(rows(unit, Contact)) == 2


def test_duplicate_does_not_switch_sms_ok_on(client: Client, unit: Session, owner: Account) -> None:
    contact = factories.contact(owner, email="ann@example.org")
    page = factories.page(owner, *FIELDS)
    send(client, page, email="ann@example.org", words="sms_ok=1 yes")
    unit.refresh(contact)
    assert contact.sms_ok is False
    send(client, page, email="ann@example.org", agree="yes")
    unit.refresh(contact)
    assert contact.sms_ok is True
    details = rows(unit, HistoryEntry)[-1].details
    assert details["consent"] == "You may text me"
    assert details["consent_at"]


def test_note_only_page_makes_no_contact(client: Client, unit: Session, owner: Account) -> None:
    page = factories.page(owner, *FIELDS, options={"mode": "note_only"})
    send(client, page, email="ann@example.org")
    assert rows(unit, Contact) == []
    assert rows(unit, Submission)[0].result == "ok_stored"


def test_update_only_page_makes_no_contact(client: Client, unit: Session, owner: Account) -> None:
    page = factories.page(owner, *FIELDS, options={"mode": "update_only"})
    send(client, page, email="ann@example.org")
    assert rows(unit, Contact) == []


def test_a_repeat_without_script_gives_the_first_result(
    client: Client, unit: Session, owner: Account, clock: FrozenClock
) -> None:
    page = factories.page(owner, *FIELDS)
    first = send(client, page, email="ann@example.org")
    clock.advance(timedelta(minutes=5))
    again = send(client, page, email="ann@example.org")
    assert first.headers["Location"] == again.headers["Location"]
    assert len(rows(unit, Submission)) == 1
    clock.advance(timedelta(minutes=30))
    send(client, page, email="ann@example.org")
    assert len(rows(unit, Submission)) == 2
    assert len(rows(unit, Contact)) == 1


def test_the_same_key_with_other_answers_revises_the_first(
    client: Client, unit: Session, owner: Account
) -> None:
    page = factories.page(owner, *FIELDS)
    key = "k" * 32
    send(client, page, _key=key, email="ann@example.org", city="Provo")
    changed = send(client, page, _key=key, email="ann@example.org", city="Ogden")
    repeated = send(client, page, _key=key, email="ann@example.org", city="Ogden")
    first, second = rows(unit, Submission)
    assert second.revises_id == first.id
    assert changed.headers["Location"] == repeated.headers["Location"]


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as pool:
        yield pool


def test_twenty_posts_with_one_key_are_one_submission(
    app: Flask, unit: Session, owner: Account, crowd: ThreadPoolExecutor
) -> None:
    page = factories.page(owner, *FIELDS)
    person = Visitor(app.test_client(), f"/f/{page.public_id}").open()
    data = person.fill(_key="k" * 32, email="ann@example.org").values
    unit.rollback()
    answers = list(crowd.map(lambda _: app.test_client().post(person.path, data=data), range(20)))
    assert {each.status_code for each in answers} == {303}
    assert len({each.headers["Location"] for each in answers}) == 1
    assert [len(rows(unit, each)) for each in (Submission, Contact, Delivery)] == [1, 1, 1]


def test_two_posts_of_one_person_at_once_make_one_contact(
    app: Flask, unit: Session, owner: Account, crowd: ThreadPoolExecutor
) -> None:
    page = factories.page(owner, *FIELDS)
    person = Visitor(app.test_client(), f"/f/{page.public_id}").open()
    person.fill(email="ann@example.org")
    unit.rollback()

    def post(number: int) -> int:
        data = {**person.values, "_key": f"key-number-{number:020}", "city": f"City {number}"}
        return app.test_client().post(person.path, data=data).status_code

    assert set(crowd.map(post, range(10))) == {303}
    assert len(rows(unit, Submission)) == 10
    assert len(rows(unit, Contact)) == 1


def test_a_limit_is_never_overshot(
    app: Flask, unit: Session, owner: Account, crowd: ThreadPoolExecutor
) -> None:
    page = factories.page(owner, *FIELDS, options={"max_submissions": 5})
    person = Visitor(app.test_client(), f"/f/{page.public_id}").open()
    unit.rollback()

    def post(number: int) -> int:
        data = {**person.values, "_key": f"key-number-{number:020}", "email": f"a{number}@b.co"}
        return app.test_client().post(person.path, data=data).status_code

    codes = list(crowd.map(post, range(20)))
    assert (codes.count(303), codes.count(410)) == (5, 15)
    assert len(rows(unit, Submission)) == 5


def test_a_suspect_is_kept_with_reasons_and_released_with_everything(
    client: Client, unit: Session, owner: Account
) -> None:
    page = factories.page(owner, *FIELDS)
    honest = send(client, page, email="ann@example.org")
    trapped = send(client, page, email="bot@example.org", _q9="http://x")
    assert trapped.status_code == honest.status_code == 303
    submission = rows(unit, Submission)[1]
    assert submission.is_quarantined
    assert submission.spam_reasons
    assert len(rows(unit, Contact)) == len(rows(unit, Delivery)) == 1
    pipeline.release(submission)
    assert len(rows(unit, Contact)) == len(rows(unit, Delivery)) == 2
    released = unit.get_one(Submission, submission.id)
    assert not released.is_quarantined
    assert released.contact_id
    with pytest.raises(Conflict):
        pipeline.release(released)


def test_a_closed_page_hands_back_what_was_typed(
    client: Client, unit: Session, owner: Account, clock: FrozenClock
) -> None:
    closes_at = (clock.at + timedelta(hours=1)).isoformat()
    page = factories.page(owner, *FIELDS, options={"closes_at": closes_at})
    person = Visitor(client, f"/f/{page.public_id}").open().fill(email="ann@example.org")
    clock.advance(timedelta(minutes=90))
    assert client.get(person.path).status_code == 410
    token = person.values["_token"]
    assert person.press().status_code == 303, "who had it open may send within the hour"
    clock.advance(timedelta(hours=2))
    response = client.post(person.path, data={"_token": token, "email": "late@example.org"})
    assert response.status_code == 410
    assert "late@example.org" in response.text
    assert len(rows(unit, Submission)) == 1


@pytest.mark.parametrize("status", ["paused", "archived"])
def test_a_paused_or_archived_page_sends_to_the_error_url(
    client: Client, unit: Session, owner: Account, status: str
) -> None:
    page = factories.page(
        owner, *FIELDS,
        options={"error_url": "https://example.com/sorry?x=1", "add_result_to_url": True},
    )  # fmt: skip
    person = Visitor(client, f"/f/{page.public_id}").open().fill(email="ann@example.org")
    with db.transaction():
        page.status = status
    response = person.press()
    assert response.status_code == 303
    assert response.headers["Location"] == (
        "https://example.com/sorry?x=1&status=error&code=err_closed"
    )


def test_error_url_is_not_used_for_field_errors(
    client: Client, unit: Session, owner: Account
) -> None:
    page = factories.page(owner, *FIELDS, options={"error_url": "https://example.com/sorry"})
    assert send(client, page, email="nope").status_code == 422


def test_views_and_starts_are_counted_by_the_accounts_day(
    client: Client, unit: Session, owner: Account, clock: FrozenClock
) -> None:
    from hostedpages.models import PageDay  # noqa: PLC0415

    page = factories.page(owner, *FIELDS)
    clock.at = datetime.fromisoformat("2026-03-04T02:00:00+00:00")
    for body in ('{"event":"view"}', '{"event":"view"}', '{"event":"start"}', '{"event":1}', "["):
        assert client.post(f"/f/{page.public_id}/seen", data=body).status_code == 204
    [day] = rows(unit, PageDay)
    assert (str(day.day), day.views, day.starts) == ("2026-03-03", 2, 1)


def test_nothing_is_stored_when_anything_fails(
    client: Client, unit: Session, owner: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = factories.page(owner, *FIELDS)
    with db.transaction() as session:
        session.execute(Delivery.metadata.tables["delivery_attempts"].delete())
        session.connection().exec_driver_sql("ALTER TABLE history_entries RENAME TO gone")
    person = Visitor(client, f"/f/{page.public_id}").open().fill(email="ann@example.org")
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    response = person.press()
    assert response.status_code >= 500
    assert unit.scalar(select(func.count()).select_from(Submission)) == 0
    assert unit.scalar(select(func.count()).select_from(Contact)) == 0
