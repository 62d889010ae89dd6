"""What a person can do with a delivery: send it again, or stop it. One transaction each.

The states are written by the outbox. Must never touch a delivery that was not loaded through its
account.
"""

from hostedpages import clock, db
from hostedpages.builder.deliveries import queries, stops, written
from hostedpages.delivery import kinds, outbox
from hostedpages.errors import Conflict
from hostedpages.models import Account, Delivery, User

AT_ONCE = 500


def can_retry(delivery: Delivery) -> bool:
    """Whether `retry_delivery` makes sense; the outbox decides again when it is asked."""
    if kinds.kind_of(delivery.kind).has_secret and delivery.finished_at is not None:
        return False  # its link, which opens an account, was taken out when it ended
    if stops.stop_of(delivery) is not None:
        return False  # it would only end as not sent, out of everybody's sight
    return delivery.state in ("failed", "unknown") or (
        delivery.state in ("pending", "held") and delivery.attempts > 0
    )


def can_cancel(delivery: Delivery) -> bool:
    """Whether `cancel_delivery` makes sense; the outbox decides again when it is asked."""
    return delivery.state in ("pending", "held", "claimed", "unknown", "failed")


def retry_delivery(delivery: Delivery, *, by: User) -> None:
    """Send it again, now; its attempts stay. Raises Conflict when it cannot be sent again."""
    if (stop := stops.stop_of(delivery)) is not None:
        raise Conflict(f"This delivery cannot be sent again. {stop.why}")
    with db.transaction():
        outbox.retry(delivery, clock.now(), by_user_id=by.id)


def send_written(delivery: Delivery, *, by: User) -> None:
    """Send what was only written to a folder. Raises Conflict when no way reaches anybody now."""
    way = written.ways_now([delivery]).get(delivery.id)
    if way is None:
        raise Conflict("This delivery cannot be sent now: it is on its way, or no server takes it.")
    with db.transaction():
        outbox.send_written(delivery, way, clock.now(), by_user_id=by.id)


def failed_again(account: Account) -> tuple[list[Delivery], int]:
    """What of that which failed can be sent again, at most 500 at once, the oldest first; and how
    many cannot, because their address is stopped or their link is gone."""
    failed = queries.failed(account)
    stops.look_up(failed)
    again = [each for each in failed if can_retry(each)]
    return again[:AT_ONCE], len(failed) - len(again)


def retry_failed(account: Account, *, by: User) -> tuple[int, int]:
    """Send again what failed and can be; return how many that were, and how many were left out."""
    with db.transaction():
        again, left_out = failed_again(account)
        for each in again:
            outbox.retry(each, clock.now(), by_user_id=by.id)
    return len(again), left_out


def cancel_delivery(delivery: Delivery, *, by: User) -> None:
    """Stop it before it is sent, or set a failed one aside.

    Raises Conflict when it ended otherwise or is on its way this moment.
    """
    with db.transaction():
        outbox.cancel(delivery, clock.now(), by_user_id=by.id)
