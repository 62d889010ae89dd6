"""What a person sends again: mail that only reached a folder, and never to a stopped address."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from hostedpages import clock as clock_module
from hostedpages.models import Account, Delivery, HistoryEntry
from tests import factories, people
from tests.people import Person

RECEIPT = "Written to mail/20261122-x.eml"
SEND_NOW = "Send it now"


def written(owner: Account, **values: object) -> Delivery:
    values = {"kind": "notify_user", "state": "delivered", "receipt": RECEIPT, "attempts": 1} | {
        **values
    }
    values.setdefault("finished_at", clock_module.now())
    delivery = factories.delivery(owner, **values)
    factories.attempt(delivery, outcome="delivered", reply=RECEIPT)
    return delivery


def text_of(person: Person, path: str) -> str:
    answer = person.client.get(path)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def page_of(person: Person, delivery: Delivery) -> str:
    return text_of(person, f"/deliveries/{delivery.public_id}")


def row_of(person: Person, delivery: Delivery, path: str = "/deliveries") -> str:
    rows = text_of(person, path).partition("<tbody>")[2]
    return rows.partition(f"/deliveries/{delivery.public_id}")[2].partition("</tr>")[0]


def send_now(person: Person, delivery: Delivery) -> int:
    return person.client.post(f"/deliveries/{delivery.public_id}/send-now").status_code


def test_mail_in_a_folder_is_sent_once_a_sender_takes_its_stream(
    alice: Person, bob: Person, unit: Session, clock: clock_module.FrozenClock
) -> None:
    page = factories.page(alice.account)
    lead = factories.submission(page, factories.contact(alice.account))
    mail = written(alice.account, submission_id=lead.id, contact_id=lead.contact_id)
    for path in ("/deliveries", f"/deliveries/{mail.public_id}", f"/leads/{lead.public_id}"):
        assert SEND_NOW not in text_of(bob, path)
    assert "1. Written to a folder" in page_of(alice, mail)
    assert "Accepted" not in page_of(alice, mail)
    assert send_now(bob, mail) == 409
    assert mail.state == "delivered"

    sender = factories.sender(alice.account)
    for path in ("/deliveries", f"/deliveries/{mail.public_id}", f"/leads/{lead.public_id}"):
        assert SEND_NOW in text_of(bob, path)
    assert "Set up mail" not in page_of(alice, mail)
    clock.advance(timedelta(minutes=5))
    assert send_now(bob, mail) == 303
    assert (mail.state, mail.sender_id, mail.receipt) == ("pending", sender.id, "")
    assert (mail.due_at, mail.finished_at, mail.attempts) == (clock.at, None, 1)
    assert unit.query(HistoryEntry).filter_by(by_user_id=bob.user.id).count() == 1
    assert "<dd>office@example.com</dd>" in page_of(bob, mail)
    assert send_now(bob, mail) == 409


@pytest.mark.both_databases
def test_each_mail_in_a_folder_goes_by_the_way_of_its_own_stream(alice: Person) -> None:
    named = factories.user(alice.account)
    payload = {"subject": "Hello", "text": "Hi", "is_answer": False}
    plan_mail = written(alice.account, kind="email", payload=payload)
    in_a_name = written(alice.account, kind="email", payload=payload | {"send_as": named.public_id})
    factories.sender(alice.account, scope="notifications")
    assert SEND_NOW not in page_of(alice, plan_mail)
    slot = f"user:{named.public_id}"
    own = factories.sender(alice.account, slot=slot, email="jo@example.com")
    assert SEND_NOW not in page_of(alice, plan_mail)
    assert SEND_NOW in row_of(alice, in_a_name)
    assert send_now(alice, in_a_name) == 303
    assert in_a_name.sender_id == own.id


def test_what_is_stopped_too_late_or_opens_an_account_is_not_sent_from_the_folder(
    alice: Person, clock: clock_module.FrozenClock
) -> None:
    factories.sender(alice.account)
    factories.sender(alice.account, slot="marketing", email="news@example.com")
    answer = {"subject": "Thanks", "text": "Thank you.", "is_answer": True}
    late = written(alice.account, kind="email", payload=answer)
    planned = written(alice.account, kind="email", recipient="late@example.org")
    stopped = written(alice.account, kind="email", recipient="gone@example.org")
    factories.suppressed_address(alice.account, "gone@example.org", kind="quarantined")
    access = written(alice.account, kind="account_mail", payload={})
    alarm = written(alice.account, kind="alarm_mail", payload={"template": "alarm"})
    real = written(alice.account, receipt="250 Written to mail/z")
    assert SEND_NOW in page_of(alice, late)
    clock.advance(timedelta(hours=25))
    assert SEND_NOW in page_of(alice, planned)
    for mail in (late, stopped, access, alarm, real):
        assert SEND_NOW not in row_of(alice, mail)
        assert send_now(alice, mail) == 409
        assert mail.state == "delivered"


def test_mail_in_a_folder_is_sent_by_those_who_may_and_is_not_there_for_a_stranger(
    app: Flask, alice: Person, charlie: Person
) -> None:
    factories.sender(alice.account)
    mail = written(alice.account)
    seller = people.signed_in(app, factories.user(alice.account, role="salesperson"))
    assert send_now(seller, mail) == 403
    assert send_now(charlie, mail) == 404
    assert mail.state == "delivered"


def test_what_failed_at_a_stopped_address_offers_the_address_and_not_another_try(
    alice: Person, bob: Person
) -> None:
    failed = factories.delivery(alice.account, state="failed", recipient="Anna@example.org")
    assert "Try again" in row_of(alice, failed)
    stop = factories.suppressed_address(
        alice.account, "anna@example.org", kind="quarantined", reason="hard_bounce"
    )
    link = f'href="/settings/addresses/{stop.public_id}"'
    for shown in (row_of(alice, failed), page_of(alice, failed)):
        assert "Try again" not in shown
        assert link in shown
    assert "The address is quarantined" in row_of(alice, failed)
    assert "It cannot be sent again until the address may be written to" in page_of(alice, failed)
    assert "The address is quarantined" in row_of(bob, failed)
    assert link not in row_of(bob, failed)
    answer = alice.client.post(f"/deliveries/{failed.public_id}/retry")
    assert answer.status_code == 409
    assert "is quarantined: mail to it came back for good" in answer.get_data(as_text=True)
    assert failed.state == "failed"


def test_all_that_failed_is_sent_again_but_for_stopped_addresses(alice: Person) -> None:
    mails = [
        factories.delivery(alice.account, state="failed", recipient=f"{name}@example.org")
        for name in ("anna", "ben", "cleo")
    ]
    for name in ("ben", "cleo"):
        factories.suppressed_address(alice.account, f"{name}@example.org", kind="quarantined")
    assert "Try 1 of 3 failed again" in text_of(alice, "/deliveries")
    alice.client.post("/deliveries/retry-failed")
    assert [each.state for each in mails] == ["pending", "failed", "failed"]
    page = text_of(alice, "/deliveries?state=needs-a-person")
    assert "1 delivery goes out again. 2 were left out: mail to a stopped address" in page
    assert "failed again" not in page
