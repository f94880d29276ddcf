"""
Execute of weps:Subscribe and DescribeProcess in both versions of WPS, beside PyWPS as it is with the same process.

All run in this process, without HTTP: an ASGI or WSGI application is called with a request. All store subscriptions by
the same handler in the same database, to one source that is not asked meanwhile.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pywps
from pywps import configuration

from benchmarks.frame import Case, Line, Scale, at_least, compare, require_equal
from weps.engine import Engine
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.processes.base import Context, Text
from weps.processes.face import create_app
from weps.processes.inputs import check_inputs
from weps.processes.subscribe import SUBSCRIBE
from weps.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

_URL = "http://127.0.0.1:9/wps"
_INPUTS = {"condition": "greaterThan", "samplingRate": "PT1H", "startTime": "2026-01-01T00:00:00Z"}
_OUTPUTS = ("subscriptionId", "feed")
_OPEN_10 = 'service="WPS" version="1.0.0" xmlns:wps="http://www.opengis.net/wps/1.0.0" xmlns:ows="http://www.opengis.net/ows/1.1"'
_OPEN_20 = 'service="WPS" version="2.0.0" xmlns:wps="http://www.opengis.net/wps/2.0" xmlns:ows="http://www.opengis.net/ows/2.0"'
_IDENTIFIER = "<ows:Identifier>weps:Subscribe</ows:Identifier>"
_DESCRIBE_10 = f"<wps:DescribeProcess {_OPEN_10}>{_IDENTIFIER}</wps:DescribeProcess>".encode()
_DESCRIBE_20 = f"<wps:DescribeProcess {_OPEN_20}>{_IDENTIFIER}</wps:DescribeProcess>".encode()

Ask = Callable[[bytes], bytes]


def run(scale: Scale) -> list[Line]:
    """Subscribe again and again, each time to another threshold; describe the process that does it."""
    with TemporaryDirectory() as folder, _applications(Path(folder)) as (ours, stock, engine):
        thresholds = count(1)
        before = engine.count_subscriptions()
        for ask, request in ((stock, _execute_10), (ours, _execute_10), (ours, _execute_20)):
            answer = ask(request(next(thresholds)))
            require_equal("that an answer names a feed", True, b"/feeds/" in answer)
        require_equal("the subscriptions that were made", before + 3, engine.count_subscriptions())
        for ask, request in ((stock, _DESCRIBE_10), (ours, _DESCRIBE_10), (ours, _DESCRIBE_20)):
            require_equal("that a description names the sampling rate", True, b"samplingRate" in ask(request))
        stock_execute, stock_describe = "Execute: PyWPS as it is", "DescribeProcess: PyWPS as it is"
        return compare(
            [
                Case(stock_execute, lambda: stock(_execute_10(next(thresholds)))),
                Case(
                    "Execute of weps:Subscribe, WPS 1.0.0",
                    lambda: ours(_execute_10(next(thresholds))),
                    against=stock_execute,
                    target=at_least(5),
                ),
                Case(
                    "Execute of weps:Subscribe, WPS 2.0",
                    lambda: ours(_execute_20(next(thresholds))),
                    against=stock_execute,
                    target=at_least(5),
                ),
                Case(stock_describe, lambda: stock(_DESCRIBE_10)),
                Case("DescribeProcess, WPS 1.0.0", lambda: ours(_DESCRIBE_10), against=stock_describe),
                Case("DescribeProcess, WPS 2.0", lambda: ours(_DESCRIBE_20), against=stock_describe),
            ],
            scale,
        )


def _execute_10(threshold: int) -> bytes:
    inputs = "".join(
        f"<wps:Input><ows:Identifier>{name}</ows:Identifier><wps:Data><wps:LiteralData>{text}</wps:LiteralData>"
        "</wps:Data></wps:Input>"
        for name, text in (_INPUTS | {"threshold": str(threshold)}).items()
    )
    outputs = "".join(f"<wps:Output><ows:Identifier>{name}</ows:Identifier></wps:Output>" for name in _OUTPUTS)
    return (
        f"<wps:Execute {_OPEN_10}>{_IDENTIFIER}<wps:DataInputs>{inputs}</wps:DataInputs><wps:ResponseForm>"
        f"<wps:ResponseDocument>{outputs}</wps:ResponseDocument></wps:ResponseForm></wps:Execute>"
    ).encode()


def _execute_20(threshold: int) -> bytes:
    inputs = "".join(
        f'<wps:Input id="{name}"><wps:Data><wps:LiteralValue>{text}</wps:LiteralValue></wps:Data></wps:Input>'
        for name, text in (_INPUTS | {"threshold": str(threshold)}).items()
    )
    outputs = "".join(f'<wps:Output id="{name}" transmission="value"/>' for name in _OUTPUTS)
    return (
        f'<wps:Execute {_OPEN_20} mode="sync" response="document">{_IDENTIFIER}{inputs}{outputs}</wps:Execute>'
    ).encode()


@contextmanager
def _applications(folder: Path) -> Iterator[tuple[Ask, Ask, Engine]]:
    store = Store(f"sqlite:///{folder / 'weps.db'}")
    store.migrate()
    fetcher = Fetcher(frozenset({"127.0.0.1:9"}))
    engine = Engine(store, SosFeeder(fetcher), {}, "http://127.0.0.1:9")
    face = create_app(engine, fetcher, base_url="http://127.0.0.1:9", data=folder / "jobs")
    stock = pywps.Service([_stock_process(Context(engine, fetcher, "http://127.0.0.1:9/sos"))])
    for option in ("workdir", "outputpath"):
        configuration.CONFIG.set("server", option, str(folder))
    configuration.CONFIG.set("server", "url", _URL)
    # Its log of requests is one for the whole process, and keeps what others left there as running for ever.
    for option in ("maxprocesses", "parallelprocesses"):
        configuration.CONFIG.set("server", option, "1000")
    loop = asyncio.new_event_loop()
    try:
        yield _asgi(face, loop), _wsgi(stock), engine
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        engine.close(5)
        store.dispose()


def _stock_process(context: Context) -> pywps.Process:
    """Give the process as PyWPS has it: its inputs and outputs are those that are asked for here."""

    def handle(request: Any, response: Any) -> Any:
        given = {name: [Text(str(values[0].data))] for name, values in request.inputs.items()}
        outputs = SUBSCRIBE.handler(check_inputs(SUBSCRIBE, given), context)
        for name in _OUTPUTS:
            response.outputs[name].data = outputs[name]
        return response

    return pywps.Process(
        handle,
        SUBSCRIBE.identifier,
        SUBSCRIBE.title,
        abstract=SUBSCRIBE.abstract,
        version=SUBSCRIBE.version,
        inputs=[
            pywps.LiteralInput(spec.identifier, spec.title, data_type="string", abstract=spec.abstract, min_occurs=0)
            for spec in SUBSCRIBE.inputs
        ],
        outputs=[pywps.LiteralOutput(name, name, data_type="string") for name in _OUTPUTS],
        store_supported=True,
        status_supported=True,
    )


def _asgi(application: Any, loop: asyncio.AbstractEventLoop) -> Ask:
    async def call(body: bytes) -> bytes:
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            parts.append(message.get("body", b""))

        headers = [(b"content-type", b"text/xml"), (b"content-length", str(len(body)).encode())]
        scope = {"type": "http", "method": "POST", "path": "", "query_string": b"", "headers": headers}
        await application(scope, receive, send)
        return b"".join(parts)

    return lambda body: loop.run_until_complete(call(body))


def _wsgi(application: Any) -> Ask:
    def ask(body: bytes) -> bytes:
        environment = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/wps",
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "9",
            "CONTENT_TYPE": "text/xml",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
        }
        return b"".join(application(environment, lambda status, headers, info=None: None))

    return ask
