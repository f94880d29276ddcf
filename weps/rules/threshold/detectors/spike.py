"""A spike: a value far from the median of those around it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from sos_server.time import from_microseconds, to_microseconds
from weps.rules.threshold.detectors.score import EITHER_SIDE, Judge
from weps.rules.threshold.source import Evaluation, Timeless
from weps.rules.threshold.window import before

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from weps.model import Json

MOST_EVENTS = 10_000
"""So many observations a window holds; beyond that the oldest leave it before their time."""
FEW = 8
"""Up to so many values are taken out of a sorted list one by one; else what stays is sorted anew."""


class Recent(NamedTuple):
    """The observations of the last stretch of time, oldest first, and their values sorted."""

    newest: datetime | None
    entries: tuple[tuple[datetime, float], ...]
    ranked: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Spike(Timeless):
    """
    The distance of each value from the median of the other observations in (t - length, t].

    Not defined while there are fewer than `min_count` others. One that is late but belongs into the window is
    compared with it at the newest time and takes its place; one that is older changes nothing.
    """

    kind: ClassVar[str] = "spike"

    length: timedelta
    min_count: int = 10
    judge: Judge = EITHER_SIDE
    most: int = MOST_EVENTS

    def start(self) -> Recent:
        """Give an empty window."""
        return Recent(None, (), ())

    def step(self, state: Recent, time: datetime, value: Any, identifier: str) -> tuple[Recent, tuple[Evaluation, ...]]:
        """Take the value of one observation."""
        newest = time if state.newest is None else max(time, state.newest)
        if time <= before(newest, self.length):
            return state, ()
        entries, ranked = _without(state, bisect_right(state.entries, before(newest, self.length), key=_time))
        found = self.judge.distance(value, ranked) if len(ranked) >= self.min_count else None
        place = bisect_right(entries, time, key=_time)
        after = Recent(newest, (*entries[:place], (time, value), *entries[place:]), _with(ranked, value))
        entries, ranked = _without(after, max(0, len(after.entries) - self.most))
        return Recent(newest, entries, ranked), (Evaluation(newest, found, (identifier,)),)

    def lineage(self, state: Recent) -> tuple[str, ...]:
        """Give nothing: each evaluation carries its lineage."""
        return ()

    def dump(self, state: Recent) -> Json:
        """Give the window as JSON; the values are sorted again when they are loaded."""
        newest = None if state.newest is None else to_microseconds(state.newest)
        return [newest, [[to_microseconds(time), value] for time, value in state.entries]]

    def load(self, stored: Any) -> Recent:
        """Give back the window that was dumped."""
        newest, entries = stored
        kept = tuple((from_microseconds(time), value) for time, value in entries)
        newest = None if newest is None else from_microseconds(newest)
        return Recent(newest, kept, tuple(sorted(value for _, value in kept)))


def _time(entry: tuple[datetime, float]) -> datetime:
    return entry[0]


def _without(state: Recent, gone: int) -> tuple[tuple[tuple[datetime, float], ...], tuple[float, ...]]:
    """Give what a window holds without so many of its oldest observations."""
    if not gone:
        return state.entries, state.ranked
    kept = state.entries[gone:]
    if gone > FEW:
        return kept, tuple(sorted(value for _, value in kept))
    ranked = list(state.ranked)
    for _, value in state.entries[:gone]:
        del ranked[bisect_left(ranked, value)]
    return kept, tuple(ranked)


def _with(ranked: tuple[float, ...], value: float) -> tuple[float, ...]:
    after = list(ranked)
    insort(after, value)
    return tuple(after)
