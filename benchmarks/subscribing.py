"""Execute of weps:Subscribe through HTTP: CPU of the whole server for each subscription that it stores."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, compare, require_equal
from benchmarks.server import SOS, Server, serving
from weps.client import ComplexInput, decode_response, encode_execute

_PING = "an HTTP request that does nothing (/healthz)"
_XML = {"Content-Type": "text/xml"}


def run(scale: Scale) -> list[Line]:
    """Subscribe again and again to one source, each time to another threshold."""
    with TemporaryDirectory() as folder, serving(Path(folder)) as server:
        server.insert_sensor()
        server.insert(0, 10)
        numbers = count(1)
        feeds = {_subscribe(server, next(numbers)) for _ in range(3)}
        require_equal("the different feeds of three subscriptions", 3, len(feeds))
        for feed in feeds:
            require_equal("that a feed is RSS", True, b"<rss" in server.ask(feed.removeprefix(server.url)))
        return compare(
            [
                Case(_PING, lambda: server.ask("/healthz"), clock=server.cpu_seconds),
                Case(
                    "an Execute of weps:Subscribe",
                    lambda: _subscribe(server, next(numbers)),
                    clock=server.cpu_seconds,
                    against=_PING,
                ),
            ],
            scale,
        )


def _subscribe(server: Server, number: int) -> str:
    rule = {"type": "threshold", "condition": "greaterThan", "threshold": number, "uom": station.UNIT}
    inputs: dict[str, str | ComplexInput] = {
        "rule": ComplexInput(json.dumps(rule), "application/json"),
        "getObservationTemplate": f"{server.url}{SOS}?service=SOS&version=2.0.0&request=GetObservation"
        f"&offering={station.OFFERING}&observedProperty={station.PROPERTY}",
        "samplingRate": "PT1H",
    }
    body = encode_execute("weps:Subscribe", inputs, {"subscriptionId": None, "feed": None})
    return decode_response(server.ask("/wps", body, _XML), server.url)["feed"]
