"""Runs a test's steps on an event loop of its own thread and hands them out as they come.

Must never keep more than a few threads of the web busy with slow servers of other people.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from queue import SimpleQueue

from hostedpages.errors import TooManyTries
from hostedpages.mail.check import Check

AT_ONCE = 2  # in one process, so that pages and submissions always find a free thread
LONGEST_SECONDS = 120.0  # signing in at both servers takes at most so long
_free = threading.BoundedSemaphore(AT_ONCE)
# Accounts with a test on its way: one must not take all the seats with a server that is silent.
_busy: set[int] = set()
_Item = Check | BaseException | None


class Run:
    """One running test. Iterate once; `close` ends it early, as a closed browser does."""

    def __init__(self, steps: AsyncIterator[Check], account_id: int) -> None:
        """Begin. Raises TooManyTries when a test of this account runs, or too many of others."""
        if account_id in _busy:
            raise TooManyTries(
                "Another test of your account is still running. Please wait until it has ended.",
                retry_after_seconds=5,
            )
        if not _free.acquire(blocking=False):
            raise TooManyTries(
                "Other tests are running just now. Please try again in a moment.",
                retry_after_seconds=5,
            )
        _busy.add(account_id)
        self._account_id = account_id
        self._steps = steps
        self._said: SimpleQueue[_Item] = SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._work, name="mail-check", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Check]:
        try:
            while (item := self._said.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self.close()

    def close(self) -> None:
        """Break off, if it still runs."""
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # it may end by itself this moment
                self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _work(self) -> None:
        try:
            self._task = self._loop.create_task(self._speak())
            self._loop.run_until_complete(self._task)
            end: _Item = None
        except asyncio.CancelledError:
            end = None
        except BaseException as error:  # raised again where the answer is written
            end = error
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            _busy.discard(self._account_id)
            _free.release()
        self._said.put(end)

    async def _speak(self) -> None:
        async with asyncio.timeout(LONGEST_SECONDS):
            async for step in self._steps:
                self._said.put(step)
