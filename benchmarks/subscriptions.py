"""
Ten thousand subscriptions to one source of a running service: made, listed page by page, restarted with it, cancelled.

All goes over HTTP as clients do it. Each step is timed for the first tenth and for the last: nothing may cost more
because there are many already.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.frame import Line, Scale, WrongAnswer, at_most, require_equal
from benchmarks.server import Server, serving
from benchmarks.subscribing import execute, subscribe
from sos_server.codecs.xml import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MANY = 10_000
LIMIT = 50
STEADY = at_most(1.5)
_READINGS = 10
_FIRING = 10.0
_SECONDS_TO_ALERT = 60
_MEGABYTE = 1024 * 1024
_ID = "{urn:weps:subscription:1}Id"


def run(scale: Scale) -> list[Line]:
    """Make, list, restart and cancel them; one more tells when the service works again."""
    count = scale.of(MANY, 20)
    with TemporaryDirectory() as folder:
        data = Path(folder)
        with serving(data) as server:
            server.insert_sensor()
            server.insert(0, _READINGS)
            witness = subscribe(server, _FIRING, "PT1S")
            _await_alerts(server, witness["feed"], 0)
            small = server.peak_memory()
            identifiers: list[str] = []

            def make(number: int) -> None:
                identifiers.append(subscribe(server, 1000 + number, "PT1S")["subscriptionId"])

            made = _tenths(server, count, make)
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
        _line(f"an Execute of weps:Subscribe, the last tenth of {count}", made),
        _line(f"a page of {LIMIT}, the last tenth of {count} subscriptions", listed),
        Line(
            f"peak memory, with {count} subscriptions", large / _MEGABYTE, "MB", (large - small) / count, "bytes each"
        ),
        Line(f"from a restart with {count} until it answers", ready, "s"),
        Line("… until its first alert, CPU of the service", restarted, "s"),
        _line(f"an Execute of weps:Unsubscribe, the last tenth of {count}", cancelled),
    ]


def _cancel(server: Server, identifier: str) -> None:
    execute(server, "weps:Unsubscribe", {"subscriptionId": identifier}, {"info": None})


def _list(server: Server, expected: Sequence[str]) -> tuple[float, float]:
    found: list[str] = []

    def page(_number: int) -> None:
        inputs = {"limit": str(LIMIT)} | ({"after": found[-1]} if found else {})
        document = execute(server, "weps:ListSubscriptions", inputs, {"subscriptions": "text/xml"})["subscriptions"]
        found.extend(str(element.text) for element in parse(document.encode()).iter(_ID))

    costs = _tenths(server, -(-len(expected) // LIMIT), page)
    require_equal("the subscriptions on all pages", sorted(expected), sorted(found))
    return costs


def _total(server: Server, status: str) -> int:
    return int(execute(server, "weps:ListSubscriptions", {"status": status, "limit": "1"}, {"total": None})["total"])


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
