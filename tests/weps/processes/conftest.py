"""A real WPS on loopback: engine, store, feeder and SOS are the ones that ship."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pywps
import requests
from granian.constants import Interfaces
from granian.server.embed import Server
from lxml import etree
from pywps import configuration
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp
from werkzeug.test import Client

from sos_server.app import create_app as create_sos
from sos_server.app import mount
from sos_server.codecs.xml import parse
from sos_server.load import load
from sos_server.settings import Settings as SosSettings
from tests.ports import free_port, is_taken
from tests.waiting import join, wait_for
from tests.weps.processes.echo import SPEC, URL, StockEcho
from tests.weps.processes.requests20 import Client20
from tests.weps.processes.slow import SLOW_PROCESSES
from tests.weps.processes.validity import require_valid
from weps.engine import Engine
from weps.errors import WepsError
from weps.feeders.http import Fetcher, HttpRequest
from weps.feeders.sos import SosFeeder
from weps.model import Page, Subscription
from weps.notify.insert_rss import InsertRssChannel
from weps.processes.base import Context
from weps.processes.face import create_app
from weps.processes.jobs import StoredDocuments
from weps.processes.ogcapi import create_routes as create_ogc_api
from weps.processes.registry import offered_processes
from weps.processes.wps10_binding import Wps10, write_exception
from weps.processes.wps10_kvp import decode_kvp
from weps.processes.wps10_xml import decode_document
from weps.store import Store

NAMESPACES = {
    "wps": "http://www.opengis.net/wps/1.0.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "weps": "urn:weps:subscription:1",
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
SERIES = """time,procedure,observed_property,feature_of_interest,lat,lon,value,uom
2016-01-11T00:00:00Z,PedestrianCounting1,PeopleCount,Bourke Street Mall,-37.81,144.96,450,1
2016-01-11T01:00:00Z,PedestrianCounting1,PeopleCount,Bourke Street Mall,-37.81,144.96,612,1
2016-01-11T00:00:00Z,ws2500,AirTemperature,ELV-WS2500,51.93,7.65,29.5,Cel
"""
BODY_LIMIT = 200_000


@dataclass(frozen=True)
class Reply:
    """What the server answered."""

    status: int
    media_type: str
    body: bytes

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.body)

    def texts(self, path: str) -> list[str]:
        found = self.root.xpath(path, namespaces=NAMESPACES)
        return [str(item if isinstance(item, str) else item.text) for item in found]

    @property
    def fault(self) -> tuple[str, str | None]:
        """The code and the locator of an exception report."""
        exception = self.root.find("ows:Exception", NAMESPACES)
        assert exception is not None, self.body
        return exception.get("exceptionCode"), exception.get("locator")

    def output(self, identifier: str) -> str:
        [found] = self.texts(f"//wps:ProcessOutputs/wps:Output[ows:Identifier='{identifier}']/wps:Data/*")
        return found


@dataclass(frozen=True)
class Wps:
    """The server as a client and as its operator see it."""

    base: str
    engine: Engine
    documents: dict[str, bytes]

    @property
    def url(self) -> str:
        return f"{self.base}/wps"

    def get(self, query: str) -> Reply:
        return _reply(requests.get(f"{self.url}?{query}", timeout=20))

    def post(self, body: bytes | str | Iterator[bytes]) -> Reply:
        data = body.encode() if isinstance(body, str) else body
        return _reply(requests.post(self.url, data=data, headers={"Content-Type": "text/xml"}, timeout=20))

    @property
    def count(self) -> int:
        return self.engine.count_subscriptions()

    @property
    def newest(self) -> Subscription:
        """The subscription that was made last."""
        [subscription] = self.engine.subscriptions(Page(self.count - 1, 1))
        return subscription


Ask = Callable[[str | bytes], Reply]


def _reply(response: requests.Response) -> Reply:
    require_valid(response.content)
    return Reply(response.status_code, response.headers["Content-Type"].partition(";")[0], response.content)


@pytest.fixture(scope="package")
def wps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wps]:
    """The service with an SOS at /sos; `documents` are served at /documents/{name}."""
    data = tmp_path_factory.mktemp("wps")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    store = Store(f"sqlite:///{data / 'weps.db'}")
    store.migrate()
    fetcher = Fetcher(frozenset({f"127.0.0.1:{port}"}), timeout=5)
    engine = Engine(store, SosFeeder(fetcher), {"insert-rss": _channel(fetcher, base)}, base)
    documents: dict[str, bytes] = {}
    app = Starlette(
        routes=[
            mount("/wps", create_app(engine, fetcher, base_url=base, data=data / "wps", body_limit=BODY_LIMIT)),
            mount("/tests/wps", _more_processes(engine, fetcher, base, data)),
            mount("/sos", create_sos(SosSettings(database=f"sqlite:///{data / 'sos.db'}"))),
            *_ogc_api(engine, base),
            Route("/documents/{name}", lambda request: _document(documents, request), methods=["GET", "POST"]),
            Route("/returned", _return, methods=["POST"]),
            Route("/elsewhere", lambda request: RedirectResponse("http://169.254.169.254/latest")),
        ]
    )
    with serving(app, port):
        (data / "series.csv").write_text(SERIES)
        load(data / "series.csv", f"{base}/sos")
        yield Wps(base, engine, documents)
    engine.close(5)
    store.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where PyWPS as it is has its temporary and stored files."""
    return tmp_path


