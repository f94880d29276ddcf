"""
Requests that are malformed, hostile or wrong, in every protocol: WPS 1.0.0, WPS 2.0 both ways, OGC API - Processes.

Each gets the exception that it deserves, in the words of its protocol and within its time, and leaves nothing behind:
no subscription, no job, no file, no thread.
"""

from __future__ import annotations

import gzip
import http.client
import json
import select
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree
from starlette.applications import Starlette

from sos_server.app import mount
from tests import misbehaving_sos as misbehaving
from tests.misbehaving_sos import MisbehavingSos
from tests.weps.processes import requests10, requests20
from tests.weps.processes.conftest import free_port, serving
from weps.engine import Engine
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.processes.base import Context
from weps.processes.face import create_app
from weps.processes.ogcapi import create_routes as create_ogc_api
from weps.processes.registry import PROCESSES
from weps.store import Store

pytestmark = pytest.mark.shared

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
    deadline = time.monotonic() + SECONDS
    while (more := served.left_behind() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not more


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


# -- inputs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wrong:
    """
    Inputs that are wrong, as each protocol writes them, the codes of both versions of WPS and the input they name.
    """

    in_10: str
    in_20: str
    in_json: dict[str, Any]
    code_10: str
    code_20: str
    where: str


def literals(code_10: str, code_20: str, where: str, **texts: str) -> Wrong:
    """Literals that are wrong."""
    return Wrong(requests10.literals(**texts), requests20.literals(**texts), dict(texts), code_10, code_20, where)


def refers_to(href: str, code_10: str = "InvalidParameterValue", code_20: str = "DataNotAccessible") -> Wrong:
    """A rule by reference; BAD is the server that behaves badly."""
    return Wrong(
        requests10.reference("rule", href, "application/json"),
        requests20.reference("rule", href, attributes='mimeType="application/json"'),
        {"rule": {"href": href, "type": "application/json"}},
        code_10,
        code_20,
        "rule",
    )


TOO_LARGE = {"code_10": "FileSizeExceeded", "code_20": "SizeExceeded"}
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
WRONG = {
    "a number that is none": literals(
        "InvalidParameterValue", "WrongInputData", "threshold", condition="lessThan", threshold="much"
    ),
    "a duration that is none": literals(
        *("InvalidParameterValue", "WrongInputData", "runtime"),
        condition="lessThan",
        threshold="1",
        runtime="for ever",
    ),
    "an instant that is none": literals(
        *("InvalidParameterValue", "WrongInputData", "startTime"),
        condition="lessThan",
        threshold="1",
        startTime="tomorrow",
    ),
    "a condition that is none": literals(
        "InvalidParameterValue", "WrongInputData", "condition", condition="above", threshold="1"
    ),
    "an input that is missing": literals(
        "MissingParameterValue", "MissingParameterValue", "threshold", condition="lessThan"
    ),
    "no input at all": literals("MissingParameterValue", "MissingParameterValue", "rule"),
    "an input that is unknown": literals(
        "InvalidParameterValue", "NoSuchInput", "treshold", condition="lessThan", treshold="1"
    ),
    "a sink at a private address": literals(
        *("InvalidParameterValue", "WrongInputData", "sink"),
        condition="lessThan",
        threshold="1",
        sink="http://10.0.0.1/sink",
    ),
    "a source in a file": literals(
        *("InvalidParameterValue", "WrongInputData", "getObservationTemplate"),
        condition="lessThan",
        threshold="1",
        getObservationTemplate="file:///etc/passwd",
    ),
    "a reference to a private address": refers_to("http://10.0.0.1/rule.json"),
    "a reference to this machine by name": refers_to("http://localhost/rule.json"),
    "a reference to this machine in IPv6": refers_to("http://[::1]/rule.json"),
    "a reference to this machine as a number": refers_to("http://2130706433/rule.json"),
    "a reference to the metadata of a cloud": refers_to("http://169.254.169.254/latest/meta-data"),
    "a reference to a file": refers_to("file:///etc/passwd"),
    "a reference with another protocol": refers_to("ftp://example.org/rule.json"),
    "a reference that redirects inside": refers_to("http://BAD/private"),
    "a reference that redirects to metadata": refers_to("http://BAD/metadata"),
    "a reference that redirects to a file": refers_to("http://BAD/file"),
    "a reference that redirects for ever": refers_to("http://BAD/round"),
    "a reference that hangs": refers_to("http://BAD/hang"),
    "a reference that hangs up": refers_to("http://BAD/hang-up"),
    "a reference that trickles": refers_to("http://BAD/trickle"),
    "a reference that ends too soon": refers_to("http://BAD/short"),
    "a reference that is not found": refers_to("http://BAD/nothing"),
    "a reference that fails": refers_to("http://BAD/broken"),
    "a reference without end": refers_to("http://BAD/endless", **TOO_LARGE),
    "a reference to a gzip bomb": refers_to("http://BAD/bomb", **TOO_LARGE),
    "a reference to damaged gzip": refers_to("http://BAD/damaged"),
    "a reference to what is no text": refers_to("http://BAD/binary", "InvalidParameterValue", "WrongInputData"),
}


def write_request(protocol: str, wrong: Wrong, host: str) -> bytes:
    """Write the request of a protocol."""
    if protocol == "1.0.0":
        text = requests10.execute("weps:Subscribe", wrong.in_10, "info")
    elif protocol == "OGC API":
        text = json.dumps({"inputs": wrong.in_json})
    else:
        mode = protocol.removeprefix("2.0 ")
        text = requests20.execute("weps:Subscribe", wrong.in_20, requests20.output("info"), mode=mode)
    return text.replace("http://BAD", f"http://{host}").encode()


@pytest.mark.parametrize("protocol", ["1.0.0", "2.0 sync", "2.0 async", "OGC API"])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_inputs_are_refused(victim: Victim, refused, name: str, protocol: str):
    """
    The input at fault is named; in 2.0 also where the client does not want to wait for the result.
    """
    wrong = WRONG[name]
    body = write_request(protocol, wrong, victim.bad.host)

    status, code, where = refused(protocol.partition(" ")[0] if protocol != "OGC API" else protocol, [body, b""])

    assert status == 400
    assert code == {"1.0.0": wrong.code_10, "OGC API": None}.get(protocol, wrong.code_20)
    assert where == wrong.where


# -- documents --------------------------------------------------------------------------------------------------------

RIGHT = {
    "1.0.0": requests10.execute("weps:Subscribe", requests10.literals(condition="lessThan", threshold="7357")),
    "2.0": requests20.execute(
        "weps:Subscribe", requests20.literals(condition="lessThan", threshold="7357"), requests20.output("info")
    ),
    "OGC API": json.dumps({"inputs": {"condition": "lessThan", "threshold": "7357"}}),
}
EXPANSION = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(9))
HUGE = f'<!ENTITY e "{"ha" * 50_000}">'
MALFORMED: dict[str, Callable[[str], bytes | str]] = {
    "a DOCTYPE": lambda right: f"<!DOCTYPE a>{right}",
    "a DOCTYPE in UTF-16": lambda right: f"<!DOCTYPE a>{right}".encode("utf-16"),
    "an external DTD": lambda right: f'<!DOCTYPE a SYSTEM "http://BAD/hang">{right}',
    "an external entity": lambda right: (
        f'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>{right.replace("7357", "&e;")}'
    ),
    "a parameter entity": lambda right: f'<!DOCTYPE a [<!ENTITY % e SYSTEM "http://BAD/hang"> %e;]>{right}',
    "entity expansion": lambda right: f"<!DOCTYPE a [{EXPANSION}]>{right.replace('7357', '&e8;')}",
    "a huge entity many times": lambda right: f"<!DOCTYPE a [{HUGE}]>{right.replace('7357', '&e;' * 10_000)}",
    "elements a thousand deep": lambda right: right.replace("7357", "<a>" * 1000 + "</a>" * 1000),
    "half a document": lambda right: right[: len(right) * 2 // 3],
    "an entity that is not declared": lambda right: right.replace("7357", "&e;"),
    "characters that XML has not": lambda right: right.replace("7357", "&#0;"),
    "no UTF-8": lambda right: right.replace("7357", "\xff").encode("latin-1"),
}


@pytest.mark.parametrize("protocol", OWS_OF)
@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_documents_are_refused(victim: Victim, refused, name: str, protocol: str):
    """
    In the version that it begins in. Entities are not even looked at, so none is fetched and none expanded.
    """
    made = MALFORMED[name](RIGHT[protocol])
    body = made.replace("http://BAD", f"http://{victim.bad.host}").encode() if isinstance(made, str) else made
    asked = len(victim.bad.requests)

    answered = refused(protocol, [body, b""])

    assert answered == (400, "InvalidParameterValue", None)
    assert len(victim.bad.requests) == asked


ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>{}</soap:Body></soap:Envelope>'
)
OF_DOCTYPES = [name for name in MALFORMED if "DOCTYPE" in name or "entity" in name]


