"""Runs web and worker as children of one process: forwards the end, restarts what dies.

Must never do work of its own: when a child is gone, nothing here may be lost.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "wsgi:app"]
WORKER = [sys.executable, "-m", "hostedpages", "worker"]
BOTH = [sys.executable, "-m", "hostedpages.supervisor"]
GRACE_SECONDS = 4.0  # Ctrl-C ends everything within 5 s
RESTART_PAUSE_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process that must be running."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    starts: int = field(default=0)
    next_start: float = 0.0


def run(environ: Mapping[str, str]) -> int:
    """Start both, keep them running until SIGINT or SIGTERM, then end them within 5 s."""
    stopping = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    web = [*WEB, "--graceful-timeout", str(int(GRACE_SECONDS) - 1)]
    both = [Child("web", web), Child("worker", WORKER)]
    while not stopping:
        for child in both:
            _keep_running(child, environ)
        time.sleep(0.1)
    _end(both)
    return 0


def _keep_running(child: Child, environ: Mapping[str, str]) -> None:
    if child.process is not None and child.process.poll() is None:
        return
    if child.process is not None:
        code = child.process.returncode
        sys.stderr.write(f"The {child.name} ended with code {code}; starting it again.\n")
        child.process = None
        child.next_start = time.monotonic() + RESTART_PAUSE_SECONDS
    if time.monotonic() < child.next_start:
        return
    child.starts += 1
    # A session of its own: Ctrl-C reaches only this process, which then ends the children in order.
    child.process = subprocess.Popen(
        child.command,
        env=dict(environ),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )


def _die_with_parent() -> None:
    # If this process is killed outright, an orphaned web would keep the port.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(both: list[Child]) -> None:
    running = [child.process for child in both if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _kill_group(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


if __name__ == "__main__":
    sys.exit(run(os.environ))