@pytest.fixture
def stock(folder: Path) -> Iterator[Ask]:
    """PyWPS as it is."""
    configuration.load_configuration([str(folder / "none.cfg")])
    for option in ("workdir", "outputpath"):
        configuration.CONFIG.set("server", option, str(folder))
    configuration.CONFIG.set("server", "url", URL)
    # Its log of requests keeps those that failed or were forked as running for ever.
    for option in ("maxprocesses", "parallelprocesses"):
        configuration.CONFIG.set("server", option, "1000")
    configuration.CONFIG.set("logging", "level", "WARNING")
    client = Client(pywps.Service([StockEcho()]))

    def ask(request: str | bytes) -> Reply:
        if isinstance(request, str):
            answer = client.get(f"/wps?{request}")
        else:
            answer = client.post("/wps", data=request, content_type="text/xml")
        return Reply(answer.status_code, answer.mimetype, answer.get_data())

    yield ask
    configuration.load_configuration([str(Path(__file__).parents[3] / "pywps.cfg")])


@pytest.fixture
def mended(wps: Wps, tmp_path: Path) -> Ask:
    """Ours."""
    context = Context(wps.engine, Fetcher(), f"{wps.base}/sos")
    documents = StoredDocuments(tmp_path / "jobs", f"{URL}/jobs")
    binding = Wps10({SPEC.identifier: SPEC}, context, documents, URL, 1_000_000)

    def ask(request: str | bytes) -> Reply:
        try:
            read = decode_kvp(request) if isinstance(request, str) else decode_document(parse(request))
            answer = binding.answer(read)
        except WepsError as error:
            answer = write_exception(error)
        require_valid(answer.body)
        return Reply(answer.status, answer.media_type, answer.body)

    return ask


def _ogc_api(engine: Engine, base: str) -> list[Route]:
    processes = offered_processes(echo=True) | SLOW_PROCESSES
    context = Context(engine, Fetcher(frozenset({"127.0.0.1"}), timeout=5), f"{base}/sos")
    return create_ogc_api(processes, context, base_url=base, body_limit=BODY_LIMIT)


def _channel(fetcher: Fetcher, base: str) -> InsertRssChannel:
    def post(url: str, body: bytes, content_type: str) -> int:
        return fetcher.send(HttpRequest("POST", url, {"Content-Type": content_type}, body)).status

    return InsertRssChannel(post, f"{base}/alerts")


def _more_processes(engine: Engine, fetcher: Fetcher, base: str, data: Path) -> ASGIApp:
    """The service with the echo, and with processes that end when a test lets them."""
    return create_app(
        engine,
        fetcher,
        base_url=f"{base}/tests",
        data=data / "tests",
        sos_endpoint=f"{base}/sos",
        body_limit=BODY_LIMIT,
        processes=offered_processes(echo=True) | SLOW_PROCESSES,
    )


async def _return(request: Request) -> Response:
    return Response(await request.body())


def _document(documents: dict[str, bytes], request: Request) -> Response:
    document = documents.get(request.path_params["name"])
    return PlainTextResponse("no such document", 404) if document is None else Response(document)


@contextmanager
def serving(app: ASGIApp, port: int) -> Iterator[None]:
    """Serve an application on loopback, as `weps serve` does."""
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve(),), daemon=True)
    thread.start()
    wait_for(lambda: is_taken(port))
    yield
    loop.call_soon_threadsafe(server.stop)
    join([thread])


THRESHOLD_RULE = (
    '{"type": "threshold", "procedure": "p1", "observedProperty": "AirTemperature",'
    ' "condition": "greaterThan", "threshold": 30.6}'
)


@pytest.fixture
def client(wps) -> Client20:
    """A client of WPS 2.0."""
    return Client20(wps.url)
