"""Counting: every n-th event of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weps.rules.operators.event import Run
from weps.rules.operators.view import content_of

if TYPE_CHECKING:
    from weps.model import Json
    from weps.rules.operators.event import Event
    from weps.rules.operators.view import Stage
    from weps.rules.state import EventBook, RuleState


@dataclass(frozen=True, slots=True)
class Repeat:
    """Fires at every n-th event, and counts anew; aggregates run over the n events."""

    slot: int
    name: str
    stage: Stage
    count: int

    def start(self) -> list[Event]:
        """Count from nothing."""
        return []

    def activate(self, state: RuleState) -> None:
        """Set no timer: there is no time limit."""

    def on_timer(self, state: RuleState) -> None:
        """Do nothing: it has no timers."""

    def enter(self, state: RuleState, event: Event) -> None:
        """Count an event."""
        events: list[Event] = state.boxes[self.slot]
        state.changed = True
        events.append(event)
        if len(events) < self.count:
            if event.parts:
                state.fresh.append(event)
            return
        state.boxes[self.slot] = []
        self.stage.evaluate(state, (Run(tuple(events)),), content_of(self.stage, events))

    def dump(self, box: list[Event], book: EventBook) -> Json:
        """Give the events counted so far."""
        return [book.enter(event) for event in box]

    def load(self, stored: Any, book: EventBook) -> list[Event]:
        """Take the events back."""
        return [event for identifier in stored if (event := book.find(identifier)) is not None]
