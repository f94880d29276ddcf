"""GetCapabilities of many offerings beside a file of that size, and how soon it tells of an insert."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, at_most, compare, require_equal
from benchmarks.server import SOS, XML, serving_bare, serving_sos
from benchmarks.sos_data import fill

if TYPE_CHECKING:
    from benchmarks.server import Server

_ADDRESS = f"{SOS}?service=SOS&request=GetCapabilities"
_OFFERINGS = 10_000


def run(scale: Scale) -> list[Line]:
    """Ask for the capabilities of ten thousand offerings."""
    with TemporaryDirectory() as name:
        data = Path(name) / "data"
        offerings = scale.of(_OFFERINGS, least=10)
        fill(data, offerings, 1)
        file = Path(name) / "capabilities.xml"
        with serving_sos(data) as server:
            file.write_bytes(server.ask(_ADDRESS))
            with serving_bare(data, "bare.sqlite", file) as bare:
                return _compare(server, bare, file, offerings, scale)


def _compare(server: Server, bare: Server, file: Path, offerings: int, scale: Scale) -> list[Line]:
    document = file.read_bytes()
    require_equal("the offerings told", offerings, document.count(b"</sos:ObservationOffering>"))
    require_equal("the capabilities asked for again", document, server.ask(_ADDRESS))
    require_equal("the file", document, bare.ask("/file"))
    positions = count(1)

    def insert() -> None:
        server.ask(SOS, station.insertion_document(next(positions), 1), XML)

    baseline = f"a file of {len(document) / 2**20:.1f} MB"
    name = f"GetCapabilities of {offerings} offerings"
    return compare(
        [
            Case(baseline, lambda: bare.read_through("/file"), clock=bare.cpu_seconds),
            Case(
                name,
                lambda: server.read_through(_ADDRESS),
                clock=server.cpu_seconds,
                against=baseline,
                target=at_most(2),
            ),
            Case(
                f"{name}, after an insert",
                lambda: server.read_through(_ADDRESS),
                prepare=insert,
                clock=server.cpu_seconds,
            ),
        ],
        scale,
    )
