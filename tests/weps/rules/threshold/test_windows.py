"""Windows and changes: borders, exact sums, late observations, and a model that computes everything anew."""

from __future__ import annotations

import json
import math
import statistics
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weps.rules.making import (
    compiled,
    detections,
    events,
    firings,
    level,
    levels,
    minute,
    slide,
    threshold,
)
from weps.rules.threshold.source import Sliding, Tumbling

FUNCTIONS = {
    "mean": lambda values: math.fsum(values) / len(values),
    "sum": math.fsum,
    "min": min,
    "max": max,
    "count": len,
    "stddev": lambda values: statistics.stdev(values) if len(values) > 1 else None,
}


def same(expected, found, function):
    """Exactly the same, but for the last digits of a square root."""
    if function == "stddev" and None not in (expected, found):
        return math.isclose(expected, found, rel_tol=1e-12)
    return expected == found


def sliding(function: str, window: str = "PT10M", **members):
    return {"function": function, "window": window, **members}


def test_sliding_window_is_open_at_its_start_and_closed_at_its_end():
    """
    What is exactly as old as the window is long has left it.
    """
    found = firings(threshold(of=sliding("sum"), threshold=5), [level(0, 3), level(10, 3), level(19.9, 3)])

    assert [19.9] == found


def test_mean_that_equals_the_threshold_does_not_fire():
    """
    Sums are exact: three times 0.1 is 0.3 as fsum has it, and a mean of exactly 1500 is not above 1500.
    """
    found = firings(threshold(of=sliding("mean"), threshold=1500), levels(1000, 2000, 1500, 1500))

    assert [] == found


def test_sums_do_not_drift_when_large_values_pass():
    """
    A value of 1e17 that has left the window leaves nothing behind.
    """
    stream = [level(0, 0.1), level(1, 1e17), level(20, 0.1), level(21, 0.2)]

    found = detections(threshold(of=sliding("sum"), threshold=0, trigger="every"), stream)

    assert [0.1, 1e17, 0.1, math.fsum([0.1, 0.2])] == [one.value for one in found]


def test_window_with_too_few_observations_meets_nothing():
    """
    With a least number of observations, a window that has fewer ends an episode.
    """
    stream = [level(0, 3), level(1, 3), level(2, 3), level(30, 3)]

    found = events(threshold(of=sliding("mean", minCount=2)), stream)

    assert [("firing", 1), ("resolved", 30)] == found


def test_late_observation_takes_its_place_in_the_window():
    """
    One that belongs into the window counts at the newest time; one that is too old for it changes nothing.
    """
    stream = [level(0, 1), level(20, 1), level(15, 1.5), level(5, 9)]

    found = detections(threshold(of=sliding("sum")), stream)

    assert [("firing", 2.5, minute(20), ("o15", "o20"))] == [
        (one.event, one.value, one.time, one.lineage) for one in found
    ]


def test_lineage_of_a_long_window_is_bounded():
    """
    A detection names the newest hundred observations of its window, oldest first.
    """
    found = detections(
        threshold(of=sliding("count", "PT1H"), threshold=149), [level(number / 10, 1) for number in range(151)]
    )

    assert [tuple(f"o{number / 10:g}" for number in range(50, 150))] == [one.lineage for one in found]


def test_a_window_is_bounded_in_what_it_holds_and_in_what_is_stored():
    """
    Of more than it holds the oldest leave; ids are stored for the newest hundred observations only.
    """
    source = Sliding("sum", timedelta(hours=9), most=300)
    state = source.start()
    for second in range(1000):
        state, (evaluation,) = source.step(state, minute(second / 60), 1, f"{'x' * 50}{second}")

    stored = json.dumps(source.dump(state))

    assert (300, 300) == (evaluation.value, len(list(state.entries())))
    assert len(stored) < 300 * 15 + 100 * 60
    assert state.lineage() == source.load(json.loads(stored)).lineage()


def test_a_window_that_an_older_version_stored_is_read():
    """
    It had time, value and id for each observation.
    """
    rule = compiled(threshold(of={"function": "mean", "window": "PT10M"}))
    noon = 1_714_564_800_000_000

    state = rule.load([1, [noon + 1_000_000, [[noon, 3.5, "a"], [noon + 1_000_000, 2, "b"]]], [[0, None, 0]]]).source

    assert [(minute(0), 3.5, "a"), (minute(1 / 60), 2, "b")] == list(state.entries())
    assert (minute(1 / 60), 2.75) == (state.newest, state.compute("mean"))


def test_counting_takes_any_result():
    """
    Texts count as well as numbers; a count is a pure number, whatever the unit of the observations.
    """
    found = detections(threshold(of=sliding("count"), threshold=2), levels("a", 1, "b"))

    assert [(minute(2), 3, "1")] == [(one.time, one.value, one.comparison.uom) for one in found]


