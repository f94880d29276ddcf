"""Counting: every n-th event of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from weps.rules.operators.event import Run
from weps.rules.operators.view import content_of, refuse_overflow
from weps.rules.operators.weight import Weights

if TYPE_CHECKING:
    from weps.model import Json
    from weps.rules.operators.event import Event
    from weps.rules.operators.view import Stage
    from weps.rules.state import EventBook, RuleState


class Counted:
    """The box of a repetitive pattern: the events counted so far."""

    __slots__ = ("events", "weights")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.weights = Weights()

    def push(self, event: Event) -> None:
        """Count an event."""
        self.events.append(event)
        self.weights.push(event)


@dataclass(frozen=True, slots=True)
class Repeat:
    """Fires at every n-th event, and counts anew; aggregates run over the n events."""

    kind: ClassVar[str] = "eml-repeat"

    slot: int
    name: str
    stage: Stage
    count: int

    def start(self) -> Counted:
        """Count from nothing."""
        return Counted()

    def activate(self, state: RuleState) -> None:
        """Set no timer: there is no time limit."""

    def on_timer(self, state: RuleState) -> None:
        """Do nothing: it has no timers."""

    def enter(self, state: RuleState, event: Event) -> None:
        """Count an event."""
        box: Counted = state.boxes[self.slot]
        refuse_overflow(f"the pattern {self.name}", len(box.events) + 1, box.weights.total)
        state.changed = True
        box.push(event)
        events = box.events
        if len(events) < self.count:
            if event.parts:
                state.fresh.append(event)
            return
        state.boxes[self.slot] = Counted()
        self.stage.evaluate(state, (Run(tuple(events)),), content_of(self.stage, events))

    def dump(self, box: Counted, book: EventBook) -> Json:
        """Give the events counted so far."""
        return [book.enter(event) for event in box.events]

    def load(self, stored: Any, book: EventBook) -> Counted:
        """Take the events back."""
        box = Counted()
        for identifier in stored:
            if (event := book.find(identifier)) is not None:
                box.push(event)
        return box
