"""How fast the worker delivers, against bare aiosmtplib with kept connections in the same run.

    .venv/bin/python tools/bench_delivery.py [--mails 3000] [--database URL]

Prints both figures and their ratio; only the ratio says something about the product. The mail
server is a process of its own that takes everything. Must never be pointed at a real one.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import aiosmtplib

from hostedpages import clock, db, migrate
from hostedpages.config import Settings
from hostedpages.delivery import worker
from hostedpages.mail.message import build
from hostedpages.models import Delivery
from tests import factories

CONNECTIONS = 10
QUESTIONS = 12


class TakesEverything(asyncio.Protocol):
    """The smallest mail server there is, with PIPELINING as every real one has it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer, self.in_data = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        answers = []
        while True:
            end = b"\r\n.\r\n" if self.in_data else b"\r\n"
            command, found, rest = self.buffer.partition(end)
            if not found:
                break
            self.buffer = rest
            verb = command[:4].upper()
            if self.in_data:
                self.in_data = False
                answers.append(b"250 2.0.0 kept\r\n")
            elif verb == b"EHLO":
                answers.append(b"250-sink\r\n250-PIPELINING\r\n250 SIZE 33554432\r\n")
            elif verb == b"DATA":
                self.in_data = True
                answers.append(b"354 go on\r\n")
            else:
                answers.append(b"250 ok\r\n")
        self.transport.write(b"".join(answers))


async def serve() -> None:
    """Run the sink, and print its port."""
    server = await asyncio.get_running_loop().create_server(TakesEverything, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def fill(mails: int) -> None:
    """Put `mails` new-lead notifications about `mails` submissions of a 12-field form."""
    with db.unit():
        owner = factories.account(new_lead_emails=["sales@example.org"])
        fields = [
            factories.field(f"q{number}", f"Question {number}") for number in range(QUESTIONS)
        ]
        page = factories.page(owner, *fields, name="Free roof estimate")
        contact = factories.contact(owner, first_name="Renée", last_name="Müller")
        answers = {f"q{number}": f"The answer number {number}" for number in range(QUESTIONS)}
        with db.transaction():
            for _ in range(mails):
                submission = factories.submission(page, contact, answers=answers)
                factories.notify_of(submission, due_at=clock.now())


async def bare(port: int, mails: int) -> float:
    """Mails a second of aiosmtplib alone: ten kept connections, one message built before."""
    message = build(
        delivery_id="x" * 22,
        mail_from="Leads <leads@example.com>",
        recipient="sales@example.org",
        subject="New lead: Renée Müller from Free roof estimate",
        text="Question\n  Answer\n" * QUESTIONS,
        html="<p style='margin:0'>Question</p><p>Answer</p>\n" * 80,
        date=clock.now(),
    )
    left = iter(range(mails))

    async def connection() -> None:
        async with aiosmtplib.SMTP(
            hostname="127.0.0.1", port=port, start_tls=False, local_hostname="bench.example"
        ) as client:
            for _ in left:
                await client.sendmail(message.sender, [message.recipient], message.as_bytes)

    started = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return mails / (time.perf_counter() - started)


def ours(settings: Settings, mails: int) -> float:
    """Mails a second of the worker, from the claim to the committed outcome."""
    fill(mails)
    started = time.perf_counter()
    worker.run_until_idle(settings)
    seconds = time.perf_counter() - started
    with db.unit() as session:
        done = session.query(Delivery).filter_by(state="delivered").count()
        assert done % mails == 0, f"only {done} delivered"
    return mails / seconds


def main() -> None:
    """Measure three rounds of each, alternating, and print the best of each."""
    parser = argparse.ArgumentParser(description="Worker against bare aiosmtplib.")
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", default="")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(serve())
        return
    sink = subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert sink.stdout is not None
        port = int(sink.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                data_dir=Path(folder),
                database_url=chosen.database,
                smtp_url=f"smtp://127.0.0.1:{port}?tls=none",
                mail_from="Leads <leads@example.com>",
            ).prepared()
            migrate.upgrade(db.connect(settings))
            worker.calm_collector()
            pairs = [
                (asyncio.run(bare(port, chosen.mails)), ours(settings, chosen.mails))
                for _ in range(chosen.rounds)
            ]
            db.engine().dispose()
    finally:
        sink.kill()
        sink.wait()
    for plain, worked in pairs:
        print(f"aiosmtplib {plain:7.0f}/s   worker {worked:7.0f}/s   ratio {worked / plain:.2f}")


if __name__ == "__main__":
    main()
