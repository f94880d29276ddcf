"""Filter Encoding 2.0 (OGC 09-026r2): temporal and spatial filters of SOS 2.0 requests, and what capabilities tell."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sos_server.codecs import gml32, gml32_encode, xml, xsd
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue, OptionNotSupported
from sos_server.filters import (
    SpatialFilter,
    SpatialOperator,
    SpatialReference,
    TemporalFilter,
    TemporalOperator,
    TemporalReference,
    bounding_box,
)
from sos_server.time import format_instant, parse_limit

if TYPE_CHECKING:
    from lxml import etree

_OPERATORS = {
    "After": TemporalOperator.AFTER,
    "Before": TemporalOperator.BEFORE,
    "During": TemporalOperator.DURING,
    "TEquals": TemporalOperator.EQUALS,
}
FIRST_AND_LATEST = {
    "first": TemporalOperator.FIRST,
    "latest": TemporalOperator.LATEST,
    "getFirst": TemporalOperator.FIRST,
}
SAMPLING_GEOMETRY_URIS = frozenset(
    {
        "http://www.opengis.net/req/omxml/2.0/data/samplingGeometry",
        "http://www.opengis.net/def/param-name/OGC-OM/2.0/samplingGeometry",
    }
)
# gml:Envelope is what BBOX has, the others take any
_GEOMETRIES = ("Point", "LineString", "Curve", "Polygon", "Surface", "MultiPoint", "MultiCurve", "MultiSurface")
_CONFORMANCE = {
    "ImplementsQuery": False,
    "ImplementsAdHocQuery": False,
    "ImplementsFunctions": False,
    "ImplementsResourceId": False,
    "ImplementsMinStandardFilter": False,
    "ImplementsStandardFilter": False,
    "ImplementsMinSpatialFilter": True,
    "ImplementsSpatialFilter": True,
    "ImplementsMinTemporalFilter": True,
    "ImplementsTemporalFilter": False,
    "ImplementsVersionNav": False,
    "ImplementsSorting": False,
    "ImplementsExtendedOperators": False,
    "ImplementsMinimumXPath": False,
    "ImplementsSchemaElementFunc": False,
}


def read_temporal_reference(text: str | None) -> TemporalReference:
    """Read which time a filter looks at, with any prefix or none."""
    stripped = (text or "").strip()
    if not stripped:
        raise MissingParameterValue("The temporal filter names no time; use om:phenomenonTime.", "ValueReference")
    for reference in TemporalReference:
        if stripped.rpartition(":")[2] == reference.value.partition(":")[2]:
            return reference
    raise InvalidParameterValue(
        f"The temporal filter names {stripped!r}; use om:phenomenonTime or om:resultTime.", "ValueReference"
    )


def read_spatial_reference(text: str | None) -> SpatialReference:
    """
    Read which geometry a filter looks at: the shape of the feature, with any prefix, or the sampling geometry.

    The latter is named by its URI, alone or in a path of the parameter (OGC 12-006 clause 12), or by that path.
    """
    stripped = (text or "").strip()
    if not stripped:
        raise MissingParameterValue(
            f"The spatial filter names no property; use {SpatialReference.SHAPE}.", "ValueReference"
        )
    if any(uri in stripped for uri in SAMPLING_GEOMETRY_URIS) or stripped == SpatialReference.SAMPLING_GEOMETRY:
        return SpatialReference.SAMPLING_GEOMETRY
    if not stripped.endswith(":shape"):
        raise InvalidParameterValue(
            f"The spatial filter names {stripped!r}; use {SpatialReference.SHAPE}.", "ValueReference"
        )
    return SpatialReference.SHAPE


def decode_temporal(element: etree._Element, times: gml32.Times) -> TemporalFilter:
    """Read a temporal operator such as `fes:During`."""
    name = xml.local_name(element)
    operator = _OPERATORS.get(name)
    if operator is None:
        raise InvalidParameterValue(
            f"The temporal operator {name} is not served ({xml.where(element)}); use {', '.join(_OPERATORS)}.",
            "temporalFilter",
        )
    reference = read_temporal_reference(xml.text_of(xml.child(element, "fes:ValueReference")))
    literal = xml.child(element, "fes:Literal")
    operand = (
        xml.first_element(literal)
        if literal is not None
        else next((child for child in element.iterchildren("*") if xml.namespace(child) == xml.NAMESPACES["gml"]), None)
    )
    if operand is None:
        raise MissingParameterValue(f"{name} has no time ({xml.where(element)}).", "temporalFilter")
    if operator is TemporalOperator.EQUALS and (special := _indeterminate(operand)) is not None:
        return TemporalFilter(special, reference=reference)
    _limit(operand)
    return _filter(operator, gml32.decode_time(operand), reference, element)


def _limit(operand: etree._Element) -> None:
    """Bring instants beyond what there is, which the conformance tests ask for, to the last one."""
    for position in operand.iter("*"):
        text = xml.text_of(position)
        if text is not None and text[:5].isdecimal() and "-" in text:
            with suppress(ValueError):  # it is no time: refused where it is read
                position.text = format_instant(parse_limit(text))


def _indeterminate(operand: etree._Element) -> TemporalOperator | None:
    """Read 52°North's `first` and `latest`, which stand where a time does."""
    position = xml.child(operand, "gml:timePosition")
    if position is None:
        return None
    words = (xml.text_of(position), position.get("indeterminatePosition"))
    return next((FIRST_AND_LATEST[word] for word in words if word in FIRST_AND_LATEST), None)


