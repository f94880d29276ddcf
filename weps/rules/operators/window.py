"""Views that slide: all events (kept as running aggregates), and the last so many or so long."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from weps.rules.operators.aggregate import Extreme
from weps.rules.operators.event import Link, Stretch, parts_of
from weps.rules.operators.select import First
from weps.rules.operators.view import Content, Totals, View, keep
from weps.rules.operators.weight import Weights
from weps.rules.state import after, from_json_time, to_json_time

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from weps.model import Json
    from weps.rules.operators.event import Number, Subject
    from weps.rules.state import EventBook, RuleState


class Kept:
    """The box of a view that lets nothing go: its aggregates, how many subjects passed, and the oldest."""

    __slots__ = ("count", "oldest", "size", "totals")

    def __init__(self, totals: Totals) -> None:
        self.totals = totals
        self.size = 0
        self.count = 0
        self.oldest: Subject | None = None


@dataclass(frozen=True, slots=True)
class Keep(View):
    """The view of all events, kept as running aggregates only."""

    kind: ClassVar[str] = "eml-keep"

    def start(self) -> Kept:
        """Begin with nothing."""
        return Kept(Totals(self.stage.numbers()))

    def enter(self, state: RuleState, subject: Subject) -> None:
        """Take a subject in; only it counts as contributing to the aggregates."""
        box: Kept = state.boxes[self.slot]
        state.changed = True
        box.size += 1
        if self.stage.passes(subject):
            self._take(state, box, subject)
            if self.stage.view_count in (None, box.size):
                content = Content(box.count, box.oldest, box.totals.by_select, parts_of(subject))
                self.stage.evaluate(state, (subject,), content)

    def _take(self, state: RuleState, box: Kept, subject: Subject) -> None:
        box.count += 1
        if box.oldest is None and any(isinstance(select, First) for select in self.stage.selects):
            box.oldest = subject
            keep(state, subject)
        box.totals.add(subject)
        for aggregate in box.totals.aggregates():
            if isinstance(aggregate, Extreme):
                aggregate.keep_only_result()

    def dump(self, box: Kept, book: EventBook) -> Json:
        """Give the aggregates."""
        oldest = None if box.oldest is None else book.enter_subject(box.oldest)
        return [box.size, box.count, oldest, [aggregate.dump() for aggregate in box.totals.aggregates()]]

    def load(self, stored: Any, book: EventBook) -> Kept:
        """Take the aggregates back."""
        box = self.start()
        box.size, box.count, oldest, totals = stored
        box.oldest = None if oldest is None else book.find_subject(oldest)
        for aggregate, kept in zip(box.totals.aggregates(), totals, strict=True):
            aggregate.load(kept)
        return box


class Entry(NamedTuple):
    """A subject in a sliding view: when it entered, whether it passes the guard, and what its properties read."""

    entered: datetime
    subject: Subject
    passes: bool
    numbers: tuple[Number | None, ...]


class Window:
    """The box of a sliding view: its entries from old to new, and the chain and aggregates of those that pass."""

    __slots__ = ("_first", "_last", "count", "entries", "left", "left_passed", "totals", "weights")

    def __init__(self, totals: Totals) -> None:
        self.left = self.left_passed = False
        self.entries: deque[Entry] = deque()
        self.totals = totals
        self.weights = Weights()
        self.count = 0
        self._first: Link | None = None
        self._last: Link | None = None

    def push(self, entered: datetime, subject: Subject, passes: bool) -> None:
        """Take a subject in."""
        numbers: tuple[Number | None, ...] = ()
        if passes:
            numbers = self.totals.add(subject)
            link = Link(subject)
            if self._first is None or self._last is None:
                self._first = link
            else:
                self._last.next = link
            self._last = link
            self.count += 1
        self.entries.append(Entry(entered, subject, passes, numbers))
        self.weights.push(subject)

    def pop(self) -> bool:
        """Let the oldest subject go, and tell whether it passed the guard."""
        entry = self.entries.popleft()
        self.weights.pop()
        if entry.passes and self._first is not None:
            self.totals.remove(entry.numbers)
            self._first = self._first.next
            self.count -= 1
        return entry.passes

    def content(self) -> Content:
        """Give what aggregates see."""
        oldest = None if self._first is None else self._first.subject
        return Content(self.count, oldest, self.totals.by_select, Stretch(self._first, self.count))


@dataclass(frozen=True, slots=True)
class Sliding(View):
    """The view of the last events: at most so many (`length`), each for at most so long (`duration`)."""

    kind: ClassVar[str] = "eml-window"

    length: int | None
    duration: timedelta | None

    def start(self) -> Window:
        """Begin empty."""
        return Window(Totals(self.stage.numbers()))

    def enter(self, state: RuleState, subject: Subject) -> None:
        """Take a subject in and push the oldest one out, if there are too many."""
        box: Window = state.boxes[self.slot]
        state.changed = True
        passes = changed = self.stage.passes(subject)
        if self.duration is not None and state.is_due(self.slot):
            self._let_go(state, box, self.duration)
        if self.length is not None and len(box.entries) == self.length:
            changed = box.pop() or changed
        self.refuse_overflow(len(box.entries) + 1, box.weights.total)
        box.push(state.clock, subject, passes)
        keep(state, subject)
        if self.duration is not None and self.slot not in state.timers:
            state.set_timer(self.slot, after(state.clock, self.duration))
        if self.stage.view_count in (None, len(box.entries)):
            self.stage.evaluate(state, (subject,) if passes else (), box.content() if changed else None)

    def on_timer(self, state: RuleState) -> None:
        """Let those go that entered a duration ago: all that entered at one instant together."""
        box: Window = state.boxes[self.slot]
        if self.duration is None:
            return
        self._let_go(state, box, self.duration)
        left, changed = box.left, box.left_passed
        box.left = box.left_passed = False
        if box.entries:
            state.set_timer(self.slot, after(box.entries[0].entered, self.duration))
        if left and self.stage.view_count in (None, len(box.entries)):
            self.stage.evaluate(state, (), box.content() if changed else None)

    def _let_go(self, state: RuleState, box: Window, duration: timedelta) -> None:
        """
        Let go what entered a duration ago; its timer evaluates that.

        An event that another timer made at the same instant may come before: it finds the view without them already.
        """
        while box.entries and after(box.entries[0].entered, duration) <= state.clock:
            box.left_passed = box.pop() or box.left_passed
            box.left = True

    def dump(self, box: Window, book: EventBook) -> Json:
        """Give the entries; all else follows from them."""
        return [[to_json_time(entry.entered), book.enter_subject(entry.subject), entry.passes] for entry in box.entries]

    def load(self, stored: Any, book: EventBook) -> Window:
        """Take the entries back."""
        box = self.start()
        for entered, subject, passes in stored:
            box.push(from_json_time(entered), book.find_subject(subject), passes)
        return box
