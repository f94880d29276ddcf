"""
Putting rows of observations into their table, as many in one statement as it takes; the part that costs most.

Only columns that have something in them are given. On SQLite that costs a third of a statement for each row of all
columns, on PostgreSQL one list for each column much less than a row at a time.
"""

from __future__ import annotations

from functools import cache
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from sos_server.storage.tables import OBSERVATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Dialect

    from sos_server.storage.cursor import Reader

Columns: TypeAlias = "Mapping[str, Iterable[Any]]"
_Names: TypeAlias = "tuple[str, ...]"

_MOST_VALUES = 900  # of one statement: SQLite took at most 999 for long


def store_in_sqlite(reader: Reader, parts: Iterable[Columns]) -> int:
    """Store those rows whose identities are new, over the driver of SQLite, and give their number."""
    return sum(_store(reader, names, same) for names, same in _by_names(parts))


def store_in_postgresql(connection: Connection, parts: Iterable[Columns]) -> int:
    """Store those rows whose identities are new in PostgreSQL, and give their number."""
    stored = 0
    for names, same in _by_names(parts):
        columns = {name: list(chain.from_iterable(part[name] for part in same)) for name in names}
        if "number" in columns:
            columns["number"] = [None if number is None else float(number) for number in columns["number"]]
        stored += connection.execute(_unnesting(names), columns).rowcount
    return stored


def _by_names(parts: Iterable[Columns]) -> Iterator[tuple[_Names, Sequence[Columns]]]:
    """Put parts that have the same columns together; those that follow each other mostly have."""
    for names, same in groupby(parts, key=tuple):
        yield names, tuple(same)


def _store(reader: Reader, names: _Names, parts: Sequence[Columns]) -> int:
    rows = chain.from_iterable(zip(*part.values(), strict=True) for part in parts)
    values = list(chain.from_iterable(rows))
    width = len(names)
    size = _MOST_VALUES // width * width
    rest = len(values) % size
    stored = 0
    for start in range(0, len(values) - rest, size):
        many = _inserting(reader.dialect, names, size // width)
        stored += reader.driver.execute(many, values[start : start + size]).rowcount
    if rest:
        last = zip(*[iter(values[-rest:])] * width, strict=True)
        stored += reader.driver.executemany(_inserting(reader.dialect, names, 1), last).rowcount
    return stored


@cache
def _inserting(dialect: Dialect, names: _Names, count: int) -> str:
    """Give the statement that stores so many rows at once."""
    rows = [dict.fromkeys(names, 0)] * count  # the zeros stand for what is given with the statement
    return str(sqlite.insert(OBSERVATIONS).values(rows).on_conflict_do_nothing().compile(dialect=dialect))


@cache
def _unnesting(names: _Names) -> postgresql.Insert:
    """Give the statement that stores rows from a list for each column."""
    columns = [OBSERVATIONS.c[name] for name in names]
    lists = func.unnest(*(bindparam(column.name, type_=postgresql.ARRAY(column.type)) for column in columns))
    rows = select(lists.table_valued(*names).render_derived())
    return postgresql.insert(OBSERVATIONS).from_select(list(names), rows).on_conflict_do_nothing()
