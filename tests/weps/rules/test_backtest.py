"""A backtest runs the network over the past and prints what it found."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.weps.rules.making import level, lines_of, minute, threshold
from weps.rules.backtest import in_event_order


def test_lines_have_the_members_of_a_detection():
    """
    Time, pattern, event, value and causes; members that a detection does not have are left out.
    """
    found = lines_of({"type": "noData", "after": "PT1M"}, [level(0, 3)], end=minute(5))
    found += lines_of(threshold(message="{value} {uom}"), [level(0, 3)])

    assert [
        {"time": "2024-05-01T12:01:00Z", "pattern": "threshold", "event": "firing", "causes": ["o0"]},
        {
            "time": "2024-05-01T12:00:00Z",
            "pattern": "threshold",
            "event": "firing",
            "value": 3,
            "message": "3 m",
            "causes": ["o0"],
        },
    ] == found


def test_times_have_milliseconds_only_when_they_are_not_zero():
    """
    As everywhere in WEPS.
    """
    exact = level(0, 3)._replace(phenomenon_time=minute(0) + timedelta(milliseconds=45))

    assert ["2024-05-01T12:00:00.045Z"] == [line["time"] for line in lines_of(threshold(), [exact])]


def test_documents_are_put_in_order_and_freed_from_repetitions():
    """
    Of two rows with the same series and time the first counts, whatever its value.
    """
    rows = [level(2, 9, id="0"), level(1, 3, id="1"), level(1, 1, id="3"), level(0, 1, id="4")]

    assert ["4", "1", "0"] == [seen.id for seen in in_event_order(rows)]
    assert [["1"]] == [line["causes"] for line in lines_of(threshold(), rows)]


def test_observations_with_identifiers_of_their_own_are_not_repetitions():
    """
    Two results of one time with different identifiers or result times are two observations.
    """
    rows = [level(0, 1, identifier="a"), level(0, 3, identifier="b"), level(0, 2, result_time=minute(5))]

    assert rows == in_event_order(rows)


@pytest.mark.parametrize(
    ("ids", "as_arrived", "expected"),
    [
        (["0", "1", "2"], None, ["firing"]),
        (["a", "b", "c"], None, ["firing", "resolved"]),
        (["2", "1", "0"], None, ["firing", "resolved"]),
        (["0", "1", "2"], True, ["firing", "resolved"]),
        (["a", "b", "c"], False, ["firing"]),
    ],
)
def test_recordings_are_taken_as_they_arrived(ids, as_arrived, expected):
    """
    Observations that were given ids of their own are neither sorted nor freed from anything, unless told otherwise.
    """
    rows = [level(2, 3, id=ids[0]), level(1, 3, id=ids[1]), level(1, 1, id=ids[2])]

    found = lines_of(threshold(), rows, as_arrived=as_arrived)

    assert expected == [line["event"] for line in found]


def test_start_is_the_activation():
    """
    What comes before it is not seen; without it, the rule begins with the first observation that it looks at.
    """
    rows = [level(0, 3), level(10, 3)]
    silence = {"type": "noData", "after": "PT5M", "observedProperty": "Level"}

    assert ["2024-05-01T12:10:00Z"] == [line["time"] for line in lines_of(threshold(), rows, start=minute(5))]
    assert [] == lines_of(silence, [level(0, 1, observed_property="Rain"), level(10, 3)])
    assert ["2024-05-01T11:55:00Z"] == [
        line["time"] for line in lines_of(silence, [], start=minute(-10), end=minute(0))
    ]
    assert [] == lines_of(silence, [])
