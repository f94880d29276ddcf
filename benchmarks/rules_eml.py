"""Thousands of different EML rules on a thousand series: an observation costs what the rules that want it cost."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, at_most, compare, require_equal
from benchmarks.rules import BEGIN, OVERSHOOT, OVERSHOOT_LEVEL
from weps.model import Observation
from weps.rules.eml import compile_eml
from weps.rules.network import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weps.rules.network import Found

A_SERIES = 10
SERIES = 1000
PROPERTY = "AirTemperature"
RESTRICTION = f"<value>{PROPERTY}</value></PropertyRestriction>"
WAVE = (50.0, 57.5, 59.0, 62.5, 66.0, 70.0, 64.0, 61.0, 58.0, 52.0)


def document(series: int, rule: int) -> str:
    """Give the rule of the pilot for one sensor, with a level of its own."""
    text = OVERSHOOT.read_text(encoding="utf-8")
    level = OVERSHOOT_LEVEL - 5 + rule + series / (10 * SERIES)
    sensor = f"<PropertyRestriction><name>procedure</name><value>{_procedure(series)}</value></PropertyRestriction>"
    return text.replace(f"{OVERSHOOT_LEVEL:g}<", f"{level!r}<").replace(RESTRICTION, RESTRICTION + sensor)


def _procedure(series: int) -> str:
    return f"{station.PROCEDURE}/{series}"


def _network(series: Sequence[int]) -> Network:
    network = Network()
    for one in series:
        for rule in range(A_SERIES):
            network.add(f"s{one}-{rule}", compile_eml(document(one, rule)), {}, BEGIN)
    network.take_changes()
    return network


class Stream:
    """A network of the rules of some series, and observations of these in turn, one a minute of each without end."""

    def __init__(self, series: Sequence[int]) -> None:
        self._network = _network(series)
        self._series = series
        self._minutes = count()
        self._next: list[Observation] = []
        self.wave: Sequence[float] = WAVE
        self.size = len(series) * len(WAVE)

    def prepare(self) -> None:
        """Make the next observations: a wave of each series."""
        self._next = [
            Observation(
                BEGIN + timedelta(minutes=next(self._minutes)),
                *(_procedure(one), PROPERTY, station.FEATURE.identifier),
                value,
                "[degF]",
                id=f"{value}-{one}",
            )
            for value in self.wave
            for one in self._series
        ]

    def step(self) -> list[Found]:
        """Show them, and take the states to store."""
        found = self._network.step(self._next)
        self._network.take_changes()
        return found

    def told(self) -> list[tuple[str, str | None, object]]:
        """Give what the rules of the first series tell of the next observations, without the times."""
        self.prepare()
        return [
            (each.subscription_id, each.detection.output, each.detection.causes)
            for each in self.step()
            if each.subscription_id.startswith("s0-")
        ]


def run(scale: Scale) -> list[Line]:
    """All rules on all series beside the ten rules of one series."""
    number = scale.of(SERIES, least=3)
    one, many = Stream([0]), Stream(range(number))
    lines = []
    for title, wave in (("quiet", [WAVE[0]] * len(WAVE)), ("crossing", WAVE)):
        one.wave = many.wave = wave
        expected = one.told()
        require_equal(f"whether the rules tell anything of {title} values", title == "crossing", bool(expected))
        require_equal(f"what the rules of one series among all tell of {title} values", expected, many.told())
        name = f"an observation, {title}: the {A_SERIES} EML rules that want it"
        lines += compare(
            [
                Case(name, one.step, one.size, prepare=one.prepare),
                Case(
                    f"an observation, {title}: {number * A_SERIES} EML rules on {number} series",
                    many.step,
                    many.size,
                    prepare=many.prepare,
                    against=name,
                    target=at_most(3),
                ),
            ],
            scale,
        )
    return lines
