"""What came back to the roofing company of `northside.py`: rows for tests that look at screens."""

from datetime import timedelta

from sqlalchemy import select

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.delivery import stop_links
from hostedpages.models import Delivery, MailboxMessage, SuppressedAddress
from hostedpages.tokens import Tokens
from tests import factories
from tests.browser.northside import Northside

REPLY = (
    "550-5.1.1 The email account that you tried to reach does not exist. Please try "
    "double-checking the recipient's address for typos or 550 5.1.1 unnecessary spaces."
)
ANSWER = "Thursday is fine, but please come after 3 pm.\n\nThe gate is closed: ring twice.\nAnn"


def plan_mail(northside: Northside) -> Delivery:
    """A mail of the plan that left to the first lead."""
    found = db.session().scalars(
        select(Delivery)
        .where(
            Delivery.submission_id == northside.lead.id,
            Delivery.enrollment_id.is_not(None),
            Delivery.state == "delivered",
        )
        .order_by(Delivery.id)
    )
    return found.first() or _missing()


def what_came_back(northside: Northside) -> SuppressedAddress:
    """Addresses stopped for every reason, a bounce and an answer; gives back the one bounced."""
    account, now = northside.account, clock.now()
    mail = plan_mail(northside)
    with db.transaction():
        mail.bounced_at = now - timedelta(hours=2)
    for number, (kind, text, values) in enumerate(
        (
            ("hard_bounce", REPLY, {"delivery_id": mail.id}),
            ("reply", ANSWER, {"subject": "Re: Thank you, Ann"}),
            ("reply", "Stop!", {"details": {"is_final": True, "is_sure": False}}),
        )
    ):
        factories.store(
            MailboxMessage(
                account_id=account.id,
                sender_id=1,
                message_key=f"key {number}",
                kind=kind,
                address_key=mail.recipient,
                contact_id=mail.contact_id,
                text=text,
                received_at=now - timedelta(hours=2 + number),
                **{"details": {"is_final": True, "is_sure": True}} | values,
            )
        )
    for email, values in (
        ("jm@example.com", {"reason": "one_click"}),
        ("wei@example.com", {"reason": "unsubscribe_page"}),
        (
            "bartholomew.featherstonehaugh.cholmondeley@long-subdomain.mail.example.com",
            {"kind": "quarantined", "reason": "repeated_soft_bounce", "reply": "552 5.2.2 full"},
        ),
        (
            "noa@example.com",
            {"kind": "quarantined", "reason": "manual", "by_user_id": northside.owner.id},
        ),
    ):
        factories.suppressed_address(account, email, **values)
    return factories.suppressed_address(
        account,
        mail.recipient,
        kind="quarantined",
        reason="hard_bounce",
        reply=REPLY,
        delivery_id=mail.id,
    )


def stop_link(northside: Northside, settings: Settings) -> str:
    """The path below the plan's mail to the first lead."""
    return stop_path(plan_mail(northside), settings)


def stop_path(delivery: Delivery, settings: Settings) -> str:
    """The path below this mail where its reader says stop."""
    return stop_links.path(Tokens(settings.secret_keys), delivery.public_id)


def _missing() -> Delivery:
    raise AssertionError("the company has sent no mail of its plan")
