"""Observations that tell where they were made: given back with it, found by it (the spatial filtering profile)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sos_server.errors import MissingParameterValue
from sos_server.filters import SpatialFilter, SpatialOperator, SpatialReference, TemporalFilter, TemporalOperator
from sos_server.filters import bounding_box as box
from sos_server.model import OM_COUNT, OM_MEASUREMENT
from sos_server.requests import DeleteObservation, GetCapabilities, GetObservation, GetObservationById
from tests.sos_server.make import Asked, insertion, minute, observation, sensor

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLED = SpatialReference.SAMPLING_GEOMETRY


def _point(longitude: float, latitude: float) -> Mapping[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


@pytest.fixture
def ship(sos: Asked) -> Asked:
    """A thermometer (its feature at 7, 51) that is carried east: at minute n to longitude n; at 3 it does not tell."""
    sos.ask(sensor(types=(OM_MEASUREMENT, OM_COUNT)))
    made = [observation(at, float(at), geometry=None if at == 3 else _point(at, 50)) for at in range(6)]
    sos.ask(insertion(*made, observation(9, 9, uom="1", observation_type=OM_COUNT, geometry=_point(9, 50))))
    return sos


def _parts(sos: Asked, **parameters: Any) -> list[tuple[Any, list[Any]]]:
    """The longitudes told, each with the values observed there."""
    return [
        (None if info.geometry is None else info.geometry["coordinates"][0], [row.value for row in rows])
        for info, rows in sos.ask(GetObservation(**parameters)).series
    ]


def test_each_observation_is_given_back_with_its_place(ship: Asked) -> None:
    """
    In the order of time; counts are still counts.
    """
    found = _parts(ship)

    assert [(0, [0.0]), (1, [1.0]), (2, [2.0]), (None, [3.0]), (4, [4.0]), (5, [5.0]), (9, [9])] == found
    assert int is type(found[-1][1][0])


@pytest.mark.parametrize(
    ("place", "values"),
    [
        pytest.param(box(1, 49, 4, 52, SAMPLED), [1, 2, 4], id="without the feature"),
        pytest.param(box(4, 49, 7, 52, SAMPLED), [3, 4, 5], id="with the feature, where nothing else is known"),
        pytest.param(box(7, 51, 7, 51, SAMPLED), [3], id="the feature only"),
        pytest.param(replace(box(4, 49, 7, 52, SAMPLED), strict=True), [4, 5], id="strict"),
        pytest.param(box(7, 51, 7, 51), [0, 1, 2, 3, 4, 5, 9], id="the shape of the feature"),
        pytest.param(box(0, 49, 6, 50), [], id="not the shape of the feature"),
        pytest.param(SpatialFilter(SpatialOperator.EQUALS, _point(2, 50), SAMPLED), [2], id="another operator"),
        pytest.param(SpatialFilter(SpatialOperator.DISJOINT, _point(2, 50), SAMPLED), [0, 1, 3, 4, 5, 9], id="apart"),
    ],
)
def test_observations_are_found_by_their_place(ship: Asked, place: SpatialFilter, values: list[float]) -> None:
    """
    A filter on the sampling geometry looks at the feature where there is none, unless the service is strict.
    """
    ship.service = replace(ship.service, strict_places=place.strict)

    assert values == [value for _, part in _parts(ship, spatial_filter=place) for value in part]


@pytest.mark.parametrize(
    ("operator", "values"), [(TemporalOperator.FIRST, [1]), (TemporalOperator.LATEST, [4])], ids=["first", "latest"]
)
def test_the_first_and_latest_are_those_at_the_place(ship: Asked, operator: TemporalOperator, values: Any) -> None:
    """
    Not those of the whole series.
    """
    found = _parts(ship, spatial_filter=box(1, 49, 4, 50, SAMPLED), temporal_filters=(TemporalFilter(operator),))

    assert values == [value for _, part in found for value in part]
    assert [(5, [5.0]), (9, [9])] == _parts(ship, temporal_filters=(TemporalFilter(TemporalOperator.LATEST),))


def test_the_observed_area_holds_all_places(ship: Asked) -> None:
    """
    And is smaller again when observations go; by their identifiers they are told with their place.
    """
    whole = ship.ask(GetCapabilities()).contents[0].extent.bounds
    (name,) = ship.ask(GetCapabilities()).observations
    by_id = [info.geometry for info, _ in ship.ask(GetObservationById((name,))).series]
    ship.ask(DeleteObservation(temporal_filters=(TemporalFilter(TemporalOperator.AFTER, minute(1), minute(1)),)))

    assert (0, 50, 9, 51) == whole
    assert [_point(0, 50)] == by_id
    assert (0, 50, 7, 51) == ship.ask(GetCapabilities()).contents[0].extent.bounds
    assert [(0, [0.0]), (1, [1.0])] == _parts(ship)


def test_an_observation_that_is_sent_again_keeps_its_place(ship: Asked) -> None:
    """
    The same observation once more changes nothing, with another place or with one where it had none.
    """
    again = [observation(2, 2.0, geometry=_point(99, 0)), observation(3, 3.0, geometry=_point(99, 0))]
    ship.ask(insertion(*again))
    ship.ask(
        insertion(*again, observation(8, 8.0, geometry=_point(8, 60)), observation(8, 8.0, geometry=_point(98, 0)))
    )

    found = _parts(ship)
    assert [(2, [2.0]), (None, [3.0])] == found[2:4]
    assert (8, [8.0]) in found
    assert (0, 50, 9, 60) == ship.ask(GetCapabilities()).contents[0].extent.bounds


def test_a_strict_service_refuses_observations_that_do_not_tell_their_place(sos: Asked) -> None:
    """
    The spatial filtering profile wants a sampling geometry in each.
    """
    sos.ask(sensor())
    sos.service = replace(sos.service, strict_places=True)
    sos.ask(insertion(observation(0, geometry=_point(0, 0))))

    with pytest.raises(MissingParameterValue) as caught:
        sos.ask(insertion(observation(1, geometry=_point(0, 0)), observation(2)))

    assert "samplingGeometry" == caught.value.locator
    assert 1 == len(sos.observations())
