"""A rule for silence: no observation of the selection for so long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sos_server.time import from_microseconds, to_microseconds
from weps.model import Comparison, Detection, Severity
from weps.rules.migration import version_of, versioned
from weps.rules.state import after
from weps.rules.threshold.message import render
from weps.rules.threshold.selection import CORRELATIONS, Selection
from weps.rules.threshold.simple import FIRING, PATTERN, RESOLVED

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from weps.model import Json, Observation

CONDITION = "noData"

KIND = "no-data"


class Silence(NamedTuple):
    """Since when nothing has come (the newest observation, else the activation), and whether that was told."""

    since: datetime
    id: str
    on: bool


@dataclass(frozen=True, slots=True)
class NoDataRule:
    """
    Detects when the next observation is more than `after` later than the one before, or than the activation.

    The detection is dated at the previous time + `after` and given once, when the clock (a tick or a later
    observation) has passed that. The first observation after it ends the episode: data are back. Correlated by the
    whole rule unless it says otherwise, since a series that has never been seen cannot be missed.
    """

    name: str
    selection: Selection
    after: timedelta
    severity: Severity | None = None
    correlate: str = "rule"
    message: str | None = None

    @property
    def selectors(self) -> tuple[tuple[str | None, str | None, str | None], ...]:
        """The procedures, properties and features that the rule looks at."""
        return (self.selection.selector,)

    @property
    def has_episodes(self) -> bool:
        """Whether what begins is also told to end."""
        return True

    @property
    def standing(self) -> bool:
        """Whether the rule holds until it is told otherwise, and not at the time of an observation."""
        return True

    def wants(self, observation: Observation) -> bool:
        """Tell whether an observation is selected; its unit does not matter."""
        return self.selection.wants(observation)

    def correlation_key(self, observation: Observation) -> str | None:
        """Give the key of the state that this observation belongs to."""
        return CORRELATIONS[self.correlate](observation) if self.wants(observation) else None

    def start(self, activation: datetime) -> Silence:
        """Give the state of a rule that waits since its activation."""
        return Silence(activation, "", False)

    def step(self, state: Silence, observation: Observation) -> tuple[Silence, tuple[Detection, ...]]:
        """Take one observation; one that is not newer than the newest changes nothing but the id it is known by."""
        time = observation.end
        if time <= state.since:
            return (state if state.id else state._replace(id=observation.id)), ()
        state, found = self.tick(state, time)
        if state.on:
            lineage = (state.id, observation.id) if state.id else (observation.id,)
            found = (*found, self._detect(time, RESOLVED, lineage, observation))
        return Silence(time, observation.id, False), found

    def tick(self, state: Silence, now: datetime) -> tuple[Silence, tuple[Detection, ...]]:
        """Take the news that time has passed."""
        if state.on or now - state.since <= self.after:
            return state, ()
        lineage = (state.id,) if state.id else ()
        return state._replace(on=True), (self._detect(state.since + self.after, FIRING, lineage, None),)

    def due(self, state: Silence) -> datetime | None:
        """Give the instant after which a tick tells that nothing has come."""
        return None if state.on else after(state.since, self.after)

    def holds(self, state: Silence) -> bool:
        """Tell whether nothing has come for too long."""
        return state.on

    def dump(self, state: Silence) -> Json:
        """Give the state as JSON."""
        return [version_of(KIND), to_microseconds(state.since), state.id, int(state.on)]

    def load(self, stored: Json) -> Silence:
        """Give back the state that was dumped."""
        since, identifier, on = versioned(KIND, stored)
        return Silence(from_microseconds(since), identifier, bool(on))

    def _detect(
        self, time: datetime, event: str, lineage: tuple[str, ...], observation: Observation | None
    ) -> Detection:
        comparison = Comparison(CONDITION, (self.after.total_seconds(),), "s")
        found = Detection(
            time,
            PATTERN,
            event,
            causes=lineage,
            lineage=lineage,
            observation=observation,
            comparison=comparison,
            severity=self.severity,
        )
        return found._replace(message=render(self.message, self.name, found)) if self.message else found
