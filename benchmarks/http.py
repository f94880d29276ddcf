"""InsertObservation and GetObservation through HTTP: CPU of the whole server, beside a bare reader and writer."""

from __future__ import annotations

import sqlite3
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from lxml import etree

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, compare, require_equal
from benchmarks.inserting import Bare, bare_row
from benchmarks.server import NOTHING, SOS, XML, Server, serving
from sos_server.codecs import om20, xml
from sos_server.time import format_instant, from_microseconds, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Callable

_RANGE = "SELECT first, number FROM observations WHERE series_id = 1 AND first BETWEEN ? AND ? ORDER BY first"
MEMBER = (
    '<sos:observationData><om:OM_Observation gml:id="o_%d"><om:type xlink:href="http://www.opengis.net/def/'
    'observationType/OGC-OM/2.0/OM_Measurement"/><om:phenomenonTime><gml:TimeInstant gml:id="pt_%d"><gml:timePosition>'
    '%s</gml:timePosition></gml:TimeInstant></om:phenomenonTime><om:resultTime><gml:TimeInstant gml:id="rt_%d">'
    "<gml:timePosition>%s</gml:timePosition></gml:TimeInstant></om:resultTime><om:procedure xlink:href="
    '"http://sensors.example.org/thermometer/1"/><om:observedProperty xlink:href="http://vocab.nerc.ac.uk/collection/'
    'P07/current/CFSN0023/"/><om:featureOfInterest xlink:href="http://features.example.org/stations/muenster"/>'
    '<om:result xsi:type="gml:MeasureType" uom="Cel">%r</om:result></om:OM_Observation></sos:observationData>\n'
)


def get_observation(first: int, number: int) -> str:
    """Give the address of a GetObservation of so many observations, from the so-many-th on."""
    begin, end = (format_instant(station.observation(each).phenomenon_time) for each in (first, first + number - 1))
    query = {
        "service": "SOS",
        "version": "2.0.0",
        "request": "GetObservation",
        "offering": station.OFFERING,
        "observedProperty": station.PROPERTY,
        "temporalFilter": f"om:phenomenonTime,{begin}/{end}",
    }
    return f"{SOS}?{urlencode(query, quote_via=quote)}"


def run(scale: Scale) -> list[Line]:
    """Ask for one and for a thousand observations out of ten thousand, and publish one and a thousand."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        stored = scale.of(10_000, least=20)
        bare = Bare(folder / "bare.sqlite")
        bare.insert([bare_row(number) for number in range(stored)])
        with serving(folder / "data") as server:
            server.insert_sensor()
            server.insert(0, stored)
            lines = _reading(server, bare.connection, scale.of(1000, least=2), stored, scale)
            lines += _writing(server, bare, scale.of(1000, least=2), stored, scale)
        bare.connection.close()
    return lines


def _reading(server: Server, bare: sqlite3.Connection, size: int, stored: int, scale: Scale) -> list[Line]:
    first = stored // 2
    one, many = get_observation(first, 1), get_observation(first, size)
    borders = [to_microseconds(station.observation(number).phenomenon_time) for number in (first, first + size - 1)]

    def read_bare() -> str:
        rows = bare.execute(_RANGE, borders)
        texts = ((format_instant(from_microseconds(time)), value) for time, value in rows)
        return "".join(MEMBER % (n, n, text, n, text, value) for n, (text, value) in enumerate(texts))

    expected = [station.value(number) for number in range(first, first + size)]
    found = [each.value for each in om20.decode_observations(xml.parse(server.ask(many)))]
    require_equal("the values of a GetObservation", expected, found)
    require_equal("the value of a GetObservation of one", 1, server.ask(one).count(b"</om:OM_Observation>"))
    require_equal("the observations of the bare reader", size, read_bare().count("</om:OM_Observation>"))
    baseline = f"{size} observations: bare SELECT and string template, no HTTP"
    return compare(
        [
            server.doing_nothing(),
            Case(baseline, read_bare),
            Case("GetObservation of 1", lambda: server.ask(one), clock=server.cpu_seconds, against=NOTHING),
            Case(f"GetObservation of {size}", lambda: server.ask(many), clock=server.cpu_seconds, against=baseline),
        ],
        scale,
    )


def _writing(server: Server, bare: Bare, size: int, stored: int, scale: Scale) -> list[Line]:
    positions, bare_positions = count(stored, size), count(stored, size)
    document: list[bytes] = []
    bare_batch: list[tuple[bytes, list[tuple[object, ...]]]] = []

    def prepare(number: int) -> Callable[[], None]:
        return lambda: document.__setitem__(slice(None), [station.insertion_document(next(positions), number)])

    def prepare_bare(number: int) -> Callable[[], None]:
        def make() -> None:
            first = next(bare_positions)
            rows = [bare_row(each) for each in range(first, first + number)]
            bare_batch[:] = [(station.insertion_document(first, number), rows)]

        return make

    def insert_bare() -> None:
        data, rows = bare_batch[0]
        etree.fromstring(data)
        bare.insert(rows)

    def insert() -> bytes:
        return server.ask(SOS, document[0], XML)

    first = next(positions)
    document[:] = [station.insertion_document(first, size)]
    insert()
    answer = server.ask(get_observation(first, size))
    found = [each.value for each in om20.decode_observations(xml.parse(answer))]
    require_equal("the values published", [station.value(number) for number in range(first, first + size)], found)
    cases = []
    for number in (1, size):
        baseline = f"{number} observations: bare parse and executemany, no HTTP"
        name = f"InsertObservation of {number}"
        cases.append(Case(baseline, insert_bare, prepare=prepare_bare(number)))
        cases.append(Case(name, insert, prepare=prepare(number), clock=server.cpu_seconds, against=baseline))
    return compare(cases, scale)
