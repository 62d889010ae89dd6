"""Stopped addresses on the screens: the list, the way back, and where else they show."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from hostedpages import clock, db
from hostedpages.models import Contact, HistoryEntry, MailboxMessage, SuppressedAddress
from tests import factories
from tests.people import Person


def text(person: Person, path: str) -> str:
    answer = person.client.get(path)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def stopped(
    person: Person, address: str = "pat@example.org", **values: object
) -> SuppressedAddress:
    return factories.suppressed_address(person.account, address, **values)


def came_back(person: Person, contact: Contact, **values: object) -> MailboxMessage:
    made = {
        "sender_id": 1,
        "message_key": "k",
        "kind": "reply",
        "address_key": contact.email_key,
        "contact_id": contact.id,
        "subject": "Re: Your roof",
        "text": "Thursday is fine. <b>Really</b>",
        "received_at": clock.now(),
    } | values
    return factories.store(MailboxMessage(account_id=person.account.id, **made))


def test_the_list_says_who_is_stopped_since_when_and_in_the_servers_words(alice: Person) -> None:
    stopped(alice, "ann@example.org")
    stopped(
        alice,
        "bob@example.org",
        kind="quarantined",
        reason="hard_bounce",
        reply="550 5.1.1 <script>alert(1)</script>",
    )
    stopped(alice, "gone@example.org", lifted_at=clock.now(), lifted_note="Asked for it.")
    factories.suppressed_address(factories.account(), "stranger@example.org")

    page = text(alice, "/settings/addresses")

    assert "ann@example.org" in page
    assert "By the unsubscribe button of their mail program." in page
    assert "Mail to it came back for good." in page
    assert "550 5.1.1 &lt;script&gt;" in page
    assert "gone@example.org" not in page
    assert "stranger@example.org" not in page
    assert "gone@example.org" in text(alice, "/settings/addresses?show=lifted")
    assert "bob@" not in text(alice, "/settings/addresses?show=opted_out")
    assert "ann@" not in text(alice, "/settings/addresses?q=BOB")
    assert "Nothing matches" in text(alice, "/settings/addresses?q=nobody")


def test_an_empty_list_says_what_will_stand_here(alice: Person) -> None:
    assert "No address is stopped" in text(alice, "/settings/addresses")


def test_the_way_back_needs_a_note_which_is_kept(alice: Person) -> None:
    contact = factories.contact(alice.account, email="pat@example.org")
    row = stopped(alice)
    path = f"/settings/addresses/{row.public_id}"

    empty = alice.client.post(f"{path}/lift", data={"note": "  ok "})
    full = alice.client.post(f"{path}/lift", data={"note": "She asked for it on the phone."})

    assert empty.status_code == 422
    assert "kept as the record" in empty.get_data(as_text=True)
    assert full.status_code == 303
    assert (row.lifted_by_id, row.lifted_note) == (alice.user.id, "She asked for it on the phone.")
    (note,) = db.session().scalars(select(HistoryEntry))
    assert (note.contact_id, note.by_user_id) == (contact.id, alice.user.id)
    assert alice.client.post(f"{path}/lift", data={"note": "Once more, please."}).status_code == 409
    assert "She asked for it" in text(alice, path)


def test_an_address_is_stopped_by_hand(alice: Person) -> None:
    wrong = alice.client.post(
        "/settings/addresses/new", data={"email": "nobody", "kind": "opted_out"}
    )
    sent = {"email": "Pat@Example.org", "kind": "quarantined"}
    answers = [alice.client.post("/settings/addresses/new", data=sent) for _ in range(2)]

    assert wrong.status_code == 422
    assert [each.status_code for each in answers] == [303, 303]
    (row,) = db.session().scalars(select(SuppressedAddress))
    assert (row.address_key, row.kind, row.reason) == ("pat@example.org", "quarantined", "manual")
    assert row.by_user_id == alice.user.id


def test_only_owners_and_admins_may(alice: Person, bob: Person, charlie: Person) -> None:
    row = stopped(alice)
    paths = [
        "/settings/addresses",
        "/settings/addresses/new",
        f"/settings/addresses/{row.public_id}",
    ]

    assert [bob.client.get(each).status_code for each in paths] == [403, 403, 403]
    assert bob.client.post(f"{paths[2]}/lift", data={"note": "I want it so."}).status_code == 403
    assert charlie.client.get(paths[2]).status_code == 404
    assert charlie.client.post(f"{paths[2]}/lift", data={"note": "I want it."}).status_code == 404
    assert row.lifted_at is None


def test_a_lead_shows_that_its_address_is_stopped_and_what_was_answered(
    alice: Person, bob: Person
) -> None:
    contact = factories.contact(alice.account, email="pat@example.org")
    page = factories.page(alice.account)
    lead = factories.submission(page, contact)
    row = stopped(alice, contact.email, kind="quarantined", reason="complaint")
    came_back(alice, contact)

    hers, his = (text(each, f"/leads/{lead.public_id}") for each in (alice, bob))

    for shown in (hers, his):
        assert "Quarantined" in shown
        assert "The person reported a mail as spam." in shown
        assert "Thursday is fine. &lt;b&gt;Really&lt;/b&gt;" in shown
    assert row.public_id in hers
    assert row.public_id not in his


def test_a_delivery_shows_what_came_back_beside_its_state(alice: Person) -> None:
    contact = factories.contact(alice.account, email="pat@example.org")
    now = clock.now()
    delivery = factories.delivery(
        alice.account,
        contact_id=contact.id,
        recipient=contact.email,
        state="delivered",
        finished_at=now - timedelta(hours=1),
        bounced_at=now,
    )
    came_back(
        alice,
        contact,
        kind="hard_bounce",
        delivery_id=delivery.id,
        text="550 5.1.1 <img src=x onerror=alert(1)>",
        details={"is_final": True, "is_sure": True},
    )
    stopped(alice, contact.email, kind="quarantined", reason="hard_bounce")

    shown = text(alice, f"/deliveries/{delivery.public_id}")

    assert "Came back" in shown
    assert "The mail server accepted it, but later it came back." in shown
    assert "It came back for good" in shown
    assert "550 5.1.1 &lt;img" in shown
    assert "No plan mail goes to pat@example.org" in shown
    assert "Came back" in text(alice, "/deliveries")


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"is_final": False, "is_sure": True}, "is still tried"),
        ({"is_final": True, "is_sure": False}, "may be about this mail"),
    ],
)
def test_a_notice_that_is_not_final_or_not_sure_says_so(
    alice: Person, details: dict[str, bool], words: str
) -> None:
    contact = factories.contact(alice.account)
    delivery = factories.delivery(alice.account, contact_id=contact.id, state="delivered")
    came_back(alice, contact, kind="soft_bounce", delivery_id=delivery.id, details=details)

    assert words in text(alice, f"/deliveries/{delivery.public_id}")


@pytest.mark.parametrize("is_sure", [True, False])
def test_a_message_that_answers_none_of_our_mails_is_shown_as_unproven(
    alice: Person, is_sure: bool
) -> None:
    contact = factories.contact(alice.account)
    lead = factories.submission(factories.page(alice.account), contact)
    came_back(alice, contact, details={"is_sure": is_sure})

    page = text(alice, f"/leads/{lead.public_id}")

    assert "Thursday is fine." in page
    assert ("Unproven" in page, "It answers none of our mails" in page) == (not is_sure,) * 2


def test_what_stands_below_plan_mails_is_set_under_account_and_missed_in_the_plan(
    alice: Person,
) -> None:
    settings = {"subject": "Hello", "body": "Thank you."}
    plan = factories.plan(alice.account, {"kind": "email", "settings": settings})
    path = f"/plans/{plan.public_id}"
    before = text(alice, path)
    form = {
        "name": alice.account.name,
        "time_zone": alice.account.time_zone,
        "company_address": "  12 Lake   Street\r\n\r\nSpringfield ",
        "company_phone": " (217)  555-0123 ",
    }

    assert alice.client.post("/settings/account", data=form).status_code == 303
    long = alice.client.post("/settings/account", data=form | {"company_address": "x\n" * 9})

    assert "without a postal address and a phone number" in before
    assert alice.account.company_address == "12 Lake Street\nSpringfield"
    assert alice.account.company_phone == "(217) 555-0123"
    assert long.status_code == 422
    assert "without a postal address" not in text(alice, path)


def test_a_plan_says_whether_an_answer_stops_it(alice: Person, charlie: Person) -> None:
    settings = {"subject": "Hello", "body": "Thank you."}
    plan = factories.plan(alice.account, {"kind": "email", "settings": settings})
    path = f"/plans/{plan.public_id}"
    assert "Replies are not noticed yet" in text(alice, path)

    assert charlie.client.post(f"{path}/rules").status_code == 404
    assert alice.client.post(f"{path}/rules").status_code == 303

    assert not plan.stops_on_reply
    assert "Replies are not noticed yet" not in text(alice, path)
    alice.client.post(f"{path}/rules", data={"stops_on_reply": "yes"})
    factories.sender(alice.account, imap_enabled=True, imap_host="imap.example.org")
    assert plan.stops_on_reply
    assert "Replies are not noticed yet" not in text(alice, path)
