"""Fresh migrated databases for tests, made cheap: migrate once, copy for each test.

SQLite copies a file, PostgreSQL a template database. Must never touch a database it did not make.
"""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from hostedpages import db, migrate
from hostedpages.config import Settings
from tools import postgres

# One process of a parallel run must not meet the databases of another one.
_OURS = f"hostedpages_test_{os.getpid()}"


class SqliteTemplates:
    """Migrated once into a file that every test gets a copy of."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "template.sqlite3"
        _migrated(f"sqlite:///{self._file}", folder)

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[str]:
        """The URL of a new migrated database inside `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "hostedpages.sqlite3"
        shutil.copyfile(self._file, file)
        yield f"sqlite:///{file}"


class PostgresTemplates:
    """Migrated once into a template database; every test gets a database made from it."""

    def __init__(self, server_url: str, folder: Path) -> None:
        self._url = make_url(server_url)
        self._numbers = itertools.count()
        self._admin = create_engine(
            self._url, isolation_level="AUTOCOMMIT", poolclass=NullPool, pool_reset_on_return=None
        )
        self._template = f"{_OURS}_template"
        self._run(f"CREATE DATABASE \"{self._template}\" ENCODING 'UTF8' TEMPLATE template0")
        _migrated(self._named(self._template), folder)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a new migrated database, dropped at the end with whoever still uses it."""
        name = f"{_OURS}_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        try:
            yield self._named(name)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def close(self) -> None:
        """Drop the template."""
        self._run(f'DROP DATABASE "{self._template}" WITH (FORCE)')
        self._admin.dispose()

    def _named(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


def _migrated(url: str, folder: Path) -> None:
    engine: Engine = db.make_engine(Settings(data_dir=folder, database_url=url))
    try:
        migrate.upgrade(engine)
    finally:
        engine.dispose()


@contextmanager
def keeping_the_engine() -> Iterator[None]:
    """Let the block open an engine of its own, then go on with the one before it.

    Rows of the test's unit stay usable: an application opens this process's engine by itself.
    """
    kept, db._engine = db._engine, None
    yield
    if db._engine is not None:
        db._engine.dispose()
    db._engine = kept
    db._sessions.configure(bind=kept)


@contextmanager
def postgres_url(given: str | None) -> Iterator[str]:
    """The URL of a server where databases may be made.

    `given` is HOSTEDPAGES_TEST_DATABASE_URL; without it, libpq's own PGHOST, or else a server
    of our own that ends with the block.
    """
    if given:
        yield given
    elif os.environ.get("PGHOST"):
        yield "postgresql+psycopg:///postgres"
    else:
        with postgres.server() as url:
            yield url
