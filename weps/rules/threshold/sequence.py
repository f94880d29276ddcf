"""Several rules that begin to hold one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sos_server.time import from_microseconds, to_microseconds
from weps.model import Detection, Severity
from weps.rules.migration import version_of, versioned
from weps.rules.state import after
from weps.rules.threshold.compound import Member, Part, due_members, dump_parts, earliest_due, load_parts
from weps.rules.threshold.message import render
from weps.rules.threshold.selection import CORRELATIONS
from weps.rules.threshold.simple import FIRING, PATTERN
from weps.rules.threshold.window import LONGEST_LINEAGE

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from weps.model import Json, Observation

MOST_OPEN = 10_000
"""So many beginnings are remembered at once; beyond that the oldest is given up."""

KIND = "sequence"


class Begun(NamedTuple):
    """A sequence that has begun: when, its last event, the number of the member it waits for, and what led here."""

    start: datetime
    last: datetime
    next: int
    lineage: tuple[str, ...]


class SequenceState(NamedTuple):
    """The members and the sequences that have begun, oldest first."""

    parts: tuple[Part, ...]
    begun: tuple[Begun, ...]


@dataclass(frozen=True, slots=True)
class SequenceRule:
    """
    For each event of the first member, detects the earliest events of the others after it and after one another.

    An event of a member is that it begins to hold (or, with trigger every, each observation that meets it). All
    must come later than the one before and not later than `within` after the first. One event may end several
    sequences; each is a detection, at the time of the last event. A sequence is an instant: it has no end.
    """

    name: str
    members: tuple[Member, ...]
    within: timedelta
    severity: Severity | None = None
    correlate: str = "rule"
    message: str | None = None

    @property
    def selectors(self) -> tuple[tuple[str | None, str | None, str | None], ...]:
        """The procedures, properties and features that the members look at."""
        return tuple(dict.fromkeys(selector for member in self.members for selector in member.selectors))

    @property
    def has_episodes(self) -> bool:
        """Whether what begins is also told to end."""
        return False

    @property
    def standing(self) -> bool:
        """Whether the rule holds until it is told otherwise: a sequence never holds."""
        return False

    def wants(self, observation: Observation) -> bool:
        """Tell whether an observation is for a member."""
        return any(member.wants(observation) for member in self.members)

    def correlation_key(self, observation: Observation) -> str | None:
        """Give the key of the state that this observation belongs to."""
        return CORRELATIONS[self.correlate](observation) if self.wants(observation) else None

    def start(self, activation: datetime) -> SequenceState:
        """Give the state of a rule that has seen nothing."""
        return SequenceState(tuple(Part(member.start(activation), None, "") for member in self.members), ())

    def step(self, state: SequenceState, observation: Observation) -> tuple[SequenceState, tuple[Detection, ...]]:
        """Take one observation, after what had become due before it."""
        state, found = self.tick(state, observation.end)
        parts, events = list(state.parts), []
        for index, (member, part) in enumerate(zip(self.members, state.parts, strict=True)):
            if member.wants(observation):
                moved, given = member.step(part.state, observation)
                parts[index] = Part(moved, observation.end, observation.id)
                events += [(event.time, index, event) for event in given if event.event == FIRING]
        begun, more = self._follow(state.begun, events, observation)
        return SequenceState(tuple(parts), self._open(begun, observation.end)), found + more

    def tick(self, state: SequenceState, now: datetime) -> tuple[SequenceState, tuple[Detection, ...]]:
        """Take the news that time has passed."""
        due = due_members(self.members, state.parts, now)
        if not due:
            return state, ()
        parts, events = list(state.parts), []
        for _, index in sorted(due):
            moved, given = self.members[index].tick(parts[index].state, now)
            parts[index] = parts[index]._replace(state=moved)
            events += [(event.time, index, event) for event in given if event.event == FIRING]
        begun, found = self._follow(state.begun, events, None)
        return SequenceState(tuple(parts), begun), found

    def due(self, state: SequenceState) -> datetime | None:
        """Give the instant from which on a tick may bring something, if there is one."""
        return earliest_due(self.members, state.parts)

    def holds(self, state: SequenceState) -> bool:
        """Tell whether an episode is on: a sequence has none."""
        return False

    def dump(self, state: SequenceState) -> Json:
        """Give the state as JSON."""
        begun: list[Any] = [
            [to_microseconds(open_.start), to_microseconds(open_.last), open_.next, list(open_.lineage)]
            for open_ in state.begun
        ]
        return [version_of(KIND), dump_parts(self.members, state.parts), begun]

    def load(self, stored: Json) -> SequenceState:
        """Give back the state that was dumped."""
        parts, begun = versioned(KIND, stored)
        return SequenceState(
            load_parts(self.members, parts),
            tuple(
                Begun(from_microseconds(start), from_microseconds(last), number, tuple(lineage))
                for start, last, number, lineage in begun
            ),
        )

    def _follow(
        self,
        begun: tuple[Begun, ...],
        events: list[tuple[datetime, int, Detection]],
        observation: Observation | None,
    ) -> tuple[tuple[Begun, ...], tuple[Detection, ...]]:
        """Lead what has begun on by new events; a sequence that is complete becomes a detection."""
        found: list[Detection] = []
        for time, index, event in sorted(events, key=lambda entry: entry[:2]):
            going: list[Begun] = []
            for open_ in begun:
                if open_.next != index or not open_.last < time <= after(open_.start, self.within):
                    going.append(open_)
                elif index + 1 < len(self.members):
                    going.append(Begun(open_.start, time, index + 1, _joined(open_.lineage, event.lineage)))
                else:
                    lineage = _joined(open_.lineage, event.lineage)
                    found.append(self._detect(time, lineage, event, observation))
            if index == 0:
                going.append(Begun(time, time, 1, event.lineage))
            begun = tuple(going)
        return begun, tuple(found)

    def _open(self, begun: tuple[Begun, ...], now: datetime) -> tuple[Begun, ...]:
        return tuple(open_ for open_ in begun if after(open_.start, self.within) >= now)[-MOST_OPEN:]

    def _detect(
        self, time: datetime, lineage: tuple[str, ...], last: Detection, observation: Observation | None
    ) -> Detection:
        found = Detection(
            time,
            PATTERN,
            FIRING,
            value=last.value,
            causes=lineage,
            lineage=lineage,
            observation=observation,
            comparison=last.comparison,
            severity=self.severity,
        )
        return found._replace(message=render(self.message, self.name, found)) if self.message else found


def _joined(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """Give the newest of all ids that led here, each once."""
    return tuple(dict.fromkeys(before + after))[-LONGEST_LINEAGE:]
