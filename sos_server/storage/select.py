"""Reading observations: which series a request is about, and the rows of a series as a stream."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from shapely.geometry import box, shape
from sqlalchemy import Column, ColumnElement, Row, bindparam, func, select

from sos_server.filters import TemporalOperator, TemporalReference
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_TEXT, OM_TRUTH, SeriesInfo, StoredRow
from sos_server.storage.series import read_feature
from sos_server.storage.tables import FEATURES, OBSERVATIONS, OFFERINGS, PROCEDURES, SERIES, SERIES_OFFERINGS
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Dialect

    from sos_server.filters import BoundingBox, TemporalFilter
    from sos_server.requests import GetObservation

_ROW = OBSERVATIONS.c
_ROWS_AT_ONCE = 2000  # of a server's cursor: with few the ways there and back count, with many the memory
_ENDS = (TemporalOperator.FIRST, TemporalOperator.LATEST)
_TEXTUAL = (OM_CATEGORY, OM_TEXT)
_PYTHON_TYPES = {OM_COUNT: int, OM_TRUTH: bool}  # the others are stored as what they are
_Shape: TypeAlias = "tuple[TemporalOperator, TemporalReference]"

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


class RowQuery(NamedTuple):
    """A query for rows as the driver takes it: `names` are its parameters in their order, `fixed` those it has."""

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]


class RowQueries(NamedTuple):
    """The queries for rows, by the column that the values are in, and what fills in the times of their filters."""

    numbers: RowQuery
    texts: RowQuery
    times: Mapping[str, int]


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


def row_queries(dialect: Dialect, filters: Sequence[TemporalFilter]) -> RowQueries:
    """Give the queries for the rows that pass all filters: of series of numbers, and of series of texts."""
    shapes = tuple((each.operator, each.reference) for each in filters)
    times: dict[str, int] = {}
    for number, each in enumerate(filters):
        if each.operator in _ENDS:
            continue
        if each.begin is None or each.end is None:
            raise ValueError(f"a filter with {each.operator} needs a time")
        times |= {f"begin_{number}": to_microseconds(each.begin), f"end_{number}": to_microseconds(each.end)}
    return RowQueries(_row_query(dialect, _ROW.number, shapes), _row_query(dialect, _ROW.text, shapes), times)


def stream_rows(connection: Connection, series: SeriesInfo, queries: RowQueries) -> Iterator[StoredRow]:
    """Read the rows of a series in the order of their phenomenon time, a few at a time."""
    query = queries.texts if series.observation_type in _TEXTUAL else queries.numbers
    values = {**query.fixed, **queries.times, "series": series.key}
    # straight from the driver, which reads as it is iterated: a row object in between costs as much as reading the row
    cursor = _open_cursor(connection)
    try:
        cursor.execute(query.text, [values[name] for name in query.names])
        python_type = _PYTHON_TYPES.get(series.observation_type)
        rows = map(StoredRow._make, cast("Iterator[tuple[Any, ...]]", cursor))
        if python_type is None:
            yield from rows
        else:
            for row in rows:
                yield row if row.value is None else row._replace(value=python_type(row.value))
    finally:
        cursor.close()


def _open_cursor(connection: Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        return driver.cursor()
    # one with a name is kept by the server, which else would hand over all rows at once
    cursor = driver.cursor(name="rows")
    cursor.itersize = _ROWS_AT_ONCE
    return cursor


# made anew for each request it would cost more than reading a row
@lru_cache(maxsize=1000)
def _row_query(dialect: Dialect, value: Column[Any], shapes: tuple[_Shape, ...]) -> RowQuery:
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
    for number, (operator, reference) in enumerate(shapes):
        if operator not in _ENDS:
            query = query.where(*_conditions(number, operator, reference))
            continue
        if reference is TemporalReference.RESULT_TIME:
            order = (_ROW.result_time, _ROW.first, _ROW.last)
        descending = operator is TemporalOperator.LATEST
        query = query.order_by(*(column.desc() if descending else column for column in order)).limit(1)
    compiled = query.order_by(*order).compile(dialect=dialect)
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return RowQuery(str(compiled), tuple(compiled.positiontup or ()), fixed)


def _conditions(
    number: int, operator: TemporalOperator, reference: TemporalReference
) -> tuple[ColumnElement[bool], ...]:
    begin, end = (bindparam(f"{name}_{number}", type_=_ROW.first.type) for name in ("begin", "end"))
    if reference is TemporalReference.RESULT_TIME:
        first = last = _ROW.result_time
    else:
        first, last = _ROW.first, _ROW.last
    if operator is TemporalOperator.AFTER:
        return (first > end,)
    if operator is TemporalOperator.BEFORE:
        # the first condition follows from the second; it is what the primary key can be searched by
        return (first < begin, last < begin)
    if operator is TemporalOperator.DURING:
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
