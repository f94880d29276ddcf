"""Values far from the median of those around them."""

from __future__ import annotations

import statistics
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import compiled, level, levels, minute, slide, threshold
from weps.rules.threshold.detectors.score import NORMAL, Judge, deviation, median
from weps.rules.threshold.detectors.spike import Spike


def spike(bound: float = 5, **of):
    rule = threshold(of={"function": "spike", "window": "PT1H", "minCount": 5, **of}, threshold=bound)
    return compiled(rule)


def test_a_spike_is_told_in_deviations_from_the_median_of_the_others(play):
    """
    The others are 1 2 3 4 5: median 3, median absolute deviation 1; the spike is not compared with itself.
    """
    found = play(spike(), levels(1, 2, 3, 4, 5, 13, 3))

    assert [("firing", minute(5), ("o5",)), ("resolved", minute(6), ("o6",))] == [
        (one.event, one.time, one.lineage) for one in found
    ]
    assert found[0].value == pytest.approx(10 / 1.4826)
    assert "firing: Level at river is 6.7449076 deviations from the median of its window" == found[0].message
    assert "1" == found[0].comparison.uom


@pytest.mark.parametrize(
    ("direction", "expected"), [("both", [5, 7]), ("up", [5]), ("down", [7])], ids=["both", "up", "down"]
)
def test_a_direction_counts_what_goes_there_only(play, direction, expected):
    """
    A spike upwards, one downwards.
    """
    found = play(spike(direction=direction), levels(1, 2, 3, 4, 5, 30, 3, -30, 3))

    assert [minute(time) for time in expected] == [one.time for one in found if one.event == "firing"]


def test_an_absolute_distance_is_one_in_the_unit_of_the_rule(play):
    """
    12 m are 900 cm from the median 3 m.
    """
    rule = threshold(of={"function": "spike", "window": "PT1H", "scale": "absolute"}, threshold=800, uom="cm")
    rule["of"]["minCount"] = 5

    found = play(compiled(rule), levels(1, 2, 3, 4, 5, 12))

    assert [(900, "cm")] == [(one.value, one.comparison.uom) for one in found]


def test_any_other_value_is_far_from_a_constant_one(play):
    """
    Without deviations every distance is beyond all measure, and the same value no distance at all.
    """
    found = play(spike(), levels(2, 2, 2, 2, 2, 2, 2.1, 2))

    assert [("firing", 1e6), ("resolved", 0)] == [(one.event, one.value) for one in found]


def test_a_window_with_too_few_others_tells_nothing(play):
    """
    After a gap the window fills up anew.
    """
    found = play(spike(), [*levels(1, 2, 3, 4, 5), level(100, 99), level(101, 1)])

    assert [] == found


def test_a_late_observation_is_compared_with_the_window_and_takes_its_place(play):
    """
    One that is older than the window changes nothing.
    """
    found = play(spike(), [*(level(60 + number, number) for number in (1, 2, 3, 4, 5)), level(3, 99), level(30, 13)])

    assert [(minute(65), ("o30",))] == [(one.time, one.lineage) for one in found]


def test_the_window_is_bounded():
    """
    Of more observations than it holds, the oldest leave.
    """
    source = Spike(timedelta(hours=1), 1, most=3)
    state = source.start()

    for time, value in enumerate([9, 1, 2, 3]):
        state, _ = source.step(state, minute(time), value, "")

    assert (((minute(1), 1), (minute(2), 2), (minute(3), 3)), (1, 2, 3)) == (state.entries, state.ranked)


numbers = st.integers(-20, 20) | st.floats(-1e300, 1e300) | st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=30))
def test_median_and_deviation_are_those_of_the_definition(values):
    """
    The bisection finds what sorting the distances finds.
    """
    ranked = sorted(value / 4 for value in values)

    centre = median(ranked)

    assert statistics.median(ranked) == centre
    assert NORMAL * statistics.median(abs(value - centre) for value in ranked) == deviation(ranked, centre)


streams = st.lists(st.tuples(st.integers(0, 40), st.integers(-9, 9)), max_size=40)


@settings(max_examples=150, deadline=None)
@given(streams, st.integers(1, 15), st.integers(1, 4), st.sampled_from(["both", "up", "down"]), st.booleans())
def test_spikes_equal_a_model_that_computes_anew(stream, length, least, direction, stored):
    """
    Also for late observations and through stored state.
    """
    source = Spike(timedelta(minutes=length), least, Judge(direction, "absolute"))

    for newest, others, value, given_now in slide(source, stream, length, stored):
        away = value - statistics.median(others) if len(others) >= least else None
        expected = away and {"both": abs(away), "up": away, "down": -away}[direction]
        assert [(minute(newest), expected)] == [one[:2] for one in given_now]