@pytest.mark.parametrize("name", OF_DOCTYPES)
def test_malformed_envelopes_are_faults(victim: Victim, validate, name: str):
    """
    The same in SOAP: the report is the detail of a fault of the sender.
    """
    made = MALFORMED[name](ENVELOPE.format(RIGHT["2.0"]))
    body = made.replace("http://BAD", f"http://{victim.bad.host}").encode() if isinstance(made, str) else made
    asked = len(victim.bad.requests)

    answer = requests.post(
        f"http://127.0.0.1:{victim.port}/wps",
        data=body,
        headers={"Content-Type": "application/soap+xml"},
        timeout=SECONDS,
    )

    root = etree.fromstring(answer.content)
    exception = root.find(f".//{{{OWS_OF['2.0']}}}Exception")
    assert validate(answer.content) == []
    assert answer.status_code == 400
    assert root.findtext(".//{*}Code/{*}Value") == "soap:Sender"
    assert exception.get("exceptionCode") == "InvalidParameterValue"
    assert len(victim.bad.requests) == asked


VERSIONS = {
    "1.0.0": lambda right: right.replace('version="1.0.0"', 'version="9.9.9"'),
    "2.0": lambda right: right.replace('version="2.0.0"', 'version="9.9.9"'),
}


@pytest.mark.parametrize("protocol", VERSIONS)
def test_an_unknown_version_is_refused(refused, protocol: str):
    """
    In the version of the document's namespace.
    """
    body = VERSIONS[protocol](RIGHT[protocol]).encode()

    assert refused(protocol, [body, b""]) == (400, "InvalidParameterValue", "version")


