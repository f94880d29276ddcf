"""Several rules of which all or any must hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sos_server.time import from_microseconds, to_microseconds
from weps.model import Detection, Severity
from weps.rules.base import Rule
from weps.rules.migration import version_of, versioned
from weps.rules.threshold.edge import AT_ONCE, OFF, Edge, EdgeState, dump_edge, load_edge
from weps.rules.threshold.message import render
from weps.rules.threshold.selection import CORRELATIONS
from weps.rules.threshold.simple import FIRING, PATTERN, PENDING, RESOLVED

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from weps.model import Json, Observation

KIND = "compound"


class Member(Rule, Protocol):
    """A rule that can be a part of another: it can tell what it looks at, whether it holds and when it is due."""

    @property
    def selectors(self) -> tuple[tuple[str | None, str | None, str | None], ...]:
        """The procedures, properties and features that the rule looks at."""
        ...

    @property
    def standing(self) -> bool:
        """Whether the rule holds until it is told otherwise, and not at the time of an observation."""
        ...

    def wants(self, observation: Observation) -> bool:
        """Tell whether an observation is for this rule."""
        ...

    def holds(self, state: Any) -> bool:
        """Tell whether an episode is on."""
        ...

    def due(self, state: Any) -> datetime | None:
        """Give the instant from which on a tick may bring something, if there is one."""
        ...


class Part(NamedTuple):
    """The state of one member, and the time and id of the last observation that it took."""

    state: Any
    time: datetime | None
    id: str


class CompoundState(NamedTuple):
    """The members and the episode of the whole."""

    parts: tuple[Part, ...]
    edge: EdgeState


@dataclass(frozen=True, slots=True)
class CompoundRule:
    """
    Holds while all (`and`) or any (`or`) of its members hold.

    An observation counts for `within`; without it, `and` is joined on equal phenomenon time and is evaluated at the
    joined instants only, and `or` takes the last observation of each member however old it is. Members that hold
    until further notice (silence, tumbling windows) are never too old, and an `and` that has one and no `within`
    takes the last observation of the others. The whole rule has one state unless it is correlated otherwise. With
    `pending` it is also told that it has begun to hold, and when that ends before it has held long enough.
    """

    name: str
    members: tuple[Member, ...]
    all: bool
    within: timedelta | None = None
    edge: Edge = AT_ONCE
    every: bool = False
    severity: Severity | None = None
    correlate: str = "rule"
    message: str | None = None
    pending: bool = False

    @property
    def selectors(self) -> tuple[tuple[str | None, str | None, str | None], ...]:
        """The procedures, properties and features that the members look at."""
        return tuple(dict.fromkeys(selector for member in self.members for selector in member.selectors))

    @property
    def has_episodes(self) -> bool:
        """Whether what begins is also told to end."""
        return not self.every

    @property
    def standing(self) -> bool:
        """Whether the rule holds until it is told otherwise, and not at the time of an observation."""
        return all(member.standing for member in self.members)

    def wants(self, observation: Observation) -> bool:
        """Tell whether an observation is for a member."""
        return any(member.wants(observation) for member in self.members)

    def correlation_key(self, observation: Observation) -> str | None:
        """Give the key of the state that this observation belongs to."""
        return CORRELATIONS[self.correlate](observation) if self.wants(observation) else None

    def start(self, activation: datetime) -> CompoundState:
        """Give the state of a rule that has seen nothing."""
        return CompoundState(tuple(Part(member.start(activation), None, "") for member in self.members), OFF)

    def step(self, state: CompoundState, observation: Observation) -> tuple[CompoundState, tuple[Detection, ...]]:
        """Take one observation, after what had become due before it."""
        time = observation.end
        state, found = self.tick(state, time)
        parts = tuple(
            _take(member, part, observation) if member.wants(observation) else part
            for member, part in zip(self.members, state.parts, strict=True)
        )
        state, more = self._judge(CompoundState(parts, state.edge), time, observation)
        return state, found + more

    def tick(self, state: CompoundState, now: datetime) -> tuple[CompoundState, tuple[Detection, ...]]:
        """Take the news that time has passed: what is due in the members is evaluated in the order of its time."""
        found: tuple[Detection, ...] = ()
        for due, index in sorted(due_members(self.members, state.parts, now)):
            member, part = self.members[index], state.parts[index]
            moved = part._replace(state=member.tick(part.state, now)[0])
            state = CompoundState((*state.parts[:index], moved, *state.parts[index + 1 :]), state.edge)
            if member.holds(moved.state) != member.holds(part.state):
                state, more = self._judge(state, due, None)
                found += more
        return state, found

    def due(self, state: CompoundState) -> datetime | None:
        """Give the instant from which on a tick may bring something, if there is one."""
        return earliest_due(self.members, state.parts)

    def holds(self, state: CompoundState) -> bool:
        """Tell whether an episode is on."""
        return state.edge.on

    def dump(self, state: CompoundState) -> Json:
        """Give the state as JSON."""
        return [version_of(KIND), dump_parts(self.members, state.parts), dump_edge(state.edge)]

    def load(self, stored: Json) -> CompoundState:
        """Give back the state that was dumped."""
        parts, edge = versioned(KIND, stored)
        return CompoundState(load_parts(self.members, parts), load_edge(edge))

    def _judge(
        self, state: CompoundState, time: datetime, observation: Observation | None
    ) -> tuple[CompoundState, tuple[Detection, ...]]:
        fresh = [self._fresh(member, part, time) for member, part in zip(self.members, state.parts, strict=True)]
        if self.all and not all(fresh):
            return state, ()
        holding = [
            now and member.holds(part.state) for now, member, part in zip(fresh, self.members, state.parts, strict=True)
        ]
        meets = all(holding) if self.all else any(holding)
        edge = self.edge.step(state.edge, time, meets, not meets)
        after = CompoundState(state.parts, edge)
        if self.every:
            return after, (self._detect(time, FIRING, state.parts, observation),) if edge.on else ()
        was, now = self._phase(state.edge), self._phase(edge)
        if was == now:
            return after, ()
        return after, (self._detect(time, now or RESOLVED, state.parts, observation),)

    def _phase(self, edge: EdgeState) -> str | None:
        """Give what goes on."""
        if edge.on:
            return FIRING
        return PENDING if self.pending and edge.pending else None

    def _fresh(self, member: Member, part: Part, time: datetime) -> bool:
        if member.standing:
            return True
        if part.time is None:
            return False
        if self.within is not None:
            return abs(time - part.time) <= self.within
        return part.time == time or not self.all or any(other.standing for other in self.members)

    def _detect(
        self, time: datetime, event: str, parts: tuple[Part, ...], observation: Observation | None
    ) -> Detection:
        lineage = tuple(dict.fromkeys(part.id for part in parts if part.id))
        found = Detection(
            time,
            PATTERN,
            event,
            value=None if observation is None else observation.value,
            causes=lineage,
            lineage=lineage,
            observation=observation,
            severity=self.severity,
        )
        return found._replace(message=render(self.message, self.name, found)) if self.message else found


def _take(member: Member, part: Part, observation: Observation) -> Part:
    time = observation.end if part.time is None else max(part.time, observation.end)
    return Part(member.step(part.state, observation)[0], time, observation.id)


def due_members(members: tuple[Member, ...], parts: tuple[Part, ...], now: datetime) -> list[tuple[datetime, int]]:
    """Give the instants at which members are due up to now, with the member's number."""
    dues = [(member.due(part.state), index) for index, (member, part) in enumerate(zip(members, parts, strict=True))]
    return [(due, index) for due, index in dues if due is not None and due <= now]


def earliest_due(members: tuple[Member, ...], parts: tuple[Part, ...]) -> datetime | None:
    """Give the earliest instant at which a member is due, if there is one."""
    dues = (member.due(part.state) for member, part in zip(members, parts, strict=True))
    return min((due for due in dues if due is not None), default=None)


def dump_parts(members: tuple[Member, ...], parts: tuple[Part, ...]) -> list[Json]:
    """Give the states of members as JSON."""
    return [
        [member.dump(part.state), None if part.time is None else to_microseconds(part.time), part.id]
        for member, part in zip(members, parts, strict=True)
    ]


def load_parts(members: tuple[Member, ...], stored: list[Any]) -> tuple[Part, ...]:
    """Give back the states of members that were dumped."""
    return tuple(
        Part(member.load(state), None if time is None else from_microseconds(time), identifier)
        for member, (state, time, identifier) in zip(members, stored, strict=True)
    )
