"""Conditions on single values: borders, edges, hysteresis, runs, steps, and what is left out."""

from __future__ import annotations

import pytest

from tests.weps.rules.making import detections, events, firings, level, levels, threshold
from weps.model import Comparison, Severity
from weps.rules.units import warn_of_kinds


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("greaterThan", [3]),
        ("greaterThanOrEqual", [2]),
        ("lessThan", [0]),
        ("lessThanOrEqual", [0]),
        ("equal", [2]),
        ("notEqual", [0, 3]),
    ],
)
def test_condition_holds_from_its_border_on(condition, expected):
    """
    Only "or equal" conditions hold exactly at the threshold.
    """
    found = firings(threshold(condition=condition), levels(0, 1, 2, 3))

    assert expected == found


@pytest.mark.parametrize(("condition", "expected"), [("between", [1]), ("outside", [0, 3])])
def test_between_includes_its_bounds_and_outside_does_not(condition, expected):
    """
    A value on a bound is between, and not outside.
    """
    found = firings({"type": "threshold", "condition": condition, "lower": 2, "upper": 3}, levels(1.9, 2, 3, 3.1))

    assert expected == found


def test_edge_is_told_when_it_begins_and_when_it_ends():
    """
    Not one detection a sample; the first observation counts as coming after "does not hold".
    """
    found = events(threshold(), levels(3, 4, 1, 1, 5))

    assert [("firing", 0), ("resolved", 2), ("firing", 4)] == found


def test_every_tells_each_observation_that_meets_the_condition():
    """
    With trigger every nothing is ever resolved.
    """
    found = events(threshold(trigger="every"), levels(3, 4, 1, 5))

    assert [("firing", 0), ("firing", 1), ("firing", 3)] == found


def test_reset_ends_an_episode_only_strictly_beyond_it():
    """
    Between the reset and the threshold nothing changes, in either direction.
    """
    found = events(threshold(threshold=5, reset=2), levels(6, 3, 2, 6, 1.9, 4, 5, 5.1))

    assert [("firing", 0), ("resolved", 4), ("firing", 7)] == found


def test_reset_of_a_falling_condition_lies_above():
    """
    A low level is over when the level is above the reset threshold.
    """
    found = events(threshold(condition="lessThan", threshold=2, reset=3), levels(1, 2.5, 3, 3.1, 2, 1.9))

    assert [("firing", 0), ("resolved", 3), ("firing", 5)] == found


def test_condition_must_hold_for_a_duration():
    """
    It fires at the first observation that is so long after the beginning of the run; gaps do not break a run.
    """
    stream = [level(0, 3), level(9, 3), level(30, 3), level(31, 1), level(32, 3), level(41, 3), level(42, 3)]

    found = events(threshold(held_for="PT10M"), stream)

    assert [("firing", 30), ("resolved", 31), ("firing", 42)] == found


def test_condition_must_hold_so_many_times_in_a_row():
    """
    It fires once at the n-th observation of an unbroken run.
    """
    found = events(threshold(consecutive=3), levels(3, 3, 1, 3, 3, 3, 3, 1))

    assert [("firing", 5), ("resolved", 7)] == found


def test_duration_and_run_must_both_be_reached():
    """
    With for and consecutive, the later of the two decides.
    """
    found = firings(threshold(held_for="PT2M", consecutive=5), levels(3, 3, 3, 3, 3, 3))

    assert [4] == found


def test_every_with_a_run_tells_each_observation_from_the_nth_on():
    """
    Trigger every begins when the run is long enough and ends with it.
    """
    found = firings(threshold(trigger="every", consecutive=2), levels(3, 3, 3, 1, 3))

    assert [1, 2] == found


@pytest.mark.parametrize(("wanted", "stream"), [("on", ["off", "on", "on", "off"]), (True, [False, True, True, False])])
def test_texts_and_truths_can_be_compared_for_equality(wanted, stream):
    """
    A state such as on, or true, begins and ends like a number that is exceeded.
    """
    found = events(threshold(condition="equal", threshold=wanted), levels(*stream))

    assert [("firing", 1), ("resolved", 3)] == found


def test_results_that_cannot_be_compared_are_left_out():
    """
    A text, a truth, a nil result or an infinite number neither begins nor ends anything.
    """
    found = events(threshold(), levels(3, "dry", None, False, float("nan"), float("-inf"), 3, 1))

    assert [("firing", 0), ("resolved", 7)] == found


def test_values_that_stand_for_not_measured_are_left_out():
    """
    A noData value of the source is no measurement.
    """
    found = events(threshold(condition="lessThan", exclude=[-999999]), levels(3, -999999, 3, 1))

    assert [("firing", 3)] == found


def test_units_are_converted_exactly():
    """
    32 [degF] is 0 Cel and so not above it; 33 [degF] is.
    """
    stream = [level(0, 32, uom="[degF]"), level(1, 33, uom="[degF]"), level(2, -1, uom="Cel")]

    found = detections(threshold(threshold=0, uom="Cel"), stream)

    assert [("firing", 5 / 9, "Cel"), ("resolved", -1, "Cel")] == [
        (one.event, pytest.approx(one.value), one.comparison.uom) for one in found
    ]


