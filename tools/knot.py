"""Starts a throw-away Knot DNS for tests from the machine's own programs.

Standard library only. Must never touch a server that is already there, and must leave nothing
behind: all files lie in a temporary folder, and it listens on the loopback alone.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

START_SECONDS = 120
# People's PATH often leaves the folders of servers out.
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
_CONFIGURATION = """\
server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: {folder}
    semantic-checks: off
    zonefile-load: whole
    journal-content: none
zone:
"""


def find() -> str | None:
    """The program `knotd`; None when it is not installed."""
    return shutil.which("knotd", path=_PATH)


def has_verifier() -> bool:
    """Whether Perl's Mail::DKIM, which the tests ask about our signatures, is installed."""
    perl = shutil.which("perl")
    if perl is None:
        return False
    return subprocess.run([perl, "-MMail::DKIM", "-e", "1"], capture_output=True).returncode == 0


@contextlib.contextmanager
def server(zones: dict[str, str], port: int) -> Iterator[int]:
    """Serve `zones` (name without the last dot -> text of its zone file) on 127.0.0.1:`port`.

    Gives the port once every zone is loaded. Raises RuntimeError with the server's words.
    """
    program = find()
    if program is None:
        raise RuntimeError("no knotd on this machine: install Knot DNS (Debian: knot)")
    folder = Path(tempfile.mkdtemp(prefix="hostedpages-dns-"))
    process = None
    try:
        configuration = _CONFIGURATION.format(port=port, folder=folder)
        for name, text in zones.items():
            (folder / f"{name}.zone").write_text(text, "utf-8")
            configuration += f"  - domain: {name}.\n    file: {name}.zone\n"
        (folder / "knot.conf").write_text(configuration, "utf-8")
        person = _unprivileged(folder)
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                [program, "--config", str(folder / "knot.conf")],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C ends the tests first, then this
                **person,
            )
        _wait(process, folder)
        yield port
    finally:
        if process is not None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged(folder: Path) -> dict[str, object]:
    # A name server has no need of root; the folder becomes its own.
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return {}
    for path in (folder, *folder.iterdir()):
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    # Its control socket appears after all zones are loaded and the sockets are bound.
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if (folder / "knot.sock").exists():
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"Knot DNS did not start: {(folder / 'log').read_text()[-800:]}")
