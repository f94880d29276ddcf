"""
Ten thousand subscriptions to one source: made, listed page by page, restarted with the engine, cancelled.

Each step is timed for the first tenth and for the last: nothing may cost more because there are many already.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.frame import Line, Scale, at_most, require_equal
from benchmarks.server import SOS, Server, serving
from weps.engine import Engine
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp
from weps.model import NewSubscription, Page, RuleText, SubscriptionStatus
from weps.rules.languages import THRESHOLD
from weps.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANY = 10_000
LIMIT = 50
STEADY = at_most(1.5)


@dataclass(frozen=True, slots=True)
class Crowd:
    """A store with many subscriptions to one source."""

    server: Server
    store: Store

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Give an engine that remembers nothing."""
        feeder = SosFeeder(Fetcher(frozenset({f"127.0.0.1:{self.server.port}"})))
        engine = Engine(self.store, feeder, {}, "http://weps.example.org", clock=lambda: station.BEGIN)
        yield engine
        engine.close(5)

    def new(self, number: int) -> NewSubscription:
        """Give the so-many-th wish; no two thresholds are equal."""
        rule = {"type": "threshold", "condition": "greaterThan", "threshold": 1000 + number, "uom": station.UNIT}
        template = (
            f"{self.server.url}{SOS}?service=SOS&version=2.0.0&request=GetObservation"
            f"&offering={station.OFFERING}&observedProperty={station.PROPERTY}"
        )
        return NewSubscription(RuleText(THRESHOLD, json.dumps(rule)), read_kvp(template), timedelta(minutes=1))


def run(scale: Scale) -> list[Line]:
    """Make, list, restart and cancel them."""
    count = scale.of(MANY, 20)
    with TemporaryDirectory() as folder, serving(Path(folder)) as server:
        server.insert_sensor()
        store = Store(f"sqlite:///{Path(folder) / 'crowd.db'}")
        store.migrate()
        crowd = Crowd(server, store)
        with crowd.engine() as engine:
            identifiers: list[str] = []
            engine.subscribe(crowd.new(0))
            made = _tenths(count, lambda number: identifiers.append(engine.subscribe(crowd.new(number)).id))
            require_equal("the number of subscriptions", count + 1, engine.count_subscriptions())
        listed = _list(crowd, count)
        with crowd.engine() as engine:
            restarted = _seconds(lambda: engine.poll(engine.subscription(identifiers[0]).feed_id))
            cancelled = _tenths(count, lambda number: engine.cancel(identifiers[number]))
            require_equal("the active ones", 1, engine.count_subscriptions(SubscriptionStatus.ACTIVE))
            after = _seconds(lambda: engine.poll(engine.subscription(identifiers[0]).feed_id))
        store.dispose()
    return [
        _line(f"a subscription, of {count}", made),
        _line(f"a page of {LIMIT}, of {count} subscriptions", listed),
        Line(f"the first poll after a restart, for each of {count}", restarted / count * 1e6),
        _line(f"a cancellation, of {count}", cancelled),
        Line(f"the next poll, for each of {count} cancelled", after / count * 1e6),
    ]


def _list(crowd: Crowd, count: int) -> tuple[float, float]:
    found: list[str] = []

    def page(_number: int) -> None:
        after = found[-1] if found else None
        found.extend(each.id for each in engine.subscriptions(Page(limit=LIMIT, after=after)))

    with crowd.engine() as engine:
        costs = _tenths(-(-(count + 1) // LIMIT), page)
    require_equal("the subscriptions on all pages", count + 1, len(set(found)))
    return costs


def _tenths(times: int, do: Callable[[int], object]) -> tuple[float, float]:
    """Do something so many times; gives the CPU seconds of one in the first tenth, and of one in the last."""
    seconds = [_seconds(lambda number=number: do(number)) for number in range(times)]  # type: ignore[misc]
    tenth = max(times // 10, 1)
    # Half of them may have met a clean-up of memory or of the database.
    return sorted(seconds[:tenth])[tenth // 2], sorted(seconds[-tenth:])[tenth // 2]


def _seconds(do: Callable[[], object]) -> float:
    begin = time.process_time()
    do()
    return time.process_time() - begin


def _line(name: str, costs: tuple[float, float]) -> Line:
    first, last = costs
    relation = "times the cost of the first tenth"
    return Line(name, last * 1e6, figure=last / max(first, 1e-9), relation=relation, target=STEADY)
