"""
Windows that slide and totals that grow, with sums that never drift.

A sum is kept as a whole number of the smallest steps that a float can take, so adding and taking away again is exact,
and the sum of a window is what `math.fsum` gives for it, however long the window has been sliding.

The window is a queue of two linked lists. Both carry the extremes of what lies behind, so every function costs the same
few steps per observation for a window of ten observations and of a hundred thousand, and a window is a plain value.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from sos_server.time import from_microseconds, to_microseconds
from weps.rules.operators.aggregate import root

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from weps.model import Json

FIRST = datetime.min.replace(tzinfo=UTC)
FINEST_BITS = 1074
FINEST = 1 << FINEST_BITS
"""How many of the smallest steps of a float (2**-1074) there are in one."""
LONGEST_LINEAGE = 100
MOST_EVENTS = 100_000
"""So many observations a window holds; beyond that the oldest leave it before their time."""


class Cell(NamedTuple):
    """One observation in a window, the extremes of it and all cells behind it, and the next cell."""

    time: datetime
    value: float
    id: str
    lowest: float
    highest: float
    behind: Cell | None


@dataclass(frozen=True, slots=True)
class Totals:
    """How many values, their exact sum, and the exact sum of their squares, in finest steps."""

    count: int = 0
    steps: int = 0
    squares: int = 0

    def add(self, value: float, squared: bool) -> Totals:
        """Take a value in."""
        steps = finest(value)
        return Totals(self.count + 1, self.steps + steps, self.squares + steps * steps if squared else 0)

    def remove(self, value: float, squared: bool) -> Totals:
        """Take a value out that was taken in before."""
        steps = finest(value)
        return Totals(self.count - 1, self.steps - steps, self.squares - steps * steps if squared else 0)

    def compute(self, function: str) -> float | None:
        """Give count, sum, mean or the sample standard deviation; None where it is not defined."""
        if function == "count":
            return self.count
        try:
            if function == "stddev":
                return self._deviation()
            total = self.steps / FINEST
        except OverflowError:
            return None
        if function == "sum":
            return total
        return total / self.count if self.count else None

    def _deviation(self) -> float | None:
        if self.count < 2:
            return None
        spread = self.count * self.squares - self.steps * self.steps
        return root(spread, self.count * (self.count - 1) << 2 * FINEST_BITS)


def before(instant: datetime, length: timedelta) -> datetime:
    """Give the instant so long before another one; the first one there is, where the calendar begins later."""
    try:
        return instant - length
    except OverflowError:
        return FIRST


def finest(value: float) -> int:
    """Give a number as a whole number of the finest steps."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (FINEST_BITS - denominator.bit_length() + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """
    The observations of the last stretch of time.

    Two windows are equal when they would be stored alike: of their observations only the newest are known by their ids.
    """

    newest: datetime | None = None
    entrance: Cell | None = None
    exit: Cell | None = None
    totals: Totals = Totals()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Window) or (self.newest, self.totals) != (other.newest, other.totals):
            return False
        if self.entrance is other.entrance and self.exit is other.exit:
            return True
        same = all(mine[:2] == others[:2] for mine, others in zip(self.entries(), other.entries(), strict=True))
        return same and self.lineage() == other.lineage()

    def __hash__(self) -> int:
        return hash((self.newest, self.totals))

    def entries(self) -> Iterator[tuple[datetime, float, str]]:
        """Give time, value and id of what is in the window, oldest first."""
        yield from (cell[:3] for cell in _walk(self.exit))
        yield from reversed([cell[:3] for cell in _walk(self.entrance)])

    def push(self, time: datetime, value: float, identifier: str, squared: bool) -> Window:
        """Take an observation in at its place in time."""
        if self.newest is not None and time < self.newest:
            kept = [*self.entries(), (time, value, identifier)]
            return replace(fill(sorted(kept, key=lambda entry: entry[0]), squared), newest=self.newest)
        entrance = _link(time, value, identifier, self.entrance)
        return Window(time, entrance, self.exit, self.totals.add(value, squared))

    def drop(self, until: datetime, squared: bool, most: int = MOST_EVENTS) -> Window:
        """Let everything go that is not after an instant, and the oldest of what is more than the window holds."""
        entrance, leaving, totals = self.entrance, self.exit, self.totals
        while True:
            while leaving is not None and (leaving.time <= until or totals.count > most):
                totals, leaving = totals.remove(leaving.value, squared), leaving.behind
            if leaving is not None or entrance is None:
                break
            for cell in _walk(entrance):
                leaving = _link(cell.time, cell.value, cell.id, leaving)
            entrance = None
        return Window(self.newest, entrance, leaving, totals)

    def compute(self, function: str) -> float | None:
        """Give mean, sum, min, max, count or stddev of the window; None where it is not defined."""
        if function not in ("min", "max"):
            return self.totals.compute(function)
        ends = [end for end in (self.entrance, self.exit) if end is not None]
        if function == "min":
            return min((end.lowest for end in ends), default=None)
        return max((end.highest for end in ends), default=None)

    def lineage(self) -> tuple[str, ...]:
        """Give the ids of the newest observations in the window, oldest first."""
        young = [cell.id for cell in islice(_walk(self.entrance), LONGEST_LINEAGE)][::-1]
        old = deque((cell.id for cell in _walk(self.exit)), maxlen=LONGEST_LINEAGE - len(young))
        return (*old, *young)


def fill(entries: Iterable[tuple[datetime, float, str]], squared: bool) -> Window:
    """Make a window of observations that are given oldest first."""
    window = Window()
    for time, value, identifier in entries:
        window = window.push(time, value, identifier, squared)
    return window


def dump_window(window: Window) -> Json:
    """
    Give a window as JSON: the newest time, times and values oldest first, and the ids of the last of them.

    Of the times only the first is whole; each other one is told by how much it is later. Sums are computed again when
    the window is loaded.
    """
    newest = None if window.newest is None else to_microseconds(window.newest)
    entries = list(window.entries())
    times = [to_microseconds(time) for time, _, _ in entries]
    deltas = times[:1] + [later - earlier for earlier, later in pairwise(times)]
    return [newest, deltas, [value for _, value, _ in entries], [name for _, _, name in entries[-LONGEST_LINEAGE:]]]


def load_window(stored: Any, squared: bool) -> Window:
    """Give back a window that was dumped."""
    newest, deltas, values, names = stored
    times = map(from_microseconds, accumulate(deltas))
    named = [*[""] * (len(values) - len(names)), *names]
    window = fill(zip(times, values, named, strict=True), squared)
    return window if newest is None else replace(window, newest=from_microseconds(newest))


def _link(time: datetime, value: float, identifier: str, behind: Cell | None) -> Cell:
    if behind is None:
        return Cell(time, value, identifier, value, value, None)
    return Cell(time, value, identifier, min(value, behind.lowest), max(value, behind.highest), behind)


def _walk(cell: Cell | None) -> Iterator[Cell]:
    while cell is not None:
        yield cell
        cell = cell.behind
