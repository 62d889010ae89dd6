"""Writing happens in transactions, and transactions stand in few, known files."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "hostedpages"
MAY_WRITE = {"service.py", "pipeline.py", "outbox.py", "housekeeping.py"}
# Chores of the worker keep rows of their own: each is the one writer of its table.
MAY_WRITE_PATHS = {
    "seed.py",
    "db.py",
    "delivery/alarms/watch.py",
    "delivery/digest.py",
    "delivery/domains.py",
    "delivery/mailbox.py",
}
MAY_COMMIT = {"db.py", "migrate.py"}


def calls(name: str) -> set[str]:
    """Files of the package that call something of this name, whatever it stands on."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if last == name:
                found.add(path.relative_to(PACKAGE).as_posix())
    return found


def test_transactions_stand_where_writing_is_the_purpose() -> None:
    strangers = {
        path
        for path in calls("transaction")
        if Path(path).name not in MAY_WRITE
        and path not in MAY_WRITE_PATHS
        and not path.startswith(("cli/", "migrations/"))
    }
    assert strangers == set()


def test_nobody_commits_but_the_transaction_itself() -> None:
    assert calls("commit") <= MAY_COMMIT


def writers_of(model: str) -> set[str]:
    """Files that make, insert, update or delete rows of this model by its name."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            first = node.args[0] if node.args else None
            changed = isinstance(first, ast.Name) and first.id == model
            if node.func.id == model or (
                changed and node.func.id in ("insert", "update", "delete")
            ):
                found.add(path.relative_to(PACKAGE).as_posix())
    return found


def test_deliveries_are_written_in_their_own_room() -> None:
    assert all(path.startswith("delivery/") for path in writers_of("Delivery"))


def test_versions_are_made_by_publishing_alone() -> None:
    assert len(writers_of("PageVersion")) == 1
