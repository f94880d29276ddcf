"""Evaluating rules: many thresholds on one series, and single rules, against plain closures that keep one flag."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, Target, at_least, at_most, compare, require_equal
from weps.model import Observation
from weps.rules.eml import compile_eml
from weps.rules.network import Network
from weps.rules.threshold import compile_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from weps.rules.base import Rule
    from weps.rules.network import Found

Closure: TypeAlias = "Callable[[float], str | None]"
Told: TypeAlias = tuple[str, str, datetime]

BEGIN = datetime(2024, 3, 1, tzinfo=UTC)
LOWEST_ALARM = 100.0
OVERSHOOT = Path(__file__).resolve().parents[1] / "config" / "rules" / "overshoot-undershoot.xml"
OVERSHOOT_LEVEL = 60.0
LEVEL = 25.0
ONE_CLOSURE = "one closure, called once"
EVENTS = 1000


def observations(values: Iterable[float], uom: str = "Cel") -> list[Observation]:
    """Give a series of values, one a minute."""
    return [
        Observation(
            BEGIN + timedelta(minutes=number),
            station.PROCEDURE,
            station.PROPERTY,
            station.FEATURE.identifier,
            value,
            uom,
            id=f"o{number}",
        )
        for number, value in enumerate(values)
    ]


def threshold_rule(level: float) -> Rule:
    """Compile the rule that most subscriptions are."""
    members = {
        "type": "threshold",
        "procedure": station.PROCEDURE,
        "observedProperty": station.PROPERTY,
        "condition": "greaterThan",
        "threshold": level,
        "uom": "Cel",
    }
    return compile_threshold(json.dumps(members))


def closure(level: float) -> Closure:
    """Give the least that tells when a value rises above a level, and when it falls back."""
    above = False

    def step(value: float) -> str | None:
        nonlocal above
        if (value > level) is above:
            return None
        above = not above
        return "firing" if above else "resolved"

    return step


def run(scale: Scale) -> list[Line]:
    """Many thresholds of which none fires, then one threshold and the pilot's rule beside one closure."""
    alone = [Case(ONE_CLOSURE, *_calls([closure(LEVEL)], _quiet(scale))), *_one_threshold(scale), *_overshoot(scale)]
    return compare(_many(scale), scale) + compare(alone, scale)


def _levels(count: int) -> list[float]:
    """Give alarm levels as people set them: different ones, all above what is usual."""
    return [LOWEST_ALARM + 900 * number / count for number in range(count)]


def _network(levels: Sequence[float]) -> Network:
    network = Network()
    for number, level in enumerate(levels):
        network.add(f"s{number}", threshold_rule(level), {}, BEGIN)
    return network


