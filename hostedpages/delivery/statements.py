"""The statements of the worker's hot path, built once, for `outbox.py`, `claims.py`, `attempts.py`.

Building and hashing a statement costs more than running it. Must never be run outside a transaction
of the outbox.
"""

from sqlalchemy import (
    ColumnElement,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)

from hostedpages.delivery.which import DELIVERIES, IS_LEASED
from hostedpages.models import DeliveryAttempt

ATTEMPTS = DeliveryAttempt.metadata.tables["delivery_attempts"]
# What counts against limits, literal: the index of these attempts is partial, and without this
# term it would not be used.
IS_COUNTED: ColumnElement[bool] = literal_column("delivery_attempts.counted_as <> ''")
_ROW = DELIVERIES.c
# Still with the fence number of the claim: nobody else has taken it since.
_OURS = tuple_(_ROW.id, _ROW.fence).in_(bindparam("pairs", expanding=True))

TAKE = (
    update(DELIVERIES)
    .where(_ROW.id.in_(bindparam("ids", expanding=True)))
    .values(
        state="claimed",
        worker=bindparam("new_worker"),
        lease_until=bindparam("new_lease"),
        fence=_ROW.fence + 1,
        attempts=_ROW.attempts + 1,
    )
    .returning(
        _ROW.id,
        _ROW.public_id,
        _ROW.account_id,
        _ROW.kind,
        _ROW.payload,
        _ROW.recipient,
        _ROW.submission_id,
        _ROW.contact_id,
        _ROW.page_id,
        _ROW.enrollment_id,
        _ROW.created_at,
        _ROW.fence,
        _ROW.attempts.label("attempt"),
        _ROW.sender_id,
    )
)
MARK = (
    update(DELIVERIES)
    .where(IS_LEASED, _OURS)
    .values(state="sending", lease_until=bindparam("new_lease"))
    .returning(_ROW.id)
)
RENEW = (
    update(DELIVERIES)
    .where(IS_LEASED, _OURS)
    .values(lease_until=bindparam("new_lease"))
    .returning(_ROW.id)
)
OWNED = select(_ROW.id).where(IS_LEASED, _OURS).order_by(_ROW.id).with_for_update()
END = (
    update(DELIVERIES)
    .where(_ROW.id == bindparam("row_id"), _ROW.fence == bindparam("row_fence"))
    .values(
        state=bindparam("new_state"),
        due_at=func.coalesce(bindparam("new_due_at", type_=_ROW.due_at.type), _ROW.due_at),
        error=bindparam("new_error"),
        receipt=bindparam("new_receipt"),
        finished_at=bindparam("new_finished_at"),
        lease_until=None,
        worker="",
    )
)
OPEN_ATTEMPT = insert(ATTEMPTS)
CLOSE_ATTEMPT = (
    update(ATTEMPTS)
    .where(
        ATTEMPTS.c.delivery_id == bindparam("row_id"), ATTEMPTS.c.number == bindparam("row_number")
    )
    .values(
        finished_at=bindparam("new_finished_at"),
        outcome=bindparam("new_outcome"),
        reply=bindparam("new_reply"),
    )
)
