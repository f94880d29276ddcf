"""
A compiled EML rule: the clock, the triggers and the queue (sections 2.1 to 2.4 of the operational semantics).

Every observation is for the rule, also one that no pattern wants: it moves the clock, and the clock decides when a
later observation that arrives late is taken to happen. So `correlation_key` never refuses one. Who keeps the time of a
whole stream (`clocked`) need not show it those that `selectors` do not take, but tells it the time in between.

`step` and `tick` change the state they are given and give it back; an old state must not be used again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from weps.model import Observation
from weps.rules.base import WHOLE_RULE
from weps.rules.operators.event import Event, known, number_of
from weps.rules.state import NEVER, RuleState, dump_state, load_state, start_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from weps.model import Detection, Json
    from weps.rules.eml.document import Document
    from weps.rules.state import Operator

    Handlers: TypeAlias = tuple[Callable[[RuleState, Event], None], ...]
    SeriesKey: TypeAlias = tuple[str, str, str]
    Selector: TypeAlias = tuple[str | None, str | None, str | None]

ROUTES_KEPT = 10_000
"""For how many series a rule remembers which of its patterns want them."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """A pattern that takes observations: which series it wants, and what it does with one."""

    wanted: tuple[tuple[int, str], ...]
    enter: Callable[[RuleState, Event], None]

    @property
    def selector(self) -> Selector:
        """The names that the property restrictions ask for."""
        names = dict(self.wanted)
        return names.get(0), names.get(1), names.get(2)

    def wants(self, series: SeriesKey | Selector) -> bool:
        """Tell whether observations of a series can pass the property restrictions."""
        return all(series[place] == value for place, value in self.wanted)


@dataclass(frozen=True, slots=True)
class EmlRule:
    """A rule with its operators, ready to run."""

    name: str
    document: Document
    operators: tuple[Operator, ...]
    entrances: tuple[Entrance, ...]
    causal: bool
    _slots: dict[int, Operator] = field(default_factory=dict, compare=False, repr=False)
    _routes: dict[SeriesKey, Handlers] = field(default_factory=dict, compare=False, repr=False)

    @property
    def clocked(self) -> bool:
        """Whether observations that no pattern wants do nothing but move the clock."""
        return True

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The procedures, properties and features that the patterns want; None: any."""
        return tuple(dict.fromkeys(one.selector for one in self.entrances if one.wants(one.selector)))

    def due(self, state: RuleState) -> datetime | None:
        """Give the time of the first timer, if there is any."""
        return None if state.next_due == NEVER else state.next_due

    def take_change(self, state: RuleState) -> bool:
        """Tell whether an operator changed what it keeps, or a timer, since this was last asked."""
        changed, state.changed = state.changed, False
        return changed

    @property
    def has_episodes(self) -> bool:
        """Whether what begins is also told to end: in EML every match stands alone."""
        return False

    def correlation_key(self, observation: Observation) -> str | None:
        """Give the one key of the rule: every observation moves its clock."""
        return WHOLE_RULE

    def start(self, activation: datetime) -> RuleState:
        """Give the state of a rule that has seen nothing."""
        return start_state(activation, self.operators)

    def step(self, state: RuleState, observation: Observation) -> tuple[RuleState, tuple[Detection, ...]]:
        """Take one observation: move the clock to the end of its time, then work it off."""
        end = observation.phenomenon_time_end or observation.phenomenon_time
        if end > state.clock:
            if end >= state.next_due:
                self._run_timers(state, end)
            state.clock = end
        series = observation[1:4]
        handlers = self._routes.get(series)
        if handlers is None:
            handlers = self._route(series)
        if handlers:
            state.observation = observation
            state.trigger += 1
            state.event += 1
            value: Any = observation.value
            number = value  # of a finite float, which nearly all results are, nothing must be found out
            if value.__class__ is not float or value - value != 0.0:
                value = known(value)
                number = number_of(value)
            event = Event(state.event, state.trigger, observation, value, number)
            for handle in handlers:
                handle(state, event)
            if state.queue or state.ending or state.fresh:
                self._finish_trigger(state)
            state.observation = None
        if not state.found:
            return state, ()
        found, state.found = state.found, []
        return state, tuple(found)

    def tick(self, state: RuleState, now: datetime) -> tuple[RuleState, tuple[Detection, ...]]:
        """Move the clock on, if it is not there already."""
        if now > state.clock:
            if now >= state.next_due:
                self._run_timers(state, now)
            state.clock = now
        found, state.found = state.found, []
        return state, tuple(found)

    def dump(self, state: RuleState) -> Json:
        """Give the state as plain JSON."""
        return dump_state(state)

    def load(self, stored: Json) -> RuleState:
        """Give back the state that was dumped."""
        return load_state(stored, self.operators)

    def _route(self, series: SeriesKey) -> Handlers:
        handlers = tuple(entrance.enter for entrance in self.entrances if entrance.wants(series))
        if len(self._routes) >= ROUTES_KEPT:
            self._routes.clear()
        self._routes[series] = handlers
        return handlers

    def _run_timers(self, state: RuleState, until: datetime) -> None:
        while state.timers and state.next_due <= until:
            operator = self._slots[state.take_due()]
            state.trigger += 1
            operator.on_timer(state)
            self._finish_trigger(state)

    def _finish_trigger(self, state: RuleState) -> None:
        """Work off the queue, then what waited for the end of the trigger, until nothing more is created."""
        queue = state.queue
        while True:
            for handlers, event in queue:  # grows while it is worked off
                for handle in handlers:
                    handle(state, event)
            queue.clear()
            if not state.ending:
                break
            ending, state.ending = state.ending, []
            for operator in sorted(ending, key=lambda one: int(one.slot)):
                operator.end(state)
        if state.fresh:
            for box in state.fresh:
                box.settle(self.causal)
            state.fresh.clear()
