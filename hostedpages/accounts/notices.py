"""Puts the mails about a user's own access into the outbox.

Must never be sent to another address than the user's own: its link is a key.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from hostedpages.delivery import outbox
from hostedpages.models import User

KIND = "account_mail"
SUMMARIES = {
    "invite": "Invitation",
    "reset": "Link to set a new password",
    "sign_in": "Link to sign in",
}


def put(session: Session, user: User, template: str, *, path: str, now: datetime) -> None:
    """Add one mail with the link `path` to the current transaction."""
    outbox.put(
        session,
        account_id=user.account_id,
        kind=KIND,
        payload={"template": template, "to": user.email, "name": user.name, "path": path},
        due_at=now,
        recipient=user.email,
        summary=SUMMARIES[template],
    )
