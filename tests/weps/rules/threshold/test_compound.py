"""Rules taken together: all, any, and one after the other."""

from __future__ import annotations

import pytest

from tests.weps.rules.making import compiled, detections, events, firings, level, minute, rain, threshold
from weps.model import Severity

HIGH = threshold(observedProperty="Level", name="high")
WET = threshold(observedProperty="Rain", name="wet", threshold=5)
DRY_SENSOR = {"type": "noData", "observedProperty": "Rain", "after": "PT1H"}


def test_and_is_joined_on_equal_times():
    """
    Instants at which one of the two is missing are not looked at: they neither begin nor end anything.
    """
    stream = [level(0, 3), rain(0, 6), level(10, 1), level(20, 3), rain(20, 6), level(30, 3), rain(30, 1)]

    found = events({"type": "and", "rules": [HIGH, WET]}, stream)

    assert [("firing", 0), ("resolved", 30)] == found


def test_and_within_takes_observations_that_are_not_too_old():
    """
    With within, the last observation of each member counts for so long.
    """
    stream = [level(0, 3), rain(10, 6), rain(30, 6), rain(31, 6), level(32, 3)]

    found = events({"type": "and", "rules": [HIGH, WET], "within": "PT20M"}, stream)

    assert [("firing", 10)] == found


def test_or_holds_while_any_holds():
    """
    It begins with the first member and ends with the last.
    """
    stream = [level(0, 3), rain(1, 6), level(2, 1), rain(3, 1)]

    found = events({"type": "or", "rules": [HIGH, WET]}, stream)

    assert [("firing", 0), ("resolved", 3)] == found


def test_or_within_forgets_what_is_too_old():
    """
    A member that has not been heard of for longer no longer holds the rule up.
    """
    stream = [level(0, 3), rain(5, 1), rain(15, 1)]

    found = events({"type": "or", "rules": [HIGH, WET], "within": "PT10M"}, stream)

    assert [("firing", 0), ("resolved", 15)] == found


def test_silence_can_be_joined_with_a_threshold():
    """
    No rain data for an hour while the level is high: told when the hour is over, resolved when the level falls.
    """
    rule = {"type": "and", "rules": [DRY_SENSOR, HIGH]}
    stream = [rain(0, 1), level(30, 3), level(90, 3), level(100, 1)]

    found = events(rule, stream)

    assert [("firing", 60), ("resolved", 100)] == found


def test_silence_joined_is_told_by_the_clock():
    """
    The tick that ends the hour fires the whole rule.
    """
    found = events({"type": "and", "rules": [DRY_SENSOR, HIGH]}, [rain(0, 1), level(30, 3)], end=61)

    assert [("firing", 60)] == found


def test_compound_can_be_correlated_by_feature():
    """
    Then each feature is joined with itself only.
    """
    stream = [level(0, 3), rain(0, 6, feature_of_interest="lake"), level(1, 3), rain(1, 6)]

    whole = firings({"type": "and", "rules": [HIGH, WET]}, stream)
    apart = firings({"type": "and", "rules": [HIGH, WET], "correlate": "featureOfInterest"}, stream)

    assert ([0], [1]) == (whole, apart)


def test_compound_of_every_rules_tells_every_joined_instant():
    """
    When all members have the trigger every, so has the whole, unless it says otherwise.
    """
    stream = [observation for time in range(3) for observation in (level(time, 3), rain(time, 6))]
    rules = [{**HIGH, "trigger": "every"}, {**WET, "trigger": "every"}]

    assert [0, 1, 2] == firings({"type": "and", "rules": rules}, stream)
    assert [0] == firings({"type": "and", "rules": rules, "trigger": "edge"}, stream)


def test_compound_must_hold_so_long_and_so_often():
    """
    For and consecutive mean the same as for a single condition.
    """
    stream = [observation for time in range(5) for observation in (level(time, 3), rain(time, 6))]

    assert [2] == firings({"type": "and", "rules": [HIGH, WET], "consecutive": 3}, stream)
    assert [3] == firings({"type": "and", "rules": [HIGH, WET], "for": "PT3M"}, stream)


