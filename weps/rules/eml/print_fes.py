"""From conditions back to OGC Filter Encoding 2.0, with GML 3.2 and SWE Common 1.0.1 where they hold such values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree
from lxml.builder import ElementMaker

from sos_server.codecs.gml32 import latitude_first
from sos_server.time import format_instant
from weps.rules import expression as ex
from weps.rules.eml.document import ViewCount
from weps.rules.eml.fes import RELATIONS, VIEW_COUNT
from weps.rules.eml.spec import FES

if TYPE_CHECKING:
    from collections.abc import Iterable

GML = "http://www.opengis.net/gml/3.2"
SWE = "http://www.opengis.net/swe/1.0.1"
FES_NAMESPACES: dict[str | None, str] = {"fes": FES, "gml": GML, "swe": SWE}
_fes = ElementMaker(namespace=FES, nsmap=FES_NAMESPACES)
_gml = ElementMaker(namespace=GML, nsmap=FES_NAMESPACES)
_swe = ElementMaker(namespace=SWE, nsmap=FES_NAMESPACES)
_COMPARISONS = {relation: name for name, relation in RELATIONS.items()}


def print_filter(condition: ex.Condition | ViewCount) -> etree._Element:
    """Write a condition as `fes:Filter`."""
    if isinstance(condition, ViewCount):
        count = _swe.Count(_swe.value(str(condition.count)))
        compared = _fes.PropertyIsEqualTo(_fes.ValueReference(VIEW_COUNT), _fes.Literal(count))
        return _fes.Filter(compared)
    return _fes.Filter(_condition(condition))


def _condition(condition: ex.Condition) -> etree._Element:
    match condition:
        case ex.Comparison():
            return _comparison(condition)
        case ex.Between(operand, lower, upper):
            bounds = _fes.LowerBoundary(_operand(lower)), _fes.UpperBoundary(_operand(upper))
            return _fes.PropertyIsBetween(_operand(operand), *bounds)
        case ex.Like(operand, pattern, wild, single, escape):
            characters = {"wildCard": wild, "singleChar": single, "escapeChar": escape}
            return _fes.PropertyIsLike(_operand(operand), _text("Literal", pattern), **characters)
        case ex.Missing(operand, nil):
            return _fes("PropertyIsNil" if nil else "PropertyIsNull", _operand(operand))
        case ex.Spatial():
            return _spatial(condition)
        case ex.Temporal(relation, operand, other):
            return _fes(str(relation), _operand(operand), _time(other))
        case ex.Not(part):
            return _fes.Not(_condition(part))
        case ex.All(parts):
            return _fes.And(*(_condition(part) for part in parts))
        case ex.Some(parts):
            return _fes.Or(*(_condition(part) for part in parts))


def _comparison(condition: ex.Comparison) -> etree._Element:
    element = _fes(_COMPARISONS[condition.relation], _operand(condition.left), _operand(condition.right))
    if not condition.match_case:
        element.set("matchCase", "false")
    return element


def _text(name: str, text: str) -> etree._Element:
    element = _fes(name)
    element.text = text
    return element


def _operand(operand: ex.Operand | ex.Shape) -> etree._Element:
    match operand:
        case ex.Property(reference):
            return _text("ValueReference", reference)
        case ex.Literal(text, _):
            return _text("Literal", text)
        case ex.Quantity(value, uom):
            return _fes.Literal(_swe.Quantity(_swe.uom(code=uom), _swe.value(repr(value))))
        case ex.Calculation(function, left, right):
            return _fes.Function(_operand(left), _operand(right), name=str(function))
        case ex.Distance(left, right):
            return _fes.Function(_operand(left), _operand(right), name="distanceTo")
        case ex.Shape():
            return _fes.Literal(_shape(operand))


def _time(time: ex.Property | ex.Period) -> etree._Element:
    if isinstance(time, ex.Property):
        return _operand(time)
    begin, end = format_instant(time.begin), format_instant(time.end)
    if begin == end:
        return _gml.TimeInstant(_gml.timePosition(begin))
    return _gml.TimePeriod(_gml.beginPosition(begin), _gml.endPosition(end))


def _spatial(condition: ex.Spatial) -> etree._Element:
    element = _fes(str(condition.relation), _operand(condition.operand), _operand(condition.other))
    if condition.distance is not None:
        element.append(_fes.Distance(repr(condition.distance), uom="m"))
    return element


def _shape(shape: ex.Shape) -> etree._Element:
    swap = shape.geographic and shape.srs_name is not None and latitude_first(shape.srs_name)
    element = _geometry(shape.geometry["type"], shape.geometry["coordinates"], swap)
    if shape.srs_name is not None:
        element.set("srsName", shape.srs_name)
    return element


_MEMBERS = {
    "MultiPoint": ("MultiPoint", "pointMember", "Point"),
    "MultiLineString": ("MultiCurve", "curveMember", "LineString"),
    "MultiPolygon": ("MultiSurface", "surfaceMember", "Polygon"),
}


def _geometry(kind: str, coordinates: Any, swap: bool) -> etree._Element:
    if kind == "Point":
        return _gml.Point(_gml.pos(_positions([coordinates], swap)))
    if kind == "LineString":
        return _gml.LineString(_gml.posList(_positions(coordinates, swap)))
    if kind == "Polygon":
        rings = [_gml.LinearRing(_gml.posList(_positions(ring, swap))) for ring in coordinates]
        return _gml.Polygon(_gml.exterior(rings[0]), *(_gml.interior(ring) for ring in rings[1:]))
    name, member, part = _MEMBERS[kind]
    return _gml(name, *(_gml(member, _geometry(part, one, swap)) for one in coordinates))


def _positions(positions: Iterable[list[float]], swap: bool) -> str:
    return " ".join(repr(number) for position in positions for number in (position[::-1] if swap else position))
