"""
Many rows in one statement, with as little as possible around them.

For each row SQLAlchemy builds its parameters anew, which costs more than the database does. Here a statement is
compiled once, values go column by column through what their types do with them, and the driver gets them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection, Dialect, Table


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement: its text, which values go where by position or (None) by name, and what their types do with them."""

    text: str
    positions: tuple[int, ...] | None
    writers: tuple[Callable[[Any], Any] | None, ...]


_PREPARED: dict[tuple[str, str, tuple[str, ...], tuple[str, ...] | None], _Prepared] = {}


def insert_rows(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    rows: Sequence[Sequence[Any]],
    changing: tuple[str, ...] | None = None,
) -> None:
    """
    Insert rows, each with the values of the named columns.

    With `changing` some may be there already: of those these columns are changed, or none.
    """
    if not rows:
        return
    dialect = connection.dialect
    wanted = (dialect.name, table.name, names, changing)
    prepared = _PREPARED.get(wanted)
    if prepared is None:
        prepared = _PREPARED.setdefault(wanted, _prepare(dialect, table, names, changing))
    columns: list[Iterable[Any]] = [
        values if write is None else _written(write, values)
        for write, values in zip(prepared.writers, zip(*rows, strict=True), strict=True)
    ]
    if prepared.positions is None:
        named = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        connection.exec_driver_sql(prepared.text, named)
    else:
        ordered = [columns[position] for position in prepared.positions]
        connection.exec_driver_sql(prepared.text, list(zip(*ordered, strict=True)))


def _prepare(dialect: Dialect, table: Table, names: tuple[str, ...], changing: tuple[str, ...] | None) -> _Prepared:
    # inline: the keys of the rows are not asked back
    insert = (postgresql if dialect.name == "postgresql" else sqlite).insert(table).inline()
    keys = list(table.primary_key.columns)
    if changing:
        insert = insert.on_conflict_do_update(
            index_elements=keys, set_={name: insert.excluded[name] for name in changing}
        )
    elif changing is not None:
        insert = insert.on_conflict_do_nothing(index_elements=keys)
    compiled = insert.compile(dialect=dialect, column_keys=list(names))
    order: Sequence[str] | None = getattr(compiled, "positiontup", None)
    writers = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    positions = None if order is None else tuple(names.index(name) for name in order)
    return _Prepared(str(compiled), positions, tuple(writers))


def _written(write: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    """Give values as the driver takes them; what is the same object as in the row before is not written again."""
    last: Any = object()
    text: Any = None
    written = []
    for value in values:
        if value is not last:
            last, text = value, write(value)
        written.append(text)
    return written
