"""Fixtures of the browser tests: the running product, Chromium, people who are signed in.

The product runs as `./run` runs it: web and worker as processes of their own, on a data folder of
their own. Must never reach another machine.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
    sync_playwright,
)
from sqlalchemy.orm import Session

from hostedpages import db
from hostedpages.accounts import service
from hostedpages.config import Settings
from hostedpages.models import User
from tests import factories, zones
from tests.servers import OtherSite, free_port, other_site
from tools import browser as machine_browser

START_SECONDS = 120
ACTION_MS = 45_000  # long, for a crowded machine: what is there is found at once
expect.set_options(timeout=ACTION_MS)
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 375, "height": 740}
AXE = Path(__file__).parents[1] / "vendor" / "axe-core-4.14.1" / "axe.min.js"


@dataclass
class Site:
    """The running product."""

    url: str
    settings: Settings

    def mails(self, recipient: str) -> list[EmailMessage]:
        """The mails written so far to this address, in the order of their files' times."""
        files = sorted(self.settings.mail_dir.glob("*.eml"), key=lambda file: file.stat().st_mtime)
        parsed = [message_from_bytes(file.read_bytes(), policy=SMTPUTF8) for file in files]
        return [
            mail
            for mail in parsed
            if isinstance(mail, EmailMessage) and recipient in str(mail["To"] or "")
        ]

    def wait_for_mail(self, recipient: str, *, count: int = 1) -> list[EmailMessage]:
        """Wait until the worker has written `count` mails to this address."""
        until = time.monotonic() + START_SECONDS
        while len(found := self.mails(recipient)) < count:
            assert time.monotonic() < until, f"no mail to {recipient}"
            time.sleep(0.1)
        return found


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory, name_server: tuple[str, int]) -> Iterator[Site]:
    """The product with web and worker, without the demo account; one for all tests of a process."""
    folder = tmp_path_factory.mktemp("site")
    port = free_port()
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HOSTEDPAGES_")}
    environ |= {
        "HOSTEDPAGES_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HOSTEDPAGES_RATE_PER_MINUTE": "10000",
        "HOSTEDPAGES_RATE_PER_HOUR": "100000",
        "HOSTEDPAGES_DNS_SERVERS": f"127.0.0.1:{name_server[1]}",
        "HOSTEDPAGES_SPF_INCLUDE": zones.INCLUDE,
        "HOSTEDPAGES_PRIVATE_HOSTS": "allow",  # the mail servers of tests are on this machine
    }
    command = [sys.executable, "-m", "hostedpages", "serve", "--no-demo"]
    command += ["--port", str(port), "--data", str(folder / "data")]
    log = folder / "log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process, log)
        own = {k: v for k, v in environ.items() if k.startswith("HOSTEDPAGES_")}
        yield Site(url, Settings.from_env(own, port=port, data_dir=folder / "data"))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as refusal:
            refusal.close()
        except OSError:
            pass
        time.sleep(0.1)
    pytest.fail(f"the product did not start:\n{log.read_text()[-4000:]}", pytrace=False)


@pytest.fixture
def unit(site: Site) -> Iterator[Session]:
    """An open unit on the running product's database, for factories and for looking."""
    db.connect(site.settings)
    try:
        with db.unit() as session:
            yield session
    finally:
        db.engine().dispose()


# Of this folder only: Playwright keeps an event loop running, and other tests start their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium of this machine."""
    path = machine_browser.find()
    if path is None:
        pytest.fail("no Chromium on this machine; --no-browser leaves these tests out", False)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(machine_browser.FLAGS))
        yield opened
        opened.close()


NewContext = Callable[..., BrowserContext]


@pytest.fixture
def new_context(browser: Browser, site: Site) -> Iterator[NewContext]:
    """Make a fresh visitor: `new_context(viewport=PHONE, color_scheme="dark")`.

    Takes what Playwright's `Browser.new_context` takes. At the end the test fails when a page wrote
    an error into the console, or threw one. A line that a test expects goes into the list
    `context.expected_errors` (part of its text).
    """
    contexts: list[BrowserContext] = []
    problems: list[tuple[BrowserContext, str]] = []

    def make(**options: object) -> BrowserContext:
        settings = {"base_url": site.url, "viewport": DESKTOP, "reduced_motion": "reduce"}
        context = browser.new_context(**{**settings, **options})
        context.set_default_timeout(ACTION_MS)
        context.expected_errors = []

        def heard(message: ConsoleMessage) -> None:
            where = message.location.get("url", "")
            # Other sites' icons are asked for by the browser itself, also while it closes.
            is_icon = where.endswith("/favicon.ico") and not where.startswith(site.url)
            if message.type == "error" and not is_icon:
                problems.append((context, f"{message.text} ({where})"))

        context.on("console", heard)
        context.on("weberror", lambda error: problems.append((context, str(error.error))))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    unexpected = [
        text
        for context, text in problems
        if not any(part in text for part in context.expected_errors)
    ]
    assert not unexpected, "the browser's console: " + "\n".join(unexpected)


@pytest.fixture
def page(new_context: NewContext) -> Page:
    """A visitor's page at desktop width, not signed in."""
    return new_context().new_page()


@pytest.fixture
def owner(unit: Session) -> User:
    """The owner of a new account, who has been here before."""
    return factories.user(name="Alice Adams", role="owner", password_hash="no password fits this")


@pytest.fixture
def staff_page(new_context: NewContext, owner: User) -> Page:
    """A page at desktop width where `owner` is signed in."""
    return sign_in(new_context().new_page(), owner)


def sign_in(page: Page, user: User) -> Page:
    """Let the user enter by a one-time link, as a person would. Needs an open unit."""
    page.goto(service.one_time_link(user))
    page.get_by_role("button").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def follow(page: Page, control: Locator) -> None:
    """Click what leads to another document, and wait until all of that is there."""
    with page.expect_navigation():
        control.click()


def wait_until(page: Page, expression: str) -> None:
    """Wait until an expression of JavaScript is true, asked again and again from outside: the
    policy of staff screens forbids what Playwright's own `wait_for_function` does."""
    until = time.monotonic() + ACTION_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < until, f"never true: {expression}"
        page.wait_for_timeout(50)


@pytest.fixture
def other_origin(tmp_path: Path) -> Iterator[OtherSite]:
    """Another site, for pages that embed a form: `other_origin.put("index.html", html)`."""
    folder = tmp_path / "other_site"
    folder.mkdir()
    with other_site(folder) as served:
        yield served


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """`axe(page)` fails with every accessibility rule that the page breaks, and where."""
    source = AXE.read_text("utf-8")

    def check(page: Page) -> None:
        page.wait_for_load_state()  # what was waited for may stand in the first half of a page
        page.evaluate(f"() => {{ {source}\n}}")
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        lines = [
            f"{rule['id']}: {rule['help']}\n    "
            + "\n    ".join(
                json.dumps(node["target"]) + " " + node["html"] for node in rule["nodes"]
            )
            for rule in found["violations"]
        ]
        assert not lines, f"axe on {page.url}:\n" + "\n".join(lines)

    return check


@pytest.fixture(scope="session")
def screenshot() -> Callable[..., None]:
    """`screenshot(page, "designer-dark")` saves a picture for people to look at.

    Does nothing unless HOSTEDPAGES_SCREENSHOTS names a folder.
    """
    folder = os.environ.get("HOSTEDPAGES_SCREENSHOTS")

    def save(page: Page, name: str, *, full_page: bool = True) -> None:
        if folder:
            target = Path(folder)
            target.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=target / f"{name}.png", full_page=full_page)

    return save
