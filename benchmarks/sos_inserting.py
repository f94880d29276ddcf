"""InsertObservation and InsertResult into ten million observations, beside the bare program, equally durable."""

from __future__ import annotations

import http.client
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import sos_data, station
from benchmarks.frame import Case, Line, Scale, at_least, compare, require_equal
from benchmarks.server import SOS, XML, Server, serving_bare, serving_sos
from benchmarks.sos_results import template
from sos_server.codecs import xsd
from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import InsertResult, InsertResultTemplate

if TYPE_CHECKING:
    from collections.abc import Callable

_CLIENTS = 8
_REQUESTS = 1600
_COUNT = "SELECT count FROM series WHERE id = 1"
_NEW = "SELECT first, last, result_time, number FROM observations WHERE series_id = 1 ORDER BY first DESC LIMIT ?"


def run(scale: Scale) -> list[Line]:
    """Publish one and a thousand observations, and ten thousand results."""
    with TemporaryDirectory() as name:
        data, file = Path(name) / "data", Path(name) / "file.xml"
        shutil.copytree(sos_data.large(scale), data)
        shutil.copyfile(data / sos_data.FILE, data / "bare.sqlite")
        file.write_bytes(b"<nothing/>")
        with serving_sos(data) as server, serving_bare(data, "bare.sqlite", file) as bare:
            server.ask(SOS, encode_request(InsertResultTemplate(template("published"))), XML)
            lines: list[Line] = []
            after = sos_data.rows(scale)
            for operation, size, document in (
                ("InsertObservation", 1, station.insertion_document),
                ("InsertObservation", scale.of(1000, least=2), station.insertion_document),
                ("InsertResult", scale.of(10_000, least=3), _results),
            ):
                after += 10_000_000
                title = f"{operation} of {size}"
                lines += compare(_cases(server, bare, title, size, after, document, data), scale)
            lines.append(_at_once(server, after + 10_000_000, data, scale))
        return lines


def _at_once(server: Server, after: int, data: Path, scale: Scale) -> Line:
    """Publish one by one, from one client and from many at once."""
    requests = scale.of(_REQUESTS, least=2 * _CLIENTS)
    costs: list[float] = []
    for clients in (1, _CLIENTS):
        documents = [station.insertion_document(after + number, 1) for number in range(requests)]
        after += requests
        before, begun = _stored(data), server.cpu_seconds()
        with ThreadPoolExecutor(clients) as pool:
            done = sum(pool.map(lambda part: _publish(server, part), (documents[at::clients] for at in range(clients))))
        costs.append((server.cpu_seconds() - begun) / requests)
        require_equal("the inserts acknowledged and stored", (requests, requests), (done, _stored(data) - before))
    alone, together = costs
    relation = "times the cost of those from one client, one after the other"
    return Line(
        f"InsertObservation of 1 from {_CLIENTS} clients at once", together * 1e6, "µs", together / alone, relation
    )


def _publish(server: Server, documents: list[bytes]) -> int:
    """Give the number of documents that were taken, over a connection of their own."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    taken = 0
    for document in documents:
        connection.request("POST", SOS, document, XML)
        answer = connection.getresponse()
        answer.read()
        taken += answer.status == 200
    connection.close()
    return taken


def _stored(data: Path) -> int:
    with closing(sqlite3.connect(data / sos_data.FILE)) as connection:
        return int(connection.execute(_COUNT).fetchone()[0])


def _results(first: int, number: int) -> bytes:
    rows = (station.row(each) for each in range(first, first + number))
    text = "@@".join(f"{xsd.write_microseconds(row.begin)},{row.value!r}" for row in rows)
    return encode_request(InsertResult("published", text))


def _cases(
    server: Server, bare: Server, title: str, size: int, after: int, document: Callable[[int, int], bytes], data: Path
) -> list[Case]:
    positions, bare_positions = count(after, size), count(after, size)
    waiting: list[tuple[int, bytes]] = []

    def prepare(numbers: count[int]) -> Callable[[], None]:
        def make() -> None:
            first = next(numbers)
            waiting[:] = [(first, document(first, size))]

        return make

    def insert() -> None:
        server.ask(SOS, waiting[0][1], XML)

    def insert_bare() -> None:
        first, body = waiting[0]
        bare.ask(f"/insert?{first},{size}", body, XML)

    for step in (prepare(positions), insert, prepare(bare_positions), insert_bare):
        step()
    stored = []
    for file in ("bare.sqlite", sos_data.FILE):
        with closing(sqlite3.connect(data / file)) as connection:
            stored.append(connection.execute(_NEW, (size,)).fetchall())
    require_equal(f"the rows stored by {title}", *stored)
    baseline = f"{title}: a bare program"
    return [
        Case(baseline, insert_bare, prepare=prepare(bare_positions), clock=bare.cpu_seconds),
        Case(
            title,
            insert,
            prepare=prepare(positions),
            clock=server.cpu_seconds,
            against=baseline,
            target=at_least(0.5),
        ),
    ]
