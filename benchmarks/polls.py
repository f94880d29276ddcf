"""
A poll of one feed: the engine with its store, the feeder over HTTP, a threshold rule. The SOS is another process.

A sensor that observes every quarter of an hour; as the settings are by default, each poll asks for the last day once
more, so that what came late is not lost. So a poll with nothing new reads 96 observations that it knows already.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import requests
from lxml import etree

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, compare, require_equal
from benchmarks.http import get_observation
from benchmarks.server import Server, serving
from weps.engine import Engine
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp
from weps.model import NewSubscription, Page, RuleText, Subscription
from weps.rules.languages import THRESHOLD
from weps.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVEL = 25.0
A_DAY = 96


class Polling:
    """An engine with one subscription; its clock stands at the newest observation that was published."""

    def __init__(self, server: Server, data: Path) -> None:
        self.published = 0
        self._server = server
        self.store = Store(f"sqlite:///{data / 'polls.db'}")
        self.store.migrate()
        host = f"127.0.0.1:{server.port}"
        self.engine = Engine(
            self.store, SosFeeder(Fetcher(frozenset({host}))), {}, "http://weps.example.org", clock=self.now
        )

    def now(self) -> datetime:
        """Give the time: that of the newest observation, and a minute."""
        return station.BEGIN + self.published * station.QUARTER + timedelta(minutes=1)

    def publish(self, number: int) -> None:
        """Publish so many new observations; time moves on with them."""
        self._server.insert(self.published, number)
        self.published += number

    def subscribe(self) -> Subscription:
        """Subscribe to a threshold that is crossed now and then."""
        rule = json.dumps({"type": "threshold", "condition": "greaterThan", "threshold": LEVEL, "uom": station.UNIT})
        source = read_kvp(self._server.template())
        return self.engine.subscribe(
            NewSubscription(RuleText(THRESHOLD, rule), source, sampling_rate=timedelta(minutes=1))
        )

    def check(self, subscription: Subscription, first: int) -> None:
        """Refuse to go on where a poll failed or the alerts are not those of the values."""
        require_equal("failed polls", 0, self.store.feed(subscription.feed_id).failures)
        alerts = self.store.alerts(subscription.id, Page(0, 1_000_000))
        require_equal("the alerts", self.crossings(first), [alert.phenomenon_time for alert in alerts][::-1])

    def crossings(self, first: int) -> list[datetime]:
        """Give the times from the so-many-th observation on at which the threshold begins or ceases to be exceeded."""
        above = [station.value(number) > LEVEL for number in range(self.published)]
        return [
            station.observation(number).phenomenon_time
            for number in range(first, self.published)
            if above[number] != above[number - 1]
        ]


def run(scale: Scale) -> list[Line]:
    """Poll with nothing new and with a hundred new observations."""
    new = scale.of(100, least=10)
    with TemporaryDirectory() as folder, _polling(Path(folder)) as polling:
        polling.publish(A_DAY + 4)
        first = polling.published
        subscription = polling.subscribe()
        feed_id = subscription.feed_id
        for _ in range(2):
            polling.publish(new)
            polling.engine.poll(feed_id)
        polling.engine.poll(feed_id)
        polling.check(subscription, first)
        session = requests.Session()

        def bare() -> None:
            known = get_observation(polling.published - A_DAY - 1, A_DAY + 1)
            etree.fromstring(session.get(f"{polling._server.url}{known}", timeout=60).content)

        baseline = "a bare requests.get of 97 observations and fromstring"
        lines = compare(
            [
                Case(baseline, bare),
                Case("a poll with nothing new", lambda: polling.engine.poll(feed_id), against=baseline),
            ],
            scale,
        )
        before = len(polling.crossings(first)), polling.published
        name = f"a poll with {new} new observations"
        with_new = Case(name, lambda: polling.engine.poll(feed_id), prepare=lambda: polling.publish(new))
        lines += compare([with_new], scale)
        # a poll that fails is noted by the engine, not raised: what was timed is checked afterwards as well
        polling.check(subscription, first)
        crossings = len(polling.crossings(first)) - before[0]
        alerts = crossings * new / (polling.published - before[1])
        return [*lines[:-1], replace(lines[-1], name=f"{name} and {alerts:.0f} alerts")]


@contextmanager
def _polling(folder: Path) -> Iterator[Polling]:
    (folder / "data").mkdir()
    with serving(folder / "data") as server:
        server.insert_sensor()
        polling = Polling(server, folder)
        try:
            yield polling
        finally:
            polling.engine.close(5)
            polling.store.dispose()
