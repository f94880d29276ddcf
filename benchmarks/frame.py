"""
The frame of all benchmarks: cases that are timed in turn, and lines that say what came out.

CPU time is measured and not time on the wall, because the machine may be shared; ratios are taken between cases that
ran in turn (A B A B …), because a shared machine is not equally fast all the time. Each benchmark compares the answers
of its cases before it times them: what is wrong is not timed.
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REACHED, MISSED, NOT_JUDGED = "reached", "MISSED", "not judged at this size"


class WrongAnswer(Exception):
    """What was to be timed does not give the answer that it should, so it is not timed."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done: sizes are divided by `divisor`; each case is timed in so many rounds of so many seconds."""

    divisor: int = 1
    rounds: int = 7
    seconds: float = 0.1

    @property
    def full(self) -> bool:
        """Whether the sizes are those that the targets speak of."""
        return self.divisor == 1

    def of(self, number: int, least: int = 1) -> int:
        """Give a size at this scale."""
        return max(number // self.divisor, least)


FULL = Scale()
QUICK = Scale(divisor=10, rounds=3, seconds=0.03)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached: a number, and whether it is the least or the most."""

    number: float
    at_least: bool = False

    def __str__(self) -> str:
        """Say it in words."""
        return f"{'at least' if self.at_least else 'at most'} {self.number:g}"

    def is_reached(self, figure: float) -> bool:
        """Tell whether a figure is good enough."""
        return figure >= self.number if self.at_least else figure <= self.number


def at_least(number: float) -> Target:
    """Give the target to be so many times as cheap as the baseline, or more."""
    return Target(number, at_least=True)


def at_most(number: float) -> Target:
    """Give the target to cost so many times the baseline, or less."""
    return Target(number)


@dataclass(frozen=True, slots=True)
class Line:
    """
    One result. `figure` is what the target speaks of; `relation` says what the figure is.

    `cost` is what was measured itself, in `unit` per operation; `spread` is the lowest and the highest of the rounds.
    """

    name: str
    cost: float
    unit: str = "µs"
    figure: float | None = None
    relation: str = ""
    spread: tuple[float, float] | None = None
    target: Target | None = None

    def verdict(self, scale: Scale) -> str:
        """Tell whether the target was reached; without one there is nothing to tell."""
        if self.target is None or self.figure is None:
            return ""
        if not scale.full:
            return NOT_JUDGED
        return REACHED if self.target.is_reached(self.figure) else MISSED


@dataclass(frozen=True, slots=True)
class Case:
    """
    Something to time: `run` does `operations` operations, after `prepare`, which is not timed.

    `clock` gives CPU seconds: of this process, or of the server that does the work. `target` and `against` (the name
    of another case) say what the case is compared with.
    """

    name: str
    run: Callable[[], Any]
    operations: int = 1
    prepare: Callable[[], Any] | None = None
    clock: Callable[[], float] = time.process_time
    against: str | None = None
    target: Target | None = None

    def seconds(self, times: int) -> float:
        """Give the CPU seconds of one operation, as the mean of so many runs."""
        spent = 0.0
        for _ in range(times):
            if self.prepare is not None:
                self.prepare()
            begin = self.clock()
            self.run()
            spent += self.clock() - begin
        return spent / (times * self.operations)


def compare(cases: Sequence[Case], scale: Scale) -> list[Line]:
    """Time cases in turn, and give a line for each: the median, and the median of the ratios of each round."""
    repeats = [_repeats(case, scale) for case in cases]
    rounds: list[dict[str, float]] = []
    for _ in range(scale.rounds):
        gc.collect()
        # else what all other cases hold would be looked through at chance moments of this one
        gc.freeze()
        rounds.append({case.name: case.seconds(times) for case, times in zip(cases, repeats, strict=True)})
    gc.unfreeze()
    return [_line(case, rounds) for case in cases]


def require_equal(what: str, expected: object, found: object) -> None:
    """Raise where two answers differ."""
    if expected != found:
        raise WrongAnswer(f"{what}: expected {_shown(expected)}, found {_shown(found)}")


def _repeats(case: Case, scale: Scale) -> int:
    """Run a case once to warm it up, once to see how often it is to be repeated in a round."""
    case.seconds(1)
    once = case.seconds(1) * case.operations
    return max(1, min(1000, round(scale.seconds / max(once, 1e-6))))


def _line(case: Case, rounds: Sequence[dict[str, float]]) -> Line:
    costs = [each[case.name] * 1e6 for each in rounds]
    spread = (min(costs), max(costs))
    if case.against is None:
        return Line(case.name, median(costs), spread=spread)
    cheap = case.target is not None and case.target.at_least
    ratios = [each[case.name] / max(each[case.against], 1e-9) for each in rounds]
    figure = 1 / median(ratios) if cheap else median(ratios)
    baseline = case.against.rpartition(": ")[2]
    relation = f"times as cheap as {baseline}" if cheap else f"times the cost of {baseline}"
    return Line(case.name, median(costs), "µs", figure, relation, spread, case.target)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"
