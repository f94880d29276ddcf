"""Distances on the sphere."""

from __future__ import annotations

import math
from typing import Any

import pytest

from weps.rules.operators.spatial import EARTH_RADIUS, great_circle_distance, read_geometry

DEGREE = math.radians(1) * EARTH_RADIUS


def geometry(kind: str, coordinates: Any) -> Any:
    found = read_geometry({"type": kind, "coordinates": coordinates})
    assert found is not None
    return found


SQUARE = geometry("Polygon", [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (geometry("Point", [0, 0]), geometry("Point", [0, 1]), DEGREE),
        (geometry("Point", [0, 0]), geometry("Point", [1, 0]), DEGREE),
        (geometry("Point", [0, 60]), geometry("Point", [180, 60]), 60 * DEGREE),
        (geometry("Point", [179.5, 0]), geometry("Point", [-179.5, 0]), DEGREE),
        (geometry("Point", [0, 90]), geometry("Point", [77, 89]), DEGREE),
        (geometry("Point", [1, 1]), SQUARE, 0),
        (geometry("Point", [2, 1]), SQUARE, 0),
        (geometry("Point", [1, -1]), SQUARE, DEGREE),
        (geometry("Point", [3, 0]), geometry("LineString", [[0, 0], [2, 0]]), DEGREE),
        (geometry("Point", [1, 3]), geometry("LineString", [[0, 0], [2, 0]]), 3 * DEGREE),
        (geometry("LineString", [[0, 1], [2, 1]]), geometry("LineString", [[1, 0], [1, 3]]), 0),
        (geometry("MultiPoint", [[0, 5], [0, 3]]), geometry("Point", [0, 1]), 2 * DEGREE),
    ],
    ids=["north", "east", "over-the-pole", "date-line", "pole", "inside", "border", "edge", "line-end", "line-side",
         "crossing", "nearest-part"],
)  # fmt: skip
def test_distance_is_to_the_nearest_point(first: Any, second: Any, expected: float) -> None:
    """
    Distances are measured along great circles, to edges and not only to corners, both ways alike.
    """
    there, back = great_circle_distance(first, second), great_circle_distance(second, first)

    assert (there, back) == (pytest.approx(expected, rel=1e-9), pytest.approx(expected, rel=1e-9))


@pytest.mark.parametrize(
    "written",
    [
        None,
        {},
        {"type": "Point"},
        {"type": "Point", "coordinates": []},
        {"type": "Nothing", "coordinates": [1, 2]},
        {"type": "Point", "coordinates": ["x", 1]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
    ],
    ids=["none", "empty", "bare", "no-place", "unknown", "text", "bow-tie"],
)
def test_geometry_without_sense_is_missing(written: Any) -> None:
    """
    What is no geometry, or has nothing in it, is treated like none.
    """
    found = read_geometry(written)

    assert found is None


def test_heights_are_left_out() -> None:
    """
    A position with a height is a place on the ground.
    """
    found = read_geometry({"type": "Point", "coordinates": [1, 2, 300]})

    assert list(found.coords) == [(1, 2)]
