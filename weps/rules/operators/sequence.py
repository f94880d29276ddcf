"""
The binary operators of complex patterns: OR, BEFORE, AND, AND_NOT, CAUSE and PARALLEL.

At most one event of each side is held; further ones of a side are ignored while one is held, and a match uses up what
is held. With a listening duration, what is held is dropped at its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from weps.rules.operators.event import Match, ancestors_of
from weps.rules.state import after, from_json_time, to_json_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from weps.model import Json
    from weps.rules.operators.event import Event
    from weps.rules.state import EventBook, RuleState


class Held:
    """The box of a join: the events that are held, and until when a first event is not looked at (AND_NOT)."""

    __slots__ = ("first", "second", "until")

    def __init__(self, first: Event | None = None, second: Event | None = None, until: datetime | None = None) -> None:
        self.first = first
        self.second = second
        self.until = until

    def settle(self, causal: bool) -> None:
        """Let go of what the held events were made from."""
        for event in (self.first, self.second):
            if event is not None:
                event.settle(causal)


@dataclass(frozen=True, slots=True)
class Join:
    """What all joins share: their box, their listening duration, and where their matches go."""

    kind: ClassVar[str] = "eml-join"

    slot: int
    name: str
    listening: timedelta | None
    emit: Callable[[RuleState, Match], None]

    def start(self) -> Held:
        """Hold nothing."""
        return Held()

    def activate(self, state: RuleState) -> None:
        """Set no timer: the listening duration starts with the first event that is held."""

    def on_timer(self, state: RuleState) -> None:
        """Drop what is held: the listening duration is over."""
        box = state.boxes[self.slot]
        box.first = box.second = None

    def dump(self, box: Held, book: EventBook) -> Json:
        """Give the held events."""
        until = None if box.until is None else to_json_time(box.until)
        return [book.enter(box.first), book.enter(box.second), until]

    def load(self, stored: Any, book: EventBook) -> Held:
        """Hold what was held."""
        first, second, until = stored
        return Held(book.find(first), book.find(second), None if until is None else from_json_time(until))

    def _listen(self, state: RuleState, box: Held) -> None:
        state.changed = True
        state.fresh.append(box)
        if self.listening is not None and self.slot not in state.timers:
            state.set_timer(self.slot, after(state.clock, self.listening))

    def _drop_overdue(self, state: RuleState, box: Held) -> None:
        """Drop what is held, if an event comes at the end of the duration and before the timer: it is too late."""
        if self.listening is not None and state.is_due(self.slot):
            state.drop_timer(self.slot)
            box.first = box.second = None

    def _stop_listening(self, state: RuleState) -> None:
        if self.listening is not None:
            state.drop_timer(self.slot)


@dataclass(frozen=True, slots=True)
class Before(Join):
    """Matches a first event and a second event of a later trigger."""

    def first(self, state: RuleState, event: Event) -> None:
        """Hold a first event if none is held."""
        box = state.boxes[self.slot]
        self._drop_overdue(state, box)
        if box.first is None:
            box.first = event
            self._listen(state, box)

    def second(self, state: RuleState, event: Event) -> None:
        """Match a second event with the one that is held."""
        box = state.boxes[self.slot]
        self._drop_overdue(state, box)
        held = box.first
        if held is not None and held.trigger != event.trigger:
            box.first = None
            state.changed = True
            self._stop_listening(state)
            self.emit(state, Match(held, event))

    def both(self, state: RuleState, event: Event) -> None:
        """Take an event that is on both sides: it is a second one if it can be, else a first one."""
        box = state.boxes[self.slot]
        self._drop_overdue(state, box)
        if box.first is None:
            self.first(state, event)
        else:
            self.second(state, event)


@dataclass(frozen=True, slots=True)
class And(Join):
    """Matches a first and a second event in any order."""

    def first(self, state: RuleState, event: Event) -> None:
        """Match with the second event that is held, or hold this one."""
        box = state.boxes[self.slot]
        self._drop_overdue(state, box)
        if box.second is not None:
            self._match(state, box, event, box.second)
        elif box.first is None:
            box.first = event
            self._listen(state, box)

    def second(self, state: RuleState, event: Event) -> None:
        """Match with the first event that is held, or hold this one."""
        box = state.boxes[self.slot]
        self._drop_overdue(state, box)
        if box.first is not None:
            self._match(state, box, box.first, event)
        elif box.second is None:
            box.second = event
            self._listen(state, box)

    def both(self, state: RuleState, event: Event) -> None:
        """Match an event that is on both sides with itself."""
        self._match(state, state.boxes[self.slot], event, event)

    def _match(self, state: RuleState, box: Held, first: Event, second: Event) -> None:
        if box.first is not None or box.second is not None:
            state.changed = True
            box.first = box.second = None
            self._stop_listening(state)
        if self.accepts(first, second):
            self.emit(state, Match(first, second))

    def accepts(self, first: Event, second: Event) -> bool:
        """Tell whether a pair is a match; one that is not is used up all the same."""
        return True


def is_cause(first: Event, second: Event) -> bool:
    """Tell whether an event led to another one, or is it."""
    return first is second or first.id in ancestors_of(second)


@dataclass(frozen=True, slots=True)
class Cause(And):
    """Matches pairs of which the first event led to the second."""

    def accepts(self, first: Event, second: Event) -> bool:
        """Tell whether the first event led to the second."""
        return is_cause(first, second)


@dataclass(frozen=True, slots=True)
class Parallel(And):
    """Matches pairs of which the first event did not lead to the second."""

    def accepts(self, first: Event, second: Event) -> bool:
        """Tell whether the first event did not lead to the second."""
        return not is_cause(first, second)


@dataclass(frozen=True, slots=True)
class Or:
    """Matches every event of either side by itself; it keeps nothing."""

    emit: Callable[[RuleState, Match], None]

    def first(self, state: RuleState, event: Event) -> None:
        """Match an event of the first side."""
        self.emit(state, Match(event, None))

    def second(self, state: RuleState, event: Event) -> None:
        """Match an event of the second side."""
        self.emit(state, Match(None, event))

    both = first


class Pending:
    """The box of an AND_NOT without duration, used within one trigger only."""

    __slots__ = ("firsts", "second_seen", "trigger")

    def __init__(self) -> None:
        self.firsts: list[Event] = []
        self.second_seen = False
        self.trigger = -1


@dataclass(frozen=True, slots=True)
class AndNotSame:
    """Matches the first events of a trigger that creates no second event."""

    kind: ClassVar[str] = "eml-and-not"

    slot: int
    name: str
    emit: Callable[[RuleState, Match], None]

    def start(self) -> Pending:
        """Await nothing."""
        return Pending()

    def activate(self, state: RuleState) -> None:
        """Set no timer."""

    def on_timer(self, state: RuleState) -> None:
        """Do nothing: it has no timers."""

    def dump(self, box: Pending, book: EventBook) -> Json:
        """Give nothing: between two triggers nothing is pending."""
        return None

    def load(self, stored: Any, book: EventBook) -> Pending:
        """Await nothing."""
        return Pending()

    def first(self, state: RuleState, event: Event) -> None:
        """Keep a first event until the end of the trigger."""
        box = self._of_trigger(state)
        if not box.firsts:
            state.ending.append(self)
        box.firsts.append(event)

    def second(self, state: RuleState, event: Event) -> None:
        """Remember that this trigger created a second event."""
        self._of_trigger(state).second_seen = True

    def both(self, state: RuleState, event: Event) -> None:
        """Do nothing: an event that is on both sides is never a match."""

    def end(self, state: RuleState) -> None:
        """Match what is pending, unless a second event was created in this trigger."""
        box = self._of_trigger(state)
        firsts, box.firsts = box.firsts, []
        if not box.second_seen:
            for event in firsts:
                self.emit(state, Match(event, None))

    def _of_trigger(self, state: RuleState) -> Pending:
        box: Pending = state.boxes[self.slot]
        if box.trigger != state.trigger:
            box.trigger = state.trigger
            box.second_seen = False
            box.firsts = []
        return box


@dataclass(frozen=True, slots=True)
class AndNotWithin(Join):
    """Matches a first event when its listening duration ends without a second one."""

    def first(self, state: RuleState, event: Event) -> None:
        """Hold a first event, unless one is held or a second one came just before."""
        box = state.boxes[self.slot]
        if box.first is None and (box.until is None or state.clock >= box.until):
            box.until = None
            box.first = event
            self._listen(state, box)

    def second(self, state: RuleState, event: Event) -> None:
        """Cancel the first event that is held, or keep first events out for a listening duration."""
        box = state.boxes[self.slot]
        if box.first is not None and not state.is_due(self.slot):
            state.changed = True
            box.first = None
            self._stop_listening(state)
        elif self.listening is not None and (box.until is None or state.clock >= box.until):
            state.changed = True
            box.until = after(state.clock, self.listening)

    def both(self, state: RuleState, event: Event) -> None:
        """Do nothing: an event that is on both sides is never a match, nor does it keep others out."""

    def on_timer(self, state: RuleState) -> None:
        """Match the first event: no second one came in time."""
        box = state.boxes[self.slot]
        held, box.first = box.first, None
        if held is not None:
            self.emit(state, Match(held, None))
