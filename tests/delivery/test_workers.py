"""Several workers, dying workers and standing workers, each a process of its own."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages import clock, db
from hostedpages.config import Settings
from hostedpages.delivery import housekeeping, outbox, worker
from hostedpages.models import Delivery, DeliveryAttempt
from tests import factories
from tests.scripted_smtp import HANG, ScriptedSmtp, scripted_smtp

pytestmark = [pytest.mark.both_databases, pytest.mark.timeout(240)]


def put(count: int) -> None:
    owner = factories.account()
    with db.transaction() as session:
        outbox.put_many(
            session,
            [
                outbox.row(
                    account_id=owner.id,
                    kind="notify_user",
                    payload={"template": "plan_notice", "subject": f"Number {number}", "text": "x"},
                    due_at=clock.now(),
                    recipient=f"p{number}@example.org",
                )
                for number in range(count)
            ],
        )


def states() -> list[str]:
    db.session().rollback()
    return list(db.session().scalars(select(Delivery.state).order_by(Delivery.id)))


def outcomes() -> list[str]:
    db.session().rollback()
    return list(
        db.session().scalars(select(DeliveryAttempt.outcome).order_by(DeliveryAttempt.number))
    )


def message_ids(server: ScriptedSmtp) -> list[str]:
    return [str(message_from_bytes(each, policy=default)["Message-ID"]) for each in server.taken]


@pytest.mark.parametrize("stage", ["banner", "RCPT", "DOT"])
def test_a_killed_workers_mail_is_sent_again_by_the_next_one(
    unit: Session, settings: Settings, stage: str
) -> None:
    put(1)
    with scripted_smtp(script={stage: [HANG] * 10}) as server:
        at = settings.model_copy(update={"smtp_url": server.url})
        first = start_worker(at)
        wait_for(lambda: server.taken if stage == "DOT" else server.connections)
        wait_for(lambda: states()[0] in ("claimed", "sending"))
        first.kill()
        first.wait()
        server.script.clear()
        second = start_worker(at)
        try:
            wait_for(lambda: states() == ["delivered"])
        finally:
            end(second)
        ids = message_ids(server)

    assert len(ids) == (2 if stage == "DOT" else 1)
    assert len(set(ids)) == 1
    assert outcomes() == ["unknown", "delivered"]


def test_a_worker_that_stood_still_does_not_send_what_another_one_has_sent(
    unit: Session, settings: Settings
) -> None:
    put(1)
    with scripted_smtp(script={"RCPT": [HANG]}) as server:
        at = settings.model_copy(update={"smtp_url": server.url})
        first = start_worker(at)
        wait_for(lambda: any(each.startswith("RCPT") for each in server.commands))
        stop_between_writes(first, at)
        second = start_worker(at)
        try:
            wait_for(lambda: states() == ["delivered"])
            first.send_signal(signal.SIGCONT)
            time.sleep(2)
        finally:
            end(second)
            end(first)

        assert len(server.taken) == 1
    assert states() == ["delivered"]


def test_three_workers_send_each_mail_once(unit: Session, settings: Settings) -> None:
    put(150)
    with scripted_smtp() as server:
        at = settings.model_copy(update={"smtp_url": server.url})
        three = [start_worker(at, lease=60) for _ in range(3)]
        try:
            wait_for(lambda: set(states()) == {"delivered"}, seconds=200)
        finally:
            for each in three:
                end(each)
        ids = Counter(message_ids(server))

    assert len(ids) == 150
    assert set(ids.values()) == {1}


def test_what_killed_three_workers_is_delivered_in_a_process_of_its_own(
    unit: Session, settings: Settings
) -> None:
    put(1)
    now = clock.now()
    for number in range(worker.CRASHES_BEFORE_ALONE):
        outbox.claim(f"w{number}", 1, now)
        now += timedelta(seconds=61)
        housekeeping.free_leases(now)
    with db.transaction():
        db.session().scalars(select(Delivery)).one().due_at = clock.now()

    with scripted_smtp() as server:
        worker.run_until_idle(settings.model_copy(update={"smtp_url": server.url}))
        assert len(server.taken) == 1

    assert states() == ["delivered"]
    assert outcomes() == ["unknown"] * 3 + ["delivered"]


PROGRAM = """
import asyncio, signal, sys
from hostedpages import db
from hostedpages.config import Settings
from hostedpages.delivery import worker

async def main(settings, lease):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await worker.run(settings, stop, worker.Timing(lease=lease, renew=lease / 3, scan=0.5, drain=5))

settings = Settings.model_validate_json(sys.stdin.read())
db.connect(settings)
asyncio.run(main(settings, float(sys.argv[1])))
"""


def start_worker(settings: Settings, *, lease: float = 4) -> subprocess.Popen[bytes]:
    """A worker in a process of its own, with a lease of a few seconds."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(lease)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(settings.model_dump_json().encode())
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def stop_between_writes(worker: subprocess.Popen[bytes], settings: Settings) -> None:
    """Let a worker stand still, but not in the middle of a write: SQLite has one for all."""
    file = settings.database_url.removeprefix("sqlite:///")
    while True:
        worker.send_signal(signal.SIGSTOP)
        if not settings.is_sqlite:
            return
        with contextlib.closing(sqlite3.connect(file, timeout=0.3)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                worker.send_signal(signal.SIGCONT)
                time.sleep(0.05)
                continue
            connection.rollback()
            return


def wait_for(condition: Callable[[], object], *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {Counter(states())}"
        time.sleep(0.05)
