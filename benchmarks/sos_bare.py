"""
The least program that answers as the SOS does: raw ASGI, one SQLite table, one string template, no validation.

It stands beside the SOS as the limit. `python -m benchmarks.sos_bare PORT DATABASE FILE` serves `/rows`, `/insert` and
`/file`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from granian.constants import Interfaces
from granian.server.embed import Server
from lxml import etree

from benchmarks import station
from benchmarks.http import MEMBER
from benchmarks.inserting import INSERT
from sos_server.time import format_instant, from_microseconds, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

_RANGE = "SELECT first, number FROM observations WHERE series_id = ? AND first BETWEEN ? AND ? ORDER BY first"
_HEAD = (
    b'<sos:GetObservationResponse xmlns:sos="http://www.opengis.net/sos/2.0" xmlns:om="http://www.opengis.net/om/2.0" '
    b'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink" '
    b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
)
_TAIL = b"</sos:GetObservationResponse>\n"
_BEGIN, _QUARTER = to_microseconds(station.BEGIN), station.QUARTER // timedelta(microseconds=1)
_CHUNK = 200  # observations that are sent at once


class Bare:
    """The program; its answers hold a connection of their own."""

    def __init__(self, database: str, file: Path) -> None:
        self._connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}").close()
        self._file = file

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        """Answer a request; anything but HTTP is left alone."""
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/xml")]})
        if scope["path"] == "/rows":
            borders = [int(each) for each in scope["query_string"].split(b",")]
            for part in self._rows(borders):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": _TAIL})
            return
        body = self._file.read_bytes() if scope["path"] == "/file" else b"ok"
        if scope["path"] == "/insert":
            first, count = (int(each) for each in scope["query_string"].split(b","))
            self._insert(first, count, b"".join([part async for part in _parts(receive)]))
        await send({"type": "http.response.body", "body": body})

    def _rows(self, borders: list[int]) -> Iterator[bytes]:
        cursor = self._connection.execute(_RANGE, borders)
        yield _HEAD
        number = 0
        while rows := cursor.fetchmany(_CHUNK):
            texts = []
            for time, value in rows:
                number += 1
                text = format_instant(from_microseconds(time))
                texts.append(MEMBER % (number, number, text, number, text, value))
            yield "".join(texts).encode()

    def _insert(self, first: int, count: int, body: bytes) -> None:
        etree.fromstring(body)
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(INSERT, map(_row, range(first, first + count)))
        self._connection.execute("COMMIT")


def _row(number: int) -> tuple[Any, ...]:
    """Give the row of `bare_row` for as little as possible, as if it had been at hand."""
    time = _BEGIN + number * _QUARTER
    return (1, time, time, time, number + 1, (number * 37 % 401 - 100) / 10, None, None, None, None, None)


async def _parts(receive: Callable[[], Awaitable[Any]]) -> Any:
    more = True
    while more:
        message = await receive()
        yield message.get("body", b"")
        more = message.get("more_body", False)


def main(port: str, database: str, file: str) -> None:
    """Serve until the process is killed."""
    server = Server(
        Bare(database, Path(file)), address="127.0.0.1", port=int(port), interface=Interfaces.ASGI, log_enabled=False
    )
    asyncio.run(server.serve())


if __name__ == "__main__":
    main(*sys.argv[1:])
