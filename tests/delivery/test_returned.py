"""What comes back: which notices count, what quarantines an address, which answers stop a plan."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.delivery import reading, returned
from hostedpages.mail.imap import Received
from hostedpages.models import (
    Account,
    Contact,
    Delivery,
    Enrollment,
    HistoryEntry,
    MailboxMessage,
    Sender,
    SuppressedAddress,
)
from tests import factories

pytestmark = pytest.mark.both_databases

MAILBOX = Path(__file__).parent.parent / "mailbox"
ID = b"AbCdEfGhIjKlMnOpQrStUv"
PAT = "pat@gmail.example"


@pytest.fixture
def owner(unit: Session) -> Account:
    return factories.account()


@pytest.fixture
def mailbox(owner: Account) -> Sender:
    return factories.sender(owner, email="office@northside.example")


@pytest.fixture
def contact(owner: Account) -> Contact:
    return factories.contact(owner, email=PAT)


@pytest.fixture
def sent(owner: Account, contact: Contact) -> Delivery:
    return plan_mail(owner, contact)


def plan_mail(owner: Account, contact: Contact, **values: object) -> Delivery:
    made = {
        "contact_id": contact.id,
        "recipient": contact.email,
        "state": "delivered",
        "finished_at": clock.now(),
    } | values
    return factories.delivery(owner, **made)


def message(name: str, delivery: Delivery | None = None, *, nonce: str = "") -> bytes:
    """A message of the folder, about this delivery; with another `nonce` it is another one."""
    content = (MAILBOX / f"{name}.eml").read_bytes()
    if nonce:
        content = content.replace(b"Message-Id: <", b"Message-ID: <")
        content = content.replace(b"Message-ID: <", b"Message-ID: <" + nonce.encode(), 1)
    return content.replace(ID, delivery.public_id.encode()) if delivery else content


def take(mailbox: Sender, content: bytes, *, came: timedelta = timedelta()) -> str:
    said = reading.read(Received(1, clock.now() + came, content))
    if said is None:
        return ""
    with db.transaction() as session:
        sender = session.get_one(Sender, mailbox.id)
        return returned.take(session, sender, said, clock.now())


def stopped() -> list[tuple[str, str, str]]:
    rows = db.session().scalars(select(SuppressedAddress).order_by(SuppressedAddress.id))
    return [(each.address_key, each.kind, each.reason) for each in rows]


def history(contact: Contact) -> list[str]:
    rows = select(HistoryEntry).where(HistoryEntry.contact_id == contact.id)
    return [each.text for each in db.session().scalars(rows.order_by(HistoryEntry.id))]


def kept() -> list[MailboxMessage]:
    return list(db.session().scalars(select(MailboxMessage).order_by(MailboxMessage.id)))


def test_one_hard_bounce_quarantines_and_stands_beside_the_delivery(
    mailbox: Sender, contact: Contact, sent: Delivery
) -> None:
    kind = take(mailbox, message("gmail-address-not-found", sent))

    assert kind == "hard_bounce"
    db.session().refresh(sent)
    assert sent.state == "delivered"
    assert sent.bounced_at is not None
    assert stopped() == [(PAT, "quarantined", "hard_bounce")]
    assert "came back: 550-5.1.1 There is no account" in history(contact)[0]
    assert "is quarantined" in history(contact)[1]


def test_a_notice_that_is_read_twice_counts_once(
    mailbox: Sender, contact: Contact, sent: Delivery
) -> None:
    first = take(mailbox, message("gmail-address-not-found", sent))
    second = take(mailbox, message("gmail-address-not-found", sent))

    assert (first, second) == ("hard_bounce", "")
    assert len(history(contact)) == 2


def test_a_bounce_that_comes_before_the_end_of_sending_is_kept(
    mailbox: Sender, owner: Account, contact: Contact
) -> None:
    early = plan_mail(owner, contact, state="sending", finished_at=None)

    take(mailbox, message("postfix-unknown-user", early))

    db.session().refresh(early)
    assert (early.state, early.bounced_at is not None) == ("sending", True)
    assert stopped() == [(PAT, "quarantined", "hard_bounce")]


def test_of_two_notices_the_earlier_time_stays_whatever_their_order(
    mailbox: Sender, sent: Delivery
) -> None:
    take(mailbox, message("gmail-mailbox-full", sent), came=timedelta(hours=2))
    take(mailbox, message("gmail-address-not-found", sent), came=timedelta(hours=-2))

    db.session().refresh(sent)
    assert sent.bounced_at == kept()[1].received_at


def test_three_soft_bounces_in_fourteen_days_quarantine_two_do_not(
    mailbox: Sender, owner: Account, contact: Contact
) -> None:
    days = [-20, -10, -5]
    for day in days:
        mail = plan_mail(owner, contact)
        take(mailbox, message("gmail-mailbox-full", mail, nonce=str(day)), came=timedelta(days=day))
    assert stopped() == []

    mail = plan_mail(owner, contact)
    take(mailbox, message("postfix-expired", mail, nonce="now"))

    assert stopped() == [(PAT, "quarantined", "repeated_soft_bounce")]


def test_three_notices_about_one_mail_are_one_bounce(mailbox: Sender, sent: Delivery) -> None:
    for nonce in "abc":
        take(mailbox, message("gmail-mailbox-full", sent, nonce=nonce))

    assert stopped() == []


@pytest.mark.parametrize("name", ["microsoft365-refused-as-spam", "gmail-refused-unauthenticated"])
def test_a_refusal_of_us_never_suppresses_the_address(
    mailbox: Sender, owner: Account, contact: Contact, name: str
) -> None:
    for nonce in "abcd":
        mail = plan_mail(owner, contact)
        take(mailbox, message(name, mail, nonce=nonce))
        db.session().refresh(mail)
        assert mail.bounced_at is not None

    assert stopped() == []


def test_a_warning_that_a_server_still_tries_is_kept_and_changes_nothing(
    mailbox: Sender, contact: Contact, sent: Delivery
) -> None:
    assert take(mailbox, message("postfix-delayed", sent)) == "soft_bounce"

    db.session().refresh(sent)
    assert sent.bounced_at is None
    assert (stopped(), history(contact)) == ([], [])


def test_one_complaint_quarantines(mailbox: Sender, contact: Contact, sent: Delivery) -> None:
    assert take(mailbox, message("arf-complaint-redacted", sent)) == "complaint"

    assert stopped() == [(PAT, "quarantined", "complaint")]
    assert "was reported as spam" in history(contact)[0]


def test_a_forged_notice_about_an_unknown_id_is_ignored(
    mailbox: Sender, owner: Account, contact: Contact
) -> None:
    victim = factories.contact(owner, email="victim@lakeview.example")
    plan_mail(owner, victim)

    assert take(mailbox, message("hostile-forged-unknown-id")) == ""

    assert (stopped(), kept()) == ([], [])


def test_an_id_of_another_account_is_unknown(
    mailbox: Sender, contact: Contact, sent: Delivery
) -> None:
    stranger = factories.sender(factories.account())

    assert take(stranger, message("gmail-address-not-found", sent)) == ""

    assert (stopped(), kept()) == ([], [])


def test_a_notice_without_the_original_is_only_shown(mailbox: Sender, owner: Account) -> None:
    slow = factories.contact(owner, email="pat@slowpoke.example")
    sent = plan_mail(owner, slow)
    text = (
        b"From: MAILER-DAEMON@relay.example\nSubject: failure notice\nMessage-ID: <1@relay>\n\n"
        b"<pat@slowpoke.example>:\nRemote host said: 550 5.1.1 User unknown\n"
    )

    assert take(mailbox, text) == "hard_bounce"

    db.session().refresh(sent)
    assert (sent.bounced_at, stopped()) == (None, [])
    assert (kept()[0].delivery_id, kept()[0].details["is_sure"]) == (sent.id, False)


@pytest.mark.parametrize("name", ["gmail-address-not-found", "qmail-text", "arf-complaint-yahoo"])
def test_a_notice_about_somebodys_own_mail_is_not_shown_as_one_of_ours(
    mailbox: Sender, owner: Account, name: str
) -> None:
    for address in ("pat.gone@gmail.example", "pat@lakeview.example", "pat@yahoo.example"):
        plan_mail(owner, factories.contact(owner, email=address))
    own = message(name)
    own = own.replace(b"X-Hostedpages-Delivery: " + ID + b"\n", b"").replace(ID, b"own-words-1")

    assert take(mailbox, own) == ""

    assert kept() == []


def test_a_notification_to_our_own_people_that_comes_back_suppresses_nobody(
    mailbox: Sender, owner: Account
) -> None:
    told = factories.delivery(
        owner, kind="notify_user", recipient="sales@lakeview.example", state="delivered"
    )

    assert take(mailbox, message("postfix-unknown-user", told)) == "hard_bounce"

    db.session().refresh(told)
    assert told.bounced_at is not None
    assert stopped() == []


def enrolled(owner: Account, contact: Contact, **values: object) -> Enrollment:
    plan = factories.plan(owner, **values)
    made = factories.enrollment(
        plan, contact, state="active", started_at=clock.now() - timedelta(days=1)
    )
    plan_mail(
        owner, contact, state="pending", enrollment_id=made.id, finished_at=None,
        due_at=clock.now() + timedelta(days=3),
    )  # fmt: skip
    return made


@pytest.mark.parametrize("name", ["reply-gmail", "reply-outlook", "reply-german-below-the-quote"])
def test_an_answer_is_kept_with_the_contact_and_stops_the_plan(
    mailbox: Sender, owner: Account, contact: Contact, sent: Delivery, name: str
) -> None:
    running = enrolled(owner, contact)
    waiting = (
        db.session().scalars(select(Delivery).where(Delivery.enrollment_id == running.id)).one()
    )

    assert take(mailbox, message(name, sent)) == "reply"

    for row in (running, waiting):
        db.session().refresh(row)
    assert (running.state, running.stop_reason) == ("stopped", "The contact replied.")
    assert waiting.state == "canceled"
    (answer,) = kept()
    assert (answer.contact_id, answer.delivery_id) == (contact.id, sent.id)
    assert answer.text in history(contact)[0]
    assert "stopped: The contact replied." in history(contact)[1]


def test_a_message_that_only_carries_the_address_of_a_contact_is_kept_and_stops_nothing(
    mailbox: Sender, owner: Account, contact: Contact
) -> None:
    running = enrolled(owner, contact)

    assert take(mailbox, message("reply-new-message-same-person")) == "reply"

    db.session().refresh(running)
    assert running.state == "active"
    assert (kept()[0].delivery_id, kept()[0].details["is_sure"]) == (None, False)
    assert history(contact) == [
        "A message came. Unproven: it answers none of our mails: The code of the gate is 1234."
    ]


def test_a_forged_answer_with_the_id_of_another_mail_stops_nothing_of_the_victim(
    mailbox: Sender, owner: Account, contact: Contact, sent: Delivery
) -> None:
    running = enrolled(owner, contact)
    forger = factories.contact(owner, email="forger@lakeview.example")
    known = plan_mail(owner, forger)
    strange = plan_mail(factories.account(), factories.contact(factories.account()))

    for each in (known, strange):
        take(mailbox, message("reply-gmail", each, nonce=each.public_id))

    db.session().refresh(running)
    assert running.state == "active"
    assert [each.contact_id for each in kept()] == [forger.id, contact.id]
    assert [each.details["is_sure"] for each in kept()] == [True, False]


def test_of_a_flood_in_the_name_of_a_contact_a_few_are_kept_and_the_real_answer_still_counts(
    mailbox: Sender, owner: Account, contact: Contact, sent: Delivery
) -> None:
    running = enrolled(owner, contact)
    flood = [message("reply-new-message-same-person", nonce=f"n{each}") for each in range(25)]

    kinds = [take(mailbox, each) for each in flood]

    assert kinds == ["reply"] * returned.MOST_OF_A_CONTACT + [""] * 5
    assert take(mailbox, message("reply-gmail", sent)) == "reply"
    db.session().refresh(running)
    assert running.state == "stopped"


def test_what_shows_no_id_fills_a_mailbox_only_so_far_in_a_day(
    mailbox: Sender, owner: Account, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returned, "MOST_UNPROVEN", 2)
    for name in "abc":
        factories.contact(owner, email=f"{name}@home.example")
    letter = "From: %s@home.example\nMessage-ID: <%s@home>\n\nwords\n"

    kinds = [take(mailbox, (letter % (name, name)).encode()) for name in "abc"]

    assert kinds == ["reply", "reply", ""]
    for row in kept():
        row.created_at -= timedelta(days=2)
    db.session().commit()
    assert take(mailbox, (letter % ("c", "c")).encode()) == "reply"


def test_a_plan_that_goes_on_after_an_answer_goes_on(
    mailbox: Sender, owner: Account, contact: Contact, sent: Delivery
) -> None:
    running = enrolled(owner, contact, stops_on_reply=False)

    take(mailbox, message("reply-gmail", sent))

    db.session().refresh(running)
    assert running.state == "active"


def test_a_plan_that_started_after_the_answer_is_not_stopped_by_it(
    mailbox: Sender, owner: Account, contact: Contact, sent: Delivery
) -> None:
    running = enrolled(owner, contact)

    take(mailbox, message("reply-gmail", sent), came=timedelta(days=-2))

    db.session().refresh(running)
    assert running.state == "active"


@pytest.mark.parametrize(
    "name",
    ["out-of-office-exchange", "vacation-gmail", "read-receipt", "newsletter", "own-notification"],
)
def test_what_machines_say_is_neither_kept_nor_stops_anything(
    mailbox: Sender, owner: Account, contact: Contact, sent: Delivery, name: str
) -> None:
    running = enrolled(owner, contact)

    assert take(mailbox, message(name, sent)) == ""

    db.session().refresh(running)
    assert (running.state, kept(), stopped()) == ("active", [], [])


def test_mail_of_strangers_and_of_our_own_people_is_not_kept(
    mailbox: Sender, owner: Account, sent: Delivery
) -> None:
    factories.user(owner, email="juergen@web.example")
    stranger = b"From: friend@home.example\nMessage-ID: <f1@home>\n\nprivate words\n"

    assert take(mailbox, stranger) == ""
    assert take(mailbox, message("reply-german-below-the-quote", sent)) == ""

    assert kept() == []
