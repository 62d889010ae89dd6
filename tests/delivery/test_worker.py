"""The worker from claim to receipt, against a real mail server on the loopback."""

from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.config import Settings
from hostedpages.delivery import notifications, outbox, worker
from hostedpages.models import Account, Delivery, Submission
from tests import factories
from tests.servers import SmtpSink, smtp_sink

pytestmark = pytest.mark.both_databases


def lead(owner: Account | None = None, **values: object) -> Submission:
    owner = owner or factories.account(new_lead_emails=["sales@example.org"])
    page = factories.page(owner, name="Free quote")
    contact = factories.contact(
        owner, first_name="Pat", last_name="Person", email="pat@example.org"
    )
    return factories.submission(page, contact, **values)


def notify(submission: Submission, *, users: list[str] | None = None) -> list[Delivery]:
    session = db.session()
    account = session.get_one(Account, submission.account_id)
    with db.transaction() as session:
        rows = notifications.new_lead_rows(
            session,
            account=account,
            page_id=submission.page_id,
            submission_id=submission.id,
            contact_id=submission.contact_id,
            notify_users=users or [],
            notify_emails=[],
            returning=False,
            due_at=submission.created_at,
        )
        outbox.put_many(session, rows)
    return deliveries()


def deliveries() -> list[Delivery]:
    db.session().rollback()
    db.session().expire_all()
    return list(db.session().scalars(select(Delivery).order_by(Delivery.id)))


def with_smtp(settings: Settings, sink: SmtpSink) -> Settings:
    return settings.model_copy(
        update={"smtp_url": sink.url, "mail_from": "Leads <leads@ours.example>"}
    )


def test_a_lead_reaches_its_people_as_a_file_without_a_mail_server(
    unit: Session, settings: Settings
) -> None:
    (delivery,) = notify(lead())

    worker.run_until_idle(settings)

    (delivery,) = deliveries()
    assert delivery.state == "delivered"
    (file,) = (settings.data_dir / "mail").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert mail["Subject"] == "New lead: Pat Person from Free quote"
    assert mail["Reply-To"] == "pat@example.org"
    text = mail.get_body(("plain",)).get_content()
    assert "Email" in text
    assert "pat@example.org" in text


def test_a_lead_reaches_its_people_through_the_mail_server(
    unit: Session, settings: Settings
) -> None:
    (delivery,) = notify(lead())

    with smtp_sink() as sink:
        worker.run_until_idle(with_smtp(settings, sink))
        (mail,) = sink.to("sales@example.org")

    (delivery,) = deliveries()
    assert (delivery.state, delivery.receipt) == ("delivered", "250 2.0.0 Kept")
    assert mail["Message-ID"] == f"<{delivery.public_id}@ours.example>"
    assert mail["From"] == "Leads <leads@ours.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
