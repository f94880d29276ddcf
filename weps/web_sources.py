"""
Sources over HTTP, as JSON: how each fares, what its service announces, and what it does not announce any more.

    GET  /sources                        ?state= limit= after=
    GET  /sources/{id}                   one, with the offerings of its service and their changes

Neither keys in addresses nor tokens of feeds are shown. Durations are in seconds, error rates between 0 and 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sos_server.time import format_instant
from weps.errors import InputError, NotFoundError
from weps.feeders.forms import FORMS, read_asked
from weps.feeders.sources import PUSHED
from weps.feeders.template import read_selection
from weps.health import Health, percentile
from weps.notify.text import without_keys, without_secrets
from weps.sources import service_key
from weps.store.sources import SourceState
from weps.web_documents import EVERYWHERE, now, refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from weps.contents import Contents, Offering
    from weps.model import SourceChange
    from weps.store import Store
    from weps.store.sources import WatchedSource

LIMIT, MOST = 100, 1000
OFFERINGS_SHOWN = 1000
SUMMARIES_KEPT = 1000
_NAMES = ("state", "limit", "after")

Members = dict[str, Any]


def create_source_routes(
    store: Store, world: Callable[[], datetime] = now, clock: Callable[[], datetime] = now
) -> list[Route]:
    """Give the routes; `world` is the time in which observations happen, from which their lag is counted."""
    face = SourceFace(store, world, clock)
    return [Route("/sources", face.list, name="sources"), Route("/sources/{id:row}", face.one, name="source")]


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
            given = _given(request)
            states, limit, after = _states(given), _number(given, "limit", LIMIT), _number(given, "after", 0)
        except InputError as error:
            return refused(400, str(error))
        limit = min(limit, MOST)
        found, count = self.store.sources(states, after, limit + 1)
        members: Members = {"sources": [self._members(source, request) for source in found[:limit]], "count": count}
        if len(found) > limit:
            following = given | {"after": str(found[limit - 1].feed.id)}
            members["next"] = f"{request.url.path}?{urlencode(following)}"
        return _answer(members)

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
                members["serves"] |= {"offeringList": [_offering(offering) for offering in shown]}
            members["changes"] = [_change(change) for change in self.store.service_changes(key)]
        return _answer(members)

    def _members(self, source: WatchedSource, request: Request) -> Members:
        feed = source.feed
        return _known(
            id=feed.id,
            href=str(request.url_for("source", id=feed.id).path),
            state=source.state.value,
            **_asked(source),
            subscriptions=source.subscriptions,
            interval=feed.interval.total_seconds(),
            lastSuccess=_instant(feed.last_success),
            nextPoll=_instant(feed.next_poll),
            failures=feed.failures,
            lastError=_shown(feed.last_error),
            downSince=_instant(feed.down_since),
            silentSince=_instant(source.health.silent_since),
            series=source.series,
            newestObservation=_instant(source.newest),
            lag=None if source.newest is None else (self.world() - source.newest).total_seconds(),
            slowestSeries=_instant(source.slowest),
            usualDistance=_seconds(source.health.usual_distance()),
            errorRate=_error_rates(source.health, self.clock()),
            answerTime=None if feed.source.binding in PUSHED else _answer_times(source.health),
            serves=self._serves(source),
        )

    def _serves(self, source: WatchedSource) -> Members | None:
        """Give what the service announces in short; what was counted for one reading holds until the next."""
        key = service_key(source.feed.source)
        if key is None:
            return None
        state = self.store.service_state(key)
        members = _known(
            read=_instant(state.last_reading), readAgain=_instant(state.next_reading), error=_shown(state.last_error)
        )
        return members | (self._summary(key, state.last_reading) if state.last_reading is not None else {})

    def _summary(self, key: str, read: datetime) -> Members:
        found = self.summaries.get((key, read))
        if found is None:
            contents = self.store.service(key).contents
            found = {} if contents is None else _summary(contents)
            if len(self.summaries) >= SUMMARIES_KEPT:
                self.summaries.clear()
            self.summaries[key, read] = found
        return found


def _asked(source: WatchedSource) -> Members:
    """Give where a source is and what it is asked for; its template may hold keys, and is not shown."""
    asked = source.feed.source
    members: Members = {"binding": asked.binding, "endpoint": without_secrets(asked.endpoint)}
    if asked.binding in FORMS:
        told = read_asked(asked)
        members |= {"version": told.version, "operation": told.operation}
        members["selection"] = {name: list(values) for name, values in read_selection(asked).items()}
    return members


def _error_rates(health: Health, moment: datetime) -> Members:
    rates = {"lastHour": timedelta(hours=1), "lastDay": timedelta(days=1)}
    return {name: health.error_rate(moment, span) for name, span in rates.items()}


def _answer_times(health: Health) -> Members | None:
    times = health.answer_times()
    if not times:
        return None
    mean = sum(times) / len(times)
    found = {"last": times[-1], "mean": mean, "p95": percentile(times, 0.95)}
    return {name: round(seconds, 4) for name, seconds in found.items()} | {"requests": len(times)}


def _summary(contents: Contents) -> Members:
    begins = [offering.begin for offering in contents.offerings if offering.begin]
    ends = [offering.end for offering in contents.offerings if offering.end]
    return _known(
        title=contents.title or None,
        offerings=len(contents.offerings),
        procedures=len(contents.procedures),
        properties=len(contents.properties),
        begin=_instant(min(begins, default=None)),
        end=_instant(max(ends, default=None)),
    )


def _offering(offering: Offering) -> Members:
    return _known(
        id=offering.id,
        procedures=list(offering.procedures),
        properties=list(offering.properties),
        begin=_instant(offering.begin),
        end=_instant(offering.end),
    )


def _change(change: SourceChange) -> Members:
    return _known(
        time=_instant(change.recorded),
        kind=change.kind,
        change="renamed" if change.after else "gone",
        before=change.before,
        after=change.after,
        offering=change.offering,
    )


def _shown(text: str | None) -> str | None:
    """Give an error without the keys of the addresses in it."""
    return None if text is None else without_keys(text)


def _known(**members: Any) -> Members:
    return {name: value for name, value in members.items() if value is not None}


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def _given(request: Request) -> dict[str, str]:
    given = dict(request.query_params.multi_items())
    unknown = [name for name in given if name not in _NAMES]
    if unknown:
        raise InputError(f"there is no parameter {unknown[0][:100]!r}; there are {', '.join(_NAMES)}")
    return given


def _states(given: dict[str, str]) -> tuple[SourceState, ...]:
    names = [name.strip() for name in given.get("state", "").split(",")] if "state" in given else []
    if not set(names) <= set(SourceState):
        raise InputError(f"is none of {', '.join(SourceState)}; several stand with commas between", where="state")
    return tuple(SourceState(name) for name in names)


def _number(given: dict[str, str], name: str, default: int) -> int:
    if name not in given:
        return default
    if not re.fullmatch("[1-9][0-9]{0,17}", given[name]):
        raise InputError("is a whole number from 1 on", where=name)
    return int(given[name])


def _answer(members: Members) -> Response:
    return JSONResponse(members, headers=EVERYWHERE | {"Cache-Control": "no-store"})
