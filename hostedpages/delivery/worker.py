"""The worker: claims what is due, gives each delivery a seat, and keeps leases and heartbeat alive.

The network is async; the database is reached in threads, in short transactions. Must never keep a
transaction open while a mail is on its way, and never let one delivery stop the others.
"""

import asyncio
import gc
import logging
import os
import secrets
import signal
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hostedpages import clock, db, logs
from hostedpages.config import Settings, SettingsError
from hostedpages.delivery import alone, batches, facts, health, housekeeping, outbox
from hostedpages.delivery.chores import Rounds
from hostedpages.delivery.claims import Turn
from hostedpages.delivery.ledger import Ledger
from hostedpages.delivery.rows import Claimed
from hostedpages.delivery.seat import Sending, Task
from hostedpages.delivery.ways import Ways
from hostedpages.mail import transport_for
from hostedpages.mail.headers import sender_header
from hostedpages.models import PLATFORM

log = logging.getLogger("hostedpages.worker")

T = TypeVar("T")

NAME = "worker"
CRASHES_BEFORE_ALONE = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, but for `seats`: how many deliveries are on their way at once. The servers of
    accounts have their own, so that those which hang take none from the installation's."""

    seats: int = 100
    account_seats: int = 200
    lease: float = 60
    renew: float = 15
    scan: float = 10
    poll: float = 0.5
    heartbeat: float = 5
    prune: float = 600
    drain: float = 30

    @property
    def lease_time(self) -> timedelta:
        return timedelta(seconds=self.lease)


