"""The peak memory of the whole server while it answers a large GetObservation."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.frame import Line, Scale, at_most, require_equal
from benchmarks.http import get_observation
from benchmarks.inserting import INSERT, bare_row, store, store_sensor
from benchmarks.server import serving
from sos_server.storage.sql import open_storage

_MEGABYTE = 2**20


def run(scale: Scale) -> list[Line]:
    """
    Ask one server for a thousand observations a few times, then for a hundred thousand.

    Each answer is read to its end. The peak never falls, so the difference is what the large answer took beyond
    everything before it.
    """
    few, many = scale.of(1000), scale.of(100_000, least=100)
    with TemporaryDirectory() as name:
        data = Path(name)
        storage = open_storage(f"sqlite:///{data / 'sos.sqlite'}")
        store_sensor(storage)
        store(storage, 0, few)
        storage.close()
        with closing(sqlite3.connect(data / "sos.sqlite")) as stored, stored:
            stored.executemany(INSERT, (bare_row(number) for number in range(few, many)))
        with serving(data) as server:
            for _ in range(5):
                _, found = server.read_through(get_observation(0, few))
                require_equal("the observations of the small answer", few, found)
            small = server.peak_memory()
            size, found = server.read_through(get_observation(0, many))
            require_equal("the observations of the large answer", many, found)
            large = server.peak_memory()
    return [
        Line(f"peak memory after GetObservation of {few}", small / _MEGABYTE, "MB"),
        Line(
            f"peak memory after GetObservation of {many} ({size / _MEGABYTE:.0f} MB of XML)",
            large / _MEGABYTE,
            "MB",
            (large - small) / _MEGABYTE,
            f"MB above that of {few}",
            target=at_most(32),
        ),
    ]
