"""Ends an enrollment together with its last delivery.

Must never open a transaction: it is part of the one that ended the delivery.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, update
from sqlalchemy.orm import Session

from hostedpages.models import Delivery, Enrollment

OPEN_STATES = ("pending", "claimed", "sending", "held")


def complete_enrollments(session: Session, ids: Collection[int], now: datetime) -> None:
    """Mark those of `ids` completed that run and have no open delivery any more.

    An unknown outcome counts as an end here: otherwise one mail that waits for a person would keep
    the same contact out of the plan for ever.
    """
    if not ids:
        return
    waiting = exists().where(
        Delivery.enrollment_id == Enrollment.id, Delivery.state.in_(OPEN_STATES)
    )
    session.execute(
        update(Enrollment)
        .where(Enrollment.id.in_(ids), Enrollment.state == "active", ~waiting)
        .values(state="completed", finished_at=now)
        .execution_options(synchronize_session=False)
    )
