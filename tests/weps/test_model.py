"""The values that travel through WEPS."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from weps.model import Observation


@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        (None, None),
        ({"type": "Point", "coordinates": [144.96, -37.81, 12.0]}, (144.96, -37.81)),
        ({"type": "LineString", "coordinates": [[0.0, 0.0], [1.0, 3.0], [2.0, 1.0]]}, (1.0, 1.5)),
        ({"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 2], [0, 2], [0, 0]]]}, (2.0, 1.0)),
        ({"type": "MultiPoint", "coordinates": [[10, 50], [12, 54]]}, (11.0, 52.0)),
        ({"type": "Point", "coordinates": []}, None),
    ],
    ids=["none", "point", "line", "polygon", "points", "empty"],
)
def test_a_position_is_the_point_or_the_centre(geometry, expected):
    """
    The centre is that of the bounds.
    """
    observation = Observation(datetime(2016, 1, 11, tzinfo=UTC), "p", "o", "f", 1.0, geometry=geometry)

    assert expected == observation.position