def _filter(
    operator: TemporalOperator, time: gml32.Time | None, reference: TemporalReference, element: etree._Element
) -> TemporalFilter:
    if time is None:
        raise InvalidRequest(f"The time of the temporal filter is empty ({xml.where(element)}).", "temporalFilter")
    if operator is TemporalOperator.DURING and time.end is None:
        raise InvalidRequest(f"During needs a gml:TimePeriod ({xml.where(element)}).", "temporalFilter")
    return TemporalFilter(operator, time.begin, time.end or time.begin, reference)


def encode_temporal(condition: TemporalFilter, gml_id: str) -> etree._Element:
    """Write a temporal operator."""
    operator = condition.operator
    name = "TEquals" if operator in (TemporalOperator.FIRST, TemporalOperator.LATEST) else operator.value
    element = xml.new(f"fes:{name}")
    xml.add(element, "fes:ValueReference", condition.reference.value)
    if condition.begin is None or condition.end is None:
        instant = xml.add(element, "gml:TimeInstant")
        instant.set(xml.GML_ID, gml_id)
        xml.add(instant, "gml:timePosition", operator.value)
    elif operator is TemporalOperator.DURING or condition.begin != condition.end:
        element.append(gml32.encode_period(condition.begin, condition.end, gml_id))
    else:
        element.append(gml32.encode_instant(condition.begin, gml_id))
    return element


def write_kvp_temporal(condition: TemporalFilter) -> str:
    """Write a temporal filter as KVP does (OGC 12-006 clause 13.2.2), which has no form for After and Before."""
    if condition.operator in (TemporalOperator.AFTER, TemporalOperator.BEFORE):
        raise OptionNotSupported(f"{condition.operator} has no form in KVP; send XML.", "temporalFilter")
    reference = condition.reference.value
    if condition.begin is None or condition.end is None:
        return f"{reference},{condition.operator.value}"
    begin, end = format_instant(condition.begin), format_instant(condition.end)
    return f"{reference},{begin}/{end}" if condition.operator is TemporalOperator.DURING else f"{reference},{begin}"


