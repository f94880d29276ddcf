"""A condition on one value: the rule that most subscriptions are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from weps.model import Comparison, Detection, Severity
from weps.rules.migration import version_of, versioned
from weps.rules.threshold.edge import AT_ONCE, OFF, Edge, EdgeState, dump_edge, load_edge
from weps.rules.threshold.message import render
from weps.rules.threshold.selection import CORRELATIONS, Reader, Selection, read_number
from weps.rules.threshold.source import DIRECT, Evaluation, Source, Tumbling

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Json, Observation
    from weps.rules.threshold.condition import Condition

PATTERN = "threshold"
FIRING = "firing"
PENDING = "pending"
RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Step:
    """One level of a rule: a condition and how bad it is."""

    condition: Condition
    severity: Severity | None = None


class SimpleState(NamedTuple):
    """What the source remembers, and the episode of each severity step."""

    source: Any
    edges: tuple[EdgeState, ...]


@dataclass(frozen=True, slots=True)
class SimpleRule:
    """
    Compares one value with a threshold, or with several that rise in severity (`steps`, the mildest first).

    A detection is given when the highest step that holds becomes another; with `every` at each evaluation that
    meets a step that holds. With `pending` it is also told, while no step holds, that one has begun to be met, and
    when that ends before it holds. A result that is no number, or has a unit of another kind, is left out as if it
    had not been given: it neither begins nor ends anything.
    """

    name: str
    selection: Selection
    steps: tuple[Step, ...]
    source: Source = DIRECT
    edge: Edge = AT_ONCE
    every: bool = False
    uom: str | None = None
    read: Reader = read_number
    correlate: str = "series"
    message: str | None = None
    compared_uom: str | None = None
    pending: bool = False

    @property
    def selectors(self) -> tuple[tuple[str | None, str | None, str | None], ...]:
        """The procedures, properties and features that the rule looks at."""
        return (self.selection.selector,)

    @property
    def has_episodes(self) -> bool:
        """Whether what begins is also told to end."""
        return not self.every

    @property
    def standing(self) -> bool:
        """Whether the rule holds until it is told otherwise, and not at the time of an observation."""
        return isinstance(self.source, Tumbling)

    @property
    def timeless(self) -> bool:
        """Whether it begins in the same state whenever it is activated."""
        return True

    def wants(self, observation: Observation) -> bool:
        """Tell whether an observation is selected and has a value that can be compared."""
        return self.selection.wants(observation) and self.read(observation, self.uom) is not None

    def correlation_key(self, observation: Observation) -> str | None:
        """Give the key of the state that this observation belongs to."""
        return CORRELATIONS[self.correlate](observation) if self.wants(observation) else None

    def start(self, activation: datetime) -> SimpleState:
        """Give the state of a rule that has seen nothing."""
        return SimpleState(self.source.start(), (OFF,) * len(self.steps))

    def step(self, state: SimpleState, observation: Observation) -> tuple[SimpleState, tuple[Detection, ...]]:
        """Take one observation."""
        value = self.read(observation, self.uom)
        if value is None:
            return state, ()
        source, given = self.source.step(state.source, observation.end, value, observation.id)
        return self.judge(state, source, given, observation)

    def tick(self, state: SimpleState, now: datetime) -> tuple[SimpleState, tuple[Detection, ...]]:
        """Take the news that time has passed."""
        source, given = self.source.tick(state.source, now)
        return self.judge(state, source, given, None)

    def due(self, state: SimpleState) -> datetime | None:
        """Give the instant at which a tick brings something, if there is one."""
        return self.source.due(state.source)

    def holds(self, state: SimpleState) -> bool:
        """Tell whether an episode is on."""
        return any(edge.on for edge in state.edges)

    def dump(self, state: SimpleState, source: Json = None) -> Json:
        """Give the state as JSON; `source` is that of its source, where somebody has it already."""
        kept = self.source.dump(state.source) if source is None else source
        return [version_of(self.source.kind), kept, [dump_edge(edge) for edge in state.edges]]

    def load(self, stored: Json) -> SimpleState:
        """Give back the state that was dumped."""
        source, edges = versioned(self.source.kind, stored)
        return SimpleState(self.source.load(source), tuple(load_edge(edge) for edge in edges))

    def detect(self, event: str, level: int, evaluation: Evaluation, observation: Observation | None) -> Detection:
        """Make the detection of a step at an evaluation."""
        step = self.steps[level]
        uom = self.compared_uom or self.uom or (observation.uom if observation is not None else None)
        lineage = evaluation.lineage or ()
        found = Detection(
            evaluation.time,
            PATTERN,
            event,
            value=evaluation.value,
            causes=lineage,
            lineage=lineage,
            observation=observation,
            comparison=Comparison(step.condition.name, step.condition.bounds, uom),
            severity=step.severity,
        )
        return found._replace(message=render(self.message, self.name, found)) if self.message else found

    def judge(
        self, state: SimpleState, source: Any, given: tuple[Evaluation, ...], observation: Observation | None
    ) -> tuple[SimpleState, tuple[Detection, ...]]:
        """Compare what the source has given with the steps; `source` is what it remembers now."""
        if self._is_quiet(state.edges, given):
            return (state if source is state.source else SimpleState(source, state.edges)), ()
        found: list[Detection] = []
        edges = state.edges
        for evaluation in given:
            before, edges = (
                edges,
                tuple(self._move(step, edge, evaluation) for step, edge in zip(self.steps, edges, strict=True)),
            )
            event, level = self._event(before, edges)
            if event is not None:
                lineage = self.source.lineage(source) if evaluation.lineage is None else evaluation.lineage
                found.append(self.detect(event, level, evaluation._replace(lineage=lineage), observation))
        if source is state.source and edges == state.edges:
            return state, tuple(found)
        return SimpleState(source, edges), tuple(found)

    def _is_quiet(self, edges: tuple[EdgeState, ...], given: tuple[Evaluation, ...]) -> bool:
        """Tell quickly whether nothing is on, nor begins: so it is nearly always."""
        if len(given) != 1:
            return False
        value = given[0].value
        for edge, step in zip(edges, self.steps, strict=True):  # `any` of a generator would take half as long again
            if edge.on or edge.run or (value is not None and step.condition.meets(value)):
                return False
        return True

    def _move(self, step: Step, edge: EdgeState, evaluation: Evaluation) -> EdgeState:
        if evaluation.value is None:
            return self.edge.step(edge, evaluation.time, False, True)
        meets = step.condition.meets(evaluation.value)
        return self.edge.step(edge, evaluation.time, meets, step.condition.ends(evaluation.value))

    def _event(self, before: tuple[EdgeState, ...], after: tuple[EdgeState, ...]) -> tuple[str | None, int]:
        """Give what is to be told after an evaluation, and of which step."""
        was, now = self._phase(before), self._phase(after)
        if self.every:
            return now
        if was == now:
            return None, now[1]
        return (RESOLVED, was[1]) if now[0] is None else now

    def _phase(self, edges: tuple[EdgeState, ...]) -> tuple[str | None, int]:
        """Give what goes on, and of which step: the highest that holds, else the highest that has begun to be met."""
        highest = max((level for level, edge in enumerate(edges) if edge.on), default=-1)
        if highest >= 0:
            return FIRING, highest
        begun = max((level for level, edge in enumerate(edges) if edge.pending), default=-1) if self.pending else -1
        return (PENDING, begun) if begun >= 0 else (None, -1)
