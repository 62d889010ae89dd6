"""What the screens say of a delivery that reached nobody, will not go, or was stopped."""

from datetime import timedelta

from hostedpages import clock as clock_module
from hostedpages import db
from hostedpages.builder.deliveries.words import shortened
from hostedpages.models import Delivery, MailboxMessage
from tests import factories
from tests.people import Person

STOPPED = "Will not go: the address is stopped"


def text_of(person: Person, path: str) -> str:
    answer = person.client.get(path)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def row_of(person: Person, delivery: Delivery) -> str:
    page = text_of(person, "/deliveries")
    return page.partition(f"/deliveries/{delivery.public_id}")[2].partition("</tr>")[0]


def test_mail_that_was_only_written_to_a_folder_is_not_called_sent(
    alice: Person, bob: Person
) -> None:
    page = factories.page(alice.account)
    submission = factories.submission(page, factories.contact(alice.account))
    facts = {"state": "delivered", "submission_id": submission.id}
    written = factories.delivery(alice.account, receipt="Written to mail/20261122-x.eml", **facts)
    note = "Sent through the Hosted Pages server, because: it does not answer."
    noted = factories.delivery(alice.account, receipt=f"{note} Written to mail/y.eml", **facts)
    sent = factories.delivery(alice.account, receipt="250 Written to mail/z", **facts)

    for delivery in (written, noted):
        assert '<span class="pill is-warn">Written to a folder' in row_of(alice, delivery)
        shown = text_of(alice, f"/deliveries/{delivery.public_id}")
        assert "only written to a folder on its machine and reached nobody" in shown
        assert 'href="/settings/mail">Set up mail' in shown
    assert '<span class="pill is-ok">Sent' in row_of(alice, sent)

    lead = text_of(alice, f"/leads/{submission.public_id}")
    assert lead.count("Written to a folder") == 2
    assert 'href="/settings/mail">Set up mail' in lead
    his = text_of(bob, f"/deliveries/{written.public_id}")
    assert "reached nobody" in his
    assert "/settings/mail" not in his


def test_what_waits_for_a_stopped_address_says_that_it_will_not_go(alice: Person) -> None:
    later = clock_module.now() + timedelta(days=3)
    page = factories.page(alice.account)
    submission = factories.submission(page, factories.contact(alice.account))
    facts = {"recipient": "Anna@example.org", "due_at": later, "submission_id": submission.id}
    waits = factories.delivery(alice.account, **facts)
    ours = factories.delivery(alice.account, kind="notify_user", **facts)
    assert STOPPED not in text_of(alice, "/deliveries")

    address = factories.suppressed_address(
        alice.account, "anna@example.org", kind="quarantined", reason="hard_bounce"
    )
    assert STOPPED in row_of(alice, waits)
    assert "Waiting until" in row_of(alice, ours)
    assert text_of(alice, f"/leads/{submission.public_id}").count(STOPPED) == 1
    shown = text_of(alice, f"/deliveries/{waits.public_id}")
    assert "anna@example.org is quarantined: mail to it came back for good" in shown

    with db.transaction():
        address.lifted_at = clock_module.now()
    assert STOPPED not in text_of(alice, "/deliveries")


def test_what_an_answer_canceled_says_who_answered_and_so_does_the_leads_plan(
    alice: Person,
) -> None:
    contact = factories.contact(alice.account, first_name="Anna", last_name="Ali")
    plan = factories.plan(alice.account, name="Welcome")
    submission = factories.submission(
        factories.page(alice.account), contact, plan_note="Plan “Welcome” was started."
    )
    reason = "The contact replied."
    factories.enrollment(
        plan, contact, submission_id=submission.id, state="stopped", stop_reason=reason
    )
    canceled = factories.delivery(
        alice.account,
        state="canceled",
        contact_id=contact.id,
        submission_id=submission.id,
        error=f"The plan was stopped: {reason}",
    )
    assert "Canceled: Anna answered" in row_of(alice, canceled)
    shown = text_of(alice, f"/deliveries/{canceled.public_id}")
    assert "Anna answered, so the plan was stopped." in shown
    lead = text_of(alice, f"/leads/{submission.public_id}")
    assert "It was stopped, because Anna answered." in lead


def test_the_list_of_leads_marks_who_answered_and_whose_mail_came_back(alice: Person) -> None:
    page = factories.page(alice.account)
    leads = [factories.submission(page, factories.contact(alice.account)) for _ in range(3)]
    now = clock_module.now()
    factories.store(
        MailboxMessage(
            account_id=alice.account.id,
            sender_id=1,
            message_key="m" * 64,
            kind="reply",
            address_key="pat@example.org",
            contact_id=leads[0].contact_id,
            received_at=now,
        )
    )
    factories.delivery(alice.account, state="delivered", submission_id=leads[1].id, bounced_at=now)
    for path in ("/leads", f"/pages/{page.public_id}/results"):
        rows = text_of(alice, path).partition("<tbody>")[2].split("</tr>")
        marks = {
            lead.public_id: [word for word in ("Answered", "Came back") if word in row]
            for lead in leads
            for row in rows
            if lead.public_id in row
        }
        assert [marks[each.public_id] for each in leads] == [["Answered"], ["Came back"], []]


def test_an_error_in_a_list_ends_with_a_whole_sentence() -> None:
    assert shortened("Short. Whole.") == "Short. Whole."
    assert shortened("One. Two is longer. Three", most=22) == "One. Two is longer."
    assert shortened("word " * 20, most=12) == "word word …"


def test_a_later_step_to_the_accounts_own_sender_says_that_it_will_not_go(alice: Person) -> None:
    later = clock_module.now() + timedelta(days=3)
    facts = {"recipient": "Office@example.com", "due_at": later}
    step = factories.delivery(alice.account, **facts)
    ours = factories.delivery(alice.account, kind="notify_user", **facts)
    assert "Waiting until" in row_of(alice, step)
    factories.sender(alice.account)
    assert "Will not go: your own sender’s address" in row_of(alice, step)
    shown = text_of(alice, f"/deliveries/{step.public_id}")
    assert "This is your own sender’s address, so it gets no plan mail." in shown
    assert "Waiting until" in row_of(alice, ours)
