"""Changes of the level of a series: EWMA and CUSUM."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import compiled, level, levels, minute, threshold
from weps.rules.threshold.detectors.change import FARTHEST, Cusum, Ewma

CALM = [4, 6] * 40


def ewma(bound: float = 2, **of):
    return compiled(threshold(of={"function": "ewma", "window": "PT3M", "baseline": "P1D", **of}, threshold=bound))


def cusum(bound: float = 8, **of):
    return compiled(threshold(of={"function": "cusum", "baseline": "P1D", **of}, threshold=bound))


def firing(found):
    return [one.time for one in found if one.event == "firing"]


@pytest.mark.parametrize("rule", [ewma(), cusum()], ids=["ewma", "cusum"])
def test_a_calm_series_is_no_change(play, rule):
    """
    Values that go up and down around their mean add up to nothing.
    """
    assert [] == play(rule, levels(*CALM, *CALM, *CALM))


@pytest.mark.parametrize(
    ("rule", "time"),
    [
        (ewma(), 82),
        (ewma(direction="up"), 82),
        (ewma(direction="down"), None),
        (cusum(), 82),
        (cusum(direction="up"), 82),
        (cusum(direction="down"), None),
    ],
    ids=["ewma", "ewma up", "ewma down", "cusum", "cusum up", "cusum down"],
)
def test_a_new_level_is_told_after_some_observations(play, rule, time):
    """
    A rise by four deviations that stays is found after a few observations, in its direction only.
    """
    found = firing(play(rule, levels(*CALM, *[9] * 6)))

    assert ([] if time is None else [minute(time)]) == found


@pytest.mark.parametrize("rule", [ewma(3), cusum()], ids=["ewma", "cusum"])
def test_one_outlier_is_no_new_level(play, rule):
    """
    It moves the mean a little, and the sum by a bounded step.
    """
    assert [] == play(rule, levels(*CALM, 12, *CALM))


@pytest.mark.parametrize("rule", [ewma(), cusum()], ids=["ewma", "cusum"])
def test_the_baseline_follows_and_the_change_ends(play, rule):
    """
    A level that stays becomes the usual one.
    """
    found = play(rule, levels(*CALM, *[9, 11] * 1000))

    assert ("firing", "resolved") == (found[0].event, found[-1].event)


@pytest.mark.parametrize("rule", [ewma(), cusum()], ids=["ewma", "cusum"])
def test_a_baseline_is_learned_anew_after_a_long_gap(play, rule):
    """
    What is twenty days old weighs nothing where one day counts, so the new level is no change.
    """
    stream = [*levels(*CALM), *(level(20 * 1440 + number, 8 + number % 2) for number in range(30))]

    assert [] == play(rule, stream)


@pytest.mark.parametrize("rule", [ewma(), cusum()], ids=["ewma", "cusum"])
def test_late_observations_and_enormous_values_change_nothing(play, rule):
    """
    Whatever they say, the rest is found as it would be without them.
    """
    stream = levels(*CALM, *[9] * 6)
    disturbed = [*stream[:75], level(3, -500), level(75, 1e300), *stream[75:]]

    assert firing(play(rule, stream)) == firing(play(rule, disturbed)) == [minute(82)]


def test_a_cumulative_sum_ends_at_twice_the_threshold(play):
    """
    So it takes no longer to come down than it took to rise above the threshold again.
    """
    found = play(cusum(4), levels(*CALM, *[30] * 5, *CALM))

    assert [("firing", minute(80)), ("resolved", minute(90))] == [(one.event, one.time) for one in found]


streams = st.lists(st.tuples(st.integers(0, 60), st.integers(-9, 9)), max_size=30)


def weighted(kept, time, constant):
    """Weight, mean and deviation by the definition."""
    weights = [math.exp(-(time - at) / constant) for at, _ in kept]
    total = math.fsum(weights)
    mean = math.fsum(weight * seen for weight, (_, seen) in zip(weights, kept, strict=True)) / total
    squares = math.fsum(weight * (seen - mean) ** 2 for weight, (_, seen) in zip(weights, kept, strict=True))
    return total, mean, math.sqrt(squares / total)


def close(expected, found):
    """Equal but for the last digits; a deviation that rounding alone makes is not looked at."""
    return expected == found or (
        None not in (expected, found) and math.isclose(expected, found, rel_tol=1e-6, abs_tol=1e-6)
    )


@settings(max_examples=100, deadline=None)
@given(streams.map(sorted), st.integers(5, 30), st.booleans())
def test_ewma_equals_a_model_that_weighs_anew(stream, constant, stored):
    """
    Means and deviations by their definition over all observations so far, also through stored state.
    """
    source = Ewma(timedelta(minutes=3), timedelta(minutes=constant), 2, "up")
    state, kept = source.start(), []

    for time, value in stream:
        state, (given_now,) = source.step(state, minute(time), value, "")
        state = source.load(source.dump(state)) if stored else state
        quick = weighted([*kept, (time, value)], time, 3)[1]
        if kept:
            weight, mean, deviation = weighted(kept, time, constant)
            if abs(weight - 2) > 1e-9 and (weight < 2 or deviation > 1e-3):
                expected = (quick - mean) / deviation if weight > 2 else None
                assert close(expected, given_now.value)
        kept.append((time, value))


@settings(max_examples=100, deadline=None)
@given(streams.map(sorted), st.integers(5, 30), st.booleans())
def test_cusum_equals_a_model_that_adds_up_anew(stream, constant, stored):
    """
    Page's sums over deviations by their definition, also through stored state.
    """
    source = Cusum(timedelta(minutes=constant), 0.5, 2, ceiling=6)
    state, kept, up, down = source.start(), [], 0.0, 0.0

    for time, value in stream:
        state, (given_now,) = source.step(state, minute(time), value, "")
        state = source.load(source.dump(state)) if stored else state
        weight, mean, deviation = weighted(kept, time, constant) if kept else (0, 0, 0)
        if abs(weight - 2) < 1e-9 or (weight > 2 and deviation < 1e-3):
            return
        if weight > 2:
            step = max(-FARTHEST, min(FARTHEST, (value - mean) / deviation))
            up, down = (min(6, max(0, total + way - 0.5)) for total, way in ((up, step), (down, -step)))
            assert close(max(up, down), given_now.value)
        else:
            up = down = 0.0
            assert given_now.value is None
        kept.append((time, value))
