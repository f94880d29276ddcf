"""
Aggregates that take values in and out in constant amortised time, without any drift of floating point.

Sums are kept exactly, as a whole number of units of 2**-shift: every float is one. So a value that leaves takes away
precisely what it brought, a mean is the true mean rounded once, and the deviation of equal values is exactly zero.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from weps.model import Json
    from weps.rules.operators.event import Number


class Aggregate(Protocol):
    """A value computed from numbers that enter and leave in the same order."""

    def add(self, number: Number) -> None:
        """Take a number in."""
        ...

    def remove(self, number: Number) -> None:
        """Take the oldest number out."""
        ...

    def result(self) -> Number | None:
        """Give the value; None where there is none."""
        ...

    def dump(self) -> Json:
        """Give what is kept, for views that never let an event go."""
        ...

    def load(self, stored: Any) -> None:
        """Take back what was kept."""
        ...


class ExactSum:
    """A sum of numbers as a whole number of units of 2**-shift."""

    __slots__ = ("count", "shift", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self.shift = 0

    def _units(self, number: Number) -> int:
        numerator, denominator = number.as_integer_ratio()
        shift = denominator.bit_length() - 1
        if shift > self.shift:
            self.total <<= shift - self.shift
            self.shift = shift
        return numerator << (self.shift - shift)

    def add(self, number: Number) -> None:
        """Take a number in."""
        units = self._units(number)  # before the total is read: it may be rescaled
        self.total += units
        self.count += 1

    def remove(self, number: Number) -> None:
        """Take a number out."""
        units = self._units(number)
        self.total -= units
        self.count -= 1
        if not self.count:
            self.shift = 0

    def dump(self) -> Json:
        """Give what is kept; the total as text, because it may be longer than a number of JSON."""
        return [self.count, hex(self.total), self.shift]

    def load(self, stored: Any) -> None:
        """Take back what was kept."""
        self.count, total, self.shift = stored
        self.total = int(total, 16)


def divide(numerator: int, denominator: int) -> float | None:
    """Divide whole numbers, rounded once; None where the result is too large for a number."""
    try:
        return numerator / denominator
    except OverflowError:
        return None


def root(numerator: int, denominator: int) -> float | None:
    """Give the square root of a fraction, also where the fraction itself is too large or too small for a number."""
    scale = (numerator.bit_length() - denominator.bit_length()) // 2
    numerator, denominator = numerator << max(0, -2 * scale), denominator << max(0, 2 * scale)
    try:
        return math.ldexp(math.sqrt(numerator / denominator), scale)
    except OverflowError:
        return None


class Sum(ExactSum):
    """The sum of the numbers."""

    __slots__ = ()

    def result(self) -> Number | None:
        """Give the sum."""
        return divide(self.total, 1 << self.shift) if self.count else None


class Mean(ExactSum):
    """The arithmetic mean of the numbers."""

    __slots__ = ()

    def result(self) -> Number | None:
        """Give the mean."""
        return divide(self.total, self.count << self.shift) if self.count else None


class Deviation:
    """The sample standard deviation of the numbers, from the exact sums of them and of their squares."""

    __slots__ = ("squares", "sums")

    def __init__(self) -> None:
        self.sums = ExactSum()
        self.squares = ExactSum()

    def add(self, number: Number) -> None:
        """Take a number in."""
        self.sums.add(number)
        numerator, denominator = number.as_integer_ratio()
        self.squares.count += 1
        self._shift_squares(2 * (denominator.bit_length() - 1))
        self.squares.total += (numerator * numerator) << (self.squares.shift - 2 * (denominator.bit_length() - 1))

    def remove(self, number: Number) -> None:
        """Take a number out."""
        self.sums.remove(number)
        numerator, denominator = number.as_integer_ratio()
        self.squares.count -= 1
        self.squares.total -= (numerator * numerator) << (self.squares.shift - 2 * (denominator.bit_length() - 1))
        if not self.squares.count:
            self.squares.shift = 0

    def _shift_squares(self, shift: int) -> None:
        if shift > self.squares.shift:
            self.squares.total <<= shift - self.squares.shift
            self.squares.shift = shift

    def result(self) -> Number | None:
        """Give the deviation; None for fewer than two numbers."""
        count = self.sums.count
        if count < 2:
            return None
        # both in units of 2**-(2 shift): n times the sum of squares less the square of the sum
        shift = max(2 * self.sums.shift, self.squares.shift)
        spread = (count * self.squares.total) << (shift - self.squares.shift)
        spread -= (self.sums.total * self.sums.total) << (shift - 2 * self.sums.shift)
        return root(spread, (count * (count - 1)) << shift)

    def dump(self) -> Json:
        """Give what is kept."""
        return [self.sums.dump(), self.squares.dump()]

    def load(self, stored: Any) -> None:
        """Take back what was kept."""
        self.sums.load(stored[0])
        self.squares.load(stored[1])


class Extreme:
    """The largest or the smallest of the numbers that are in: a queue of those that can still become it."""

    __slots__ = ("_entered", "_largest", "_left", "_queue")

    def __init__(self, largest: bool) -> None:
        self._largest = largest
        self._queue: deque[tuple[int, Number]] = deque()
        self._entered = 0
        self._left = 0

    def add(self, number: Number) -> None:
        """Take a number in; those that it outdoes can no longer become the result."""
        queue = self._queue
        if self._largest:
            while queue and queue[-1][1] <= number:
                queue.pop()
        else:
            while queue and queue[-1][1] >= number:
                queue.pop()
        queue.append((self._entered, number))
        self._entered += 1

    def remove(self, number: Number) -> None:
        """Take the oldest number out."""
        if self._queue and self._queue[0][0] == self._left:
            self._queue.popleft()
        self._left += 1

    def result(self) -> Number | None:
        """Give the largest or smallest number."""
        return self._queue[0][1] if self._queue else None

    def keep_only_result(self) -> None:
        """Forget the numbers that could follow the result, where no number ever leaves."""
        while len(self._queue) > 1:
            self._queue.pop()

    def dump(self) -> Json:
        """Give the result: where no number leaves it is all that counts."""
        return self.result()

    def load(self, stored: Any) -> None:
        """Take the result back."""
        if stored is not None:
            self.add(stored)


class Maximum(Extreme):
    """The largest of the numbers."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(largest=True)


class Minimum(Extreme):
    """The smallest of the numbers."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(largest=False)
