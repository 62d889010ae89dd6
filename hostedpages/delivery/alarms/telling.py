"""Whether people were told of an alarm: read from the deliveries that carried it.

An alarm is told when a mail server took one copy or the webhook answered. What was written to a
folder, came back, failed or waits told nobody. Must never write.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session

from hostedpages.delivery.alarms import tell
from hostedpages.delivery.which import DELIVERIES
from hostedpages.mail.folder import is_receipt
from hostedpages.models import Alarm

# What tells an alarm is put within the same look, which takes seconds.
PUT_WITHIN = timedelta(minutes=10)
UNDER_WAY = ("pending", "claimed", "sending", "held")
NO_WAY = "There was no way left to tell it by."
ONLY_WRITTEN = "Hosted Pages has no mail server yet, so the mail was only written to a folder."
CAME_BACK = "The mail came back."
_D = DELIVERIES.c
_Carried = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Telling:
    """How telling an alarm went: `at` is when the first copy arrived at the other side, `why` says
    of one that reached nobody what went wrong. With neither it is under way."""

    at: datetime | None = None
    why: str = ""


def tellings(session: Session, alarms: Sequence[Alarm]) -> dict[int, Telling]:
    """How the last telling of these alarms of one account went, by alarm id; nothing for those that
    nobody was to be told of yet."""
    told = {each.id: each for each in alarms if each.told_at is not None}
    if not told:
        return {}
    put = {each.told_at for each in told.values() if each.told_at is not None}
    carried: dict[str, list[_Carried]] = {}
    for row in session.execute(
        select(_D.payload, _D.state, _D.receipt, _D.error, _D.finished_at, _D.bounced_at).where(
            _D.account_id.in_({each.account_id for each in told.values()}),
            _D.kind.in_((tell.MAIL, tell.WEBHOOK)),
            or_(*(and_(_D.created_at >= at, _D.created_at < at + PUT_WITHIN) for at in put)),
        )
    ):
        for public_id in _ids(row.payload):
            carried.setdefault(public_id, []).append(row)
    return {each.id: _telling(carried.get(each.public_id, ())) for each in told.values()}


def arrived(row: _Carried) -> bool:
    """Whether the other side has this one: neither written to a folder nor sent back."""
    return row.state == "delivered" and not row.bounced_at and not is_receipt(row.receipt)


def _telling(rows: Iterable[_Carried]) -> Telling:
    rows = list(rows)
    times = [row.finished_at for row in rows if arrived(row)]
    if times:
        return Telling(at=min(times))
    if any(row.state in UNDER_WAY for row in rows):
        return Telling()
    # Two copies often fail for one reason.
    return Telling(why=" ".join(dict.fromkeys(_why(row) for row in rows)) or NO_WAY)


def _why(row: _Carried) -> str:
    if row.bounced_at:
        return CAME_BACK
    if row.state == "delivered":
        return ONLY_WRITTEN
    return str(row.error) or "It was not sent."


def _ids(payload: dict[str, Any]) -> list[str]:
    """The alarms that a mail lists or an event of a webhook is about."""
    if payload.get("event", {}).get("type") == tell.OPENED:
        return [str(payload["event"]["data"]["alarm"]["id"])]
    return [str(each.get("id", "")) for each in payload.get("alarms", ())]
