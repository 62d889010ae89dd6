"""How long one look of the worker takes among very many senders, on both databases.

    .venv/bin/python tools/bench_claim.py [--postgres] [--senders 1000] [--dead 20]

SQLite, or a throw-away PostgreSQL. The dead ones have most of what is queued. Prints the median and
the slowest of each step.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import insert, text

from hostedpages import clock, db, migrate
from hostedpages.config import Settings
from hostedpages.delivery import claims, outbox
from hostedpages.models import Delivery, SenderHealth
from tests import factories
from tools import postgres

ROUNDS = 40


def fill(senders: int, dead: int, queued: int) -> None:
    """Senders with limits, each with a little due; the dead ones with very much."""
    with db.unit():
        owner = factories.account()
        windows = [{"count": 50, "seconds": 3600}, {"count": 250, "seconds": 86400}]
        ids = [
            factories.sender(
                owner,
                slot=f"user:{number}",
                email=f"user{number}@example.com",
                limits={"windows": windows},
            ).id
            for number in range(senders)
        ]
        now = clock.now()
        with db.transaction() as session:
            session.execute(
                insert(SenderHealth),
                [
                    {
                        "sender_id": each,
                        "refusals": 9 if number < dead else 0,
                        "paused_until": now + timedelta(hours=1) if number < dead else None,
                        "delivered_at": now,
                    }
                    for number, each in enumerate(ids)
                ],
            )
            for number, each in enumerate(ids):
                count = queued // dead if number < dead else 5
                _put(session, owner.id, each, count, now)
        with db.engine().connect() as connection:
            connection.execute(text("ANALYZE"))
            connection.commit()


def _put(session: Any, owner_id: int, sender_id: int, count: int, now: Any) -> None:
    rows = [
        outbox.row(
            account_id=owner_id,
            kind="notify_user",
            payload={"template": "plan_notice"},
            due_at=now,
            recipient="ann@example.org",
            sender_id=sender_id,
        )
        for _ in range(count)
    ]
    session.execute(insert(Delivery), rows)


def timed(work: Callable[[], object]) -> list[float]:
    """Milliseconds of each round."""
    found = []
    for _ in range(ROUNDS):
        with db.unit():
            started = time.perf_counter()
            work()
            found.append((time.perf_counter() - started) * 1000)
    return found


def main() -> None:
    """Fill, look, claim, print."""
    parser = argparse.ArgumentParser(description="A poll among many senders.")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--senders", type=int, default=1000)
    parser.add_argument("--dead", type=int, default=20)
    parser.add_argument("--queued", type=int, default=200_000)
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.server() if chosen.postgres else nullcontext("") as url,
    ):
        settings = Settings(data_dir=Path(folder), database_url=url).prepared()
        migrate.upgrade(db.connect(settings))
        fill(chosen.senders, chosen.dead, chosen.queued)
        turn = claims.Turn(account_seats=10)

        def poll() -> None:
            found = claims.ready(db.session(), clock.now(), after=turn.after)
            assert found

        def claim() -> None:
            assert len(outbox.claim("bench", 100, clock.now(), turn=turn)) == 10

        for name, work in (("look", poll), ("claim of 10", claim)):
            found = timed(work)
            print(f"{name:12} median {median(found):6.1f} ms   slowest {max(found):6.1f} ms")
        db.engine().dispose()


if __name__ == "__main__":
    main()
