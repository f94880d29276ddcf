"""Evaluating rules: many thresholds on one series, and single rules, against plain closures that keep one flag."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, at_least, at_most, compare, require_equal
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
    return _many(scale) + _one_threshold(scale) + _overshoot(scale)


def _levels(count: int) -> list[float]:
    """Give alarm levels as people set them: different ones, all above what is usual."""
    return [LOWEST_ALARM + 900 * number / count for number in range(count)]


def _network(levels: Sequence[float]) -> Network:
    network = Network()
    for number, level in enumerate(levels):
        network.add(f"s{number}", threshold_rule(level), {}, BEGIN)
    return network


def _many(scale: Scale) -> list[Line]:
    usual = observations(station.value(number) for number in range(scale.of(EVENTS)))
    counts = sorted({1, scale.of(1000, least=2), scale.of(100_000, least=3)})
    names = {count: f"an observation, {count} thresholds" for count in counts}
    networks = {count: _checked_network(count) for count in counts}
    few, many = counts[-2], counts[-1]
    cases = [Case(names[count], partial(_step, networks[count], usual), len(usual)) for count in counts[:-1]]
    cases.append(
        Case(names[many], partial(_step, networks[many], usual), len(usual), against=names[few], target=at_most(1.5))
    )
    closures = [closure(level) for level in _levels(few)]
    some = usual[: max(1, len(usual) // 20)]
    baseline = f"an observation, {few} closures"
    cases.append(Case(baseline, lambda: _call_all(closures, some), len(some)))
    lines = compare(cases, scale)
    looped = compare(
        [
            Case(baseline, lambda: _call_all(closures, some), len(some)),
            Case(
                f"{names[few]}, once more",
                partial(_step, networks[few], usual),
                len(usual),
                against=baseline,
                target=at_least(30),
            ),
        ],
        scale,
    )
    return lines[:-1] + looped


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


def _call_all(closures: Sequence[Closure], seen: Sequence[Observation]) -> None:
    for observation in seen:
        value = observation.value
        for step in closures:
            step(value)  # type: ignore[arg-type]  # as little as possible is done here


def _one_threshold(scale: Scale) -> list[Line]:
    """One rule that keeps its state, on values that cross it now and then."""
    level = 25.0
    seen = observations(station.value(number) for number in range(scale.of(EVENTS)))
    rule, alone, step = threshold_rule(level), _network([level]), closure(level)
    expected = [(event, each.phenomenon_time) for each in seen if (event := step(float(each.value or 0)))]
    require_equal("one threshold", expected, [(event, time) for _, event, time in _told(alone.step(seen))])
    require_equal("one threshold, its rule alone", expected, _run_rule(rule, seen))
    quiet = observations(float(number % 20) for number in range(len(seen)))
    baseline = "one closure, called once"
    return compare(
        [
            Case(baseline, lambda: _call_all([step], quiet), len(quiet)),
            Case(
                "one threshold rule, its state kept",
                lambda: _step(alone, quiet),
                len(quiet),
                against=baseline,
                target=at_most(15),
            ),
            Case("one threshold rule that keeps firing", lambda: _step(alone, seen), len(seen), against=baseline),
            Case("one threshold rule outside a network", lambda: _run_rule(rule, quiet), len(quiet), against=baseline),
        ],
        scale,
    )


def _run_rule(rule: Rule, seen: Sequence[Observation]) -> list[tuple[str | None, datetime]]:
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
            found += [(each.event, each.time) for each in detections]
    return found


def _overshoot(scale: Scale) -> list[Line]:
    """The rule of the pilot: a value above the level after one below it, and the other way round."""
    wave = [50.0, 55.0, 59.0, 61.0, 66.0, 70.0, 64.0, 61.0, 58.0, 52.0]
    seen = observations((wave[number % len(wave)] for number in range(scale.of(EVENTS, least=50))), uom="[degF]")
    seen = [each._replace(observed_property="AirTemperature") for each in seen]
    rule, network = compile_eml(OVERSHOOT.read_text(encoding="utf-8")), Network()
    network.add("pilot", rule, {}, BEGIN)
    step, crossings = closure(OVERSHOOT_LEVEL), []
    for each in seen:
        if step(float(each.value or 0)):
            crossings.append(each.phenomenon_time)
    require_equal("crossings of the pilot's rule", crossings, [time for _, _, time in _told(network.step(seen))])
    quiet = [each._replace(value=50.0) for each in seen]
    baseline = "one closure, called once more"
    return compare(
        [
            Case(baseline, lambda: _call_all([step], quiet), len(quiet)),
            Case(
                "the pilot's rule, its state kept",
                lambda: _step(network, quiet),
                len(quiet),
                against=baseline,
                target=at_most(60),
            ),
            Case(
                "the pilot's rule, two crossings in ten values",
                lambda: _step(network, seen),
                len(seen),
                against=baseline,
                target=at_most(60),
            ),
        ],
        scale,
    )