def _many(scale: Scale) -> list[Case]:
    usual = observations(station.value(number) for number in range(scale.of(EVENTS, least=20)))
    few, many = scale.of(1000, least=2), scale.of(100_000, least=3)
    baseline = f"an observation: {few} closures"

    def case(count: int, against: str | None, target: Target | None) -> Case:
        network = _checked_network(count)
        name = f"an observation: {count} thresholds" if count > 1 else "an observation: 1 threshold"
        return Case(name, lambda: _step(network, usual), len(usual), against=against, target=target)

    one, some = case(1, None, None), case(few, baseline, at_least(30))
    closures = Case(baseline, *_calls([closure(level) for level in _levels(few)], usual[: len(usual) // 20]))
    return [one, closures, some, case(many, some.name, at_most(1.5))]


def _checked_network(count: int) -> Network:
    """Give a network that has just told the same as closures; it is left with nothing on."""
    levels = _levels(count)
    rough = observations([20, 100, 100.5, 500, 20, 1000, 99, 20])
    network = _network(levels)
    expected = [
        (f"s{number}", event, seen.phenomenon_time)
        for number, step in enumerate(map(closure, levels))
        for seen in rough
        if (event := step(float(seen.value or 0)))
    ]
    require_equal(f"the alerts of {count} thresholds", sorted(expected), sorted(_told(network.step(rough))))
    network.take_changes()
    return network


def _told(found: Sequence[Found]) -> list[Told]:
    return [(each.subscription_id, each.detection.event or "", each.detection.time) for each in found]


def _step(network: Network, seen: Sequence[Observation]) -> None:
    network.step(seen)
    network.take_changes()


def _calls(closures: Sequence[Closure], seen: Sequence[Observation]) -> tuple[Callable[[], None], int]:
    """Give what calls all closures with all values, and the number of values."""

    def call() -> None:
        for observation in seen:
            value = observation.value
            for step in closures:
                step(value)  # type: ignore[arg-type]  # as little as possible is done here

    return call, len(seen)


def _quiet(scale: Scale) -> list[Observation]:
    """Give values that all stay below the level."""
    return observations(float(number % 20) for number in range(scale.of(EVENTS, least=20)))


def _crossings(level: float, seen: Sequence[Observation]) -> list[datetime]:
    step = closure(level)
    return [each.phenomenon_time for each in seen if step(float(each.value or 0))]


def _one_threshold(scale: Scale) -> list[Case]:
    """One rule that keeps its state, on values below its threshold and on values that cross it now and then."""
    rule, network = threshold_rule(LEVEL), _network([LEVEL])
    seen = observations(station.value(number) for number in range(scale.of(EVENTS, least=20)))
    quiet = _quiet(scale)
    expected = _crossings(LEVEL, seen)
    require_equal("one threshold", expected, [time for _, _, time in _told(network.step(seen))])
    require_equal("one threshold, its rule alone", expected, _run_rule(rule, seen))
    name = f"one threshold rule that tells {len(expected) / len(seen):.0%} of the values"
    return [
        _beside("one threshold rule, its state kept", lambda: _step(network, quiet), quiet, at_most(15)),
        _beside(name, lambda: _step(network, seen), seen),
        _beside("one threshold rule outside a network", lambda: _run_rule(rule, quiet), quiet),
    ]


def _beside(name: str, run: Callable[[], object], seen: Sequence[Observation], target: Target | None = None) -> Case:
    return Case(name, run, len(seen), against=ONE_CLOSURE, target=target)


def _run_rule(rule: Rule, seen: Sequence[Observation]) -> list[datetime]:
    states: dict[str, Any] = {}
    found = []
    for observation in seen:
        key = rule.correlation_key(observation)
        if key is None:
            continue
        state = states.get(key)
        if state is None:
            state = rule.start(BEGIN)
        states[key], detections = rule.step(state, observation)
        if detections:
            found += [each.time for each in detections]
    return found


def _overshoot(scale: Scale) -> list[Case]:
    """The rule of the pilot: a value above the level after one below it, and the other way round."""
    wave = [50.0, 55.0, 59.0, 61.0, 66.0, 70.0, 64.0, 61.0, 58.0, 52.0]
    values = [wave[number % len(wave)] for number in range(scale.of(EVENTS, least=20))]
    seen = [each._replace(observed_property="AirTemperature") for each in observations(values, uom="[degF]")]
    network = Network()
    network.add("pilot", compile_eml(OVERSHOOT.read_text(encoding="utf-8")), {}, BEGIN)
    told = [time for _, _, time in _told(network.step(seen))]
    require_equal("the crossings of the pilot's rule", _crossings(OVERSHOOT_LEVEL, seen), told)
    name = f"the pilot's rule that tells {len(told) / len(seen):.0%} of the values"
    following = count(len(seen))

    def next_of(level: float | None) -> None:
        """Make observations that follow those before: a clock that stands still would be another rule's work."""
        seen[:] = [
            each._replace(
                phenomenon_time=BEGIN + timedelta(minutes=next(following)), value=value if level is None else level
            )
            for each, value in zip(seen, values, strict=True)
        ]

    def case(name: str, level: float | None) -> Case:
        made = partial(next_of, level)
        return replace(_beside(name, lambda: _step(network, seen), seen, at_most(60)), prepare=made)

    return [case("the pilot's rule, its state kept", 50.0), case(name, None)]
