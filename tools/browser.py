"""Finds a Chromium for the browser tests. Standard library only; must never download anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find() -> str | None:
    """Path of a browser that answers `--version`, or None.

    HOSTEDPAGES_CHROMIUM decides when it is set. Otherwise the first that works: on PATH, in the
    applications folder of macOS, among the browsers that Playwright keeps.
    """
    chosen = os.environ.get("HOSTEDPAGES_CHROMIUM")
    if chosen:
        return chosen
    return next((path for path in _candidates() if _answers(path)), None)


def node_runs(python: Path) -> bool:
    """Whether the Node that comes with Playwright starts: a bare Debian lacks one library of it.

    `python` is the one that has Playwright.
    """
    question = "import playwright; print(playwright.__path__[0])"
    found = subprocess.run([str(python), "-c", question], capture_output=True, text=True)
    return _answers(str(Path(found.stdout.strip()) / "driver" / "node"))


def _candidates() -> Iterator[str]:
    for name in NAMES:
        found = shutil.which(name)
        if found:
            yield found
    if sys.platform == "darwin":
        for name in ("Google Chrome", "Chromium", "Microsoft Edge"):
            yield f"/Applications/{name}.app/Contents/MacOS/{name}"
        kept = Path.home() / "Library" / "Caches" / "ms-playwright"
        patterns = ["chromium*/chrome-*/**/Chromium", "chromium*/**/*headless*shell"]
    else:
        kept = Path.home() / ".cache" / "ms-playwright"
        patterns = ["chromium*/chrome-*/chrome", "chromium*/chrome-*/*headless*shell"]
    for pattern in patterns:
        yield from sorted((str(path) for path in kept.glob(pattern)), reverse=True)


def _answers(path: str) -> bool:
    # Ubuntu ships a stub under the same name that only installs a snap, or waits for one.
    try:
        done = subprocess.run(
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"snap" not in done.stdout.lower()
