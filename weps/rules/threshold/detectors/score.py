"""How far a value is from where it should be: as it is, or in deviations that outliers do not move."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Direction: TypeAlias = Literal["both", "up", "down"]
Scale: TypeAlias = Literal["deviations", "absolute"]

NORMAL = 1.4826
"""The median absolute deviation of normally distributed values times this is their standard deviation."""
LARGEST_SCORE = 1_000_000.0
"""So many deviations stand for "beyond all measure": where there is no deviation at all, any distance is that far."""


def median(ranked: Sequence[float]) -> float:
    """Give the median of sorted values, of which there is at least one."""
    half, odd = divmod(len(ranked), 2)
    return ranked[half] if odd else _between(ranked[half - 1], ranked[half])


def deviation(ranked: Sequence[float], centre: float) -> float:
    """Give the median absolute deviation of sorted values from a centre, on the scale of a standard deviation."""
    half, odd = divmod(len(ranked), 2)
    upper = nearest_within(ranked, centre, half + 1)
    return NORMAL * (upper if odd else _between(nearest_within(ranked, centre, half), upper))


def nearest_within(ranked: Sequence[float], centre: float, count: int) -> float:
    """Give the distance from a centre within which so many of the sorted values lie; a bisection, not a sort."""
    low, high = 0, len(ranked) - count
    while low < high:
        middle = (low + high) // 2
        if centre - ranked[middle] > ranked[middle + count] - centre:
            low = middle + 1
        else:
            high = middle
    return max(centre - ranked[low], ranked[low + count - 1] - centre)


def in_deviations(distance: float, spread: float) -> float | None:
    """Give a distance in deviations; None where it is too large to be computed."""
    if not (math.isfinite(distance) and math.isfinite(spread)):
        return None
    if distance == 0:
        return 0.0
    if spread == 0:
        return math.copysign(LARGEST_SCORE, distance)
    return max(-LARGEST_SCORE, min(LARGEST_SCORE, distance / spread))


def directed(distance: float | None, direction: Direction) -> float | None:
    """Give a distance as it counts: to either side, upwards or downwards only."""
    if distance is None or not math.isfinite(distance):
        return None
    return abs(distance) if direction == "both" else distance if direction == "up" else -distance


@dataclass(frozen=True, slots=True)
class Judge:
    """Compares a value with the median of others."""

    direction: Direction = "both"
    scale: Scale = "deviations"

    def distance(self, value: float, ranked: Sequence[float]) -> float | None:
        """Give the distance of a value from the median of sorted others, of which there is at least one."""
        centre = median(ranked)
        distance = value - centre
        if self.scale == "absolute":
            return directed(distance, self.direction)
        return directed(in_deviations(distance, deviation(ranked, centre)), self.direction)


EITHER_SIDE = Judge()
"""Counts distances to either side, in deviations."""


def _between(low: float, high: float) -> float:
    middle = (low + high) / 2
    return middle if math.isfinite(middle) else low / 2 + high / 2
