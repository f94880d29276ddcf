"""Rules that have a window in common: it is computed once, whatever they compare it with."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, at_most, compare, require_equal
from benchmarks.rules import BEGIN, OVERSHOOT
from benchmarks.rules_eml import PROPERTY
from weps.model import Observation, RuleText
from weps.rules.languages import EML_001, THRESHOLD, compile_rule
from weps.rules.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterable

RULES = 1000
WINDOW = 100
STEPS = 20


class Stream:
    """A network of rules, and observations of one series without end, of which each batch is stored."""

    def __init__(self, rules: Iterable[RuleText]) -> None:
        self._network = Network()
        for number, rule in enumerate(rules):
            self._network.add(f"s{number}", compile_rule(rule), {}, BEGIN)
        self._minutes = count()
        self._next: list[Observation] = []

    def prepare(self, number: int) -> None:
        """Make the next observations."""
        minutes = [next(self._minutes) for _ in range(number)]
        self._next = [
            Observation(
                BEGIN + timedelta(minutes=minute),
                *(station.PROCEDURE, PROPERTY, station.FEATURE.identifier),
                float(minute * 7 % 19),
                "[degF]",
                id=str(minute),
            )
            for minute in minutes
        ]

    def step(self) -> int:
        """Show them and store; gives the number of detections."""
        found = len(self._network.step(self._next))
        self._network.take_changes()
        return found


def window_rule(minutes: int, bound: float) -> RuleText:
    """Give a rule that compares the mean of a window."""
    of = {"function": "mean", "window": f"PT{minutes}M"}
    rule = {"type": "threshold", "condition": "greaterThan", "threshold": bound, "of": of}
    return RuleText(THRESHOLD, json.dumps(rule))


def run(scale: Scale) -> list[Line]:
    """Rules with one window beside as many with a window each; equal rules beside one of them."""
    number = scale.of(RULES, least=10)
    apart = Stream(window_rule(WINDOW + each, 1000 + each) for each in range(number))
    together = Stream(window_rule(WINDOW, 1000 + each) for each in range(number))
    name = f"an observation: {number} rules with a window each"
    lines = _beside(name, apart, f"an observation: {number} rules with one window", together, scale, 0.5)
    pilot = RuleText(EML_001, OVERSHOOT.read_text(encoding="utf-8"))
    single = Stream([pilot])
    many = Stream([pilot] * number)
    name = "an observation: one EML rule"
    return lines + _beside(name, single, f"an observation: {number} subscriptions with that rule", many, scale, 2)


def _beside(name: str, stream: Stream, other_name: str, other: Stream, scale: Scale, most: float) -> list[Line]:
    for one in (stream, other):
        one.prepare(WINDOW)
        require_equal("the detections of rules beyond all values", 0, one.step())
    return compare(
        [
            Case(name, stream.step, STEPS, prepare=partial(stream.prepare, STEPS)),
            Case(
                other_name,
                other.step,
                STEPS,
                prepare=partial(other.prepare, STEPS),
                against=name,
                target=at_most(most),
            ),
        ],
        scale,
    )
