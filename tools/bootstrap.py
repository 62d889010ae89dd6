"""Makes ./run and ./test work on a fresh machine: virtual environment, locked packages, browser.

Standard library only, Python 3.11 and newer. Must never resolve versions: the lock says them all.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import browser, knot, machine, mailservers, postgres

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "hostedpages.stamp"
# One more than the cores of a small machine, because some tests wait.
PARALLEL = ["-n", "3", "--dist", "worksteal"]

_CONSOLE_SCRIPT = """\
#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from hostedpages.cli import main

sys.exit(main())
"""


def main(arguments: list[str]) -> int:
    """Prepare what the command needs, then become it. Returns an exit code only on failure."""
    command, *rest = arguments
    try:
        if command == "run":
            prepare("runtime")
            run(rest)
        elif command == "test":
            prepare("test")
            find_services(rest)
            test(rest)
        elif command == "prepare":
            prepare(rest[0] if rest else "test")
            return 0
    except machine.CannotGoOn as reason:
        print(reason, file=sys.stderr)
        return 1
    print(f"Unknown command: {command}", file=sys.stderr)
    return 2


def run(arguments: list[str]) -> None:
    """Become `hostedpages serve`; the data folder is in this checkout unless told otherwise."""
    os.environ.setdefault("HOSTEDPAGES_DATA_DIR", str(ROOT / "data"))
    become([str(VENV / "bin" / "hostedpages"), "serve", *arguments])


def test(arguments: list[str]) -> None:
    """Become pytest, which runs the linters too: one summary, one exit code."""
    os.chdir(ROOT)
    options = [] if chooses(arguments, "-n") else [*PARALLEL]
    if not mailservers.may_start_postfix() and "--no-postfix" not in arguments:
        machine.say("Leaving out the tests with a real Postfix, which only root can start")
        options.append("--no-postfix")
    become([str(PYTHON), "-m", "pytest", "-q", *options, *arguments])


def chooses(arguments: list[str], option: str) -> bool:
    """Whether the person gave this option."""
    return any(argument.startswith(option) for argument in arguments)


def become(command: list[str]) -> None:
    """Replace this process, so that signals and the exit code are the command's own."""
    sys.stdout.flush()
    os.execv(command[0], command)


def prepare(lock_name: str) -> None:
    """Make .venv hold exactly what requirements/<lock_name>.txt says, once per lock."""
    with one_at_a_time():
        if not is_usable_venv():
            make_venv()
        if stamps().get(lock_name) != wanted_stamp(lock_name):
            install(lock_name)
        point_to_the_source()
        compile_the_source()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the lock file, so that ./run and ./test can be started together."""
    with open(ROOT / ".venv.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            machine.say("Waiting for another ./run or ./test to finish installing")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_usable_venv() -> bool:
    """Whether .venv starts, has pip, and is of a Python that is new enough."""
    try:
        answer = ask_venv("import pip, sys; print(sys.version_info >= (3, 11))")
    except (OSError, subprocess.CalledProcessError):
        return False
    return answer == "True"


def ask_venv(program: str) -> str:
    """What a line of Python prints in .venv. Raises when it cannot run."""
    done = subprocess.run([str(PYTHON), "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def make_venv() -> None:
    """Make .venv anew, installing Debian's split-off package for it when that is missing."""
    machine.say("Making the virtual environment .venv")
    for attempt in (1, 2):
        shutil.rmtree(VENV, ignore_errors=True)
        done = subprocess.run(
            [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True
        )
        if done.returncode == 0:
            return
        shutil.rmtree(VENV, ignore_errors=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        package = "python3-venv" if Path(sys.executable).name == "python3" else version
        if attempt == 2 or not machine.install(package, why="Python's venv"):
            raise machine.CannotGoOn(
                f"Python could not make a virtual environment:\n{done.stdout}{done.stderr}\n"
                f"On Debian and Ubuntu: sudo apt-get install {package}"
            )


def wanted_stamp(lock_name: str) -> str:
    """Digest of the lock, the Python version and the platform."""
    lock = (ROOT / "requirements" / f"{lock_name}.txt").read_bytes()
    machine_words = ask_venv("import sys, sysconfig; print(sys.version, sysconfig.get_platform())")
    return hashlib.sha256(lock + machine_words.encode()).hexdigest()


def stamps() -> dict[str, str]:
    """What was installed last: lock name -> its stamp."""
    with contextlib.suppress(OSError, ValueError):
        return dict(json.loads(STAMP.read_text()))
    return {}


def install(lock_name: str) -> None:
    """Install one lock with pip, wheels and known hashes only."""
    machine.say(f"Installing the packages of requirements/{lock_name}.txt")
    STAMP.unlink(missing_ok=True)
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    command += ["--no-input", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["-r", str(ROOT / "requirements" / f"{lock_name}.txt")]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise machine.CannotGoOn("pip could not install the packages; its words stand above.")
    # The test lock holds everything of the runtime lock, in the same versions.
    names = ["runtime", "test"] if lock_name == "test" else ["runtime"]
    STAMP.write_text(json.dumps({name: wanted_stamp(name) for name in names}))


def point_to_the_source() -> None:
    """Make the package importable from this checkout, and write the console command."""
    packages = ask_venv("import sysconfig; print(sysconfig.get_path('purelib'))")
    path_file = Path(packages) / "hostedpages.pth"
    script = VENV / "bin" / "hostedpages"
    for file, content in (
        (path_file, f"{ROOT}\n"),
        (script, _CONSOLE_SCRIPT.format(python=PYTHON)),
    ):
        if not file.exists() or file.read_text() != content:
            file.write_text(content)
    script.chmod(0o755)


def compile_the_source() -> None:
    """Compile our modules once: where Python may not write bytecode by itself, every process that
    starts would do it anew."""
    subprocess.run([str(PYTHON), "-m", "compileall", "-q", str(ROOT / "hostedpages")])


def find_services(arguments: list[str]) -> None:
    """Find a browser and servers, and install them where that can be done unasked.

    What is missing after that makes its tests fail with the reason; they can be left out by name.
    """
    if not browser.node_runs(PYTHON):
        machine.install("libatomic1", why="a library for the Node inside Playwright")
    if "--no-browser" not in arguments and browser.find() is None:
        found = machine.install("chromium", why="a browser for the browser tests")
        if not found or browser.find() is None:
            machine.download_browser(PYTHON)
    given = os.environ.get("HOSTEDPAGES_TEST_DATABASE_URL") or os.environ.get("PGHOST")
    if "--no-postgres" not in arguments and not given and postgres.find() is None:
        machine.install("postgresql", why="PostgreSQL for the database tests")
    if knot.find() is None:
        machine.install("knot", why="a name server for the tests of domains")
    if not knot.has_verifier():
        machine.install("libmail-dkim-perl", why="a verifier for the tests of signatures")
    mailservers.install()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
