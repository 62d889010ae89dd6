"""The tables that migrations make are the tables that the models describe."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.orm import Session

import hostedpages.migrations
from hostedpages.models import Base

VERSIONS = Path(hostedpages.migrations.__file__).parent / "versions"


@pytest.mark.both_databases
def test_migrations_make_the_tables_of_the_models(database_url: str, unit: Session) -> None:
    context = MigrationContext.configure(
        unit.connection(), opts={"compare_type": True, "compare_server_default": False}
    )
    assert compare_metadata(context, Base.metadata) == []


def test_migrations_are_numbered_and_say_why() -> None:
    files = sorted(VERSIONS.glob("*.py"))
    assert [file.name[:4] for file in files] == [f"{n:04d}" for n in range(1, len(files) + 1)]
    assert all(file.read_text("utf-8").startswith('"""') for file in files)


def test_every_table_of_an_account_says_whose_it_is() -> None:
    shared = {"accounts", "heartbeats", "rate_buckets", "sender_health"}
    without = {table.name for table in Base.metadata.tables.values() if "account_id" not in table.c}
    assert without == shared
