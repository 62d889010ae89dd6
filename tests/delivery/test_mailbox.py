"""The chore that reads mailboxes, against a real Dovecot: from the sent mail to what came of it."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.delivery import mailbox, reading, worker
from hostedpages.mail.imap import Received, Visit
from hostedpages.models import (
    Account,
    Contact,
    Delivery,
    Enrollment,
    MailboxMessage,
    Sender,
    SuppressedAddress,
)
from hostedpages.vault import Vault
from tests import factories
from tests.dovecot import PASSWORD, USER, Dovecot, dovecot
from tests.servers import SmtpSink, free_port, smtp_sink

LETTERS = Path(__file__).parent.parent / "mailbox"
ID = b"AbCdEfGhIjKlMnOpQrStUv"


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    with dovecot() as made:
        yield made


@pytest.fixture(autouse=True)
def trusted(running: Dovecot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The certificate of this Dovecot is trusted like any other, and its mailbox is empty."""
    running.empty()
    bundle = tmp_path / "authorities.pem"
    running.authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))


@pytest.fixture
def allowing(settings: Settings) -> Settings:
    return settings.model_copy(update={"private_hosts": "allow"})


@pytest.fixture
def owner(unit: Session) -> Account:
    return factories.account()


def box(owner: Account, settings: Settings, running: Dovecot, **values: object) -> Sender:
    """A sender whose mailbox is the one of the Dovecot."""
    password = values.pop("password", PASSWORD)
    made = factories.sender(
        owner,
        email=USER,
        imap_enabled=True,
        imap_host="127.0.0.1",
        imap_port=running.tls_port,
        **values,
    )
    sealed = Vault(settings.secret_keys).seal(str(password), place=made.secret_place)
    with db.transaction():
        made.secret_sealed = sealed
    return made


def visit(settings: Settings) -> None:
    db.session().rollback()
    asyncio.run(mailbox.visit_all(settings))
    db.session().rollback()
    db.session().expire_all()


def plan_mail_sent(settings: Settings, sink: SmtpSink, owner: Account) -> tuple[Contact, Delivery]:
    """A contact in a plan whose first mail has left and whose second one waits."""
    contact = factories.contact(owner, email="pat@gmail.example")
    plan = factories.plan(owner)
    enrollment = factories.enrollment(plan, contact, started_at=clock.now() - timedelta(minutes=1))
    made = [
        factories.delivery(
            owner,
            contact_id=contact.id,
            recipient=contact.email,
            enrollment_id=enrollment.id,
            due_at=clock.now() + wait,
        )
        for wait in (timedelta(), timedelta(days=3))
    ]
    db.session().rollback()
    worker.run_until_idle(settings.model_copy(update={"smtp_url": sink.url}))
    db.session().expire_all()
    assert [(each.state, each.error) for each in made] == [("delivered", ""), ("pending", "")]
    return contact, made[0]


def returned(name: str, sent: bytes) -> bytes:
    return (LETTERS / f"{name}.eml").read_bytes().replace(ID, sent)


@pytest.mark.both_databases
def test_a_bounce_is_read_and_quarantines_and_the_mailbox_stays_as_it_was(
    allowing: Settings, owner: Account, running: Dovecot
) -> None:
    sender = box(owner, allowing, running)
    with smtp_sink() as sink:
        contact, sent = plan_mail_sent(allowing, sink, owner)
        visit(allowing)
        message_id = sink.received[0].message["Message-ID"].strip("<>").partition("@")[0]
    running.put(returned("gmail-address-not-found", message_id.encode()))

    visit(allowing)

    assert sent.bounced_at is not None
    (stopped,) = db.session().scalars(select(SuppressedAddress))
    assert (stopped.address_key, stopped.kind) == (contact.email, "quarantined")
    assert running.is_untouched
    db.session().refresh(sender)
    assert (sender.imap_problem, sender.imap_read_at is not None) == ("", True)
    with smtp_sink() as sink:
        with db.transaction() as session:
            for each in session.scalars(select(Delivery).where(Delivery.state == "pending")):
                each.due_at = clock.now()
        db.session().rollback()
        worker.run_until_idle(allowing.model_copy(update={"smtp_url": sink.url}))
        assert sink.received == []