def main(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; what the command `hostedpages worker` calls.

    Raises SettingsError when the mail settings cannot be used.
    """
    logs.configure(settings.log_level)
    try:
        transport_for(settings)
        sender_header(settings.mail_from)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    db.connect(settings)
    calm_collector()
    asyncio.run(_until_signal(settings))


def calm_collector() -> None:
    """Let the garbage collector leave alone what lives as long as the process: a fifth faster."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def _until_signal(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(settings, stop)


async def run(settings: Settings, stop: asyncio.Event, timing: Timing | None = None) -> None:
    """Deliver until `stop` is set, then let what is on its way end. Needs `db.connect` before."""
    await Worker(settings, timing or Timing()).run(stop)


def run_until_idle(settings: Settings) -> None:
    """Deliver everything that is due now, then return. For tests and commands."""

    async def until_idle() -> None:
        worker = Worker(settings, Timing(poll=0.1))
        await worker.run(asyncio.Event(), until_idle=True)

    asyncio.run(until_idle())


class Worker:
    """One process's worker: its name, its seats, and what is on its way."""

    def __init__(self, settings: Settings, timing: Timing) -> None:
        self.name = f"{socket.gethostname()[:24]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._settings = settings
        self._timing = timing
        self._tasks: dict[asyncio.Task[None], Claimed] = {}
        self._seats_are_free = asyncio.Event()
        self._alone = asyncio.Lock()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="database")
        self._ledger = Ledger(self._threads, timing.lease_time)
        self._ways = Ways(settings)
        self._sending = Sending(settings, self._ways, self._ledger)
        self._after = PLATFORM
        self._is_draining = False
        self._sheets: facts.Sheets = {}

    async def run(self, stop: asyncio.Event, *, until_idle: bool = False) -> None:
        """Claim and deliver until told to stop, then drain.

        Raises RuntimeError when one of the chores broke: a worker without them must not go on.
        """
        self._log("started")
        await self._in_database(_begin)
        await self._beat()
        await self._free_leases()
        chores = self._begin_chores(stop, with_rounds=not until_idle)
        try:
            await self._claim_until(stop, until_idle=until_idle)
            await self._drain()
            broken = [each for each in chores if each.done()]
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await self._ways.close()
            self._threads.shutdown()
            self._log("stopped")
        if broken:
            raise RuntimeError("a chore of the worker broke") from broken[0].exception()

    def _begin_chores(self, stop: asyncio.Event, *, with_rounds: bool) -> list[asyncio.Task[None]]:
        timing = self._timing
        chores = [
            asyncio.create_task(self._ledger.run()),
            asyncio.create_task(self._ways.run()),
            asyncio.create_task(_every(timing.renew, self._renew, wait=timing.renew)),
            asyncio.create_task(_every(timing.scan, self._free_leases, wait=timing.scan)),
            asyncio.create_task(_every(timing.heartbeat, self._beat, wait=timing.heartbeat)),
            asyncio.create_task(_every(timing.prune, self._prune)),
        ]
        if with_rounds:
            rounds = Rounds(self._settings, self.name, self._in_database)
            chores.append(asyncio.create_task(rounds.run()))
        for chore in chores:
            chore.add_done_callback(lambda _: stop.set())
        return chores

    async def _claim_until(self, stop: asyncio.Event, *, until_idle: bool) -> None:
        stopped = asyncio.create_task(stop.wait())
        while not stop.is_set():
            # What ends while we look may have held others back, so the look after it counts.
            was_idle = not self._tasks
            taken = await self._claim()
            for each in taken:
                task = asyncio.create_task(self._sit(each))
                self._tasks[task] = each.claimed
                task.add_done_callback(self._stand_up)
            if until_idle and was_idle and not taken:
                break
            # Few large claims are cheaper than many small ones: wait until half the seats are
            # free. When they stay taken, by mails that hang, look again with what is free.
            self._seats_are_free.clear()
            if taken and self._free_seats() >= self._timing.seats // 2:
                continue
            free = asyncio.create_task(self._seats_are_free.wait())
            await asyncio.wait(
                {stopped, free}, timeout=self._timing.poll, return_when=asyncio.FIRST_COMPLETED
            )
            free.cancel()
        stopped.cancel()

    def _free_seats(self) -> int:
        own = sum(each.through <= PLATFORM for each in self._tasks.values())
        return self._timing.seats - own

    def _turn(self) -> Turn:
        busy = Counter(each.through for each in self._tasks.values() if each.through > PLATFORM)
        return Turn(self._timing.account_seats - busy.total(), busy, self._after)

    async def _claim(self) -> list[Task]:
        seats, turn = self._free_seats(), self._turn()
        if seats <= 0 and turn.account_seats <= 0:
            return []

        def claim() -> list[Task]:
            with db.unit() as session:
                claims = outbox.claim(
                    self.name, seats, clock.now(), lease=self._timing.lease_time, turn=turn
                )
                try:
                    return batches.read(session, claims, self._sheets, self._settings)
                except DBAPIError:
                    outbox.release(claims)  # else they would wait for their lease to run out
                    raise

        taken = await self._in_database(claim)
        self._after = turn.after
        return taken or []

    async def _sit(self, task: Task) -> None:
        if task.claimed.crashes >= CRASHES_BEFORE_ALONE:
            async with self._alone:
                await alone.deliver(self._settings, task.claimed)
        else:
            await self._sending.deliver(task)

    def _stand_up(self, task: asyncio.Task[None]) -> None:
        ended = self._tasks.pop(task, None)
        is_own = ended is not None and ended.through > PLATFORM
        if is_own or self._free_seats() >= self._timing.seats // 2:
            self._seats_are_free.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A seat broke", exc_info=error)

    async def _drain(self) -> None:
        """Give back at once what has not reached the other side; let the rest end."""
        self._is_draining = True
        await self._give_back({t: c for t, c in self._tasks.items() if c.id not in self._begun})
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=self._timing.drain)
        await self._give_back(dict(self._tasks))

    async def _give_back(self, left: dict[asyncio.Task[None], Claimed]) -> None:
        if not left:
            return
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=1)

        def release() -> None:
            with db.unit():
                outbox.release(list(left.values()))

        await self._in_database(release)

    @property
    def _begun(self) -> set[int]:
        return self._ledger.begun

    async def _renew(self) -> None:
        claims = dict(self._tasks)
        if not claims:
            return

        def renew() -> set[int]:
            with db.unit():
                return outbox.renew(
                    list(claims.values()), clock.now(), lease=self._timing.lease_time
                )

        held = await self._in_database(renew)
        for task, claimed in claims.items():
            if held is not None and claimed.id not in held and task in self._tasks:
                self._log("lease lost", delivery=claimed.public_id)

    async def _free_leases(self) -> None:
        # Our own first: after this machine stood still they are over too, and still in work.
        await self._renew()

        def free() -> int:
            with db.unit():
                return housekeeping.free_leases(clock.now())

        if freed := await self._in_database(free):
            self._log("freed", deliveries=freed)

    async def _prune(self) -> None:
        def prune() -> None:
            with db.unit():
                housekeeping.prune(clock.now())

        await self._in_database(prune)

    async def _beat(self) -> None:
        details = {
            "worker": self.name,
            "state": "draining" if self._is_draining else "running",
            "on_their_way": len(self._tasks),
        }

        def beat() -> None:
            with db.unit() as session:
                found = health.of(session, PLATFORM)
                problem = {"mail_problem": found.problem if found else ""}
                housekeeping.beat(NAME, clock.now(), details | problem)

        await self._in_database(beat)

    async def _in_database(self, work: Callable[[], T]) -> T | None:
        """Run in a thread; a database that is away is logged and tried again at the next turn."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (DBAPIError, PoolTimeout) as error:
            self._log("the database is away", error=type(error).__name__)
            await asyncio.sleep(self._timing.poll)
            return None

    def _log(self, message: str, **fields: object) -> None:
        log.info(message, extra={"fields": {"worker": self.name, **fields}})


async def _every(seconds: float, chore: Callable[[], Awaitable[None]], *, wait: float = 0) -> None:
    await asyncio.sleep(wait)
    while True:
        await chore()
        await asyncio.sleep(seconds)


def _begin() -> None:
    with db.unit():
        housekeeping.try_again_now(clock.now())
