"""In a network EML rules are shown only what they want, and give what they give when they are shown everything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.weps.rules.eml.build import EVENT, compare, eml, every, joined, select, simple, time, timer
from tests.weps.rules.eml.documents import documents
from tests.weps.rules.making import level, minute
from weps.rules.eml import compile_eml
from weps.rules.network import Network

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Detection, Observation
    from weps.rules.base import Rule

COUNTERS = ("clock", "event", "trigger", "order")


class Plain:
    """A rule that tells nothing of what it wants, so that it is shown everything and stored each time."""

    def __init__(self, rule: Rule) -> None:
        self.name = rule.name
        self.has_episodes = rule.has_episodes
        self.correlation_key = rule.correlation_key
        self.start = rule.start
        self.step = rule.step
        self.tick = rule.tick
        self.dump = rule.dump
        self.load = rule.load


class Feed:
    """A network that is used as the engine uses it: in batches, each told and stored, thrown away in between."""

    def __init__(self, plain: bool) -> None:
        self.plain = plain
        self.rules: dict[str, tuple[str, datetime]] = {}
        self.stored: dict[tuple[str, str], Any] = {}
        self.told: datetime = minute(0)
        self.newest: datetime = minute(-1000)
        self.found: list[tuple[str, Detection]] = []
        self.written = 0
        self.network = Network(self.told)

    def add(self, document: str, activation: datetime) -> None:
        name = f"s{len(self.rules)}"
        self.rules[name] = document, activation
        self.enter(name)

    def enter(self, name: str) -> None:
        document, activation = self.rules[name]
        rule = compile_eml(document)
        states = {key: state for (one, key), state in self.stored.items() if one == name}
        self.network.add(name, Plain(rule) if self.plain else rule, states, activation)

    def batch(self, observations: list[Observation], until: datetime) -> None:
        found = self.network.step(observations) + self.network.tick(until)
        self.told = max(self.told, until)
        self.newest = max([self.newest, *(one.end for one in observations)])
        if self.newest > self.told:
            self.network.store_clocks()
        changes = self.network.take_changes()
        self.written += len(changes)
        self.stored |= changes
        self.found += [(one.subscription_id, one.detection) for one in found]

    def restart(self) -> None:
        self.batch([], self.told)
        self.stored = {key: json.loads(json.dumps(state)) for key, state in self.stored.items()}
        self.network = Network(self.told if self.newest <= self.told else None)
        for name in self.rules:
            self.enter(name)


MINUTES = st.integers(0, 60)
SEEN = st.lists(
    st.tuples(MINUTES, st.sampled_from([-1, 0, 2, 2, 5, None]), st.sampled_from(["gauge-1", "gauge-2", "gauge-3"])),
    max_size=6,
)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("batch"), SEEN, MINUTES),
        st.tuples(st.just("batch"), SEEN, MINUTES),
        st.tuples(st.just("restart"), st.just([]), st.just(0)),
        st.tuples(st.just("add"), st.integers(0, 2), MINUTES),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rules=st.lists(documents(), min_size=3, max_size=3), actions=ACTIONS)
def test_routed_rules_give_exactly_what_plain_ones_give(rules: list[str], actions: list[Any]) -> None:
    """
    Whatever comes late or from the future, whenever rules are added, and wherever the network is built anew.
    """
    told: list[list[tuple[str, Detection]]] = []
    for plain in (True, False):
        feed, number = Feed(plain), 0
        feed.add(rules[0], minute(0))
        for what, content, at in actions:
            if what == "add":
                feed.add(rules[content], minute(at))
            elif what == "restart":
                feed.restart()
            else:
                number += 10
                rows = [
                    level(one, value, id=f"o{number + place}", procedure=procedure)
                    for place, (one, value, procedure) in enumerate(content)
                ]
                feed.batch(rows, minute(at))
        told.append(feed.found)

    plainly, routed = told
    assert plainly == routed


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=documents(), seen=SEEN, until=MINUTES)
def test_what_is_not_marked_as_changed_has_not_changed(document: str, seen: list[Any], until: int) -> None:
    """
    But for the clock and the counters, which only tell apart what is kept.
    """
    rule = compile_eml(document)
    state = rule.start(minute(0))
    rule.take_change(state)

    def kept() -> Any:
        return {name: part for name, part in rule.dump(state).items() if name not in COUNTERS}

    for place, (at, value, procedure) in enumerate(seen):
        before = kept()
        rule.step(state, level(at, value, id=str(place), procedure=procedure))
        assert rule.take_change(state) or before == kept()
    before = kept()
    rule.tick(state, minute(until))
    assert rule.take_change(state) or before == kept()


def crossing(where: dict[str, str]) -> str:
    """A rule that waits for a high value after a low one."""
    return eml(
        simple("low", select(EVENT, "low_event"), guard=compare("LessThan", "input/doubleValue", 1), where=where),
        simple("high", select(EVENT, "high_event"), guard=compare("GreaterThan", "input/doubleValue", 2), where=where),
        joined("c", "BEFORE", "low", "high", select('<SelectEvent eventName="high_event"/>', "", "out")),
    )


@pytest.mark.parametrize(
    ("values", "written"),
    [([1, 2, 1, 2], 0), ([0, 0, 0], 1), ([0, 3, 0], 3), ([0, 0, 3, 3, 3], 2)],
    ids=["nothing begins", "the first low is held", "a crossing", "more of the same"],
)
def test_only_states_that_changed_are_stored(values: list[int], written: int) -> None:
    """
    A value that changes nothing costs no row in the database.
    """
    network = Network()
    network.add("s", compile_eml(crossing({"procedure": "gauge-1"})), {}, minute(0))
    network.take_changes()

    changes = []
    for at, value in enumerate(values):
        network.step([level(at, value)])
        network.tick(minute(at))
        changes.append(len(network.take_changes()))

    assert written == sum(changes)


def test_observation_reaches_only_rules_that_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Of a hundred rules on a hundred sensors an observation is shown to one, and a tick to none.
    """
    network = Network()
    for number in range(100):
        network.add(f"s{number}", compile_eml(crossing({"procedure": f"gauge-{number}"})), {}, minute(0))
    shown: list[str] = []
    rule = type(compile_eml(crossing({})))
    plain = rule.step
    monkeypatch.setattr(rule, "step", lambda self, *given: (shown.append("step"), plain(self, *given))[1])
    monkeypatch.setattr(rule, "tick", lambda self, *given: shown.append("tick"))

    network.step([level(0, 0, procedure="gauge-7"), level(1, 0, procedure="gauge-200")])
    network.tick(minute(100))

    assert ["step"] == shown


def test_rule_without_observations_is_only_told_the_time() -> None:
    """
    A timer has no selectors; it ticks as observations of others pass.
    """
    rule = compile_eml(eml(timer("t", every("PT5M"), select(EVENT, "", "out"), "")))
    network = Network()
    network.add("s", rule, {}, minute(0))

    found = network.step([level(12, 1)])

    assert () == rule.selectors
    assert [minute(5), minute(10)] == [one.detection.time for one in found]


def test_rule_names_each_series_it_wants_once() -> None:
    """
    Restrictions that contradict one another want nothing; other restrictions do not narrow the way.
    """
    one = {"procedure": "gauge-1", "observedProperty": "Level"}
    rule = compile_eml(
        eml(
            simple("a", select(EVENT, "", "out"), where=one),
            simple("b", select(EVENT, "", "out"), time("PT1M"), where=one | {"value": "3"}),
            simple("c", select(EVENT, "", "out"), where={"featureOfInterest": "river"}),
            simple("d", select(EVENT, "", "out"), where={"procedure": "gauge-1", "sensorID": "gauge-2"}),
        )
    )

    assert (("gauge-1", "Level", None), (None, None, "river")) == rule.selectors