def test_compound_detection_names_what_led_to_it():
    """
    The last observation of each member, severity and message.
    """
    rule = {"type": "and", "rules": [HIGH, WET], "severity": "Severe", "message": "{name} at {time}"}

    (found,) = detections(rule, [level(0, 3), rain(0, 6)])

    assert ("high and wet at 2024-05-01T12:00:00Z", Severity.SEVERE, ("o0", "r0")) == (
        found.message,
        found.severity,
        found.lineage,
    )


def test_compounds_can_be_nested():
    """
    An or inside an and holds like any other member.
    """
    wet_or_silent = {"type": "or", "rules": [WET, DRY_SENSOR]}
    stream = [rain(0, 1), level(1, 3), level(61, 3), level(62, 1)]

    found = events({"type": "and", "rules": [HIGH, wet_or_silent], "within": "PT2H"}, stream)

    assert [("firing", 60), ("resolved", 62)] == found


def test_sequence_finds_the_earliest_later_event_for_each_beginning():
    """
    Two beginnings may end with the same event: two detections, and no end of an episode.
    """
    stream = [level(0, 3), level(1, 1), level(2, 3), rain(5, 6), rain(6, 1), rain(7, 6)]

    found = detections({"type": "sequence", "rules": [HIGH, WET], "within": "PT10M"}, stream)

    assert [("firing", minute(5), ("o0", "r5")), ("firing", minute(5), ("o2", "r5"))] == [
        (one.event, one.time, one.lineage) for one in found
    ]


def test_lineage_of_a_sequence_is_bounded():
    """
    A detection names the newest hundred of all observations that led to it, however long its windows are.
    """
    many = threshold(of={"function": "count", "window": "PT2H"}, threshold=79)
    stream = [level(minutes, 1) for minutes in range(80)] + [rain(100 + minutes, 1) for minutes in range(80)]
    rules = [{**many, "observedProperty": name} for name in ("Level", "Rain")]

    (found,) = detections({"type": "sequence", "rules": rules, "within": "P1D"}, stream)

    assert tuple([f"o{minutes}" for minutes in range(60, 80)] + [f"r{minutes}" for minutes in range(100, 180)]) == (
        found.lineage
    )


@pytest.mark.parametrize(
    ("time", "expected"),
    [(0, []), (0.1, [0.1]), (10, [10]), (10.1, [])],
    ids=["same time", "later", "at the end", "too late"],
)
def test_sequence_is_open_at_its_start_and_closed_at_its_end(time, expected):
    """
    a < b <= a + within.
    """
    found = firings({"type": "sequence", "rules": [HIGH, WET], "within": "PT10M"}, [level(0, 3), rain(time, 6)])

    assert expected == found


def test_sequence_of_three_counts_from_its_first_event():
    """
    The last event must come within the time after the first.
    """
    low = threshold(observedProperty="Level", condition="lessThan", threshold=1)
    rule = {"type": "sequence", "rules": [HIGH, WET, low], "within": "PT10M"}

    assert [10] == firings(rule, [level(0, 3), rain(5, 6), level(10, 0)])
    assert [] == firings(rule, [level(0, 3), rain(5, 6), level(11, 0)])


def test_sequence_may_end_with_silence():
    """
    High, and then no rain data for an hour.
    """
    rule = {"type": "sequence", "rules": [HIGH, DRY_SENSOR], "within": "PT2H"}

    found = firings(rule, [rain(0, 1), level(30, 3)], end=100)

    assert [60] == found


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (threshold(), True),
        (threshold(trigger="every"), False),
        (DRY_SENSOR, True),
        ({"type": "or", "rules": [HIGH, WET]}, True),
        ({"type": "sequence", "rules": [HIGH, WET], "within": "PT1H"}, False),
    ],
)
def test_rule_tells_whether_its_detections_ever_end(rule, expected):
    """
    Detections with trigger every and sequences stand alone: nothing of them is resolved.
    """
    assert expected is compiled(rule).has_episodes
