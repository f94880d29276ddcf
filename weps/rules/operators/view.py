"""
Views: which subjects are kept, and when what is kept is evaluated.

A view reports each change to its `Stage`: the guard, then the select functions in document order. The guard looks at a
subject once, as it enters: it depends on nothing else. Aggregates run over the subjects that pass; a change is an
evaluation for them only if at least one subject that entered or left passes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from weps.errors import Fault, RuleError
from weps.rules.operators.aggregate import Extreme
from weps.rules.operators.event import Link, Match, Stretch, parts_of
from weps.rules.operators.select import Count, First, Numbers, Single
from weps.rules.state import after, from_json_time, to_json_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, timedelta

    from weps.model import Json
    from weps.rules.operators.aggregate import Aggregate
    from weps.rules.operators.event import Event, Number, Subject
    from weps.rules.operators.select import Select
    from weps.rules.state import EventBook, RuleState

MAX_EVENTS = 100_000
"""How many events one view may hold."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What follows a view: the guard and the select functions. `view_count` is the guard on the size of the view."""

    guard: Callable[[Subject], bool] | None
    selects: tuple[Select, ...]
    view_count: int | None = None

    def passes(self, subject: Subject) -> bool:
        """Tell whether a subject takes part."""
        return self.guard is None or self.guard(subject)

    def numbers(self) -> tuple[Numbers, ...]:
        """Give the aggregates of numbers."""
        return tuple(select for select in self.selects if isinstance(select, Numbers))

    def evaluate(self, state: RuleState, new: Sequence[Subject], content: Content | None) -> None:
        """Run the select functions on new subjects that pass, and the aggregates on the content (None: no change)."""
        for select in self.selects:
            if isinstance(select, Single):
                for subject in new:
                    select.fire(state, subject)
            elif content is not None:
                content.evaluate(state, select)


@dataclass(frozen=True, slots=True)
class Content:
    """What aggregates see of a view: how many subjects pass, the oldest of them, the sums, and what contributes."""

    count: int
    oldest: Subject | None
    totals: dict[int, Aggregate]
    parts: Iterable[Event]

    def evaluate(self, state: RuleState, select: Select) -> None:
        """Give the value of one aggregate, if it has one."""
        if isinstance(select, Count):
            select.output.derive(state, self.count, self.parts)
        elif isinstance(select, First):
            value = None if self.oldest is None else select.read(self.oldest)
            if value is not None:
                select.output.derive(state, value, self.parts)
        elif isinstance(select, Numbers):
            result = self.totals[id(select)].result()
            if result is not None:
                select.output.derive(state, result, self.parts)


def content_of(stage: Stage, subjects: Sequence[Subject]) -> Content:
    """Compute what aggregates see of subjects that pass."""
    totals = Totals(stage.numbers())
    for subject in subjects:
        totals.add(subject)
    parts = tuple(event for subject in subjects for event in parts_of(subject))
    return Content(len(subjects), subjects[0] if subjects else None, totals.by_select, parts)


def pass_on(stage: Stage) -> Callable[[RuleState, Any], None]:
    """Give a view that keeps nothing: what it would keep is of no consequence for functions of a single subject."""
    guard = stage.guard
    fires = tuple(select.fire for select in stage.selects if isinstance(select, Single) and select.wanted)

    def enter_all(state: RuleState, subject: Any) -> None:
        if guard is None or guard(subject):
            for fire in fires:
                fire(state, subject)

    if guard is None or len(fires) != 1:
        return enter_all
    fire = fires[0]

    def enter_one(state: RuleState, subject: Any) -> None:
        if guard(subject):
            fire(state, subject)

    return enter_one


class Totals:
    """The aggregates of numbers of one view, fed with what their properties read."""

    __slots__ = ("by_select", "_feeds")

    def __init__(self, selects: Iterable[Numbers]) -> None:
        self._feeds = [(select.read, select.make()) for select in selects]
        self.by_select = {id(select): feed[1] for select, feed in zip(selects, self._feeds, strict=True)}

    def add(self, subject: Subject) -> tuple[Number | None, ...]:
        """Take the numbers of a subject in, and give them."""
        numbers = tuple(read(subject) for read, _ in self._feeds)
        for number, (_, aggregate) in zip(numbers, self._feeds, strict=True):
            if number is not None:
                aggregate.add(number)
        return numbers

    def remove(self, numbers: tuple[Number | None, ...]) -> None:
        """Take numbers out again."""
        for number, (_, aggregate) in zip(numbers, self._feeds, strict=True):
            if number is not None:
                aggregate.remove(number)

    def aggregates(self) -> tuple[Aggregate, ...]:
        """Give the aggregates in the order of their select functions."""
        return tuple(aggregate for _, aggregate in self._feeds)


