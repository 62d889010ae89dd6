"""Mail that was only written to a folder, because there was no mail server: whether it can go now.

For display, and for the service just before it asks the outbox. Must never read a whole payload:
it can be long.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from hostedpages import clock, db
from hostedpages.builder.deliveries import stops
from hostedpages.builder.services import settings
from hostedpages.delivery import senders
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.streams import GENERAL, MARKETING
from hostedpages.mail.folder import is_receipt
from hostedpages.models import PLATFORM, Delivery

_FOR_EVER = timedelta.max


def is_written(delivery: Delivery) -> bool:
    """Whether it counts as delivered, but reached nobody."""
    return delivery.state == "delivered" and is_receipt(delivery.receipt)


def ways_now(deliveries: Iterable[Delivery]) -> dict[int, int]:
    """Of these, all of one account: delivery id -> the sender that takes it now and reaches people.

    A late alarm or automatic answer is worse than none, and the link in mail of an account is gone.
    """
    # A kind with a stream of its own is an alarm or opens an account.
    asked = {
        each.id: each
        for each in deliveries
        if is_written(each) and kind_of(each.kind).default_stream in (GENERAL, MARKETING)
    }
    stops.look_up(asked.values())
    asked = {key: each for key, each in asked.items() if not stops.stop_of(each)}
    if not asked:
        return {}
    routes = senders.routes(db.session(), next(iter(asked.values())).account_id)
    send_as, is_answer = Delivery.payload["send_as"], Delivery.payload["is_answer"]
    marks = db.session().execute(
        select(Delivery.id, send_as.as_string(), is_answer.as_boolean()).where(
            Delivery.id.in_(asked)
        )
    )
    found = {}
    for key, name, answers in marks:
        kind, payload = kind_of(asked[key].kind), {"send_as": name, "is_answer": answers}
        is_late = clock.now() - asked[key].created_at > (kind.gives_up_after(payload) or _FOR_EVER)
        way = routes.of(kind.stream(payload))
        if not is_late and (way > PLATFORM or settings().smtp_url):
            found[key] = way
    return found


def can_send_now(delivery: Delivery) -> bool:
    """The same for one."""
    return delivery.id in ways_now([delivery])
