"""Reading observations: which series a request is about, and the rows of a series as a stream."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, func, or_, select

from sos_server.filters import SpatialReference, TemporalOperator, TemporalReference
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_TEXT, OM_TRUTH, STRUCTURED_TYPES, SeriesInfo, StoredRow
from sos_server.requests import GetObservation
from sos_server.storage import spatial
from sos_server.storage.annotations import IS_ANNOTATED
from sos_server.storage.cursor import DriverQuery, Reader, compile_query, open_cursor
from sos_server.storage.series import read_feature
from sos_server.storage.tables import (
    FEATURES,
    OBSERVATIONS,
    OFFERINGS,
    PROCEDURES,
    SAMPLING_GEOMETRIES,
    SERIES,
    SERIES_OFFERINGS,
)
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Dialect

    from sos_server.filters import TemporalFilter
    from sos_server.requests import DeleteObservation, GetDataAvailability

_ROW = OBSERVATIONS.c
_ENDS = (TemporalOperator.FIRST, TemporalOperator.LATEST)
_TEXTUAL = (OM_CATEGORY, OM_TEXT, *STRUCTURED_TYPES)
_PYTHON_TYPES = {OM_COUNT: int, OM_TRUTH: bool}  # the others are stored as what they are
_Shape: TypeAlias = "tuple[TemporalOperator, TemporalReference]"

# whether one of its observations tells where it was made: one look into an index
_IS_MOBILE = exists().where(SAMPLING_GEOMETRIES.c.series_id == SERIES.c.id)
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
    _IS_MOBILE.label("mobile"),
    IS_ANNOTATED.label("annotated"),
).select_from(SERIES)


class RowQueries(NamedTuple):
    """The queries for rows by the shapes of their filters, which are few, and the times that fill them in."""

    shapes: tuple[_Shape, ...]
    times: Mapping[str, int]


def read_series_of(connection: Connection, numbers: Sequence[int]) -> tuple[SeriesInfo, ...]:
    """Give series by their numbers, in the order they came to be."""
    query = series_query(GetObservation()).where(SERIES.c.id.in_(numbers))
    return tuple(map(read_series, connection.execute(query)))


def series_query(request: GetObservation | GetDataAvailability | DeleteObservation) -> Select[Any]:
    """Give the query for the series that a request names, whatever their times, in the order they came to be."""
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
    return query.add_columns(name.scalar_subquery().label("offering"))


def select_series(connection: Connection, request: GetObservation) -> tuple[SeriesInfo, ...]:
    """Give the series that a request asks for, whatever its times; a mobile one may still have no row to give."""
    query = series_query(request)
    place = request.spatial_filter
    if place is None:
        return tuple(map(read_series, connection.execute(query)))
    by_row = place.reference is SpatialReference.SAMPLING_GEOMETRY
    near = and_(*spatial.overlaps(FEATURES, place))
    found = map(read_series, connection.execute(query.where(or_(near, _IS_MOBILE) if by_row else near)))
    return tuple(
        info
        for info in found
        if (by_row and info.mobile) or (not place.strict and spatial.passes(info.feature.geometry, place))
    )


def row_queries(filters: Sequence[TemporalFilter]) -> RowQueries:
    """Give the queries for the rows that pass all filters."""
    times: dict[str, int] = {}
    for number, each in enumerate(filters):
        if each.operator not in _ENDS:
            times[f"begin_{number}"], times[f"end_{number}"] = _times(each)
    return RowQueries(tuple((each.operator, each.reference) for each in filters), times)


def row_query(series: SeriesInfo, queries: RowQueries) -> Select[Any]:
    """Give the query for the rows of a series, whose number is its parameter `series`."""
    return _row_query(_is_textual(series), queries.shapes).params(queries.times)


def typed(series: SeriesInfo, rows: Iterable[StoredRow]) -> Iterator[StoredRow]:
    """Give rows with values of the type of their series: counts and truths are stored as numbers."""
    python_type = _PYTHON_TYPES.get(series.observation_type)
    if python_type is None:
        yield from rows
    else:
        for row in rows:
            yield row if row.value is None else row._replace(value=python_type(row.value))


def stream_rows(reader: Reader, series: SeriesInfo, queries: RowQueries) -> Iterator[StoredRow]:
    """Read the rows of a series in the order of their phenomenon time, a few at a time."""
    with open_cursor(reader, *prepared(reader, series, queries, _whole)) as cursor:
        yield from typed(series, map(StoredRow._make, cursor))


def prepared(
    reader: Reader, series: SeriesInfo, queries: RowQueries, derive: Callable[[Select[Any]], Select[Any]]
) -> tuple[DriverQuery, dict[str, int]]:
    """Give what a function of a module derives from the query for the rows of a series, and the values it needs."""
    text = _derived(reader.dialect, _is_textual(series), queries.shapes, derive)
    return text, {**queries.times, "series": series.key}


def _whole(query: Select[Any]) -> Select[Any]:
    return query


def _is_textual(series: SeriesInfo) -> bool:
    return series.observation_type in _TEXTUAL


# made anew for each request these would cost more than reading a row
@lru_cache(maxsize=1000)
def _derived(
    dialect: Dialect, textual: bool, shapes: tuple[_Shape, ...], derive: Callable[[Select[Any]], Select[Any]]
) -> DriverQuery:
    return compile_query(dialect, derive(_row_query(textual, shapes)))


@lru_cache(maxsize=1000)
def _row_query(textual: bool, shapes: tuple[_Shape, ...]) -> Select[Any]:
    query = select(
        _ROW.id,
        _ROW.first,
        _ROW.last,
        _ROW.result_time,
        _ROW.text if textual else _ROW.number,
        _ROW.identifier,
        _ROW.nil_reason,
        _ROW.valid_first,
        _ROW.valid_last,
    ).where(_ROW.series_id == bindparam("series", type_=_ROW.series_id.type))
    order = (_ROW.first, _ROW.last, _ROW.result_time)
    for number, (operator, reference) in enumerate(shapes):
        if operator not in _ENDS:
            begin, end = (bindparam(f"{name}_{number}", type_=_ROW.first.type) for name in ("begin", "end"))
            query = query.where(*_conditions(operator, reference, begin, end))
            continue
        if reference is TemporalReference.RESULT_TIME:
            order = (_ROW.result_time, _ROW.first, _ROW.last)
        descending = operator is TemporalOperator.LATEST
        query = query.order_by(*(column.desc() if descending else column for column in order)).limit(1)
    return query.order_by(*order)


def conditions(each: TemporalFilter) -> tuple[ColumnElement[bool], ...]:
    """Give the conditions of a filter that has a time, on the table of observations."""
    return _conditions(each.operator, each.reference, *_times(each))


def _times(each: TemporalFilter) -> tuple[int, int]:
    if each.begin is None or each.end is None:
        raise ValueError(f"a filter with {each.operator} needs a time")
    return to_microseconds(each.begin), to_microseconds(each.end)


def _conditions(
    operator: TemporalOperator, reference: TemporalReference, begin: Any, end: Any
) -> tuple[ColumnElement[bool], ...]:
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


def read_series(row: Row[Any]) -> SeriesInfo:
    """Make the series of a row of `series_query`."""
    return SeriesInfo(
        row.id,
        row.offering,
        row.procedure,
        row.observed_property,
        read_feature(row),
        row.observation_type,
        row.uom,
        bool(row.mobile),
        annotated=bool(row.annotated),
    )
