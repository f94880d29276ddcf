"""Rules that show what has begun, before it has held so long or so often that it is told."""

from __future__ import annotations

import pytest

from tests.weps.rules.making import compiled, detections, events, level, levels, lines_of, minute, rain, threshold
from weps.model import Comparison, Severity

RUN = threshold(consecutive=3, pending=True)
STEPS = [{"threshold": 2, "severity": "Minor", "reset": 1}, {"threshold": 4, "severity": "Severe", "reset": 3}]


def test_what_has_begun_is_shown_and_then_fires():
    """
    Once when it begins; then it fires, and is over as ever.
    """
    found = events(RUN, levels(1, 3, 3, 3, 3, 1))

    assert [("pending", 1), ("firing", 3), ("resolved", 5)] == found


def test_what_ends_before_it_holds_is_resolved():
    """
    Each beginning has its end.
    """
    found = events(RUN, levels(3, 1, 3, 3, 1, 1))

    assert [("pending", 0), ("resolved", 1), ("pending", 2), ("resolved", 4)] == found


def test_nothing_is_shown_unless_it_is_wanted():
    """
    Whoever counts the alerts of a feed counts what holds.
    """
    found = events(threshold(consecutive=3), levels(3, 1, 3, 3, 3, 1))

    assert [("firing", 4), ("resolved", 5)] == found


def test_a_run_of_one_observation_begins_at_once():
    """
    With for alone the first observation that is so long after the beginning fires.
    """
    stream = [level(0, 3), level(30, 3), level(31, 1), level(32, 3)]

    found = events(threshold(held_for="PT10M", pending=True), stream)

    assert [("pending", 0), ("firing", 30), ("resolved", 31), ("pending", 32)] == found


def test_a_reset_threshold_ends_what_holds_and_not_what_has_begun():
    """
    Between reset and threshold, what has begun is over and what holds goes on.
    """
    found = events(threshold(threshold=5, reset=2, consecutive=2, pending=True), levels(6, 3, 6, 6, 3, 1))

    assert [("pending", 0), ("resolved", 1), ("pending", 2), ("firing", 3), ("resolved", 5)] == found


def test_steps_are_shown_by_the_worst_that_has_begun_until_one_holds():
    """
    Afterwards a step that has begun above the one that holds is not shown, since the episode is on.
    """
    found = detections(threshold(steps=STEPS, consecutive=3, pending=True), levels(2.5, 5, 2.5, 5, 5, 5, 3.5, 0))

    assert [
        ("pending", Severity.MINOR, 2.5),
        ("pending", Severity.SEVERE, 5),
        ("firing", Severity.MINOR, 2.5),
        ("firing", Severity.SEVERE, 5),
        ("resolved", Severity.SEVERE, 0),
    ] == [(one.event, one.severity, one.value) for one in found]


def test_what_had_begun_in_windows_is_over_with_the_data():
    """
    A window in which too little was observed ends it, as it ends what holds.
    """
    mean = {"function": "mean", "window": "PT10M", "kind": "tumbling", "minCount": 2}
    stream = [level(time, 3) for time in (1, 2, 11, 21, 22, 31, 32, 41)]

    found = events(threshold(of=mean, consecutive=2, pending=True), stream, end=70)

    assert [("pending", 0), ("resolved", 10), ("pending", 20), ("firing", 30), ("resolved", 40)] == found


@pytest.mark.parametrize("kind", ["and", "or"])
def test_rules_taken_together_are_shown_too(kind):
    """
    By the rule as a whole.
    """
    wet = threshold(observedProperty="Rain", threshold=5)
    rule = {"type": kind, "rules": [threshold(observedProperty="Level"), wet], "for": "PT10M", "pending": True}
    stream = [one for time, value in ((0, 3), (10, 3), (20, 1), (30, 9)) for one in (level(time, value), rain(time, 9))]

    found = events(rule, [*stream, level(40, 1), rain(40, 1)])

    expected = [("pending", 0), ("firing", 10)]
    assert found[:2] == expected
    assert found[2:] == ([("resolved", 20), ("pending", 30), ("resolved", 40)] if kind == "and" else [("resolved", 40)])


def test_silence_in_a_rule_taken_together_has_begun_as_it_is_found():
    """
    No rain for an hour begins it; the run of two is made by the next observation of the level.
    """
    silent = {"type": "noData", "observedProperty": "Rain", "after": "PT1H"}
    rule = {"type": "and", "rules": [silent, threshold(observedProperty="Level")], "consecutive": 2, "pending": True}

    found = events(rule, [rain(0, 1), level(50, 3), level(70, 3), rain(80, 1)])

    assert [("pending", 60), ("firing", 70), ("resolved", 80)] == found


def test_what_has_begun_says_what_was_compared():
    """
    As an alert does, with the observation that began it.
    """
    rule = threshold(consecutive=2, pending=True, message="{event}: {value} > {threshold}", severity="Minor")

    (found,) = detections(rule, [level(5, 2.5)])

    assert ("threshold", "pending", 2.5, "pending: 2.5 > 2") == (found.pattern, found.event, found.value, found.message)
    assert (Comparison("greaterThan", (2,), "m"), Severity.MINOR) == (found.comparison, found.severity)
    assert (("o5",), level(5, 2.5)) == (found.causes, found.observation)


def test_it_is_played_alike_however_it_is_interrupted(play):
    """
    Stored between any two observations, and split into batches.
    """
    found = play(compiled(threshold(steps=STEPS, held_for="PT2M", pending=True)), levels(3, 5, 5, 5, 2, 5, 0, 3, 0))

    assert [("pending", 0), ("pending", 1), ("firing", 2), ("firing", 3), ("firing", 4)] == [
        (one.event, (one.time - minute(0)).seconds / 60) for one in found[:5]
    ]
    assert ["resolved", "pending", "resolved"] == [one.event for one in found[5:]]


def test_a_backtest_shows_it():
    """
    As an event of its own.
    """
    found = lines_of(RUN, levels(3, 3, 1))

    assert [("pending", "2024-05-01T12:00:00Z"), ("resolved", "2024-05-01T12:02:00Z")] == [
        (line["event"], line["time"]) for line in found
    ]
