"""Sampling geometries: where observations were made, stored beside them for those that tell."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from shapely.geometry import shape
from sqlalchemy import and_, bindparam, insert, null, or_, select

from sos_server.model import StoredRow
from sos_server.storage import spatial
from sos_server.storage.annotations import SAME_KEY, read_annotations
from sos_server.storage.cursor import complete_query, open_cursor
from sos_server.storage.select import typed
from sos_server.storage.series import BOUNDS, widen_bounds
from sos_server.storage.tables import ANNOTATIONS, OBSERVATIONS, OFFERINGS, SAMPLING_GEOMETRIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Select

    from sos_server.filters import SpatialFilter
    from sos_server.model import SeriesInfo
    from sos_server.storage.batches import RowKey
    from sos_server.storage.cursor import Reader

_KEY = ("series_id", "first", "last", "result_time")
_CHUNK = 500  # keys that are looked up at once
_PLACE = SAMPLING_GEOMETRIES.c
_SAME_KEY = and_(*(OBSERVATIONS.c[name] == _PLACE[name] for name in _KEY))
# the number is that of a new observation only: one that was here already keeps its place, or none
_INSERT = insert(SAMPLING_GEOMETRIES).from_select(
    [*_KEY, *BOUNDS, "geometry"],
    select(
        *(OBSERVATIONS.c[name] for name in _KEY),
        *(bindparam(f"new_{name}", type_=_PLACE[name].type) for name in (*BOUNDS, "geometry")),
    ).where(*(OBSERVATIONS.c[name] == bindparam(f"new_{name}") for name in (*_KEY, "id"))),
)


def insert_geometries(
    connection: Connection, sampled: Sequence[tuple[RowKey, Mapping[str, Any]]], offerings: Sequence[str]
) -> None:
    """Store the geometries of observations that are new, and widen the bounds of their offerings."""
    if not sampled:
        return
    rows = [
        dict(zip((*_KEY, "id"), key, strict=True))
        | dict(zip(BOUNDS, shape(geometry).bounds, strict=True))
        | {"geometry": json.dumps(geometry, separators=(",", ":"))}
        for key, geometry in sampled
    ]
    result: Any = connection.execute(_INSERT, [{f"new_{name}": value for name, value in row.items()} for row in rows])
    stored = rows if result.rowcount == len(rows) else _read_bounds(connection, rows)
    if not stored:
        return
    choose = {"west": min, "south": min, "east": max, "north": max}
    whole = {f"new_{name}": choose[name](row[name] for row in stored) for name in BOUNDS}
    numbers = connection.scalars(select(OFFERINGS.c.id).where(OFFERINGS.c.identifier.in_(offerings)))
    connection.execute(widen_bounds(), [whole | {"number": number} for number in numbers])


def _read_bounds(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give the bounds that are kept for the keys of rows, whatever the rows say."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(rows), _CHUNK):
        keys = [tuple(row[name] for name in _KEY) for row in rows[start : start + _CHUNK]]
        query = select(*(_PLACE[name] for name in (*_KEY, *BOUNDS))).where(
            _PLACE.series_id.in_({key[0] for key in keys}), _PLACE.first.in_({key[1] for key in keys})
        )
        wanted = set(keys)
        there = (dict(row) for row in connection.execute(query).mappings())
        found += [row for row in there if tuple(row[name] for name in _KEY) in wanted]
    return found


def stream_parts(
    reader: Reader, series: SeriesInfo, query: Select[Any], place: SpatialFilter | None, *, annotated: bool = False
) -> Iterator[tuple[SeriesInfo, Iterator[StoredRow]]]:
    """
    Read the rows of a mobile series in parts of one place each, those that pass a filter on the place.

    `query` selects the columns of a `StoredRow`. Its limit counts the rows that pass. With `annotated` the rows of a
    part tell the same besides their results, too.
    """
    limit = query._limit if place is not None else None
    told = ANNOTATIONS.c.annotations if annotated else null()
    joined = query.add_columns(told, _PLACE.geometry)
    joined = joined.outerjoin_from(OBSERVATIONS, SAMPLING_GEOMETRIES, _SAME_KEY)
    if annotated:
        joined = joined.outerjoin(ANNOTATIONS, SAME_KEY)
    if place is not None:
        joined = joined.limit(None)
        of_feature = not place.strict and spatial.passes(series.feature.geometry, place)
        near = and_(*spatial.overlaps(SAMPLING_GEOMETRIES, place))
        joined = joined.where(or_(_PLACE.geometry.is_(None), near) if of_feature else near)
    with open_cursor(reader, complete_query(reader.dialect, joined, {"series": series.key}), {}) as rows:
        for (note, text), part in groupby(rows, key=itemgetter(-2, -1)):
            geometry = None if text is None else json.loads(text)
            if place is not None and geometry is not None and not spatial.passes(geometry, place):
                continue
            found = typed(series, (StoredRow._make(row[:-2]) for row in part))
            notes = read_annotations(note)
            yield replace(series, geometry=geometry, annotations=notes), islice(found, limit)
            if limit is not None:
                return
