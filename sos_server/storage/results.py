"""
Reading only what results tell of observations: columns in chunks, many times as cheap as whole observations.

Most rows are plain: an instant with a value, known at once. Of such a series only these two are read. The observations
of a mobile series come in parts, each of one place.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from sos_server.filters import TemporalOperator
from sos_server.model import ResultRows, RowSummary
from sos_server.storage.sampling import stream_parts
from sos_server.storage.select import row_queries, row_query
from sos_server.storage.tables import OBSERVATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Select

    from sos_server.filters import SpatialFilter, TemporalFilter
    from sos_server.model import SeriesInfo, StoredRow

_ROW = OBSERVATIONS.c
_CHUNK = 500  # small enough that a chunk stays in the cache of the processor
_LARGEST_PART = 10_000  # rows of one place that are told as one array
_VALUE = 4  # its place among the columns of a row query


def stream_results(
    connection: Connection,
    series: Iterable[SeriesInfo],
    filters: Sequence[TemporalFilter],
    place: SpatialFilter | None = None,
    *,
    result_times: bool = False,
) -> Iterator[tuple[SeriesInfo, Iterator[ResultRows]]]:
    """Read series by series the rows that pass all filters, in chunks, ordered by phenomenon time."""
    queries = row_queries(filters)
    for info in series:
        query = row_query(info, queries)
        if info.mobile:
            for part, rows in stream_parts(connection, info, query, place):
                yield part, _chunks(rows, _CHUNK)
        elif not _is_limited(filters) and _are_plain(connection, info, query, result_times=result_times):
            yield info, _stream_plain(connection, info, query)
        else:
            yield info, _stream(connection, info, query)


def stream_merged(
    connection: Connection,
    series: Iterable[SeriesInfo],
    filters: Sequence[TemporalFilter],
    place: SpatialFilter | None = None,
) -> Iterator[tuple[SeriesInfo, RowSummary, Iterator[ResultRows]]]:
    """Read as `stream_results`, with a summary before the rows; a series or part without rows is left out."""
    queries = row_queries(filters)
    for info in series:
        query = row_query(info, queries)
        if info.mobile:
            for part, rows in stream_parts(connection, info, query, place):
                for found in _chunks(rows, _LARGEST_PART):
                    yield part, _summary_of(found), iter((found,))
            continue
        if not _is_limited(filters) and _are_plain(connection, info, query, result_times=True):
            summary, chunks = _summarize_plain(connection, info, query), _stream_plain(connection, info, query)
        else:
            summary, chunks = _summarize(connection, info, query), _stream(connection, info, query)
        if summary is not None:
            yield info, summary, chunks


def _is_limited(filters: Sequence[TemporalFilter]) -> bool:
    return any(each.operator in (TemporalOperator.FIRST, TemporalOperator.LATEST) for each in filters)


def _are_plain(connection: Connection, series: SeriesInfo, query: Select[Any], *, result_times: bool) -> bool:
    """Tell whether all rows are instants with a value, and known at once if `result_times` matter."""
    unusual = [_ROW.last != _ROW.first, query.selected_columns[_VALUE].is_(None)]
    if result_times:
        unusual.append(_ROW.result_time != _ROW.last)
    one = query.with_only_columns(_ROW.first).where(or_(*unusual)).order_by(None).limit(1)
    return connection.execute(one, {"series": series.key}).first() is None


def _stream_plain(connection: Connection, series: SeriesInfo, query: Select[Any]) -> Iterator[ResultRows]:
    columns = query.with_only_columns(_ROW.first, query.selected_columns[_VALUE])
    for rows in _fetch(connection, series, columns):
        firsts, values = zip(*rows, strict=True)
        yield ResultRows(firsts, firsts, firsts, values)


def _stream(connection: Connection, series: SeriesInfo, query: Select[Any]) -> Iterator[ResultRows]:
    for rows in _fetch(connection, series, _result_columns(query)):
        firsts, lasts, known, values, reasons = zip(*rows, strict=True)
        yield ResultRows(firsts, lasts, known, values, reasons if None in values else ())


def _result_columns(query: Select[Any]) -> Select[Any]:
    value = query.selected_columns[_VALUE]
    return query.with_only_columns(_ROW.first, _ROW.last, _ROW.result_time, value, _ROW.nil_reason)


def _fetch(connection: Connection, series: SeriesInfo, query: Select[Any]) -> Iterator[list[tuple[Any, ...]]]:
    result = connection.execute(query, {"series": series.key})
    try:
        # straight from the driver: a row object in between costs more than reading the row
        cursor: Any = result.cursor
        while rows := cursor.fetchmany(_CHUNK):
            yield rows
    finally:
        result.close()


def _chunks(rows: Iterator[StoredRow], size: int) -> Iterator[ResultRows]:
    while found := [
        (each.begin, each.end, each.result_time, each.value, each.nil_reason) for each in islice(rows, size)
    ]:
        begins, ends, known, values, reasons = zip(*found, strict=True)
        yield ResultRows(begins, ends, known, values, reasons if None in values else ())


def _summarize_plain(connection: Connection, series: SeriesInfo, query: Select[Any]) -> RowSummary | None:
    bind = {"series": series.key}
    count = connection.scalars(query.with_only_columns(func.count()).order_by(None), bind).one()
    if not count:
        return None
    firsts = query.with_only_columns(_ROW.first).order_by(None).limit(1)
    begin = connection.scalars(firsts.order_by(_ROW.first), bind).one()
    end = connection.scalars(firsts.order_by(_ROW.first.desc()), bind).one()
    return RowSummary(count, begin, end, end, has_periods=False, has_result_times=begin != end)


def _summarize(connection: Connection, series: SeriesInfo, query: Select[Any]) -> RowSummary | None:
    """Give the summary in one pass inside the database; None where there is no row."""
    rows = _result_columns(query).subquery()
    first, last, known, value, reason = rows.c
    summary = select(
        func.count(),
        func.min(first),
        func.max(last),
        func.max(known),
        func.min(known),
        func.max(last - first),
        func.count(value),
    ).select_from(rows)
    bind = {"series": series.key}
    count, begin, end, result_time, first_known, longest, values = connection.execute(summary, bind).one()
    if not count:
        return None
    reasons: list[str | None] = []
    if values < count:
        reasons = list(connection.scalars(select(reason).where(value.is_(None)).distinct(), bind))
    return RowSummary(count, begin, end, result_time, longest > 0, first_known != result_time, _reasons(reasons))


def _summary_of(rows: ResultRows) -> RowSummary:
    return RowSummary(
        count=len(rows.begins),
        begin=min(rows.begins),
        end=max(rows.ends),
        result_time=max(rows.result_times),
        has_periods=rows.begins != rows.ends,
        has_result_times=min(rows.result_times) != max(rows.result_times),
        nil_reasons=_reasons(
            reason for value, reason in zip(rows.values, rows.nil_reasons, strict=False) if value is None
        ),
    )


def _reasons(reasons: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({reason or "unknown" for reason in reasons}))
