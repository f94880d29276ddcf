"""Execute of weps:Subscribe through HTTP: CPU of the whole server for each subscription that it stores."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, compare, require_equal
from benchmarks.server import NOTHING, XML, Server, serving
from weps.client import ComplexInput, decode_response, encode_execute

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(scale: Scale) -> list[Line]:
    """Subscribe again and again to one source, each time to another threshold."""
    with TemporaryDirectory() as folder, serving(Path(folder)) as server:
        server.insert_sensor()
        server.insert(0, 10)
        numbers = count(1)
        feeds = {subscribe(server, next(numbers))["feed"] for _ in range(3)}
        require_equal("the different feeds of three subscriptions", 3, len(feeds))
        for feed in feeds:
            require_equal("that a feed is RSS", True, b"<rss" in server.ask(feed.removeprefix(server.url)))
        return compare(
            [
                server.doing_nothing(),
                Case(
                    "an Execute of weps:Subscribe",
                    lambda: subscribe(server, next(numbers)),
                    clock=server.cpu_seconds,
                    against=NOTHING,
                ),
            ],
            scale,
        )


def subscribe(server: Server, threshold: float, every: str = "PT1H") -> dict[str, str]:
    """Subscribe to the sensor of the benchmarks; gives the identifier and the feed."""
    rule = {"type": "threshold", "condition": "greaterThan", "threshold": threshold, "uom": station.UNIT}
    inputs: dict[str, str | ComplexInput] = {
        "rule": ComplexInput(json.dumps(rule), "application/json"),
        "getObservationTemplate": server.template(),
        "samplingRate": every,
    }
    return execute(server, "weps:Subscribe", inputs, {"subscriptionId": None, "feed": None})


def execute(
    server: Server, process: str, inputs: Mapping[str, str | ComplexInput], outputs: Mapping[str, str | None]
) -> dict[str, str]:
    """Run a process over the connection that stays open."""
    return decode_response(server.ask("/wps", encode_execute(process, inputs, outputs), XML), server.url)
