"""Kill a random worker every few seconds for minutes on end: is everything delivered, how often?

    .venv/bin/python tools/soak_worker.py [--minutes 10] [--mails 5000] [--workers 3] [--postgres]

SQLite, or a throw-away PostgreSQL. The mails become due one after the other over the whole time,
and the mail server takes a moment for each, so that a kill meets some on their way. Prints the
figures and ends with 1 when a mail is missing. Must never be pointed at a real mail server.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from hostedpages import clock, db, migrate
from hostedpages.config import Settings
from hostedpages.delivery import outbox
from hostedpages.models import Delivery
from tests import factories
from tests.servers import SmtpSink, free_port
from tools import postgres

PAUSE = (2.0, 5.0)  # seconds between two kills
THINKING = (0.0, 1.0)  # seconds of the mail server, before it says that it took a mail
QUIET_SECONDS = 300


class SlowSink(SmtpSink):
    """Keeps a message, and says so after a moment."""

    async def handle_DATA(self, *given: Any) -> str:  # noqa: N802  the library's name
        answer = await super().handle_DATA(*given)
        await asyncio.sleep(random.uniform(*THINKING))
        return answer


def fill(mails: int, minutes: float) -> None:
    """Notifications that become due one after the other."""
    with db.unit():
        owner = factories.account()
        now = clock.now()
        with db.transaction() as session:
            outbox.put_many(
                session,
                [
                    outbox.row(
                        account_id=owner.id,
                        kind="notify_user",
                        payload={"template": "plan_notice", "subject": "Call Ann", "text": "Soon."},
                        due_at=now + timedelta(minutes=minutes * number / mails),
                        recipient=f"p{number}@example.org",
                    )
                    for number in range(mails)
                ],
            )


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """A worker as it is installed."""
    environ = {name: value for name, value in os.environ.items() if "HOSTEDPAGES_" not in name}
    environ |= {
        "HOSTEDPAGES_DATABASE_URL": settings.database_url,
        "HOSTEDPAGES_DATA_DIR": str(settings.data_dir),
        "HOSTEDPAGES_SMTP_URL": settings.smtp_url,
    }
    command = [sys.executable, "-m", "hostedpages", "worker"]
    silent = subprocess.DEVNULL
    return subprocess.Popen(command, env=environ, stdin=silent, stdout=silent, stderr=silent)


def states() -> Counter[str]:
    """How many deliveries are in each state."""
    with db.unit() as session:
        rows = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
        return Counter({each[0]: each[1] for each in rows})


def run(settings: Settings, chosen: argparse.Namespace) -> int:
    """Kill until the time is over, then wait until nothing is under way; returns how many kills."""
    workers = [start(settings) for _ in range(chosen.workers)]
    kills, ends = 0, time.monotonic() + chosen.minutes * 60
    try:
        while time.monotonic() < ends:
            time.sleep(random.uniform(*PAUSE))
            number = random.randrange(len(workers))
            workers[number].kill()
            workers[number].wait()
            workers[number] = start(settings)
            kills += 1
        until = time.monotonic() + QUIET_SECONDS
        while states()["delivered"] < chosen.mails and time.monotonic() < until:
            time.sleep(1)
    finally:
        for each in workers:
            each.terminate()
        for each in workers:
            each.wait(60)
    return kills


def report(sink: SmtpSink, chosen: argparse.Namespace, kills: int) -> bool:
    """Print what came of it; returns whether every mail arrived."""
    found = states()
    arrived = Counter(str(each.message["Message-ID"]) for each in sink.received)
    repeats = sum(arrived.values()) - len(arrived)
    with db.unit() as session:
        most = session.scalar(select(func.max(Delivery.attempts)))
        again = session.scalar(select(func.count()).where(Delivery.attempts > 1))
    print(
        f"{kills} kills in {chosen.minutes:g} minutes; {dict(found)}; {len(arrived)} of "
        f"{chosen.mails} mails arrived, {repeats} more than once; {again} were tried again, "
        f"one {most} times"
    )
    return len(arrived) == chosen.mails == found["delivered"]


def main() -> int:
    """Fill, kill, wait, print."""
    parser = argparse.ArgumentParser(description="Workers that die all the time.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--mails", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--postgres", action="store_true")
    chosen = parser.parse_args()
    sink = SlowSink(free_port())
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.server() if chosen.postgres else nullcontext("") as url,
    ):
        settings = Settings(data_dir=Path(folder), database_url=url, smtp_url=sink.url).prepared()
        migrate.upgrade(db.connect(settings))
        fill(chosen.mails, chosen.minutes)
        controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
        controller.start()
        kills = run(settings, chosen)
        controller.stop()
        is_complete = report(sink, chosen, kills)
        db.engine().dispose()
    return 0 if is_complete else 1


if __name__ == "__main__":
    sys.exit(main())
