"""Units and transactions: one way to write, nothing half."""

import threading

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from hostedpages import db
from hostedpages.config import Settings
from hostedpages.models import Account

pytestmark = pytest.mark.both_databases


def test_a_transaction_stores_all_or_nothing(database_url: str, database: None) -> None:
    with db.unit() as session:
        with db.transaction():
            session.add(Account(name="Kept", slug="kept"))
        with pytest.raises(IntegrityError):
            _insert("lost", "kept")
        assert session.scalars(select(Account.slug)).all() == ["kept"]


def test_a_transaction_reads_the_latest_state(database_url: str, database: None) -> None:
    with db.unit() as session:
        with db.transaction():
            session.add(Account(name="One", slug="one"))
        held = session.scalars(select(Account)).one()
        _in_another_thread("UPDATE accounts SET name = 'Two'")
        with db.transaction():
            assert held.name == "Two"


def test_transactions_do_not_nest(database_url: str, database: None) -> None:
    with (
        db.unit(),
        db.transaction(),
        pytest.raises(RuntimeError, match="already"),
        db.transaction(),
    ):
        pass


def test_a_change_outside_of_a_transaction_is_refused(database_url: str, database: None) -> None:
    with db.unit() as session:
        session.add(Account(name="Stray", slug="stray"))
        with pytest.raises(RuntimeError, match="outside"), db.transaction():
            pass


def test_sixteen_threads_lose_no_update(database_url: str, database: None) -> None:
    with db.unit() as session, db.transaction():
        session.add(Account(name="0", slug="counter"))

    def count() -> None:
        for _ in range(10):
            with db.unit() as session, db.transaction():
                query = select(Account).with_for_update()
                account = session.scalars(query).one()
                account.name = str(int(account.name) + 1)

    threads = [threading.Thread(target=count) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.unit() as session:
        assert session.scalars(select(Account.name)).one() == "160"


def test_what_is_acknowledged_has_reached_the_disk(
    database_url: str, database: None, settings: Settings
) -> None:
    with db.unit() as session:
        if settings.is_sqlite:
            assert session.scalar(text("PRAGMA synchronous")) == 2
            assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        else:
            # What a connection may choose; `fsync` is the server's, and off in a throw-away one.
            assert session.scalar(text("SHOW synchronous_commit")) == "on"


def _insert(*slugs: str) -> None:
    with db.transaction() as session:
        for slug in slugs:
            session.execute(insert(Account).values(name=slug, slug=slug))


def _in_another_thread(statement: str) -> None:
    def run() -> None:
        with db.unit() as session, db.transaction():
            session.execute(text(statement))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