def _keep(state: RuleState, subject: Subject) -> None:
    """Let an event that stays in a state be settled at the end of the trigger."""
    for event in parts_of(subject):
        if event.parts:
            state.fresh.append(event)


@dataclass(frozen=True, slots=True)
class View:
    """What all views with a box share."""

    slot: int
    name: str
    stage: Stage

    def activate(self, state: RuleState) -> None:
        """Set no timer: most views wait for their first event."""

    def on_timer(self, state: RuleState) -> None:
        """Do nothing: views by length have no timers."""

    def _refuse_overflow(self, count: int) -> None:
        if count > MAX_EVENTS:
            text = f"the view {self.name} would hold more than {MAX_EVENTS} events; choose a shorter one"
            raise RuleError((Fault(0, text),))


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

    def start(self) -> Kept:
        """Begin with nothing."""
        return Kept(Totals(self.stage.numbers()))

    def enter(self, state: RuleState, subject: Subject) -> None:
        """Take a subject in; only it counts as contributing to the aggregates."""
        box: Kept = state.boxes[self.slot]
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
            _keep(state, subject)
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

    __slots__ = ("_first", "_last", "count", "entries", "totals")

    def __init__(self, totals: Totals) -> None:
        self.entries: deque[Entry] = deque()
        self.totals = totals
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

    def pop(self) -> bool:
        """Let the oldest subject go, and tell whether it passed the guard."""
        entry = self.entries.popleft()
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

    length: int | None
    duration: timedelta | None

    def start(self) -> Window:
        """Begin empty."""
        return Window(Totals(self.stage.numbers()))

    def enter(self, state: RuleState, subject: Subject) -> None:
        """Take a subject in and push the oldest one out, if there are too many."""
        box: Window = state.boxes[self.slot]
        passes = changed = self.stage.passes(subject)
        if self.length is not None and len(box.entries) == self.length:
            changed = box.pop() or changed
        self._refuse_overflow(len(box.entries) + 1)
        box.push(state.clock, subject, passes)
        _keep(state, subject)
        if self.duration is not None and self.slot not in state.timers:
            state.set_timer(self.slot, after(state.clock, self.duration))
        if self.stage.view_count in (None, len(box.entries)):
            self.stage.evaluate(state, (subject,) if passes else (), box.content() if changed else None)

    def on_timer(self, state: RuleState) -> None:
        """Let those go that entered a duration ago: all that entered at one instant together."""
        box: Window = state.boxes[self.slot]
        duration = self.duration
        if duration is None:
            return
        changed = left = False
        while box.entries and after(box.entries[0].entered, duration) <= state.clock:
            changed = box.pop() or changed
            left = True
        if box.entries:
            state.set_timer(self.slot, after(box.entries[0].entered, duration))
        if left and self.stage.view_count in (None, len(box.entries)):
            self.stage.evaluate(state, (), box.content() if changed else None)

    def dump(self, box: Window, book: EventBook) -> Json:
        """Give the entries; all else follows from them."""
        return [[to_json_time(entry.entered), book.enter_subject(entry.subject), entry.passes] for entry in box.entries]

    def load(self, stored: Any, book: EventBook) -> Window:
        """Take the entries back."""
        box = self.start()
        for entered, subject, passes in stored:
            box.push(from_json_time(entered), book.find_subject(subject), passes)
        return box


class Batch:
    """The box of a batch view: the batch so far, whether the last one had a subject that passed, and the grid."""

    __slots__ = ("anchor", "last_passed", "subjects")

    def __init__(self) -> None:
        self.subjects: list[tuple[Subject, bool]] = []
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
        """Put a subject into the batch."""
        box: Batch = state.boxes[self.slot]
        self._refuse_overflow(len(box.subjects) + 1)
        box.subjects.append((subject, self.stage.passes(subject)))
        if self.length is not None and len(box.subjects) == self.length:
            self._flush(state, box)
            return
        _keep(state, subject)
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
        """Flush what is there."""
        self._flush(state, state.boxes[self.slot])

    def _flush(self, state: RuleState, box: Batch) -> None:
        batch, box.subjects = box.subjects, []
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
        return box
