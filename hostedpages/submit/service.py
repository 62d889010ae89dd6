"""Counts of views and starts, posted by the page's script.

Must never store anything of the visitor.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import postgresql, sqlite

from hostedpages.db import engine, transaction
from hostedpages.models import PageDay
from hostedpages.render.live import LivePage

EVENTS = {"view": "views", "start": "starts"}


def count_seen(live: LivePage, event: str, now: datetime) -> None:
    """Add one to the day of the account's calendar. `event` is a key of EVENTS."""
    table = PageDay.metadata.tables["page_days"]
    column = EVENTS[event]
    make = postgresql.insert if engine().dialect.name == "postgresql" else sqlite.insert
    first = {"views": 0, "starts": 0} | {column: 1}
    with transaction() as session:
        session.execute(
            make(table)
            .values(
                account_id=live.account_id,
                page_id=live.id,
                day=now.astimezone(ZoneInfo(live.time_zone)).date(),
                **first,
            )
            .on_conflict_do_update(
                index_elements=["page_id", "day"], set_={column: table.c[column] + 1}
            )
        )
