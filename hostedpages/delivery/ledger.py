"""Writes the worker's marks and outcomes in batches: many deliveries, one transaction.

While one batch is being written the next one gathers, so the disk's speed sets the batch size.
Must never report a mark or an outcome before it is committed.
"""

import asyncio
import logging
from concurrent.futures import Executor
from datetime import timedelta

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hostedpages import clock, db
from hostedpages.delivery import outbox
from hostedpages.delivery.rows import Claimed, Finished

log = logging.getLogger("hostedpages.worker")

RETRY_SECONDS = 0.5
# Short, because a mail that is sent but not written down is sent twice if the worker is killed.
GATHER_SECONDS = 0.01


class LeaseLost(Exception):
    """Somebody else may work on this delivery now: it must not be sent by us."""


class Ledger:
    """The only way in which the worker writes about a claimed delivery."""

    def __init__(self, threads: Executor, lease: timedelta) -> None:
        self._threads = threads
        self._lease = lease
        self.fresh_seconds = lease.total_seconds() / 2  # for so long a mark needs no second look
        self._marks: list[tuple[Claimed, asyncio.Future[bool]]] = []
        self._ends: list[tuple[Finished, asyncio.Future[bool]]] = []
        self._news = asyncio.Event()
        # Deliveries that may be with the other side already: these must not be given back.
        self.begun: set[int] = set()

    async def mark_sending(self, claimed: Claimed) -> None:
        """Commit that this delivery is about to reach the other side. Raises LeaseLost."""
        self.begun.add(claimed.id)
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._marks.append((claimed, done))
        self._news.set()
        if not await done:
            raise LeaseLost

    async def finish(self, result: Finished) -> bool:
        """Commit an outcome; False when the delivery was no longer ours."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._ends.append((result, done))
        self._news.set()
        try:
            return await done
        finally:
            self.begun.discard(result.claimed.id)

    async def run(self) -> None:
        """Write batch after batch until canceled."""
        while True:
            await self._news.wait()
            if not self._marks:
                await asyncio.sleep(GATHER_SECONDS)  # nobody waits for an outcome but its seat
            self._news.clear()
            marks, self._marks = self._marks, []
            ends, self._ends = self._ends, []
            held, lost = await self._write(
                [claimed for claimed, _ in marks], [result for result, _ in ends]
            )
            for claimed, done in marks:
                _tell(done, claimed.id in held)
            for result, done in ends:
                _tell(done, result.claimed.id not in lost)

    async def _write(self, marks: list[Claimed], ends: list[Finished]) -> tuple[set[int], set[int]]:
        """Write in a thread. A database that is away for a moment is waited for.

        What it refuses for another reason is written one by one, so that a single outcome that
        cannot be stored takes no other with it; that one counts as lost, and its lease runs out.
        """

        def write() -> tuple[set[int], set[int]]:
            with db.unit():
                return outbox.write(marks, ends, clock.now(), lease=self._lease)

        loop = asyncio.get_running_loop()
        while True:
            try:
                return await loop.run_in_executor(self._threads, write)
            except (OperationalError, InterfaceError, PoolTimeout) as error:
                log.warning("The database is away", extra=_named(error))
                await asyncio.sleep(RETRY_SECONDS)
            except DBAPIError as error:
                log.error("The database refused a batch", extra=_named(error))
                if len(marks) + len(ends) == 1:
                    return set(), {each.claimed.id for each in ends}
                break
        held: set[int] = set()
        lost: set[int] = set()
        for mark in marks:
            held |= (await self._write([mark], []))[0]
        for end in ends:
            lost |= (await self._write([], [end]))[1]
        return held, lost


def _named(error: Exception) -> dict[str, dict[str, str]]:
    return {"fields": {"error": type(error).__name__}}


def _tell(done: asyncio.Future[bool], answer: bool) -> None:
    if not done.done():
        done.set_result(answer)
