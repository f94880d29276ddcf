"""
When subscriptions that began in the past have caught up, their source is polled once for them and all others.

The feed of such a subscription takes the place of the one that polls its source for everybody, or joins it where it is
there already. Both then take in one and the same answer: what is in it is known to both, and what is older than they
look back is asked for by neither any more. So nobody is shown anything twice, or misses it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from weps.asking import Asker
from weps.errors import FeedError
from weps.feeders.forms import is_asked_by_result_time
from weps.feeders.sources import PUSHED
from weps.model import Feed, Observation, Source
from weps.reading import Horizon, must_catch_up, read_from
from weps.store import Store
from weps.streams import newest_of

LOG = logging.getLogger("weps.engine")


class Joiner:
    """Finds out which feeds can be one, and makes them one."""

    def __init__(self, store: Store, asker: Asker, horizon: Horizon, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._asker = asker
        self._horizon = horizon
        self._clock = clock

    def partner(self, feed: Feed, until: datetime) -> Feed | None:
        """Give the feed that is to take in the same answer as this one, because they are about to be one."""
        shared = self._store.shared_feed(feed) if self._has_caught_up(feed, until) else None
        if shared is None or feed.start is None or not shared.primed or shared.failures:
            return None
        is_behind = must_catch_up(shared, until, self._horizon)
        # Before that, it would be shown what is from before its beginning.
        return None if is_behind or self.begin(shared) < feed.start else shared

    def begin(self, feed: Feed) -> datetime:
        """Give the time from which a feed is to be asked."""
        return read_from(feed, self._store.positions(feed.id).values(), self._horizon)

    def settle(self, feed_id: int, shared_id: int | None, until: datetime) -> bool:
        """Make two feeds one that have taken in the same answer, or one that stands alone the one for all."""
        feed = self._store.feed(feed_id)
        if not self._has_caught_up(feed, until):
            return False
        if shared_id is None:
            return self._store.shared_feed(feed) is None and self._share(feed, until)
        reaches = self.begin(self._store.feed(shared_id)) <= self.begin(feed)
        is_one = self._store.join(feed_id, shared_id, until, self._clock(), reaches_as_far=reaches)
        if is_one:
            LOG.info("feed joined feed=%d shared=%d", feed_id, shared_id)
        return is_one

    def _has_caught_up(self, feed: Feed, until: datetime) -> bool:
        has_begun = feed.start is not None and not must_catch_up(feed, until, self._horizon)
        return has_begun and feed.source.binding not in PUSHED

    def _share(self, feed: Feed, until: datetime) -> bool:
        """Let a feed be the one for all, once it knows what its source holds from before its beginning."""
        try:
            known = newest_of(self._asker.latest(feed, until))
        except FeedError as error:
            LOG.info("newest not known feed=%d error=%s", feed.id, error)
            known = {}
        with self._store.batch(feed.id) as transaction:
            seen, since = transaction.latest(), self.begin(feed)
            transaction.save_latest({one: each for one, each in known.items() if one not in seen and each.end < since})
        is_shared = self._store.share(feed.id)
        if is_shared:
            LOG.info("feed is shared feed=%d", feed.id)
        return is_shared


def known_from(source: Source, observations: Iterable[Observation], begin: datetime) -> list[Observation]:
    """Give what a source would have answered if it had been asked from a time on."""
    if is_asked_by_result_time(source):
        return [each for each in observations if each.result_time is None or each.result_time >= begin]
    return [each for each in observations if each.phenomenon_time >= begin]
