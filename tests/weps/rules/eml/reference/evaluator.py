"""The clock, the triggers, and the way of events through the patterns (sections 2 and 8)."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.weps.rules.eml.reference.events import Event, Item, instant, is_number, number_of, of_observation, of_tick
from tests.weps.rules.eml.reference.guards import passes, view_count
from tests.weps.rules.eml.reference.pairs import Heard, listen
from tests.weps.rules.eml.reference.selects import is_aggregate, of_all, of_one
from tests.weps.rules.eml.reference.views import Change, Step, Timer, play

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.weps.rules.eml.reference.document import Pattern, Select, Stream
    from weps.model import Observation

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Found:
    """A detection (3.6); `time` in milliseconds."""

    time: int
    pattern: str
    event: str
    output: str | None
    value: Any
    message: str | None
    causes: tuple[str, ...] | None


class Evaluator:
    """Plays a document over observations, and keeps everything."""

    def __init__(self, patterns: Sequence[Pattern], activation: datetime) -> None:
        self.patterns = patterns
        self.clock = self.activation = instant(activation)
        self.found: list[Found] = []
        self._trigger = 0
        self._orders = itertools.count()
        self._queue: deque[tuple[Stream | None, Event]] = deque()
        self._seen: dict[str, list[Step]] = defaultdict(list)
        self._heard: dict[str, list[Heard]] = defaultdict(list)
        self._counted: dict[str, list[Event]] = defaultdict(list)
        self._created: list[tuple[Stream, Event]] = []
        self._timers: dict[tuple[str, str], Timer | None] = {}
        self._registered: dict[str, int] = {}
        for pattern in patterns:
            if pattern.kind == "timer":
                self._timers[pattern.name, "tick"] = Timer(self._next_tick(pattern), next(self._orders))
            self._registered[pattern.name] = next(self._orders)
            if pattern.view.eager:
                self._timers[pattern.name, "view"] = play(
                    pattern.view, self.activation, self._registered[pattern.name], ()
                )[1]

    def observe(self, seen: Observation) -> None:
        """Take an observation (2.4); one that is late is taken at the clock as it stands (2.3)."""
        self.advance(seen.end)
        self._begin()
        self._queue.append((None, of_observation(seen, self._trigger)))
        self._work()

    def advance(self, moment: datetime) -> None:
        """Move the clock: every timer due until then runs at its own time, as a trigger of its own (2.2)."""
        until = instant(moment)
        while True:
            due = [(timer, key) for key, timer in self._timers.items() if timer is not None and timer.due <= until]
            if not due:
                break
            timer, (name, kind) = min(due, key=lambda one: one[0])
            self.clock = timer.due
            self._begin()
            self._run(next(one for one in self.patterns if one.name == name), kind)
            self._work()
        self.clock = max(self.clock, until)

    def _begin(self) -> None:
        self._trigger += 1
        self._created = []

    def _run(self, pattern: Pattern, kind: str) -> None:
        if kind == "view":
            self._look(pattern, None)
        elif kind == "listening":
            self._listen(pattern, None, None)
        else:
            self._timers[pattern.name, "tick"] = Timer(self._next_tick(pattern), next(self._orders))
            self._look(pattern, Item((of_tick(self.clock, self._trigger),), ("",)))

    def _work(self) -> None:
        """Offer the events of the trigger to the patterns, first in first out, in document order (2.4)."""
        handled: set[tuple[str, int]] = set()
        while True:
            while self._queue:
                stream, event = self._queue.popleft()
                for pattern in self.patterns:
                    if stream in pattern.inputs:
                        self._offer(pattern, stream, event)
            for pattern in self.patterns:
                if pattern.operator == "AND_NOT" and pattern.listening is None:
                    self._end_trigger(pattern, handled)
            if not self._queue:
                return

    def _end_trigger(self, pattern: Pattern, handled: set[tuple[str, int]]) -> None:
        """Match every a of the trigger if the trigger created no b (5.4)."""
        first, second = pattern.inputs
        if any(stream == second for stream, _ in self._created):
            return
        for stream, event in list(self._created):
            if stream == first and (pattern.name, event.id) not in handled:
                handled.add((pattern.name, event.id))
                self._look(pattern, Item((event, None), self._names(pattern)))

    def _offer(self, pattern: Pattern, stream: Stream | None, event: Event) -> None:
        if pattern.kind == "simple":
            if all(self._is_wanted(pattern, event, *one) for one in pattern.restrictions):
                self._look(pattern, Item((event,), (pattern.input_name,)))
        elif pattern.kind == "repetitive":
            self._count(pattern, event)
        elif pattern.operator != "AND_NOT" or pattern.listening is not None:
            self._listen(pattern, stream, event)

    def _is_wanted(self, pattern: Pattern, event: Event, name: str, wanted: str) -> bool:
        """Compare a property with what a restriction wants (4.1)."""
        value = event.get(name.removeprefix(f"{pattern.input_name}/"))
        if is_number(value):
            return value == number_of(wanted)
        return bool(value == wanted)

    def _names(self, pattern: Pattern) -> tuple[str, ...]:
        """Give the event names of the streams that a pattern takes."""
        created = {(one.name, place): select for one in self.patterns for place, select in enumerate(one.selects)}
        return tuple(created[stream].event_name for stream in pattern.inputs if stream is not None)

    def _listen(self, pattern: Pattern, stream: Stream | None, event: Event | None) -> None:
        first, second = (event is not None and stream == one for one in pattern.inputs)
        self._heard[pattern.name].append(Heard(self.clock, next(self._orders), event, first, second))
        matches, timer = listen(pattern, self._heard[pattern.name])
        self._timers[pattern.name, "listening"] = timer
        for pair in matches:
            self._look(pattern, Item(pair, self._names(pattern)))

    def _count(self, pattern: Pattern, event: Event) -> None:
        """Fire at every n-th event (7)."""
        counted = self._counted[pattern.name]
        counted.append(event)
        if len(counted) % pattern.repeat:
            return
        last = counted[-pattern.repeat :]
        items = [Item((one,), self._names(pattern)) for one in last]
        for number, select in enumerate(pattern.selects):
            if is_aggregate(select):
                made = of_all(select, items, last, self.clock, self._trigger)
            else:
                made = of_one(select, items[-1], last, self.clock, self._trigger)
            self._give(pattern, number, select, made)

    def _look(self, pattern: Pattern, item: Item | None) -> None:
        """Let an event, or without one the timer, into the view of a pattern; then guard and select (4)."""
        history = self._seen[pattern.name]
        history.append(Step(self.clock, next(self._orders), item))
        change, timer = play(pattern.view, self.activation, self._registered[pattern.name], history)
        self._timers[pattern.name, "view"] = timer
        if change is not None:
            self._select(pattern, change)

    def _select(self, pattern: Pattern, change: Change) -> None:
        """Run the select functions on a change of the view, as far as the guard lets it through (4.3)."""
        entered, left, content = (
            self._passing(pattern, change, one) for one in (change.entered, change.left, change.content)
        )
        contributing = [event for item in (entered if pattern.view.kind == "all" else content) for event in item.there]
        for number, select in enumerate(pattern.selects):
            if not is_aggregate(select):
                for item in entered[-1:] if pattern.view.last else entered:
                    self._give(pattern, number, select, of_one(select, item, item.there, self.clock, self._trigger))
            elif pattern.guard is None or entered or left:
                made = of_all(select, content, contributing, self.clock, self._trigger)
                self._give(pattern, number, select, made)

    def _passing(self, pattern: Pattern, change: Change, items: tuple[Item, ...]) -> tuple[Item, ...]:
        wanted = view_count(pattern.guard)
        if wanted is not None:
            return items if len(change.content) == wanted else ()
        return tuple(item for item in items if passes(pattern.guard, item))

    def _give(self, pattern: Pattern, number: int, select: Select, event: Event | None) -> None:
        """Queue a created event, and report it if it is a detection (3.6)."""
        if event is None:
            return
        self._created.append(((pattern.name, number), event))
        self._queue.append(((pattern.name, number), event))
        if select.output is None and select.event_name:
            return
        message = select.parameters["message"] if select.function == "NotifyOnSelect" else None
        value = event.get("value")
        if select.function == "SelectEvent" and event.get("doubleValue") is not None:
            value = event.get("doubleValue")
        self.found.append(
            Found(
                self.clock,
                pattern.name,
                select.event_name,
                select.output,
                None if message is not None else value,
                message,
                event.lineage if select.causality else None,
            )
        )

    def _next_tick(self, pattern: Pattern) -> int:
        """Give the next tick after the clock (6)."""
        if pattern.interval:
            return self.clock + pattern.interval
        wanted = {"Second": 0, **pattern.at}
        moment = datetime.fromtimestamp(self.clock // 1000, UTC) + _SECOND
        while not all(_field(moment, name) == value for name, value in wanted.items()):
            moment += _SECOND
        return instant(moment)


def _field(moment: datetime, name: str) -> int:
    """Give a field of a moment; the days of the week begin with Sunday as 0."""
    fields = {"Second": moment.second, "Minute": moment.minute, "Hour": moment.hour, "Month": moment.month}
    return (fields | {"DayOfMonth": moment.day, "DayOfWeek": moment.isoweekday() % 7})[name]
