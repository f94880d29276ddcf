"""
Requests that are malformed, hostile or wrong, in every protocol: WPS 1.0.0, WPS 2.0 both ways, OGC API - Processes.

Each gets the exception that it deserves, in the words of its protocol and within its time, and leaves nothing behind:
no subscription, no job, no file, no thread.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from starlette.applications import Starlette

from sos_server.app import mount
from tests import misbehaving_sos as misbehaving
from tests.misbehaving_sos import MisbehavingSos
from tests.ports import free_port
from tests.waiting import wait_for
from tests.weps.processes import requests10, requests20
from tests.weps.processes.conftest import serving
from weps.engine import Engine
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.processes.base import Context
from weps.processes.face import create_app
from weps.processes.ogcapi import create_routes as create_ogc_api
from weps.processes.registry import PROCESSES
from weps.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FETCH_SECONDS, FETCH_DEADLINE, FETCH_LIMIT = 0.8, 1.2, 200_000
BODY_SECONDS, BODY_LIMIT = 1.0, 2 * 1024 * 1024
SECONDS = 8.0
"""Within which every answer must be there: several times what the limits above allow."""
OWS_OF = {"1.0.0": "http://www.opengis.net/ows/1.1", "2.0": "http://www.opengis.net/ows/2.0"}
TARGET_OF = {"1.0.0": "/wps", "2.0": "/wps", "OGC API": "/processes/weps:Subscribe/execution"}


@dataclass(frozen=True)
class Answered:
    """What came back: HTTP status, media type and body."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True)
class Victim:
    """A service with little patience; it may fetch from one server that behaves badly."""

    port: int
    store: Store
    folder: Path
    bad: MisbehavingSos

    def post(self, protocol: str, pieces: Iterable[bytes], **headers: str) -> Answered:
        """Send a request piece by piece until there is an answer; without a Content-Length it is sent in chunks."""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS) as connection:
            chunked = "Content_Length" not in headers
            headers |= {"Transfer_Encoding": "chunked"} if chunked else {}
            kind = "application/json" if protocol == "OGC API" else "text/xml"
            lines = [f"POST {TARGET_OF[protocol]} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {kind}"]
            lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            for piece in pieces:
                if select.select([connection], [], [], 0)[0]:
                    break
                try:
                    connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                except ConnectionError:
                    break
            response = http.client.HTTPResponse(connection, method="POST")
            response.begin()
            media_type = response.headers["Content-Type"].partition(";")[0]
            return Answered(response.status, media_type, response.read())

    def left_behind(self) -> Counter[str]:
        """Count what there is: subscriptions, jobs, files, threads."""
        files = [path.name for folder in (self.folder, Path(tempfile.gettempdir())) for path in folder.rglob("*")]
        theirs = ("AnyIO worker thread", "process_request_thread")
        threads = [each.name for each in threading.enumerate() if not any(name in each.name for name in theirs)]
        stored = {"subscriptions": self.store.count_subscriptions(), "jobs": self.store.count_jobs()}
        return Counter(stored) + Counter(files) + Counter(threads)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """The service, and the bad server beside it."""
    data, port = tmp_path_factory.mktemp("victim"), free_port()
    base = f"http://127.0.0.1:{port}"
    store = Store(f"sqlite:///{data / 'weps.db'}")
    store.migrate()
    (data / "wps").mkdir()
    with MisbehavingSos() as bad:
        bad.behaviours |= BEHAVIOURS
        fetcher = Fetcher(frozenset({bad.host, f"127.0.0.1:{port}"}), FETCH_SECONDS, FETCH_LIMIT, FETCH_DEADLINE)
        engine = Engine(store, SosFeeder(fetcher), {}, base)
        context = Context(engine, fetcher, f"{base}/sos")
        limits: dict[str, Any] = {"base_url": base, "body_limit": BODY_LIMIT, "body_seconds": BODY_SECONDS}
        app = Starlette(
            routes=[
                mount("/wps", create_app(engine, fetcher, data=data / "wps", **limits)),
                *create_ogc_api(PROCESSES, context, **limits),
            ]
        )
        with serving(app, port):
            yield Victim(port, store, data / "wps", bad)
        engine.close(5)
    store.dispose()


@pytest.fixture
def victim(served: Victim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Victim]:
    """The service; afterwards nothing may be there that was not there before."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = served.left_behind()
    yield served
    wait_for(lambda: not served.left_behind() - before, told=lambda: served.left_behind() - before)


@pytest.fixture
def refused(victim: Victim, validate) -> Callable[..., tuple[int, str | None, str | None]]:
    """Send a request, and give status, code and locator of the refusal; it is valid and it is there in time."""

    def send(protocol: str, pieces: Iterable[bytes], **headers: str) -> tuple[int, str | None, str | None]:
        began = time.monotonic()
        answered = victim.post(protocol, pieces, **headers)
        assert time.monotonic() - began < SECONDS
        if protocol == "OGC API":
            problem = json.loads(answered.body)
            assert answered.media_type == "application/problem+json"
            assert (problem["status"], len(problem["detail"]) > 10) == (answered.status, True)
            return answered.status, None, problem.get("where")
        root = etree.fromstring(answered.body)
        assert root.tag == f"{{{OWS_OF[protocol]}}}ExceptionReport"
        assert validate(answered.body) == []
        return answered.status, root[0].get("exceptionCode"), root[0].get("locator")

    return send


BEHAVIOURS: dict[str, misbehaving.Behaviour] = {
    "/private": misbehaving.redirect("http://10.0.0.1/rule.json"),
    "/metadata": misbehaving.redirect("http://169.254.169.254/latest/meta-data"),
    "/file": misbehaving.redirect("file:///etc/passwd"),
    "/round": misbehaving.redirect("/round"),
    "/hang": misbehaving.hang,
    "/hang-up": misbehaving.hang_up,
    "/trickle": misbehaving.trickle_chunks,
    "/endless": misbehaving.endless,
    "/bomb": misbehaving.gzip_bomb,
    "/damaged": misbehaving.damaged_gzip,
    "/short": misbehaving.too_short(b"{}"),
    "/broken": misbehaving.answer(b"it broke", 500),
    "/binary": misbehaving.answer(b"\xff\xfe\x00"),
}
RIGHT = {
    "1.0.0": requests10.execute("weps:Subscribe", requests10.literals(condition="lessThan", threshold="7357")),
    "2.0": requests20.execute(
        "weps:Subscribe", requests20.literals(condition="lessThan", threshold="7357"), requests20.output("info")
    ),
    "OGC API": json.dumps({"inputs": {"condition": "lessThan", "threshold": "7357"}}),
}
