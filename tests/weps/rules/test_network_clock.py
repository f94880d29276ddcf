"""Rules with a clock: shown only what they look at, they give what they give when they are shown everything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import level, minute
from weps.model import Detection, Observation
from weps.rules.network import Network
from weps.rules.network_clock import Alarms


class Echo:
    """
    A rule of another kind with a clock: it tells each level with the time of its clock, and again after ten minutes.

    An observation that is older than the clock is taken to happen now. States are changed in place.
    """

    name = "echo"

    def correlation_key(self, observation: Observation) -> str:
        return ""

    def start(self, activation: Any) -> dict[str, Any]:
        return {"clock": activation, "timers": []}

    def step(self, state: dict[str, Any], observation: Observation) -> tuple[dict[str, Any], tuple[Detection, ...]]:
        state, found = self.tick(state, observation.end)
        if observation.observed_property == "Level":
            state["timers"].append((state["clock"] + (minute(10) - minute(0)), observation.value))
            found = (*found, Detection(state["clock"], "seen", value=observation.value))
        return state, found

    def tick(self, state: dict[str, Any], now: Any) -> tuple[dict[str, Any], tuple[Detection, ...]]:
        due = [timer for timer in state["timers"] if timer[0] <= now]
        state["timers"] = [timer for timer in state["timers"] if timer[0] > now]
        state["clock"] = max(state["clock"], now)
        return state, tuple(Detection(time, "again", value=value) for time, value in due)

    def dump(self, state: dict[str, Any]) -> Any:
        timers = [[time.isoformat(), value] for time, value in state["timers"]]
        return {"clock": state["clock"].isoformat(), "timers": timers}

    def load(self, stored: Any) -> dict[str, Any]:
        timers = [(type(minute(0)).fromisoformat(time), value) for time, value in stored["timers"]]
        return {"clock": type(minute(0)).fromisoformat(stored["clock"]), "timers": timers}


class RoutedEcho(Echo):
    """The same rule, telling what it looks at and when it is due."""

    clocked = True
    selectors = ((None, "Level", None),)

    def due(self, state: dict[str, Any]) -> Any:
        return min((time for time, _ in state["timers"]), default=None)


happenings = st.lists(
    st.tuples(st.sampled_from(["Level", "Level", "Rain"]), st.integers(0, 60))
    | st.tuples(st.sampled_from(["tick", "restart", "add"]), st.integers(0, 60)),
    max_size=30,
)


@settings(max_examples=200, deadline=None)
@given(happenings)
def test_rule_with_a_clock_gives_the_same_as_if_it_were_shown_everything(steps):
    """
    Through late observations, ticks, other series, and networks that are built anew from stored states.
    """
    results = []
    for kind in (Echo, RoutedEcho):
        activations: dict[str, Any] = {"s": minute(0)}
        network, stored, now, found = Network(), {}, minute(0), []
        network.add("s", kind(), {}, minute(0))
        for number, (what, time) in enumerate(steps):
            if what == "tick":
                now = max(now, minute(time))
                found += network.tick(minute(time))
            elif what == "add":
                activations[f"s{number}"] = now
                network.add(f"s{number}", kind(), {}, now)
            elif what == "restart":
                stored |= json.loads(json.dumps({name: state for (name, _), state in network.take_changes().items()}))
                network = Network(now)
                for name, activation in activations.items():
                    network.add(name, kind(), {"": stored[name]} if name in stored else {}, activation)
            else:
                now = max(now, minute(time))
                found += network.step([level(time, number, observed_property=what)])
        results.append(found)

    assert results[0] == results[1]


def test_rule_with_a_clock_is_not_called_for_what_it_does_not_look_at(monkeypatch):
    """
    Other series and ticks cost it nothing, and change nothing that must be stored.
    """
    network = Network()
    network.add("s", RoutedEcho(), {}, minute(0))
    created = network.take_changes()
    called = []
    monkeypatch.setattr(RoutedEcho, "step", lambda *given: called.append(given))
    monkeypatch.setattr(RoutedEcho, "tick", lambda *given: called.append(given))

    network.step([level(time, 1, observed_property="Rain") for time in range(100)])
    network.tick(minute(200))

    assert [("s", "")] == list(created)
    assert ([], {}) == (called, network.take_changes())


@pytest.mark.parametrize(("now", "expected"), [(4, set()), (5, {(1, "a")}), (9, {(1, "a"), (2, "b")})])
def test_alarms_give_what_is_due(now, expected):
    """
    A state is looked at at the earliest time that was ever noted for it.
    """
    alarms = Alarms()
    alarms.put((1, "a"), minute(7))
    alarms.put((1, "a"), minute(5))
    alarms.put((1, "a"), minute(6))
    alarms.put((2, "b"), minute(9))

    assert expected == alarms.take(minute(now))
