"""
What a condition is compared with: the value itself, or what is computed over a stretch of time.

A source takes the numbers of the selected observations and gives evaluations; an evaluation whose value is None is not
defined, and so meets no condition. The state of a source is a plain value with a JSON form.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from sos_server.time import from_microseconds, to_microseconds
from weps.rules.state import EPOCH, after
from weps.rules.threshold.window import (
    FINEST,
    LONGEST_LINEAGE,
    MOST_EVENTS,
    Totals,
    Window,
    before,
    dump_window,
    load_window,
)

if TYPE_CHECKING:
    from weps.model import Json, Value


class Evaluation(NamedTuple):
    """A value to compare with the condition, the time it stands for, and the ids of the observations behind it."""

    time: datetime
    value: Value
    lineage: tuple[str, ...] | None = None


class Source(Protocol):
    """Turns the values of selected observations into values to compare. `kind` is what its states are stored as."""

    kind: ClassVar[str]

    def start(self) -> Any:
        """Give the state of a source that has seen nothing."""
        ...

    def step(self, state: Any, time: datetime, value: Any, identifier: str) -> tuple[Any, tuple[Evaluation, ...]]:
        """Take the value of one observation."""
        ...

    def tick(self, state: Any, now: datetime) -> tuple[Any, tuple[Evaluation, ...]]:
        """Take the news that time has passed."""
        ...

    def due(self, state: Any) -> datetime | None:
        """Give the instant at which a tick brings something, if there is one."""
        ...

    def lineage(self, state: Any) -> tuple[str, ...]:
        """Give the ids behind the newest evaluation, where the evaluation does not carry them."""
        ...

    def dump(self, state: Any) -> Json:
        """Give the state as JSON."""
        ...

    def load(self, stored: Any) -> Any:
        """Give back the state that was dumped."""
        ...


class Timeless:
    """A source that only observations move."""

    def tick(self, state: Any, now: datetime) -> tuple[Any, tuple[Evaluation, ...]]:
        """Take the news that time has passed, which changes nothing."""
        return state, ()

    def due(self, state: Any) -> datetime | None:
        """Give None: no tick brings anything."""
        return None


@dataclass(frozen=True, slots=True)
class Direct(Timeless):
    """The value of each observation itself."""

    kind: ClassVar[str] = "value"

    def start(self) -> None:
        """Give the state, which is none."""

    def step(self, state: None, time: datetime, value: Any, identifier: str) -> tuple[None, tuple[Evaluation, ...]]:
        """Take the value of one observation."""
        return None, (Evaluation(time, value, (identifier,)),)

    def lineage(self, state: None) -> tuple[str, ...]:
        """Give nothing: each evaluation carries its lineage."""
        return ()

    def dump(self, state: None) -> Json:
        """Give the state as JSON."""
        return None

    def load(self, stored: Any) -> None:
        """Give back the state that was dumped."""


DIRECT = Direct()


@dataclass(frozen=True, slots=True)
class Sliding(Timeless):
    """A function over the observations in (t - length, t], the newest `most` of them, computed at each observation."""

    kind: ClassVar[str] = "sliding"

    function: str
    length: timedelta
    min_count: int = 1
    most: int = MOST_EVENTS

    def start(self) -> Window:
        """Give an empty window."""
        return Window()

    def step(self, state: Window, time: datetime, value: Any, identifier: str) -> tuple[Window, tuple[Evaluation, ...]]:
        """Take the value of one observation; one that comes after its window has passed changes nothing."""
        newest = time if state.newest is None else max(time, state.newest)
        if time <= before(newest, self.length):
            return state, ()
        squared, number = self.function == "stddev", 0.0 if self.function == "count" else value
        window = state.push(time, number, identifier, squared).drop(before(newest, self.length), squared, self.most)
        value = window.compute(self.function) if window.totals.count >= self.min_count else None
        return window, (Evaluation(newest, value),)

    def lineage(self, state: Window) -> tuple[str, ...]:
        """Give the ids of the newest observations in the window."""
        return state.lineage()

    def dump(self, state: Window) -> Json:
        """Give the observations in the window as JSON."""
        return dump_window(state)

    def load(self, stored: Any) -> Window:
        """Give back the window that was dumped."""
        return load_window(stored, self.function == "stddev")


class Batch(NamedTuple):
    """An open window [k * length, (k + 1) * length): its number, totals, extremes and its newest observations."""

    number: int
    totals: Totals
    lowest: float
    highest: float
    lineage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tumbling:
    """
    A function over each window [k * length, (k + 1) * length) from 1970 UTC, given when the window is over.

    The evaluation has the time of the window's start. Windows without observations are left out; an observation that
    comes after its window is over changes nothing.
    """

    kind: ClassVar[str] = "tumbling"

    function: str
    length: timedelta
    min_count: int = 1

    def start(self) -> Batch | None:
        """Give the state before the first window."""
        return None

    def step(
        self, state: Batch | None, time: datetime, value: Any, identifier: str
    ) -> tuple[Batch | None, tuple[Evaluation, ...]]:
        """Take the value of one observation."""
        number, amount = (time - EPOCH) // self.length, 0.0 if self.function == "count" else value
        if state is not None and number < state.number:
            return state, ()
        given: tuple[Evaluation, ...] = ()
        if state is not None and number > state.number:
            given, state = self._close(state), Batch(number, Totals(), amount, amount, ())
        if state is None:
            state = Batch(number, Totals(), amount, amount, ())
        return self._add(state, amount, identifier), given

    def tick(self, state: Batch | None, now: datetime) -> tuple[Batch | None, tuple[Evaluation, ...]]:
        """Close the window when its end is reached; what comes for it later is too late."""
        due = self.due(state)
        if state is None or due is None or now < due:
            return state, ()
        return Batch(state.number + 1, Totals(), 0.0, 0.0, ()), self._close(state)

    def due(self, state: Batch | None) -> datetime | None:
        """Give the end of the open window."""
        if state is None or state.totals.count == 0:
            return None
        return after(EPOCH, (state.number + 1) * self.length)

    def lineage(self, state: Batch | None) -> tuple[str, ...]:
        """Give nothing: each evaluation carries its lineage."""
        return ()

    def dump(self, state: Batch | None) -> Json:
        """Give the open window as JSON, its sums as exact fractions."""
        if state is None:
            return None
        totals = state.totals
        sums = [str(Fraction(totals.steps, FINEST)), str(Fraction(totals.squares, FINEST * FINEST))]
        return [state.number, totals.count, *sums, state.lowest, state.highest, list(state.lineage)]

    def load(self, stored: Any) -> Batch | None:
        """Give back the open window that was dumped."""
        if stored is None:
            return None
        number, count, steps, squares, lowest, highest, lineage = stored
        totals = Totals(count, int(Fraction(steps) * FINEST), int(Fraction(squares) * FINEST * FINEST))
        return Batch(number, totals, lowest, highest, tuple(lineage))

    def _add(self, state: Batch, value: float, identifier: str) -> Batch:
        first = state.totals.count == 0
        return Batch(
            state.number,
            state.totals.add(value, self.function == "stddev"),
            value if first else min(state.lowest, value),
            value if first else max(state.highest, value),
            (*state.lineage[1 - LONGEST_LINEAGE :], identifier),
        )

    def _close(self, state: Batch) -> tuple[Evaluation, ...]:
        if state.totals.count == 0:
            return ()
        value = {"min": state.lowest, "max": state.highest}.get(self.function, state.totals.compute(self.function))
        given = value if state.totals.count >= self.min_count else None
        return (Evaluation(before(EPOCH, -state.number * self.length), given, state.lineage),)


class Previous(NamedTuple):
    """The observation before: its time, value and id."""

    time: datetime
    value: float
    id: str


@dataclass(frozen=True, slots=True)
class Change(Timeless):
    """
    The difference to the observation before, if that is not more than `within` ago; as a rate, per so much time.

    An observation that is older than the one before it changes nothing.
    """

    kind: ClassVar[str] = "change"

    within: timedelta | None = None
    per: timedelta | None = None

    def start(self) -> Previous | None:
        """Give the state before the first observation."""
        return None

    def step(
        self, state: Previous | None, time: datetime, value: Any, identifier: str
    ) -> tuple[Previous | None, tuple[Evaluation, ...]]:
        """Take the value of one observation."""
        current = Previous(time, value, identifier)
        if state is None:
            return current, (Evaluation(time, None, (identifier,)),)
        if time < state.time:
            return state, ()
        return current, (Evaluation(time, self._difference(state, current), (state.id, identifier)),)

    def lineage(self, state: Previous | None) -> tuple[str, ...]:
        """Give nothing: each evaluation carries its lineage."""
        return ()

    def dump(self, state: Previous | None) -> Json:
        """Give the state as JSON."""
        return None if state is None else [to_microseconds(state.time), state.value, state.id]

    def load(self, stored: Any) -> Previous | None:
        """Give back the state that was dumped."""
        return None if stored is None else Previous(from_microseconds(stored[0]), stored[1], stored[2])

    def _difference(self, before: Previous, now: Previous) -> float | None:
        elapsed = now.time - before.time
        if self.within is not None and elapsed > self.within:
            return None
        if self.per is None:
            return now.value - before.value
        return (now.value - before.value) / (elapsed / self.per) if elapsed else None
