"""Fixtures for every test: settings, database, clock, app, client, three people.

A test gets a real, freshly migrated database. Must never reach another machine.
"""

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as property_settings
from sqlalchemy.orm import Session

from hostedpages import clock as clock_module
from hostedpages import db
from hostedpages.config import Settings
from hostedpages.mail import dns as mail_dns
from hostedpages.mail import domain_auth
from tests import applications, factories, faulty_zones, name_servers, people
from tests.databases import (
    PostgresTemplates,
    SqliteTemplates,
    postgres_url,
)
from tests.mail_servers import MailServers, mail_servers
from tests.servers import free_port
from tools import knot

# Before any test is imported: a property keeps what holds when it is declared. A busy machine
# may take long over one example, which says nothing about the product.
property_settings.register_profile(
    "ours", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
property_settings.load_profile("ours")

# A Tuesday, 10 in the morning in New York.
NOON = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-browser", action="store_true", help="leave the browser tests out")
    parser.addoption("--no-postgres", action="store_true", help="leave PostgreSQL out")
    parser.addoption("--no-postfix", action="store_true", help="leave the real mail servers out")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("both_databases"):
        assert "database_url" in metafunc.fixturenames, "both_databases needs a database"
        metafunc.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent / "browser" in item.path.parents:
            item.add_marker("browser")
    left_out = [item for item in items if _is_left_out(config, item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items[:] = _for_three(items)


def _for_three(items: list[pytest.Item]) -> list[pytest.Item]:
    """Three processes get a third each, and then take from the ends of the others: what is long
    begins a third. The faults keep the whole machine busy, so one process has all of them."""
    faults = [item for item in items if "faults" in item.path.parts]
    long = [item for item in items if item.get_closest_marker("browser")]
    short = [item for item in items if item not in {*faults, *long}]
    third = max(0, len(items) // 3 - len(faults))
    return [*faults, *short[:third], *long, *short[third:]]


def _is_left_out(config: pytest.Config, item: pytest.Item) -> bool:
    if config.getoption("--no-browser") and item.get_closest_marker("browser"):
        return True
    if config.getoption("--no-postfix") and "real_mail" in getattr(item, "fixturenames", ()):
        return True
    call = getattr(item, "callspec", None)
    database = call.params.get("database_url") if call else None
    return bool(config.getoption("--no-postgres") and database == "postgresql")


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Connections that leave this machine are refused."""

    def guarded(name: str) -> Any:
        original = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                host = str(address[0])
                if not (host.startswith("127.") or host in ("::1", "localhost")):
                    self.close()
                    raise AssertionError(f"a test tried to reach {host}")
            return original(self, address)

        return connect

    def sendto(self: socket.socket, data: Any, *more: Any) -> int:
        host = str(more[-1][0])
        assert host.startswith("127.") or host == "::1", f"a test tried to reach {host}"
        return original_sendto(self, data, *more)

    original_sendto = socket.socket.sendto
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(name))
        patch.setattr(socket.socket, "sendto", sendto)
        yield


@pytest.fixture(scope="session")
def name_server() -> Iterator[tuple[str, int]]:
    """A real name server that serves the faulty domains of `tests/faulty_zones.py`."""
    with knot.server(faulty_zones.all_zones(), free_port()) as port:
        yield "127.0.0.1", port


@pytest.fixture
def patient_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at a domain takes all the time that its questions take on a busy machine."""
    monkeypatch.setattr(mail_dns, "CHECK_SECONDS", 120.0)
    # Its default was bound when it was defined.
    monkeypatch.setitem(domain_auth.look.__kwdefaults__, "seconds", 120.0)


@pytest.fixture
def patient_name_server(
    name_server: tuple[str, int], patient_checks: None, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, int]:
    """The same one, and whoever asks waits for its answer as long as a busy machine takes."""
    monkeypatch.setattr(mail_dns, "QUESTION_SECONDS", 60.0)
    return name_server


@pytest.fixture(scope="session")
def empty_name_server() -> Iterator[name_servers.ScriptedDns]:
    """Knows no name at all: nobody is asked about what a test did not prepare."""
    with name_servers.scripted_dns(name_servers.nothing_there) as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplates:
    return SqliteTemplates(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server: the given one, or one of our own."""
    with postgres_url(os.environ.get("HOSTEDPAGES_TEST_DATABASE_URL")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_templates(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresTemplates]:
    templates = PostgresTemplates(postgres_server, tmp_path_factory.mktemp("postgresql"))
    yield templates
    templates.close()


@pytest.fixture(scope="session")
def real_mail() -> Iterator[MailServers]:
    """A real Postfix and Dovecot with one mailbox."""
    with mail_servers() as servers:
        yield servers


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Whose certificates a test may trust."""
    return trustme.CA()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The data folder of this test's product."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def database_url(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[str]:
    """The URL of a fresh migrated database: SQLite, or as `both_databases` says."""
    if getattr(request, "param", "sqlite") == "sqlite":
        with request.getfixturevalue("sqlite_templates").fresh(data_dir) as url:
            yield url
    else:
        with request.getfixturevalue("postgres_templates").fresh() as url:
            yield url


@pytest.fixture
def settings(
    data_dir: Path, database_url: str, empty_name_server: name_servers.ScriptedDns
) -> Settings:
    """Settings of a product on this test's database; mail goes into files, no name is known."""
    return Settings(
        data_dir=data_dir,
        database_url=database_url,
        secret_key="a secret for tests, 0123456789abcdef",
        public_url="http://localhost",
        dns_servers=f"127.0.0.1:{empty_name_server.port}",
        rate_per_minute=1000,
        rate_per_hour=10_000,
    ).prepared()


@pytest.fixture
def database(settings: Settings) -> Iterator[None]:
    """The process is connected to this test's database."""
    db.connect(settings)
    yield
    db.engine().dispose()


@pytest.fixture
def unit(database: None) -> Iterator[Session]:
    """An open unit of work; fails a test that changes rows outside of `db.transaction()`."""
    with db.unit() as session:
        yield session
        people.refuse_unsaved()


@pytest.fixture
def clock() -> Iterator[clock_module.FrozenClock]:
    """Time stands still at NOON; `clock.advance(timedelta)` moves it."""
    with clock_module.frozen(NOON) as frozen:
        yield frozen


@pytest.fixture
def app(settings: Settings, database: None) -> Flask:
    """The whole product. CSRF is checked by tests of its own."""
    return applications.on(settings)


@pytest.fixture
def client(app: Flask) -> people.Client:
    """Somebody who is not signed in."""
    client = app.test_client()
    assert isinstance(client, people.Client)
    return client


@pytest.fixture
def alice(app: Flask, unit: Session) -> people.Person:
    """Owns an account."""
    return people.signed_in(app, factories.user(name="Alice Adams", role="owner"))


@pytest.fixture
def bob(app: Flask, alice: people.Person) -> people.Person:
    """A standard user of Alice's account."""
    user = factories.user(alice.account, name="Bob Brown", role="standard")
    return people.signed_in(app, user)


@pytest.fixture
def charlie(app: Flask, unit: Session) -> people.Person:
    """Owns another account; nothing of Alice's exists for him."""
    return people.signed_in(app, factories.user(name="Charlie Clark", role="owner"))
