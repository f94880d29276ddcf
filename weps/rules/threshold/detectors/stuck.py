"""A sensor that sticks: how long its value has not moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from sos_server.time import from_microseconds, to_microseconds
from weps.rules.threshold.source import Evaluation, Timeless

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Json


class Rest(NamedTuple):
    """Since when a value has stayed near `value`: its first observation, its newest time, how many there were."""

    since: datetime
    newest: datetime
    value: float
    id: str
    seen: int


@dataclass(frozen=True, slots=True)
class Unchanged(Timeless):
    """
    The seconds for which all values have stayed within a tolerance of the first of them.

    A value beyond the tolerance is the first of a new rest. Missing observations do not end a rest, but with fewer
    than `min_count` observations it is none. An observation that is older than the newest changes nothing.
    """

    kind: ClassVar[str] = "stuck"

    tolerance: float = 0.0
    min_count: int = 3

    def start(self) -> Rest | None:
        """Give the state before the first observation."""
        return None

    def step(
        self, state: Rest | None, time: datetime, value: Any, identifier: str
    ) -> tuple[Rest | None, tuple[Evaluation, ...]]:
        """Take the value of one observation."""
        if state is not None and time < state.newest:
            return state, ()
        if state is None or abs(value - state.value) > self.tolerance:
            rest = Rest(time, time, value, identifier, 1)
        else:
            rest = state._replace(newest=time, seen=min(state.seen + 1, self.min_count))
        seconds = (time - rest.since).total_seconds() if rest.seen >= self.min_count else None
        return rest, (Evaluation(time, seconds, tuple(dict.fromkeys((rest.id, identifier)))),)

    def lineage(self, state: Rest | None) -> tuple[str, ...]:
        """Give nothing: each evaluation carries its lineage."""
        return ()

    def dump(self, state: Rest | None) -> Json:
        """Give the state as JSON."""
        if state is None:
            return None
        return [to_microseconds(state.since), to_microseconds(state.newest), state.value, state.id, state.seen]

    def load(self, stored: Any) -> Rest | None:
        """Give back the state that was dumped."""
        if stored is None:
            return None
        since, newest, value, identifier, seen = stored
        return Rest(from_microseconds(since), from_microseconds(newest), value, identifier, seen)