def test_units_of_another_kind_are_left_out():
    """
    A level in seconds, or without a unit, cannot be compared with one in metres; centimetres can.
    """
    stream = [level(0, 300, uom="s"), level(1, 300, uom=None), level(2, 300, uom="cm"), level(3, 0, uom="s")]

    found = events(threshold(uom="m"), stream)

    assert [("firing", 2)] == found


def test_unknown_unit_is_compared_as_text():
    """
    A unit that UCUM does not know is comparable with itself only.
    """
    stream = [level(0, 3, uom="m"), level(1, 3, uom="Melbourne fathoms")]

    found = events(threshold(uom="Melbourne fathoms"), stream)

    assert [("firing", 1)] == found


def test_severity_rises_and_falls_by_steps():
    """
    Each change to another step is told with its severity, the end once with that of the last one.
    """
    steps = [
        {"threshold": 2, "severity": "Minor"},
        {"threshold": 4, "severity": "severe", "reset": 3},
        {"threshold": 6, "severity": "Extreme"},
    ]

    found = detections(threshold(steps=steps), levels(1, 7, 5, 3.5, 2.9, 2.5, 1))

    assert [
        ("firing", Severity.EXTREME, 7),
        ("firing", Severity.SEVERE, 5),
        ("firing", Severity.MINOR, 2.9),
        ("resolved", Severity.MINOR, 1),
    ] == [(one.event, one.severity, one.value) for one in found]


def test_series_are_correlated_by_default():
    """
    Each series has an episode of its own.
    """
    stream = [level(0, 3), level(1, 3, feature_of_interest="lake"), level(2, 1)]

    found = events(threshold(), stream)

    assert [("firing", 0), ("firing", 1), ("resolved", 2)] == found


@pytest.mark.parametrize(
    ("correlate", "expected"),
    [("procedure", [0, 2]), ("featureOfInterest", [0, 1]), ("observedProperty", [0]), ("rule", [0])],
)
def test_correlation_can_be_chosen(correlate, expected):
    """
    Observations that share the key share the episode.
    """
    stream = [level(0, 3), level(1, 3, feature_of_interest="lake"), level(2, 3, procedure="gauge-2")]

    found = firings(threshold(correlate=correlate), stream)

    assert expected == found


@pytest.mark.parametrize("member", ["procedure", "observedProperty", "featureOfInterest"])
def test_selectors_keep_other_series_away(member):
    """
    A rule that names a procedure, property or feature sees nothing else.
    """
    names = {"procedure": "gauge-1", "observedProperty": "Level", "featureOfInterest": "river"}
    members = {"procedure": "procedure", "observedProperty": "observed_property"}
    other = level(0, 3, **{members.get(member, "feature_of_interest"): "other"})

    found = firings(threshold(**{member: names[member]}), [other, level(1, 3)])

    assert [1] == found


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ({"bbox": [10, 40, 11, 41]}, [0, 1]),
        ({"bbox": [179, -1, -179, 1]}, [2]),
        ({"center": [10, 40], "radius": 112}, [0, 1]),
        ({"center": [10, 40], "radius": 112000, "uom": "m"}, [0, 1]),
        ({"center": [180, 0], "radius": 60, "uom": "km"}, [2]),
        ({"center": [0, 89.9], "radius": 1}, []),
    ],
    ids=["box", "box over 180 degrees", "circle", "circle in metres", "circle over 180 degrees", "far circle"],
)
def test_area_keeps_other_places_away(area, expected):
    """
    Borders belong to the area; an observation without a place lies nowhere.
    """
    points = [[10, 40], [10, 41], [-179.5, 0], None]
    stream = [
        level(number, 3, geometry=point and {"type": "Point", "coordinates": point})
        for number, point in enumerate(points)
    ]

    found = firings(threshold(area=area, trigger="every"), stream)

    assert expected == found


def test_detection_says_what_was_compared():
    """
    Value, threshold, unit, severity, message, and the observation that it came from.
    """
    rule = threshold(
        uom="m", severity="Moderate", name="flood", message="{name}: {value} {uom} > {threshold} at {feature}"
    )

    (found,) = detections(rule, [level(5, 2.5)])

    assert Comparison("greaterThan", (2,), "m") == found.comparison
    assert ("threshold", "firing", 2.5, Severity.MODERATE) == (
        found.pattern,
        found.event,
        found.value,
        found.severity,
    )
    assert "flood: 2.5 m > 2 at river" == found.message
    assert (("o5",), ("o5",), level(5, 2.5)) == (found.causes, found.lineage, found.observation)


def test_time_of_a_period_is_its_end():
    """
    An observation over a period counts when the period is over.
    """
    found = firings(threshold(), [level(0, 3)._replace(phenomenon_time_end=level(10, 3).phenomenon_time)])

    assert [10] == found


def test_values_that_can_never_be_compared_are_told_once(caplog: pytest.LogCaptureFixture):
    """
    Whoever takes a wrong unit would wait for ever; the log and the backtest say why.
    """
    warn_of_kinds.cache_clear()

    found = firings(threshold(uom="Cel"), [level(minute, 3, uom="kg") for minute in range(3)])

    assert found == []
    assert [each.getMessage() for each in caplog.records] == [
        "unit_kinds_differ observed=kg rule=Cel: such observations never fulfil the condition"
    ]
