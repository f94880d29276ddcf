"""Looking for what is wrong in a database: what the database itself finds, and what is told against what is there."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select, union_all

from sos_server.storage.base import newest_revision
from sos_server.storage.series import BOUNDS
from sos_server.storage.tables import (
    FEATURES,
    OBSERVATIONS,
    OFFERINGS,
    PROCEDURES,
    SAMPLING_GEOMETRIES,
    SERIES,
    SERIES_OFFERINGS,
    SERVICE,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Row

_TIMES = ("first", "last", "first_result", "last_result")
_Numbers: TypeAlias = "tuple[float | int | None, ...]"


class Summary(NamedTuple):
    """How much there is in a database."""

    procedures: int
    offerings: int
    series: int
    observations: int


def find_faults(connection: Connection) -> Iterator[str]:
    """Give each fault of a database as a sentence; reads all observations once."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision != newest_revision():
        yield (
            f"the tables are of version {revision}, this program knows {newest_revision()}: "
            "start the service once with a program that is as new"
        )
        return
    yield from _damage(connection)
    if connection.scalar(select(func.count()).select_from(SERVICE)) != 1:
        yield "the table service has not exactly one row: restore it from a copy"
        return
    yield from _series_faults(connection)
    yield from _offering_faults(connection)
    yield from _orphans(connection)


def summarize(connection: Connection) -> Summary:
    """Tell how much there is."""
    counts = [connection.scalar(select(func.count()).select_from(table)) for table in (PROCEDURES, OFFERINGS, SERIES)]
    observations = connection.scalar(select(func.sum(SERIES.c.count)))
    return Summary(*(int(count or 0) for count in (*counts, observations)))


def _damage(connection: Connection) -> Iterator[str]:
    """Ask SQLite itself; PostgreSQL keeps its references and pages true without being asked."""
    if connection.dialect.name != "sqlite":
        return
    for (message,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
        if message != "ok":
            yield f"the file is damaged, restore it from a copy: {message}"
    lost: dict[tuple[str, str], int] = defaultdict(int)
    for table, _, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        lost[table, parent] += 1
    for (table, parent), count in sorted(lost.items()):
        yield f"{count} rows of {table} belong to rows of {parent} that are not there"


def _series_faults(connection: Connection) -> Iterator[str]:
    rows = OBSERVATIONS.c
    query = select(
        rows.series_id,
        func.count().label("count"),
        func.min(rows.first).label("first"),
        func.max(rows.last).label("last"),
        func.min(rows.result_time).label("first_result"),
        func.max(rows.result_time).label("last_result"),
        func.max(rows.id).label("number"),
    ).group_by(rows.series_id)
    found = {row.series_id: row for row in connection.execute(query)}
    names = ("count", *_TIMES)
    for series in connection.execute(select(SERIES).order_by(SERIES.c.id)):
        there = found.get(series.id)
        expected = (0, *(None,) * 4) if there is None else _members(there, names)
        yield from _differences(f"series {series.id}", names, _members(series, names), expected)
    highest = max((row.number for row in found.values()), default=0)
    given = connection.scalars(select(SERVICE.c.last_observation)).one()
    if highest > given:
        yield f"an observation has the number {highest}, but only {given} were given"


def _offering_faults(connection: Connection) -> Iterator[str]:
    times: dict[int, list[_Numbers]] = defaultdict(list)
    query = select(SERIES_OFFERINGS.c.offering_id, *(SERIES.c[name] for name in _TIMES)).join(SERIES)
    for row in connection.execute(query.where(SERIES.c.first.is_not(None))):
        times[row.offering_id].append(tuple(row)[1:])
    bounds: dict[int, list[_Numbers]] = defaultdict(list)
    for row in connection.execute(_places()):
        bounds[row[0]].append(tuple(row)[1:])
    for offering in connection.execute(select(OFFERINGS).order_by(OFFERINGS.c.id)):
        name = f"offering {offering.identifier!r}"
        first, last, first_result, last_result = _columns(times[offering.id], 4)
        extent = (_least(first), _most(last), _least(first_result), _most(last_result))
        yield from _differences(name, _TIMES, _members(offering, _TIMES), extent)
        west, south, east, north = _columns(bounds[offering.id], 4)
        box = (_least(west), _least(south), _most(east), _most(north))
        yield from _differences(name, BOUNDS, _members(offering, BOUNDS), box)


def _places() -> Any:
    """Give the query for the bounds of everything that an offering's observations were made on or at."""
    of_features = (
        select(SERIES_OFFERINGS.c.offering_id, *(FEATURES.c[name] for name in BOUNDS))
        .join(SERIES, SERIES_OFFERINGS.c.series_id == SERIES.c.id)
        .join(FEATURES, SERIES.c.feature_id == FEATURES.c.id)
        .where(SERIES.c.first.is_not(None))
    )
    of_rows = select(SERIES_OFFERINGS.c.offering_id, *(SAMPLING_GEOMETRIES.c[name] for name in BOUNDS)).join(
        SERIES_OFFERINGS, SERIES_OFFERINGS.c.series_id == SAMPLING_GEOMETRIES.c.series_id
    )
    return union_all(of_features, of_rows)


def _orphans(connection: Connection) -> Iterator[str]:
    for table, reference, what in (
        (SERIES, SERIES_OFFERINGS.c.series_id == SERIES.c.id, "series are published under no offering"),
        (PROCEDURES, OFFERINGS.c.procedure_id == PROCEDURES.c.id, "procedures have no offering"),
    ):
        used = select(1).where(reference).correlate(table).exists()
        count = connection.scalar(select(func.count()).select_from(table).where(~used))
        if count:
            yield f"{count} {what}"


def _differences(name: str, members: Iterable[str], told: _Numbers, there: _Numbers) -> Iterator[str]:
    for member, one, other in zip(members, told, there, strict=True):
        if one != other:
            yield f"{name} tells {member} = {one}, but it is {other}"


def _members(row: Row[Any], names: Iterable[str]) -> _Numbers:
    return tuple(row._mapping[name] for name in names)


def _columns(rows: list[_Numbers], count: int) -> list[list[Any]]:
    return [[row[number] for row in rows if row[number] is not None] for number in range(count)]


def _least(values: list[Any]) -> Any:
    return min(values, default=None)


def _most(values: list[Any]) -> Any:
    return max(values, default=None)
