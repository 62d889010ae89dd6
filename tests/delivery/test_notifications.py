"""The new-lead mail: who gets it, and what stands in it."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.config import Settings
from hostedpages.delivery import recipients, worker
from hostedpages.models import Delivery
from tests import factories

FIELDS = (
    factories.field("first_name", "First name", binds_to="first_name"),
    factories.field("last_name", "Family name", binds_to="last_name"),
    factories.field("email", "Your email", type="email", binds_to="email"),
    factories.field("phone", "Phone", type="phone", binds_to="cell_phone"),
    factories.field("other", "Second email", type="email"),
    factories.field("city", "City", binds_to="city"),
    factories.field("wish", "What can we do?", type="textarea"),
    factories.field("empty", "Left empty"),
)
ANSWERS = {
    "first_name": "Renée",
    "last_name": "Müller",
    "email": "renee@example.org",
    "phone": "+12125550123",
    "other": "second@example.org",
    "city": "Albany",
    "wish": "A new roof.\nSoon.",
}


def mail_about(
    settings: Settings,
    *,
    options: dict[str, Any] | None = None,
    returning: bool = False,
    **values: Any,
) -> EmailMessage:
    """Let the worker write the mail about one submission, and read its file."""
    owner = factories.account(new_lead_emails=["sales@example.org"], time_zone="America/New_York")
    page = factories.page(owner, *FIELDS, name="Free quote", options=options)
    contact = factories.contact(
        owner,
        first_name="Renée",
        last_name="Müller",
        email="renee@example.org",
        cell_phone="+12125550123",
    )
    values.setdefault("answers", ANSWERS)
    values.setdefault("created_at", datetime(2026, 3, 3, 15, 7, tzinfo=UTC))
    source = factories.lead_source(owner, name="Website")
    submission = factories.submission(page, contact, lead_source_id=source.id, **values)
    factories.notify_of(submission, returning=returning)
    worker.run_until_idle(settings)
    (file,) = (settings.data_dir / "mail").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_the_mail_holds_every_answer_with_the_label_the_visitor_saw(
    unit: Session, settings: Settings
) -> None:
    mail = mail_about(
        settings,
        plan_note="Plan “Welcome” was started.",
        context={"utm": {"utm_campaign": "Spring", "utm_source": "newsletter"}},
    )

    assert mail["Subject"] == "New lead: Renée Müller from Free quote"
    assert mail["Reply-To"] == "renee@example.org"
    text = part(mail, "plain")
    assert text.startswith("Renée Müller: A new roof. Soon.\n")
    labels = [
        "First name",
        "Family name",
        "Your email",
        "Phone",
        "Second email",
        "City",
        "What can",
    ]
    assert sorted(labels, key=text.index) == labels
    for words in (
        "(212) 555-0123",
        "  A new roof.\n  Soon.",
        "Lead source: Website",
        "Plan “Welcome” was started.",
        "Received: March 3, 2026, 10:07 am EST",
        "Page: Free quote",
        "Campaign: Spring",
        "Source: newsletter",
        "http://localhost/leads/",
    ):
        assert words in text
    assert "Left empty" not in text
    page = part(mail, "html")
    assert "tel:+12125550123" in page
    assert "mailto:renee@example.org" in page
    for words in (*labels, "(212) 555-0123", "Website", "10:07 am EST"):
        assert words in page


def test_a_contact_who_wrote_before_is_a_returning_lead(unit: Session, settings: Settings) -> None:
    mail = mail_about(settings, returning=True)
    assert mail["Subject"].startswith("Returning lead: Renée Müller")
    assert "has written before" in part(mail, "plain")


def test_personal_data_is_masked_everywhere_when_the_page_says_so(
    unit: Session, settings: Settings
) -> None:
    mail = mail_about(settings, options={"notify_personal_data": False})

    whole = mail.as_string() + part(mail, "plain") + part(mail, "html") + mail["Subject"]
    for secret in ("Renée", "Müller", "renee@", "second@", "5550123", "555-0123\n  (212"):
        assert secret not in whole
    assert mail["Subject"] == "New lead: R. from Free quote"
    assert "Reply-To" not in mail
    text = part(mail, "plain")
    assert "r***@e***.org" in text
    assert "***-***-0123" in text
    assert "Albany" in text
    assert "A new roof." in text


def test_answers_cannot_become_markup(unit: Session, settings: Settings) -> None:
    hostile = "<img src=x onerror=alert(1)><a href=//evil.test>win</a>"
    mail = mail_about(settings, answers={**ANSWERS, "wish": hostile})

    page = part(mail, "html")
    assert "<img" not in page
    assert "//evil.test>" not in page
    assert "&lt;img" in page


@pytest.mark.parametrize(
    "hostile",
    [
        "=?utf-8?q?Bob=0D=0AReply-To=3A_evil=40x=2Etest=0D=0A=0D=0APHISH?=",
        "=?utf-8?q?=ff?= é",
        "Bob\r\nBcc: evil@x.test",
        "\u2028Bcc: evil@x.test",
        "x" * 100_000,
        "{{7*7}} {% for x in y %}",
    ],
)
def test_a_hostile_name_reaches_its_people_and_forges_nothing(
    unit: Session, settings: Settings, hostile: str
) -> None:
    owner = factories.account(new_lead_emails=["sales@example.org"])
    page = factories.page(owner, *FIELDS, name="Free quote")
    contact = factories.contact(owner, first_name=hostile, last_name="", email="pat@example.org")
    factories.notify_of(factories.submission(page, contact, answers={"first_name": hostile}))

    worker.run_until_idle(settings)

    (file,) = (settings.data_dir / "mail").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert mail.keys() == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Reply-To",
        "Auto-Submitted",
        "X-Hostedpages-Delivery",
        "MIME-Version",
        "Content-Type",
    ]
    assert mail["To"] == "sales@example.org"
    assert mail["Reply-To"] == "pat@example.org"


def test_a_note_without_a_contact_names_who_stands_in_the_answers(
    unit: Session, settings: Settings
) -> None:
    owner = factories.account(new_lead_emails=["sales@example.org"])
    page = factories.page(owner, *FIELDS, name="Free quote")
    factories.notify_of(factories.submission(page, answers=ANSWERS))

    worker.run_until_idle(settings)

    (file,) = (settings.data_dir / "mail").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert mail["Subject"] == "New lead: Renée Müller from Free quote"


def test_a_version_that_cannot_be_read_still_tells_of_its_lead(
    unit: Session, settings: Settings
) -> None:
    owner = factories.account(new_lead_emails=["sales@example.org"])
    page = factories.page(owner, draft={"format": 99, "nonsense": True})
    submission = factories.submission(page)
    factories.notify_of(submission)

    worker.run_until_idle(settings)

    (file,) = (settings.data_dir / "mail").glob("*.eml")
    assert submission.public_id.encode() in file.read_bytes() or b"/leads" in file.read_bytes()
    db.session().rollback()
    assert db.session().scalars(select(Delivery.state)).one() == "delivered"


def test_the_new_lead_list_is_users_who_want_it_and_extra_addresses_each_once(
    unit: Session,
) -> None:
    owner = factories.account(
        new_lead_emails=["Yes@example.org", "extra@example.org", "gone@example.org"]
    )
    yes = factories.user(owner, email="yes@example.org", gets_new_leads=True)
    factories.user(owner, email="no@example.org")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    factories.user(owner, email="gone@example.org", gets_new_leads=True, archived_at=now)
    factories.user(factories.account(), email="other@example.org", gets_new_leads=True)

    found = recipients.of_page(unit, owner, notify_users=[], notify_emails=[])

    assert [(each.email, each.user_id) for each in found] == [
        ("yes@example.org", yes.id),
        ("extra@example.org", None),
    ]


def test_a_pages_own_list_comes_before_the_accounts(unit: Session) -> None:
    owner = factories.account(new_lead_emails=["extra@example.org"])
    ann = factories.user(owner, email="ann@example.org")
    stranger = factories.user(factories.account(), email="stranger@example.org")

    found = recipients.of_page(
        unit,
        owner,
        notify_users=["Ann@example.org", stranger.email],
        notify_emails=["desk@example.org", "ann@example.org"],
    )

    assert [(each.email, each.user_id) for each in found] == [
        ("ann@example.org", ann.id),
        ("desk@example.org", None),
    ]


def test_an_archived_user_gets_no_new_lead_mail_that_was_already_put(
    unit: Session, settings: Settings
) -> None:
    owner = factories.account()
    user = factories.user(owner, email="ann@example.org", gets_new_leads=True)
    page = factories.page(owner)
    factories.notify_of(factories.submission(page, factories.contact(owner)))
    with db.transaction():
        user.archived_at = datetime(2026, 1, 1, tzinfo=UTC)

    worker.run_until_idle(settings)

    db.session().rollback()
    delivery = db.session().scalars(select(Delivery)).one()
    assert (delivery.state, delivery.error) == ("skipped", "This user is archived.")