def decode_spatial(element: etree._Element) -> SpatialFilter:
    """Read a spatial operator such as `fes:BBOX`."""
    name = xml.local_name(element)
    if name not in list(SpatialOperator):
        raise InvalidParameterValue(
            f"The spatial operator {name} is not served ({xml.where(element)}); use {', '.join(SpatialOperator)}.",
            "spatialFilter",
        )
    reference = read_spatial_reference(xml.text_of(xml.child(element, "fes:ValueReference")))
    operand = next((each for each in element.iterchildren("*") if xml.namespace(each) == xml.NAMESPACES["gml"]), None)
    if operand is None:
        raise MissingParameterValue(f"{name} has no geometry ({xml.where(element)}).", "spatialFilter")
    if operand.tag == xml.tag("gml:Envelope"):
        box = make_box(*_bounds(operand), reference)
        return replace(box, operator=SpatialOperator(name))
    if name == SpatialOperator.BBOX:
        raise InvalidParameterValue(f"BBOX needs a gml:Envelope ({xml.where(element)}).", "spatialFilter")
    return SpatialFilter(SpatialOperator(name), gml32.decode_geometry(operand), reference)


def _bounds(envelope: etree._Element) -> tuple[float, float, float, float]:
    """Read an envelope as west, south, east, north; unlike a geometry, it may reach beyond the earth."""
    try:
        swap = gml32.latitude_first(gml32.srs_name_of(envelope))
        corners = [xml.text_of(xml.required_child(envelope, f"gml:{name}Corner")) or "" for name in ("lower", "upper")]
        (first, second), (third, fourth) = ([xsd.read_double(part) for part in text.split()] for text in corners)
    except ValueError as error:
        raise InvalidRequest(f"The envelope cannot be read ({xml.where(envelope)}): {error}.") from error
    return (second, first, fourth, third) if swap else (first, second, third, fourth)


def make_box(west: float, south: float, east: float, north: float, reference: SpatialReference) -> SpatialFilter:
    """Make a bounding box; raises `InvalidParameterValue` when its corners are swapped."""
    if west > east or south > north:
        raise InvalidParameterValue("The lower corner of the bounding box lies beyond the upper one.", "spatialFilter")
    return bounding_box(west, south, east, north, reference)


def bounds_of(condition: SpatialFilter) -> tuple[float, float, float, float]:
    """Give west, south, east and north of a bounding box."""
    (west, south), _, (east, north), *_ = condition.geometry["coordinates"][0]
    return west, south, east, north


def encode_spatial(condition: SpatialFilter, gml_id: str) -> etree._Element:
    """Write a spatial operator."""
    element = xml.new(f"fes:{condition.operator}")
    xml.add(element, "fes:ValueReference", condition.reference)
    if condition.operator is SpatialOperator.BBOX:
        element.append(gml32_encode.encode_envelope(bounds_of(condition)))
    else:
        element.append(gml32_encode.encode_geometry(condition.geometry, gml_id))
    return element


def encode_capabilities() -> etree._Element:
    """Write `fes:Filter_Capabilities`: exactly the operators that are served."""
    section = xml.new("fes:Filter_Capabilities")
    conformance = xml.add(section, "fes:Conformance")
    for name, implemented in _CONFORMANCE.items():
        constraint = xml.add(conformance, "fes:Constraint", name=name)
        xml.add(constraint, "ows:NoValues")
        xml.add(constraint, "ows:DefaultValue", "true" if implemented else "false")
    spatial = xml.add(section, "fes:Spatial_Capabilities")
    geometries = xml.add(spatial, "fes:GeometryOperands")
    for operand in ("Envelope", *_GEOMETRIES):
        xml.add(geometries, "fes:GeometryOperand", name=f"gml:{operand}")
    spatial_operators = xml.add(spatial, "fes:SpatialOperators")
    for operator in SpatialOperator:
        xml.add(spatial_operators, "fes:SpatialOperator", name=operator)
    temporal = xml.add(section, "fes:Temporal_Capabilities")
    operands = xml.add(temporal, "fes:TemporalOperands")
    for operand in ("gml:TimeInstant", "gml:TimePeriod"):
        xml.add(operands, "fes:TemporalOperand", name=operand)
    operators = xml.add(temporal, "fes:TemporalOperators")
    for name in _OPERATORS:
        xml.add(operators, "fes:TemporalOperator", name=name)
    return section
