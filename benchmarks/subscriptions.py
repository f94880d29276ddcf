"""
Ten thousand subscriptions to one source of a running service: made, listed page by page, restarted with it, cancelled.

All goes over HTTP as clients do it. Each step is timed for the first tenth and for the last: nothing may cost more
because there are many already.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.frame import Line, Scale, WrongAnswer, at_most, require_equal
from benchmarks.server import SOS, Server, serving
from sos_server.codecs.xml import parse
from weps.client import ComplexInput, decode_response, encode_execute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MANY = 10_000
LIMIT = 50
STEADY = at_most(1.5)
_READINGS = 10
_FIRING = 10.0
_SECONDS_TO_ALERT = 60
_MEGABYTE = 1024 * 1024
_XML = {"Content-Type": "text/xml"}
_ID = "{urn:weps:subscription:1}Id"


def run(scale: Scale) -> list[Line]:
    """Make, list, restart and cancel them; one more tells when the service works again."""
    count = scale.of(MANY, 20)
    with TemporaryDirectory() as folder:
        data = Path(folder)
        with serving(data) as server:
            server.insert_sensor()
            server.insert(0, _READINGS)
            witness = _subscribe(server, _FIRING)
            _await_alerts(server, witness["feed"], 0)
            small = server.peak_memory()
            identifiers: list[str] = []
            made = _tenths(
                server, count, lambda number: identifiers.append(_subscribe(server, 1000 + number)["subscriptionId"])
            )
            listed = _list(server, [witness["subscriptionId"], *identifiers])
            large = server.peak_memory()
            alerts = _alerts(server, witness["feed"])
        began = time.monotonic()
        with serving(data, server.port) as server:
            ready = time.monotonic() - began
            server.insert(_READINGS, 3 * _READINGS)
            _await_alerts(server, witness["feed"], alerts)
            restarted = server.cpu_seconds()
            cancelled = _tenths(server, count, lambda number: _cancel(server, identifiers[number]))
            require_equal("the active ones", 1, _total(server, "active"))
            require_equal("the cancelled ones", count, _total(server, "cancelled"))
    return [
        _line(f"an Execute of weps:Subscribe, of {count}", made),
        _line(f"a page of {LIMIT}, of {count} subscriptions", listed),
        Line(
            f"peak memory, with {count} subscriptions", large / _MEGABYTE, "MB", (large - small) / count, "bytes each"
        ),
        Line(f"from a restart with {count} until it answers", ready, "s"),
        Line("… until its first alert, for each", restarted / count * 1e6),
        _line(f"an Execute of weps:Unsubscribe, of {count}", cancelled),
    ]


def _subscribe(server: Server, threshold: float) -> dict[str, str]:
    rule = {"type": "threshold", "condition": "greaterThan", "threshold": threshold, "uom": station.UNIT}
    template = (
        f"{server.url}{SOS}?service=SOS&version=2.0.0&request=GetObservation"
        f"&offering={station.OFFERING}&observedProperty={station.PROPERTY}"
    )
    return _execute(
        server,
        "weps:Subscribe",
        {
            "rule": ComplexInput(json.dumps(rule), "application/json"),
            "getObservationTemplate": template,
            "samplingRate": "PT1S",
        },
        {"subscriptionId": None, "feed": None},
    )


def _cancel(server: Server, identifier: str) -> None:
    _execute(server, "weps:Unsubscribe", {"subscriptionId": identifier}, {"info": None})


def _list(server: Server, expected: Sequence[str]) -> tuple[float, float]:
    found: list[str] = []

    def page(_number: int) -> None:
        inputs = {"limit": str(LIMIT)} | ({"after": found[-1]} if found else {})
        document = _execute(server, "weps:ListSubscriptions", inputs, {"subscriptions": "text/xml"})["subscriptions"]
        found.extend(str(element.text) for element in parse(document.encode()).iter(_ID))

    costs = _tenths(server, -(-len(expected) // LIMIT), page)
    require_equal("the subscriptions on all pages", sorted(expected), sorted(found))
    return costs


def _total(server: Server, status: str) -> int:
    return int(_execute(server, "weps:ListSubscriptions", {"status": status, "limit": "1"}, {"total": None})["total"])


def _execute(
    server: Server, process: str, inputs: Mapping[str, str | ComplexInput], outputs: Mapping[str, str | None]
) -> dict[str, str]:
    return decode_response(server.ask("/wps", encode_execute(process, inputs, outputs), _XML), server.url)


def _alerts(server: Server, feed: str) -> int:
    return server.ask(feed.removeprefix(server.url)).count(b"<item>")


def _await_alerts(server: Server, feed: str, before: int) -> None:
    """Wait until a feed has more alerts than before."""
    until = time.monotonic() + _SECONDS_TO_ALERT
    while _alerts(server, feed) <= before:
        if time.monotonic() > until:
            raise WrongAnswer(f"no new alert within {_SECONDS_TO_ALERT} s")
        time.sleep(0.1)


def _tenths(server: Server, times: int, do: Callable[[int], object]) -> tuple[float, float]:
    """Do something so many times; gives the CPU seconds of the server for one in the first tenth, and in the last."""
    tenth = max(times // 10, 1)
    marks = {}
    for number in range(times + 1):
        if number in {0, tenth, times - tenth, times}:
            marks[number] = server.cpu_seconds()
        if number < times:
            do(number)
    return (marks[tenth] - marks[0]) / tenth, (marks[times] - marks[times - tenth]) / tenth


def _line(name: str, costs: tuple[float, float]) -> Line:
    first, last = costs
    relation = "times the cost of the first tenth"
    return Line(name, last * 1e6, figure=last / max(first, 1e-9), relation=relation, target=STEADY)
