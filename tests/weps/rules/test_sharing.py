"""What rules have in common is computed once, and that changes nothing of what they tell."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.eml.build import (
    COUNT,
    EVENT,
    above,
    eml,
    every,
    joined,
    length,
    message,
    of,
    select,
    simple,
    timer,
)
from tests.weps.rules.eml.build import time as time_view
from tests.weps.rules.making import level, minute, rain, threshold
from weps.model import RuleText
from weps.rules import expression as ex
from weps.rules.languages import CQL2_TEXT, EML_001, LANGUAGES, THRESHOLD, compile_rule
from weps.rules.network import Network
from weps.rules.operators import verdict
from weps.rules.operators.event import Event

HIGH = simple("high", select(EVENT, "high_event"), guard=above(3))
LOW = simple("low", select(EVENT, "low_event"), guard=above(1))
PATTERNS = [
    eml(LOW, HIGH, joined("cross", "BEFORE", "low", "high", select(message("up"), "", "out"), "PT5M")),
    eml(simple("p", select(of("SelectAvg"), "", "out"), time_view("PT5M"), above(1))),
    eml(simple("p", select(COUNT, "", "out"), length(3))),
    eml(timer("t", every("PT7M"), select(message("x"), "", "out"))),
    eml(HIGH, timer("t", every("PT4M"), select(message("x"), "", "out"))),
]
SOURCES: list[dict[str, Any]] = [
    {},
    {"of": {"function": "mean", "window": "PT10M"}},
    {"of": {"function": "mean", "window": "PT10M", "minCount": 2}},
    {"of": {"function": "max", "window": "PT3M"}},
    {"of": {"function": "stddev", "window": "PT10M"}},
    {"of": {"function": "count", "window": "PT10M"}},
    {"of": {"function": "sum", "window": "PT5M", "kind": "tumbling"}},
    {"of": {"function": "change", "window": "PT10M"}},
    {"of": {"function": "spike", "window": "PT10M", "minCount": 2}},
    {"of": {"function": "seasonal", "minCount": 1, "scale": "absolute"}},
    {"of": {"function": "ewma", "window": "PT5M", "baseline": "PT20M", "minCount": 2}},
]


def without(rule: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in rule.items() if name != member}


COMMON = st.sampled_from([{}, {"observedProperty": "Level"}, {"quality": ["good"]}, {"correlate": "rule"}])
OWN = st.sampled_from(
    [
        {"threshold": 1},
        {"threshold": 3},
        {"threshold": 3, "reset": 2},
        {"threshold": 2, "consecutive": 2},
        {"threshold": 2, "for": "PT3M"},
        {"threshold": 2, "trigger": "every", "message": "{value} {name}"},
        {"steps": [{"threshold": 1, "severity": "Minor"}, {"threshold": 4, "severity": "Severe"}]},
    ]
)
THRESHOLDS = st.builds(
    lambda source, common, own: threshold(**source, **common, **own), st.sampled_from(SOURCES), COMMON, OWN
)
COMPOUNDS = st.builds(
    lambda kind, rules: {"type": kind, "rules": [without(one, "correlate") for one in rules], "within": "PT10M"},
    st.sampled_from(["and", "or", "sequence"]),
    st.lists(THRESHOLDS, min_size=2, max_size=2),
)
TEXTS = (
    (THRESHOLDS | COMPOUNDS | st.just({"type": "noData", "after": "PT6M"})).map(
        lambda rule: RuleText(THRESHOLD, json.dumps(rule))
    )
    | st.sampled_from([RuleText(EML_001, text) for text in PATTERNS])
    | st.just(RuleText(CQL2_TEXT, "value > 2 AND uom = 'm'"))
)
SEEN = st.tuples(
    st.sampled_from([level, level, rain]), st.integers(-3, 3), st.integers(0, 6), st.sampled_from([None, "bad"])
)


@st.composite
def stories(draw: Any) -> list[tuple[str, Any]]:
    """Rules of a small choice that come and go, observations, time, and restarts."""
    known = draw(st.lists(TEXTS, min_size=1, max_size=4))
    actions = st.one_of(
        st.tuples(st.just("add"), st.tuples(st.sampled_from(known), st.integers(0, 2), st.integers(1, 3))),
        st.tuples(st.just("see"), st.lists(SEEN, min_size=1, max_size=6)),
        st.tuples(st.just("see"), st.lists(SEEN, min_size=1, max_size=6)),
        st.tuples(st.just("tick"), st.integers(0, 9)),
        st.tuples(st.just("remove"), st.integers(1, 12)),
        st.tuples(st.just("restart"), st.none()),
    )
    return draw(st.lists(actions, min_size=3, max_size=25))


class Together:
    """All rules in one network."""

    def __init__(self) -> None:
        self.network = Network()
        self.rules: dict[str, tuple[RuleText, Any]] = {}
        self.stored: dict[tuple[str, str], Any] = {}

    def compiled(self, text: RuleText) -> Any:
        return compile_rule(text)

    def add(self, name: str, text: RuleText, activation: Any) -> None:
        self.rules[name] = text, activation
        self.network.add(name, self.compiled(text), {}, activation)

    def see(self, observation: Any) -> list[tuple[Any, ...]]:
        return [tuple(one) for one in self.network.step([observation])]

    def tick(self, now: Any) -> list[tuple[Any, ...]]:
        return [tuple(one) for one in self.network.tick(now)]

    def remove(self, name: str) -> None:
        self.rules.pop(name, None)
        self.network.remove(name)
        self.stored = {place: state for place, state in self.stored.items() if place[0] != name}

    def restart(self) -> dict[tuple[str, str], Any]:
        self.network.store_clocks()
        self.stored |= json_of(self.network.take_changes())
        self.network = Network()
        for name, (text, activation) in self.rules.items():
            states = {key: state for (owner, key), state in self.stored.items() if owner == name}
            self.network.add(name, self.compiled(text), states, activation)
        return dict(self.stored)


class Apart:
    """The model: each rule alone in a network of its own, compiled for itself."""

    def __init__(self) -> None:
        self.alone: dict[str, Together] = {}

    def add(self, name: str, text: RuleText, activation: Any) -> None:
        self.alone[name] = Together()
        self.alone[name].compiled = lambda text: LANGUAGES[text.language].compile(text.text)  # type: ignore[method-assign]
        self.alone[name].add(name, text, activation)

    def see(self, observation: Any) -> list[tuple[Any, ...]]:
        return [found for one in self.alone.values() for found in one.see(observation)]

    def tick(self, now: Any) -> list[tuple[Any, ...]]:
        return [found for one in self.alone.values() for found in one.tick(now)]

    def remove(self, name: str) -> None:
        self.alone.pop(name, None)

    def restart(self) -> dict[tuple[str, str], Any]:
        return {place: state for one in self.alone.values() for place, state in one.restart().items()}


def json_of(changes: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    return {place: json.loads(json.dumps(state)) for place, state in changes.items()}


def told(side: Together | Apart, story: list[tuple[str, Any]]) -> list[Any]:
    """What a side tells in the course of a story, with what it stores at each restart and at its end."""
    now, number, seen, given = 0, 0, 0, []
    for action, argument in [*story, ("restart", None)]:
        if action == "add":
            text, ago, copies = argument
            for _ in range(copies):
                number += 1
                side.add(f"s{number}", text, minute(now - ago))
        elif action == "see":
            for make, delay, value, quality in argument:
                seen += 1
                given.append(side.see(make(now + delay, value, id=f"o{seen}", quality=quality)))
                now += max(0, delay)
        elif action == "tick":
            now += argument
            given.append(side.tick(minute(now)))
        elif action == "remove":
            side.remove(f"s{argument}")
        else:
            given.append(side.restart())
    return given


@settings(max_examples=300, deadline=None)
@given(stories())
def test_rules_that_share_tell_what_they_tell_alone(story):
    """
    Whatever rules come and go, also when all is built anew from stored states: the same detections, the same states.
    """
    expected = told(Apart(), story)

    assert expected == told(Together(), story)


def source_of(network: Network, name: str) -> Any:
    """What the only state of a rule holds of its window."""
    (state,) = network._watches[name].states.values()
    return state.source


def rule_of(**members: Any) -> Any:
    return compile_rule(RuleText(THRESHOLD, json.dumps(threshold(**members))))


MEAN = {"function": "mean", "window": "PT10M"}


def test_rules_with_the_same_window_hold_one():
    """
    Whatever they compare it with; one of another window has its own.
    """
    network = Network()
    for number in range(3):
        network.add(f"s{number}", rule_of(of=MEAN, threshold=number), {}, minute(number))
    network.add("other", rule_of(of={**MEAN, "window": "PT9M"}), {}, minute(0))

    network.step([level(5, 1), level(6, 2)])

    assert source_of(network, "s0") is source_of(network, "s1") is source_of(network, "s2")
    assert source_of(network, "other") is not source_of(network, "s0")


def test_window_of_a_rule_that_came_later_becomes_one_with_the_others():
    """
    As soon as what only the older rule has seen is gone, and not before.
    """
    network = Network()
    network.add("old", rule_of(of=MEAN, threshold=1), {}, minute(0))
    network.step([level(0, 1)])
    network.add("new", rule_of(of=MEAN, threshold=3), {}, minute(0))

    network.step([level(5, 2)])
    apart = source_of(network, "old"), source_of(network, "new")
    network.step([level(10, 3)])

    assert [1.5, 2] == [window.compute("mean") for window in apart]
    assert source_of(network, "old") is source_of(network, "new")


def test_windows_that_were_stored_become_one_again():
    """
    After a restart each rule brings its own window; they are the same from the first observation on.
    """
    network, again = Network(), Network()
    for number in range(2):
        network.add(f"s{number}", rule_of(of=MEAN, threshold=number), {}, minute(0))
    network.step([level(minutes, minutes) for minutes in range(5)])

    for (name, key), state in network.take_changes().items():
        again.add(name, rule_of(of=MEAN, threshold=int(name[1:])), {key: state}, minute(0))
    again.step([level(6, 1)])

    assert source_of(again, "s0") is source_of(again, "s1")


def test_equal_rules_that_come_together_are_stepped_once():
    """
    They are one as long as nothing was shown in between, and each is told and stored for itself.
    """
    network, text = Network(), RuleText(EML_001, PATTERNS[1])
    for name in ("a", "b"):
        network.add(name, compile_rule(text), {}, minute(0))
    first = network.step([level(1, 3)])
    network.add("late", compile_rule(text), {}, minute(0))
    network.remove("a")

    second = network.step([level(2, 5)])

    assert [("a", 3), ("b", 3)] == [(one.subscription_id, one.detection.value) for one in first]
    assert [("b", 4), ("late", 5)] == [(one.subscription_id, one.detection.value) for one in second]
    assert {("b", ""), ("late", "")} == set(network.take_changes())


def test_equal_rules_of_other_activation_stay_apart():
    """
    A rule with a clock of its own begins at its activation.
    """
    network, text = Network(), RuleText(EML_001, PATTERNS[3])
    for number in range(2):
        network.add(f"s{number}", compile_rule(text), {}, minute(number))

    found = network.tick(minute(8))

    assert [("s0", minute(7)), ("s1", minute(8))] == [(one.subscription_id, one.detection.time) for one in found]


def test_equal_guards_are_asked_once_about_an_observation():
    """
    The guards of rules that are there at the same time are the same function, which looks at an observation once.
    """
    asked: list[Any] = []
    condition = ex.Not(ex.Missing(ex.Property("value")))
    guards = [verdict.shared(condition, "input", lambda: lambda subject: not asked.append(subject)) for _ in range(2)]
    one, other = level(0, 1), level(0, 1)

    passed = [guard(Event(0, 0, seen, 1, 1)) for seen in (one, other, one) for guard in guards]

    assert [True] * 6 == passed
    assert [id(one), id(other), id(one)] == [id(subject.body) for subject in asked]
