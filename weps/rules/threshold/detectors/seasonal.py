"""A value that is unusual for its hour: far from the median of the same hour of past days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

from sos_server.time import from_microseconds, to_microseconds
from weps.rules.state import EPOCH
from weps.rules.threshold.detectors.score import EITHER_SIDE, Judge
from weps.rules.threshold.source import Evaluation, Timeless

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Json

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
HOURS = DAY // HOUR
MOST_PER_HOUR = 12
"""So many observations of one hour are kept; of more, every second one, every fourth one and so on."""
MOST_DAYS = 31


class Sample(NamedTuple):
    """What is kept of one hour of one day: every `stride`th of the `seen` values."""

    day: int
    seen: int
    stride: int
    values: tuple[float, ...]


Hour: TypeAlias = tuple[Sample, ...]


class Habits(NamedTuple):
    """What was observed in each hour of the past days, and the newest time."""

    newest: datetime | None
    hours: tuple[Hour, ...]


@dataclass(frozen=True, slots=True)
class Seasonal(Timeless):
    """
    The distance of each value from the median of the same hour (UTC) of the `days` days before its own.

    Not defined while fewer than `min_count` of these days have observations in that hour. A late observation is
    compared with the days before its own, at the newest time; one that is older than all days that are kept changes
    nothing.
    """

    kind: ClassVar[str] = "seasonal"

    days: int = 14
    min_count: int = 3
    judge: Judge = EITHER_SIDE

    def start(self) -> Habits:
        """Give the state of a series without habits."""
        return Habits(None, ((),) * HOURS)

    def step(self, state: Habits, time: datetime, value: Any, identifier: str) -> tuple[Habits, tuple[Evaluation, ...]]:
        """Take the value of one observation."""
        newest = time if state.newest is None else max(time, state.newest)
        day, hour = (time - EPOCH) // DAY, (time - EPOCH) % DAY // HOUR
        oldest = (newest - EPOCH) // DAY - self.days
        if day < oldest:
            return state, ()
        samples = tuple(sample for sample in state.hours[hour] if sample.day >= oldest)
        past = [sample.values for sample in samples if day - self.days <= sample.day < day]
        found = None
        if len(past) >= self.min_count:
            found = self.judge.distance(value, sorted(known for values in past for known in values))
        hours = (*state.hours[:hour], _add(samples, day, value), *state.hours[hour + 1 :])
        return Habits(newest, hours), (Evaluation(newest, found, (identifier,)),)

    def lineage(self, state: Habits) -> tuple[str, ...]:
        """Give nothing: each evaluation carries its lineage."""
        return ()

    def dump(self, state: Habits) -> Json:
        """Give the state as JSON."""
        newest = None if state.newest is None else to_microseconds(state.newest)
        return [newest, [[[*sample[:3], list(sample.values)] for sample in samples] for samples in state.hours]]

    def load(self, stored: Any) -> Habits:
        """Give back the state that was dumped."""
        newest, hours = stored
        kept = tuple(
            tuple(Sample(day, seen, stride, tuple(values)) for day, seen, stride, values in samples)
            for samples in hours
        )
        return Habits(None if newest is None else from_microseconds(newest), kept)


def _add(samples: Hour, day: int, value: float) -> Hour:
    """Take a value into the sample of its day; the samples stay ordered by day."""
    today = next((sample for sample in samples if sample.day == day), Sample(day, 0, 1, ()))
    seen, stride, values = today.seen + 1, today.stride, today.values
    if today.seen % stride == 0:
        values = (*values, value)
    if len(values) > MOST_PER_HOUR:
        values, stride = values[::2], 2 * stride
    others = [sample for sample in samples if sample.day != day]
    return tuple(sorted((*others, Sample(day, seen, stride, values))))
