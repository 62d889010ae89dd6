"""What one message of a mailbox means for us: a delivery that came back, or a contact who answered.

Part of the caller's transaction. Must never keep a message that does not concern us, never
quarantine on a notice or stop a plan on an answer that does not show one of our own ids (anybody
can write any address into a From), never suppress our own people, and never keep without end.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hostedpages.delivery import plans, suppressions
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.reading import Said
from hostedpages.delivery.suppressions import address_key
from hostedpages.mail.bounces import Bounce
from hostedpages.mail.replies import Reply
from hostedpages.models import (
    ActionPlan,
    Contact,
    Delivery,
    Enrollment,
    HistoryEntry,
    MailboxMessage,
    Sender,
    User,
)
from hostedpages.tokens import random_id

SOFT_BOUNCES = 3
SOFT_WITHIN = timedelta(days=14)
# A notice that shows no original may be about a mail to the same address not longer ago than this.
RECENT = timedelta(days=7)
# What is kept of one contact, and of all that shows none of our ids in one mailbox, in a day. A
# flood from outside fills a table no further than this, and takes no room from what is proven.
A_DAY = timedelta(days=1)
MOST_OF_A_CONTACT = 20
MOST_UNPROVEN = 200
SHOWN_IN_HISTORY = 500
REPLIED = "The contact replied."
UNPROVEN = "Unproven: it answers none of our mails"
_KINDS = {"hard": "hard_bounce", "soft": "soft_bounce", "complaint": "complaint"}


def take(session: Session, sender: Sender, said: Said, now: datetime) -> str:
    """Write down what a message of the sender's mailbox means, once.

    Returns the kind of the row that was made (see MailboxMessage), or "" when there was none:
    because it is somebody's own mail, forged, one too many of its day, or taken already.
    """
    if isinstance(said.what, Reply):
        return _take_reply(session, sender, said, said.what, now)
    return _take_notice(session, sender, said, said.what, now)


def _take_notice(
    session: Session, sender: Sender, said: Said, notice: Bounce, now: datetime
) -> str:
    account_id = sender.account_id
    is_sure = bool(notice.delivery_id)
    if is_sure:
        delivery = session.scalar(
            select(Delivery).where(
                Delivery.public_id == notice.delivery_id, Delivery.account_id == account_id
            )
        )
    elif notice.has_original:
        return ""  # of somebody's own mail: ours would say so
    else:
        delivery = _recent_delivery(session, account_id, notice.address, said.received_at)
    if delivery is None:
        return ""  # about somebody's own mail, or forged
    if _is_too_much(
        session,
        sender,
        MailboxMessage.address_key == address_key(delivery.recipient),
        MailboxMessage.kind != "reply",
        is_sure=is_sure,
        now=now,
    ):
        return ""
    kind = _KINDS[notice.kind]
    made = _insert(
        session,
        sender,
        said,
        kind=kind,
        address_key=address_key(delivery.recipient),
        contact_id=delivery.contact_id,
        delivery_id=delivery.id,
        text=notice.reply,
        details={
            "status": notice.status,
            "is_sure": is_sure,
            "is_final": notice.is_final,
            "counts": notice.counts,
            "named": notice.address,
        },
        now=now,
    )
    if not made:
        return ""
    if is_sure and notice.is_final:
        if delivery.bounced_at is None or said.received_at < delivery.bounced_at:
            delivery.bounced_at = said.received_at
        _note_notice(session, delivery, notice, made, now)
        if _goes_to_contacts(delivery):
            _quarantine(session, delivery, notice, said.received_at, now)
    return kind


def _quarantine(
    session: Session, delivery: Delivery, notice: Bounce, came: datetime, now: datetime
) -> None:
    """One hard bounce, one complaint, or three soft bounces in 14 days."""
    reason = {"hard": "hard_bounce", "complaint": "complaint"}.get(notice.kind, "")
    if not reason and notice.counts:
        many = _soft_bounces(session, delivery, since=came - SOFT_WITHIN)
        reason = "repeated_soft_bounce" if many >= SOFT_BOUNCES else ""
    if reason:
        suppressions.quarantine(
            session,
            delivery.account_id,
            delivery.recipient,
            reason=reason,
            reply=notice.reply,
            delivery_id=delivery.id,
            now=now,
        )


def _soft_bounces(session: Session, delivery: Delivery, *, since: datetime) -> int:
    """How many mails to the address came back for a passing reason that lies with the address."""
    found = session.execute(
        select(MailboxMessage.delivery_id, MailboxMessage.details).where(
            MailboxMessage.account_id == delivery.account_id,
            MailboxMessage.address_key == address_key(delivery.recipient),
            MailboxMessage.received_at >= since,
            MailboxMessage.kind == "soft_bounce",
        )
    )
    return len({each for each, details in found if details["counts"] and details["is_sure"]})


def _goes_to_contacts(delivery: Delivery) -> bool:
    """Whether the mail was for a contact, and not for one of our own people."""
    return kind_of(delivery.kind).is_to_contact


def _recent_delivery(
    session: Session, account_id: int, address: str, came: datetime
) -> Delivery | None:
    """The last delivery to an address before a notice came, if it is not long ago."""
    key = address_key(address)
    if not key:
        return None
    contacts = select(Contact.id).where(Contact.account_id == account_id, Contact.email_key == key)
    return session.scalar(
        select(Delivery)
        .where(
            Delivery.account_id == account_id,
            Delivery.contact_id.in_(contacts),
            Delivery.recipient != "",
            Delivery.state == "delivered",
            Delivery.finished_at > came - RECENT,
        )
        .order_by(Delivery.finished_at.desc())
        .limit(1)
    )


def _note_notice(
    session: Session, delivery: Delivery, notice: Bounce, message_id: str, now: datetime
) -> None:
    if delivery.contact_id is None:
        return
    what = "was reported as spam" if notice.kind == "complaint" else "came back"
    session.add(
        HistoryEntry(
            account_id=delivery.account_id,
            contact_id=delivery.contact_id,
            submission_id=delivery.submission_id,
            kind="complained" if notice.kind == "complaint" else "bounced",
            text=f"{delivery.summary or 'A mail'} {what}: {notice.reply}"[:SHOWN_IN_HISTORY],
            details={"delivery": delivery.public_id, "message": message_id},
            created_at=now,
        )
    )


def _take_reply(session: Session, sender: Sender, said: Said, answer: Reply, now: datetime) -> str:
    if _is_one_of_us(session, sender, answer.address):
        return ""
    delivery = _answered(session, sender.account_id, answer)
    contact_id = delivery.contact_id if delivery else _contact(session, sender.account_id, answer)
    is_sure = delivery is not None
    if contact_id is None or _is_too_much(
        session,
        sender,
        MailboxMessage.contact_id == contact_id,
        MailboxMessage.kind == "reply",
        is_sure=is_sure,
        now=now,
    ):
        return ""
    made = _insert(
        session,
        sender,
        said,
        kind="reply",
        address_key=address_key(answer.address),
        contact_id=contact_id,
        delivery_id=delivery.id if delivery else None,
        subject=answer.subject,
        text=answer.text,
        details={"from": answer.address, "is_sure": is_sure},
        now=now,
    )
    if not made:
        return ""
    about = f" to “{answer.subject}”" if is_sure and answer.subject else ""
    words = f"Replied{about}" if is_sure else f"A message came. {UNPROVEN}"
    session.add(
        HistoryEntry(
            account_id=sender.account_id,
            contact_id=contact_id,
            kind="replied" if is_sure else "wrote",
            text=f"{words}: {answer.text}"[:SHOWN_IN_HISTORY],
            details={"message": made},
            created_at=now,
        )
    )
    if is_sure:
        _stop_plans(session, sender.account_id, contact_id, said.received_at, now)
    return "reply"


def _stop_plans(
    session: Session, account_id: int, contact_id: int, came: datetime, now: datetime
) -> None:
    """Stop what the contact is in, where the plan says so."""
    for enrollment_id in session.scalars(
        select(Enrollment.id)
        .join(ActionPlan, ActionPlan.id == Enrollment.plan_id)
        .where(
            Enrollment.account_id == account_id,
            Enrollment.contact_id == contact_id,
            Enrollment.state == "active",
            # What was started after the answer is not what was answered.
            Enrollment.started_at <= came,
            ActionPlan.stops_on_reply,
        )
    ).all():
        plans.stop(enrollment_id, REPLIED, now)


def _is_too_much(
    session: Session,
    sender: Sender,
    *same: ColumnElement[bool],
    is_sure: bool,
    now: datetime,
) -> bool:
    """Whether a day has brought as many as are kept: of `same`, and of what is not proven."""
    shows_id = MailboxMessage.details["is_sure"].as_boolean()
    lately = (
        MailboxMessage.account_id == sender.account_id,
        MailboxMessage.created_at > now - A_DAY,
        shows_id.is_(is_sure),
    )
    many = select(func.count()).select_from(MailboxMessage).where(*lately)
    if session.scalars(many.where(*same)).one() >= MOST_OF_A_CONTACT:
        return True
    if is_sure:
        return False
    of_mailbox = many.where(MailboxMessage.sender_id == sender.id)
    return session.scalars(of_mailbox).one() >= MOST_UNPROVEN


def _answered(session: Session, account_id: int, answer: Reply) -> Delivery | None:
    """The mail to a contact that a message says to answer; the one it names first."""
    found = {
        each.public_id: each
        for each in session.scalars(
            select(Delivery).where(
                Delivery.account_id == account_id,
                Delivery.public_id.in_(answer.delivery_ids),
                Delivery.contact_id.is_not(None),
            )
        )
        if _goes_to_contacts(each)
    }
    return next((found[each] for each in answer.delivery_ids if each in found), None)


def _contact(session: Session, account_id: int, answer: Reply) -> int | None:
    """The contact with this address; the oldest one, as matching has it."""
    return session.scalar(
        select(Contact.id)
        .where(
            Contact.account_id == account_id,
            Contact.email_key == address_key(answer.address),
            Contact.archived_at.is_(None),
        )
        .order_by(Contact.id)
        .limit(1)
    )


def _is_one_of_us(session: Session, sender: Sender, address: str) -> bool:
    if address in (sender.email.lower(), sender.sign_in_name.lower()):
        return True
    user = select(User.id).where(User.account_id == sender.account_id, User.email == address)
    return session.scalar(user.limit(1)) is not None


def _insert(
    session: Session,
    sender: Sender,
    said: Said,
    *,
    kind: str,
    address_key: str,
    contact_id: int | None,
    delivery_id: int | None,
    text: str,
    details: dict[str, object],
    subject: str = "",
    now: datetime,
) -> str | None:
    """Add the row and return its public id; None when the message was taken before."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return session.scalar(
        make(MailboxMessage)
        .values(
            public_id=random_id(),
            account_id=sender.account_id,
            sender_id=sender.id,
            message_key=said.key,
            kind=kind,
            address_key=address_key,
            contact_id=contact_id,
            delivery_id=delivery_id,
            subject=subject,
            text=text,
            details=details,
            received_at=said.received_at,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["account_id", "message_key"])
        .returning(MailboxMessage.public_id)
    )
