"""Sources as they are looked at: each feed with its record, its newest observation, and how many are subscribed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from weps.errors import NotFoundError
from weps.hearing import hearing_from_json
from weps.model import Series, SubscriptionStatus
from weps.store.database import Database
from weps.store.health import health_of
from weps.store.rows import observation_from_json, read_feed
from weps.store.tables import FEED_SERIES, FEEDS, SOURCE_HEALTH, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from weps.health import Health
    from weps.hearing import Hearing
    from weps.model import Feed, Observation, Page


@dataclass(frozen=True, slots=True)
class SeriesState:
    """A series of a source with its newest observation, and how often it has something new, where that is known."""

    series: Series
    newest: datetime
    observation: Observation
    hearing: Hearing | None


class SourceState(StrEnum):
    """How a source is: the first of these that holds, from below."""

    OK = "ok"
    STALE = "stale"  # it answers, but has had nothing new for much longer than usual
    FAILING = "failing"  # the last poll failed
    DOWN = "down"  # so many polls failed that its subscribers were told
    IDLE = "idle"  # nobody is subscribed, so it is not polled


@dataclass(frozen=True, slots=True)
class WatchedSource:
    """
    A source with all that is known of how it fares.

    `newest` is the newest phenomenon time of all its series, `slowest` that of the series that is furthest behind;
    `subscriptions` counts those that are active, `corrected` the values that the source has changed.
    """

    feed: Feed
    state: SourceState
    health: Health
    subscriptions: int
    series: int
    newest: datetime | None
    slowest: datetime | None
    corrected: int = 0


_FAILING = FEEDS.c.failures > 0
_WANTED = FEEDS.c.next_poll.is_not(None)
_CONDITIONS: dict[SourceState, ColumnElement[bool]] = {
    SourceState.IDLE: FEEDS.c.next_poll.is_(None),
    SourceState.DOWN: and_(_WANTED, FEEDS.c.down_since.is_not(None)),
    SourceState.FAILING: and_(_WANTED, FEEDS.c.down_since.is_(None), _FAILING),
    SourceState.STALE: and_(
        _WANTED, FEEDS.c.down_since.is_(None), FEEDS.c.failures == 0, SOURCE_HEALTH.c.silent_since.is_not(None)
    ),
    SourceState.OK: and_(
        _WANTED, FEEDS.c.down_since.is_(None), FEEDS.c.failures == 0, SOURCE_HEALTH.c.silent_since.is_(None)
    ),
}
_JOINED = FEEDS.outerjoin(SOURCE_HEALTH, SOURCE_HEALTH.c.feed_id == FEEDS.c.id)
_RECORD = SOURCE_HEALTH.c.arrived, SOURCE_HEALTH.c.silent_since, SOURCE_HEALTH.c.record


class Sources(Database):
    """What is asked for observations."""

    def wanted_feeds(self) -> tuple[Feed, ...]:
        """Give the feeds that somebody is subscribed to."""
        with self.reading() as connection:
            rows = connection.execute(select(FEEDS).where(_WANTED).order_by(FEEDS.c.id)).mappings()
            return tuple(read_feed(row) for row in rows)

    def source(self, feed_id: int) -> WatchedSource:
        """Give one source; raises `NotFoundError`."""
        with self.reading() as connection:
            found = _read(connection, FEEDS.c.id == feed_id)
        if not found:
            raise NotFoundError(f"there is no source {feed_id}")
        return found[0]

    def source_series(self, feed_id: int, page: Page) -> tuple[SeriesState, ...]:
        """Give a page of the series of a source, the one that is furthest behind first."""
        names = FEED_SERIES.c.procedure, FEED_SERIES.c.observed_property, FEED_SERIES.c.feature_of_interest
        query = select(FEED_SERIES).where(FEED_SERIES.c.feed_id == feed_id).order_by(FEED_SERIES.c.position, *names)
        with self.reading() as connection:
            rows = connection.execute(query.offset(page.offset).limit(page.limit)).all()
        found = []
        for row in rows:
            series = Series(row.procedure, row.observed_property, row.feature_of_interest)
            hearing = None if row.hearing is None else hearing_from_json(row.hearing)
            found.append(SeriesState(series, row.position, observation_from_json(series, row.latest), hearing))
        return tuple(found)

    def sources(
        self, states: Sequence[SourceState] = (), after: int = 0, limit: int = 100
    ) -> tuple[tuple[WatchedSource, ...], int]:
        """Give sources in some states (default: all), those after an id, and how many there are altogether."""
        wanted = or_(*(_CONDITIONS[state] for state in states or tuple(SourceState)))
        with self.reading() as connection:
            counting = select(func.count()).select_from(_JOINED).where(wanted)
            return _read(connection, and_(wanted, FEEDS.c.id > after), limit), connection.execute(counting).scalar_one()


def _read(connection: Connection, condition: ColumnElement[bool], limit: int = 1) -> tuple[WatchedSource, ...]:
    query = select(FEEDS, *_RECORD).select_from(_JOINED).where(condition).order_by(FEEDS.c.id).limit(limit)
    rows = connection.execute(query).all()
    identifiers = [row.id for row in rows]
    counts = _grouped(
        connection,
        select(SUBSCRIPTIONS.c.feed_id, func.count())
        .where(SUBSCRIPTIONS.c.feed_id.in_(identifiers), SUBSCRIPTIONS.c.status == SubscriptionStatus.ACTIVE)
        .group_by(SUBSCRIPTIONS.c.feed_id),
    )
    position = FEED_SERIES.c.position
    series = _grouped(
        connection,
        select(FEED_SERIES.c.feed_id, func.count(), func.max(position), func.min(position))
        .where(FEED_SERIES.c.feed_id.in_(identifiers))
        .group_by(FEED_SERIES.c.feed_id),
    )
    return tuple(
        WatchedSource(
            read_feed(row._mapping),
            _state(row),
            health_of(row),
            *(*counts.get(row.id, (0,)), *series.get(row.id, (0, None, None)), row.corrected),
        )
        for row in rows
    )


def _grouped(connection: Connection, query: Any) -> dict[int, tuple[Any, ...]]:
    return {row[0]: tuple(row[1:]) for row in connection.execute(query)}


def _state(row: Any) -> SourceState:
    if row.next_poll is None:
        return SourceState.IDLE
    if row.down_since is not None:
        return SourceState.DOWN
    if row.failures:
        return SourceState.FAILING
    return SourceState.OK if row.silent_since is None else SourceState.STALE
