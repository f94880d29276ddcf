"""What is due at which time, and what time it is for whom."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime
from typing import TypeAlias

Place: TypeAlias = tuple[int, str]
"""A state: the order of its rule and its correlation key."""


NEVER = datetime.max.replace(tzinfo=UTC)


class Era:
    """
    The time that has passed for the rules which came together: the newest that they were told or shown since.

    It is kept apart from the time of older rules only while that is ahead of it.
    """

    __slots__ = ("_now", "_older")

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now
        self._older: Era | None = None

    @property
    def now(self) -> datetime | None:
        """The newest time; None when there was none yet."""
        if self._older is None:
            return self._now
        era = self
        while era._older is not None:
            era = era._older
        if era is not self:
            self._older = era
        return era._now


class Clock:
    """
    The time of a network: of each era, from the oldest to the newest, which can only be behind it.

    A rule does not know what was told before it came, also when that was of a later time: a forecast that was shown
    to others does not move its clock.
    """

    __slots__ = ("_eras",)

    def __init__(self, now: datetime | None) -> None:
        self._eras = [Era(now)]

    @property
    def oldest(self) -> Era:
        """The era of those who were there from the beginning."""
        return self._eras[0]

    def is_ahead(self, time: datetime) -> bool:
        """Tell whether any era is beyond a time: then the oldest is."""
        now = self._eras[0].now
        return now is not None and now > time

    def begin(self) -> Era:
        """Give the era of a rule that comes now."""
        if self._eras[-1]._now is not None:
            self._eras.append(Era())
        return self._eras[-1]

    def move(self, time: datetime) -> None:
        """Move on to a time, whoever is not there yet; eras that have the same time from now on become one."""
        eras = self._eras
        newest = eras[-1]._now
        if newest is not None and time <= newest:
            return
        eras[-1]._now = time
        while len(eras) > 1 and ((older := eras[-2]._now) is None or older <= time):
            later = eras.pop()
            later._older, eras[-1]._now = eras[-1], time


class Alarms:
    """
    States with the times at which they are due.

    A state stands in the queue once: when its time moves on, it is queued again only as the old one comes up, so that
    a rule whose time moves with each observation does not fill the queue. Before `first` nothing is due.
    """

    __slots__ = ("_queue", "_times", "first")

    def __init__(self) -> None:
        self.first = NEVER
        self._queue: list[tuple[datetime, Place]] = []
        self._times: dict[Place, datetime] = {}

    def put(self, place: Place, due: datetime) -> None:
        """Note that a state is due at a time, if it is not to be looked at earlier anyway."""
        known = self._times.get(place)
        if known is None or due < known:
            self._times[place] = due
            heapq.heappush(self._queue, (due, place))
            self.first = self._queue[0][0]

    def take(self, now: datetime) -> set[Place]:
        """Take out the states that may be due up to a time."""
        due: set[Place] = set()
        while self._queue and self._queue[0][0] <= now:
            time, place = heapq.heappop(self._queue)
            if self._times.get(place) == time:
                del self._times[place]
                due.add(place)
        self.first = self._queue[0][0] if self._queue else NEVER
        return due
