"""
Reading many sources: how often they are asked, what it costs to know who is due, memory, and catching up.

The sources are a feeder of this file that has what it is told: what is measured is the engine with its rules and its
store on SQLite. What decoding costs is measured by `decoding`, a poll over HTTP by `polls`, all of the way by `delay`.
"""

from __future__ import annotations

import gc
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil

from benchmarks.frame import Line, Scale, Target, at_most, require_equal
from weps.engine import Engine
from weps.feeders.base import Batch
from weps.model import NewSubscription, Observation, RuleText, Source
from weps.rules.languages import THRESHOLD
from weps.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_time_of = attrgetter("phenomenon_time")
MANY, SOURCES = 10_000, 100
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
RULE = RuleText(THRESHOLD, '{"type": "threshold", "condition": "greaterThan", "threshold": 30}')
LOOKS_A_SECOND = 5
_MEGABYTE = 2**20


class Told:
    """Sources that have what they were told, by their endpoints and in the order of its time."""

    def __init__(self) -> None:
        self.observations: dict[str, list[Observation]] = {}
        self.asked: Counter[str] = Counter()

    def fetch(self, source: Source, begin: datetime, end: datetime) -> Batch:
        self.asked[source.endpoint] += 1
        found = self.observations.get(source.endpoint, ())
        first = bisect_left(found, begin, key=_time_of)
        return Batch(tuple(found[first : bisect_right(found, end, lo=first, key=_time_of)]))

    def latest(self, source: Source) -> Batch:
        return Batch(tuple(self.observations.get(source.endpoint, ()))[-1:])

    def counts(self, source: Source) -> None:
        return None

    def series_exists(self, source: Source) -> bool:
        return True

    def evidence_url(self, source: Source, begin: datetime, end: datetime) -> str | None:
        return None

    def tell(self, source: Source, time: datetime, value: float) -> None:
        self.observations.setdefault(source.endpoint, []).append(observation(source.endpoint, time, value))


def observation(procedure: str, time: datetime, value: float) -> Observation:
    return Observation(time, procedure, "level", "here", value, "m", id=f"{procedure}|{time.isoformat()}")


def source(number: int) -> Source:
    return Source("kvp", f"http://sos.example/{number}", "request=GetObservation&service=SOS&version=2.0.0")


def run(scale: Scale) -> list[Line]:
    """Measure each with as many subscriptions and sources as the scale says."""
    return [*_shared(scale), *_many_feeds(scale), *_catching_up(scale)]


@contextmanager
def _engine(told: Told, clock: Callable[[], datetime]) -> Iterator[Engine]:
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'weps.db'}")
        store.migrate()
        engine = Engine(store, told, {}, "http://weps.example", clock=clock, first_look=60)
        try:
            yield engine
        finally:
            engine.close(5)
            store.dispose()


def _subscribe(engine: Engine, number: int, rate: timedelta, start: datetime | None = None) -> str:
    return engine.subscribe(NewSubscription(RULE, source(number), rate, start=start)).id


def _shared(scale: Scale) -> list[Line]:
    """Count what is asked in one interval."""
    told, now = Told(), [BEGIN]
    subscriptions, sources = scale.of(MANY), scale.of(SOURCES)
    with _engine(told, lambda: now[0]) as engine:
        for number in range(subscriptions):
            _subscribe(engine, number % sources, timedelta(minutes=10))
        now[0] += timedelta(minutes=10)
        _poll_due(engine)
        told.asked.clear()
        now[0] += timedelta(minutes=10)
        _poll_due(engine)
    name = f"requests in an interval, {subscriptions} subscriptions on {sources} sources"
    exactly = Target(sources)
    require_equal("the requests of an interval", sources, told.asked.total())
    return [Line(name, told.asked.total(), "", told.asked.total(), "requests", target=exactly)]


def _many_feeds(scale: Scale) -> list[Line]:
    """Look who is due among many feeds of which none is, and see what they hold in memory."""
    told, now = Told(), [BEGIN]
    feeds = scale.of(MANY)
    process = psutil.Process()
    with _engine(told, lambda: now[0]) as engine:
        gc.collect()
        before = process.memory_info().rss
        for number in range(feeds):
            told.tell(source(number), BEGIN - timedelta(minutes=1), 20)
            _subscribe(engine, number, timedelta(minutes=10))
        gc.collect()
        held = process.memory_info().rss - before
        looks = 200
        began = time.process_time()
        for _ in range(looks):
            require_equal("the feeds that are due", 0, len(engine.due_feeds()))
        look = (time.process_time() - began) / looks
        engine.store.due_feeds(now[0] + timedelta(hours=1), limit=1000)
        began = time.process_time()
        for _ in range(10):
            engine.store.due_feeds(now[0] + timedelta(hours=1), limit=1000)
        due = (time.process_time() - began) / 10 / 1000
    share = 100 * (LOOKS_A_SECOND * look + due * feeds / timedelta(minutes=10).total_seconds())
    return [
        Line(
            f"knowing who is due of {feeds} feeds, each every 10 min",
            look * 1e6,
            "µs",
            share,
            "% of a core",
            target=at_most(10),
        ),
        Line(f"memory with {feeds} feeds", held / _MEGABYTE, "MB", 1024 * held / _MEGABYTE / feeds, "kB a feed"),
    ]


def _catching_up(scale: Scale) -> list[Line]:
    """Read a year of hourly data of a hundred series, and tell what crossed the threshold."""
    hours, series = 24 * 365 // scale.divisor, 100
    told, end = Told(), BEGIN + timedelta(hours=hours)
    told.observations[source(0).endpoint] = [
        observation(f"ws{number}", BEGIN + timedelta(hours=hour), 31 if (hour + number) % 100 == 0 else 20)
        for hour in range(hours)
        for number in range(series)
    ]
    with _engine(told, lambda: end) as engine:
        began = time.process_time()
        identifier = _subscribe(engine, 0, timedelta(hours=1), start=BEGIN)
        engine.poll(engine.subscription(identifier).feed_id)
        spent = time.process_time() - began
        alerts = engine.subscription(identifier).alert_count
    crossings = sum(
        1 + (hour + 1 < hours) for number in range(series) for hour in range(hours) if (hour + number) % 100 == 0
    )
    require_equal("the alerts of a year", crossings, alerts)
    name = f"catching up {hours} hours of {series} series, without decoding"
    return [Line(name, spent, "s", spent / (hours * series) * 1e6, "µs an observation")]


def _poll_due(engine: Engine) -> None:
    while due := engine.due_feeds():
        for feed in due:
            engine.poll(feed.id)
