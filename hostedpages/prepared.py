"""Statements compiled once, for the few that run with every submission.

Building, caching and compiling a statement costs more than the database needs to run it. Written
with SQLAlchemy's own expressions, so that both databases and all column types are served; run in
the session's own transaction. Must never be used with a value inside the statement itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement in one dialect's words, and how its values are put in."""

    sql: str
    dialect: Dialect
    is_positional: bool
    binds: tuple[tuple[str, Processor | None], ...]

    def values(self, given: Mapping[str, Any]) -> Any:
        if self.is_positional:
            return [make(given[name]) if make else given[name] for name, make in self.binds]
        return {name: make(given[name]) if make else given[name] for name, make in self.binds}


class PreparedStatement:
    """One statement. `make` makes it for a dialect, by name; every value in it is a bindparam."""

    def __init__(self, make: Callable[[str], ClauseElement]) -> None:
        self._make = make
        self._ready: dict[str, _Ready] = {}

    def one(self, session: Session, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Run it; return the first row as the driver gives it, or None. Raises DBAPIError."""
        rows = self.all(session, values)
        return rows[0] if rows else None

    def all(self, session: Session, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it; return every row as the driver gives it. Raises DBAPIError."""
        cursor, ready = self._cursor(session)
        try:
            cursor.execute(ready.sql, ready.values(values))
            return list(cursor.fetchall()) if cursor.description else []
        except ready.dialect.loaded_dbapi.Error as error:
            raise _translated(ready, error) from error
        finally:
            cursor.close()

    def many(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each of `rows`. Raises DBAPIError."""
        cursor, ready = self._cursor(session)
        try:
            cursor.executemany(ready.sql, [ready.values(each) for each in rows])
        except ready.dialect.loaded_dbapi.Error as error:
            raise _translated(ready, error) from error
        finally:
            cursor.close()

    def _cursor(self, session: Session) -> tuple[Any, _Ready]:
        connection = session.connection()
        ready = self._ready.get(connection.dialect.name)
        if ready is None:
            ready = self._compile(connection.dialect)
        return connection.connection.cursor(), ready

    def _compile(self, dialect: Dialect) -> _Ready:
        compiled = self._make(dialect.name).compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        found = compiled.binds
        names = compiled.positiontup if compiled.positional else list(found)
        ready = _Ready(
            sql=str(compiled),
            dialect=dialect,
            is_positional=compiled.positional,
            binds=tuple(
                (name, found[name].type.dialect_impl(dialect).bind_processor(dialect))
                for name in names or ()
            ),
        )
        self._ready[dialect.name] = ready
        return ready


def bound(columns: Any, *names: str) -> dict[str, Any]:
    """`{column: bindparam}` of a table's columns, all but `id` or just these."""
    chosen = names or [each.name for each in columns if each.name != "id"]
    return {name: bindparam(name, type_=columns[name].type) for name in chosen}


def _translated(ready: _Ready, error: Exception) -> BaseException:
    # No parameters: they are answers, and errors are logged.
    return DBAPIError.instance(
        ready.sql, None, error, ready.dialect.loaded_dbapi.Error, dialect=ready.dialect
    )
