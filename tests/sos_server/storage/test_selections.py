"""What was found for a request is remembered, and forgotten as soon as it would be told differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sos_server.errors import InvalidParameterValue
from sos_server.model import SeriesInfo
from sos_server.requests import DeleteObservation, DeleteSensor, GetObservation
from tests.sos_server.make import Asked, insertion, observation, open_service, sensor
from tests.sos_server.storage.test_contents import statements

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = GetObservation(offerings=("thermometer-offering",))
PLACE = {"type": "Point", "coordinates": [8.0, 52.0]}


@pytest.fixture
def other(database_url: str) -> Iterator[Asked]:
    """Another process on the same database."""
    made = Asked(open_service(database_url))
    yield made
    made.service.storage.close()


@pytest.fixture
def filled(sos: Asked) -> Asked:
    """A service that was asked before."""
    sos.ask(sensor(properties=("AirTemperature", "Humidity")))
    sos.ask(insertion(observation(0, None, uom=None)))
    found(sos)
    return sos


def found(sos: Asked) -> list[tuple[SeriesInfo, list[Any]]]:
    return [(series, [row.value for row in rows]) for series, rows in sos.ask(REQUEST).series]


def test_a_request_that_comes_again_is_not_looked_up_again(filled: Asked) -> None:
    """
    Only whether what is remembered still holds; new observations are found all the same.
    """
    filled.ask(insertion(observation(1, None, uom=None)))

    with statements() as seen:
        ((_, values),) = found(filled)

    assert [None, None] == values
    assert [] == [each for each in seen if "procedures" in each]


def test_a_new_series_is_found(filled: Asked, other: Asked) -> None:
    """
    Also when another process made it.
    """
    other.ask(insertion(observation(0, 1.0, observed_property="Humidity")))

    assert ["AirTemperature", "Humidity"] == [series.observed_property for series, _ in found(filled)]


def test_a_unit_that_comes_later_is_told(filled: Asked, other: Asked) -> None:
    """
    The first observation with a unit sets it.
    """
    other.ask(insertion(observation(1, 1.0)))

    assert ["Cel"] == [series.uom for series, _ in found(filled)]


def test_a_series_that_begins_to_move_is_told_in_its_places(filled: Asked, other: Asked) -> None:
    """
    From its first observation that tells where it was made.
    """
    other.ask(insertion(observation(1, 1.0, geometry=PLACE)))

    assert [None, PLACE] == [series.geometry for series, _ in found(filled)]


def test_a_series_that_was_emptied_is_found_when_it_is_filled_again(filled: Asked, other: Asked) -> None:
    """
    It is not remembered as one that has nothing.
    """
    other.ask(DeleteObservation(offerings=("thermometer-offering",)))
    empty = found(filled)
    other.ask(insertion(observation(5, 7.0)))

    assert ([], [[7.0]]) == (empty, [values for _, values in found(filled)])


def test_a_sensor_that_was_deleted_is_unknown(filled: Asked, other: Asked) -> None:
    """
    And refused, as before it was registered.
    """
    other.ask(DeleteSensor("thermometer"))

    with pytest.raises(InvalidParameterValue, match="There is no offering 'thermometer-offering' here"):
        filled.ask(REQUEST)
