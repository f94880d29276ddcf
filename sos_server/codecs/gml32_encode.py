"""Writing geometries of GML 3.2.1 (OGC 07-036): GeoJSON, longitude first, goes out latitude first in EPSG 4326."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sos_server.codecs import xml, xsd
from sos_server.codecs.gml32 import WGS84
from sos_server.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lxml import etree

# a collection in GeoJSON: its name in GML, the property that holds each part, and what a part is
_COLLECTIONS = {
    "MultiPoint": ("MultiPoint", "pointMember", "Point"),
    "MultiLineString": ("MultiCurve", "curveMember", "LineString"),
    "MultiPolygon": ("MultiSurface", "surfaceMember", "Polygon"),
}


def encode_geometry(geometry: Mapping[str, Any], gml_id: str) -> etree._Element:
    """Write a GeoJSON Point, LineString or Polygon, or several of one kind."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind in _COLLECTIONS:
        name, member, part = _COLLECTIONS[kind]
        collection = _new(name, gml_id)
        for number, inner in enumerate(coordinates, start=1):
            written = encode_geometry({"type": part, "coordinates": inner}, f"{gml_id}_{number}")
            xml.add(collection, f"gml:{member}").append(written)
        return collection
    if kind not in ("Point", "LineString", "Polygon"):
        raise InvalidRequest(f"A geometry of type {kind} cannot be written; use Point, LineString or Polygon.")
    element = _new(kind, gml_id)
    if kind == "Point":
        # sos4R reads the name of the reference system from the position
        xml.add(element, "gml:pos", _write([coordinates]), srsName=WGS84)
    elif kind == "LineString":
        xml.add(element, "gml:posList", _write(coordinates), **_dimensions(coordinates))
    else:
        for index, ring in enumerate(coordinates):
            boundary = xml.add(element, "gml:interior" if index else "gml:exterior")
            linear = xml.add(boundary, "gml:LinearRing")
            xml.add(linear, "gml:posList", _write(ring), **_dimensions(ring))
    return element


def _new(name: str, gml_id: str) -> etree._Element:
    element = xml.new(f"gml:{name}", srsName=WGS84)
    element.set(xml.GML_ID, gml_id)
    return element


def _write(positions: Iterable[Iterable[float]]) -> str:
    written: list[str] = []
    for longitude, latitude, *rest in positions:
        written.extend(xsd.write_double(number) for number in (latitude, longitude, *rest))
    return " ".join(written)


def _dimensions(positions: list[list[float]]) -> dict[str, str]:
    return {"srsDimension": str(len(positions[0]))}


def encode_envelope(bounds: tuple[float, float, float, float]) -> etree._Element:
    """Write west, south, east, north as a `gml:Envelope`."""
    west, south, east, north = bounds
    element = xml.new("gml:Envelope", srsName=WGS84)
    xml.add(element, "gml:lowerCorner", _write([[west, south]]))
    xml.add(element, "gml:upperCorner", _write([[east, north]]))
    return element
