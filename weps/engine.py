"""
The engine: subscribe, poll, receive, tick.

One flow leads from an observation to an alert: `poll` lets the feeder fetch (HTTP), `receive` opens a transaction,
drops what was seen, orders by phenomenon time, steps the rules, and stores seen keys, positions, states, alerts and
outbox rows together. HTTP happens before or after a transaction, never inside.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from weps import watch
from weps.asking import Asker
from weps.beginning import learn_periods, look_on, prime
from weps.composing import flapping_alert
from weps.errors import FeedError, NotFoundError, SourceDenied, SourceUnreachable, StoreError
from weps.feeders.base import Batch, Feeder
from weps.joining import Joiner, known_from
from weps.lifecycle import Lifecycle
from weps.model import AlertStatus, Feed, Observation, Source
from weps.notify.base import Channel
from weps.reading import Horizon, back_off, next_poll
from weps.series_alerts import note_series
from weps.source_alerts import Alarm, Meter, note_answer, source_alerts
from weps.store import BatchTransaction, Store

LOG = logging.getLogger("weps.engine")
REST = timedelta(seconds=30)
REST_OF_STORE = timedelta(seconds=5)


class Engine(Lifecycle):
    """
    Watches what was subscribed to. `clock` is the wall clock, `world` the time in which observations happen.

    They differ only in a demonstration that replays history. `base_url` is how clients reach this service.
    """

    def __init__(
        self,
        store: Store,
        feeder: Feeder,
        channels: Mapping[str, Channel],
        base_url: str,
        *,
        horizon: Horizon | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        world: Callable[[], datetime] | None = None,
        wake_delivery: Callable[[], None] = lambda: None,
        first_look: float = 2.0,
        polls_at_once: int = 8,
        alarm: Alarm | None = None,
    ) -> None:
        super().__init__(store, channels, base_url, clock=clock, world=world or clock, first_look=first_look)
        self._feeder = feeder
        self._horizon = horizon or Horizon()
        self._alarm = alarm or Alarm()
        self._meter = Meter()
        self._asker = Asker(store, feeder, self._horizon, self._meter)
        self._joiner = Joiner(store, self._asker, self._horizon, clock)
        self._wake_delivery = wake_delivery
        self._watches: dict[int, watch.Watch] = {}
        self._polling: set[int] = set()
        self._resting: dict[int, datetime] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(polls_at_once, thread_name_prefix="poll")

    def series_exists(self, source: Source) -> bool:
        """Ask a source whether it knows the series of its template. Raises `FeedError`."""
        return self._feeder.series_exists(source)

    def due_feeds(self) -> tuple[Feed, ...]:
        """Give the feeds that are due and not being polled right now."""
        now = self._clock()
        self._resting = {identifier: until for identifier, until in self._resting.items() if until > now}
        out = self._polling | self._resting.keys()
        return tuple(feed for feed in self.store.due_feeds(now) if feed.id not in out)

    def forget_ended(self) -> None:
        """Throw away what memory holds of feeds that nobody watches any more."""
        for feed_id in set(self._watches) - self._asker.forget_ended():
            self._watches.pop(feed_id, None)

    def poll_soon(self, feed_id: int) -> Future[None] | None:
        """Poll a feed in the background; None when it is being polled already, or the engine is closed."""
        with self._lock:
            if feed_id in self._polling:
                return None
            self._polling.add(feed_id)
        try:
            return self._pool.submit(self._poll, feed_id)
        except RuntimeError:
            self._polling.discard(feed_id)
            return None

    def poll(self, feed_id: int) -> None:
        """Poll a feed now, unless it is being polled already. A source that fails is noted, not raised."""
        look = self.poll_soon(feed_id)
        if look is not None:
            look.result()

    def close(self, timeout: float) -> None:
        """Start no more polls, and wait at most so many seconds for those under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + timeout
        while self._polling and time.monotonic() < deadline:
            time.sleep(0.02)

    def receive(
        self,
        feed_id: int,
        observations: Sequence[Observation],
        until: datetime,
        more: bool = False,
        *,
        overdue: int = 0,
    ) -> int:
        """
        Take observations of a feed, in one transaction; gives the number of alerts.

        `until` is the world's time up to which the source has now been asked; `more` that it will be asked on at once.
        Feeders that are pushed to enter here too; `overdue` is how many came too late to be taken.
        """
        now = self._clock()
        with self._transaction(feed_id) as (transaction, watched):
            feed = transaction.feed
            if feed.failures:
                LOG.info("polls succeed again feed=%d failures=%d", feed_id, feed.failures)
            transaction.count(overdue=overdue)
            known = watched.positions()
            alerts = watched.take(transaction, observations, until, now, self._feeder.evidence_url)
            transaction.add_alerts(alerts, now, flapping_alert)
            if feed.down_since is not None:
                self._tell(transaction, watched, AlertStatus.SOURCE_UP, now, None)
            health, is_told = note_answer(
                transaction,
                watched.subscriptions(),
                self._meter.take(feed_id),
                now,
                self._asker.learned(feed_id),
                has_news=watched.positions() != known,
                is_last=not more,
                alarm=self._alarm,
            )
            if not more:
                is_told = note_series(transaction, watched, health, now, self._alarm) or is_told
            look_on(transaction, self._horizon, known, watched.positions(), observations)
            transaction.polled(max(until, feed.polled_until or until), now, now if more else next_poll(feed, now))
        if alerts or is_told or feed.down_since is not None:
            LOG.info("alerts feed=%d count=%d", feed_id, len(alerts))
            self._wake_delivery()
        return len(alerts)

    def history(self, source: Source, begin: datetime, end: datetime) -> Iterator[tuple[datetime, Batch]]:
        """
        Read the past of a source in steps, and store nothing: up to when it was asked, and what that brought.

        Steps overlap as polls do, so observations may come twice. Raises `FeedError`.
        """
        return self._asker.history(source, begin, end)

    def evidence_url(self, source: Source, begin: datetime, end: datetime) -> str | None:
        """Give a URL that fetches the observations of a time span, where that is possible."""
        return self._feeder.evidence_url(source, begin, end)

    def tick(self, feed_id: int, until: datetime) -> int:
        """Tell the rules of a feed that time has passed without observations."""
        return self.receive(feed_id, (), until)

    def _poll(self, feed_id: int) -> None:
        try:
            feed = self.store.feed(feed_id)
            if feed.next_poll is None:
                return
            if feed.start is not None and self._world() < feed.start:
                self._put_off(feed, feed.start)
                return
            try:
                self._read(feed)
            except FeedError as error:
                self._failed(feed, error)
        except NotFoundError:
            LOG.debug("feed is gone feed=%d", feed_id)
        except StoreError as error:
            LOG.warning("poll not stored feed=%d error=%s", feed_id, error)
            self._resting[feed_id] = self._clock() + REST_OF_STORE
        except Exception:  # a poll must never take the others with it
            LOG.exception("poll broke feed=%d", feed_id)
            # Kept in memory too: where it cannot be stored, it would break again at once.
            rest = self._resting[feed_id] = self._clock() + REST
            self.store.poll_failed(feed_id, "an internal error, see the log", rest)
        finally:
            self._polling.discard(feed_id)

    def _put_off(self, feed: Feed, start: datetime) -> None:
        """Ask nothing before the time that is to be watched begins: not even that time has passed is news."""
        now = self._clock()
        self.store.put_off(feed.id, min(next_poll(feed, now), now + (start - self._world())))

    def _read(self, feed: Feed) -> None:
        until = self._world()
        if feed.polled_until is None:
            # What is in memory is from before the feed began, perhaps anew.
            self._watches.pop(feed.id, None)
            self._asker.forget(feed.id)
        if not feed.primed:
            feed = prime(self.store, self._asker, self._horizon, feed, until)
        elif feed.polled_until is None:
            feed = learn_periods(self.store, self._asker, feed, until)
        else:
            feed = self._catch_periods(feed, feed.polled_until, until)
        with self._together(feed, until) as feeds:
            begins = {each.id: self._joiner.begin(each) for each in feeds}
            first = min(begins.values())
            for end, batch in self._asker.span(feed, first, until):
                for identifier, begin in begins.items():
                    found = batch.observations
                    if begin > first:
                        found = tuple(known_from(feed.source, found, begin))
                    self.receive(identifier, found, end, more=end < until)
            shared = feeds[0].id if len(feeds) > 1 else None
            if feed.start is not None and self._joiner.settle(feed.id, shared, until):
                for identifier in begins:
                    self._watches.pop(identifier, None)

    @contextmanager
    def _together(self, feed: Feed, until: datetime) -> Iterator[tuple[Feed, ...]]:
        """Give the feeds that take in what a feed is answered; while they do, they are not polled besides."""
        shared = self._joiner.partner(feed, until)
        with self._lock:
            if shared is None or shared.id in self._polling:
                shared = None
            else:
                self._polling.add(shared.id)
        try:
            yield (feed,) if shared is None else (shared, feed)
        finally:
            if shared is not None:
                self._polling.discard(shared.id)

    def _catch_periods(self, feed: Feed, asked_until: datetime, until: datetime) -> Feed:
        """Take in what was observed over longer periods than polls look back; gives the feed."""
        missed = self._asker.missed_periods(feed, until)
        if not missed:
            return feed
        self.receive(feed.id, missed, asked_until, more=True)
        return self.store.feed(feed.id)

    def _failed(self, feed: Feed, error: FeedError) -> None:
        now = self._clock()
        wait = back_off(feed.interval, feed.failures + 1, random.random())  # noqa: S311 -- jitter is no secret
        if isinstance(error, SourceUnreachable) and error.retry_after is not None:
            wait = max(wait, timedelta(seconds=error.retry_after))
        failed = self.store.poll_failed(feed.id, str(error), now + wait, self._meter.take(feed.id), now)
        is_certain = failed.failures >= self._alarm.failures or isinstance(error, SourceDenied)
        goes_down = is_certain and failed.down_since is None
        level = logging.WARNING if goes_down or feed.last_error != failed.last_error else logging.DEBUG
        text = "source is down" if goes_down else "poll failed"
        wait_seconds = wait.total_seconds()
        LOG.log(level, "%s feed=%d failures=%d wait=%.1f error=%s", text, feed.id, failed.failures, wait_seconds, error)
        if goes_down:
            with self._transaction(feed.id) as (transaction, watched):
                self._tell(transaction, watched, AlertStatus.SOURCE_DOWN, now, str(error))
            self._wake_delivery()

    def _tell(
        self,
        transaction: BatchTransaction,
        watched: watch.Watch,
        status: AlertStatus,
        now: datetime,
        reason: str | None,
    ) -> None:
        """Tell the subscribers of a source that it is down, or up again."""
        feed = transaction.feed
        alerts = source_alerts(watched.subscriptions(), feed, status, now, began=feed.down_since, reason=reason)
        transaction.add_alerts(alerts, now)
        transaction.save_feed(down_since=now if status is AlertStatus.SOURCE_DOWN else None)

    @contextmanager
    def _transaction(self, feed_id: int) -> Iterator[tuple[BatchTransaction, watch.Watch]]:
        """Open the transaction of a feed with its rules in memory; when it fails, memory is thrown away."""
        try:
            with self.store.batch(feed_id) as transaction:
                watched = self._watches.get(feed_id) or watch.Watch()
                self._watches[feed_id] = watched
                watched.refresh(transaction)
                yield transaction, watched
        except BaseException:
            self._watches.pop(feed_id, None)
            raise
