"""Observations to be stored, column by column: a tuple for each of them would cost as much as storing it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeAlias

from sos_server.model import Observation, ResultRows, annotations_of
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sos_server.model import Annotations, Feature
    from sos_server.storage.series import SeriesKey

# the key of an observation (series, first, last, result time) and its number
RowKey: TypeAlias = "tuple[int, int, int, int, int]"


@dataclass(frozen=True, slots=True)
class SeriesBatch:
    """
    Observations of one series and one unit; `feature` is needed where the feature is new.

    What stands beside the rows is empty where no row has any of it, else there is one for each row.
    """

    key: SeriesKey
    uom: str | None
    rows: ResultRows
    feature: Feature | None = None
    geometries: Sequence[Mapping[str, Any] | None] = ()
    annotations: Sequence[Annotations | None] = ()
    identifiers: Sequence[str | None] = ()
    valid_times: Sequence[tuple[int, int] | None] = ()

    @property
    def count(self) -> int:
        """Give the number of observations."""
        return len(self.rows.begins)


def batch_of(
    key: SeriesKey, uom: str | None, observations: Sequence[Observation], feature: Feature | None = None
) -> SeriesBatch:
    """Put observations of a series and a unit together."""
    columns = dict(zip(Observation._fields, zip(*observations, strict=True), strict=True))
    begins, ends, known = (columns[name] for name in ("phenomenon_time", "phenomenon_time_end", "result_time"))
    firsts = list(map(to_microseconds, begins))
    lasts = firsts if _is_empty(ends) else [_or(end, first) for end, first in zip(ends, firsts, strict=True)]
    if _is_empty(known) or (known == begins and lasts is firsts):
        result_times = lasts
    else:
        result_times = [_or(time, last) for time, last in zip(known, lasts, strict=True)]
    is_noted = not (_is_empty(columns["quality"]) and _is_empty(columns["annotations"]))
    return SeriesBatch(
        key,
        uom,
        ResultRows(firsts, lasts, result_times, columns["value"], _unless_empty(columns["nil_reason"])),
        feature,
        _unless_empty(columns["geometry"]),
        tuple(map(annotations_of, observations)) if is_noted else (),
        _unless_empty(columns["identifier"]),
        tuple(map(_period, _unless_empty(columns["valid_time"]))),
    )


def _is_empty(column: Sequence[Any]) -> bool:
    return column.count(None) == len(column)


def _unless_empty(column: Sequence[Any]) -> Sequence[Any]:
    return () if _is_empty(column) else column


def _or(instant: datetime | None, other: int) -> int:
    return other if instant is None else to_microseconds(instant)


def _period(valid_time: tuple[datetime, datetime] | None) -> tuple[int, int] | None:
    return None if valid_time is None else (to_microseconds(valid_time[0]), to_microseconds(valid_time[1]))


@dataclass(frozen=True, slots=True)
class NumberedBatch:
    """A batch whose series is known; `first_id` is the number of its first observation."""

    series_id: int
    first_id: int
    batch: SeriesBatch

    def keys(self) -> Iterator[RowKey]:
        """Give key and number of each row."""
        rows = self.batch.rows
        numbers = range(self.first_id, self.first_id + self.batch.count)
        return zip(repeat(self.series_id), rows.begins, rows.ends, rows.result_times, numbers, strict=False)

    def columns(self) -> dict[str, Iterable[Any]]:
        """Give the columns of the table `observations` that have something in them."""
        batch, rows = self.batch, self.batch.rows
        columns: dict[str, Iterable[Any]] = {
            "series_id": repeat(self.series_id, batch.count),
            "first": rows.begins,
            "last": rows.ends,
            "result_time": rows.result_times,
            "id": range(self.first_id, self.first_id + batch.count),
            **_results(rows.values),
        }
        if batch.identifiers:
            columns["identifier"] = batch.identifiers
        if rows.nil_reasons:
            columns["nil_reason"] = rows.nil_reasons
        if batch.valid_times:
            columns["valid_first"], columns["valid_last"] = zip(
                *(each or (None, None) for each in batch.valid_times), strict=True
            )
        return columns

    def geometries(self) -> Iterator[tuple[RowKey, Mapping[str, Any]]]:
        """Give the geometries of those rows that have one."""
        for key, geometry in zip(self.keys(), self.batch.geometries, strict=False):
            if geometry is not None:
                yield key, geometry

    def annotations(self) -> Iterator[tuple[RowKey, Annotations]]:
        """Give what those rows tell that tell something besides their results."""
        for key, told in zip(self.keys(), self.batch.annotations, strict=False):
            if told is not None:
                yield key, told


def _results(values: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """Give the columns for results: texts stand apart from numbers."""
    types = set(map(type, values))
    if str not in types:
        return {"number": values}
    if types <= {str, type(None)}:
        return {"text": values}
    return {
        "number": [None if isinstance(value, str) else value for value in values],
        "text": [value if isinstance(value, str) else None for value in values],
    }
