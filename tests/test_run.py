"""`hostedpages serve`, which ./run calls: the whole product as processes."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTPUTF8
from pathlib import Path

import pytest

from hostedpages import supervisor
from hostedpages.supervisor import ROOT
from tests.faults.ledger import processes_below
from tests.servers import free_port


@dataclass
class Product:
    process: subprocess.Popen[str]
    url: str
    data: Path
    log: Path

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):
            return False

    def wait_until_ready(self) -> None:
        wait_for(self.is_ready, "ready")


@contextmanager
def started(folder: Path) -> Iterator[Product]:
    """The product on an empty data folder, with the demo."""
    port, log = free_port(), folder / "log"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HOSTEDPAGES_")}
    command = [sys.executable, "-m", "hostedpages", "serve", "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--data", str(folder / "data")],
            env=environ,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
        )
    product = Product(process, f"http://127.0.0.1:{port}", folder / "data", log)
    try:
        product.wait_until_ready()
        yield product
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One for all tests that leave it running."""
    with started(tmp_path_factory.mktemp("product")) as running:
        yield running


def test_a_lead_goes_from_curl_to_a_mail_with_every_answer_and_its_label(product: Product) -> None:
    address = re.search(r"(http://\S+/p/demo/\S+)", product.printed)
    assert address
    with urllib.request.urlopen(address[1]) as page:
        assert page.headers.get_all("Set-Cookie") is None
        html = page.read().decode()
    answers = {
        "first_name": ("First name", "Ada"),
        "last_name": ("Last name", "Lovelace"),
        "email": ("Email", "ada@example.org"),
        "phone": ("Phone", "(555) 234-5678"),
        "material": ("What is it made of?", "Metal"),
        "panel": ("Panel profile, if you know it", "Standing seam"),
        "zip": ("ZIP code", "84101"),
        "budget": ("Budget", "10,000.50"),
        "message": ("Anything else we should know?", "Second line\nüber"),
    }
    sent = {key: value for key, (_, value) in answers.items()} | {"material": "metal"}
    token = re.search(r'name="_token" value="([^"]+)"', html)
    assert token
    status, headers = post(address[1], {**sent, "_token": token[1]})
    assert status == 303
    assert headers.get_all("Set-Cookie") is None

    def leads() -> list[str]:
        return [text for text in texts_of_mails(product.data) if "Lovelace" in text]

    # The visitor is thanked at the same moment, in a mail of its own.
    wait_for(leads, "the mail to the owner")
    lead = leads()[0]
    for label, value in answers.values():
        assert label in lead
        assert value.splitlines()[-1] in lead


def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    with started(tmp_path) as product:
        children = [pid for pid, _ in processes_below(product.process.pid)]
        assert len(children) >= 3
        product.process.send_signal(signal.SIGINT)
        assert product.process.wait(120) == 0
        # The kernel takes a moment to bury what was killed.
        wait_for(lambda: not any(is_alive(pid) for pid in children), "the end of all children")


def test_a_child_that_does_not_listen_is_ended_too() -> None:
    assert supervisor.GRACE_SECONDS < 5, "Ctrl-C ends everything within five seconds"
    deaf = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(flush=True)
time.sleep(600)
"""
    program = f"""
import os, sys
from hostedpages import supervisor
supervisor.WEB = supervisor.WORKER = [sys.executable, "-c", {deaf!r}]
sys.exit(supervisor.run(os.environ))
"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        for _ in range(2):
            process.stdout.readline()  # both have closed their ears
    children = [pid for pid, _ in processes_below(process.pid)]
    assert len(children) == 2
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 0
    wait_for(lambda: not any(is_alive(pid) for pid in children), "the end of both children")


def test_a_web_process_that_has_just_begun_hears_of_its_end(tmp_path: Path) -> None:
    """It begins with the handlers of its parent, which would only note that the end was asked."""
    program = """
import os, runpy, signal
from hostedpages import db
from hostedpages.config import Settings
db.connect(Settings.from_env())
signal.signal(signal.SIGTERM, lambda *_: None)
runpy.run_path("gunicorn.conf.py")["post_fork"](None, None)
os.kill(os.getpid(), signal.SIGTERM)
"""
    environ = {**os.environ, "HOSTEDPAGES_DATA_DIR": str(tmp_path)}
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environ, check=False)
    assert ended.returncode == -signal.SIGTERM


def test_a_dead_child_is_started_again(product: Product) -> None:
    [worker] = [
        pid for pid, command in processes_below(product.process.pid) if "worker" in command.split()
    ]
    os.kill(worker, signal.SIGKILL)

    def another() -> bool:
        return any(
            "worker" in command.split() and pid != worker
            for pid, command in processes_below(product.process.pid)
        )

    wait_for(another, "another worker")
    assert "worker ended with code -9" in product.printed


def test_health_says_what_is_up_and_the_log_is_one_json_object_a_line(product: Product) -> None:
    with urllib.request.urlopen(f"{product.url}/healthz") as answer:
        assert json.load(answer) == {"status": "ok"}
    for line in product.printed.splitlines():
        if line.startswith("{"):
            json.loads(line)
    assert any(line.startswith("{") for line in product.printed.splitlines())


def texts_of_mails(data: Path) -> list[str]:
    texts = []
    for file in (data / "mail").glob("*.eml"):
        body = message_from_bytes(file.read_bytes(), policy=SMTPUTF8).get_body(("plain",))
        texts.append(body.get_content())
    return texts


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        return None


def post(url: str, fields: dict[str, str]) -> tuple[int, object]:
    """As curl would: no cookie, no script, no redirect followed."""
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(url, urllib.parse.urlencode(fields).encode()) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition: Callable[[], object], what: str, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.1)
