"""Feeds as the engine works on them: what is due, and the one transaction from observations to alerts."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, func, or_, select, update

from weps.errors import NotFoundError
from weps.health import NOTHING_COUNTED
from weps.hearing import hearing_from_json, hearing_to_json
from weps.model import (
    Alert,
    Correction,
    Feed,
    Json,
    Observation,
    Page,
    Series,
    Subscription,
    SubscriptionStatus,
    Target,
)
from weps.store.arrivals import Arrivals
from weps.store.database import Database
from weps.store.health import HealthKeeping, note_failure, read_health
from weps.store.portions import portions
from weps.store.rows import observation_from_json, observation_to_json, read_feed, read_subscription
from weps.store.storing import store_alerts
from weps.store.subscriptions import refresh_feed, subscription_query
from weps.store.tables import CORRECTIONS, FEED_SERIES, FEEDS, RULE_STATES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from weps.health import Asked, Health
    from weps.hearing import Hearing
    from weps.store.flapping import Retell


@dataclass(frozen=True, slots=True)
class RuleState:
    """What is kept per subscription and correlation key; `open_episode` while a threshold is firing."""

    state: Json
    detections: int = 0
    open_episode: str | None = None


StateKey = tuple[str, str]
"""Subscription id and correlation key."""


class Feeds(Database):
    """How far every source has been read."""

    def feed(self, feed_id: int) -> Feed:
        """Give one feed; raises `NotFoundError`."""
        with self.reading() as connection:
            return one_feed(connection, feed_id)

    def due_feeds(self, now: datetime, limit: int = 1000) -> tuple[Feed, ...]:
        """Give the feeds that are to be polled, the longest waiting first."""
        query = select(FEEDS).where(FEEDS.c.next_poll <= now).order_by(FEEDS.c.next_poll).limit(limit)
        with self.reading() as connection:
            return tuple(read_feed(row) for row in connection.execute(query).mappings())

    def feeds_at(self, endpoints: Sequence[str]) -> tuple[Feed, ...]:
        """Give the feeds that are polled and whose endpoint begins with one of the given."""
        begins = or_(*(FEEDS.c.endpoint.startswith(endpoint, autoescape=True) for endpoint in endpoints))
        query = select(FEEDS).where(FEEDS.c.next_poll.is_not(None), begins)
        with self.reading() as connection:
            return tuple(read_feed(row) for row in connection.execute(query).mappings())

    def feeds_of(self, bindings: Iterable[str]) -> tuple[Feed, ...]:
        """Give the feeds that are wanted and whose sources have one of the bindings."""
        query = select(FEEDS).where(FEEDS.c.next_poll.is_not(None), FEEDS.c.binding.in_(sorted(bindings)))
        with self.reading() as connection:
            return tuple(read_feed(row) for row in connection.execute(query).mappings())

    def feeds_behind(self, place: str) -> tuple[Feed, ...]:
        """Give the feeds whose endpoint ends with `#` and a text, whether they are wanted or not."""
        query = select(FEEDS).where(FEEDS.c.endpoint.endswith(f"#{place}", autoescape=True))
        with self.reading() as connection:
            return tuple(read_feed(row) for row in connection.execute(query).mappings())

    def positions(self, feed_id: int) -> dict[Series, datetime]:
        """Give the newest phenomenon time that was seen of each series."""
        columns = FEED_SERIES.c.procedure, FEED_SERIES.c.observed_property, FEED_SERIES.c.feature_of_interest
        query = select(*columns, FEED_SERIES.c.position).where(FEED_SERIES.c.feed_id == feed_id)
        with self.reading() as connection:
            return {Series(*row[:3]): row.position for row in connection.execute(query)}

    def health(self, feed_id: int) -> Health:
        """Give the record of how the source of a feed fares."""
        with self.reading() as connection:
            return read_health(connection, feed_id)

    def poll_failed(
        self, feed_id: int, error: str, next_poll: datetime, requests: Sequence[Asked] = (), now: datetime | None = None
    ) -> Feed:
        """Note that a poll failed, and what its requests took; nothing else moves. Gives the feed as it is now."""
        noting = (
            update(FEEDS)
            .where(FEEDS.c.id == feed_id, FEEDS.c.next_poll.is_not(None))
            .values(failures=FEEDS.c.failures + 1, last_error=error[:2000], next_poll=next_poll)
        )
        with self.writing() as connection:
            connection.execute(noting)
            if now is not None:
                note_failure(connection, feed_id, requests, now)
            return one_feed(connection, feed_id)

    def put_off(self, feed_id: int, next_poll: datetime) -> None:
        """Let a feed that somebody wants wait; nothing else moves."""
        with self.writing() as connection:
            is_meant = (FEEDS.c.id == feed_id, FEEDS.c.next_poll.is_not(None))
            connection.execute(update(FEEDS).where(*is_meant).values(next_poll=next_poll))

    def save_step(self, feed_id: int, step: timedelta | None) -> None:
        """Keep how long a time a source gives at once; None: all that was asked for."""
        with self.writing() as connection:
            connection.execute(update(FEEDS).where(FEEDS.c.id == feed_id).values(step=step))

    def corrections(self, feed_id: int, page: Page) -> tuple[Correction, ...]:
        """Give a page of what the source of a feed has changed, the newest first."""
        query = select(CORRECTIONS).where(CORRECTIONS.c.feed_id == feed_id).order_by(CORRECTIONS.c.recorded.desc())
        with self.reading() as connection:
            rows = connection.execute(query.offset(page.offset).limit(page.limit)).all()
        names = "phenomenon_time", "before", "after", "recorded", "times"
        return tuple(
            Correction(
                Series(row.procedure, row.observed_property, row.feature_of_interest),
                **{name: getattr(row, name) for name in names},
            )
            for row in rows
        )

    @contextmanager
    def batch(self, feed_id: int) -> Iterator[BatchTransaction]:
        """Open the transaction in which a batch of observations becomes alerts: all of it is kept, or nothing."""
        with self.writing() as connection:
            yield BatchTransaction(connection, one_feed(connection, feed_id), self.standing_targets)


class BatchTransaction(Arrivals, HealthKeeping):
    """What the engine reads and writes between begin and commit of one batch."""

    def __init__(self, connection: Connection, feed: Feed, standing_targets: tuple[Target, ...] = ()) -> None:
        self._connection = connection
        self.feed = feed
        self._standing_targets = standing_targets
        self.counters = NOTHING_COUNTED

    def active_revisions(self) -> dict[str, int]:
        """Give the active subscriptions of the feed, oldest first: the revision of each by its id."""
        active = SUBSCRIPTIONS.c.feed_id == self.feed.id, SUBSCRIPTIONS.c.status == SubscriptionStatus.ACTIVE
        query = select(SUBSCRIPTIONS.c.id, SUBSCRIPTIONS.c.revision).where(*active).order_by(SUBSCRIPTIONS.c.number)
        return {row.id: row.revision for row in self._connection.execute(query)}

    def subscriptions(self, identifiers: Sequence[str]) -> list[tuple[Subscription, bool]]:
        """Give subscriptions, oldest first, and whether each has had its first look."""
        found = []
        for some in portions(identifiers):
            query = subscription_query().where(SUBSCRIPTIONS.c.id.in_(some)).order_by(SUBSCRIPTIONS.c.number)
            rows = self._connection.execute(query).mappings()
            found += [(read_subscription(row), bool(row["primed"])) for row in rows]
        return found

    def states(self, identifiers: Sequence[str]) -> dict[StateKey, RuleState]:
        """Give the stored states of subscriptions."""
        found = {}
        for some in portions(identifiers):
            query = select(RULE_STATES).where(RULE_STATES.c.subscription_id.in_(some))
            for row in self._connection.execute(query):
                found[row.subscription_id, row.correlation_key] = RuleState(row.state, row.detections, row.open_episode)
        return found

    def latest(self) -> dict[Series, Observation]:
        """Give the newest observation of each series that was seen."""
        query = select(FEED_SERIES).where(FEED_SERIES.c.feed_id == self.feed.id)
        found = {}
        for row in self._connection.execute(query):
            series = Series(row.procedure, row.observed_property, row.feature_of_interest)
            found[series] = observation_from_json(series, row.latest)
        return found

    def hearings(self) -> dict[Series, Hearing]:
        """Give the records of how often each series has something new."""
        names = FEED_SERIES.c.procedure, FEED_SERIES.c.observed_property, FEED_SERIES.c.feature_of_interest
        mine = FEED_SERIES.c.feed_id == self.feed.id, FEED_SERIES.c.hearing.is_not(None)
        rows = self._connection.execute(select(*names, FEED_SERIES.c.hearing).where(*mine))
        return {Series(*row[:3]): hearing_from_json(row.hearing) for row in rows}

    def save_hearings(self, hearings: Mapping[Series, Hearing]) -> None:
        """Keep records of series that were seen."""
        keys = {name: f"of_{name}" for name in Series._fields}
        mine = (FEED_SERIES.c[name] == bindparam(given) for name, given in keys.items())
        saving = update(FEED_SERIES).where(FEED_SERIES.c.feed_id == self.feed.id, *mine)
        rows = [
            {**{keys[name]: value for name, value in series._asdict().items()}, "hearing": hearing_to_json(hearing)}
            for series, hearing in hearings.items()
        ]
        if rows:
            self._connection.execute(saving.values(hearing=bindparam("hearing")), rows)

    def save_latest(self, latest: Mapping[Series, Observation]) -> None:
        """Move the positions of series to the end of the given observations."""
        rows = [
            {
                "feed_id": self.feed.id,
                **series._asdict(),
                "position": observation.end,
                "latest": observation_to_json(observation),
            }
            for series, observation in latest.items()
        ]
        self._upsert(FEED_SERIES, rows, ("position", "latest"))

    def save_states(self, states: Mapping[StateKey, RuleState]) -> None:
        """Keep the states that changed."""
        rows = [
            {
                "subscription_id": subscription_id,
                "correlation_key": key,
                "state": kept.state,
                "detections": kept.detections,
                "open_episode": kept.open_episode,
            }
            for (subscription_id, key), kept in states.items()
        ]
        self._upsert(RULE_STATES, rows, ("state", "detections", "open_episode"))

    def save_threads(self, threads: Mapping[StateKey, tuple[int, str | None]]) -> None:
        """Keep the number of detections and the open episode of states that did not change themselves."""
        rows = [
            {"subscription_id": key[0], "correlation_key": key[1], "detections": count, "open_episode": episode}
            for key, (count, episode) in threads.items()
        ]
        self._upsert(RULE_STATES, rows, ("detections", "open_episode"))

    def mark_primed(self, identifiers: Sequence[str]) -> None:
        """Note that subscriptions have had their first look at what was there."""
        for some in portions(identifiers):
            self._connection.execute(update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id.in_(some)).values(primed=True))

    def add_alerts(
        self, alerts: Sequence[tuple[Alert, tuple[Target, ...]]], now: datetime, retell: Retell | None = None
    ) -> None:
        """
        Store alerts with their episodes, and put a row into the outbox for each target that is to hear of them.

        `retell` makes the alerts that tell what flaps; without it nothing begins to.
        """
        if alerts:
            store_alerts(self._connection, alerts, now, self._standing_targets, retell)

    def end_failed(self, identifiers: Sequence[str], now: datetime) -> None:
        """End subscriptions whose rules cannot go on."""
        for some in portions(identifiers):
            ending = update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id.in_(some))
            self._connection.execute(ending.values(status=SubscriptionStatus.FAILED, ended=now))
        if identifiers:
            refresh_feed(self._connection, self.feed.id, now)

    def save_feed(self, **values: Any) -> None:
        """Change members of the feed."""
        self._connection.execute(update(FEEDS).where(FEEDS.c.id == self.feed.id).values(**values))

    def polled(self, until: datetime, now: datetime, next_poll: datetime) -> None:
        """Note that the source was asked up to a time, with success."""
        # A feed that lost its last subscriber meanwhile has no next poll, and keeps none.
        wanted = select(func.count()).where(
            SUBSCRIPTIONS.c.feed_id == self.feed.id, SUBSCRIPTIONS.c.status == SubscriptionStatus.ACTIVE
        )
        is_wanted = self._connection.execute(wanted).scalar_one() > 0
        self.save_feed(
            polled_until=until,
            last_success=now,
            failures=0,
            last_error=None,
            next_poll=next_poll if is_wanted else None,
        )


def one_feed(connection: Connection, feed_id: int) -> Feed:
    """Give one feed; raises `NotFoundError`."""
    row = connection.execute(select(FEEDS).where(FEEDS.c.id == feed_id)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no feed {feed_id}")
    return read_feed(row)
