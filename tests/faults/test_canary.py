"""The password of a mail server, entered as a marketer does, is found nowhere in a whole run."""

import base64
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hostedpages.accounts import service
from hostedpages.config import Settings
from hostedpages.models import Delivery, Sender
from tests import factories
from tests.faults.canary import Browser, Watch
from tests.faults.ledger import Ledger, processes_below
from tests.faults.worlds import end
from tests.scripted_smtp import ScriptedSmtp, scripted_smtp
from tests.servers import free_port

PASSWORD = "Kanarienvogel-7f3b9c&<\"'%20>"
USER = "office@example.com"
NDJSON = "application/x-ndjson"


@pytest.mark.timeout(480)
def test_the_password_of_a_sender_is_found_nowhere(
    settings: Settings, unit: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = factories.account()
    alice = factories.user(owner, role="owner")
    bob = factories.user(owner, role="standard")
    charlie = factories.user(role="owner")
    page = factories.page(owner, options={"notify_emails": ["sales@example.com"]})
    links = [service.one_time_link(each) for each in (alice, bob, charlie)]
    watch = Watch(PASSWORD, USER)
    log = tmp_path / "log"
    with a_server_that_repeats_what_it_hears() as server, running(settings, log) as (pid, url):
        people = [Browser(url, watch) for _ in links]
        for person, link in zip(people, links, strict=True):
            assert person.post(link, {})[0] == 303
        own = people[0]

        form = {
            "preset": "custom",
            "smtp_host": "127.0.0.1",
            "smtp_port": str(server.port),
            "security": "none",
            "accepts_clear_text": "y",
            "email": USER,
            "password": PASSWORD,
            "if_failing": "hold",
            "scope": "general_only",
        }
        refused = form | {"smtp_port": "not a port", "email": PASSWORD[:10]}
        assert own.post("/settings/mail/new?slot=account", refused)[0] == 422
        assert own.post("/settings/mail/check?slot=account", form | {"check": "login"})[0] == 200
        assert own.post("/settings/mail/new?slot=account", form)[0] == 303
        sender = unit.scalars(select(Sender)).one()
        path = f"/settings/mail/{sender.public_id}"
        kept = form | {"password": ""}
        for kind, accept in (("server", NDJSON), ("login", NDJSON), ("send", "text/html")):
            test = kept | {"check": kind, "to": "me@example.com"}
            assert own.post(f"{path}/check", test, accept=accept)[0] == 200
        moved = kept | {"smtp_host": "localhost", "check": "login"}
        assert own.post(f"{path}/check", moved)[0] == 422
        watch.look_at_processes([pid, *(each for each, _ in processes_below(pid))])

        Ledger(f"{url}/p/{owner.slug}/{page.slug}", 3, clients=1).run()
        wait_for(lambda: attempts(unit) > 0)
        for person in people:
            assert person.walk("/pages", "/leads", "/deliveries", "/settings/mail") > 5
        anonymous = Browser(url, watch)
        anonymous.walk(path, f"/p/{owner.slug}/{page.slug}", "/readyz")

        del server.always["AUTH"]
        assert own.post(path, form)[0] == 303  # the person enters it again: all goes on
        wait_for(lambda: states(unit) == {"delivered"})
        own.walk("/deliveries", path)
        watch.look_at_processes([pid, *(each for each, _ in processes_below(pid))])
        for words in (
            ["delivery", "list", "--account", owner.slug],
            ["submission", "export", "--account", owner.slug, "--page", page.slug],
            ["page", "export", page.slug, "--account", owner.slug],
            ["rotate-keys"],
            ["doctor"],
        ):
            watch.look("command", " ".join(words), command(settings, words))
        password_file = tmp_path / "password"
        password_file.write_text(PASSWORD)
        server.always["AUTH"] = refusal()
        told = ["check-mail", "--host", "127.0.0.1", "--port", str(server.port)]
        told += ["--security", "none", "--user", USER, "--password-file", str(password_file)]
        for more in ([], ["--json"]):
            watch.look("command", "check-mail", command(settings, [*told, *more]))
    watch.look("log", "of all processes", log.read_bytes())
    watch.look_at_files(settings.data_dir)

    signed_in = [each for each in server.commands if each.startswith("AUTH")]
    assert signed_in, "the password must have been used"
    assert any(watch_of(each) for each in signed_in), "the watch must know it when it sees it"
    with capsys.disabled():
        sys.stdout.write(f"\ncanary: {len(signed_in)} sign-ins; looked at {watch.looked_at}\n")
    assert watch.found == []


def watch_of(text: str) -> bool:
    watch = Watch(PASSWORD, USER)
    watch.look("log", "", text.encode())
    return bool(watch.found)


def refusal() -> str:
    """What a careless server answers: the password, in clear and coded."""
    coded = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    return f"535 5.7.8 not accepted: {PASSWORD} {coded} AUTH PLAIN {coded}"


@contextmanager
def a_server_that_repeats_what_it_hears() -> Iterator[ScriptedSmtp]:
    extensions = ["PIPELINING", "SIZE 1000000", "AUTH PLAIN"]
    with scripted_smtp(extensions=extensions, always={"AUTH": refusal()}) as server:
        yield server


@contextmanager
def running(settings: Settings, log: Path) -> Iterator[tuple[int, str]]:
    """The product as `./run` runs it, saying all that it can say."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "hostedpages", "serve", "--no-demo", "--port", str(port)],
            env=environ(settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: "starting" in log.read_text() and is_up(url))
        yield process.pid, url
    finally:
        end(process)


def environ(settings: Settings) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("HOSTEDPAGES_")} | {
        "HOSTEDPAGES_DATABASE_URL": settings.database_url,
        "HOSTEDPAGES_DATA_DIR": str(settings.data_dir),
        "HOSTEDPAGES_SECRET_KEY": settings.secret_key,
        "HOSTEDPAGES_PRIVATE_HOSTS": "allow",
        "HOSTEDPAGES_LOG_LEVEL": "debug",
    }


def command(settings: Settings, words: list[str]) -> bytes:
    """What a command prints, on both channels."""
    done = subprocess.run(
        [sys.executable, "-m", "hostedpages", *words], env=environ(settings), capture_output=True
    )
    return done.stdout + done.stderr


def is_up(url: str) -> bool:
    try:
        return Browser(url, Watch("not looked for", "")).get("/readyz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def states(session: Session) -> set[str]:
    session.rollback()
    return set(session.scalars(select(Delivery.state)))


def attempts(session: Session) -> int:
    session.rollback()
    return sum(session.scalars(select(Delivery.attempts)))


def wait_for(is_there: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not is_there():
        assert time.monotonic() < until, "waited for two minutes"
        time.sleep(0.2)
