"""Starts a throw-away PostgreSQL for tests from the machine's own programs.

Standard library only. Must never touch a server that is already there, and must leave nothing
behind: the data lies in a temporary folder, the socket too, and nothing listens on the network.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

# The data is thrown away with the folder, so nothing needs to reach the disk.
_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "jit": "off",
}
_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/latest/bin",
)
START_SECONDS = 60


def find() -> Path | None:
    """Folder that holds `initdb` and `postgres`: on PATH first, then the newest that is known."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in _FOLDERS:
        folders += sorted(Path("/").glob(pattern[1:]), key=_version, reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def _version(folder: Path) -> list[int]:
    digits = "".join(c if c.isdigit() else " " for c in str(folder))
    return [int(part) for part in digits.split()]


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server until the block ends; gives the SQLAlchemy URL of its `postgres` database.

    Raises RuntimeError with the reason when it cannot be started.
    """
    programs = find()
    if programs is None:
        raise RuntimeError("no initdb on this machine: install PostgreSQL")
    # Short and fixed: the path of a socket may have about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="hostedpages-pg-", dir="/tmp"))
    person = _unprivileged()
    process = None
    try:
        if person:
            os.chown(folder, person["user"], person["group"])
        _initialize(programs, folder, person)
        process = _start(programs, folder, person)
        _wait(process, folder)
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # fast: ends open connections
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> dict[str, int]:
    # The server refuses to run as root, as it should.
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid}
    raise RuntimeError("PostgreSQL cannot run as root, and there is no user to run it as")


def _initialize(programs: Path, folder: Path, person: dict[str, int]) -> None:
    command = [str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username=postgres"]
    command += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, **_as(person)
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr.strip()}")


def _start(programs: Path, folder: Path, person: dict[str, int]) -> subprocess.Popen[bytes]:
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    for name, value in _OPTIONS.items():
        command += ["-c", f"{name}={value}"]
    with open(folder / "log", "wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C ends the tests first, then this
            **_as(person),
        )


def _as(person: dict[str, int]) -> dict[str, object]:
    return {**person, "extra_groups": []} if person else {}


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    # The third last line of the file says "ready" once connections are taken.
    ready = folder / "data" / "postmaster.pid"
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if "ready" in ready.read_text():
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-800:]}")
