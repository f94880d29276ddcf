"""Extents after a deletion: found anew from what is left of a series. Insertions only widen them, see `insert.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, union_all, update

from sos_server.storage.series import BOUNDS, move_generation
from sos_server.storage.tables import FEATURES, OBSERVATIONS, OFFERINGS, SAMPLING_GEOMETRIES, SERIES, SERIES_OFFERINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

_TIMES = ("first", "last", "first_result", "last_result")


def refresh(connection: Connection, series: Iterable[int]) -> None:
    """Set count, times and bounds of series, and of their offerings, to what is there; reads all of these series."""
    offerings: set[int] = set()
    for number in series:
        rows = OBSERVATIONS.c
        query = select(
            func.count(),
            func.min(rows.first),
            func.max(rows.last),
            func.min(rows.result_time),
            func.max(rows.result_time),
        ).where(rows.series_id == number)
        count, *times = connection.execute(query).one()
        if not count:
            move_generation(connection)
        values = {"count": count} | dict(zip(_TIMES, times, strict=True))
        connection.execute(update(SERIES).where(SERIES.c.id == number).values(values))
        members = select(SERIES_OFFERINGS.c.offering_id).where(SERIES_OFFERINGS.c.series_id == number)
        offerings.update(connection.scalars(members))
    for offering in sorted(offerings):
        _refresh_offering(connection, offering)


def _refresh_offering(connection: Connection, offering: int) -> None:
    members = (
        select(SERIES.c.id)
        .join(SERIES_OFFERINGS, SERIES_OFFERINGS.c.series_id == SERIES.c.id)
        .where(SERIES_OFFERINGS.c.offering_id == offering, SERIES.c.first.is_not(None))
    )
    column = SERIES.c
    begins, ends = (column.first, column.first_result), (column.last, column.last_result)
    lowest, highest = (map(func.min, begins), map(func.max, ends))
    times = connection.execute(
        select(*(each for pair in zip(lowest, highest, strict=True) for each in pair)).where(column.id.in_(members))
    ).one()
    places = union_all(
        select(*(FEATURES.c[name] for name in BOUNDS))
        .join(SERIES, SERIES.c.feature_id == FEATURES.c.id)
        .where(SERIES.c.id.in_(members)),
        select(*(SAMPLING_GEOMETRIES.c[name] for name in BOUNDS)).where(SAMPLING_GEOMETRIES.c.series_id.in_(members)),
    ).subquery()
    west, south, east, north = (places.c[name] for name in BOUNDS)
    bounds = connection.execute(select(func.min(west), func.min(south), func.max(east), func.max(north))).one()
    values: dict[str, Any] = dict(zip(_TIMES, times, strict=True)) | dict(zip(BOUNDS, bounds, strict=True))
    connection.execute(update(OFFERINGS).where(OFFERINGS.c.id == offering).values(values))
