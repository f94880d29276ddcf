"""The index of thresholds gives exactly what asking every rule gives."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import compiled, level, minute
from weps.model import Detection, Observation
from weps.rules.index import Group, shape_of
from weps.rules.index_slots import BLOCK, SortedSlots
from weps.rules.network import Found, Network

NUMBERS = st.integers(-3, 3).map(lambda number: number / 2) | st.integers(-2, 2)
CONDITIONS = st.sampled_from(["greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual"])


@st.composite
def plain_rules(draw: Any) -> dict[str, Any]:
    condition, bound = draw(CONDITIONS), draw(NUMBERS)
    rule = {"type": "threshold", "condition": condition, "threshold": bound}
    rule["trigger"] = draw(st.sampled_from(["edge", "edge", "edge", "every"]))
    if rule["trigger"] == "edge" and draw(st.booleans()):
        rule["reset"] = bound + abs(draw(NUMBERS)) * (-1 if condition.startswith("greater") else 1)
    optional = {
        "procedure": st.just("gauge-1"),
        "featureOfInterest": st.sampled_from(["river", "lake"]),
        "uom": st.sampled_from(["m", "cm"]),
        "severity": st.sampled_from(["Minor", "Severe"]),
        "correlate": st.just("procedure"),
        "message": st.just("{name}: {value} {uom} against {threshold}"),
        "quality": st.sampled_from([["good"], {"accept": ["good"], "unflagged": False}]),
    }
    for member, values in optional.items():
        if draw(st.integers(0, 3)) == 0:
            rule[member] = draw(values)
    return rule


@st.composite
def levels(draw: Any) -> Observation:
    return level(
        draw(st.integers(0, 30)),
        draw(NUMBERS | st.sampled_from(["dry", None, True])),
        feature_of_interest=draw(st.sampled_from(["river", "river", "lake"])),
        procedure=draw(st.sampled_from(["gauge-1", "gauge-1", "gauge-2"])),
        uom=draw(st.sampled_from(["m", "m", "cm", "s", None])),
        quality=draw(st.sampled_from(["http://flags.example/good", "good", "bad", None])),
    )


ACTIONS = st.lists(
    st.tuples(st.just("add"), plain_rules(), st.integers(0, 20))
    | st.tuples(st.just("see"), st.lists(levels(), min_size=1, max_size=5), st.just(0))
    | st.tuples(st.just("remove"), st.integers(0, 30), st.just(0))
    | st.tuples(st.just("restart"), st.just(0), st.just(0)),
    min_size=4,
    max_size=40,
)


class PlainLoop:
    """The model: every rule is asked about every observation, one after the other."""

    def __init__(self) -> None:
        self.rules: dict[str, tuple[Any, Any]] = {}
        self.states: dict[tuple[str, str], Any] = {}

    def see(self, observation: Observation) -> list[tuple[str, str, Detection]]:
        found = []
        for name, (rule, activation) in self.rules.items():
            key = rule.correlation_key(observation)
            if key is None:
                continue
            state = self.states.get((name, key)) or rule.start(activation)
            self.states[name, key], detections = rule.step(state, observation)
            found += [(name, key, detection) for detection in detections]
        return found


@settings(max_examples=300, deadline=None)
@given(ACTIONS)
def test_index_equals_the_plain_loop_over_any_rules_and_streams(actions):
    """
    Whatever rules come and go, and also when the network is built anew from stored states: the same detections.
    """
    network, model, stored, number = Network(), PlainLoop(), {}, 0
    expected: list[Any] = []
    found: list[Found] = []

    for action, argument, delay in actions:
        if action == "add":
            number += 1
            rule, activation = compiled(argument), minute(delay)
            network.add(f"s{number}", rule, {}, activation)
            model.rules[f"s{number}"] = rule, activation
        elif action == "see":
            found += network.step(argument)
            expected += [detection for observation in argument for detection in model.see(observation)]
        elif action == "remove":
            network.remove(f"s{argument}")
            model.rules.pop(f"s{argument}", None)
        else:
            stored |= network.take_changes()
            network = Network()
            for name, (rule, activation) in model.rules.items():
                network.add(
                    name, rule, {key: state for (owner, key), state in stored.items() if owner == name}, activation
                )

    assert expected == [tuple(one) for one in found]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans(), st.booleans()), max_size=60))
def test_sorted_slots_equal_a_sorted_list(steps):
    """
    Putting in and taking out below a bound gives what a plain sorted list of pairs gives.
    """
    slots, model = SortedSlots(), []

    for number, (key, taking, included) in enumerate(steps):
        if taking:
            expected = [slot for known, slot in model if known < key or (included and known == key)]
            assert sorted(expected) == sorted(slots.low(key, included))
            assert sorted(expected) == sorted(slots.pop_low(key, included))
            model = [pair for pair in model if pair[1] not in expected]
        else:
            slots.insert(key, number)
            model.append((key, number))

    assert sorted(slot for _, slot in model) == sorted(slots.slots())


def test_sorted_slots_keep_their_order_over_many_blocks():
    """
    Thousands of pairs, put in one by one and in bulk, come out in the order of their keys.
    """
    slots = SortedSlots()

    for number in range(5 * BLOCK):
        slots.insert(number * 7919 % (5 * BLOCK), number * 7919 % (5 * BLOCK))
    slots.insert_all((number + 0.5, 100_000 + number) for number in range(5 * BLOCK))

    assert [0, 100_000, 1, 100_001] == slots.slots()[:4]
    assert 10 * BLOCK == len(slots.slots())
    assert list(range(3 * BLOCK)) == [slot for slot in slots.pop_low(3 * BLOCK, False) if slot < 100_000]
    assert [3 * BLOCK, 100_000 + 3 * BLOCK] == slots.slots()[:2]


def test_compacting_keeps_what_is_on():
    """
    When most rules of a group are gone it closes the gaps; an episode that is on is not told again, and ends.
    """
    network = Network()
    for number in range(200):
        rule = {"type": "threshold", "condition": "greaterThan", "threshold": number % 2, "severity": "Minor"}
        network.add(f"s{number}", compiled(rule), {}, minute(0))
    fired = network.step([level(1, 1)])

    for number in range(150):
        network.remove(f"s{number}")
    again = network.step([level(2, 1)])
    ended = network.step([level(3, 0)])

    assert [f"s{number}" for number in range(0, 200, 2)] == [one.subscription_id for one in fired]
    assert [] == again
    assert [(f"s{number}", "resolved") for number in range(150, 200, 2)] == [
        (one.subscription_id, one.detection.event) for one in ended
    ]


def test_only_states_that_changed_are_handed_out():
    """
    Of a thousand rules, one observation changes the states of those that it fires, and no other is stored.
    """
    network = Network()
    for number in range(1000):
        rule = {"type": "threshold", "condition": "greaterThan", "threshold": number, "reset": number - 10}
        network.add(f"s{number}", compiled(rule), {}, minute(0))

    network.step([level(1, 2.5)])
    first = network.take_changes()
    network.step([level(2, 3.5), level(3, 3.5)])
    second = network.take_changes()

    assert {"s0", "s1", "s2"} == {subscription for subscription, _ in first}
    assert {"s3"} == {subscription for subscription, _ in second}
    assert {} == network.take_changes()


def test_what_cannot_be_looked_up_has_no_shape():
    """
    Rules with a run, a window or a text, and numbers that a float cannot tell apart, are asked one by one.
    """
    base = {"type": "threshold", "condition": "greaterThan", "threshold": 2}

    assert shape_of(compiled(base)) is not None
    assert shape_of(compiled(base)) == shape_of(compiled({**base, "threshold": 3}))
    assert shape_of(compiled({**base, "consecutive": 2})) is None
    assert shape_of(compiled({**base, "of": {"function": "mean", "window": "PT1H"}})) is None
    assert shape_of(compiled({**base, "condition": "equal", "threshold": "on"})) is None
    assert shape_of(compiled({**base, "threshold": 2**60 + 1})) is None


def test_group_gives_back_the_rule_as_it_was_compiled():
    """
    A rule that went into a group comes out equal, its whole numbers still whole.
    """
    rule = compiled({"type": "threshold", "condition": "lessThan", "threshold": 2, "reset": 2.5, "message": "{name}"})
    shape = shape_of(rule)

    group = Group(shape)
    slot = group.add("s", 0, rule)

    assert rule == group.rule(slot)
    assert "2" == f"{group.rule(slot).steps[0].condition.bounds[0]}"
