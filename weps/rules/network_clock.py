"""What is due at which time."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

Place: TypeAlias = tuple[int, str]
"""A state: the order of its rule and its correlation key."""


class Alarms:
    """
    States with the times at which they are due.

    A state stands in the queue once: when its time moves on, it is queued again only as the old one comes up, so that
    a rule whose time moves with each observation does not fill the queue.
    """

    __slots__ = ("_queue", "_times")

    def __init__(self) -> None:
        self._queue: list[tuple[datetime, Place]] = []
        self._times: dict[Place, datetime] = {}

    def put(self, place: Place, due: datetime) -> None:
        """Note that a state is due at a time, if it is not to be looked at earlier anyway."""
        known = self._times.get(place)
        if known is None or due < known:
            self._times[place] = due
            heapq.heappush(self._queue, (due, place))

    def take(self, now: datetime) -> set[Place]:
        """Take out the states that may be due up to a time."""
        due: set[Place] = set()
        while self._queue and self._queue[0][0] <= now:
            time, place = heapq.heappop(self._queue)
            if self._times.get(place) == time:
                del self._times[place]
                due.add(place)
        return due
