"""Reading observations: which series a request is about, and the rows of a series as a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from shapely.geometry import box, shape
from sqlalchemy import Column, ColumnElement, Row, Select, bindparam, func, select

from sos_server.filters import TemporalOperator, TemporalReference
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_TEXT, OM_TRUTH, SeriesInfo, StoredRow
from sos_server.storage.series import read_feature
from sos_server.storage.tables import FEATURES, OBSERVATIONS, OFFERINGS, PROCEDURES, SERIES, SERIES_OFFERINGS
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from sos_server.filters import BoundingBox, TemporalFilter
    from sos_server.requests import GetObservation

_ROW = OBSERVATIONS.c
_TEXTUAL = (OM_CATEGORY, OM_TEXT)
_PYTHON_TYPES = {OM_COUNT: int, OM_TRUTH: bool}  # the others are stored as what they are


_SERIES_QUERY = select(
    SERIES.c.id,
    SERIES.c.observed_property,
    SERIES.c.observation_type,
    SERIES.c.uom,
    PROCEDURES.c.identifier.label("procedure"),
    FEATURES.c.identifier.label("feature"),
    FEATURES.c.name.label("feature_name"),
    FEATURES.c.description.label("feature_description"),
    FEATURES.c.geometry,
    FEATURES.c.feature_type,
    FEATURES.c.sampled_feature,
).select_from(SERIES)


class RowQueries(NamedTuple):
    """The queries for rows, by the column that the values are in; both take the number of the series."""

    numbers: Select[Any]
    texts: Select[Any]


def select_series(connection: Connection, request: GetObservation) -> tuple[SeriesInfo, ...]:
    """Give the series that a request asks for, whatever its times, in the order they came to be."""
    # a series of several offerings is told once: under the first by name of those asked for
    name = (
        select(func.min(OFFERINGS.c.identifier))
        .join(SERIES_OFFERINGS, SERIES_OFFERINGS.c.offering_id == OFFERINGS.c.id)
        .where(SERIES_OFFERINGS.c.series_id == SERIES.c.id)
        .correlate(SERIES)
    )
    query = (
        _SERIES_QUERY.join(PROCEDURES, SERIES.c.procedure_id == PROCEDURES.c.id)
        .join(FEATURES, SERIES.c.feature_id == FEATURES.c.id)
        .where(SERIES.c.first.is_not(None))
        .order_by(SERIES.c.id)
    )
    if request.offerings:
        asked = OFFERINGS.c.identifier.in_(request.offerings)
        name = name.where(asked)
        members = select(SERIES_OFFERINGS.c.series_id).join(OFFERINGS).where(asked)
        query = query.where(SERIES.c.id.in_(members))
    for column, wanted in (
        (PROCEDURES.c.identifier, request.procedures),
        (SERIES.c.observed_property, request.observed_properties),
        (FEATURES.c.identifier, request.features_of_interest),
    ):
        if wanted:
            query = query.where(column.in_(wanted))
    if request.bounding_box is not None:
        query = query.where(*_overlaps(request.bounding_box))
    found = map(_series, connection.execute(query.add_columns(name.scalar_subquery().label("offering"))))
    return tuple(info for info in found if request.bounding_box is None or _touches(info, request.bounding_box))


def row_queries(filters: Sequence[TemporalFilter]) -> RowQueries:
    """Give the queries for the rows that pass all filters: of series of numbers, and of series of texts."""
    return RowQueries(_row_query(_ROW.number, filters), _row_query(_ROW.text, filters))


def stream_rows(connection: Connection, series: SeriesInfo, queries: RowQueries) -> Iterator[StoredRow]:
    """Read the rows of a series in the order of their phenomenon time, a few at a time."""
    # straight from the driver, which reads as it is iterated: a row object in between costs as much as reading the row
    query = queries.texts if series.observation_type in _TEXTUAL else queries.numbers
    result = connection.execute(query, {"series": series.key})
    try:
        python_type = _PYTHON_TYPES.get(series.observation_type)
        rows = map(StoredRow._make, cast("Iterator[tuple[Any, ...]]", result.cursor))
        if python_type is None:
            yield from rows
        else:
            for row in rows:
                yield row if row.value is None else row._replace(value=python_type(row.value))
    finally:
        result.close()


def _row_query(value: Column[Any], filters: Sequence[TemporalFilter]) -> Select[Any]:
    query = select(
        _ROW.id,
        _ROW.first,
        _ROW.last,
        _ROW.result_time,
        value,
        _ROW.identifier,
        _ROW.nil_reason,
        _ROW.valid_first,
        _ROW.valid_last,
    ).where(_ROW.series_id == bindparam("series"))
    order = (_ROW.first, _ROW.last, _ROW.result_time)
    for each in filters:
        if each.operator not in (TemporalOperator.FIRST, TemporalOperator.LATEST):
            query = query.where(*_conditions(each))
            continue
        if each.reference is TemporalReference.RESULT_TIME:
            order = (_ROW.result_time, _ROW.first, _ROW.last)
        descending = each.operator is TemporalOperator.LATEST
        query = query.order_by(*(column.desc() if descending else column for column in order)).limit(1)
    return query.order_by(*order)


def _conditions(each: TemporalFilter) -> tuple[ColumnElement[bool], ...]:
    if each.begin is None or each.end is None:
        raise ValueError(f"a filter with {each.operator} needs a time")
    begin, end = to_microseconds(each.begin), to_microseconds(each.end)
    if each.reference is TemporalReference.RESULT_TIME:
        first = last = _ROW.result_time
    else:
        first, last = _ROW.first, _ROW.last
    if each.operator is TemporalOperator.AFTER:
        return (first > end,)
    if each.operator is TemporalOperator.BEFORE:
        # the first condition follows from the second; it is what the primary key can be searched by
        return (first < begin, last < begin)
    if each.operator is TemporalOperator.DURING:
        return (first >= begin, first <= end, last <= end)
    return (first == begin, last == end)


def _overlaps(bounds: BoundingBox) -> tuple[ColumnElement[bool], ...]:
    column = FEATURES.c
    return (
        column.west <= bounds.east,
        column.east >= bounds.west,
        column.south <= bounds.north,
        column.north >= bounds.south,
    )


def _touches(series: SeriesInfo, bounds: BoundingBox) -> bool:
    # what overlaps by its bounds may still pass by the box with its shape
    geometry = series.feature.geometry
    if geometry is None or geometry["type"] == "Point":
        return geometry is not None
    return bool(shape(geometry).intersects(box(bounds.west, bounds.south, bounds.east, bounds.north)))


def _series(row: Row[Any]) -> SeriesInfo:
    return SeriesInfo(
        row.id, row.offering, row.procedure, row.observed_property, read_feature(row), row.observation_type, row.uom
    )
