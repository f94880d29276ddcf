"""The databases of the SOS that benchmarks ask: many sensors that observe the same as that of the other benchmarks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.inserting import INSERT, bare_row
from sos_server.codecs.sensorml import encode_description
from sos_server.model import OM_MEASUREMENT, Offering
from sos_server.storage.base import open_database
from sos_server.storage.batches import batch_of
from sos_server.storage.insert import insert_observations
from sos_server.storage.sensors import insert_sensor
from sos_server.storage.series import SeriesKey
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from benchmarks.frame import Scale

FILE = "sos.sqlite"
_SERIES = 100
_FEWEST_SERIES = 10
_ROWS = 100_000
_COPY = """INSERT INTO observations SELECT :series, first, last, result_time, id + :after, number, text, identifier,
    nil_reason, valid_first, valid_last FROM observations WHERE series_id = 1 AND first > :first"""
_EXTENT = """UPDATE series SET count = :count, last = (SELECT max(last) FROM observations WHERE series_id = 1),
    last_result = (SELECT max(last) FROM observations WHERE series_id = 1)"""


def rows(scale: Scale) -> int:
    """Give the number of observations of each series of the large database."""
    return scale.of(_ROWS, least=200)


def large(scale: Scale) -> Path:
    """Give the folder of a database of a hundred series and ten million observations, made once for all benchmarks."""
    folder = Path(_folder().name) / f"{scale.divisor}"
    if not folder.exists():
        fill(folder, scale.of(_SERIES, least=_FEWEST_SERIES), rows(scale))
    return folder


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory()  # removed when the program ends


def fill(folder: Path, series: int, rows: int) -> None:
    """Make a database of sensors that observe the same; the first one is that of the other benchmarks."""
    folder.mkdir()
    file = folder / FILE
    database = open_database(f"sqlite:///{file}")
    with database.writing() as connection:
        for number in range(1, series + 1):
            _store_first(connection, number)
    database.close()
    first = to_microseconds(station.BEGIN)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(INSERT, (bare_row(number) for number in range(1, rows)))
        for number in range(2, series + 1):
            connection.execute(_COPY, {"series": number, "after": number * rows, "first": first})
        connection.execute(_EXTENT, {"count": rows})
        connection.execute("UPDATE service SET last_observation = ?", (rows * (series + 1),))


def _store_first(connection: Connection, number: int) -> None:
    end = "" if number == 1 else f"/{number}"
    procedure, name = station.PROCEDURE + end, station.OFFERING + end
    offering = Offering(name, procedure)
    description = encode_description(
        procedure, "thermometer", offering, [(station.PROPERTY, station.UNIT)], (7.6, 52.0)
    )
    insert_sensor(connection, replace(station.sensor(), description=description), (offering,), 0)
    key = SeriesKey(procedure, station.PROPERTY, station.FEATURE.identifier, OM_MEASUREMENT)
    batch = batch_of(key, station.UNIT, station.observations(0, 1), station.FEATURE)
    insert_observations(connection, (name,), (batch,), {}, to_microseconds(station.BEGIN))
