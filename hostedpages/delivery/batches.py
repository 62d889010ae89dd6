"""What is known about the deliveries of one claim, read together before they go to their seats.

Must never let one that cannot be read stop the others.
"""

import logging
from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hostedpages.config import Settings
from hostedpages.delivery import facts, origins
from hostedpages.delivery.rows import Claimed
from hostedpages.delivery.seat import Task

log = logging.getLogger("hostedpages.worker")


def read(
    session: Session, claims: Sequence[Claimed], sheets: facts.Sheets, settings: Settings
) -> list[Task]:
    """A task for each, in order; what cannot be read is left out of its own. Raises DBAPIError."""
    try:
        return _read(session, claims, sheets, settings)
    except DBAPIError:
        raise
    except Exception:
        log.exception("A batch could not be read")
    tasks = []
    for each in claims:
        try:
            tasks += _read(session, [each], sheets, settings)
        except DBAPIError:
            raise
        except Exception:
            log.exception("unreadable", extra={"fields": {"delivery": each.public_id}})
            tasks.append(Task(each, None))
    return tasks


def _read(
    session: Session, claims: Sequence[Claimed], sheets: facts.Sheets, settings: Settings
) -> list[Task]:
    if not claims:
        return []
    known = facts.gather(session, claims, sheets)
    found = origins.gather(session, claims, settings)
    return [Task(each, known.get(each.id), found.get(each.id)) for each in claims]
