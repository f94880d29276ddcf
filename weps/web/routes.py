"""
The HTTP face of alerts: feeds, the data store for notifications, health, and a page that says what is where.

    InputError      400  the request cannot be used; the body says why
    NotFoundError   404  no such feed, alert or item

Reading is in `feeds`, posting in `store`, what queries may say in `queries`, documents in `documents`.
Handlers are plain functions, which Starlette runs in its thread pool; only the body of a POST is read on the loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from weps.web.feeds import FeedFace
from weps.web.store import POSTS_PER_MINUTE, PostLimit, Publishers, StoreFace, publishers

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from weps.store import Store

__all__ = ["Publishers", "create_routes", "publishers"]

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
    (
        "/feeds/{token}.rss",
        "the alerts of one subscription as RSS, also .atom, .json (JSON Feed), .geojson and .cap (index of CAP "
        "messages); its address comes with the subscription",
    ),
    (
        "/episodes",
        "what the alerts tell of: what is open, who takes care; POST to /episodes/{id}/acknowledge and others",
    ),
    ("/silences", "what is not pushed at the moment, by whom and why; POST to add one"),
    ("/inhibitions", "which alerts mute others while they are open, by whom and why; POST to add one"),
    ("/events", "the alerts as they are stored, as server-sent events, from any earlier one on"),
    ("/deliveries", "where alerts were pushed, every attempt and what came of it; POST to retry and replay"),
    ("/webhooks", "which webhooks are signed, and since when with their secret; POST to /webhooks/rotate"),
    ("/alerts/{id}", "one alert as JSON; as a CAP message at /alerts/{id}.cap"),
    (
        "/store/GetRSS",
        "data store for notifications: all alerts and what was posted, as RSS or with format=; one with ?id={guid}; "
        "conditions such as severity=Severe&bbox=144,-38,146,-37",
    ),
    ("/store/InsertRSS", "data store for notifications: POST an RSS document with items"),
    ("/sources", "how the sources of observations fare and what they serve, one at /sources/{id}"),
    ("/healthz", "whether the process lives"),
    ("/readyz", "whether the database and the worker are there"),
)
_NO_PAGES = ("/store/InsertRSS", "/events")
"""What takes something only, and what never ends."""


def create_routes(
    store: Store,
    *,
    worker_alive: Callable[[], bool] = lambda: True,
    public_url: str | None = None,
    may_publish: Publishers | None = None,
    cap_sender: str | None = None,
    hub_url: str | None = None,
    posts_per_minute: int = POSTS_PER_MINUTE,
) -> list[Route]:
    """
    Give the routes of this face.

    `worker_alive` tells whether the scheduler's heart beats; `public_url` is what stands before the paths in links
    (default: the address that the client asked). `may_publish` says who may post (default: everybody), `cap_sender`
    who sends CAP messages, `hub_url` the WebSub hub that is told of news, `posts_per_minute` how often one may post.
    """
    base = public_url.rstrip("/") if public_url else None
    reading = FeedFace(store, base, cap_sender, hub_url)
    posting = StoreFace(store, base, may_publish or Publishers(), PostLimit(posts_per_minute))
    state = StateFace(store, worker_alive)
    return [
        Route("/", state.start_page),
        Route("/feeds/{token:name}.{format}", reading.feed, name="feed"),
        Route("/alerts/{id:name}.cap", reading.cap, name="cap"),
        Route("/alerts/{id:name}", reading.alert, name="alert"),
        Route("/store/GetRSS", reading.get_rss, name="get-rss"),
        Route("/store/InsertRSS", posting.insert_rss, methods=["POST"], name="insert-rss"),
        Route("/healthz", state.health, name="health"),
        Route("/readyz", state.readiness, name="readiness"),
    ]


@dataclass(frozen=True, slots=True)
class StateFace:
    """Says what is where, and how this service is."""

    store: Store
    worker_alive: Callable[[], bool]

    def start_page(self, request: Request) -> Response:
        """Say what is where."""
        entries = "\n".join(f"<dt>{_linked(path)}</dt><dd>{escape(meaning)}</dd>" for path, meaning in _ADDRESSES)
        headers = {"Content-Security-Policy": "default-src 'none'"}
        return HTMLResponse(_START_PAGE.format(entries=entries), headers=headers)

    def health(self, request: Request) -> Response:
        """Tell that the process lives."""
        return JSONResponse({"status": "alive"})

    def readiness(self, request: Request) -> Response:
        """Tell whether the database answers and the worker's heart beats."""
        database = self.store.answers()
        worker = self.worker_alive()
        ready = database and worker
        body = {
            "status": "ready" if ready else "not ready",
            "database": "reachable" if database else "unreachable",
            "worker": "alive" if worker else "silent",
        }
        return JSONResponse(body, status_code=200 if ready else 503)


def _linked(path: str) -> str:
    """Show an address, as a link where it can be followed as it stands."""
    shown = escape(path.partition("?")[0])
    followable = "{" not in path and path not in _NO_PAGES
    return f'<a href="{escape(path)}">{shown}</a>' if followable else shown
