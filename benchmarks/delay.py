"""
How long an observation takes from the SOS to the feed: ten thousand subscriptions on a hundred sensors.

All of it is real: the SOS is a process of its own that is published to and polled over HTTP, the service another. The
clock runs from when the SOS has acknowledged an observation to when the alerts of all who watch it are committed, which
is when their feeds show them.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.frame import Line, Scale, WrongAnswer, at_most, require_equal
from benchmarks.server import SOS, XML, Server, serving, serving_sos
from sos_server.codecs.sensorml import encode_description
from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import OM_MEASUREMENT, SAMPLING_POINT, Offering
from sos_server.requests import InsertObservation, InsertSensor
from weps.feeders.template import read_kvp
from weps.model import NewSubscription, RuleText
from weps.rules.languages import THRESHOLD
from weps.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weps.model import Subscription

MANY, SENSORS = 10_000, 100
RULE = RuleText(THRESHOLD, '{"type": "threshold", "condition": "greaterThan", "threshold": 50, "uom": "Cel"}')
_ALLOWED = 'allowed_hosts = ["127.0.0.1"]\n'
_SECONDS_BETWEEN_LOOKS = 0.05
_SECONDS_TO_BEGIN = 120.0


def run(scale: Scale) -> list[Line]:
    """Let the service poll every ten seconds, and publish one observation of each sensor meanwhile."""
    subscriptions, sensors = scale.of(MANY), scale.of(SENSORS)
    interval = timedelta(seconds=10 if scale.full else 1)
    with TemporaryDirectory() as folder, serving_sos(_made(folder, "sos")) as sos:
        data = _made(folder, "weps")
        (data / "config").mkdir()
        (data / "config" / "weps.toml").write_text(_ALLOWED)
        made = _subscribe(data, sos, subscriptions, sensors, interval)
        for number in range(sensors):
            _register(sos, number)
        with serving(data) as server, closing(sqlite3.connect(data / "weps.db")) as database:
            _await_polls(database, sos, sensors)
            spent, began = server.cpu_seconds(), time.monotonic()
            delays = _publish_and_watch(database, sos, [made[number].feed_id for number in range(sensors)], interval)
            share = 100 * (server.cpu_seconds() - spent) / (time.monotonic() - began)
            (alerts,) = database.execute("SELECT count(*) FROM alerts").fetchone()
            require_equal("the alerts", subscriptions, alerts)
            require_equal("the items of a feed", 1, server.ask(f"/feeds/{made[-1].token}.rss").count(b"<item>"))
    late = sorted(delays)[(99 * len(delays) - 1) // 100]
    every = f"every {interval.total_seconds():g} s"
    return [
        Line(
            f"inserted to alert in the feed, {subscriptions} subscriptions on {sensors} feeds {every}",
            median(delays),
            "s",
            late,
            "s is the 99th percentile",
            target=at_most(interval.total_seconds() + 1),
        ),
        Line("the service meanwhile", share, "% of a core"),
    ]


def _made(folder: str, name: str) -> Path:
    path = Path(folder) / name
    path.mkdir()
    return path


def _procedure(number: int) -> str:
    return f"{station.PROCEDURE}/{number}"


def _register(sos: Server, number: int) -> None:
    """Register a sensor and publish what it observed an hour ago."""
    name = _procedure(number)
    offering = Offering(name, name)
    description = encode_description(name, "thermometer", offering, [(station.PROPERTY, station.UNIT)], station.PLACE)
    request = InsertSensor(description, (station.PROPERTY,), (OM_MEASUREMENT,), (SAMPLING_POINT,))
    sos.ask(SOS, encode_request(request), XML)
    _publish(sos, number, datetime.now(UTC) - timedelta(hours=1), 20)


def _publish(sos: Server, number: int, at: datetime, value: float) -> None:
    procedure = _procedure(number)
    observed = station.observation(0)._replace(phenomenon_time=at, result_time=at, procedure=procedure, value=value)
    sos.ask(SOS, encode_request(InsertObservation((procedure,), (observed,))), XML)


def _subscribe(
    data: Path, sos: Server, subscriptions: int, sensors: int, interval: timedelta
) -> tuple[Subscription, ...]:
    """Write the subscriptions to the database of the service before it starts: Execute is not the question here."""
    store = Store(f"sqlite:///{data / 'weps.db'}")
    store.migrate()
    now = datetime.now(UTC)
    sources = [
        read_kvp(f"{sos.url}{SOS}?service=SOS&version=2.0.0&request=GetObservation&procedure={_procedure(number)}")
        for number in range(sensors)
    ]
    try:
        return tuple(
            store.add_subscription(NewSubscription(RULE, sources[number % sensors], interval), "hot", now, now)
            for number in range(subscriptions)
        )
    finally:
        store.dispose()


def _await_polls(database: sqlite3.Connection, sos: Server, sensors: int) -> None:
    """Wait until every source has been polled; the connection to the SOS is kept open meanwhile."""
    until = time.monotonic() + _SECONDS_TO_BEGIN
    while database.execute("SELECT count(polled_until) FROM feeds").fetchone() != (sensors,):
        if time.monotonic() > until:
            raise WrongAnswer(f"not all sources were polled within {_SECONDS_TO_BEGIN:g} s")
        sos.status(SOS)
        time.sleep(10 * _SECONDS_BETWEEN_LOOKS)


def _publish_and_watch(database: sqlite3.Connection, sos: Server, feeds: list[int], interval: timedelta) -> list[float]:
    """Publish for one sensor after the other, and see when all who watch it have their alert; gives the delays."""
    pause = interval.total_seconds() / len(feeds)
    published: dict[int, float] = {}
    seen: dict[int, float] = {}
    until = time.monotonic() + 4 * interval.total_seconds() + 10
    numbers = iter(range(len(feeds)))
    due = time.monotonic()
    while len(seen) < len(feeds):
        if time.monotonic() >= due and (number := next(numbers, None)) is not None:
            _publish(sos, number, datetime.now(UTC), 60)
            published[feeds[number]] = time.monotonic()
            due += pause
        for feed in _told(database):
            seen.setdefault(feed, time.monotonic())
        if time.monotonic() > until:
            raise WrongAnswer(f"{len(feeds) - len(seen)} observations are not told after {4 * interval}")
        time.sleep(min(_SECONDS_BETWEEN_LOOKS, pause))
    return [seen[feed] - published[feed] for feed in feeds]


def _told(database: sqlite3.Connection) -> Iterator[int]:
    """Give the feeds of which every subscription has its alert."""
    query = "SELECT feed_id FROM subscriptions GROUP BY feed_id HAVING min(alert_count) > 0"
    return (feed for (feed,) in database.execute(query))
