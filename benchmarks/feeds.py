"""
Answering alert feeds: a page of a hundred items in every format, and a 304; with few alerts in the feed and with many.

The baseline is feedgen building the same page at each request, in the same process and over the same face.
"""

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
from starlette.routing import Route

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, at_least, at_most, compare, require_equal
from benchmarks.server import NOTHING, Server, serving
from weps.model import (
    AlertStatus,
    Comparison,
    Detection,
    NewSubscription,
    Observation,
    RuleText,
    Source,
    Subscription,
)
from weps.notify.formats import FORMATS
from weps.notify.message import compose_alert
from weps.rules.languages import THRESHOLD
from weps.store import Store
from weps.web.documents import DocumentCache
from weps.web.feeds import FeedFace
from weps.web.routes import create_routes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE = 100
REQUESTS = 20
Header = tuple[bytes, bytes]
_RULE = '{"type": "threshold", "condition": "greaterThan", "threshold": 30}'


@dataclass(frozen=True, slots=True)
class FilledFeed:
    """A subscription with its feed's path and the number of its alerts."""

    subscription: Subscription
    alerts: int

    def path(self, name: str = "rss") -> str:
        """Where the feed is in a format."""
        return f"/feeds/{self.subscription.token}.{name}"


def run(scale: Scale) -> list[Line]:
    """Answer a page and a 304 out of a hundred alerts and out of ten thousand."""
    counts = PAGE, scale.of(10_000, least=2 * PAGE)
    with TemporaryDirectory() as folder:
        data = Path(folder)
        store = Store(f"sqlite:///{data / 'weps.db'}")
        store.migrate()
        few, many = (_fill(store, count) for count in counts)
        read = max(_items_read_for_a_304(store, many.path(name)) for name in FORMATS)
        read = max(read, *(_items_read_for_a_304(store, f"/store/GetRSS?format={name}") for name in FORMATS))
        built = _built_each_time(store, many, scale)
        store.dispose()
        with serving(data) as server:
            for feed in (few, many):
                root = etree.fromstring(server.ask(feed.path()))
                require_equal("the items of a page", PAGE, len(root.findall("channel/item")))
                newest = root.findtext("channel/item/guid", "")
                require_equal("the newest item", True, _alert_id(feed.subscription, feed.alerts) in newest)
            lines = _compare(server, few, many, scale)
    told = "statements that read items for a 304, the most of any format"
    reading = Line(told, read, "", read, "statements", target=at_most(0))
    return [reading, *built, *lines]


def _compare(server: Server, few: FilledFeed, many: FilledFeed, scale: Scale) -> list[Line]:
    def unchanged(feed: FilledFeed) -> Any:
        known = {"If-None-Match": server.header(feed.path(), "ETag")}
        require_equal("the body of a 304", b"", server.ask(feed.path(), headers=known, status=304))
        return lambda: server.ask(feed.path(), headers=known, status=304)

    names = [f"a 304, {feed.alerts} alerts in the feed" for feed in (few, many)]
    pages = [f"a page of {PAGE} out of {feed.alerts} alerts" for feed in (few, many)]
    clock = server.cpu_seconds
    return compare(
        [
            server.doing_nothing(),
            Case(names[0], unchanged(few), clock=clock, against=NOTHING),
            Case(names[1], unchanged(many), clock=clock, against=names[0]),
            Case(pages[0], lambda: server.ask(few.path()), clock=clock, against=NOTHING),
            Case(pages[1], lambda: server.ask(many.path()), clock=clock, against=pages[0]),
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


def _built_each_time(store: Store, feed: FilledFeed, scale: Scale) -> list[Line]:
    """Answer a page as the service does, and by the same face without keeping what feedgen built."""
    kept = Starlette(routes=list(create_routes(store)))
    face = FeedFace(store, None, cache=DocumentCache(limit=0))
    built = Starlette(routes=[Route("/feeds/{token}.{format}", face.feed)])
    baseline = f"a page of {PAGE}: built by feedgen at each request"
    cases = [_case(baseline, built, feed.path())]
    for name in FORMATS:
        (_, expected), (_, found) = (_answered(app, feed.path(name), []) for app in (built, kept))
        require_equal(f"the page as {name}", expected, found)
        label = f"a page of {PAGE}: answered as {name}"
        cases.append(_case(label, kept, feed.path(name), against=baseline, target=at_least(50)))
        if name != "rss":
            cases.append(_case(f"a page of {PAGE}: built as {name}", built, feed.path(name), against=baseline))
    label = f"a page of {PAGE}: answered as rss with gzip"
    gzipped = [(b"accept-encoding", b"gzip")]
    return compare([*cases, _case(label, kept, feed.path(), gzipped, against=baseline, target=at_least(50))], scale)


def _case(name: str, app: Starlette, path: str, headers: Sequence[Header] = (), **members: Any) -> Case:
    """Ask so often in one loop, as a server does, that its begin does not count."""

    async def ask() -> None:
        for _ in range(REQUESTS):
            await _ask(app, path, headers)

    return Case(name, lambda: asyncio.run(ask()), operations=REQUESTS, **members)


def _items_read_for_a_304(store: Store, path: str) -> int:
    """Count the statements that read items for a 304, by the face that the service serves as well."""
    app = Starlette(routes=list(create_routes(store)))
    reading_a_page, headers = _counted(app, path, [], 200)
    require_equal(f"whether a page is read from the store for {path}", True, reading_a_page > 0)
    reading, _ = _counted(app, path, [(b"if-none-match", headers[b"etag"])], 304)
    return reading


def _counted(app: Starlette, path: str, headers: Sequence[Header], status: int) -> tuple[int, dict[bytes, bytes]]:
    """Count the statements that read the texts of alerts or items for a GET; give them with the headers."""
    with _statements() as seen:
        sent, _ = _answered(app, path, headers)
    require_equal(f"the status of {path}", status, sent["status"])
    reading = sum("alerts.text" in statement or "items.document" in statement for statement in seen)
    return reading, dict(sent["headers"])


def _answered(app: Starlette, path: str, headers: Sequence[Header]) -> tuple[dict[str, Any], bytes]:
    return asyncio.run(_ask(app, path, headers))


async def _ask(app: Starlette, path: str, headers: Sequence[Header]) -> tuple[dict[str, Any], bytes]:
    """Ask an application as a server would; give the begin of the answer and its body."""
    sent: list[Any] = []
    address, _, query = path.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": address,
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"weps.example.org"), *headers],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0], b"".join(message.get("body", b"") for message in sent)


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
