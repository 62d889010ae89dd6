"""The database: one engine a process, one session a unit of work, one way to write.

A unit is a request, a command or a step of the worker. Must never be committed elsewhere than in
`transaction()`, and never hold a transaction while talking to another machine.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from hostedpages.config import Settings

BUSY_TIMEOUT_SECONDS = 5
ASK_AGAIN_SECONDS = 0.0005
# What a caller may catch: the database is busy, full or gone, and nothing was stored.
UNAVAILABLE = (OperationalError, PoolTimeout)

_engine: Engine | None = None
_sessions = sessionmaker(expire_on_commit=False)
_current: ContextVar[Session | None] = ContextVar("session", default=None)
# SQLite has one writer. Threads of one process queue here, fairly and without polling the file.
_one_writer = threading.Lock()


def connect(settings: Settings) -> Engine:
    """Open the engine of this process. Call it once, after the fork."""
    global _engine
    if _engine is not None:
        _engine.dispose()
    _engine = make_engine(settings)
    _sessions.configure(bind=_engine)
    return _engine


def engine() -> Engine:
    """The engine that `connect` opened."""
    if _engine is None:
        raise RuntimeError("db.connect(settings) has not been called in this process")
    return _engine


def make_engine(settings: Settings) -> Engine:
    """An engine with the durability that an acknowledged submission needs."""
    if settings.is_sqlite:
        made = create_engine(
            settings.database_url,
            hide_parameters=True,  # an error's text goes into the log; answers do not
            connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            pool_size=settings.web_threads + 4,
            max_overflow=8,
        )
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        return made
    return create_engine(
        settings.database_url,
        hide_parameters=True,
        pool_size=settings.web_threads + 4,
        max_overflow=8,
        pool_pre_ping=True,
        connect_args={"options": "-c lock_timeout=5000 -c timezone=UTC"},
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin by itself: see _begin_sqlite
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # acknowledged means: on the disk
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once instead of waiting its turn.
    if not connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite itself waits for another process in growing sleeps of up to 100 ms and starves whoever
    # waits longest; a write takes about one. So: ask often, for as long as is allowed.
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        until = time.monotonic() + BUSY_TIMEOUT_SECONDS
        while time.monotonic() < until:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                time.sleep(ASK_AGAIN_SECONDS)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, for the error in our words
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")


def has_current_tables() -> bool:
    """Whether the database of this unit stands at the newest migration of this code."""
    connection = session().connection()
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return bool(found == _newest_migration())


@cache
def _newest_migration() -> str:
    # Read from the file names: the web has no other use for the migration library.
    versions = Path(__file__).parent / "migrations" / "versions"
    return max(file.name.partition("_")[0] for file in versions.glob("[0-9]*_*.py"))


@contextmanager
def unit() -> Iterator[Session]:
    """Open the session of one request, command or worker step."""
    opened = _sessions()
    token = _current.set(opened)
    try:
        yield opened
    finally:
        _current.reset(token)
        opened.close()


def session() -> Session:
    """The session of the current unit."""
    found = _current.get()
    if found is None:
        raise RuntimeError("no unit of work is open: use `with db.unit():`")
    return found


@contextmanager
def transaction() -> Iterator[Session]:
    """Write within one transaction: all of it is stored when the block ends, or nothing.

    Ends the unit's read snapshot first, so that what is read inside is the latest. Not nestable.
    """
    current = session()
    if current.info.get("writes"):
        raise RuntimeError("a transaction is already open in this unit")
    if current.new or current.dirty or current.deleted:
        raise RuntimeError("something was changed outside of a transaction")
    current.rollback()
    current.expire_all()  # also what an earlier transaction of this unit left in memory
    lock = _one_writer if engine().dialect.name == "sqlite" else nullcontext()
    with lock:
        current.info["writes"] = True
        try:
            current.connection(execution_options={"writes": True})
            yield current
            current.commit()
        except BaseException:
            current.rollback()
            raise
        finally:
            current.info["writes"] = False
