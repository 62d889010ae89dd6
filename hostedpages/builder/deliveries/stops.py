"""Waiting mail whose address was stopped meanwhile: it will end as not sent, so the screens say so.

Only for display: what is sent is decided at the moment of sending. Looked up once for a whole list.
"""

from collections.abc import Iterable

from flask import g

from hostedpages import db
from hostedpages.delivery import suppressions
from hostedpages.delivery.kinds import kind_of
from hostedpages.models import Delivery

WAITING = ("pending", "held")


def look_up(deliveries: Iterable[Delivery]) -> None:
    """Read for all of these at once, so that a list asks the database only once."""
    known = _known()
    new = {
        (each.account_id, suppressions.address_key(each.recipient))
        for each in deliveries
        if _can_be_stopped(each)
    } - known.keys()
    for account_id in {account_id for account_id, _ in new}:
        keys = [key for owner, key in new if owner == account_id]
        found = suppressions.reasons_of(db.session(), account_id, keys)
        known |= {(account_id, key): found.get(key, "") for key in keys}


def why_stopped(delivery: Delivery) -> str:
    """Why mail to its address will not go, as it follows "the address is stopped: "; empty when it
    may go."""
    if not _can_be_stopped(delivery):
        return ""
    look_up([delivery])
    return _known()[delivery.account_id, suppressions.address_key(delivery.recipient)]


def _can_be_stopped(delivery: Delivery) -> bool:
    return (
        delivery.state in WAITING
        and bool(delivery.recipient)
        and kind_of(delivery.kind).is_to_contact
    )


def _known() -> dict[tuple[int, str], str]:
    if "stopped_addresses" not in g:
        g.stopped_addresses = {}
    found: dict[tuple[int, str], str] = g.stopped_addresses
    return found
