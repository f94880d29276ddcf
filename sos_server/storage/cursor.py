"""Cursors of the driver itself: rows are bare tuples, read as they are iterated; a row object costs as much again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection, Dialect, Select

_ROWS_AT_ONCE = 2000  # of a server's cursor: with few the ways there and back count, with many the memory


class DriverQuery(NamedTuple):
    """A query as the driver takes it: `names` are its parameters in their order, `fixed` the values it has already."""

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]


def compile_query(dialect: Dialect, query: Select[Any]) -> DriverQuery:
    """Write a query as the driver takes it."""
    compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return DriverQuery(str(compiled), tuple(compiled.positiontup or ()), fixed)


@contextmanager
def open_cursor(connection: Connection, query: DriverQuery, values: Mapping[str, Any]) -> Iterator[Any]:
    """Give a cursor over the rows of a query, inside the transaction of the connection."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        cursor = driver.cursor()
    else:
        # one with a name is kept by the server, which else would hand over all rows at once
        cursor = driver.cursor(name=f"rows_{id(query)}_{id(values)}")
        cursor.itersize = _ROWS_AT_ONCE
    try:
        cursor.execute(query.text, [values[name] for name in query.names])
        yield cursor
    finally:
        cursor.close()
