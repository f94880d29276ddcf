"""Finding features: by what observed them, by their names, by where they are."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from sos_server.errors import InvalidParameterValue
from sos_server.filters import SpatialFilter, SpatialOperator, SpatialReference, bounding_box
from sos_server.model import SAMPLING_CURVE, SAMPLING_SURFACE, Feature
from sos_server.requests import GetFeatureOfInterest
from tests.sos_server.make import Asked, insertion, observation, sensor

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}
FEATURES = (
    Feature("inside", geometry={"type": "Point", "coordinates": [1, 1]}),
    Feature("on the edge", geometry={"type": "Point", "coordinates": [2, 1]}),
    Feature("outside", geometry={"type": "Point", "coordinates": [5, 5]}),
    Feature("across", geometry={"type": "LineString", "coordinates": [[1, 1], [5, 1]]}, feature_type=SAMPLING_CURVE),
    Feature("same", geometry=SQUARE, feature_type=SAMPLING_SURFACE),
    Feature(
        "lapping over",
        geometry={"type": "Polygon", "coordinates": [[[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]]},
        feature_type=SAMPLING_SURFACE,
    ),
    Feature(
        "around",
        geometry={"type": "Polygon", "coordinates": [[[-1, -1], [4, -1], [4, 4], [-1, 4], [-1, -1]]]},
        feature_type=SAMPLING_SURFACE,
    ),
    Feature("nowhere", "A feature without a shape"),
)


@pytest.fixture
def places(sos: Asked) -> Asked:
    """A thermometer that observes two properties: one at all features, one only outside."""
    sos.ask(sensor(properties=("AirTemperature", "Humidity")))
    sos.ask(sensor("idle"))
    made = [observation(0, feature_of_interest=each.identifier, feature=each) for each in FEATURES]
    outside = observation(0, observed_property="Humidity", feature_of_interest="outside", feature=FEATURES[2])
    sos.ask(insertion(*made, outside))
    return sos


def _found(sos: Asked, **parameters: Any) -> list[str]:
    return [feature.identifier for feature in sos.ask(GetFeatureOfInterest(**parameters)).features]


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        pytest.param({}, [each.identifier for each in FEATURES], id="everything"),
        pytest.param({"observed_properties": ("Humidity",)}, ["outside"], id="property"),
        pytest.param({"procedures": ("idle",)}, [], id="procedure without observations"),
        pytest.param(
            {"procedures": ("thermometer", "idle"), "observed_properties": ("Humidity",)}, ["outside"], id="both"
        ),
        pytest.param({"features_of_interest": ("same",)}, ["same"], id="exactly the one asked for"),
        pytest.param({"features_of_interest": ("nowhere", "same")}, ["same", "nowhere"], id="two of them"),
        pytest.param(
            {"features_of_interest": ("inside",), "observed_properties": ("Humidity",)}, [], id="not what it observes"
        ),
        pytest.param(
            {"spatial_filters": (bounding_box(0, 0, 2, 2), bounding_box(2, 1, 9, 9))},
            ["on the edge", "across", "same", "lapping over", "around"],
            id="two filters",
        ),
    ],
)
def test_features_are_found(places: Asked, parameters: dict[str, Any], names: list[str]) -> None:
    """
    Those that all parameters hold for, in the order they were first observed.
    """
    assert names == _found(places, **parameters)


@pytest.mark.parametrize(
    ("operator", "names"),
    [
        ("BBOX", ["inside", "on the edge", "across", "same", "lapping over", "around"]),
        ("Intersects", ["inside", "on the edge", "across", "same", "lapping over", "around"]),
        ("Equals", ["same"]),
        ("Disjoint", ["outside"]),
        ("Touches", ["on the edge"]),
        ("Within", ["inside", "same"]),
        ("Overlaps", ["lapping over"]),
        ("Crosses", ["across"]),
        ("Contains", ["same", "around"]),
    ],
)
def test_a_spatial_operator_finds_what_it_means(places: Asked, operator: str, names: list[str]) -> None:
    """
    The feature stands first in each relation: it lies within the square, contains it, and so on.
    """
    assert names == _found(places, spatial_filters=(SpatialFilter(SpatialOperator(operator), SQUARE),))


_NUMBERS = st.integers(-3, 5)
_BOXES = st.tuples(_NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS).map(
    lambda four: (min(four[0], four[2]), min(four[1], four[3]), max(four[0], four[2]), max(four[1], four[3]))
)
_PREDICATES = {operator: operator.lower() for operator in SpatialOperator} | {SpatialOperator.BBOX: "intersects"}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(box=(2, 1, 2, 1), operator=SpatialOperator.BBOX)
@example(box=(2, 1, 4, 1), operator=SpatialOperator.BBOX)
@given(box=_BOXES, operator=st.sampled_from(list(SpatialOperator)))
def test_a_filter_finds_what_looking_at_each_feature_finds(
    places: Asked, box: tuple[int, int, int, int], operator: SpatialOperator
) -> None:
    """
    The bounds that the database searches by leave nothing out.
    """
    if operator is not SpatialOperator.BBOX and (box[0] == box[2] or box[1] == box[3]):
        return
    place = bounding_box(*box)

    found = _found(places, spatial_filters=(SpatialFilter(operator, place.geometry),))

    # a box without extent is a line or a point, of which a polygon has nothing inside
    area = shapely.MultiPoint([box[:2], box[2:], (box[0], box[3]), (box[2], box[1])]).convex_hull
    expected = [
        each.identifier
        for each in FEATURES
        if each.geometry is not None and getattr(shape(each.geometry), _PREDICATES[operator])(area)
    ]
    assert expected == found


_DOT = {"type": "LineString", "coordinates": [[0, 0]]}
_CROSSED = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}


@pytest.mark.parametrize(
    ("parameters", "locator"),
    [
        pytest.param({"procedures": ("nobody",)}, "procedure", id="06.08 procedure"),
        pytest.param({"observed_properties": ("nothing",)}, "observedProperty", id="06.10 property"),
        pytest.param({"features_of_interest": ("nowhere else",)}, "featureOfInterest", id="06.12 feature"),
        pytest.param(
            {"spatial_filters": (SpatialFilter(SpatialOperator.WITHIN, _CROSSED),)}, "spatialFilter", id="crossed"
        ),
        pytest.param({"spatial_filters": (SpatialFilter(SpatialOperator.WITHIN, _DOT),)}, "spatialFilter", id="dot"),
        pytest.param(
            {"spatial_filters": (bounding_box(0, 0, 1, 1, SpatialReference.SAMPLING_GEOMETRY),)},
            "ValueReference",
            id="sampling geometry",
        ),
    ],
)
def test_what_does_not_exist_is_refused(places: Asked, parameters: dict[str, Any], locator: str) -> None:
    """
    With the parameter that it is in.
    """
    with pytest.raises(InvalidParameterValue) as caught:
        places.ask(GetFeatureOfInterest(**parameters))

    assert locator == caught.value.locator
