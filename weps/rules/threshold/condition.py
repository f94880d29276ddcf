"""When a value meets a condition, and when an episode that began with it is over (hysteresis)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Bound: TypeAlias = float | str
Test: TypeAlias = Callable[[Any, Any], Any]

ORDERED: dict[str, Test] = {
    "greaterThan": operator.gt,
    "greaterThanOrEqual": operator.ge,
    "lessThan": operator.lt,
    "lessThanOrEqual": operator.le,
}
"""Conditions with one bound that can have a reset threshold and severity steps."""
EQUALITY: dict[str, Test] = {"equal": operator.eq, "notEqual": operator.ne}
_TESTS = ORDERED | EQUALITY
RANGES = ("between", "outside")
CONDITIONS = (*ORDERED, *EQUALITY, *RANGES)
RISING = ("greaterThan", "greaterThanOrEqual")


@dataclass(frozen=True, slots=True)
class Condition:
    """
    A comparison of a value with a bound, or with a lower and an upper bound.

    `between` includes its bounds, `outside` excludes them: each value is either between or outside. With `reset` an
    episode is over when the value is strictly beyond it, else as soon as the condition is not met.
    """

    name: str
    bounds: tuple[Bound, ...]
    reset: float | None = None

    def meets(self, value: Any) -> bool:
        """Tell whether a value meets the condition."""
        test = _TESTS.get(self.name)
        if test is not None:
            return bool(test(value, self.bounds[0]))
        inside = self.bounds[0] <= value <= self.bounds[1]
        return bool(inside if self.name == "between" else not inside)

    def ends(self, value: Any) -> bool:
        """Tell whether a value ends an episode that the condition began."""
        if self.reset is None:
            return not self.meets(value)
        return bool(value < self.reset if self.name in RISING else value > self.reset)
