"""Geometries and times in guards, as GML 3.2 (and 3.1) writes them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sos_server.codecs.gml32 import latitude_first
from sos_server.time import parse_instant
from weps.rules.eml.structure import child, children, local_name, text
from weps.rules.expression import Period, Shape
from weps.rules.operators.spatial import checked_geometry

if TYPE_CHECKING:
    from datetime import datetime

    from lxml import etree

GML = ("http://www.opengis.net/gml/3.2", "http://www.opengis.net/gml")
TIMES = ("TimeInstant", "TimePeriod")
_COLLECTIONS = {
    "MultiPoint": ("MultiPoint", ("pointMember", "pointMembers")),
    "MultiCurve": ("MultiLineString", ("curveMember", "curveMembers")),
    "MultiLineString": ("MultiLineString", ("lineStringMember",)),
    "MultiSurface": ("MultiPolygon", ("surfaceMember", "surfaceMembers")),
    "MultiPolygon": ("MultiPolygon", ("polygonMember",)),
}


class _System:
    """How coordinates of a reference system are read: dimension, axis order, degrees or a plane."""

    def __init__(self, srs_name: str | None, dimension: int) -> None:
        self.srs_name = srs_name
        self.dimension = dimension
        self.geographic, self.swap = True, False
        if srs_name:
            try:
                self.swap = latitude_first(srs_name)
            except ValueError:
                if not srs_name.rstrip("/").rpartition("/")[2].rpartition(":")[2].isdigit():
                    raise
                self.geographic = False

    def positions(self, written: str, commas: bool = False) -> list[list[float]]:
        """Read a list of positions; heights are left out."""
        size = len(written.split(maxsplit=1)[0].split(",")) if commas and written.split() else self.dimension
        numbers = [float(number) for number in written.replace(",", " ").split()]
        if not numbers or len(numbers) % size or size < 2 or not all(map(math.isfinite, numbers)):
            raise ValueError(f"{written.strip()!r} is no list of positions of {size} numbers")
        pairs = [numbers[start : start + 2] for start in range(0, len(numbers), size)]
        return [pair[::-1] for pair in pairs] if self.swap else pairs


def read_shape(element: etree._Element) -> Shape:
    """Read a geometry; raises `ValueError` saying what cannot be read."""
    system = _System(_first(element, "srsName"), int(_first(element, "srsDimension") or 2))
    geometry = _geometry(element, system)
    checked_geometry(geometry)
    return Shape(geometry, system.geographic, system.srs_name)


def _first(element: etree._Element, attribute: str) -> str | None:
    return next((str(found.get(attribute)) for found in element.iter("*") if found.get(attribute)), None)


def _geometry(element: etree._Element, system: _System) -> dict[str, Any]:
    name = local_name(element)
    if name == "Envelope":
        return _envelope(element, system)
    if name == "Point":
        return {"type": "Point", "coordinates": _positions(element, system)[0]}
    if name == "LineString":
        return {"type": "LineString", "coordinates": _at_least(2, _positions(element, system))}
    if name == "Curve":
        return {"type": "LineString", "coordinates": _at_least(2, _positions(element, system))}
    if name == "Polygon":
        return {"type": "Polygon", "coordinates": _rings(element, system)}
    if name == "Surface":
        patches = child(element, "patches")
        found = [] if patches is None else [_rings(patch, system) for patch in children(patches)]
        return {"type": "MultiPolygon", "coordinates": found}
    if name in _COLLECTIONS:
        kind, members = _COLLECTIONS[name]
        parts = [part for member in children(element) if local_name(member) in members for part in children(member)]
        if not parts:
            raise ValueError(f"{name} has no members")
        return {"type": kind, "coordinates": [_geometry(part, system)["coordinates"] for part in parts]}
    raise ValueError(f"{name} is not supported; use a Point, LineString, Polygon, their Multi forms, or an Envelope")


def _positions(element: etree._Element, system: _System) -> list[list[float]]:
    found: list[list[float]] = []
    for holder in element.iter("*"):
        if local_name(holder) in ("pos", "posList"):
            found.extend(system.positions(text(holder)))
        elif local_name(holder) == "coordinates":
            found.extend(system.positions(text(holder), commas=True))
        elif local_name(holder) in ("Arc", "ArcString", "Circle"):
            raise ValueError(f"{local_name(holder)} is not supported; use straight lines")
    if not found:
        raise ValueError(f"{local_name(element)} has no coordinates")
    return found


def _at_least(count: int, positions: list[list[float]]) -> list[list[float]]:
    if len(positions) < count:
        raise ValueError(f"it has {len(positions)} positions, at least {count} are needed")
    return positions


def _rings(element: etree._Element, system: _System) -> list[list[list[float]]]:
    rings = []
    for names in (("exterior", "outerBoundaryIs"), ("interior", "innerBoundaryIs")):
        for boundary in children(element):
            if local_name(boundary) in names:
                ring = _at_least(4, _positions(boundary, system))
                if ring[0] != ring[-1]:
                    raise ValueError("a ring is not closed; repeat its first position at its end")
                rings.append(ring)
    if child(element, "exterior") is None and child(element, "outerBoundaryIs") is None:
        raise ValueError(f"{local_name(element)} has no exterior")
    return rings


def _envelope(element: etree._Element, system: _System) -> dict[str, Any]:
    corners = [child(element, "lowerCorner"), child(element, "upperCorner")]
    if None in corners:
        raise ValueError("Envelope has no lowerCorner and upperCorner")
    (west, south), (east, north) = (system.positions(text(corner))[0] for corner in corners)
    if south > north or (west > east and not system.geographic):
        raise ValueError("the lowerCorner is above the upperCorner; swap them")
    if west > east:  # the box crosses the meridian of 180 degrees
        boxes = [[_box(west, south, 180.0, north)], [_box(-180.0, south, east, north)]]
        return {"type": "MultiPolygon", "coordinates": boxes}
    return {"type": "Polygon", "coordinates": [_box(west, south, east, north)]}


def _box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def read_period(element: etree._Element) -> Period:
    """Read a TimeInstant or TimePeriod; raises `ValueError` saying what cannot be read."""
    if local_name(element) == "TimeInstant":
        instant = _instant(child(element, "timePosition"), "timePosition")
        return Period(instant, instant)
    begin, end = (_edge(element, which) for which in ("begin", "end"))
    if end < begin:
        raise ValueError("the TimePeriod ends before it begins; swap its ends")
    return Period(begin, end)


def _edge(element: etree._Element, which: str) -> datetime:
    position = child(element, f"{which}Position")
    if position is None:
        position = child(child(child(element, which), "TimeInstant"), "timePosition")
    return _instant(position, f"{which}Position")


def _instant(position: etree._Element | None, name: str) -> datetime:
    if position is None:
        raise ValueError(f"there is no {name}")
    if position.get("indeterminatePosition"):
        raise ValueError(f"{name} is indeterminate, which is not supported; write an ISO 8601 time")
    return parse_instant(text(position))
