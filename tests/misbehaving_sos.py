"""
A server on loopback that behaves badly on demand.

Each path has a behaviour: a function that gets the open exchange and may send whatever it likes, as slowly as it likes.
The connection is closed after it unless it says otherwise.

    with MisbehavingSos() as server:
        server.behaviours["/sos"] = hang
        fetcher.send(HttpRequest("GET", server.url("/sos")))
"""

from __future__ import annotations

import gzip
import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

CHUNK = b"x" * 65536
PAUSE = 0.05


@dataclass
class Exchange:
    """A request that has been read, and the way to answer it. `stopping` is set when the server is shut down."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    client: tuple[str, int]
    send: Callable[[bytes], object] = field(repr=False)
    connection: socket.socket = field(repr=False)
    stopping: threading.Event = field(repr=False)
    keep_open: bool = False


Behaviour: TypeAlias = Callable[[Exchange], None]


class MisbehavingSos:
    """The server; `behaviours` by path may be changed at any time, `requests` holds everything that was asked."""

    def __init__(self) -> None:
        self.behaviours: dict[str, Behaviour] = {}
        self.requests: list[Exchange] = []
        self.stopping = threading.Event()
        self._server = _Server(self)
        self.port: int = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"

    def __enter__(self) -> MisbehavingSos:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        """The address of a path of this server."""
        return f"http://{self.host}{path}"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, owner: MisbehavingSos) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        with suppress(OSError):
            while (exchange := self._read()) is not None:
                self.server.owner.requests.append(exchange)
                path = exchange.target.partition("?")[0]
                self.server.owner.behaviours.get(path, answer(b"nobody lives here", status=404))(exchange)
                if not exchange.keep_open:
                    return

    def _read(self) -> Exchange | None:
        # What begins a TLS connection has an end of line by chance only, so that it is not to be waited for.
        is_tls = self.rfile.peek(1)[:1] == b"\x16"
        first = [] if is_tls else self.rfile.readline().decode("latin-1").split()
        if not first and not is_tls:
            return None
        if len(first) != 3:
            # Read what else is there before closing: unread octets would turn the answer into a reset.
            self.wfile.write(head(400))
            self.connection.shutdown(socket.SHUT_WR)
            self.rfile.read()
            return None
        headers = {}
        while line := self.rfile.readline().strip().decode("latin-1"):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", "0")))
        stopping = self.server.owner.stopping
        send, connection = self.wfile.write, self.connection
        return Exchange(first[0], first[1], headers, body, self.client_address, send, connection, stopping)


def head(status: int = 200, **headers: str | int) -> bytes:
    """The first lines of an answer; an underscore in a header's name stands for a hyphen."""
    lines = [f"HTTP/1.1 {status} As Told", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(body: bytes, status: int = 200, content_type: str = "application/xml", **headers: str | int) -> Behaviour:
    """Answer properly."""

    def behave(exchange: Exchange) -> None:
        exchange.send(head(status, Content_Type=content_type, Content_Length=len(body), **headers) + body)

    return behave


def answer_and_stay(body: bytes) -> Behaviour:
    """Answer properly and wait for the next request on the same connection."""

    def behave(exchange: Exchange) -> None:
        exchange.keep_open = True
        exchange.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    return behave


def redirect(location: str, status: int = 302) -> Behaviour:
    """Send the client elsewhere."""
    return answer(b"", status, Location=location)


def hang(exchange: Exchange) -> None:
    """Take the request and never answer."""
    exchange.stopping.wait(60)


def hang_up(exchange: Exchange) -> None:
    """Take the request and close the connection."""


def reset(sent: bytes = b"") -> Behaviour:
    """Take the request, send what is given, and reset the connection."""

    def behave(exchange: Exchange) -> None:
        exchange.send(sent)
        exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Closed by its number: the files on the connection would keep it open, and end it in good order.
        os.close(exchange.connection.detach())

    return behave


def trickle_headers(exchange: Exchange) -> None:
    """Begin an answer and send an octet of an endless header now and then."""
    exchange.send(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    while not exchange.stopping.wait(PAUSE):
        exchange.send(b"x")


def trickle_body(exchange: Exchange) -> None:
    """Send an octet of a long answer now and then."""
    exchange.send(head(Content_Type="application/xml", Content_Length=1_000_000))
    while not exchange.stopping.wait(PAUSE):
        exchange.send(b" ")


def trickle_chunks(exchange: Exchange) -> None:
    """Announce the size of a chunk, one digit now and then."""
    exchange.send(head(Content_Type="application/xml", Transfer_Encoding="chunked"))
    while not exchange.stopping.wait(PAUSE):
        exchange.send(b"0")


def endless(exchange: Exchange) -> None:
    """Send as fast as possible, without end and without saying how much it will be."""
    exchange.send(head(Content_Type="application/xml"))
    while not exchange.stopping.is_set():
        exchange.send(CHUNK)


def gzip_bomb(exchange: Exchange) -> None:
    """Send a few octets that are very many when they are decompressed."""
    body = gzip.compress(bytes(16 * 1024 * 1024), compresslevel=1)
    exchange.send(head(Content_Type="application/xml", Content_Encoding="gzip", Content_Length=len(body)) + body)


def damaged_gzip(exchange: Exchange) -> None:
    """Send something that is called gzip and is none."""
    answer(b"<this/> is no gzip", Content_Encoding="gzip")(exchange)


def compressed(body: bytes) -> Behaviour:
    """Answer properly, compressed."""
    return answer(gzip.compress(body), Content_Encoding="gzip")


def too_short(body: bytes) -> Behaviour:
    """Say that the answer is longer than what is sent, and hang up."""

    def behave(exchange: Exchange) -> None:
        exchange.send(head(Content_Type="application/xml", Content_Length=len(body) + 1000) + body)

    return behave


def too_long(body: bytes, stated: int | str) -> Behaviour:
    """Say that the answer is shorter than what is sent."""

    def behave(exchange: Exchange) -> None:
        exchange.send(head(Content_Type="application/xml", Content_Length=stated) + body)

    return behave
