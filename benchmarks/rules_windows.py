"""Sliding aggregates: their cost must not grow with the window."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from itertools import count
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, at_most, compare, require_equal
from benchmarks.rules import BEGIN
from weps.model import Observation
from weps.rules.network import Network
from weps.rules.threshold import compile_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FUNCTIONS: dict[str, Callable[[Sequence[float]], float]] = {"mean": fmean, "max": max, "stddev": stdev}
WINDOWS = (10, 1000, 100_000)
STEPS = 500
NEAR = 1e-9


class Stream:
    """A network with one rule over a sliding window of so many minutes, and an observation a minute without end."""

    def __init__(self, function: str, window: int, bound: float = 1e9) -> None:
        members = {
            "type": "threshold",
            "condition": "greaterThan",
            "threshold": bound,
            "trigger": "every",
            "of": {"function": function, "window": f"PT{window}M"},
        }
        self._network = Network()
        self._network.add("s", compile_threshold(json.dumps(members)), {}, BEGIN)
        self._minutes = count()
        self._next: list[Observation] = []

    def prepare(self, number: int) -> list[float]:
        """Make the next observations; gives their values."""
        minutes = [next(self._minutes) for _ in range(number)]
        self._next = [
            Observation(
                BEGIN + timedelta(minutes=minute),
                *(station.PROCEDURE, station.PROPERTY, station.FEATURE.identifier),
                station.value(minute) + minute % 7 / 10,
                id=str(minute),
            )
            for minute in minutes
        ]
        return [float(one.value or 0) for one in self._next]

    def step(self) -> int:
        """Show them; gives the number of detections."""
        return len(self._network.step(self._next))


def run(scale: Scale) -> list[Line]:
    """Each function with its three windows in one group."""
    lines: list[Line] = []
    for function in FUNCTIONS:
        lines += compare(_cases(function, scale), scale)
    return lines


def _cases(function: str, scale: Scale) -> list[Case]:
    cases: list[Case] = []
    first = ""
    for size in WINDOWS:
        window = scale.of(size, least=5)
        name = f"an observation, sliding {function}: a window of {window}"
        if any(case.name == name for case in cases):
            continue
        _require_answer(function, window)
        stream = Stream(function, window)
        stream.prepare(window)
        stream.step()
        steps = scale.of(STEPS, least=10)
        compared = {"against": first, "target": at_most(1.5)} if first else {}
        cases.append(
            Case(name, stream.step, steps, prepare=partial(stream.prepare, steps), **compared)  # type: ignore[arg-type]
        )
        first = first or name
    return cases


def _require_answer(function: str, window: int) -> None:
    """A full window fires with a bound just below what it is, and not with one just above."""
    stream = Stream(function, window)
    values = (stream.prepare(window), stream.prepare(1))
    expected = FUNCTIONS[function]([*values[0][1:], *values[1]])
    for bound, fires in ((expected - NEAR, True), (expected + NEAR, False)):
        checked = Stream(function, window, bound)
        checked.prepare(window)
        checked.step()
        checked.prepare(1)
        require_equal(f"whether {function} of {window} is above {bound}", fires, checked.step() == 1)
