"""
GML 3.2.1 (OGC 07-036): times, also by reference inside a document, geometries and envelopes.

Coordinates inside the project are longitude first, in degrees, WGS 84; the axis order of a document follows its
coordinate reference system: latitude first in EPSG's geographic ones, longitude first in CRS84.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sos_server.codecs import xml, xsd
from sos_server.errors import InvalidRequest
from sos_server.time import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from lxml import etree

WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"

# Geographic systems with latitude first; all agree with WGS 84 within about two metres.
_LATITUDE_FIRST = frozenset({4326, 4979, 4258, 4937, 4167, 4269, 4283, 4939, 7844, 9057, 4171, 4148, 4674})
_CRS84 = re.compile(r"CRS:?84$", re.IGNORECASE)
_EPSG = re.compile(r"EPSG.*[:/#](\d+)$", re.IGNORECASE)

Position: TypeAlias = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Time:
    """An instant (`end` is None) or a period."""

    begin: datetime
    end: datetime | None = None


class Times:
    """The times of one document: decodes them, and finds those that are given by reference to another one."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._known: dict[str | None, etree._Element] | None = None
        self._count = 0

    def read(self, property_element: etree._Element | None) -> Time | None:
        """Read a property such as `om:phenomenonTime`: inline or by `xlink:href`; None where it is nil or absent."""
        if property_element is None:
            return None
        element = xml.first_element(property_element)
        if element is None:
            reference = xml.href(property_element)
            return self._referenced(reference, property_element) if reference else None
        return decode_time(element)

    def _referenced(self, reference: str, element: etree._Element) -> Time | None:
        if not reference.startswith("#"):
            if element.get("nilReason") or "nil" in reference or reference == "template":
                return None
            raise InvalidRequest(
                f"The time {reference} is not in this document ({xml.where(element)}); give it inline."
            )
        identifier = reference[1:]
        found = self._index().get(identifier)
        if found is None:
            raise InvalidRequest(
                f"There is no time with gml:id {identifier!r} in this document ({xml.where(element)})."
            )
        return decode_time(found)

    def are_unique(self) -> bool:
        """Tell whether all times of the document have a gml:id of their own, so that a reference can mean only one."""
        return len(self._index()) == self._count

    def _index(self) -> dict[str | None, etree._Element]:
        """Find all times of the document: a reference may point forward. The first one of a gml:id counts."""
        if self._known is None:
            elements = list(self._root.iter(xml.tag("gml:TimeInstant"), xml.tag("gml:TimePeriod")))
            self._count = len(elements)
            self._known = {element.get(xml.GML_ID): element for element in reversed(elements)}
        return self._known


def decode_time(element: etree._Element) -> Time | None:
    """Read a `gml:TimeInstant` or `gml:TimePeriod`; None where its position is unknown."""
    name = xml.local_name(element)
    if name == "TimeInstant":
        begin = decode_position(xml.child(element, "gml:timePosition"))
        return None if begin is None else Time(begin)
    if name == "TimePeriod":
        begin, end = period_end(element, "begin"), period_end(element, "end")
        if begin is None or end is None:
            return None
        if begin > end:
            raise InvalidRequest(f"The period at {xml.where(element)} ends before it begins; swap its ends.")
        return Time(begin, end)
    raise InvalidRequest(f"{name} is no time that is understood ({xml.where(element)}); use TimeInstant or TimePeriod.")


def period_end(element: etree._Element, which: str) -> datetime | None:
    """Read the `begin` or `end` of a period; None where it is indeterminate."""
    position = xml.child(element, f"gml:{which}Position")
    if position is None:
        instant = xml.first_element(xml.child(element, f"gml:{which}"))
        position = None if instant is None else xml.child(instant, "gml:timePosition")
    return decode_position(position)


def decode_position(position: etree._Element | None) -> datetime | None:
    """Read a time position; None where there is none or it is indeterminate."""
    text = xml.text_of(position)
    if position is None or text is None:
        return None
    return decode_instant(text, position)


def decode_instant(text: str, element: etree._Element) -> datetime:
    """Read an instant; raises `InvalidRequest` with the line of its element."""
    try:
        return parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(f"{error} ({xml.where(element)}).") from error


def encode_instant(instant: datetime, gml_id: str) -> etree._Element:
    """Write a `gml:TimeInstant`."""
    element = xml.new("gml:TimeInstant")
    element.set(xml.GML_ID, gml_id)
    xml.add(element, "gml:timePosition", format_instant(instant))
    return element


def encode_period(begin: datetime, end: datetime, gml_id: str) -> etree._Element:
    """Write a `gml:TimePeriod`."""
    element = xml.new("gml:TimePeriod")
    element.set(xml.GML_ID, gml_id)
    xml.add(element, "gml:beginPosition", format_instant(begin))
    xml.add(element, "gml:endPosition", format_instant(end))
    return element


