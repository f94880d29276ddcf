"""GetObservation through HTTP beside a bare program, ranges of large and small databases, memory of large answers."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from benchmarks import sos_data, station
from benchmarks.frame import Case, Line, Scale, at_least, at_most, compare, require_equal
from benchmarks.http import get_observation
from benchmarks.server import SOS, serving_bare, serving_sos
from sos_server.codecs import om20, xml
from sos_server.filters import TemporalFilter, TemporalOperator
from sos_server.requests import GetObservation
from sos_server.storage.sql import open_storage
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.server import Server
    from sos_server.storage.sql import Storage

LARGE_ANSWER = 10  # series
_SIZES = (1, 100, 1000, 100_000)
_MEGABYTE = 2**20


def run(scale: Scale) -> list[Line]:
    """Ask a service with a hundred series and ten million observations."""
    large, rows = sos_data.large(scale), sos_data.rows(scale)
    with TemporaryDirectory() as name:
        small, file = Path(name) / "small", Path(name) / "file.xml"
        file.write_bytes(b"<nothing/>")
        sos_data.fill(small, 1, min(rows, 10_000))
        lines = _ranges(small, large, min(rows, 10_000), scale)
        with serving_sos(large) as server, serving_bare(large, sos_data.FILE, file) as bare:
            lines += _memory(server, rows)  # first, because the peak never falls
            for size in sorted({min(each, rows) for each in _SIZES}):
                lines += _answers(server, bare, size, rows, scale)
    return lines


def _ranges(small: Path, large: Path, rows: int, scale: Scale) -> list[Line]:
    size = min(1000, rows // 2)
    times = [station.observation(number).phenomenon_time for number in (rows // 2, rows // 2 + size - 1)]
    during = TemporalFilter(TemporalOperator.DURING, *times)
    storages = [open_storage(f"sqlite:///{folder / sos_data.FILE}") for folder in (small, large)]

    def reader(storage: Storage) -> Callable[[], list[object]]:
        def read() -> list[object]:
            series = storage.select_series(GetObservation(offerings=(station.OFFERING,)))
            return [row[1:] for _, found in storage.stream(series, (during,)) for row in found]

        return read

    from_small, from_large = map(reader, storages)
    require_equal("the rows of both databases", from_small(), from_large())
    baseline = f"a range of {size} out of {rows} rows"
    lines = compare(
        [
            Case(baseline, from_small),
            Case("the same range out of 10 million rows", from_large, against=baseline, target=at_most(1.5)),
        ],
        scale,
    )
    for storage in storages:
        storage.close()
    return lines


def _answers(server: Server, bare: Server, size: int, rows: int, scale: Scale) -> list[Line]:
    first = (rows - size) // 2
    address = get_observation(first, size)
    borders = (to_microseconds(station.observation(number).phenomenon_time) for number in (first, first + size - 1))
    bare_address = f"/rows?1,{','.join(map(str, borders))}"
    expected = [station.value(number) for number in range(first, first + size)]
    for name, answer in (("the service", server.ask(address)), ("the bare program", bare.ask(bare_address))):
        found = [each.value for each in om20.decode_observations(xml.parse(answer, limit=2**30))]
        require_equal(f"the values of {name}", expected, found)
    baseline = f"GetObservation of {size}: a bare program"
    name = f"GetObservation of {size}"
    return compare(
        [
            Case(baseline, lambda: bare.read_through(bare_address), clock=bare.cpu_seconds),
            Case(
                name,
                lambda: server.read_through(address),
                clock=server.cpu_seconds,
                against=baseline,
                target=at_least(0.5),
            ),
        ],
        scale,
    )


def _memory(server: Server, rows: int) -> list[Line]:
    few = min(1000, rows)
    for _ in range(5):
        _, found = server.read_through(get_observation(0, few))
        require_equal("the observations of the small answer", few, found)
    small = server.peak_memory()
    offerings = ",".join(
        station.OFFERING + ("" if number == 1 else f"/{number}") for number in range(1, LARGE_ANSWER + 1)
    )
    query = {"service": "SOS", "version": "2.0.0", "request": "GetObservation", "offering": offerings}
    size, found = server.read_through(f"{SOS}?{urlencode(query, quote_via=quote)}")
    require_equal("the observations of the large answer", LARGE_ANSWER * rows, found)
    above = (server.peak_memory() - small) / _MEGABYTE
    name = f"peak memory of GetObservation of {LARGE_ANSWER * rows} ({size / _MEGABYTE:.0f} MB of XML)"
    return [Line(name, server.peak_memory() / _MEGABYTE, "MB", above, f"MB above that of {few}", target=at_most(32))]
