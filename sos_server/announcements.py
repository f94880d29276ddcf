"""
Telling others in the same process that observations came in, so that nobody needs to ask again and again.

A hint and no delivery: it comes after the commit, at most once, and not from other processes on the same database.
Who must miss nothing reads the observations from the service, as ever; the hint only says when it is worth it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from sos_server.time import from_microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sos_server.storage.batches import SeriesBatch

_LOG = logging.getLogger("sos_server")


@dataclass(frozen=True, slots=True)
class Announcement:
    """Observations of one series came in; their phenomenon times lie from `begin` to `end`, both included."""

    offerings: tuple[str, ...]
    procedure: str
    observed_property: str
    feature_of_interest: str
    begin: datetime
    end: datetime


class Announcements:
    """Those who want to know of new observations; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._callbacks: tuple[Callable[[Announcement], None], ...] = ()

    def subscribe(self, callback: Callable[[Announcement], None]) -> Callable[[], None]:
        """
        Have a function called for each series that gets new observations; gives what ends it.

        It runs in the thread of the insert, which waits for it: it should only note what it is told, and wake others.
        """
        with self._lock:
            self._callbacks = (*self._callbacks, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._callbacks = tuple(each for each in self._callbacks if each is not callback)

        return unsubscribe

    def tell(self, offerings: tuple[str, ...], batches: Iterable[SeriesBatch]) -> None:
        """Tell of batches that are stored; whatever the subscribers do, it does not fail."""
        callbacks = self._callbacks
        if not callbacks:
            return
        for batch in batches:
            announcement = _announcement(offerings, batch)
            for callback in callbacks:
                try:
                    callback(announcement)
                except Exception:  # the observations are stored; whoever published them is not to hear of this
                    _LOG.exception("not_announced procedure=%r", announcement.procedure)


def _announcement(offerings: tuple[str, ...], batch: SeriesBatch) -> Announcement:
    begin, end = from_microseconds(min(batch.rows.begins)), from_microseconds(max(batch.rows.ends))
    key = batch.key
    return Announcement(offerings, key.procedure, key.observed_property, key.feature_of_interest, begin, end)