def test_tumbling_window_is_told_when_it_is_over_with_its_start():
    """
    Windows begin at multiples of their length since 1970; the start belongs to the window, the end to the next.
    """
    stream = [level(0, 2), level(59.9, 2), level(60, 1), level(200, 1)]

    found = detections(
        threshold(of={"function": "sum", "window": "PT1H", "kind": "tumbling"}, threshold=3, trigger="every"), stream
    )

    assert [(minute(0), 4, ("o0", "o59.9"))] == [(one.time, one.value, one.lineage) for one in found]


def test_tumbling_window_is_closed_by_the_clock():
    """
    A tick at the end of the window closes it; what comes for it later is too late.
    """
    rule = threshold(of={"function": "max", "window": "PT1H", "kind": "tumbling"})

    assert [] == firings(rule, [level(0, 3)], end=59)
    assert [0] == firings(rule, [level(0, 3)], end=60)
    assert [0] == firings(rule, [level(0, 3), level(61, 1), level(2, 9)], end=130)


def test_tumbling_windows_have_an_edge_from_one_to_the_next():
    """
    Windows without observations are left out: they end nothing.
    """
    rule = threshold(of={"function": "min", "window": "PT10M", "kind": "tumbling"})

    found = events(rule, [level(0, 3), level(10, 3), level(40, 3), level(50, 1), level(60, 1)])

    assert [("firing", 0), ("resolved", 50)] == found


def test_change_is_the_difference_to_the_observation_before_if_that_is_near():
    """
    A difference over more than the window is none; exactly the window still counts.
    """
    rule = threshold(of={"function": "change", "window": "PT10M"}, condition="greaterThanOrEqual", trigger="every")

    found = detections(rule, [level(0, 5), level(10, 7), level(20.1, 20), level(21, 21.9), level(22, 30)])

    assert [(minute(10), 2, ("o0", "o10")), (minute(22), pytest.approx(8.1), ("o21", "o22"))] == [
        (one.time, one.value, one.lineage) for one in found
    ]


def test_change_per_time_is_a_rate():
    """
    Half a metre in half an hour is one metre an hour.
    """
    rule = threshold(of={"function": "change", "per": "PT1H"}, threshold=0.9)

    found = detections(rule, [level(0, 1), level(30, 1.5), level(30, 9), level(60, 9.1)])

    assert [
        ("firing", 1.0),
        ("resolved", None),
    ] == [(one.event, one.value) for one in found]


def test_change_of_temperature_does_not_add_the_offset_of_its_scale():
    """
    A rise of 9 [degF] is a rise of 5 Cel.
    """
    stream = [level(0, 32, uom="[degF]"), level(1, 41, uom="[degF]")]

    found = detections(threshold(of={"function": "change"}, threshold=4.9, uom="Cel"), stream)

    assert [5.0] == [one.value for one in found]


numbers = st.integers(-50, 50) | st.floats(-1e6, 1e6) | st.sampled_from([0.1, 0.2, 1e15, -1e15])
streams = st.lists(st.tuples(st.integers(0, 40), numbers), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(streams, st.sampled_from(list(FUNCTIONS)), st.integers(1, 15), st.integers(1, 3), st.booleans())
def test_sliding_windows_equal_a_model_that_computes_anew(stream, function, length, least, stored):
    """
    Each function over (t - W, t], also of late observations and through stored state, is what the plain formula gives.
    """
    source = Sliding(function, timedelta(minutes=length), least)

    for newest, others, value, given_now in slide(source, stream, length, stored):
        inside = [*others, value]
        expected = FUNCTIONS[function](inside) if len(inside) >= least else None
        assert [minute(newest)] == [evaluation.time for evaluation in given_now]
        assert same(expected, given_now[0].value, function)


@settings(max_examples=100, deadline=None)
@given(streams.map(sorted), st.sampled_from(list(FUNCTIONS)), st.integers(1, 15), st.booleans())
def test_tumbling_windows_equal_a_model_that_computes_anew(stream, function, length, stored):
    """
    Each function over [kW, (k+1)W) is what the plain formula gives, also through stored state.
    """
    source = Tumbling(function, timedelta(minutes=length))
    state, found, windows = source.start(), [], {}

    for number, (time, value) in enumerate(stream):
        windows.setdefault((minute(time).timestamp() // 60) // length, []).append(value)
        state, given_now = source.step(state, minute(time), value, str(number))
        state = source.load(source.dump(state)) if stored else state
        found += given_now
    found += source.tick(state, minute(100))[1]

    assert [number * length * 60 for number in windows] == [evaluation.time.timestamp() for evaluation in found]
    for values, evaluation in zip(windows.values(), found, strict=True):
        assert same(FUNCTIONS[function](values), evaluation.value, function)
