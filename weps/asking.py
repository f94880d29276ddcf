"""
How sources are asked: in steps that each of them gives, and besides its polls for what these do not reach.

What is learned of a source while it is asked is kept in memory; the part that costs requests to find out again is kept
with its record (`weps.health`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sos_server.time import shifted
from weps.errors import FeedError, SourceTooSlow, SourceUnreachable
from weps.feeders.base import Batch, Counted, Feeder
from weps.feeders.forms import is_asked_by_result_time
from weps.feeders.template import known_during
from weps.health import Learned
from weps.model import Feed, Observation, Source
from weps.pace import longest_of
from weps.reading import Horizon, in_steps, must_catch_up, pace_of
from weps.source_alerts import Meter
from weps.store import Store

LOG = logging.getLogger("weps.engine")


class Asker:
    """Asks sources through a feeder; used by many threads at once, each feed by one at a time."""

    def __init__(self, store: Store, feeder: Feeder, horizon: Horizon, meter: Meter) -> None:
        self._store = store
        self._feeder = feeder
        self._horizon = horizon
        self._meter = meter
        self._learned: dict[int, Learned] = {}

    def learned(self, feed_id: int) -> Learned:
        """Give what is known of how the source of a feed answers."""
        known = self._learned.get(feed_id)
        if known is None:
            known = self._learned[feed_id] = self._store.health(feed_id).learned
        return known

    def forget(self, feed_id: int) -> None:
        """Forget what is known of the source of a feed, which begins anew."""
        self._learned.pop(feed_id, None)

    def forget_ended(self) -> set[int]:
        """Forget what is known of sources that nobody watches any more; gives the feeds of all others."""
        wanted = {feed.id for feed in self._store.wanted_feeds()}
        for feed_id in set(self._learned) - wanted:
            self.forget(feed_id)
        return wanted

    def latest(self, feed: Feed, until: datetime) -> tuple[Observation, ...]:
        """Ask for the newest observation of every series, see `Feeder`."""
        self._learn(feed.id, looked=until)
        return self._feeder.latest(feed.source).observations

    def span(self, feed: Feed, begin: datetime, until: datetime) -> Iterator[tuple[datetime, Batch]]:
        """Ask for a time span in such steps as the source gives, and remember them."""
        # What was forecast may lie ahead.
        begin = min(begin, until)
        counts = self._counts(feed.source) if must_catch_up(feed, until, self._horizon) else None
        pace = pace_of(feed, begin, until, self._horizon, learned=self.learned(feed.id), counts=counts)
        try:
            yield from pace.ask(lambda one, other: self.fetch(feed, one, other), begin, until)
        finally:
            self._learn(feed.id, largest=pace.largest, whole=pace.whole, limit=pace.limit)
            step = pace.step if pace.is_limited and pace.step < until - begin else None
            if step != feed.step:
                self._store.save_step(feed.id, step)

    def history(self, source: Source, begin: datetime, end: datetime) -> Iterator[tuple[datetime, Batch]]:
        """Read the past of a source in steps; nothing of what is learned of it is kept."""
        return self._steps(source, begin, end, self._counts(source))

    def fetch(self, feed: Feed, begin: datetime, end: datetime) -> Batch:
        """Ask once for a time span, and note what that took."""
        batch = self._meter.measure(feed.id, lambda: self._feeder.fetch(feed.source, begin, end))
        LOG.debug(
            "polled feed=%d begin=%s end=%s observations=%d nils=%d octets=%d",
            *(feed.id, begin.isoformat(), end.isoformat()),
            *(len(batch.observations), batch.nils, batch.octets),
        )
        return batch

    def longest_period(self, feed: Feed, until: datetime) -> timedelta:
        """Learn over how long periods a source observes: they must not be cut in two."""
        try:
            longest = longest_of(self.latest(feed, until))
        except FeedError as error:
            LOG.info("periods not known feed=%d error=%s", feed.id, error)
            return feed.longest
        return max(longest, feed.longest)

    def missed_periods(self, feed: Feed, until: datetime) -> tuple[Observation, ...]:
        """
        Give what polls have missed because it was observed over longer periods than anything before.

        Polls do not reach back to the begins of such. So once in the time of an overlap it is asked what has become
        known since, and what is longer than all that ever came cannot have come before. How many results a source
        gives is doubted anew then, because it may have been given another limit.
        """
        looked = self.learned(feed.id).looked
        if looked is not None and until - looked < self._horizon.overlap:
            return ()
        begin = shifted(looked or feed.activation, -self._horizon.overlap)
        known, since = known_during(feed.source), feed.start or feed.activation
        found: list[Observation] = []
        try:
            for _, batch in () if known is None else self._steps(known, begin, until):
                longer = (each for each in batch.observations if each.end - each.phenomenon_time > feed.longest)
                found += (each for each in longer if each.end >= since)
        except FeedError as error:
            if isinstance(error, SourceUnreachable) and not isinstance(error, SourceTooSlow):
                # To be asked again from the same time on: the poll that follows will tell that nothing can be read.
                return ()
            LOG.info("what became known is not told feed=%d error=%s", feed.id, error)
        self._learn(feed.id, looked=until, largest=0, whole=0)
        return tuple(found)

    def _steps(
        self, source: Source, begin: datetime, end: datetime, counts: tuple[Counted, ...] | None = None
    ) -> Iterator[tuple[datetime, Batch]]:
        longest = None if is_asked_by_result_time(source) else timedelta(0)
        fetch = partial(self._feeder.fetch, source)
        return in_steps(fetch, begin, end, self._horizon.step, self._horizon, longest=longest, counts=counts)

    def _learn(self, feed_id: int, **members: Any) -> None:
        self._learned[feed_id] = self.learned(feed_id)._replace(**members)

    def _counts(self, source: Source) -> tuple[Counted, ...] | None:
        """Ask how many observations a source has; where result times are asked for, it is not known when they were."""
        counts = self._feeder.counts(source)
        if counts is None or not is_asked_by_result_time(source):
            return counts
        return tuple(Counted(each.number) for each in counts)
