"""Cursors of the driver itself: rows are bare tuples, read as they are iterated; a row object costs as much again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection, Dialect, Select, Update

_ROWS_AT_ONCE = 2000  # of a server's cursor: with few the ways there and back count, with many the memory


class Reader(NamedTuple):
    """One moment of a database, as the driver reads it."""

    dialect: Dialect
    driver: Any


class DriverQuery(NamedTuple):
    """A query as the driver takes it: `names` are its parameters in their order, `fixed` the values it has already."""

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """Give the values of all parameters in their order."""
        every = {**self.fixed, **given}
        return [every[name] for name in self.names]


def reader_of(connection: Connection) -> Reader:
    """Give the reader inside the transaction of a connection."""
    return Reader(connection.dialect, connection.connection.driver_connection)


def compile_query(dialect: Dialect, query: Select[Any] | Update) -> DriverQuery:
    """Write a query, or a change, as the driver takes it."""
    compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return DriverQuery(str(compiled), tuple(compiled.positiontup or ()), fixed)


def complete_query(dialect: Dialect, query: Select[Any], values: Mapping[str, Any]) -> DriverQuery:
    """Write a query as the driver takes it, with all its values; lists of them may be among these."""
    state = query.compile(dialect=dialect).construct_expanded_state(values)
    return DriverQuery(state.statement, tuple(state.positiontup or ()), state.parameters)


def fetch(reader: Reader, query: DriverQuery, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Give all rows of a query that has few."""
    found: list[tuple[Any, ...]] = reader.driver.execute(query.text, query.values(values)).fetchall()
    return found


def change(reader: Reader, statement: DriverQuery, rows: Iterable[Mapping[str, Any]]) -> None:
    """Change what a statement says, with the values of each row."""
    reader.driver.cursor().executemany(statement.text, [statement.values(row) for row in rows])


@contextmanager
def open_cursor(reader: Reader, query: DriverQuery, values: Mapping[str, Any]) -> Iterator[Any]:
    """Give a cursor over the rows of a query, however many."""
    if reader.dialect.name == "sqlite":
        cursor = reader.driver.cursor()
    else:
        # one with a name is kept by the server, which else would hand over all rows at once
        cursor = reader.driver.cursor(name=f"rows_{id(query)}_{id(values)}")
        cursor.itersize = _ROWS_AT_ONCE
    try:
        cursor.execute(query.text, query.values(values))
        yield cursor
    finally:
        cursor.close()
