"""
Relations of geometries, with shapely; distances on the earth along great circles of the mean sphere.

Shapely calculates in the plane of degrees, which is right for how geometries lie to each other as Filter Encoding
means it, but not for distances: those are measured on the sphere, to the nearest point of the edges.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import shapely
from shapely.geometry import shape

from weps.rules.expression import Distance, Property, Shape, Spatial, SpatialRelation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapely.geometry.base import BaseGeometry

    from weps.rules.operators.guard import Scope

    Vector: TypeAlias = tuple[float, float, float]

EARTH_RADIUS = 6371008.8
"""The mean radius of the earth in metres (IUGG)."""

_RELATIONS: dict[SpatialRelation, str] = {
    SpatialRelation.WITHIN: "within",
    SpatialRelation.CONTAINS: "contains",
    SpatialRelation.INTERSECTS: "intersects",
    SpatialRelation.DISJOINT: "disjoint",
    SpatialRelation.EQUALS: "equals",
    SpatialRelation.TOUCHES: "touches",
    SpatialRelation.CROSSES: "crosses",
    SpatialRelation.OVERLAPS: "overlaps",
    SpatialRelation.BBOX: "intersects",
}


def bind(condition: Spatial, scope: Scope) -> Callable[[Any], bool]:
    """Give a relation of geometries as function of a subject; a missing geometry is in no relation."""
    read = _reader(condition.operand, scope)
    read_other = _reader(condition.other, scope)
    holds = _holds(condition)

    def related(subject: Any) -> bool:
        geometry, other = read(subject), read_other(subject)
        return geometry is not None and other is not None and holds(geometry, other)

    return related


def _holds(condition: Spatial) -> Callable[[BaseGeometry, BaseGeometry], bool]:
    limit = condition.distance
    measure = _measure(condition.other)
    if limit is None:
        name = _RELATIONS[condition.relation]
        return lambda geometry, other: bool(getattr(geometry, name)(other))
    if condition.relation is SpatialRelation.DWITHIN:
        return lambda geometry, other: measure(geometry, other) <= limit
    return lambda geometry, other: measure(geometry, other) > limit


def bind_distance(distance: Distance, scope: Scope) -> Callable[[Any], float | None]:
    """Give a distance as function of a subject; missing where a geometry is."""
    read, read_other = _reader(distance.left, scope), _reader(distance.right, scope)
    shapes = [side for side in (distance.left, distance.right) if isinstance(side, Shape)]
    measure = _measure(shapes[0]) if shapes else great_circle_distance

    def calculate(subject: Any) -> float | None:
        geometry, other = read(subject), read_other(subject)
        return None if geometry is None or other is None else measure(geometry, other)

    return calculate


def _measure(other: Property | Shape) -> Callable[[BaseGeometry, BaseGeometry], float]:
    if isinstance(other, Shape) and not other.geographic:
        return lambda geometry, literal: float(geometry.distance(literal))
    return great_circle_distance


def _reader(operand: Property | Shape, scope: Scope) -> Callable[[Any], BaseGeometry | None]:
    if isinstance(operand, Shape):
        fixed = read_geometry(operand.geometry)
        if fixed is not None:
            shapely.prepare(fixed)
        return lambda subject: fixed
    read = scope.geometry_reader(operand.reference)
    return lambda subject: read_geometry(read(subject))


def read_geometry(geometry: Mapping[str, Any] | None) -> BaseGeometry | None:
    """Give a GeoJSON geometry as one of shapely, without heights; None where there is none that makes sense."""
    if geometry is None:
        return None
    try:
        return checked_geometry(geometry)
    except ValueError:
        return None


def checked_geometry(geometry: Mapping[str, Any]) -> BaseGeometry:
    """Give a GeoJSON geometry as one of shapely; raises `ValueError` saying why it is none."""
    try:
        found = shapely.force_2d(shape(geometry))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError) as error:
        raise ValueError(f"it is no geometry: {error}") from error
    if found.is_empty:
        raise ValueError("it is empty")
    if not found.is_valid:
        raise ValueError(f"it is not valid: {shapely.is_valid_reason(found)}")
    return found


def great_circle_distance(geometry: BaseGeometry, other: BaseGeometry) -> float:
    """Give the shortest distance in metres between two geometries in degrees, longitude first."""
    if geometry.intersects(other):
        return 0.0
    chains, other_chains = list(_chains(geometry)), list(_chains(other))
    return EARTH_RADIUS * min(
        min(_chain_angle(chain, other_chain), _chain_angle(other_chain, chain))
        for chain in chains
        for other_chain in other_chains
    )


def _chains(geometry: BaseGeometry) -> Iterator[list[Vector]]:
    """Give the points and lines that bound a geometry, as vectors of unit length."""
    if hasattr(geometry, "geoms"):
        for part in geometry.geoms:
            yield from _chains(part)
    elif geometry.geom_type == "Polygon":
        for ring in (geometry.exterior, *geometry.interiors):
            yield [_vector(*point) for point in ring.coords]
    else:
        yield [_vector(*point) for point in geometry.coords]


def _vector(longitude: float, latitude: float) -> Vector:
    phi, lam = math.radians(latitude), math.radians(longitude)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def _chain_angle(points: list[Vector], chain: list[Vector]) -> float:
    """Give the smallest angle between any of the points and any edge of the chain."""
    if len(chain) == 1:
        return min(_angle(point, chain[0]) for point in points)
    return min(_edge_angle(point, start, end) for point in points for start, end in pairwise(chain))


def _edge_angle(point: Vector, start: Vector, end: Vector) -> float:
    """Give the angle between a point and the shorter arc from start to end."""
    nearest_end = min(_angle(point, start), _angle(point, end))
    normal = _cross(start, end)
    length = math.hypot(*normal)
    if length == 0.0:
        return nearest_end
    if _dot(_cross(normal, start), point) < 0 or _dot(_cross(end, normal), point) < 0:
        return nearest_end
    return abs(math.asin(max(-1.0, min(1.0, _dot(normal, point) / length))))


def _angle(first: Vector, second: Vector) -> float:
    return math.atan2(math.hypot(*_cross(first, second)), _dot(first, second))


def _dot(first: Vector, second: Vector) -> float:
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]


def _cross(first: Vector, second: Vector) -> Vector:
    return (
        first[1] * second[2] - first[2] * second[1],
        first[2] * second[0] - first[0] * second[2],
        first[0] * second[1] - first[1] * second[0],
    )
