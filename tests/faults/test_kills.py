"""Processes are killed without warning while submissions pour in; nothing acknowledged is lost."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.config import Settings
from hostedpages.models import Delivery, Submission
from tests import factories
from tests.faults.ledger import Killer, Ledger
from tests.faults.worlds import end
from tests.servers import SmtpSink, free_port, smtp_sink

SUBMISSIONS = 1000
SEED = 20260303
QUIET_SECONDS = 240  # a lease of 60 s, a scan of 10 s, a first retry, and a slow machine

PEOPLE = ("sales@example.com", "office@example.com")


@pytest.mark.both_databases
@pytest.mark.timeout(480)
def test_no_acknowledged_submission_is_lost_while_web_and_worker_are_killed(
    database_url: str,
    unit: Session,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    owner = factories.account()
    page = factories.page(owner, options={"mode": "note_only", "notify_emails": list(PEOPLE)})
    with smtp_sink() as sink, running(settings, sink, tmp_path / "log") as (process, url):
        ledger = Ledger(f"{url}/p/{owner.slug}/{page.slug}", SUBMISSIONS)
        started = time.monotonic()
        with Killer(
            process.pid,
            seed=SEED,
            progress=lambda: len(ledger.acknowledged),
            after=(10, 50),
        ) as killer:
            ledger.run()
        posted = time.monotonic() - started
        _wait_until_quiet(sink, expected=SUBMISSIONS * len(PEOPLE))
        quiet = time.monotonic() - started - posted

    unit.rollback()  # its snapshot is older than all that was posted
    keys = Counter(unit.scalars(select(Submission.nonce)))
    rows = Counter(unit.scalars(select(Delivery.submission_id)).all())
    states = Counter(unit.scalars(select(Delivery.state)))
    arrived = Counter(
        (str(each.message["Message-ID"]), each.recipients[0]) for each in sink.received
    )
    repeats = sum(arrived.values()) - len(arrived)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{unit.get_bind().dialect.name}: {len(ledger.acknowledged)} acknowledged in "
            f"{posted:.0f} s under {killer.kills['web']} kills of web and "
            f"{killer.kills['worker']} of worker processes; {sum(keys.values())} stored, "
            f"{len(ledger.acknowledged.keys() - keys.keys())} lost, "
            f"{sum(count - 1 for count in keys.values())} stored twice; "
            f"{states['delivered']} deliveries delivered, {len(arrived)} mails arrived, "
            f"{repeats} of them more than once; quiet after {quiet:.0f} s; "
            f"troubles of clients: {dict(ledger.troubles)}\n"
        )

    assert killer.kills["web"] > 0
    assert killer.kills["worker"] > 0
    assert keys == Counter(ledger.acknowledged.keys())
    assert set(rows.values()) == {len(PEOPLE)}
    assert len(rows) == SUBMISSIONS
    assert states == {"delivered": SUBMISSIONS * len(PEOPLE)}
    assert len(arrived) == SUBMISSIONS * len(PEOPLE)
    assert repeats <= killer.kills["worker"] * 50, "a kill repeats only what was being sent"


@contextmanager
def running(
    settings: Settings, sink: SmtpSink, log: Path
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The product as `./run` runs it, on the test's database."""
    port = free_port()
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HOSTEDPAGES_")}
    environ |= {
        "HOSTEDPAGES_DATABASE_URL": settings.database_url,
        "HOSTEDPAGES_DATA_DIR": str(settings.data_dir),
        "HOSTEDPAGES_PORT": str(port),
        "HOSTEDPAGES_SMTP_URL": sink.url,
        "HOSTEDPAGES_RATE_PER_MINUTE": "100000",
        "HOSTEDPAGES_RATE_PER_HOUR": "1000000",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "hostedpages", "serve", "--no-demo"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        end(process)


def _wait_until_quiet(sink: SmtpSink, *, expected: int) -> None:
    until = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < until:
        with db.unit() as session:
            open_rows = session.scalar(
                select(func.count())
                .select_from(Delivery)
                .where(Delivery.state.in_(("pending", "claimed", "sending")))
            )
        if open_rows == 0 and len(sink.received) >= expected:
            return
        time.sleep(0.5)
