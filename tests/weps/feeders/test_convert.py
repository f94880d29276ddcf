"""Observations of an SOS as WEPS knows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sos_server.model import Feature
from sos_server.model import Observation as SosObservation
from weps.feeders.convert import convert
from weps.model import Observation

TIME = datetime(2016, 1, 11, 3, 55, 45, 14_000, tzinfo=UTC)
HOUR = timedelta(hours=1)
POINT = {"type": "Point", "coordinates": [144.96, -37.81]}
FOUND = SosObservation(TIME, "gauge", "Level", "river", 1.5, "m", result_time=TIME, offering="o", identifier="urn:1")


def test_everything_that_is_known_is_carried_over():
    """
    The place is that of the feature unless the observation has its own.
    """
    found = FOUND._replace(phenomenon_time_end=TIME + HOUR, feature=Feature("river", geometry=POINT))

    observations, nils = convert([found])

    assert nils == 0
    assert observations == (
        Observation(
            phenomenon_time=TIME,
            procedure="gauge",
            observed_property="Level",
            feature_of_interest="river",
            value=1.5,
            uom="m",
            phenomenon_time_end=TIME + HOUR,
            result_time=TIME,
            offering="o",
            geometry=POINT,
            identifier="urn:1",
            id="gauge|Level|river|2016-01-11T03:55:45.014Z/2016-01-11T04:55:45.014Z|2016-01-11T03:55:45.014Z",
        ),
    )


def test_nil_results_are_left_out_and_counted():
    """
    A nil result is no observation; zero, false and empty text are.
    """
    values = [0.0, None, False, "", None]

    observations, nils = convert(FOUND._replace(value=value) for value in values)

    assert ([observation.value for observation in observations], nils) == ([0.0, False, ""], 2)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "gauge|Level|river|2016-01-11T03:55:45.014Z|2016-01-11T03:55:45.014Z"),
        ({"value": 9.9, "identifier": "urn:2"}, "gauge|Level|river|2016-01-11T03:55:45.014Z|2016-01-11T03:55:45.014Z"),
        ({"result_time": TIME + HOUR}, "gauge|Level|river|2016-01-11T03:55:45.014Z|2016-01-11T04:55:45.014Z"),
        ({"result_time": None}, "gauge|Level|river|2016-01-11T03:55:45.014Z|urn:1"),
        ({"result_time": None, "identifier": None}, "gauge|Level|river|2016-01-11T03:55:45.014Z|"),
        ({"procedure": "a|b"}, "a%7Cb|Level|river|2016-01-11T03:55:45.014Z|2016-01-11T03:55:45.014Z"),
    ],
    ids=["plain", "another value", "correction", "identifier", "neither", "separator in a name"],
)
def test_an_observation_is_known_by_series_phenomenon_time_and_result_time(changes, expected):
    """
    The same observation has the same id at each fetch, a correction with a later result time another one.
    """
    found = FOUND._replace(**changes)

    (observation,), _ = convert([found])

    assert observation.id == expected


def test_a_merged_observation_is_known_without_the_result_time_of_its_array():
    """
    An array's result time and identifier change with every value that is added; its values must not change with them.
    """
    first = FOUND._replace(result_time=TIME, identifier="array of one")
    later = FOUND._replace(result_time=TIME + HOUR, identifier="array of two")

    (one, other), _ = convert([first, later], merged=True)

    assert one.id == other.id == "gauge|Level|river|2016-01-11T03:55:45.014Z|"


def test_a_feature_that_is_only_named_later_keeps_its_place():
    """
    A service writes a feature with its place once and names it from then on; every observation has the place.
    """
    place = {"type": "Point", "coordinates": [7.5, 52.0]}
    first = FOUND._replace(geometry=None, feature=Feature(FOUND.feature_of_interest, geometry=place))
    later = FOUND._replace(geometry=None, feature=None)
    elsewhere = later._replace(feature_of_interest="elsewhere")

    observations, _ = convert([first, later, elsewhere])

    assert [place, place, None] == [observation.geometry for observation in observations]


def test_the_depths_of_a_profile_are_told_apart():
    """
    Rows of one array that differ in their value or place alone are observations of their own; one that is told twice
    is one. Fetched again, each has its id again.
    """
    place = {"type": "Point", "coordinates": [144.96, -37.82]}
    rows = [
        FOUND,
        FOUND._replace(value=2.5),
        FOUND,
        FOUND._replace(geometry=place),
        FOUND._replace(value=2.5),
        FOUND._replace(phenomenon_time=TIME + HOUR),
    ]
    time, later = "2016-01-11T03:55:45.014Z", "2016-01-11T04:55:45.014Z"

    first, _ = convert(rows, merged=True)
    again, _ = convert(rows, merged=True)

    assert [each.id.removeprefix("gauge|Level|river|") for each in first] == [
        f"{time}|",
        f"{time}||2",
        f"{time}|",
        f"{time}||3",
        f"{time}||2",
        f"{later}|",
    ]
    assert first == again
