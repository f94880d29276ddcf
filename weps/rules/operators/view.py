"""
Views: which subjects are kept, and when what is kept is evaluated.

A view reports each change to its `Stage`: the guard, then the select functions in document order. The guard looks at a
subject once, as it enters: it depends on nothing else. Aggregates run over the subjects that pass; a change is an
evaluation for them only if at least one subject that entered or left passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weps.errors import Fault, RuleError
from weps.rules.operators import weight
from weps.rules.operators.event import parts_of
from weps.rules.operators.select import Count, First, Numbers, Single

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from weps.rules.operators.aggregate import Aggregate
    from weps.rules.operators.event import Event, Number, Subject
    from weps.rules.operators.select import Select
    from weps.rules.state import RuleState

MEGABYTE = 1024 * 1024
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
    fires = tuple(select.fire for select in stage.selects if isinstance(select, Single))

    def enter_all(state: RuleState, subject: Any) -> None:
        if guard is None or guard(subject):
            for fire in fires:
                fire(state, subject)

    if len(fires) != 1:
        return enter_all
    fire = fires[0]
    if guard is None:
        return fire

    def enter_one(state: RuleState, subject: Any) -> None:
        if guard(subject):
            fire(state, subject)

    return enter_one


class Totals:
    """The aggregates of numbers of one view, fed with what their properties read."""

    __slots__ = ("_feeds", "by_select")

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


def keep(state: RuleState, subject: Subject) -> None:
    """Let an event that stays in a state be settled at the end of the trigger."""
    for event in parts_of(subject):
        if event.parts:
            state.fresh.append(event)


def refuse_overflow(what: str, count: int, size: int) -> None:
    """Refuse a state that would hold too much."""
    most = None
    if count > MAX_EVENTS:
        most = f"{MAX_EVENTS} events"
    elif size > weight.MAX_BYTES:
        most = f"{weight.MAX_BYTES // MEGABYTE} MB of events"
    if most is not None:
        raise RuleError((Fault(0, f"{what} would hold more than {most}; choose a shorter one"),))


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

    def refuse_overflow(self, count: int, size: int) -> None:
        """Refuse to hold more events, or more bytes, than what a state can be stored with in time."""
        refuse_overflow(f"the view {self.name}", count, size)
