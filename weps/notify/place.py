"""Places: what an alert keeps of the geometry of its observation, and how each format writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import box, mapping, shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from weps.model import Alert, Observation

POINTS_LIMIT = 1_000
"""Points of a geometry that is kept as it is; of a larger one its bounding box is kept."""


def place_of(observation: Observation | None) -> tuple[float | None, float | None, Mapping[str, Any] | None]:
    """Give longitude and latitude of the centre of what was observed, and its geometry where it is no point."""
    position = observation.position if observation else None
    geometry = _shape(observation.geometry) if observation and observation.geometry else None
    if position is None or geometry is None:
        return None, None, None
    if geometry.geom_type == "Point":
        return *position, None
    if shapely.get_num_coordinates(geometry) > POINTS_LIMIT:
        geometry = box(*geometry.bounds)
    return *position, mapping(shapely.force_2d(geometry))


def geojson_of(alert: Alert) -> Mapping[str, Any] | None:
    """Give the place as GeoJSON, longitude first."""
    if alert.geometry is not None or alert.longitude is None or alert.latitude is None:
        return alert.geometry
    return {"type": "Point", "coordinates": [alert.longitude, alert.latitude]}


def georss_of(alert: Alert) -> tuple[str, str] | None:
    """Give the place as the name and the text of an element of GeoRSS Simple, latitude first."""
    geometry = _shape(alert.geometry) if alert.geometry is not None else None
    if geometry is not None:
        if geometry.geom_type == "Polygon":
            return "polygon", _pairs(geometry.exterior.coords, " ", " ")
        if geometry.geom_type == "LineString":
            return "line", _pairs(geometry.coords, " ", " ")
        west, south, east, north = geometry.bounds
        return "box", _pairs(((west, south), (east, north)), " ", " ")
    if alert.latitude is None or alert.longitude is None:
        return None
    return "point", _pairs([(alert.longitude, alert.latitude)], " ", " ")


def cap_area(alert: Alert) -> Iterator[tuple[str, str]]:
    """
    Give the place as names and texts of elements of a CAP area: `latitude,longitude`, rings closed.

    A point is a circle of no radius; CAP knows no lines, so the hull of what is no area stands for it.
    """
    geometry = _shape(alert.geometry) if alert.geometry is not None else None
    if geometry is None:
        if alert.latitude is not None and alert.longitude is not None:
            yield "circle", f"{_pairs([(alert.longitude, alert.latitude)], ',', ' ')} 0"
        return
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        geometry = geometry.convex_hull
        geometry = geometry if geometry.geom_type == "Polygon" else box(*geometry.bounds)
    for polygon in shapely.get_parts(geometry):
        yield "polygon", _pairs(polygon.exterior.coords, ",", " ")


def _shape(geometry: Mapping[str, Any]) -> Any:
    """Read a GeoJSON geometry; None for what is none, has no points, or lies nowhere in the world."""
    try:
        found = shape(geometry)
        usable = bool(shapely.is_valid(found)) and not found.is_empty
        bounds = found.bounds
    except (ShapelyError, AttributeError, KeyError, TypeError, ValueError, IndexError):
        return None
    west, south, east, north = bounds if usable else (1, 1, 0, 0)
    return found if -180 <= west <= east <= 180 and -90 <= south <= north <= 90 else None


def _pairs(points: Iterable[Any], inner: str, outer: str) -> str:
    return outer.join(f"{_degrees(latitude)}{inner}{_degrees(longitude)}" for longitude, latitude, *_ in points)


def _degrees(number: float) -> str:
    """Write a number without an exponent, which not every reader knows."""
    text = repr(float(number))
    return text if "e" not in text else f"{number:.12f}"
