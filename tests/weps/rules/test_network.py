"""Many rules on one stream: routing, order, activation, time, and the states that changed."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.weps.rules.making import compiled, level, minute, rain, threshold
from weps.model import Detection
from weps.rules.network import Network


def network_of(*rules: dict[str, Any]) -> Network:
    network = Network()
    for number, rule in enumerate(rules):
        network.add(f"s{number}", compiled(rule), {}, minute(0))
    return network


class Counting:
    """A foreign rule that counts what it is shown, in place, and detects each tick and observation."""

    name = "counting"

    def correlation_key(self, observation):
        return ""

    def start(self, activation):
        return {"seen": 0}

    def step(self, state, observation):
        state["seen"] += 1
        return state, (Detection(observation.end, "counting", value=state["seen"]),)

    def tick(self, state, now):
        return state, (Detection(now, "tick", value=state["seen"]),)

    def dump(self, state):
        return dict(state)

    def load(self, stored):
        return dict(stored)


def test_detections_come_observation_by_observation_then_by_addition():
    """
    Also when some rules are looked up in a group and others are asked one by one.
    """
    network = network_of(
        threshold(trigger="every"),
        threshold(consecutive=1, condition="notEqual", threshold=0, trigger="every"),
        threshold(trigger="every", severity="Minor"),
        threshold(trigger="every", threshold=1),
    )

    found = network.step([level(0, 3), level(1, 2)])

    assert ["s0", "s1", "s2", "s3", "s1", "s3"] == [one.subscription_id for one in found]


def test_observation_from_before_the_activation_is_shown():
    """
    What comes late, or from a replayed past, is news as well; who wants none of it does not hand it in.
    """
    network = Network()
    for name, members in (("indexed", {}), ("asked", {"condition": "notEqual"})):
        network.add(name, compiled(threshold(**members)), {}, minute(10))

    found = network.step([level(9, 3)])

    assert ["indexed", "asked"] == [one.subscription_id for one in found]


def test_observation_only_reaches_rules_that_name_it():
    """
    Whatever combination of procedure, property and feature a rule names.
    """
    names = {"procedure": "gauge-1", "observedProperty": "Level", "featureOfInterest": "river"}
    rules = [
        {member: value for place, (member, value) in enumerate(names.items()) if mask >> place & 1} for mask in range(8)
    ]
    network = network_of(*(threshold(trigger="every", **rule) for rule in rules))

    found = network.step([level(0, 3), rain(0, 3), rain(0, 3, procedure="gauge-2", feature_of_interest="lake")])

    everything = [f"s{number}" for number in range(8)]
    assert [*everything, "s0", "s1", "s4", "s5", "s0"] == [one.subscription_id for one in found]


def test_removed_rule_gives_nothing_more():
    """
    Neither detections nor changed states; removing what is not there does no harm.
    """
    network = network_of(threshold(), threshold(consecutive=2), {"type": "noData", "after": "PT1H"})
    network.step([level(0, 3)])

    for name in ("s0", "s1", "s2", "unknown"):
        network.remove(name)

    assert ([], [], {}, 0) == (
        network.step([level(1, 3)]),
        network.tick(minute(500)),
        network.take_changes(),
        len(network),
    )


def test_rule_can_be_added_again_after_its_removal_but_not_twice():
    """
    A subscription has one rule.
    """
    network = network_of(threshold())

    with pytest.raises(ValueError, match="s0 is in the network already"):
        network.add("s0", compiled(threshold()), {}, minute(0))
    network.remove("s0")
    network.add("s0", compiled(threshold(threshold=5)), {}, minute(0))

    assert ["s0"] == [one.subscription_id for one in network.step([level(0, 4), level(1, 6)])]


def test_rule_that_tells_nothing_is_shown_everything():
    """
    A rule of another language sees each observation and each tick, and its state is kept although changed in place.
    """
    network = Network()
    network.add("s", Counting(), {}, minute(0))

    found = network.step([level(0, 1), rain(1, 1)]) + network.tick(minute(2))
    stored = network.take_changes()

    assert [("counting", 1), ("counting", 2), ("tick", 2)] == [
        (one.detection.pattern, one.detection.value) for one in found
    ]
    assert {("s", ""): {"seen": 2}} == stored


def test_tick_touches_only_what_is_due(monkeypatch):
    """
    Of a hundred silent sensors, a tick asks the rules whose time has come.
    """
    network = Network()
    for number in range(100):
        network.add(f"s{number}", compiled({"type": "noData", "after": f"PT{number + 1}M"}), {}, minute(0))
    asked = []
    rule = type(compiled({"type": "noData", "after": "PT1M"}))
    plain = rule.tick
    monkeypatch.setattr(rule, "tick", lambda self, state, now: (asked.append(self.name), plain(self, state, now))[1])

    found = network.tick(minute(3.5))

    assert ["s0", "s1", "s2"] == [one.subscription_id for one in found]
    assert 3 == len(asked)


def test_any_split_into_batches_gives_the_same():
    """
    The same observations in one batch, one by one, or in random batches with restarts in between.
    """
    rules = [
        threshold(),
        threshold(threshold=3, reset=1),
        threshold(consecutive=2),
        threshold(of={"function": "mean", "window": "PT5M"}),
        threshold(of={"function": "sum", "window": "PT5M", "kind": "tumbling"}),
        threshold(of={"function": "change"}),
        {"type": "noData", "after": "PT2M"},
        {"type": "sequence", "within": "PT9M", "rules": [threshold(), threshold(threshold=4)]},
        {"type": "or", "rules": [threshold(threshold=4), threshold(condition="lessThan", threshold=1)]},
    ]
    chance = random.Random(7)
    stream = [level(number * chance.choice([1, 1, 1.5]), chance.randint(0, 5)) for number in range(300)]
    stream.sort(key=lambda seen: seen.end)
    whole = network_of(*rules).step(stream)

    for _ in range(5):
        found, stored, rest = [], {}, list(stream)
        while rest:
            size = chance.randint(1, 40)
            network = Network()
            for number, rule in enumerate(rules):
                states = {key: state for (name, key), state in stored.items() if name == f"s{number}"}
                network.add(f"s{number}", compiled(rule), states, minute(0))
            found += network.step(rest[:size])
            stored |= network.take_changes()
            rest = rest[size:]
        assert whole == found
    assert len(whole) > 300