@pytest.mark.both_databases
def test_an_answer_is_read_and_stops_the_plan(
    allowing: Settings, owner: Account, running: Dovecot
) -> None:
    box(owner, allowing, running)
    with smtp_sink() as sink:
        contact, sent = plan_mail_sent(allowing, sink, owner)
    visit(allowing)
    running.put(returned("reply-gmail", sent.public_id.encode()))

    visit(allowing)

    (enrollment,) = db.session().scalars(select(Enrollment))
    assert (enrollment.state, enrollment.stop_reason) == ("stopped", "The contact replied.")
    (answer,) = db.session().scalars(select(MailboxMessage))
    assert (answer.kind, answer.contact_id) == ("reply", contact.id)
    assert running.is_untouched


def test_while_a_message_is_read_others_can_write(
    owner: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = factories.sender(owner)
    contact = factories.contact(owner, email="pat@gmail.example")
    read, written = reading.read, []

    def read_slowly(received: Received) -> reading.Said | None:
        with ThreadPoolExecutor(1) as another:
            another.submit(someone_writes).result()
        return read(received)

    def someone_writes() -> None:
        with db.unit(), db.transaction() as session:
            session.execute(update(Contact).values(archived_at=None))
        written.append(True)

    monkeypatch.setattr(reading, "read", read_slowly)
    letter = (LETTERS / "reply-new-message-same-person.eml").read_bytes()
    other = letter.replace(b"<new-message", b"<another")
    seen = Visit(1, 2, [Received(1, clock.now(), letter), Received(2, clock.now(), other)])

    db.session().rollback()

    mailbox._write(sender.id, seen)

    db.session().rollback()
    kept = db.session().scalars(select(MailboxMessage.contact_id)).all()
    assert (written, kept) == ([True, True], [contact.id, contact.id])


def test_one_failing_mailbox_does_not_stop_the_others(
    allowing: Settings, owner: Account, running: Dovecot
) -> None:
    wrong = box(factories.account(), allowing, running, password="a canary, not the password")
    lost = factories.sender(
        factories.account(),
        imap_enabled=True,
        imap_host="127.0.0.1",
        imap_port=free_port(),
        secret_sealed="damaged",
    )
    good = box(owner, allowing, running)

    visit(allowing)

    assert "refused the sign-in" in wrong.imap_problem
    assert "app password" in wrong.imap_problem
    assert "canary" not in wrong.imap_problem
    assert lost.imap_problem == mailbox.SECRET_LOST
    assert (good.imap_problem, good.imap_validity is not None) == ("", True)


def test_a_mailbox_that_refuses_is_asked_ever_later_and_after_a_change_at_once(
    unit: Session, owner: Account
) -> None:
    now = clock.now()
    words = "The server refused the sign-in: no."
    sender = factories.sender(
        owner, imap_problem=words, imap_failures=1, imap_tried_at=now, updated_at=now
    )

    turns = [mailbox.is_due(sender, now + timedelta(minutes=each)) for each in (2, 19, 21)]
    in_the_first_hour = 1
    waited = mailbox.pause(1, words)
    while waited < timedelta(hours=1):
        in_the_first_hour += 1
        waited += mailbox.pause(in_the_first_hour, words)

    assert turns == [False, False, True]
    assert in_the_first_hour <= 3
    with db.transaction():
        sender.updated_at = now + timedelta(seconds=30)
    assert mailbox.is_due(sender, now + timedelta(minutes=1))


def test_a_mailbox_is_asked_at_once_after_the_clock_was_set_back(
    unit: Session, owner: Account
) -> None:
    now = clock.now()
    last = now + timedelta(hours=2)
    sender = factories.sender(owner, imap_tried_at=last, updated_at=now)

    assert mailbox.is_due(sender, now)
    assert not mailbox.is_due(sender, last - timedelta(seconds=5))


def test_a_sender_without_a_mailbox_is_left_alone(
    allowing: Settings, owner: Account, running: Dovecot
) -> None:
    off = factories.sender(owner, imap_enabled=False, imap_host="127.0.0.1")
    gone = box(factories.account(archived_at=clock.now()), allowing, running, slot="account")

    visit(allowing)

    assert (off.imap_tried_at, gone.imap_tried_at) == (None, None)
