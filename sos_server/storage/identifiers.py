"""
Observations by their identifiers: the names that they were published with, or names made of their keys.

An observation without a name of its own is called `observation.SERIES.TIME.NUMBER`. It needs no index: series and time
are the beginning of the key, and the number, that no other observation ever gets, proves that it is still the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select, tuple_

from sos_server.storage.tables import OBSERVATIONS, SERIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from sos_server.model import StoredRow

_COLUMN = OBSERVATIONS.c
_MADE = re.compile(r"observation\.(\d{1,18})\.(-?\d{1,18})\.(\d{1,18})", re.ASCII)
_CHUNK = 500


@dataclass(slots=True)
class Wanted:
    """What is looked for in one series: names, and pairs of time and number."""

    names: set[str] = field(default_factory=set)
    keys: set[tuple[int, int]] = field(default_factory=set)

    def condition(self) -> ColumnElement[bool]:
        """Give the condition that the rows looked for fulfil."""
        unnamed = and_(_COLUMN.identifier.is_(None), tuple_(_COLUMN.first, _COLUMN.id).in_(sorted(self.keys)))
        return or_(_COLUMN.identifier.in_(sorted(self.names)), unnamed)


def make(series: int, row: StoredRow) -> str:
    """Give the identifier of a row: its own, or the one made of its key."""
    return row.identifier if row.identifier is not None else f"observation.{series}.{row.begin}.{row.id}"


def named(series: int, rows: Iterable[StoredRow]) -> Iterator[StoredRow]:
    """Give rows that all tell their identifier."""
    return (row._replace(identifier=make(series, row)) for row in rows)


def find(connection: Connection, identifiers: Sequence[str]) -> tuple[dict[int, Wanted], tuple[str, ...]]:
    """Give where the observations of identifiers are, by the numbers of their series, and the identifiers of none."""
    found: dict[int, Wanted] = {}
    missing = dict.fromkeys(identifiers)
    for start in range(0, len(identifiers), _CHUNK):
        chunk = identifiers[start : start + _CHUNK]
        query = select(_COLUMN.series_id, _COLUMN.identifier).where(_COLUMN.identifier.in_(chunk)).distinct()
        for series, name in connection.execute(query):
            found.setdefault(series, Wanted()).names.add(name)
            missing.pop(name, None)
        made = {tuple(map(int, match.groups())): name for name in chunk if (match := _MADE.fullmatch(name))}
        if made:
            key = tuple_(_COLUMN.series_id, _COLUMN.first, _COLUMN.id)
            unnamed = select(_COLUMN.series_id, _COLUMN.first, _COLUMN.id).where(
                key.in_(sorted(made)), _COLUMN.identifier.is_(None)
            )
            for series, first, number in connection.execute(unnamed):
                found.setdefault(series, Wanted()).keys.add((first, number))
                missing.pop(made[series, first, number], None)
    return found, tuple(missing)


def examples(connection: Connection, limit: int) -> tuple[str, ...]:
    """Give identifiers of some observations that are here, without looking at the others."""
    query = select(_COLUMN.identifier).where(_COLUMN.identifier.is_not(None)).order_by(_COLUMN.identifier).limit(limit)
    found: tuple[Any, ...] = tuple(dict.fromkeys(connection.scalars(query)))
    if found:
        return found
    first = select(SERIES.c.id, SERIES.c.first).where(SERIES.c.first.is_not(None)).order_by(SERIES.c.id).limit(1)
    series = connection.execute(first).one_or_none()
    if series is None:
        return ()
    number = select(_COLUMN.id).where(_COLUMN.series_id == series.id, _COLUMN.first == series.first).limit(1)
    return (f"observation.{series.id}.{series.first}.{connection.scalars(number).one()}",)
