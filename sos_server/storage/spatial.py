"""Spatial filters: exactly, on a geometry, and roughly, as a condition on the bounds that the database keeps."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import shape

from sos_server.errors import InvalidParameterValue
from sos_server.filters import SpatialFilter, SpatialOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapely.geometry.base import BaseGeometry
    from sqlalchemy import ColumnElement, Table

# each is asked with the geometry that is kept first, that of the filter second (OGC 09-026r2 clause 7.8.3)
_RELATIONS: dict[SpatialOperator, Callable[[BaseGeometry, BaseGeometry], Any]] = {
    SpatialOperator.BBOX: shapely.intersects,
    SpatialOperator.EQUALS: shapely.equals,
    SpatialOperator.DISJOINT: shapely.disjoint,
    SpatialOperator.TOUCHES: shapely.touches,
    SpatialOperator.WITHIN: shapely.within,
    SpatialOperator.OVERLAPS: shapely.overlaps,
    SpatialOperator.CROSSES: shapely.crosses,
    SpatialOperator.INTERSECTS: shapely.intersects,
    SpatialOperator.CONTAINS: shapely.contains,
}


def check(place: SpatialFilter) -> None:
    """Refuse a filter whose geometry is none: one that crosses itself, or a ring that is not closed."""
    try:
        geometry = shape(place.geometry)
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise InvalidParameterValue(
            f"The geometry of the spatial filter is wrong: {error}.", "spatialFilter"
        ) from error
    # a box may be a line or a point
    if place.operator is not SpatialOperator.BBOX and not geometry.is_valid:
        reason = shapely.is_valid_reason(geometry)
        raise InvalidParameterValue(f"The geometry of the spatial filter is wrong: {reason}.", "spatialFilter")


def passes(geometry: Mapping[str, Any] | None, place: SpatialFilter) -> bool:
    """Tell whether a geometry passes a filter; what has no geometry is nowhere and passes none."""
    if geometry is None:
        return False
    kept = shape(geometry)
    if not kept.is_valid:
        kept = shapely.make_valid(kept)
    return bool(_RELATIONS[place.operator](kept, _operand(place)))


def overlaps(table: Table, place: SpatialFilter) -> tuple[ColumnElement[bool], ...]:
    """Give the conditions on the bounds in a table that everything fulfils that passes a filter."""
    column = table.c
    if place.operator is SpatialOperator.DISJOINT:
        return (column.west.is_not(None),)
    west, south, east, north = _operand(place).bounds
    return (column.west <= east, column.east >= west, column.south <= north, column.north >= south)


def _operand(place: SpatialFilter) -> BaseGeometry:
    geometry = place.geometry
    if place.operator is not SpatialOperator.BBOX:
        return shape(geometry)
    (west, south), _, (east, north), *_ = geometry["coordinates"][0]
    return _box(west, south, east, north)


@lru_cache(maxsize=64)
def _box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """Give a box; one without extent is the line or point that it is."""
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)
