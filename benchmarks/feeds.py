"""Answering alert feeds: a page of fifty items, and a 304; with few alerts in the feed and with many."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lxml import etree
from sqlalchemy import Engine, event
from starlette.applications import Starlette

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, at_most, compare, require_equal
from benchmarks.server import Server, serving
from weps.model import AlertStatus, Comparison, Detection, NewSubscription, Observation, RuleText, Source, Subscription
from weps.notify.message import compose_alert
from weps.rules.languages import THRESHOLD
from weps.store import Store
from weps.web import create_routes

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 50
_PING = "an HTTP request that does nothing (/healthz)"
_RULE = '{"type": "threshold", "condition": "greaterThan", "threshold": 30}'


@dataclass(frozen=True, slots=True)
class FilledFeed:
    """A subscription with its feed's path and the number of its alerts."""

    subscription: Subscription
    alerts: int

    @property
    def path(self) -> str:
        """Where the feed is."""
        return f"/feeds/{self.subscription.token}.rss"


def run(scale: Scale) -> list[Line]:
    """Answer a page and a 304 out of fifty alerts and out of ten thousand."""
    counts = PAGE, scale.of(10_000, least=2 * PAGE)
    with TemporaryDirectory() as folder:
        data = Path(folder)
        store = Store(f"sqlite:///{data / 'weps.db'}")
        store.migrate()
        few, many = (_fill(store, count) for count in counts)
        read = _items_read_for_a_304(store, many)
        store.dispose()
        with serving(data) as server:
            for feed in (few, many):
                root = etree.fromstring(server.ask(feed.path))
                require_equal("the items of a page", PAGE, len(root.findall("channel/item")))
                newest = root.findtext("channel/item/guid", "")
                require_equal("the newest item", True, _alert_id(feed.subscription, feed.alerts) in newest)
            lines = _compare(server, few, many, scale)
    reading = Line("statements that read items for a 304", read, "", read, "statements", target=at_most(0))
    return [reading, *lines]


def _compare(server: Server, few: FilledFeed, many: FilledFeed, scale: Scale) -> list[Line]:
    def unchanged(feed: FilledFeed) -> Any:
        known = {"If-None-Match": server.header(feed.path, "ETag")}
        require_equal("the body of a 304", b"", server.ask(feed.path, headers=known, status=304))
        return lambda: server.ask(feed.path, headers=known, status=304)

    names = [f"a 304, {feed.alerts} alerts in the feed" for feed in (few, many)]
    pages = [f"a page of {PAGE} out of {feed.alerts} alerts" for feed in (few, many)]
    clock = server.cpu_seconds
    return compare(
        [
            Case(_PING, lambda: server.ask("/healthz"), clock=clock),
            Case(names[0], unchanged(few), clock=clock, against=_PING),
            Case(names[1], unchanged(many), clock=clock, against=names[0]),
            Case(pages[0], lambda: server.ask(few.path), clock=clock, against=_PING),
            Case(pages[1], lambda: server.ask(many.path), clock=clock, against=pages[0]),
        ],
        scale,
    )


def _fill(store: Store, count: int) -> FilledFeed:
    """Store a subscription with so many alerts, as the engine stores them."""
    new = NewSubscription(
        rule=RuleText(THRESHOLD, _RULE, "warm"),
        source=Source("kvp", "http://127.0.0.1:9/sos", "service=SOS"),
        sampling_rate=timedelta(days=1000),
        start=station.BEGIN,
        title="Münster",
    )
    subscription = store.add_subscription(new, "warm", station.BEGIN, station.BEGIN)
    with store.batch(subscription.feed_id) as batch:
        # a feed that was polled just now is left alone by the server that is measured
        batch.save_feed(next_poll=station.BEGIN + timedelta(days=10_000))
        for number in range(1, count + 1):
            batch.add_alerts([(_alert(subscription, number), ())], station.BEGIN)
    return FilledFeed(subscription, count)


def _alert_id(subscription: Subscription, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{subscription.id}/{number}"))


def _alert(subscription: Subscription, number: int) -> Any:
    at = station.BEGIN + number * station.QUARTER
    seen = Observation(
        at,
        station.PROCEDURE,
        station.PROPERTY,
        station.FEATURE.identifier,
        30.5,
        "Cel",
        result_time=at,
        id=f"o{number}",
    )
    found = Detection(
        at, "threshold", "firing", value=30.5, observation=seen, comparison=Comparison("greaterThan", (30.0,), "Cel")
    )
    identifier = _alert_id(subscription, number)
    return compose_alert(
        subscription,
        found,
        id=identifier,
        episode=identifier,
        status=AlertStatus.FIRING,
        rule_name="warm",
        detected=at,
        late=False,
        evidence=None,
    )


def _items_read_for_a_304(store: Store, feed: FilledFeed) -> int:
    """Count the statements that read items for a 304, by the face that the service serves as well."""
    app = Starlette(routes=list(create_routes(store)))
    reading_a_page, (status, headers) = _counted(app, feed.path, [])
    require_equal("the status of a page", 200, status)
    require_equal("the statements that read items for a page", 1, reading_a_page)
    reading, (status, _) = _counted(app, feed.path, [(b"if-none-match", headers[b"etag"])])
    require_equal("the status of what has not changed", 304, status)
    return reading


def _counted(
    app: Starlette, path: str, headers: list[tuple[bytes, bytes]]
) -> tuple[int, tuple[int, dict[bytes, bytes]]]:
    """Count the statements that read the texts of alerts for a GET; give them with the status and the headers."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"weps.example.org"), *headers],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    with _statements() as seen:
        asyncio.run(app(scope, receive, send))
    reading = sum("alerts.text" in statement for statement in seen)
    return reading, (sent[0]["status"], dict(sent[0]["headers"]))


@contextmanager
def _statements() -> Iterator[list[str]]:
    """Write down all SQL statements."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
