"""What there is of which series, told from what is kept beside them."""

from __future__ import annotations

from typing import Any

import pytest

from sos_server.errors import InvalidParameterValue
from sos_server.model import OM_COUNT, OM_MEASUREMENT, Offering
from sos_server.requests import DeleteObservation, GetDataAvailability
from tests.sos_server.make import Asked, insertion, minute, observation, sensor


@pytest.fixture
def two(sos: Asked) -> Asked:
    """A thermometer with two offerings and observations in each, in both, as counts; a barometer; an idle one."""
    request = sensor(types=(OM_MEASUREMENT, OM_COUNT))
    offerings = (Offering("a", "thermometer"), Offering("b", "thermometer"))
    sos.ask(type(request)(_with(request.description, offerings), *_rest(request)))
    sos.ask(sensor("barometer", ("AirPressure",)))
    sos.ask(sensor("idle"))
    sos.ask(insertion(observation(0), observation(1), offerings=("a",)))
    sos.ask(insertion(observation(5), offerings=("a", "b")))
    sos.ask(insertion(observation(9, 7, uom="1", observation_type=OM_COUNT), offerings=("b",)))
    late = observation(
        3, procedure="barometer", observed_property="AirPressure", phenomenon_time_end=minute(4), result_time=minute(60)
    )
    sos.ask(insertion(late, offerings=("barometer-offering",)))
    return sos


def _with(description: Any, offerings: tuple[Offering, ...]) -> Any:
    return type(description)(
        description.procedure, description.description_format, description.document, description.name, offerings
    )


def _rest(request: Any) -> tuple[Any, ...]:
    return request.observed_properties, request.observation_types, request.feature_types


def _told(sos: Asked, **parameters: Any) -> list[tuple[str, str, int, int, int]]:
    """Procedure, offerings, begin and end in minutes, and count."""
    start = minute(0)
    return [
        (
            each.procedure,
            " ".join(each.offerings),
            int((each.begin - start).total_seconds() / 60),
            int((each.end - start).total_seconds() / 60),
            each.count,
        )
        for each in sos.ask(GetDataAvailability(**parameters)).members
    ]


THERMOMETER, BAROMETER = ("thermometer", "a b", 0, 9, 4), ("barometer", "barometer-offering", 3, 4, 1)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        pytest.param({}, [THERMOMETER, BAROMETER], id="1.0"),
        pytest.param(
            {"version": "2.0"},
            [("thermometer", "a", 0, 5, 3), ("thermometer", "b", 5, 9, 2), BAROMETER],
            id="2.0 tells offerings apart",
        ),
        pytest.param({"offerings": ("b",)}, [("thermometer", "b", 5, 9, 2)], id="offering"),
        pytest.param({"offerings": ("b",), "version": "2.0"}, [("thermometer", "b", 5, 9, 2)], id="offering 2.0"),
        pytest.param({"procedures": ("barometer",)}, [BAROMETER], id="procedure"),
        pytest.param({"procedures": ("idle",)}, [], id="never observed"),
        pytest.param({"observed_properties": ("AirPressure",)}, [BAROMETER], id="property"),
        pytest.param({"features_of_interest": ("station",)}, [THERMOMETER, BAROMETER], id="feature"),
    ],
)
def test_the_time_and_number_of_each_series_is_told(two: Asked, parameters: dict[str, Any], told: list[Any]) -> None:
    """
    A procedure, property and feature together are one series, whatever its results are.
    """
    assert told == _told(two, **parameters)


def test_result_times_and_formats_are_told(two: Asked) -> None:
    """
    Known are the first and last time that a result became known, the types of results and the description's format.
    """
    answer = two.ask(GetDataAvailability(("barometer-offering",), version="2.0"))

    (member,) = answer.members
    assert (minute(60), minute(60)) == (member.result_begin, member.result_end)
    assert (OM_MEASUREMENT,) == member.observation_types
    assert ("http://www.opengis.net/sensorml/2.0",) == answer.description_formats["barometer"]


def test_what_is_told_follows_a_deletion(two: Asked) -> None:
    """
    Also where the last observation goes.
    """
    two.ask(DeleteObservation(procedures=("barometer",), version="2.0"))
    two.ask(DeleteObservation(offerings=("b",), version="2.0"))

    assert [("thermometer", "a", 0, 1, 2)] == _told(two)


@pytest.mark.parametrize(
    ("name", "locator"),
    [
        ("offerings", "offering"),
        ("procedures", "procedure"),
        ("observed_properties", "observedProperty"),
        ("features_of_interest", "featureOfInterest"),
        ("response_formats", "responseFormat"),
    ],
)
def test_what_does_not_exist_is_refused(two: Asked, name: str, locator: str) -> None:
    """
    With the parameter that it is in.
    """
    with pytest.raises(InvalidParameterValue) as caught:
        two.ask(GetDataAvailability(**{name: ("unheard of",)}))

    assert locator == caught.value.locator
