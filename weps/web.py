"""
The HTTP face of alerts: feeds, the data store for notifications, health, and a page that says what is where.

    InputError      400  the request cannot be used; the body says why
    NotFoundError   404  no such feed, alert, page or item

Handlers are plain functions, which Starlette runs in its thread pool; only the body of a POST is read on the loop.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from weps.errors import InputError, NotFoundError
from weps.model import Page
from weps.notify.alert_json import alert_to_json
from weps.notify.freshness import freshness
from weps.notify.posted import DOCUMENT_LIMIT, read_items
from weps.notify.rss import MEDIA_TYPE, PAGE_SIZE, build_feed, build_store_feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from weps.model import FeedStatus, StoredItem
    from weps.store import Store

LOG = logging.getLogger(__name__)

PAGE_LIMIT = 1_000_000
_START_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>WEPS</title><meta name="viewport" content="width=device-width"></head>
<body>
<h1>WEPS</h1>
<p>A Web Event Processing Service: it watches sensor observations and tells people when something happens.</p>
<dl>
{entries}
</dl>
</body>
</html>
"""
_ADDRESSES = (
    ("/wps?service=WPS&request=GetCapabilities", "Web Processing Service: subscribe, unsubscribe, list subscriptions"),
    ("/processes", "OGC API - Processes: the same processes in JSON, with jobs at /jobs and /openapi.json"),
    ("/sos?service=SOS&request=GetCapabilities", "Sensor Observation Service: publish and read observations"),
    ("/feeds/{token}.rss", "the alerts of one subscription as RSS; its address comes with the subscription"),
    ("/alerts/{id}", "one alert as JSON"),
    ("/store/GetRSS", "data store for notifications: what was posted, as RSS; one item with ?id={guid}"),
    ("/store/InsertRSS", "data store for notifications: POST an RSS document with an item"),
    ("/healthz", "whether the process lives"),
    ("/readyz", "whether the database and the worker are there"),
)


def create_routes(
    store: Store, *, worker_alive: Callable[[], bool] = lambda: True, public_url: str | None = None
) -> list[Route]:
    """
    Give the routes of this face.

    `worker_alive` tells whether the scheduler's heart beats; `public_url` is what stands before the paths in links
    (default: the address that the client asked).
    """
    face = AlertFace(store, worker_alive, public_url.rstrip("/") if public_url else None)
    return [
        Route("/", face.start_page),
        Route("/feeds/{token}.rss", face.feed, name="feed"),
        Route("/alerts/{id}", face.alert, name="alert"),
        Route("/store/GetRSS", face.get_rss, name="get-rss"),
        Route("/store/InsertRSS", face.insert_rss, methods=["POST"], name="insert-rss"),
        Route("/healthz", face.health, name="health"),
        Route("/readyz", face.readiness, name="readiness"),
    ]