MALFORMED_JSON = {
    "half a document": RIGHT["OGC API"][:20],
    "no object": "[1, 2]",
    "arrays a hundred thousand deep": "[" * 100_000,
    "objects a hundred thousand deep": '{"inputs":' * 100_000,
    "no UTF-8": b'{"inputs": {"condition": "\xff"}}',
    "no number": '{"inputs": {"condition": "lessThan", "threshold": NaN}}',
    "a number of a million digits": f'{{"inputs": {{"condition": "lessThan", "threshold": {"9" * 1_000_000}}}}}',
    "inputs that are no object": '{"inputs": "all"}',
}


@pytest.mark.parametrize("name", MALFORMED_JSON)
def test_malformed_json_is_refused(refused, name: str):
    """
    With a problem of status 400.
    """
    sent = MALFORMED_JSON[name]

    status, *_ = refused("OGC API", [sent.encode() if isinstance(sent, str) else sent, b""])

    assert status == 400


# -- bodies -----------------------------------------------------------------------------------------------------------

MEGABYTE = b" " * 1024 * 1024


def whole(right: bytes, size: int = 50) -> Iterator[bytes]:
    """The beginning of a right document and then 50 MB of white space."""
    yield right[:300]
    for _ in range(size):
        yield MEGABYTE
    yield right[300:]


def without_end(right: bytes) -> Iterator[bytes]:
    """The same for ever."""
    yield right[:300]
    while True:
        yield MEGABYTE


def beginning(right: bytes) -> Iterator[bytes]:
    """Nothing comes behind the beginning; the client waits for an answer."""
    yield right[:300]


def drops(right: bytes) -> Iterator[bytes]:
    """An octet now and then."""
    yield right[:300]
    while True:
        time.sleep(0.05)
        yield b" "


LONG = str(50 * 1024 * 1024 + 1000)
BODIES: dict[str, tuple[Callable[[bytes], Iterable[bytes]], dict[str, str], int, str, str]] = {
    "50 MB": (whole, {"Content_Length": LONG}, 413, "FileSizeExceeded", "SizeExceeded"),
    "50 MB in chunks": (whole, {}, 413, "FileSizeExceeded", "SizeExceeded"),
    "chunks without end": (without_end, {}, 413, "FileSizeExceeded", "SizeExceeded"),
    "less than stated": (beginning, {"Content_Length": "10000"}, 408, "NoApplicableCode", "NoApplicableCode"),
    "chunks that stop": (beginning, {}, 408, "NoApplicableCode", "NoApplicableCode"),
    "drops": (drops, {}, 408, "NoApplicableCode", "NoApplicableCode"),
}


@pytest.mark.parametrize("protocol", TARGET_OF)
@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_take_too_much_or_too_long_are_refused(refused, name: str, protocol: str):
    """
    Whether the length is stated or not, in the version that the beginning tells.
    """
    send, headers, status, in_10, in_20 = BODIES[name]

    answered = refused(protocol, send(RIGHT[protocol].encode()), **headers)

    assert answered == (status, {"1.0.0": in_10, "2.0": in_20}.get(protocol), None)


@pytest.mark.parametrize("body", [RIGHT["1.0.0"].encode(), bytes(100 * 1024 * 1024)], ids=["right", "bomb"])
@pytest.mark.parametrize("protocol", ["1.0.0", "OGC API"])
def test_compressed_bodies_are_not_taken(refused, protocol: str, body: bytes):
    """
    Nothing is decompressed; what version they are in cannot be seen.
    """
    compressed = gzip.compress(body, compresslevel=1)

    answered = refused(protocol, [compressed, b""], Content_Encoding="gzip")

    assert answered[0] == 415


def test_a_good_request_is_carried_out_all_the_same(served: Victim):
    """
    After all that was done to it, the service works.
    """
    before = served.store.count_subscriptions()

    answer = requests.post(f"http://127.0.0.1:{served.port}/wps", data=RIGHT["1.0.0"].encode(), timeout=SECONDS)

    assert answer.status_code == 200
    assert served.store.count_subscriptions() == before + 1
