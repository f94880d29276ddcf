"""
The feeder of sources that come without being asked for: asked, it tells whether they still can come.

So the time goes on for rules about silence, and a broker that is gone is a source that is down.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weps.errors import SourceGarbled
from weps.feeders.base import Batch, Counted
from weps.feeders.sources import BROKERED, topics_of

if TYPE_CHECKING:
    from datetime import datetime

    from weps.feeders.brokers import Brokers
    from weps.feeders.hubs import Hubs
    from weps.model import Source


@dataclass(slots=True)
class _Record:
    good: int = 0
    bad: int = 0
    reason: str = ""


class Faults:
    """What could not be read since a source was last asked; counts both kinds of messages for ever."""

    def __init__(self) -> None:
        self._recent: dict[Source, _Record] = {}
        self._ever: dict[Source, _Record] = {}
        self._lock = threading.Lock()

    def note(self, source: Source, reason: str | None) -> None:
        """Note a message of a source, and why it could not be read."""
        with self._lock:
            for records in (self._recent, self._ever):
                record = records.setdefault(source, _Record())
                record.good += reason is None
                record.bad += reason is not None
                record.reason = reason or record.reason

    def count(self, source: Source) -> tuple[int, int]:
        """Give how many messages of a source could be read, and how many not, since the start."""
        record = self._ever.get(source, _Record())
        return record.good, record.bad

    def raise_if_only_bad(self, source: Source) -> None:
        """Raise `SourceGarbled` where since the last call nothing but bad messages came."""
        with self._lock:
            record = self._recent.pop(source, _Record())
        if record.bad and not record.good:
            raise SourceGarbled(f"none of {record.bad} messages could be read; the last: {record.reason}")


class PushedFeeder:
    """One for all sources that are pushed; `brokers` are listened to, `hubs` asked to push."""

    def __init__(self, brokers: Brokers, hubs: Hubs, faults: Faults) -> None:
        self._brokers = brokers
        self._hubs = hubs
        self._faults = faults

    def fetch(self, source: Source, begin: datetime, end: datetime) -> Batch:
        """Give nothing, when all that came was taken in. Raises a `FeedError` where nothing can come."""
        if source.binding in BROKERED:
            self._listen(source)
            self._brokers.settle(source.endpoint)
        else:
            self._hubs.require(source)
        self._faults.raise_if_only_bad(source)
        return Batch(())

    def latest(self, source: Source) -> Batch:
        """Give nothing: what there was before cannot be asked for. Begins to listen."""
        if source.binding in BROKERED:
            self._listen(source)
        return Batch(())

    def counts(self, source: Source) -> tuple[Counted, ...] | None:
        """Such a source does not tell how many observations it has."""
        return None

    def series_exists(self, source: Source) -> bool:
        """Tell that the series exists: whoever pushes does not announce what."""
        return True

    def evidence_url(self, source: Source, begin: datetime, end: datetime) -> str | None:
        """Give None: what was pushed cannot be asked for again."""
        return None

    def _listen(self, source: Source) -> None:
        for topic in topics_of(source):
            self._brokers.listen(source.endpoint, topic)
        for topic in topics_of(source):
            self._brokers.require(source.endpoint, topic)
