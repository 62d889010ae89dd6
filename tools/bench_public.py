"""How fast the public page and the whole submission are, against the bare limit in the same run.

    .venv/bin/python tools/bench_public.py [--rounds 5] [--seconds 3] [--database URL]

Starts the product and its bare twin (tools/bench_twin.py) under gunicorn with 2 x 4 threads and
measures them in turn over 16 kept connections. Prints figures; only the ratios say something about
the product. The goals: the page at 0.85 of a Flask constant, the submission at 0.8 of a raw-driver
post. With --database (PostgreSQL) the twin uses the same server. Must never touch real data.
"""

import argparse
import asyncio
import itertools
import json
import os
import re
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hostedpages import db, migrate
from hostedpages.config import Settings
from tests import factories

CONNECTIONS = 16
SECRET = "only for a benchmark, 0123456789abcdefghij"  # noqa: S105
QUESTIONS = 12


@dataclass
class Result:
    """One round: answers a second, and how long they took in milliseconds."""

    rate: float
    times: list[float]

    def at(self, share: float) -> float:
        return sorted(self.times)[min(len(self.times) - 1, int(len(self.times) * share))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(app: str, environ: dict[str, str], port: int) -> Iterator[None]:
    """Gunicorn with the product's own shape around `app`."""
    command = [sys.executable, "-m", "gunicorn", app, "-b", f"127.0.0.1:{port}"]
    command += ["-k", "gthread", "-w", "2", "--threads", "4", "--keep-alive", "15"]
    ours = app == "wsgi:app"
    command += ["--log-level", "warning", "--no-control-socket"]
    command += ["-c", str(ROOT / "gunicorn.conf.py") if ours else "/dev/null"]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HOSTEDPAGES_")} | environ
    with open(os.devnull, "wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
        try:
            until = time.monotonic() + 20
            while time.monotonic() < until:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(20)


async def load(port: int, requests: Callable[[], bytes], expected: bytes, seconds: float) -> Result:
    """Ask over kept connections for a while; any other status ends the benchmark."""
    times: list[float] = []
    until = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < until:
            began = time.perf_counter()
            writer.write(requests())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 " + expected):
                raise SystemExit(f"unexpected answer: {head[:200]!r}")
            found = re.search(rb"(?i)content-length: (\d+)", head)
            if found:
                await reader.readexactly(int(found[1]))
            times.append((time.perf_counter() - began) * 1000)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return Result(len(times) / (time.perf_counter() - began), times)


def get(path: str) -> Callable[[], bytes]:
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n".encode()
    return lambda: request


def post(path: str, token: str) -> Callable[[], bytes]:
    """A different person each time, twelve answers, as a browser with the script sends them."""
    numbers = itertools.count()

    def make() -> bytes:
        number = next(numbers)
        answers = {
            "_token": token,
            "_screen": "0",
            "_asked": "",
            "_go": "submit",
            "_key": secrets.token_hex(16),
            "_elapsed": "20000",
            "_landing": "https://www.example.com/roofs?utm_source=news",
            "_referrer": "",
            "_q9": "",
            "first_name": "Pat",
            "last_name": f"Person {number}",
            "email": f"pat-{number}-{secrets.token_hex(3)}@example.org",
        } | {f"question_{at}": f"This is answer number {at}." for at in range(QUESTIONS - 3)}
        body = urlencode(answers).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    return make


def prepare(settings: Settings) -> str:
    """An account with a published page of twelve questions and two people to notify."""
    db.connect(settings)
    migrate.upgrade(db.engine())
    with db.unit():
        owner = factories.account()
        elements = [
            factories.field("first_name", "First name", binds_to="first_name", required=True),
            factories.field("last_name", "Last name", binds_to="last_name", required=True),
            factories.field("email", "Email", type="email", binds_to="email", required=True),
        ] + [factories.field(f"question_{at}", f"Question {at}") for at in range(QUESTIONS - 3)]
        people = ["one@example.org", "two@example.org"]
        page = factories.page(owner, *elements, published=True, options={"notify_emails": people})
        path = f"/p/{owner.slug}/{page.slug}"
    db.engine().dispose()
    return path


def compare(
    name: str, goal: float, rounds: int, ours: Callable[[], Result], bare: Callable[[], Result]
) -> dict[str, float | str]:
    """Measure both in turn, so that whatever else the machine does hits both alike."""
    ours(), bare()
    pairs = [(ours(), bare()) for _ in range(rounds)]
    times = Result(0, [each for mine, _ in pairs for each in mine.times])
    ratio = statistics.median(mine.rate / limit.rate for mine, limit in pairs)
    return {
        "what": name,
        "ours_per_second": round(statistics.median(mine.rate for mine, _ in pairs)),
        "bare_per_second": round(statistics.median(limit.rate for _, limit in pairs)),
        "ratio": round(ratio, 3),
        "goal": goal,
        "p50_ms": round(times.at(0.5), 1),
        "p99_ms": round(times.at(0.99), 1),
        "worst_ms": round(max(times.times), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--database", default="")
    parser.add_argument("--only", choices=("page", "post"), default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        settings = Settings(
            data_dir=data, database_url=options.database, secret_key=SECRET
        ).prepared()
        path = prepare(settings)
        port, twin_port = free_port(), free_port()
        environ = {
            "HOSTEDPAGES_DATA_DIR": folder,
            "HOSTEDPAGES_DATABASE_URL": options.database,
            "HOSTEDPAGES_SECRET_KEY": SECRET,
            "HOSTEDPAGES_RATE_PER_MINUTE": "100000000",
            "HOSTEDPAGES_RATE_PER_HOUR": "100000000",
        }
        with serving("wsgi:app", environ, port):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                page = answer.read()
            (data / "page.html").write_bytes(page)
            token = re.search(rb'name="_token" value="([^"]+)"', page)
            assert token is not None
            bare_database = options.database.replace("+psycopg", "") or str(data / "twin.sqlite3")
            twin = {"BENCH_PAGE": str(data / "page.html"), "BENCH_DATABASE": bare_database}
            with serving("tools.bench_twin:app", twin, twin_port):

                def run(port: int, requests: Callable[[], bytes], status: bytes) -> Result:
                    return asyncio.run(load(port, requests, status, options.seconds))

                if options.only != "post":
                    found = compare(
                        "page", 0.85, options.rounds,
                        lambda: run(port, get(path), b"200"),
                        lambda: run(twin_port, get("/page"), b"200"),
                    )  # fmt: skip
                    print(json.dumps(found))
                if options.only != "page":
                    found = compare(
                        "submission", 0.8, options.rounds,
                        lambda: run(port, post(path, token[1].decode()), b"303"),
                        lambda: run(twin_port, post("/page", ""), b"303"),
                    )  # fmt: skip
                    print(json.dumps(found))


if __name__ == "__main__":
    main()
