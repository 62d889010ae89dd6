"""What ./run and ./test may change on the machine itself: install a Debian package, or a browser.

Standard library only. Must never ask a question, and never act without saying so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

DOWNLOAD_SECONDS = 300


class CannotGoOn(Exception):
    """Set-up cannot continue; the message says what a person can do."""


def say(sentence: str) -> None:
    """Tell what is being done, apart from the output of the command itself."""
    print(f"{sentence} ...", file=sys.stderr, flush=True)


def install(package: str, *, why: str, answers: str = "") -> bool:
    """Install a Debian package when this is Debian and we may. Returns whether it worked.

    `answers` are lines for debconf-set-selections: what the package would ask a person.
    """
    prefix = _administrator()
    if shutil.which("apt-get") is None or prefix is None:
        say(f"{why} is missing; on Debian and Ubuntu: sudo apt-get install {package}")
        return False
    say(f"Installing {package} ({why})")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if answers:
        preset = [*prefix, "debconf-set-selections"]
        subprocess.run(preset, input=answers, text=True, capture_output=True)
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
    ):
        done = subprocess.run(
            [*prefix, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if done.returncode:
        say(f"That did not work: {done.stdout[-600:]}")
    return done.returncode == 0


def _administrator() -> list[str] | None:
    # What to put before a command so that it runs as root unasked; None when we may not.
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        quiet = subprocess.run(
            ["sudo", "-n", "true"], capture_output=True, stdin=subprocess.DEVNULL
        )
        if quiet.returncode == 0:
            return ["sudo", "-n"]
    return None


def download_browser(python: Path) -> bool:
    """Let Playwright fetch its own Chromium, within a time limit. Returns whether it worked."""
    say("Downloading a browser for the browser tests")
    command = [str(python), "-m", "playwright", "install", "--only-shell", "chromium"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
