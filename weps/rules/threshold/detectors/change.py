"""
Changes of the level of a series, small ones too: EWMA and CUSUM against a baseline that slowly follows.

Means are weighted by age: an observation has the weight exp(-age / constant), so irregular sampling and gaps need no
special care. A baseline counts when its observations together have at least a certain weight; after a long gap they
have not, and the baseline is learned anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from sos_server.time import from_microseconds, to_microseconds
from weps.rules.threshold.detectors.score import LARGEST_SCORE, Direction, directed, in_deviations
from weps.rules.threshold.source import Evaluation, Timeless

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from weps.model import Json

LARGEST_TAKEN = 1e140
"""Values beyond are passed over: their squares could not be added up."""
FARTHEST = 4.0
"""One observation moves a cumulative sum by at most so many deviations, so that one outlier is no change."""


class Level(NamedTuple):
    """A mean weighted by age: the weights, the mean and the squared deviations from it, as of a time."""

    time: datetime
    weight: float
    mean: float
    squares: float

    @property
    def deviation(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.squares / self.weight)

    def aged(self, time: datetime, constant: timedelta) -> Level:
        """Let all observations lose weight until a time."""
        kept = math.exp(-((time - self.time) / constant))
        return Level(time, self.weight * kept, self.mean, self.squares * kept)

    def with_value(self, value: float) -> Level:
        """Take a value in with the weight 1."""
        weight = self.weight + 1
        mean = self.mean + (value - self.mean) / weight
        return Level(self.time, weight, mean, self.squares + (value - self.mean) * (value - mean))


def moved(state: Level | None, time: datetime, value: float, constant: timedelta) -> Level:
    """Give a level after one more observation, which may be its first."""
    return Level(time, 1.0, value, 0.0) if state is None else state.aged(time, constant).with_value(value)


def dump_level(state: Level | None) -> Json:
    """Give a level as JSON."""
    return None if state is None else [to_microseconds(state.time), *state[1:]]


def load_level(stored: Any) -> Level | None:
    """Give back the level that was dumped."""
    return None if stored is None else Level(from_microseconds(stored[0]), *stored[1:])


def _passed_over(state: Level | None, time: datetime, value: float) -> bool:
    return abs(value) > LARGEST_TAKEN or (state is not None and time < state.time)


class Smoothed(NamedTuple):
    """A quick mean and the slow one that it is compared with."""

    quick: Level | None
    slow: Level | None


@dataclass(frozen=True, slots=True)
class Ewma(Timeless):
    """
    The distance of a quick mean (time constant `length`) from a slow one (`baseline`), in deviations of the slow one.

    The slow mean is that from before the observation. Not defined while its observations weigh less than `min_count`.
    An observation that is older than the newest changes nothing.
    """

    kind: ClassVar[str] = "ewma"

    length: timedelta
    baseline: timedelta
    min_count: int = 10
    direction: Direction = "both"

    def start(self) -> Smoothed:
        """Give the state before the first observation."""
        return Smoothed(None, None)

    def step(
        self, state: Smoothed, time: datetime, value: Any, identifier: str
    ) -> tuple[Smoothed, tuple[Evaluation, ...]]:
        """Take the value of one observation."""
        if _passed_over(state.slow, time, value):
            return state, ()
        quick = moved(state.quick, time, value, self.length)
        found = None
        if state.slow is not None:
            slow = state.slow.aged(time, self.baseline)
            if slow.weight >= self.min_count:
                found = directed(in_deviations(quick.mean - slow.mean, slow.deviation), self.direction)
        after = Smoothed(quick, moved(state.slow, time, value, self.baseline))
        return after, (Evaluation(time, found, (identifier,)),)

    def lineage(self, state: Smoothed) -> tuple[str, ...]:
        """Give nothing: each evaluation carries its lineage."""
        return ()

    def dump(self, state: Smoothed) -> Json:
        """Give the state as JSON."""
        return [dump_level(state.quick), dump_level(state.slow)]

    def load(self, stored: Any) -> Smoothed:
        """Give back the state that was dumped."""
        return Smoothed(*(load_level(level) for level in stored))


class Sums(NamedTuple):
    """The baseline, and what has been added up above and below it."""

    level: Level | None
    up: float
    down: float


@dataclass(frozen=True, slots=True)
class Cusum(Timeless):
    """
    The cumulative sum of what each value exceeds the baseline by, less `slack` each time, in deviations (Page 1954).

    The sums of both sides never fall below zero nor rise above `ceiling`, so that a change that is over is soon
    forgotten. They begin anew when the baseline is not defined, as it is while its observations weigh less than
    `min_count`. An observation that is older than the newest changes nothing.
    """

    kind: ClassVar[str] = "cusum"

    baseline: timedelta
    slack: float = 0.5
    min_count: int = 10
    direction: Direction = "both"
    ceiling: float = LARGEST_SCORE

    def start(self) -> Sums:
        """Give the state before the first observation."""
        return Sums(None, 0.0, 0.0)

    def step(self, state: Sums, time: datetime, value: Any, identifier: str) -> tuple[Sums, tuple[Evaluation, ...]]:
        """Take the value of one observation."""
        if _passed_over(state.level, time, value):
            return state, ()
        up, down, found = 0.0, 0.0, None
        level = None if state.level is None else state.level.aged(time, self.baseline)
        if level is not None and level.weight >= self.min_count:
            step = in_deviations(value - level.mean, level.deviation) or 0.0
            step = max(-FARTHEST, min(FARTHEST, step))
            up, down = self._add(state.up, step), self._add(state.down, -step)
            found = max(up, down) if self.direction == "both" else up if self.direction == "up" else down
        after = Sums(moved(state.level, time, value, self.baseline), up, down)
        return after, (Evaluation(time, found, (identifier,)),)

    def lineage(self, state: Sums) -> tuple[str, ...]:
        """Give nothing: each evaluation carries its lineage."""
        return ()

    def dump(self, state: Sums) -> Json:
        """Give the state as JSON."""
        return [dump_level(state.level), state.up, state.down]

    def load(self, stored: Any) -> Sums:
        """Give back the state that was dumped."""
        level, up, down = stored
        return Sums(load_level(level), up, down)

    def _add(self, total: float, step: float) -> float:
        return min(self.ceiling, max(0.0, total + step - self.slack))