@dataclass(frozen=True, slots=True)
class AlertFace:
    """Answers requests for alerts and stored items out of the store."""

    store: Store
    worker_alive: Callable[[], bool]
    public_url: str | None

    def start_page(self, request: Request) -> Response:
        """Say what is where."""
        entries = "\n".join(f"<dt>{_linked(path)}</dt><dd>{escape(meaning)}</dd>" for path, meaning in _ADDRESSES)
        headers = {"Content-Security-Policy": "default-src 'none'"}
        return HTMLResponse(_START_PAGE.format(entries=entries), headers=headers)

    def feed(self, request: Request) -> Response:
        """Answer one page of a subscription's feed, or 304 without reading an alert."""
        try:
            subscription = self.store.subscription_by_token(request.path_params["token"])
        except NotFoundError:
            return _refused(404, "There is no such feed.")

        def build(pages: Pages) -> bytes:
            return build_feed(
                subscription,
                self.store.alerts(subscription.id, pages.page),
                self_url=pages.self_url,
                alternate_url=f"{self._base(request)}/",
                alerts_url=f"{self._base(request)}/alerts",
                next_url=pages.next_url,
                previous_url=pages.previous_url,
            )

        return self._paged(request, self.store.feed_status(subscription.id), subscription.created, build)

    def alert(self, request: Request) -> Response:
        """Answer one alert as JSON."""
        try:
            alert = self.store.alert(request.path_params["id"])
        except NotFoundError:
            return _refused(404, "There is no such alert.")
        try:
            rule = self.store.rule_version(alert.subscription_id, alert.rule_version)
        except NotFoundError:  # it was exchanged before rules were kept
            rule = None
        return JSONResponse(alert_to_json(alert, rule))

    def get_rss(self, request: Request) -> Response:
        """Answer the item of a guid as a whole RSS document, or one page of all items."""
        guid = request.query_params.get("id")
        if guid is not None:
            return self._one_item(request, guid.strip())
        status = self.store.items_status()

        def build(pages: Pages) -> bytes:
            return build_store_feed(
                self.store.items(pages.page),
                self_url=pages.self_url,
                alternate_url=f"{self._base(request)}/",
                updated=status.newest_time,
                next_url=pages.next_url,
                previous_url=pages.previous_url,
            )

        return self._paged(request, status, status.newest_time, build)

    def _paged(
        self, request: Request, status: FeedStatus, created: datetime, build: Callable[[Pages], bytes]
    ) -> Response:
        """Answer the page that is asked for; `build` is called only when the client does not have it already."""
        try:
            pages = _pages(request, status, self._url(request))
        except NotFoundError as error:
            return _refused(404, str(error))
        except InputError as error:
            return _refused(400, str(error))
        fresh = freshness(status, created, datetime.now(UTC))
        if fresh.is_known(request.headers.get("if-none-match"), request.headers.get("if-modified-since")):
            return Response(status_code=304, headers=fresh.headers)
        return _document(request, build(pages), fresh.headers)

    def _one_item(self, request: Request, guid: str) -> Response:
        item = self.store.item(guid)
        if item is None:
            return _refused(404, f"guid {guid} does not exist in the data store.")
        base = self._base(request)
        url = f"{self._url(request)}?{request.url.query}"
        body = build_store_feed([item], self_url=url, alternate_url=f"{base}/", updated=item.received)
        return _document(request, body, {})

    async def insert_rss(self, request: Request) -> Response:
        """Store what is posted; the guids are answered, one a line."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > DOCUMENT_LIMIT:
                text = f"The document is larger than {DOCUMENT_LIMIT} bytes; post fewer or smaller items."
                return _refused(413, text, {"Connection": "close"})
        return await run_in_threadpool(self._insert, bytes(body))

    def _insert(self, body: bytes) -> Response:
        try:
            items = read_items(body, received=datetime.now(UTC))
        except InputError as error:
            return _refused(400, str(error))
        taken = []
        for item in items:
            fresh = self.store.insert_item(item)
            if fresh or self._same_is_stored(item):
                taken.append(item.guid)
            LOG.info("item posted guid=%s fresh=%s", item.guid, fresh)
        others = [item.guid for item in items if item.guid not in taken]
        if others:
            return _refused(409, f"Another item is stored under the guid {', '.join(others)}, it was not changed.")
        return PlainTextResponse("\n".join(taken))

    def _same_is_stored(self, item: StoredItem) -> bool:
        """Tell whether it is the very item that is stored: the same may come as often as it likes."""
        stored = self.store.item(item.guid)
        return stored is not None and stored.document == item.document

    def health(self, request: Request) -> Response:
        """Tell that the process lives."""
        return JSONResponse({"status": "alive"})

    def readiness(self, request: Request) -> Response:
        """Tell whether the database answers and the worker's heart beats."""
        database = self._database_answers()
        worker = self.worker_alive()
        ready = database and worker
        body = {
            "status": "ready" if ready else "not ready",
            "database": "reachable" if database else "unreachable",
            "worker": "alive" if worker else "silent",
        }
        return JSONResponse(body, status_code=200 if ready else 503)

    def _database_answers(self) -> bool:
        try:
            self.store.ping()
        except Exception:
            LOG.exception("database unreachable")
            return False
        return True

    def _url(self, request: Request) -> str:
        """Give the address of what is asked, without query."""
        return self._base(request) + request.url.path.removeprefix(request.scope.get("root_path", ""))

    def _base(self, request: Request) -> str:
        return self.public_url or str(request.base_url).rstrip("/")


@dataclass(frozen=True, slots=True)
class Pages:
    """The page that is asked for, and where it, the older and the newer one are."""

    page: Page
    self_url: str
    next_url: str | None
    previous_url: str | None


def _pages(request: Request, status: FeedStatus, url: str) -> Pages:
    """Read `page` of a query; the first page is there even if it is empty."""
    text = request.query_params.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 7 else 0
    if not 1 <= number <= PAGE_LIMIT:
        raise InputError("page is a whole number from 1", where="page")
    last = max(1, -(-status.count // PAGE_SIZE))
    if number > last:
        raise NotFoundError(f"there is no page {number}, the last is {last}", where="page")

    def address(page: int) -> str | None:
        return None if not 1 <= page <= last else url if page == 1 else f"{url}?page={page}"

    page = Page(offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
    return Pages(page, address(number) or url, address(number + 1), address(number - 1))


def _document(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    """Answer a feed; to HEAD its headers alone."""
    everywhere = {"X-Content-Type-Options": "nosniff", "Content-Length": str(len(body)), **headers}
    content = b"" if request.method == "HEAD" else body
    return Response(content, media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=everywhere)


def _refused(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    everywhere = {"X-Content-Type-Options": "nosniff", **(headers or {})}
    return PlainTextResponse(text, status_code=status, headers=everywhere)


def _linked(path: str) -> str:
    """Show an address, as a link where it can be followed as it stands."""
    shown = escape(path.partition("?")[0])
    followable = "{" not in path and not path.endswith("InsertRSS")
    return f'<a href="{escape(path)}">{shown}</a>' if followable else shown
