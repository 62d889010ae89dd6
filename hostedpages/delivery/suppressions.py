"""Addresses that an account stopped using: opted out by the person, or quarantined with a reason.

The one place that stops an address and lets it go again. Must never delete one: the address is
kept, so that a new contact with it is not written to either.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages.delivery.rows import Claimed
from hostedpages.models import SuppressedAddress


def address_key(address: str) -> str:
    """How an address is kept and compared: lower case, as typed otherwise."""
    return address.strip().lower()[:254]


def live(session: Session, batch: Sequence[Claimed]) -> dict[tuple[int, str, str], str]:
    """What holds for the recipients of a batch: (account id, address key, kind) -> reason."""
    keys = {address_key(each.recipient) for each in batch}
    rows = session.execute(
        select(
            SuppressedAddress.account_id,
            SuppressedAddress.address_key,
            SuppressedAddress.kind,
            SuppressedAddress.reason,
        ).where(
            SuppressedAddress.account_id.in_({each.account_id for each in batch}),
            SuppressedAddress.address_key.in_(keys),
            SuppressedAddress.lifted_at.is_(None),
        )
    )
    return {
        (account_id, key, kind): reason.replace("_", " ") for account_id, key, kind, reason in rows
    }
