"""
Sources over HTTP, as JSON: how each fares, what its service announces, and what it does not announce any more.

    GET  /sources                        ?state= limit= after=
    GET  /sources/{id}                   one, with the offerings of its service and their changes
    GET  /sources/{id}/series            ?limit= offset=    its series, the one that is furthest behind first
    GET  /sources/{id}/corrections       ?limit= offset=    the values that it has changed, the last found first

Neither keys in addresses nor tokens of feeds are shown. Durations are in seconds, error rates between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from starlette.routing import Route

from weps.errors import InputError, NotFoundError
from weps.feeders.sources import PUSHED
from weps.model import Page
from weps.sources import service_key
from weps.store.sources import SourceState
from weps.web.bodies import answer_json, read_number, read_query
from weps.web.documents import now, refused
from weps.web.source_members import (
    Members,
    answer_times,
    arrival_members,
    asked_members,
    change_members,
    correction_members,
    error_rates,
    instant,
    known_members,
    notices,
    offering_members,
    seconds,
    series_members,
    shown_error,
    summary,
)

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from weps.store import Store
    from weps.store.sources import WatchedSource

LIMIT, MOST = 100, 1000
OFFERINGS_SHOWN = 1000
SUMMARIES_KEPT = 1000
_NAMES = ("state", "limit", "after")
_PAGE = ("limit", "offset")

Listed = TypeVar("Listed")


def create_source_routes(
    store: Store, world: Callable[[], datetime] = now, clock: Callable[[], datetime] = now
) -> list[Route]:
    """Give the routes; `world` is the time in which observations happen, from which their lag is counted."""
    face = SourceFace(store, world, clock)
    return [
        Route("/sources", face.list, name="sources"),
        Route("/sources/{id:row}", face.one, name="source"),
        Route("/sources/{id:row}/series", face.series, name="series of a source"),
        Route("/sources/{id:row}/corrections", face.corrections, name="corrections"),
    ]


@dataclass(frozen=True, slots=True)
class SourceFace:
    """Answers who looks at sources."""

    store: Store
    world: Callable[[], datetime]
    clock: Callable[[], datetime]
    summaries: dict[tuple[str, datetime], Members] = field(default_factory=dict)

    def list(self, request: Request) -> Response:
        """Answer a page of sources, and where the next one is."""
        try:
            given = read_query(request, _NAMES)
            states, limit = _states(given), read_number(given, "limit", LIMIT, most=None)
            after = read_number(given, "after", 0, most=None) if "after" in given else 0
        except InputError as error:
            return refused(400, str(error))
        limit = min(limit, MOST)
        found, count = self.store.sources(states, after, limit + 1)
        members: Members = {"sources": [self._members(source, request) for source in found[:limit]], "count": count}
        if len(found) > limit:
            following = given | {"after": str(found[limit - 1].feed.id)}
            members["next"] = f"{request.url.path}?{urlencode(following)}"
        return answer_json(members)

    def one(self, request: Request) -> Response:
        """Answer one source with what its service announces."""
        try:
            source = self.store.source(request.path_params["id"])
        except NotFoundError as error:
            return refused(404, error.message)
        members, key = self._members(source, request), service_key(source.feed.source)
        if key is not None:
            service = self.store.service(key)
            if service.contents is not None:
                shown = service.contents.offerings[:OFFERINGS_SHOWN]
                members["serves"] |= {"offeringList": [offering_members(offering) for offering in shown]}
            members["changes"] = [change_members(change) for change in self.store.service_changes(key)]
        return answer_json(members)

    def series(self, request: Request) -> Response:
        """Answer a page of the series of a source, each with its newest observation, and where the next one is."""
        return self._page(request, "series", self.store.source_series, lambda one: series_members(one, self.world()))

    def corrections(self, request: Request) -> Response:
        """Answer a page of what a source has changed, and where the next one is."""
        return self._page(request, "corrections", self.store.corrections, correction_members)

    def _page(
        self,
        request: Request,
        name: str,
        read: Callable[[int, Page], Sequence[Listed]],
        show: Callable[[Listed], Members],
    ) -> Response:
        """Answer a page of a list that belongs to a source."""
        try:
            given = read_query(request, _PAGE)
            limit = min(read_number(given, "limit", LIMIT, most=None), MOST)
            offset = read_number(given, "offset", 0, least=0, most=None)
            source = self.store.source(request.path_params["id"])
        except InputError as error:
            return refused(400, str(error))
        except NotFoundError as error:
            return refused(404, error.message)
        found = read(source.feed.id, Page(offset, limit + 1))
        members: Members = {name: [show(each) for each in found[:limit]]}
        if len(found) > limit:
            following = {"limit": str(limit), "offset": str(offset + limit)}
            members["next"] = f"{request.url.path}?{urlencode(following)}"
        return answer_json(members)

    def _members(self, source: WatchedSource, request: Request) -> Members:
        feed = source.feed
        return known_members(
            id=feed.id,
            href=str(request.url_for("source", id=feed.id).path),
            state=source.state.value,
            **asked_members(source),
            subscriptions=source.subscriptions,
            interval=feed.interval.total_seconds(),
            lastSuccess=instant(feed.last_success),
            nextPoll=instant(feed.next_poll),
            failures=feed.failures,
            lastError=shown_error(feed.last_error),
            downSince=instant(feed.down_since),
            silentSince=instant(source.health.silent_since),
            series=source.series,
            newestObservation=instant(source.newest),
            lag=None if source.newest is None else (self.world() - source.newest).total_seconds(),
            slowestSeries=instant(source.slowest),
            usualDistance=seconds(source.health.usual_distance()),
            errorRate=error_rates(source.health, self.clock()),
            answerTime=None if feed.source.binding in PUSHED else answer_times(source.health),
            arrivals=arrival_members(source),
            notices=notices(source.health) or None,
            serves=self._serves(source),
        )

    def _serves(self, source: WatchedSource) -> Members | None:
        """Give what the service announces in short; what was counted for one reading holds until the next."""
        key = service_key(source.feed.source)
        if key is None:
            return None
        state = self.store.service_state(key)
        members = known_members(
            read=instant(state.last_reading), readAgain=instant(state.next_reading), error=shown_error(state.last_error)
        )
        return members | (self._summary(key, state.last_reading) if state.last_reading is not None else {})

    def _summary(self, key: str, read: datetime) -> Members:
        found = self.summaries.get((key, read))
        if found is None:
            contents = self.store.service(key).contents
            found = {} if contents is None else summary(contents)
            if len(self.summaries) >= SUMMARIES_KEPT:
                self.summaries.clear()
            self.summaries[key, read] = found
        return found


def _states(given: dict[str, str]) -> tuple[SourceState, ...]:
    names = [name.strip() for name in given.get("state", "").split(",")] if "state" in given else []
    if not set(names) <= set(SourceState):
        raise InputError(f"is none of {', '.join(SourceState)}; several stand with commas between", where="state")
    return tuple(SourceState(name) for name in names)
