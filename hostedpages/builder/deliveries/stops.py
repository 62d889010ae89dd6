"""Mail to an address that gets none: waiting mail will end as not sent, and what failed would fail
again, so the screens say so.

Only for display: what is sent is decided at the moment of sending. Looked up once for a whole list.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import g

from hostedpages import db
from hostedpages.builder.deliveries import ways
from hostedpages.delivery import suppressions
from hostedpages.delivery.kinds import kind_of
from hostedpages.delivery.kinds.base import OWN_ADDRESS
from hostedpages.models import Delivery


@dataclass(frozen=True)
class Stop:
    """Why mail to an address does not go.

    `short` follows "Will not go: ", `what` is short and stands by itself, `why` is whole.
    `address_id` is where it can be let go again; empty when that cannot be.
    """

    short: str
    what: str
    why: str
    address_id: str = ""


_OWN = Stop("your own sender’s address", "This is your own sender’s address", OWN_ADDRESS)


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
        found = suppressions.live_among(db.session(), account_id, keys)
        for key in keys:
            known[account_id, key] = _stop(key, found.get(key))


def stop_of(delivery: Delivery) -> Stop | None:
    """Why mail to its address does not go; None when it may."""
    if not _can_be_stopped(delivery):
        return None
    look_up([delivery])
    return _known()[delivery.account_id, suppressions.address_key(delivery.recipient)]


def _stop(key: str, stopped: suppressions.SuppressedAddress | None) -> Stop | None:
    if stopped is None:
        return _OWN if key in ways.own_addresses() else None
    verb = "opted out" if suppressions.is_opt_out(stopped) else "is quarantined"
    what = "The contact opted out" if verb == "opted out" else "The address is quarantined"
    why = f"{key} {verb}: {suppressions.reason_words(stopped.reason)}."
    return Stop("the address is stopped", what, why, stopped.public_id)


def _can_be_stopped(delivery: Delivery) -> bool:
    return bool(delivery.recipient) and kind_of(delivery.kind).is_to_contact


def _known() -> dict[tuple[int, str], Stop | None]:
    if "stopped_addresses" not in g:
        g.stopped_addresses = {}
    found: dict[tuple[int, str], Stop | None] = g.stopped_addresses
    return found
