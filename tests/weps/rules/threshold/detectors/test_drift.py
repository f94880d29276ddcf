"""Two sensors that should agree."""

from __future__ import annotations

import math
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import compiled, detections, level, levels, minute, threshold
from weps.rules.threshold.detectors.drift import Drift


def drift(neighbour=None, **members):
    of = {"function": "drift", "window": "PT10M", "neighbour": neighbour or {"procedure": "gauge-2"}}
    return threshold(**{"of": of, "procedure": "gauge-1", "observedProperty": "Level", "uom": "m", **members})


def second(minutes, value, **members):
    return level(minutes, value, procedure="gauge-2", id=f"n{minutes:g}", **members)


def test_the_means_of_both_series_are_compared_at_each_own_observation(play):
    """
    Own mean less that of the neighbour, either way; the neighbour's observations end and begin nothing.
    """
    stream = [level(0, 5), second(0, 5), level(1, 9), second(2, 1), second(3, 9), level(4, 1)]

    found = play(compiled(drift(threshold=1.5)), stream)

    assert [("firing", minute(1), 2.0, ("o0", "o1", "n0")), ("resolved", minute(4), 0.0)] == [
        (found[0].event, found[0].time, found[0].value, found[0].lineage),
        (found[1].event, found[1].time, found[1].value),
    ]
    assert 2 == len(found)
    assert "firing: Level at river is on average 2 m from its neighbour" == found[0].message


def test_both_are_read_in_the_unit_of_the_rule(play):
    """
    500 cm are 5 m; what cannot be converted is passed over.
    """
    stream = [second(0, 500, uom="cm"), second(0, 9, uom="s"), level(1, 5), level(2, 5.2)]

    found = play(compiled(drift(threshold=0.05)), stream)

    assert [minute(2)] == [one.time for one in found]


def test_without_the_neighbour_nothing_is_told(play):
    """
    Before it has been seen, and when it has been silent for longer than the window.
    """
    found = play(compiled(drift(threshold=0)), [level(0, 5), second(1, 4), level(2, 5), level(11, 5)])

    assert [("firing", minute(2)), ("resolved", minute(11))] == [(one.event, one.time) for one in found]
    assert "resolved: Level at river is on average an unknown number of m from its neighbour" == found[1].message


def test_a_neighbour_may_be_another_property_or_feature(play):
    """
    Names that the neighbour does not give are those of the rule; correlated by feature each feature has its own pair.
    """
    rule = drift({"observedProperty": "Level2"}, correlate="featureOfInterest", threshold=1)
    stream = [
        level(0, 5),
        level(0, 8, observed_property="Level2", feature_of_interest="lake"),
        level(1, 5, observed_property="Level2"),
        level(2, 5, feature_of_interest="lake"),
    ]

    found = play(compiled(rule), stream)

    assert [("lake", 3)] == [(one.observation.feature_of_interest, one.value) for one in found]


def test_a_neighbour_is_reached_in_a_network_and_in_a_compound():
    """
    Its observations are routed to the rule although another name stands in the rule itself.
    """
    both = {"type": "or", "rules": [drift(threshold=1), {"type": "noData", "after": "P1D"}]}
    stream = [second(0, 1), *levels(5, -3)]

    assert ["firing", "resolved"] == [one.event for one in detections(drift(threshold=1), stream)]
    assert ["firing", "resolved"] == [one.event for one in detections(both, stream)]


streams = st.lists(st.tuples(st.booleans(), st.integers(0, 40), st.integers(-9, 9)), max_size=40)


@settings(max_examples=150, deadline=None)
@given(streams, st.integers(1, 15), st.integers(1, 3), st.booleans())
def test_drifts_equal_a_model_that_computes_anew(stream, length, least, stored):
    """
    Also for late observations and through stored state.
    """
    source = Drift(timedelta(minutes=length), least, "up")
    state, kept, newest = source.start(), {True: [], False: []}, 0

    for number, (own, time, value) in enumerate(stream):
        if own:
            state, given_now = source.step(state, minute(time), value, str(number))
        else:
            state, given_now = source.step_neighbour(state, minute(time), value, str(number)), ()
        state = source.load(source.dump(state)) if stored else state
        newest = max(newest, time)
        if time <= newest - length or not own:
            assert () == given_now
        kept[own].append((time, value))
        if given_now:
            inside = [[seen for at, seen in kept[side] if at > newest - length] for side in (True, False)]
            means = [math.fsum(values) / len(values) if len(values) >= least else None for values in inside]
            expected = None if None in means else means[0] - means[1]
            assert [(minute(newest), expected)] == [one[:2] for one in given_now]
