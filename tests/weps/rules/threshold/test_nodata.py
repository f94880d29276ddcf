"""Silence: when it is told, what ends it, and what is no observation."""

from __future__ import annotations

import pytest

from tests.weps.rules.making import compiled, detections, events, level, minute, rain
from weps.model import Comparison
from weps.rules.network import Network

TWO_HOURS = {"type": "noData", "after": "PT2H"}


def test_gap_is_told_at_its_due_time_when_it_is_longer_than_allowed():
    """
    Exactly two hours are not longer than two hours; the detection is dated two hours after the previous observation.
    """
    found = events(TWO_HOURS, [level(0, 1), level(120, 1), level(241, 1)])

    assert [("firing", 240), ("resolved", 241)] == found


@pytest.mark.parametrize(("end", "expected"), [(120, []), (120.1, [("firing", 120)]), (999, [("firing", 120)])])
def test_clock_that_passes_the_due_time_tells_the_gap(end, expected):
    """
    Without any observation the ticks do it, once.
    """
    found = events(TWO_HOURS, [level(0, 1)], end=end)

    assert expected == found


def test_silence_since_the_activation_is_told_as_well():
    """
    A source that has never given anything is silent from the activation on.
    """
    network = Network()
    network.add("s", compiled(TWO_HOURS), {}, minute(0))

    before, after, again = network.tick(minute(120)), network.tick(minute(121)), network.tick(minute(500))

    assert [] == before
    assert [("s", "firing", minute(120), ())] == [
        (one.subscription_id, one.detection.event, one.detection.time, one.detection.lineage) for one in after
    ]
    assert [] == again


def test_data_that_come_again_end_the_silence():
    """
    The next gap is told anew.
    """
    found = detections(TWO_HOURS, [level(0, 1), level(200, 1), level(400, 1)])

    assert [
        ("firing", minute(120), ("o0",)),
        ("resolved", minute(200), ("o0", "o200")),
        ("firing", minute(320), ("o200",)),
        ("resolved", minute(400), ("o200", "o400")),
    ] == [(one.event, one.time, one.lineage) for one in found]
    assert {Comparison("noData", (7200.0,), "s")} == {one.comparison for one in found}


def test_late_observation_does_not_end_the_silence():
    """
    What is older than what was seen last is no sign of life.
    """
    found = events(TWO_HOURS, [level(0, 1), level(240, 1), level(60, 1)], end=300)

    assert [("firing", 120), ("resolved", 240)] == found


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, []),
        ({"observedProperty": "Level"}, [120]),
        ({"correlate": "series"}, [120]),
        ({"exclude": [-1]}, [240]),
    ],
)
def test_only_what_is_selected_breaks_the_silence(members, expected):
    """
    By default any observation of the selection does; correlated by series, each series must speak.
    """
    stream = [level(0, 1), rain(100, 1), rain(150, 1), rain(200, 1), rain(270, -1)]
    if "exclude" in members:
        stream = [level(0, 1), level(120, 1), level(200, -1)]

    found = [time for event, time in events({**TWO_HOURS, **members}, stream, end=300) if event == "firing"]

    assert expected == found