def latitude_first(srs_name: str | None) -> bool:
    """
    Tell the axis order of a coordinate reference system; without one, EPSG 4326 is meant.

    Raises `ValueError` for one that cannot be turned into longitude and latitude here.
    """
    if not srs_name:
        return True
    if _CRS84.search(srs_name):
        return False
    match = _EPSG.search(srs_name)
    if match is None or int(match.group(1)) not in _LATITUDE_FIRST:
        raise ValueError(f"the coordinate reference system {srs_name} is not supported, use {WGS84}")
    return True


def decode_geometry(element: etree._Element) -> Mapping[str, Any]:
    """Read a geometry as GeoJSON, longitude first; raises `InvalidRequest` for what cannot be read."""
    try:
        return _decode_geometry(element, srs_name_of(element))
    except ValueError as error:
        raise InvalidRequest(f"{xml.local_name(element)} cannot be read ({xml.where(element)}): {error}.") from error


def srs_name_of(element: etree._Element) -> str | None:
    """Give the name of the reference system of a geometry, None where neither it nor its parts say one."""
    own: str | None = element.get("srsName")
    if own:
        return own
    return next((name for inner in element.iter("{*}*") if (name := inner.get("srsName"))), None)


def _decode_geometry(element: etree._Element, srs_name: str | None) -> dict[str, Any]:
    name = xml.local_name(element)
    if name == "Envelope":
        return _decode_envelope(element, srs_name)
    if name in _PARTS:
        kind, part_path = _PARTS[name]
        parts = [
            _decode_geometry(part, srs_name)["coordinates"] for part in element.iterfind(part_path, xml.NAMESPACES)
        ]
        if not parts:
            raise ValueError("it has no parts")
        return {"type": kind, "coordinates": parts}
    if name == "Point":
        (position,) = _positions(element, srs_name)
        return {"type": "Point", "coordinates": list(position)}
    if name in ("LineString", "Curve", "LinearRing"):
        return {"type": "LineString", "coordinates": _line(element, srs_name, 2)}
    if name in ("Polygon", "Surface"):
        rings = [
            *element.iterfind(".//gml:exterior", xml.NAMESPACES),
            *element.iterfind(".//gml:interior", xml.NAMESPACES),
        ]
        if not rings:
            raise ValueError("it has no exterior")
        return {"type": "Polygon", "coordinates": [_line(ring, srs_name, 4) for ring in rings]}
    raise ValueError("use Point, LineString, Curve, Polygon, Surface, MultiPoint, MultiCurve, MultiSurface or Envelope")


def _line(element: etree._Element, srs_name: str | None, least: int) -> list[list[float]]:
    line = [list(position) for position in _positions(element, srs_name)]
    if len(line) < least:
        raise ValueError(f"it has {len(line)} positions where there are at least {least}")
    if least > 2 and line[0] != line[-1]:
        raise ValueError("a ring does not end where it begins")
    return line


_PARTS = {
    "MultiPoint": ("MultiPoint", ".//gml:Point"),
    "MultiCurve": ("MultiLineString", ".//gml:LineString"),
    "MultiSurface": ("MultiPolygon", ".//gml:Polygon"),
}


def _positions(element: etree._Element, srs_name: str | None) -> list[Position]:
    positions: list[Position] = []
    for holder in element.iter(xml.tag("gml:pos"), xml.tag("gml:posList"), xml.tag("gml:coordinates")):
        text = holder.text or ""
        positions.extend(_order(text.replace(",", " "), _dimension(holder, text, element), srs_name))
    if not positions:
        raise ValueError("it has no coordinates")
    return positions


def _dimension(holder: etree._Element, text: str, element: etree._Element) -> int:
    """Tell how many coordinates a position has: a `pos` is one position, `coordinates` are tuples with commas."""
    kind = xml.local_name(holder)
    if kind == "posList":
        dimension = holder.get("srsDimension") or element.get("srsDimension") or "2"
        return int(dimension) if dimension.isdigit() else 0
    positions = text.split()
    return len(positions[0].split(",")) if kind == "coordinates" and positions else len(positions)


def _order(text: str, size: int, srs_name: str | None) -> Iterable[Position]:
    numbers = [xsd.read_double(part) for part in text.split()]
    if size not in (2, 3) or not numbers or len(numbers) % size:
        raise ValueError(f"it has {len(numbers)} coordinates where positions have {size}")
    swap = latitude_first(srs_name)
    for start in range(0, len(numbers), size):
        first, second, *rest = numbers[start : start + size]
        longitude, latitude = (second, first) if swap else (first, second)
        if not -90 <= latitude <= 90 or not -180 <= longitude <= 360:
            raise ValueError(f"latitude {latitude}, longitude {longitude} is no place on earth")
        yield (longitude, latitude, *rest)


def _decode_envelope(element: etree._Element, srs_name: str | None) -> dict[str, Any]:
    (lower,) = _order(xml.required_child(element, "gml:lowerCorner").text or "", 2, srs_name)
    (upper,) = _order(xml.required_child(element, "gml:upperCorner").text or "", 2, srs_name)
    (west, south), (east, north) = lower, upper
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
