"""Up to a million thresholds on one series: alarm levels, levels all over the range, and what one more costs."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, cast

from benchmarks import station
from benchmarks.frame import Case, Line, Scale, Target, at_least, at_most, compare, require_equal
from benchmarks.rules import BEGIN, Closure, closure, observations, threshold_rule
from benchmarks.rules_packages import package_cases
from weps.rules.network import Network
from weps.rules.threshold.simple import SimpleRule, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weps.model import Observation

LOWEST_ALARM = 100.0
EVENTS = 1000
ADDED = 100
RANGE = 100.0


def run(scale: Scale) -> list[Line]:
    """Cases that are compared run in one group, so that all see the same machine."""
    return (
        compare(_alarms(scale), scale)
        + compare(_half_on(scale), scale)
        + compare(_spread(scale), scale)
        + compare(_adding(scale), scale)
        + [_memory(scale)]
    )


def rules_at(levels: Sequence[float]) -> Iterator[SimpleRule]:
    """Give rules that differ in their threshold: one is compiled, and the number in it changed."""
    pattern = cast("SimpleRule", threshold_rule(LOWEST_ALARM))
    step = pattern.steps[0]
    for level in levels:
        condition = replace(step.condition, bounds=(level,))
        yield replace(pattern, steps=(Step(condition, step.severity),))


def network_at(levels: Sequence[float]) -> Network:
    """Give a network of thresholds."""
    network = Network()
    for number, rule in enumerate(rules_at(levels)):
        network.add(f"s{number}", rule, {}, BEGIN)
    return network


def alarm_levels(number: int) -> list[float]:
    """Give levels as people set them for alarms: different ones, all above what is usual."""
    return [LOWEST_ALARM + 900 * place / number for place in range(number)]


def step(network: Network, seen: Sequence[Observation]) -> int:
    """Show observations and take the states to store; gives the number of detections."""
    found = len(network.step(seen))
    network.take_changes()
    return found


def _told_by_closures(levels: Sequence[float], seen: Sequence[Observation]) -> int:
    steps: list[Closure] = [closure(level) for level in levels]
    return sum(one(float(each.value or 0)) is not None for one in steps for each in seen)


def _require_answers(network: Network, levels: Sequence[float], seen: Sequence[Observation]) -> None:
    """Compare with closures; the network is left with nothing on."""
    require_equal(f"the alerts of {len(levels)} thresholds", _told_by_closures(levels, seen), step(network, seen))


def _alarms(scale: Scale) -> list[Case]:
    """Alarm levels of which one in a hundred observations reaches the lowest few."""
    usual = [station.value(number) for number in range(scale.of(EVENTS, least=20))]
    lowest_of_few = alarm_levels(scale.of(1000, least=10))[1]
    seen = observations(lowest_of_few if number % 100 == 50 else value for number, value in enumerate(usual))
    quiet = observations(usual)
    few = scale.of(1000, least=10)
    name = f"an observation: {few} alarm levels"

    def case(number: int, against: str | None, target: Target | None) -> Case:
        network, levels = network_at(alarm_levels(number)), alarm_levels(number)
        _require_answers(network, levels, observations([20, 100, 500, 20, 100.5, 1000, 99, 20]))
        title = f"an observation: {number} alarm levels, none reached"
        return Case(title, lambda: step(network, quiet), len(quiet), against=against, target=target)

    network = network_at(alarm_levels(few))
    _require_answers(network, alarm_levels(few), [*seen, *quiet])
    told = step(network, seen) + step(network, quiet)
    cases = [
        Case(name, lambda: step(network, quiet), len(quiet)),
        Case(
            f"… when {told} are reached and left in {len(seen)}", lambda: step(network, seen), len(seen), against=name
        ),
        case(scale.of(100_000, least=20), name, at_most(1.5)),
        case(scale.of(1_000_000, least=40), name, at_most(3)),
    ]
    return cases + package_cases(scale, name, alarm_levels(few), quiet, at_least(1000))


def _half_on(scale: Scale) -> list[Case]:
    """The same rules, half of which hold all the time."""
    number = scale.of(100_000, least=20)
    below = [-1000 + 900 * place / number for place in range(number // 2)]
    levels = below + alarm_levels(number - len(below))
    quiet = observations(station.value(place) for place in range(scale.of(EVENTS, least=20)))
    none, half = network_at(alarm_levels(number)), network_at(levels)
    require_equal("the alerts of half of the rules", len(below), step(half, quiet))
    require_equal("the alerts of none of the rules", 0, step(none, quiet))
    name = f"an observation: {number} thresholds, none holds"
    return [
        Case(name, lambda: step(none, quiet), len(quiet)),
        Case(
            f"an observation: {number} thresholds, half hold all the time",
            lambda: step(half, quiet),
            len(quiet),
            against=name,
            target=at_most(1.1),
        ),
    ]


def _spread(scale: Scale) -> list[Case]:
    """Thresholds all over the range of the values: what is paid for is what changes."""
    changes = scale.of(100, least=2)
    few, many = scale.of(1000, least=10), scale.of(100_000, least=100)
    name = f"a state change: {few} thresholds over the range, {changes} at once"
    cases = []
    for number, at_once in ((few, changes), (many, changes), (many, changes * 10)):
        levels = [RANGE * place / number for place in range(number)]
        low = RANGE * 0.4 + RANGE / number / 2
        seen = observations([low, low + at_once * RANGE / number] * (10 * changes // at_once))
        network = network_at(levels)
        step(network, seen[:1])
        require_equal("the state changes", 20 * changes, step(network, seen[1:]) + step(network, seen[:1]))
        title = f"a state change: {number} thresholds over the range, {at_once} at once"
        target = None if title == name else at_most(1.5)
        against = None if title == name else name
        cases.append(Case(title, partial(step, network, seen), 20 * changes, against=against, target=target))
    return cases


def _adding(scale: Scale) -> list[Case]:
    """One subscription more, and the next observation, which sorts it in."""
    few, many = scale.of(1000, least=10), scale.of(1_000_000, least=40)
    added = list(rules_at([LOWEST_ALARM + 900 * (place + 0.5) / ADDED for place in range(ADDED)]))
    seen = observations([20.0])
    running = count()
    networks = {number: network_at(alarm_levels(number)) for number in (few, many)}

    def add(number: int) -> None:
        network = networks[number]
        for rule in added:
            network.add(f"added{next(running)}", rule, {}, BEGIN)
            network.step(seen)

    def renew() -> None:
        networks[few] = network_at(alarm_levels(few))
        networks[few].step(seen)

    networks[many].step(seen)
    name = f"a subscription, with the next observation: one added to {few}"
    return [
        Case(name, lambda: add(few), ADDED, prepare=renew),
        Case(
            f"a subscription, with the next observation: one added to {many}",
            lambda: add(many),
            ADDED,
            against=name,
            target=at_most(2),
        ),
    ]


def _memory(scale: Scale) -> Line:
    """What a network keeps of a threshold, with the id of its subscription, after the first observation."""
    number = scale.of(100_000, least=100)
    levels, seen = alarm_levels(number), observations([20.0])
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    network = network_at(levels)
    network.step(seen)
    network.take_changes()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    require_equal("the rules in the network", number, len(network))
    each = (after - before) / number
    return Line(f"memory of one of {number} thresholds in the network", each, "B", each, "bytes", target=at_most(300))
