"""Filter Encoding 2.0 (OGC 09-026r2): temporal and spatial filters of SOS 2.0 requests, and what capabilities tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import gml32, xml
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue, OptionNotSupported
from sos_server.filters import BoundingBox, TemporalFilter, TemporalOperator, TemporalReference
from sos_server.time import format_instant

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
SHAPE_REFERENCE = "om:featureOfInterest/*/sams:shape"
_SHAPE_REFERENCES = frozenset(
    {
        "om:featureOfInterest/*/sams:shape",
        "om:featureOfInterest/sams:SF_SpatialSamplingFeature/sams:shape",
        "sams:shape",
    }
)
_CONFORMANCE = {
    "ImplementsQuery": False,
    "ImplementsAdHocQuery": False,
    "ImplementsFunctions": False,
    "ImplementsResourceId": False,
    "ImplementsMinStandardFilter": False,
    "ImplementsStandardFilter": False,
    "ImplementsMinSpatialFilter": True,
    "ImplementsSpatialFilter": False,
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


def check_shape_reference(text: str | None) -> None:
    """Refuse a spatial filter on anything but the shape of the feature of interest; any prefix goes."""
    stripped = (text or "").strip()
    if not stripped:
        raise MissingParameterValue(f"The spatial filter names no property; use {SHAPE_REFERENCE}.", "ValueReference")
    if stripped not in _SHAPE_REFERENCES and not stripped.endswith(":shape"):
        raise InvalidParameterValue(f"The spatial filter names {stripped!r}; use {SHAPE_REFERENCE}.", "ValueReference")


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
    return _filter(operator, gml32.decode_time(operand), reference, element)


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


def decode_spatial(element: etree._Element) -> BoundingBox:
    """Read a `fes:BBOX`."""
    name = xml.local_name(element)
    if name != "BBOX":
        raise InvalidParameterValue(
            f"The spatial operator {name} is not served ({xml.where(element)}); use BBOX.", "spatialFilter"
        )
    check_shape_reference(xml.text_of(xml.child(element, "fes:ValueReference")))
    envelope = xml.child(element, "gml:Envelope")
    if envelope is None:
        raise MissingParameterValue(f"BBOX has no gml:Envelope ({xml.where(element)}).", "spatialFilter")
    ((west, south), _, (east, north), *_) = gml32.decode_geometry(envelope)["coordinates"][0]
    return box(west, south, east, north)


def box(west: float, south: float, east: float, north: float) -> BoundingBox:
    """Make a bounding box; raises `InvalidParameterValue` when its corners are swapped."""
    if west > east or south > north:
        raise InvalidParameterValue("The lower corner of the bounding box lies beyond the upper one.", "spatialFilter")
    return BoundingBox(west, south, east, north)


def encode_bounding_box(condition: BoundingBox) -> etree._Element:
    """Write a `fes:BBOX`."""
    element = xml.new("fes:BBOX")
    xml.add(element, "fes:ValueReference", SHAPE_REFERENCE)
    element.append(gml32.encode_envelope((condition.west, condition.south, condition.east, condition.north)))
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
    xml.add(xml.add(spatial, "fes:GeometryOperands"), "fes:GeometryOperand", name="gml:Envelope")
    xml.add(xml.add(spatial, "fes:SpatialOperators"), "fes:SpatialOperator", name="BBOX")
    temporal = xml.add(section, "fes:Temporal_Capabilities")
    operands = xml.add(temporal, "fes:TemporalOperands")
    for operand in ("gml:TimeInstant", "gml:TimePeriod"):
        xml.add(operands, "fes:TemporalOperand", name=operand)
    operators = xml.add(temporal, "fes:TemporalOperators")
    for name in _OPERATORS:
        xml.add(operators, "fes:TemporalOperator", name=name)
    return section
