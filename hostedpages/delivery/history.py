"""Notes what a person did to a delivery in the history of its contact.

Must never open a transaction.
"""

from sqlalchemy.orm import Session

from hostedpages.models import Delivery, HistoryEntry


def note(
    session: Session, delivery: Delivery, kind: str, text: str, by_user_id: int | None
) -> None:
    """Add a history entry, if the delivery belongs to a contact."""
    if delivery.contact_id is None:
        return
    session.add(
        HistoryEntry(
            account_id=delivery.account_id,
            contact_id=delivery.contact_id,
            submission_id=delivery.submission_id,
            kind=kind,
            text=text,
            details={"delivery": delivery.public_id},
            by_user_id=by_user_id,
        )
    )
