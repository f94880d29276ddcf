"""
Storing observations, in one transaction per request; the path that is measured.

Identity: an observation is what a series gave for a phenomenon time as known at a result time. The same once more
(equal value, or equally nil) is recognised and changes nothing, so a client may send again what it is not sure of.
Another value under the same identity is refused; a correction has a later result time and stands beside what it
corrects. An absent result time counts as the end of the phenomenon time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sos_server.errors import InvalidParameterValue
from sos_server.model import annotations_of
from sos_server.storage.annotations import insert_annotations
from sos_server.storage.cursor import change, compile_query, fetch, reader_of
from sos_server.storage.prompt import TakesLong
from sos_server.storage.sampling import insert_geometries
from sos_server.storage.series import StoredSeries, check_unit, highest, lowest, move_generation, series_for
from sos_server.storage.tables import OBSERVATIONS, OFFERINGS, SAMPLING_GEOMETRIES, SERIES, SERVICE
from sos_server.time import format_instant, from_microseconds, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping, Sequence

    from sqlalchemy import Connection, Dialect, Select, Table, Update

    from sos_server.model import Feature, Observation, Value
    from sos_server.storage.annotations import AnnotatedRow
    from sos_server.storage.cursor import DriverQuery, Reader
    from sos_server.storage.sampling import SampledRow
    from sos_server.storage.series import SeriesKey

_SERIES, _FIRST, _LAST, _RESULT_TIME = map(itemgetter, range(4))
_CHUNK = 500  # rows looked up at once when some are there already


class _Stored(NamedTuple):
    """A row of `observations`, in the order of its columns."""

    series_id: int
    first: int
    last: int
    result_time: int
    id: int
    number: Value
    text: Value
    identifier: str | None
    nil_reason: str | None
    valid_first: int | None
    valid_last: int | None


@dataclass(frozen=True, slots=True)
class SeriesBatch:
    """Observations of one series and one unit; `feature` is needed where the feature is new."""

    key: SeriesKey
    uom: str | None
    observations: Sequence[Observation]
    feature: Feature | None = None


# the same as a bare tuple, which is made four times as fast
_Row: TypeAlias = "tuple[int, int, int, int, int, Value, Value, str | None, str | None, int | None, int | None]"

# what is known of series already, by generation, offerings and key, so that it is not looked up for each request
KnownSeries: TypeAlias = "MutableMapping[tuple[int, tuple[str, ...], SeriesKey], StoredSeries]"


def insert_observations(
    connection: Connection, offerings: tuple[str, ...], batches: Iterable[SeriesBatch], known: KnownSeries, now: int
) -> int:
    """Store batches under offerings, add their series to `known`, and give the number of observations that are new."""
    reader = reader_of(connection)
    ((updated, last_id, generation),) = fetch(reader, _compiled(reader.dialect, _SERVICE), {})
    stored: list[_Row] = []
    sampled: list[SampledRow] = []
    annotated: list[AnnotatedRow] = []
    for batch in batches:
        series = known.get((generation, offerings, batch.key))
        if series is None or (series.uom is None and batch.uom is not None):
            series = series_for(connection, batch.key, batch.uom, batch.feature, offerings)
            known[generation, offerings, batch.key] = series
        check_unit(batch.key, series, batch.uom)
        rows = _rows(series.id, batch.observations, last_id + len(stored))
        for row, each in zip(rows, batch.observations, strict=True):
            if each.geometry is not None:
                sampled.append((row[:5], each.geometry))
            if each.annotations is not None or each.quality is not None:
                notes = annotations_of(each)
                annotated += [] if notes is None else [(row[:5], notes)]
        stored += rows
    if _store(connection, stored) == len(stored):
        new = Counter(map(_SERIES, stored))
    else:
        new = _check_repeated(connection, stored, last_id)
    if new:
        _move_extents(reader, stored, new, offerings)
        if sampled and _become_mobile(connection, {key[0] for key, _ in sampled}):
            move_generation(connection)
        insert_geometries(connection, sampled, offerings)
        if insert_annotations(connection, annotated):
            move_generation(connection)
        values = {"new_last_observation": last_id + len(stored), "new_updated": max(now, updated + 1)}
        change(reader, _compiled(reader.dialect, _MOVE_ON), [values])
    return new.total()


def insert_known(
    reader: Reader, offerings: tuple[str, ...], batches: Iterable[SeriesBatch], known: KnownSeries, now: int
) -> int:
    """
    Store batches as `insert_observations` does, over SQLite's driver alone, and give the number of observations.

    Raises `TakesLong` where a series is not known, or an observation is here already or tells more than its result.
    """
    ((updated, last_id, generation),) = fetch(reader, _compiled(reader.dialect, _SERVICE), {})
    stored: list[_Row] = []
    for batch in batches:
        series = known.get((generation, offerings, batch.key))
        if series is None or batch.uom not in (None, series.uom):
            raise TakesLong
        for each in batch.observations:
            if (each.geometry, each.annotations, each.quality) != (None, None, None):
                raise TakesLong
        stored += _rows(series.id, batch.observations, last_id + len(stored))
    if _store_rows(reader, stored) != len(stored):
        raise TakesLong
    _move_extents(reader, stored, Counter(map(_SERIES, stored)), offerings)
    values = {"new_last_observation": last_id + len(stored), "new_updated": max(now, updated + 1)}
    change(reader, _compiled(reader.dialect, _MOVE_ON), [values])
    return len(stored)


def _become_mobile(connection: Connection, series: Iterable[int]) -> bool:
    """Whether one of the series has told no places of its observations before."""
    told = exists().where(SAMPLING_GEOMETRIES.c.series_id == SERIES.c.id)
    return connection.execute(select(SERIES.c.id).where(SERIES.c.id.in_(series), ~told)).first() is not None


def _store(connection: Connection, rows: list[_Row]) -> int:
    """Store the rows whose identities are new, and give their number."""
    if connection.dialect.name == "sqlite":
        return _store_rows(reader_of(connection), rows)
    # to a server goes one list for each column: a statement for each row takes several times as long
    columns = {
        column.name: list(values) for column, values in zip(OBSERVATIONS.c, zip(*rows, strict=True), strict=True)
    }
    columns["number"] = [None if number is None else float(number) for number in columns["number"]]
    return connection.execute(_insert_columns(), columns).rowcount


def _store_rows(reader: Reader, rows: list[_Row]) -> int:
    """Store rows in SQLite as `_store` does."""
    return int(reader.driver.executemany(_insert_rows(reader.dialect), rows).rowcount)


@cache
def _insert_rows(dialect: Dialect) -> str:
    return str(sqlite.insert(OBSERVATIONS).on_conflict_do_nothing().compile(dialect=dialect))


@cache
def _insert_columns() -> postgresql.Insert:
    names = [column.name for column in OBSERVATIONS.c]
    lists = func.unnest(*(bindparam(column.name, type_=postgresql.ARRAY(column.type)) for column in OBSERVATIONS.c))
    rows = select(lists.table_valued(*names).render_derived())
    return postgresql.insert(OBSERVATIONS).from_select(names, rows).on_conflict_do_nothing()


def _rows(series_id: int, observations: Iterable[Observation], last_id: int) -> list[_Row]:
    rows: list[_Row] = []
    for number, each in enumerate(observations, last_id + 1):
        # taken apart at once: fifteen times asking for a member by its name is slower than all the rest
        begin, _, _, _, value, _, end, known, _, _, nil_reason, _, identifier, valid, *_ = each
        first = to_microseconds(begin)
        last = first if end is None else to_microseconds(end)
        result_time = last if known is None else first if known == begin else to_microseconds(known)
        textual = isinstance(value, str)
        rows.append(
            (
                series_id,
                first,
                last,
                result_time,
                number,
                None if textual else value,
                value if textual else None,
                identifier,
                nil_reason,
                None if valid is None else to_microseconds(valid[0]),
                None if valid is None else to_microseconds(valid[1]),
            )
        )
    return rows


def _check_repeated(connection: Connection, stored: list[_Row], last_id: int) -> Counter[int]:
    """Raise where something else stands under the same identity; give the number of new observations by series."""
    by_identity: dict[tuple[int, ...], list[_Stored]] = {}
    for row in stored:
        by_identity.setdefault(row[:4], []).append(_Stored._make(row))
    identities = sorted(by_identity)
    new: Counter[int] = Counter()
    for start in range(0, len(identities), _CHUNK):
        chunk = identities[start : start + _CHUNK]
        table = OBSERVATIONS.c
        query = select(OBSERVATIONS).where(
            table.series_id.in_({identity[0] for identity in chunk}), table.first.in_({key[1] for key in chunk})
        )
        for found in connection.execute(query):
            sent = by_identity.get(found[:4], ())
            for again in sent:
                if (again.number, again.text) != (found.number, found.text):
                    raise _conflict(again, found.number if found.text is None else found.text)
            new[found.series_id] += bool(sent) and found.id > last_id
    return +new


def _conflict(row: _Stored, stored: Value) -> InvalidParameterValue:
    phenomenon = format_instant(from_microseconds(row.first))
    known = format_instant(from_microseconds(row.result_time))
    sent = row.number if row.text is None else row.text
    return InvalidParameterValue(
        f"The observation of phenomenon time {phenomenon} and result time {known} is here already with another result "
        f"({_shown(stored)}, not {_shown(sent)}); give a correction a later result time.",
        "observation",
    )


def _shown(value: Value) -> str:
    return "nil" if value is None else f"{value}"


def _move_extents(reader: Reader, stored: list[_Row], new: Counter[int], offerings: tuple[str, ...]) -> None:
    rows_of: dict[int, list[_Row]] = {}
    for series_id, rows in groupby(stored, key=_SERIES):
        rows_of.setdefault(series_id, []).extend(rows)
    changes = [{"number": key, "new_count": new[key]} | _bounds(rows) for key, rows in rows_of.items() if key in new]
    change(reader, _compiled(reader.dialect, _WIDEN_SERIES), changes)
    whole = _bounds(stored)
    of_offerings = [{"offering": offering} | whole for offering in offerings]
    change(reader, _compiled(reader.dialect, _WIDEN_OFFERINGS), of_offerings)


def _bounds(rows: Sequence[_Row]) -> dict[str, int]:
    return {
        "new_first": min(map(_FIRST, rows)),
        "new_last": max(map(_LAST, rows)),
        "new_first_result": min(map(_RESULT_TIME, rows)),
        "new_last_result": max(map(_RESULT_TIME, rows)),
    }


def _widening(table: Table) -> Update:
    return update(table).values(
        {
            "first": lowest(table, "first"),
            "last": highest(table, "last"),
            "first_result": lowest(table, "first_result"),
            "last_result": highest(table, "last_result"),
        }
    )


_WIDEN_SERIES = (
    _widening(SERIES).where(SERIES.c.id == bindparam("number")).values(count=SERIES.c.count + bindparam("new_count"))
)
_WIDEN_OFFERINGS = _widening(OFFERINGS).where(OFFERINGS.c.identifier == bindparam("offering"))
_SERVICE = select(SERVICE.c.updated, SERVICE.c.last_observation, SERVICE.c.generation)
_MOVE_ON = update(SERVICE).values(last_observation=bindparam("new_last_observation"), updated=bindparam("new_updated"))


# what every request needs goes straight to the driver: written anew each time it would cost more than it does
@cache
def _compiled(dialect: Dialect, statement: Select[Any] | Update) -> DriverQuery:
    return compile_query(dialect, statement)
