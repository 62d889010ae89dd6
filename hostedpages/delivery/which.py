"""Which deliveries: the conditions of the outbox's statements, in words.

Must never write.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Table, literal_column, tuple_

from hostedpages.delivery.rows import Claimed
from hostedpages.models import Delivery

DELIVERIES: Table = Delivery.metadata.tables["deliveries"]
# Literal, so that both databases see that a partial index answers the question.
IS_PENDING: ColumnElement[bool] = literal_column("deliveries.state = 'pending'")
IS_URGENT: ColumnElement[bool] = literal_column("deliveries.is_urgent")
IS_NOT_URGENT: ColumnElement[bool] = literal_column("not deliveries.is_urgent")
IS_CLAIMED: ColumnElement[bool] = literal_column("deliveries.state = 'claimed'")
IS_LEASED: ColumnElement[bool] = literal_column("deliveries.state in ('claimed', 'sending')")
IS_HELD: ColumnElement[bool] = literal_column("deliveries.state = 'held'")
IS_NOT_SENT: ColumnElement[bool] = literal_column(
    "deliveries.state in ('failed', 'unknown', 'skipped')"
)
IS_WAITING: ColumnElement[bool] = literal_column("deliveries.state in ('pending', 'held')")


def ours(claims: Sequence[Claimed]) -> ColumnElement[bool]:
    """Still with the fence number of these claims: nobody else has taken them since."""
    return tuple_(DELIVERIES.c.id, DELIVERIES.c.fence).in_(pairs(claims))


def pairs(claims: Sequence[Claimed]) -> list[tuple[int, int]]:
    """What names a claim: the row and its fence number."""
    return [(each.id, each.fence) for each in claims]
