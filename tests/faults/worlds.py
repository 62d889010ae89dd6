"""Providers with their limits, a mail server that notes what it took, workers with a fast clock.

The clock of the workers and of the server is the machine's own, made faster by the same factor, so
that days pass in seconds. Must never be used with a real provider.
"""

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hostedpages.config import Settings

_FROM = re.compile(rb"FROM:<([^>]*)>", re.I)
_TO = re.compile(rb"TO:<([^>]*)>", re.I)


@dataclass(frozen=True)
class Profile:
    """A provider's stated limits, with how many senders and mails each a test gives to it."""

    name: str
    senders: int
    mails: int
    windows: tuple[tuple[int, float], ...] = ()
    pause: float = 0
    per_connection: int = 0

    @property
    def limits(self) -> dict[str, Any]:
        """As `Sender.limits` stores it."""
        found: dict[str, Any] = {
            "windows": [{"count": count, "seconds": seconds} for count, seconds in self.windows]
        }
        if self.pause:
            found["pause_seconds"] = self.pause
        if self.per_connection:
            found["mails_per_connection"] = self.per_connection
        return found


@dataclass(frozen=True)
class World:
    """Profiles whose windows are about as long, and how much faster time passes for them."""

    name: str
    scale: float
    profiles: tuple[Profile, ...]


HOUR, DAY = 3600, 86400
# What a window allows at once goes in its first moments, and the rest when that has left it.
WORLDS = (
    World(
        "days",
        2400,
        (
            Profile("GoDaddy", 6, 500, ((250, DAY),)),
            Profile("1and1", 2, 300, ((1, 60),), pause=10),
        ),
    ),
    World(
        "hours",
        100,
        (
            Profile("APlus", 1, 600, ((500, HOUR / 2),)),
            Profile("iPowerWeb", 1, 550, ((500, HOUR), (5000, DAY))),
            Profile("Charter", 2, 100, ((50, HOUR),)),
            Profile("AOL", 2, 1575, per_connection=500),
        ),
    ),
    World(
        "seconds",
        2,
        (
            Profile("Homestead", 3, 560, ((10, 1),)),
            Profile("Microsoft 365", 4, 55, ((30, 60), (10_000, DAY))),
        ),
    ),
)


@dataclass
class Taken:
    """What one sender's mail server took: times of the machine, recipients, per connection."""

    times: list[float] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: dict[int, int] = field(default_factory=lambda: defaultdict(int))


class Sink:
    """A mail server that takes everything, and notes when before it says so."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: dict[str, Taken] = defaultdict(Taken)
        self._numbers = iter(range(1, 1_000_000))

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, sender, to = next(self._numbers), "", ""
        writer.write(b"220 sink ESMTP\r\n")
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    writer.write(b"250-sink\r\n250-PIPELINING\r\n250 SIZE 33554432\r\n")
                elif verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    found = self.taken[sender]
                    found.times.append(time.time())
                    found.recipients.append(to)
                    found.connections[number] += 1
                    writer.write(b"250 2.0.0 kept\r\n")
                else:
                    if verb == b"MAIL" and (match := _FROM.search(line)):
                        sender = match[1].decode()
                    if verb == b"RCPT" and (match := _TO.search(line)):
                        to = match[1].decode()
                    writer.write(b"250 ok\r\n")
                await writer.drain()

    @property
    def count(self) -> int:
        return sum(len(each.times) for each in list(self.taken.values()))


@contextlib.contextmanager
def sink() -> Iterator[Sink]:
    """Run the server in a thread until the block ends."""
    made, ready = Sink(), threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # What was closed in one turn of the loop ends in the next.
        for _ in range(2):
            await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


LEASE_SECONDS = 5  # of the machine's clock
# The clock is set before anything that keeps a hold of it is imported.
PROGRAM = """
import asyncio, signal, sys, time
from datetime import UTC, datetime, timedelta
from hostedpages import clock

scale, began, lease = (float(each) for each in sys.argv[1:4])
clock.now = lambda: datetime.fromtimestamp(began + (time.time() - began) * scale, UTC)

from hostedpages import db
from hostedpages.config import Settings
from hostedpages.delivery import allowance, breaker, limits, worker

# What these mean is a time of the machine: how long a mail may take there, or a connection lives.
limits.CRASH_GRACE = timedelta(seconds=max(200, 3 * lease * scale))
allowance.WARM_FOR = timedelta(seconds=max(600, 120 * scale))
breaker.PROBE_TIME = timedelta(seconds=max(150, 3 * lease * scale))

async def main(settings):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    timing = worker.Timing(lease=lease * scale, renew=1, scan=1, poll=0.05, drain=5)
    await worker.run(settings, stop, timing)

settings = Settings.model_validate_json(sys.stdin.read())
db.connect(settings)
worker.calm_collector()
asyncio.run(main(settings))
"""


def start_worker(settings: Settings, world: World, began: float) -> subprocess.Popen[bytes]:
    """A worker in a process of its own, with the clock of its world."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(world.scale), str(began), str(LEASE_SECONDS)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(settings.model_dump_json().encode())
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Let it drain, and see it out."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
