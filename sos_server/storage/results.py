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
from sos_server.storage.cursor import fetch, open_cursor
from sos_server.storage.sampling import stream_parts
from sos_server.storage.select import prepared, row_queries, row_query
from sos_server.storage.tables import OBSERVATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Select

    from sos_server.filters import SpatialFilter, TemporalFilter
    from sos_server.model import SeriesInfo, StoredRow
    from sos_server.storage.cursor import DriverQuery, Reader
    from sos_server.storage.select import RowQueries

_ROW = OBSERVATIONS.c
_CHUNK = 500  # small enough that a chunk stays in the cache of the processor
_LARGEST_PART = 10_000  # rows of one place that are told as one array
_VALUE = 4  # its place among the columns of a row query


def stream_results(
    reader: Reader,
    series: Iterable[SeriesInfo],
    filters: Sequence[TemporalFilter],
    place: SpatialFilter | None = None,
    *,
    result_times: bool = False,
) -> Iterator[tuple[SeriesInfo, Iterator[ResultRows]]]:
    """Read series by series the rows that pass all filters, in chunks, ordered by phenomenon time."""
    queries = row_queries(filters)
    unusual = _unusual if result_times else _unusual_at_all
    for info in series:
        if info.mobile:
            for part, rows in stream_parts(reader, info, row_query(info, queries), place):
                yield part, _chunks(rows, _CHUNK)
        else:
            is_plain = not _is_limited(filters) and not fetch(reader, *prepared(reader, info, queries, unusual))
            yield info, _stream_plain(reader, info, queries) if is_plain else _stream(reader, info, queries)


def stream_merged(
    reader: Reader,
    series: Iterable[SeriesInfo],
    filters: Sequence[TemporalFilter],
    place: SpatialFilter | None = None,
) -> Iterator[tuple[SeriesInfo, RowSummary, Iterator[ResultRows]]]:
    """Read as `stream_results`, with a summary before the rows; a series or part without rows is left out."""
    queries = row_queries(filters)
    for info in series:
        if info.mobile:
            for part, rows in stream_parts(reader, info, row_query(info, queries), place):
                for found in _chunks(rows, _LARGEST_PART):
                    yield part, _summary_of(found), iter((found,))
            continue
        count, unusual = (0, 1) if _is_limited(filters) else fetch(reader, *prepared(reader, info, queries, _counts))[0]
        if unusual:
            summary, chunks = _summarize(reader, info, queries), _stream(reader, info, queries)
        else:
            summary, chunks = _summarize_plain(reader, info, queries, count), _stream_plain(reader, info, queries)
        if summary is not None:
            yield info, summary, chunks


def _is_limited(filters: Sequence[TemporalFilter]) -> bool:
    return any(each.operator in (TemporalOperator.FIRST, TemporalOperator.LATEST) for each in filters)


def _counts(query: Select[Any]) -> Select[Any]:
    """Ask for the number of rows, and how many are no instant with a value that was known at once: in one pass."""
    counts: tuple[ColumnElement[Any], ...] = (func.count(), func.count().filter(_is_unusual(query)))
    return query.with_only_columns(*counts).order_by(None)


def _unusual(query: Select[Any]) -> Select[Any]:
    """Ask whether there is a row that is no instant with a value that was known at once."""
    return _one_where(query, _is_unusual(query))


def _unusual_at_all(query: Select[Any]) -> Select[Any]:
    """Ask whether there is a row that is no instant with a value, whenever it was known."""
    return _one_where(query, or_(_ROW.last != _ROW.first, _value(query).is_(None)))


def _one_where(query: Select[Any], condition: ColumnElement[bool]) -> Select[Any]:
    return query.with_only_columns(_ROW.first).where(condition).order_by(None).limit(1)


def _is_unusual(query: Select[Any]) -> ColumnElement[bool]:
    return or_(_ROW.last != _ROW.first, _value(query).is_(None), _ROW.result_time != _ROW.last)


def _value(query: Select[Any]) -> ColumnElement[Any]:
    column: ColumnElement[Any] = query.selected_columns[_VALUE]
    return column


def _stream_plain(reader: Reader, series: SeriesInfo, queries: RowQueries) -> Iterator[ResultRows]:
    for rows in _fetch(reader, *prepared(reader, series, queries, _plain_columns)):
        firsts, values = zip(*rows, strict=True)
        yield ResultRows(firsts, firsts, firsts, values)


def _stream(reader: Reader, series: SeriesInfo, queries: RowQueries) -> Iterator[ResultRows]:
    for rows in _fetch(reader, *prepared(reader, series, queries, _result_columns)):
        firsts, lasts, known, values, reasons = zip(*rows, strict=True)
        yield ResultRows(firsts, lasts, known, values, reasons if None in values else ())


def _plain_columns(query: Select[Any]) -> Select[Any]:
    return query.with_only_columns(_ROW.first, _value(query))


def _result_columns(query: Select[Any]) -> Select[Any]:
    return query.with_only_columns(_ROW.first, _ROW.last, _ROW.result_time, _value(query), _ROW.nil_reason)


def _fetch(reader: Reader, query: DriverQuery, values: Mapping[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
    with open_cursor(reader, query, values) as cursor:
        while rows := cursor.fetchmany(_CHUNK):
            yield rows


def _chunks(rows: Iterator[StoredRow], size: int) -> Iterator[ResultRows]:
    while found := [
        (each.begin, each.end, each.result_time, each.value, each.nil_reason) for each in islice(rows, size)
    ]:
        begins, ends, known, values, reasons = zip(*found, strict=True)
        yield ResultRows(begins, ends, known, values, reasons if None in values else ())


def _summarize_plain(reader: Reader, series: SeriesInfo, queries: RowQueries, count: int) -> RowSummary | None:
    if not count:
        return None
    ((begin,),) = fetch(reader, *prepared(reader, series, queries, _earliest))
    ((end,),) = fetch(reader, *prepared(reader, series, queries, _latest))
    return RowSummary(count, begin, end, end, has_periods=False, has_result_times=begin != end)


def _earliest(query: Select[Any]) -> Select[Any]:
    return query.with_only_columns(_ROW.first).order_by(None).order_by(_ROW.first).limit(1)


def _latest(query: Select[Any]) -> Select[Any]:
    return query.with_only_columns(_ROW.first).order_by(None).order_by(_ROW.first.desc()).limit(1)


def _summarize(reader: Reader, series: SeriesInfo, queries: RowQueries) -> RowSummary | None:
    """Give the summary in one pass inside the database; None where there is no row."""
    ((count, begin, end, result_time, first_known, longest, values),) = fetch(
        reader, *prepared(reader, series, queries, _summary)
    )
    if not count:
        return None
    reasons = fetch(reader, *prepared(reader, series, queries, _nil_reasons)) if values < count else []
    told = _reasons(reason for (reason,) in reasons)
    return RowSummary(count, begin, end, result_time, longest > 0, first_known != result_time, told)


def _summary(query: Select[Any]) -> Select[Any]:
    rows = _result_columns(query).subquery()
    first, last, known, value, _ = rows.c
    summary: Any = select(
        func.count(),
        func.min(first),
        func.max(last),
        func.max(known),
        func.min(known),
        func.max(last - first),
        func.count(value),
    )
    whole: Select[Any] = summary.select_from(rows)
    return whole


def _nil_reasons(query: Select[Any]) -> Select[Any]:
    rows = _result_columns(query).subquery()
    *_, value, reason = rows.c
    return select(reason).where(value.is_(None)).distinct()


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
