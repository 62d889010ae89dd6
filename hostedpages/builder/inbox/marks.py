"""What became of leads afterwards, for lists: who answered, whose mail came back, which plan ended.

Read for a whole list at once. Must never read another account's rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from hostedpages import db
from hostedpages.delivery.kinds import KINDS
from hostedpages.delivery.returned import REPLIED
from hostedpages.models import Delivery, Enrollment, MailboxMessage, Submission

_TO_CONTACTS = tuple(kind.key for kind in KINDS.values() if kind.is_to_contact)


@dataclass(frozen=True)
class Marks:
    """`answered`: the contact answered after this lead. `came_back`: a mail to the contact did."""

    answered: bool
    came_back: bool


def of(submissions: Sequence[Submission]) -> dict[int, Marks]:
    """The marks of each of these submissions of one account, by id."""
    if not submissions:
        return {}
    session, account_id = db.session(), submissions[0].account_id
    replies = session.execute(
        select(MailboxMessage.contact_id, MailboxMessage.received_at).where(
            MailboxMessage.account_id == account_id,
            MailboxMessage.contact_id.in_({each.contact_id for each in submissions} - {None}),
            MailboxMessage.kind.in_(["reply"]),
        )
    )
    last = {}
    for contact_id, at in replies:
        last[contact_id] = max(at, last.get(contact_id, at))
    returned = set(
        session.scalars(
            select(Delivery.submission_id).where(
                Delivery.account_id == account_id,
                Delivery.submission_id.in_([each.id for each in submissions]),
                Delivery.kind.in_(_TO_CONTACTS),
                Delivery.bounced_at.is_not(None),
            )
        )
    )
    return {
        each.id: Marks(
            answered=each.contact_id in last and last[each.contact_id] >= each.created_at,
            came_back=each.id in returned,
        )
        for each in submissions
    }


def plan_end(submission: Submission) -> str:
    """Why the plan that this submission started was stopped, as a sentence; else empty."""
    reason = db.session().scalar(
        select(Enrollment.stop_reason)
        .where(
            Enrollment.account_id == submission.account_id,
            Enrollment.submission_id == submission.id,
            Enrollment.state.in_(["stopped"]),
        )
        .order_by(Enrollment.id.desc())
        .limit(1)
    )
    if not reason:
        return ""
    if reason == REPLIED and submission.contact is not None:
        who = submission.contact.first_name or submission.contact.display_name
        return f"It was stopped, because {who} answered."
    return f"It was stopped: {reason}"
