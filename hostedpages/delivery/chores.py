"""What the worker does from time to time besides delivering: one line in `CHORES` for each.

One process at a time has a chore: it takes the row `chore:<name>` of the heartbeats. A chore that
fails is logged and comes again at its next turn. Must never stop another chore, nor a delivery.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeVar

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.delivery import digest, domains, housekeeping, mailbox
from hostedpages.delivery.alarms import watch

log = logging.getLogger("hostedpages.worker")

T = TypeVar("T")

LOOK_SECONDS = 5.0
# Whoever has a chore says so again and again; after so long without a sign it died with it.
SIGN_SECONDS = 20.0
SILENCE = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do `every` so often, counted from its last end. `run` opens its own units of
    work, in threads where it waits for the database, and may take as long as it needs."""

    name: str  # at most 30 characters
    every: timedelta
    run: Callable[[Settings], Awaitable[None]]


CHORES: list[Chore] = [
    Chore("alarms", timedelta(minutes=1), watch.look),
    Chore("silence", timedelta(minutes=10), watch.listen),
    Chore("digest", timedelta(minutes=5), digest.send_all),
    Chore("mailboxes", mailbox.EVERY, mailbox.visit_all),
    Chore("domains", domains.EVERY_WHILE_NEW, domains.look_at_all),
]


class InDatabase(Protocol):
    """Runs blocking work in a thread; None when the database is away."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T | None]: ...


class Rounds:
    """Looks at the chores of one process, and begins those whose turn has come."""

    def __init__(
        self,
        settings: Settings,
        worker: str,
        in_database: InDatabase,
        chores: Sequence[Chore] | None = None,
    ) -> None:
        self._settings = settings
        self._worker = worker
        self._in_database = in_database
        self._chores = {each.name: each for each in (CHORES if chores is None else chores)}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Look, begin what is due, look again; ends what it began when it is canceled."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def look(self) -> None:
        """Begin what is due and nobody has."""
        free = {
            name: each.every for name, each in self._chores.items() if name not in self._running
        }
        if not free:
            return
        for name in await self._in_database(partial(_take, free, self._worker)) or ():
            task = asyncio.create_task(self._do(self._chores[name]))
            self._running[name] = task

    async def _do(self, chore: Chore) -> None:
        living = asyncio.create_task(self._show_life(chore.name))
        error = ""
        try:
            await chore.run(self._settings)
        except Exception as fault:  # one chore's fault is its own
            error = type(fault).__name__
            log.exception("A chore failed", extra={"fields": {"chore": chore.name}})
        finally:
            living.cancel()
            self._running.pop(chore.name, None)
        state = "failed" if error else "done"
        await self._in_database(partial(_sign, chore.name, self._worker, state, error))

    async def _show_life(self, name: str) -> None:
        while True:
            await asyncio.sleep(SIGN_SECONDS)
            await self._in_database(partial(_sign, name, self._worker, "running", ""))


def _take(chores: dict[str, timedelta], worker: str) -> list[str]:
    with db.unit():
        return housekeeping.take_chores(chores, worker, clock.now(), silence=SILENCE)


def _sign(name: str, worker: str, state: str, error: str) -> None:
    with db.unit():
        details = {"worker": worker, "state": state, "error": error}
        housekeeping.beat(f"{housekeeping.CHORE}{name}", clock.now(), details)
