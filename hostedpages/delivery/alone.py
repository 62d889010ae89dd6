"""Delivers one row in a process of its own, after the worker died with it three times.

If it kills this process too, the worker lives on and the row's lease runs out. Must never be given
more than one row.
"""

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from typing import Any

from hostedpages import db, logs
from hostedpages.config import Settings
from hostedpages.delivery import facts, origins, outbox
from hostedpages.delivery.ledger import Ledger
from hostedpages.delivery.rows import Claimed
from hostedpages.delivery.seat import Sending, Task
from hostedpages.delivery.ways import Ways

LONGEST_SECONDS = 150


async def deliver(settings: Settings, claimed: Claimed) -> None:
    """Start the process, hand it the row on its standard input, and wait until it ended."""
    row = asdict(claimed) | {"created_at": claimed.created_at.isoformat()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hostedpages.delivery.alone", stdin=asyncio.subprocess.PIPE
    )
    task = json.dumps({"settings": settings.model_dump(mode="json"), "row": row}).encode()
    try:
        await asyncio.wait_for(process.communicate(task), LONGEST_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _deliver_here(settings: Settings, claimed: Claimed) -> None:
    with ThreadPoolExecutor(1) as threads, db.unit() as session:
        ledger = Ledger(threads, outbox.LEASE)
        writing = asyncio.create_task(ledger.run())
        ways = Ways(settings)
        known = facts.gather(session, [claimed], {})[claimed.id]
        origin = origins.gather(session, [claimed], settings).get(claimed.id)
        session.rollback()  # no transaction stays open while the mail is on its way
        await Sending(settings, ways, ledger).deliver(Task(claimed, known, origin))
        await ways.close()
        writing.cancel()


def main() -> None:
    """Read the task from standard input and do it."""
    task: dict[str, Any] = json.load(sys.stdin)
    settings = Settings.model_validate(task["settings"])
    row = task["row"] | {"created_at": datetime.fromisoformat(task["row"]["created_at"])}
    logs.configure(settings.log_level)
    db.connect(settings)
    asyncio.run(_deliver_here(settings, Claimed(**row)))


if __name__ == "__main__":
    main()
