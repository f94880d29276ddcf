"""Storing observations in batches: the storage of the SOS against bare `sqlite3.executemany`, equally durable."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, at_least, compare, require_equal
from sos_server.model import OM_MEASUREMENT
from sos_server.storage.batches import batch_of
from sos_server.storage.series import SeriesKey
from sos_server.storage.sql import open_storage
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from sos_server.model import Observation
    from sos_server.storage.sql import Storage

KEY = SeriesKey(station.PROCEDURE, station.PROPERTY, station.FEATURE.identifier, OM_MEASUREMENT)
_TABLE = """CREATE TABLE observations (
    series_id INTEGER NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, result_time BIGINT NOT NULL,
    id BIGINT NOT NULL, number FLOAT, text VARCHAR, identifier VARCHAR, nil_reason VARCHAR,
    valid_first BIGINT, valid_last BIGINT,
    PRIMARY KEY (series_id, first, last, result_time)) WITHOUT ROWID"""
INSERT = "INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ALL = "SELECT * FROM observations ORDER BY series_id, first"


class Bare:
    """The least that stores the same rows: one table, one prepared statement, one transaction a batch."""

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self.connection.execute(f"PRAGMA {pragma}").close()
        self.connection.execute(_TABLE)

    def insert(self, rows: list[tuple[Any, ...]]) -> None:
        """Store rows, durably."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(INSERT, rows)
        self.connection.execute("COMMIT")


def bare_row(number: int) -> tuple[Any, ...]:
    """Give the so-many-th observation as the row that the SOS stores."""
    row = station.row(number)
    return (1, row.begin, row.end, row.result_time, row.id, row.value, None, None, None, None, None)


def store_sensor(storage: Storage) -> None:
    """Register the sensor of the benchmarks."""
    sensor = station.sensor()
    storage.insert_sensor(sensor, sensor.description.offerings, 0)


def store(storage: Storage, first: int, number: int) -> None:
    """Store so many observations of the sensor, from the so-many-th on."""
    insert_batch(storage, station.observations(first, number))


def insert_batch(storage: Storage, observations: tuple[Observation, ...]) -> None:
    """Store observations of the sensor as one batch."""
    batch = batch_of(KEY, station.UNIT, observations, station.FEATURE)
    storage.insert_observations((station.OFFERING,), (batch,), to_microseconds(station.BEGIN))


def run(scale: Scale) -> list[Line]:
    """Store batches of a thousand and of one, each in a transaction of its own."""
    with TemporaryDirectory() as folder:
        sizes = sorted({1, scale.of(1000, least=2)}, reverse=True)
        return [line for size in sizes for line in _compare(Path(folder), size, scale)]


def _compare(folder: Path, size: int, scale: Scale) -> list[Line]:
    storage = open_storage(f"sqlite:///{folder / f'sos-{size}.sqlite'}")
    store_sensor(storage)
    bare = Bare(folder / f"bare-{size}.sqlite")
    batches, rows = count(), count()
    next_batch: list[tuple[Observation, ...]] = []
    next_rows: list[list[tuple[Any, ...]]] = []

    def prepare_batch() -> None:
        next_batch[:] = [station.observations(next(batches) * size, size)]

    def insert_ours() -> None:
        insert_batch(storage, next_batch[0])

    def prepare_rows() -> None:
        first = next(rows) * size
        next_rows[:] = [[bare_row(number) for number in range(first, first + size)]]

    def insert_rows() -> None:
        bare.insert(next_rows[0])

    for step in (prepare_batch, insert_ours, prepare_batch, insert_ours):
        step()
    for step in (prepare_rows, insert_rows, prepare_rows, insert_rows):
        step()
    with closing(sqlite3.connect(folder / f"sos-{size}.sqlite")) as stored:
        require_equal("the rows stored", bare.connection.execute(_ALL).fetchall(), stored.execute(_ALL).fetchall())
    name = f"an observation, stored in batches of {size}"
    baseline = f"{name}: bare executemany"
    lines = compare(
        [
            Case(baseline, insert_rows, size, prepare_rows),
            Case(name, insert_ours, size, prepare_batch, against=baseline, target=at_least(0.5) if size > 1 else None),
        ],
        scale,
    )
    bare.connection.close()
    storage.close()
    return lines
