"""Observations that tell where they were made, as documents: given back equal and valid, and found by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sos_server.codecs import om20, xml
from sos_server.codecs.sos20.encode import encode_request
from sos_server.filters import SpatialFilter, SpatialOperator, SpatialReference
from sos_server.requests import GetFeatureOfInterest, GetObservation, GetObservationById
from tests.sos_server.make import insertion, observation, sensor

if TYPE_CHECKING:
    from tests.sos_server.asgi import Client

GEOMETRIES = (
    {"type": "Point", "coordinates": [7.25, 51.5]},
    {"type": "LineString", "coordinates": [[7.0, 51.0], [8.0, 52.0]]},
    {"type": "Polygon", "coordinates": [[[7.0, 51.0], [8.0, 51.0], [8.0, 52.0], [7.0, 51.0]]]},
    {"type": "MultiPoint", "coordinates": [[7.0, 51.0], [8.0, 52.0]]},
    None,
)
URI = "http://www.opengis.net/req/omxml/2.0/data/samplingGeometry"


@pytest.fixture
def ship(client: Client) -> Client:
    """A service with an observation at each of the geometries, at minutes 0 to 4."""
    assert 200 == client.post(encode_request(sensor())).status
    made = [observation(at, float(at), geometry=place, identifier=f"o{at}") for at, place in enumerate(GEOMETRIES)]
    assert 200 == client.post(encode_request(insertion(*made))).status
    return client


@pytest.mark.shared
@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(GetObservation(), id="GetObservation"),
        pytest.param(GetObservationById(tuple(f"o{at}" for at in range(5))), id="GetObservationById"),
    ],
)
def test_the_places_of_observations_come_out_equal(ship: Client, validate, request_) -> None:
    """
    In a document that is valid in both profiles.
    """
    answer = ship.post(encode_request(request_))

    found = om20.decode_observations(xml.parse(answer.body))
    assert list(zip(map(float, range(5)), GEOMETRIES, strict=True)) == [(each.value, each.geometry) for each in found]
    assert [] == validate(answer.body)


@pytest.mark.parametrize("reference", [URI, f"om:parameter/om:NamedValue[om:name/@xlink:href='{URI}']/om:value"])
def test_a_filter_over_kvp_names_the_sampling_geometry_by_its_uri(ship: Client, reference: str) -> None:
    """
    Alone, or in a path to its value.
    """
    parameters = {"service": "SOS", "version": "2.0.0", "request": "GetObservation"}

    answer = ship.get(parameters | {"spatialFilter": f"{reference},51.4,7.2,51.6,7.3,urn:ogc:def:crs:EPSG::4326"})

    assert [0.0] == [each.value for each in om20.decode_observations(xml.parse(answer.body))]


def test_a_filter_over_pox_finds_observations_and_features(ship: Client) -> None:
    """
    By the place where they were made, or by the shape of the feature, which is at 7, 51.
    """
    area = {"type": "Polygon", "coordinates": [[[7.2, 51.4], [7.3, 51.4], [7.3, 51.6], [7.2, 51.6], [7.2, 51.4]]]}
    sampled = SpatialFilter(SpatialOperator.WITHIN, area, SpatialReference.SAMPLING_GEOMETRY)
    shapes = SpatialFilter(SpatialOperator.DISJOINT, area)

    by_place = ship.post(encode_request(GetObservation(spatial_filter=sampled)))
    by_shape = ship.post(encode_request(GetObservation(spatial_filter=shapes)))
    features = ship.post(encode_request(GetFeatureOfInterest(spatial_filters=(shapes,))))

    assert [0.0] == [each.value for each in om20.decode_observations(xml.parse(by_place.body))]
    assert 5 == len(by_shape.root)
    assert 1 == len(features.root)
