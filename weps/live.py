"""
Feeds of the SOS in the same process, polled as soon as it has something for them.

Its announcements are hints: they only say when a poll is worth it, and the regular polls go on as ever. What is read is
read by the same poll, so nothing can be lost or doubled this way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from weps.feeders.forms import FORMS
from weps.feeders.template import read_selection
from weps.model import Feed
from weps.store import Store

SHORTEST = timedelta(seconds=1)
"""A feed is polled for announcements at most so often, however fast sensors publish."""

Hint = tuple[str, str]
"""The procedure and the observed property that have new observations."""


class LiveFeeds:
    """The feeds whose endpoint begins with one of `endpoints`; safe to use from many threads."""

    def __init__(self, store: Store, endpoints: tuple[str, ...], clock: Callable[[], datetime]) -> None:
        self._store = store
        self._endpoints = endpoints
        self._clock = clock
        self._lock = threading.Lock()
        self._hints: set[Hint] = set()
        self._waiting: set[int] = set()
        self._polled: dict[int, datetime] = {}

    def tell(self, procedure: str, observed_property: str) -> None:
        """Note that a series has new observations."""
        with self._lock:
            self._hints.add((procedure, observed_property))

    def due(self) -> tuple[Feed, ...]:
        """Give the feeds that are to be polled because of what was told; each until `taken` says that it is."""
        with self._lock:
            hints, self._hints = self._hints, set()
        if not hints and not self._waiting:
            return ()
        feeds = {feed.id: feed for feed in self._store.feeds_at(self._endpoints) if not feed.failures}
        self._waiting |= {feed.id for feed in feeds.values() if any(_asks_for(feed, hint) for hint in hints)}
        self._waiting &= feeds.keys()
        ready = self._clock() - SHORTEST
        return tuple(feeds[each] for each in sorted(self._waiting) if self._polled.get(each, ready) <= ready)

    def taken(self, feed_id: int) -> None:
        """Note that a poll of a feed has begun."""
        if feed_id in self._waiting:
            self._waiting.discard(feed_id)
            self._polled[feed_id] = self._clock()


def _asks_for(feed: Feed, hint: Hint) -> bool:
    if feed.source.binding not in FORMS:
        return False
    selection = read_selection(feed.source)
    for name, value in zip(("procedure", "observedProperty"), hint, strict=True):
        wanted = selection.get(name)
        if wanted and value not in wanted:
            return False
    return True
