"""Reading alerts over HTTP: the feeds of subscriptions, the data store for notifications, and single alerts."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from weps.errors import InputError, NotFoundError
from weps.model import Alert
from weps.notices import Notices
from weps.notify.alert_json import alert_to_json
from weps.notify.cap import MEDIA_TYPE as CAP
from weps.notify.cap import is_message, sender_of, write_cap
from weps.notify.formats import FORMATS
from weps.notify.freshness import freshness
from weps.notify.page import store_page, subscription_page, told_at
from weps.notify.websub import TOLD_TO_HUBS
from weps.web.documents import EVERYWHERE, DocumentCache, answer, now, refused
from weps.web.queries import Query, read_feed_query, read_store_query

if TYPE_CHECKING:
    from starlette.requests import Request

    from weps.notices import Notice
    from weps.store import Store


@dataclass(frozen=True, slots=True)
class FeedFace:
    """
    Answers who reads. `public_url` is what stands before the paths in links (None: the address that was asked), and
    `cap_sender` who sends CAP messages (None: made of the host's name), `hub_url` the WebSub hub that is told of news.
    """

    store: Store
    public_url: str | None
    cap_sender: str | None = None
    hub_url: str | None = None
    cache: DocumentCache = field(default_factory=DocumentCache)

    def feed(self, request: Request) -> Response:
        """Answer one page of a subscription's feed, or 304 without reading an alert."""
        feed_format = request.path_params["format"]
        if feed_format not in FORMATS:
            return refused(404, f"There is no such format; there are {', '.join(FORMATS)}.")
        token = request.path_params["token"]
        try:
            version = self.store.feed_version(token)
            query = read_feed_query(request.query_params, version.subscription_id, feed_format)
        except NotFoundError:
            return refused(404, "There is no such feed.")
        except InputError as error:
            return refused(400, str(error))

        hub_url = self.hub_url if feed_format in TOLD_TO_HUBS else None

        def build() -> bytes:
            found = self.store.notices(query.selection, query.window)
            subscription = self.store.subscription_by_token(token)
            members = self._members(request, query, found) | {"hub_url": hub_url}
            page = subscription_page(subscription, found.members, **members)
            return FORMATS[feed_format].write(page)

        fresh = freshness((version.newest, version.alerts, version.revision, *_mark(hub_url)), version.modified, now())
        return answer(request, fresh, FORMATS[feed_format].media_type, self.cache, build)

    def get_rss(self, request: Request) -> Response:
        """Answer the notice of a guid as a whole document, or one page of all that meet the conditions."""
        try:
            query = read_store_query(request.query_params)
        except InputError as error:
            return refused(400, str(error))
        if query.guid is not None:
            return self._one(request, query, query.guid)
        status = self.store.store_status()

        def build() -> bytes:
            found = self.store.notices(query.selection, query.window)
            page = store_page(found.members, status.newest_time, **self._members(request, query, found))
            return FORMATS[query.feed_format].write(page)

        fresh = freshness((*status.newest, *status.oldest), status.newest_time, now())
        return answer(request, fresh, FORMATS[query.feed_format].media_type, self.cache, build)

    def alert(self, request: Request) -> Response:
        """Answer one alert as JSON."""
        try:
            alert = self.store.alert(request.path_params["id"])
        except NotFoundError:
            return refused(404, "There is no such alert.")
        try:
            rule = self.store.rule_version(alert.subscription_id, alert.rule_version)
        except NotFoundError:  # it was exchanged before rules were kept
            rule = None
        return JSONResponse(alert_to_json(alert, rule), headers=EVERYWHERE)

    def cap(self, request: Request) -> Response:
        """Answer one alert as a CAP message."""
        try:
            alert = self.store.alert(request.path_params["id"])
        except NotFoundError:
            return refused(404, "There is no such alert.")
        references = self.store.references([alert]).get(alert.id, ())
        if not is_message(alert, references):
            return refused(404, "What is pending, and ends before it fires, is no message; read the alert as JSON.")

        def build() -> bytes:
            alerts_url = f"{self._base(request)}/alerts"
            return write_cap(alert, sender=self._sender(request), references=references, alerts_url=alerts_url)

        fresh = freshness(("cap", alert.sequence), alert.detected, now())
        return answer(request, fresh, CAP, self.cache, build)

    def _one(self, request: Request, query: Query, guid: str) -> Response:
        notice: Notice | None = self.store.item(guid)
        if notice is None:
            try:
                notice = self.store.alert(guid)
            except NotFoundError:
                return refused(404, f"guid {guid} does not exist in the data store.")
        found, told = Notices((notice,)), told_at(notice)

        def build() -> bytes:
            return FORMATS[query.feed_format].write(store_page((notice,), told, **self._members(request, query, found)))

        kind = "alert" if isinstance(notice, Alert) else "item"
        fresh = freshness((kind, notice.sequence), told, now())
        return answer(request, fresh, FORMATS[query.feed_format].media_type, self.cache, build)

    def _members(self, request: Request, query: Query, found: Notices) -> dict[str, Any]:
        """Give what a page says of where it is and of its neighbours, and what CAP wants to know."""
        base = self._base(request)
        address = base + request.url.path.removeprefix(request.scope.get("root_path", ""))
        window = query.window
        is_first = window.before is None and window.after is None
        alerts = [notice for notice in found.members if isinstance(notice, Alert)]
        referring = FORMATS[query.feed_format].needs_references
        return {
            "alternate_url": f"{base}/",
            "alerts_url": f"{base}/alerts",
            "self_url": query.url(address, before=window.before, after=window.after),
            "first_url": None if is_first else query.url(address),
            "next_url": query.url(address, before=found.older) if found.older else None,
            "previous_url": query.url(address, after=found.newer) if found.newer else None,
            "sender": self._sender(request),
            "references": self.store.references(alerts) if referring else {},
        }

    def _sender(self, request: Request) -> str:
        return self.cap_sender or sender_of(self._base(request))

    def _base(self, request: Request) -> str:
        return self.public_url or str(request.base_url).rstrip("/")


def _mark(hub_url: str | None) -> tuple[int, ...]:
    """Give what tells documents that name a hub from those that name another, or none."""
    return () if hub_url is None else (zlib.crc32(hub_url.encode()),)
