"""Deleting sensors and observations: what is named goes, all the rest stays as it is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sos_server.check import check
from sos_server.errors import InvalidParameterValue, MissingParameterValue, SosError
from sos_server.filters import TemporalFilter, TemporalOperator
from sos_server.model import Extent, Feature
from sos_server.requests import (
    DeleteObservation,
    DeleteSensor,
    DescribeSensor,
    GetCapabilities,
    GetDataAvailability,
    GetFeatureOfInterest,
)
from sos_server.responses import ObservationsDeleted, SensorDeleted
from tests.sos_server.make import FORMAT, Asked, insertion, minute, observation, open_service, sensor

HILL = Feature("hill", geometry={"type": "Point", "coordinates": [8.0, 50.0]})


def during(begin: float, end: float) -> TemporalFilter:
    return TemporalFilter(TemporalOperator.DURING, minute(begin), minute(end))


@pytest.fixture
def two(sos: Asked) -> Asked:
    """A thermometer with observations at minutes 0 to 4 at the station, and a barometer there and on a hill."""
    sos.ask(sensor())
    sos.ask(sensor("barometer", ("AirPressure",)))
    sos.ask(insertion(*(observation(at, float(at), identifier=f"t{at}") for at in range(5))))
    low = observation(2, 1010.0, procedure="barometer", observed_property="AirPressure", uom="hPa", identifier="low")
    high = low._replace(value=990.0, feature_of_interest="hill", feature=HILL, identifier="high")
    sos.ask(insertion(low, high, offerings=("barometer-offering",)))
    return sos


def _values(sos: Asked) -> list[float]:
    return [value for _, _, value in sos.observations()]


def test_a_deleted_sensor_is_gone_with_all_that_is_its_own(two: Asked) -> None:
    """
    Offerings, description, observations and the feature that only it observed (d09.09).
    """
    answer = two.ask(DeleteSensor("barometer"))

    assert SensorDeleted("barometer") == answer
    (content,) = two.ask(GetCapabilities()).contents
    assert "thermometer" == content.offering.procedure
    assert [0, 1, 2, 3, 4] == _values(two)
    assert ["station"] == [each.identifier for each in two.ask(GetFeatureOfInterest()).features]
    assert ["thermometer"] == [each.procedure for each in two.ask(GetDataAvailability()).members]
    with pytest.raises(InvalidParameterValue):
        two.ask(DescribeSensor("barometer", FORMAT))


def test_a_deleted_sensor_may_be_registered_and_fed_again(two: Asked, database_url: str) -> None:
    """
    It begins with nothing; another process, that still remembers its series, does not write into the old one.
    """
    other = Asked(open_service(database_url))
    other.ask(insertion(observation(6, 6.5)))
    two.ask(DeleteSensor("thermometer"))
    two.ask(sensor())

    other.ask(insertion(observation(7, 7.5)))
    other.service.storage.close()

    assert [("thermometer-offering", 7.0, 7.5)] == two.observations(procedures=("thermometer",))
    assert [1] == [each.count for each in two.ask(GetDataAvailability(procedures=("thermometer",))).members]


def test_an_unknown_sensor_is_not_deleted(two: Asked) -> None:
    """
    With the code and locator of the conformance suite (d09.08).
    """
    with pytest.raises(InvalidParameterValue) as caught:
        two.ask(DeleteSensor("nobody"))

    assert "procedure" == caught.value.locator
    assert 7 == len(_values(two))


@pytest.mark.parametrize(
    ("parameters", "left"),
    [
        pytest.param({"observations": ("t1",), "version": "1.0"}, [0, 2, 3, 4, 1010, 990], id="one"),
        pytest.param({"observations": ("t1", "high")}, [0, 2, 3, 4, 1010], id="two"),
        pytest.param({"offerings": ("barometer-offering",)}, [0, 1, 2, 3, 4], id="offering"),
        pytest.param({"procedures": ("thermometer",)}, [1010, 990], id="procedure"),
        pytest.param({"observed_properties": ("AirPressure",)}, [0, 1, 2, 3, 4], id="property"),
        pytest.param({"features_of_interest": ("hill",)}, [0, 1, 2, 3, 4, 1010], id="feature"),
        pytest.param({"temporal_filters": (during(1, 2),)}, [0, 3, 4], id="time"),
        pytest.param({"temporal_filters": (during(1, 3), during(3, 9))}, [0, 1, 2, 4, 1010, 990], id="both times"),
        pytest.param(
            {"procedures": ("thermometer",), "temporal_filters": (during(2, 9),)}, [0, 1, 1010, 990], id="both"
        ),
        pytest.param(
            {"procedures": ("thermometer",), "features_of_interest": ("hill",)},
            [0, 1, 2, 3, 4, 1010, 990],
            id="nothing",
        ),
    ],
)
def test_the_observations_named_go_and_the_others_stay(two: Asked, parameters: dict[str, Any], left: list[Any]) -> None:
    """
    Those with the identifiers, or those that pass all filters; the sensors stay.
    """
    request = DeleteObservation(**({"version": "2.0"} | parameters))

    answer = two.ask(request)

    identifier = "t1" if request.version == "1.0" else None
    assert ObservationsDeleted(7 - len(left), identifier, request.version) == answer
    assert left == _values(two)
    assert 2 == len(two.ask(GetCapabilities()).contents)


def test_extents_are_those_of_what_is_left(two: Asked) -> None:
    """
    Also in space, and none where nothing is left; the update sequence has moved on.
    """
    before = two.ask(GetCapabilities())
    two.ask(DeleteObservation(("t0",)))
    two.ask(DeleteObservation(("t4",)))
    two.ask(DeleteObservation(("high",)))

    after = two.ask(GetCapabilities())
    two.ask(DeleteObservation(("low",)))

    thermometer, barometer = (content.extent for content in after.contents)
    assert Extent(minute(1), minute(3), minute(1), minute(3), (7, 51, 7, 51)) == thermometer
    assert Extent(minute(2), minute(2), minute(2), minute(2), (7, 51, 7, 51)) == barometer
    assert Extent() == two.ask(GetCapabilities()).contents[1].extent
    assert before.update_sequence != after.update_sequence


@pytest.mark.parametrize(
    ("request_", "error", "locator"),
    [
        pytest.param(DeleteObservation(version="2.0"), MissingParameterValue, "observation", id="everything"),
        pytest.param(DeleteObservation(("t1", "x"), version="2.0"), InvalidParameterValue, "observation", id="unknown"),
        pytest.param(
            DeleteObservation(("t1",), procedures=("thermometer",)), InvalidParameterValue, "observation", id="both"
        ),
        pytest.param(DeleteObservation(offerings=("x",)), InvalidParameterValue, "offering", id="offering"),
        pytest.param(DeleteObservation(procedures=("x",)), InvalidParameterValue, "procedure", id="procedure"),
        pytest.param(
            DeleteObservation(observed_properties=("x",)), InvalidParameterValue, "observedProperty", id="property"
        ),
        pytest.param(
            DeleteObservation(features_of_interest=("x",)), InvalidParameterValue, "featureOfInterest", id="feature"
        ),
        pytest.param(
            DeleteObservation(temporal_filters=(TemporalFilter(TemporalOperator.LATEST),)),
            InvalidParameterValue,
            "temporalFilter",
            id="latest",
        ),
    ],
)
def test_a_deletion_is_refused_and_nothing_gone(
    two: Asked, request_: DeleteObservation, error: type[SosError], locator: str
) -> None:
    """
    One that names nothing would delete everything: it is refused too.
    """
    with pytest.raises(error) as caught:
        two.ask(request_)

    assert locator == caught.value.locator
    assert 7 == len(_values(two))


_TIMES = st.lists(st.integers(0, 9), unique=True, min_size=1, max_size=8)
_SPANS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=3)


@settings(max_examples=20, deadline=None)
@example([0], [(0, 0)], [5])
@given(_TIMES, _SPANS, _TIMES)
def test_after_deletions_and_insertions_all_is_as_if_only_what_is_left_was_published(
    times: list[int], spans: list[tuple[int, int]], later: list[int]
) -> None:
    """
    Observations, extents and counts.
    """
    with tempfile.TemporaryDirectory() as folder:
        sos = Asked(open_service(Path(folder)))
        sos.ask(sensor())
        sos.ask(insertion(*(observation(at, float(at)) for at in times)))
        for begin, length in spans:
            sos.ask(DeleteObservation(temporal_filters=(during(begin, begin + length),), version="2.0"))
        sos.ask(insertion(*(observation(at, float(at)) for at in later)))

        found = [at for _, at, _ in sos.observations()]
        members = sos.ask(GetDataAvailability()).members
        extent = sos.ask(GetCapabilities()).contents[0].extent
        sos.service.storage.close()
        told: list[object] = []
        check(f"sqlite:///{folder}/sos.sqlite", told.append)

    gone = {at for begin, length in spans for at in range(begin, begin + length + 1)}
    left = sorted((set(times) - gone) | set(later))
    assert left == found
    assert [(minute(left[0]), minute(left[-1]), len(left))] == [(each.begin, each.end, each.count) for each in members]
    assert (minute(left[0]), minute(left[-1])) == (extent.begin, extent.end)
    assert (7.0, 51.0, 7.0, 51.0) == extent.bounds
    assert [f"sound: 1 procedures, 1 offerings, 1 series, {len(left)} observations"] == told
