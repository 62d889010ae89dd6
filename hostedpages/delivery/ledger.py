"""Writes the worker's marks and outcomes in batches: many deliveries, one transaction.

While one batch is being written the next one gathers, so the disk's speed sets the batch size.
Must never report a mark or an outcome before it is committed.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import timedelta
from functools import partial

from sqlalchemy.exc import DBAPIError

from hostedpages import clock, db
from hostedpages.delivery import outbox
from hostedpages.delivery.rows import Claimed, Finished

log = logging.getLogger("hostedpages.worker")

RETRY_SECONDS = 0.5


class LeaseLost(Exception):
    """Somebody else may work on this delivery now: it must not be sent by us."""


class Ledger:
    """The only way in which the worker writes about a claimed delivery."""

    def __init__(self, threads: Executor, lease: timedelta) -> None:
        self._threads = threads
        self._lease = lease
        self._marks: list[tuple[Claimed, asyncio.Future[bool]]] = []
        self._ends: list[tuple[Finished, asyncio.Future[bool]]] = []
        self._news = asyncio.Event()

    async def mark_sending(self, claimed: Claimed) -> None:
        """Commit that this delivery is about to reach the other side. Raises LeaseLost."""
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
        return await done

    async def run(self) -> None:
        """Write batch after batch until canceled."""
        while True:
            await self._news.wait()
            self._news.clear()
            marks, self._marks = self._marks, []
            ends, self._ends = self._ends, []
            if marks:
                held = await self._write(partial(self._mark, [each for each, _ in marks]))
                for claimed, done in marks:
                    _tell(done, claimed.id in held)
            if ends:
                lost = await self._write(partial(_finish, [each for each, _ in ends]))
                for result, done in ends:
                    _tell(done, result.claimed.id not in lost)

    async def _write(self, write: Callable[[], set[int]]) -> set[int]:
        """Write in a thread; a database that is away for a moment is waited for."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await loop.run_in_executor(self._threads, write)
            except DBAPIError as error:
                log.warning(
                    "The database refused a batch",
                    extra={"fields": {"error": type(error).__name__}},
                )
                await asyncio.sleep(RETRY_SECONDS)

    def _mark(self, claims: list[Claimed]) -> set[int]:
        with db.unit():
            return outbox.mark_sending(claims, clock.now(), lease=self._lease)


def _finish(results: list[Finished]) -> set[int]:
    with db.unit():
        return outbox.finish(results, clock.now())


def _tell(done: asyncio.Future[bool], answer: bool) -> None:
    if not done.done():
        done.set_result(answer)
