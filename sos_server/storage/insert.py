"""
Storing observations, in one transaction per request; the path that is measured.

Identity: an observation is what a series gave for a phenomenon time as known at a result time. The same once more
(equal value, or equally nil) is recognised and changes nothing, so a client may send again what it is not sure of.
Another value under the same identity is refused; a correction has a later result time and stands beside what it
corrects. An absent result time counts as the end of the phenomenon time.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import bindparam, exists, select, update

from sos_server.errors import InvalidParameterValue
from sos_server.storage.annotations import insert_annotations
from sos_server.storage.batches import NumberedBatch
from sos_server.storage.cursor import change, compile_query, fetch, reader_of
from sos_server.storage.quick import TakesLong
from sos_server.storage.rows import store_in_postgresql, store_in_sqlite
from sos_server.storage.sampling import insert_geometries
from sos_server.storage.series import StoredSeries, check_unit, highest, lowest, move_generation, series_for
from sos_server.storage.tables import OBSERVATIONS, OFFERINGS, SAMPLING_GEOMETRIES, SERIES, SERVICE
from sos_server.time import format_instant, from_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping, Sequence

    from sqlalchemy import Connection, Dialect, Select, Table, Update

    from sos_server.model import Value
    from sos_server.storage.batches import SeriesBatch
    from sos_server.storage.cursor import DriverQuery, Reader
    from sos_server.storage.series import SeriesKey

_CHUNK = 500  # rows looked up at once when some are there already

# what is known of series already, by generation, offerings and key, so that it is not looked up for each request
KnownSeries: TypeAlias = "MutableMapping[tuple[int, tuple[str, ...], SeriesKey], StoredSeries]"


def insert_observations(
    connection: Connection, offerings: tuple[str, ...], batches: Iterable[SeriesBatch], known: KnownSeries, now: int
) -> int:
    """Store batches under offerings, add their series to `known`, and give the number of observations that are new."""
    reader = reader_of(connection)
    ((updated, last_id, generation),) = fetch(reader, _compiled(reader.dialect, _SERVICE), {})
    numbered: list[NumberedBatch] = []
    newest: int = last_id
    for batch in batches:
        series = known.get((generation, offerings, batch.key))
        if series is None or (series.uom is None and batch.uom is not None):
            series = series_for(connection, batch.key, batch.uom, batch.feature, offerings)
            known[generation, offerings, batch.key] = series
        check_unit(batch.key, series, batch.uom)
        numbered.append(NumberedBatch(series.id, newest + 1, batch))
        newest += batch.count
    if _store(connection, numbered) == newest - last_id:
        new = _counts(numbered)
    else:
        new = _check_repeated(connection, numbered, last_id)
    if new:
        _move_extents(reader, numbered, new, offerings)
        sampled = [each for batch in numbered for each in batch.geometries()]
        if sampled and _become_mobile(connection, {key[0] for key, _ in sampled}):
            move_generation(connection)
        insert_geometries(connection, sampled, offerings)
        if insert_annotations(connection, [each for batch in numbered for each in batch.annotations()]):
            move_generation(connection)
        values = {"new_last_observation": newest, "new_updated": max(now, updated + 1)}
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
    numbered: list[NumberedBatch] = []
    newest: int = last_id
    for batch in batches:
        series = known.get((generation, offerings, batch.key))
        if series is None or batch.uom not in (None, series.uom) or batch.geometries or batch.annotations:
            raise TakesLong
        numbered.append(NumberedBatch(series.id, newest + 1, batch))
        newest += batch.count
    if store_in_sqlite(reader, [each.columns() for each in numbered]) != newest - last_id:
        raise TakesLong
    _move_extents(reader, numbered, _counts(numbered), offerings)
    values = {"new_last_observation": newest, "new_updated": max(now, updated + 1)}
    change(reader, _compiled(reader.dialect, _MOVE_ON), [values])
    return newest - int(last_id)


def _become_mobile(connection: Connection, series: Iterable[int]) -> bool:
    """Whether one of the series has told no places of its observations before."""
    told = exists().where(SAMPLING_GEOMETRIES.c.series_id == SERIES.c.id)
    return connection.execute(select(SERIES.c.id).where(SERIES.c.id.in_(series), ~told)).first() is not None


def _store(connection: Connection, numbered: Sequence[NumberedBatch]) -> int:
    """Store the rows whose identities are new, and give their number."""
    parts = [each.columns() for each in numbered]
    if connection.dialect.name == "sqlite":
        return store_in_sqlite(reader_of(connection), parts)
    return store_in_postgresql(connection, parts)


def _counts(numbered: Iterable[NumberedBatch]) -> Counter[int]:
    """Give the number of observations by series."""
    counts: Counter[int] = Counter()
    for each in numbered:
        counts[each.series_id] += each.batch.count
    return counts


def _check_repeated(connection: Connection, numbered: Iterable[NumberedBatch], last_id: int) -> Counter[int]:
    """Raise where something else stands under the same identity; give the number of new observations by series."""
    sent: dict[tuple[int, ...], list[Value]] = {}
    for each in numbered:
        for key, value in zip(each.keys(), each.batch.rows.values, strict=True):
            sent.setdefault(key[:4], []).append(value)
    identities = sorted(sent)
    new: Counter[int] = Counter()
    for start in range(0, len(identities), _CHUNK):
        chunk = identities[start : start + _CHUNK]
        table = OBSERVATIONS.c
        query = select(OBSERVATIONS).where(
            table.series_id.in_({identity[0] for identity in chunk}), table.first.in_({key[1] for key in chunk})
        )
        for found in connection.execute(query):
            values = sent.get(found[:4], ())
            stored = found.number if found.text is None else found.text
            for value in values:
                if value != stored:
                    raise _conflict(found.first, found.result_time, value, stored)
            new[found.series_id] += bool(values) and found.id > last_id
    return +new


def _conflict(first: int, result_time: int, sent: Value, stored: Value) -> InvalidParameterValue:
    phenomenon, known = (format_instant(from_microseconds(each)) for each in (first, result_time))
    return InvalidParameterValue(
        f"The observation of phenomenon time {phenomenon} and result time {known} is here already with another result "
        f"({_shown(stored)}, not {_shown(sent)}); give a correction a later result time.",
        "observation",
    )


def _shown(value: Value) -> str:
    return "nil" if value is None else f"{value}"


def _move_extents(
    reader: Reader, numbered: Iterable[NumberedBatch], new: Counter[int], offerings: tuple[str, ...]
) -> None:
    batches: dict[int, list[SeriesBatch]] = {}
    for each in numbered:
        batches.setdefault(each.series_id, []).append(each.batch)
    bounds = {series_id: _bounds(found) for series_id, found in batches.items()}
    changes = [{"number": key, "new_count": new[key]} | bounds[key] for key in bounds if key in new]
    change(reader, _compiled(reader.dialect, _WIDEN_SERIES), changes)
    whole = _bounds([batch for found in batches.values() for batch in found]) if len(batches) > 1 else changes[0]
    of_offerings = [{"offering": offering} | whole for offering in offerings]
    change(reader, _compiled(reader.dialect, _WIDEN_OFFERINGS), of_offerings)


def _bounds(batches: Iterable[SeriesBatch]) -> dict[str, int]:
    rows = [batch.rows for batch in batches]
    return {
        "new_first": min(min(each.begins) for each in rows),
        "new_last": max(max(each.ends) for each in rows),
        "new_first_result": min(min(each.result_times) for each in rows),
        "new_last_result": max(max(each.result_times) for each in rows),
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
