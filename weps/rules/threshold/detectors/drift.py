"""Two sensors that should agree: how far their means drift apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from sos_server.time import from_microseconds, to_microseconds
from weps.rules.threshold.detectors.score import Direction, directed
from weps.rules.threshold.selection import Selection
from weps.rules.threshold.simple import SimpleRule, SimpleState
from weps.rules.threshold.source import Evaluation, Timeless
from weps.rules.threshold.window import LONGEST_LINEAGE, MOST_EVENTS, Window, before, dump_window, load_window

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from weps.model import Detection, Json, Observation


class Pair(NamedTuple):
    """The windows of a series and of its neighbour, and the newest time of both."""

    newest: datetime | None
    own: Window
    neighbour: Window


@dataclass(frozen=True, slots=True)
class Drift(Timeless):
    """
    The mean of a series less the mean of its neighbour, both over (t - length, t], at each of its own observations.

    Not defined while one of them has fewer than `min_count` observations. A late observation takes its place in its
    window; one that is too old for it changes nothing.
    """

    kind: ClassVar[str] = "drift"

    length: timedelta
    min_count: int = 1
    direction: Direction = "both"
    most: int = MOST_EVENTS

    def start(self) -> Pair:
        """Give two empty windows."""
        return Pair(None, Window(), Window())

    def step(self, state: Pair, time: datetime, value: Any, identifier: str) -> tuple[Pair, tuple[Evaluation, ...]]:
        """Take the value of one observation of the series itself."""
        newest = time if state.newest is None else max(time, state.newest)
        if time <= before(newest, self.length):
            return state, ()
        own = self._push(state.own, time, value, identifier, newest)
        after = Pair(newest, own, state.neighbour.drop(before(newest, self.length), False))
        return after, (Evaluation(newest, self._difference(after)),)

    def step_neighbour(self, state: Pair, time: datetime, value: float, identifier: str) -> Pair:
        """Take the value of one observation of the neighbour, at which nothing is compared."""
        newest = time if state.newest is None else max(time, state.newest)
        if time <= before(newest, self.length):
            return state
        neighbour = self._push(state.neighbour, time, value, identifier, newest)
        return Pair(newest, state.own.drop(before(newest, self.length), False), neighbour)

    def lineage(self, state: Pair) -> tuple[str, ...]:
        """Give the ids of the newest observations of both."""
        half = LONGEST_LINEAGE // 2
        return state.own.lineage()[-half:] + state.neighbour.lineage()[-half:]

    def dump(self, state: Pair) -> Json:
        """Give both windows as JSON."""
        newest = None if state.newest is None else to_microseconds(state.newest)
        return [newest, dump_window(state.own), dump_window(state.neighbour)]

    def load(self, stored: Any) -> Pair:
        """Give back the windows that were dumped."""
        newest, own, neighbour = stored
        newest = None if newest is None else from_microseconds(newest)
        return Pair(newest, load_window(own, False), load_window(neighbour, False))

    def _push(self, window: Window, time: datetime, value: float, identifier: str, newest: datetime) -> Window:
        return window.push(time, value, identifier, False).drop(before(newest, self.length), False, self.most)

    def _difference(self, state: Pair) -> float | None:
        if min(state.own.totals.count, state.neighbour.totals.count) < self.min_count:
            return None
        own, neighbour = state.own.compute("mean"), state.neighbour.compute("mean")
        return None if own is None or neighbour is None else directed(own - neighbour, self.direction)


@dataclass(frozen=True, slots=True)
class DriftRule(SimpleRule):
    """A rule that looks at a series and its neighbour; what the neighbour's selection takes is the neighbour's."""

    source: Drift
    neighbour: Selection = field(default_factory=Selection)

    @property
    def selectors(self) -> tuple[tuple[str | None, str | None, str | None], ...]:
        """The procedures, properties and features that the rule looks at."""
        return tuple(dict.fromkeys((self.selection.selector, self.neighbour.selector)))

    def wants(self, observation: Observation) -> bool:
        """Tell whether an observation is of one of both and has a value that can be compared."""
        either = self.neighbour.wants(observation) or self.selection.wants(observation)
        return either and self.read(observation, self.uom) is not None

    def step(self, state: SimpleState, observation: Observation) -> tuple[SimpleState, tuple[Detection, ...]]:
        """Take one observation of one of both."""
        if not self.neighbour.wants(observation):
            return SimpleRule.step(self, state, observation)
        value = self.read(observation, self.uom)
        if not isinstance(value, int | float):
            return state, ()
        after = self.source.step_neighbour(state.source, observation.end, value, observation.id)
        return (state if after is state.source else state._replace(source=after)), ()
