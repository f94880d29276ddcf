"""Views by batches: so many events, or those of a time, are given together and then let go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from weps.rules.operators.view import View, content_of, keep
from weps.rules.operators.weight import Weights
from weps.rules.state import after, from_json_time, to_json_time

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from weps.model import Json
    from weps.rules.operators.event import Subject
    from weps.rules.state import EventBook, RuleState


class Batch:
    """The box of a batch view: the batch so far, whether the last one had a subject that passed, and the grid."""

    __slots__ = ("anchor", "awaiting", "last_passed", "subjects", "weights")

    def __init__(self) -> None:
        self.subjects: list[tuple[Subject, bool]] = []
        self.awaiting: list[Subject] = []
        self.weights = Weights()
        self.last_passed = False
        self.anchor: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batches(View):
    """
    The view of batches: flushed at so many events (`length`), or after so long (`duration`), or both.

    With a duration alone the flushes lie on a grid that starts with the first event, or with the activation of the
    rule (`eager`); `forced` flushes also what is empty. `last_only` gives the newest subject of a batch alone to the
    functions of single subjects.
    """

    kind: ClassVar[str] = "eml-batch"

    length: int | None
    duration: timedelta | None
    eager: bool = False
    forced: bool = False
    last_only: bool = False

    def start(self) -> Batch:
        """Begin with an empty batch."""
        return Batch()

    def activate(self, state: RuleState) -> None:
        """Start the grid at once, if the view is eager."""
        if self.eager and self.duration is not None:
            state.boxes[self.slot].anchor = state.clock
            state.set_timer(self.slot, after(state.clock, self.duration))

    def enter(self, state: RuleState, subject: Subject) -> None:
        """Put a subject into the batch; at the very time of a flush that is still to come, into the next one."""
        box: Batch = state.boxes[self.slot]
        if self.duration is not None and state.is_due(self.slot):
            box.awaiting.append(subject)
            return
        self.refuse_overflow(len(box.subjects) + 1, box.weights.total)
        state.changed = True
        box.subjects.append((subject, self.stage.passes(subject)))
        box.weights.push(subject)
        if self.length is not None and len(box.subjects) == self.length:
            self._flush(state, box)
            return
        keep(state, subject)
        if self.duration is not None and self.slot not in state.timers:
            state.set_timer(self.slot, self._next_flush(state, box, self.duration))

    def _next_flush(self, state: RuleState, box: Batch, duration: timedelta) -> datetime:
        if self.length is not None:
            return after(state.clock, duration)
        if box.anchor is None:
            box.anchor = state.clock
        periods = (state.clock - box.anchor) // duration + 1
        return after(box.anchor, periods * duration)

    def on_timer(self, state: RuleState) -> None:
        """Flush what is there, and begin the next batch with what came at this time already."""
        box: Batch = state.boxes[self.slot]
        self._flush(state, box)
        awaiting, box.awaiting = box.awaiting, []
        for subject in awaiting:
            self.enter(state, subject)

    def _flush(self, state: RuleState, box: Batch) -> None:
        batch, box.subjects, box.weights = box.subjects, [], Weights()
        if self.duration is not None:
            state.drop_timer(self.slot)
            if batch or self.forced:
                state.set_timer(self.slot, after(state.clock, self.duration))
        passing = [subject for subject, passes in batch if passes]
        changed = bool(passing) or box.last_passed or (self.forced and not batch and self.stage.guard is None)
        box.last_passed = bool(passing)
        if self.stage.view_count not in (None, len(batch)):
            return
        new = passing[-1:] if self.last_only else passing
        self.stage.evaluate(state, new, content_of(self.stage, passing) if changed else None)

    def dump(self, box: Batch, book: EventBook) -> Json:
        """Give the batch so far."""
        anchor = None if box.anchor is None else to_json_time(box.anchor)
        return [anchor, box.last_passed, [[book.enter_subject(subject), passes] for subject, passes in box.subjects]]

    def load(self, stored: Any, book: EventBook) -> Batch:
        """Take the batch back."""
        box = Batch()
        anchor, box.last_passed, subjects = stored
        box.anchor = None if anchor is None else from_json_time(anchor)
        box.subjects = [(book.find_subject(subject), passes) for subject, passes in subjects]
        for subject, _ in box.subjects:
            box.weights.push(subject)
        return box
