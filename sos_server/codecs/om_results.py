"""
The observations of one O&M observation, 1.0 or 2.0, whatever its result is: scalar, SWE Common, or WaterML.

A scalar that is nil, left empty, or no number where one should stand has the value None with the reason. A geometry is
a place and no value: it gives no observation. Nor do values that the document only refers to; where they are is told to
who asks for that.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from sos_server.codecs import gml_any, om_columns, swe_columns, swe_structure, swe_values, waterml20, xml
from sos_server.codecs.gml32 import Time
from sos_server.codecs.om_members import OBSERVATIONS_10, read_members
from sos_server.codecs.om_stations import Stations
from sos_server.codecs.swe_structure import (
    ARRAYS,
    RANGES,
    RECORDS,
    SCALARS,
    Array,
    Field,
    Node,
    Record,
    decode_structure,
    flatten,
    has_time,
)
from sos_server.codecs.swe_values import Table
from sos_server.codecs.uom import decode_uom
from sos_server.errors import InvalidRequest
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH, Observation
from sos_server.time import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml import etree

    from sos_server.codecs.om_members import Members

    Elsewhere = Callable[[str], object]

_SWE = "http://www.opengis.net/swe"
_GML = (xml.NAMESPACES["gml"], "http://www.opengis.net/gml")
_GML_SCALARS = frozenset({"Quantity", "Count", "Boolean", "Category", "Measure", "measure"})
_BY_REFERENCE = ("Array", "Coverage", "Complex", "Geometry")
# words in the local names of xsi:type, and the kind of field that they say
_KINDS = (
    ("measure", "Quantity"),
    ("double", "Quantity"),
    ("decimal", "Quantity"),
    ("float", "Quantity"),
    ("quantity", "Quantity"),
    ("int", "Count"),
    ("long", "Count"),
    ("short", "Count"),
    ("count", "Count"),
    ("bool", "Boolean"),
    ("reference", "Category"),
    ("code", "Category"),
    ("category", "Category"),
    ("string", "Text"),
)
_KINDS_BY_TYPE = {
    OM_MEASUREMENT: "Quantity",
    OM_COUNT: "Count",
    OM_TRUTH: "Boolean",
    OM_CATEGORY: "Category",
    OM_TEXT: "Text",
}
_TYPES = {kind: uri for uri, kind in _KINDS_BY_TYPE.items()}


def unheard(_reference: str) -> None:
    """Leave what is elsewhere at that."""


def decode_observation(
    element: etree._Element, times: gml_any.Times, features: gml_any.Features, elsewhere: Elsewhere = unheard
) -> Iterator[Observation]:
    """
    Read the observations of one `om:Observation` or `om:OM_Observation`; raises `InvalidRequest` with the line.

    `elsewhere` is told where values are that the document only refers to.
    """
    members = read_members(element, times, features)
    result = members.result
    if result is None:
        raise InvalidRequest(f"The observation at {xml.where(element)} has no om:result.", "result")
    inner = xml.first_element(result)
    if inner is None:
        return _scalar(result, members, elsewhere)
    name, namespace = xml.local_name(inner), xml.namespace(inner) or ""
    if waterml20.is_timeseries(inner):
        return _timeseries(inner, members)
    if namespace in _GML and name in _GML_SCALARS:
        return _scalar(inner, members, elsewhere)
    if namespace in _GML and name in gml_any.SHAPES:
        return iter(())
    if namespace.startswith(_SWE) and (name in ARRAYS or name in RECORDS or name in SCALARS or name in RANGES):
        return _structured(inner, members, elsewhere)
    if name in OBSERVATIONS_10 or name in ("OM_Observation", "ObservationCollection"):
        return iter(())  # what is inside is found by itself
    raise InvalidRequest(f"A result {name} is not supported ({xml.where(inner)}).", "result")


def _structured(element: etree._Element, members: Members, elsewhere: Elsewhere) -> Iterator[Observation]:
    node = decode_structure(element)
    arrays = list(_filled(node))
    for reference in filter(None, map(swe_values.reference_of, arrays)):
        elsewhere(reference)
    if arrays or isinstance(node, Array):
        # in the profile of IOOS those without times describe how the sensors are placed
        arrays = [each for each in arrays if has_time(each)] or arrays
        stations = Stations(node.parts) if isinstance(node, Record) else None
        tables = chain.from_iterable(map(swe_values.decode_values, arrays))
        return chain.from_iterable(om_columns.observe(table, members, stations) for table in tables)
    fields = flatten(node)
    if fields is None:
        raise InvalidRequest(f"The record at {xml.where(element)} has parts without values.", "result")
    table = Table(fields, tuple((each.value or "",) for each in fields))
    return om_columns.observe(table, members, is_record=True)


def _filled(node: Node) -> Iterator[Array]:
    """Give the arrays inside of a structure that hold values themselves."""
    if isinstance(node, Array):
        if swe_values.is_filled(node):
            yield node
    elif isinstance(node, Record):
        for part in node.parts:
            yield from _filled(part)


def _timeseries(element: etree._Element, members: Members) -> Iterator[Observation]:
    observed_property = members.property_of(None, None, single=True)
    model = _observation(members, observed_property, Time(EPOCH))
    for point in waterml20.decode_timeseries(element):
        time = members.phenomenon_time() if point.time is None else Time(point.time)
        yield model._replace(
            phenomenon_time=time.begin,
            phenomenon_time_end=time.end,
            value=point.value,
            uom=point.uom,
            nil_reason=point.nil_reason,
            quality=point.quality or members.quality,
            observation_type=point.observation_type,
        )


def _scalar(element: etree._Element, members: Members, elsewhere: Elsewhere) -> Iterator[Observation]:
    """Read a result without elements inside."""
    told = Field(_kind(element, members), "result", uom=_uom(element))
    text = element.text or ""
    value: str | int | float | bool | None
    if told.kind == "Category":
        text = xml.href(element) or element.get(xml.XLINK_TITLE) or text
    elif (reference := xml.href(element)) and not text.strip() and _is_elsewhere(element, members):
        elsewhere(reference)
        return
    nil_reason = element.get("nilReason")
    if nil_reason or element.get(xml.XSI_NIL) in ("true", "1"):
        value, reason = None, nil_reason or swe_structure.UNKNOWN
    elif told.kind == "Text" and text.strip():
        value, reason = text, None
    else:
        values, reasons = swe_columns.read_values(told, (text,))
        value, reason = values[0], None if reasons is None else reasons[0]
    observed_property = members.property_of(None, None, single=True)
    yield _observation(members, observed_property, members.phenomenon_time())._replace(
        value=value,
        uom=told.uom,
        nil_reason=reason,
        observation_type=_TYPES.get(told.kind, members.observation_type),
    )


def _is_elsewhere(element: etree._Element, members: Members) -> bool:
    """Tell whether a reference leads to values that are not in the document."""
    told = f"{members.observation_type} {element.get(xml.XSI_TYPE)}"
    return any(word in told for word in _BY_REFERENCE)


def _uom(element: etree._Element) -> str | None:
    found = element.get("uom")
    return None if found is None else decode_uom(found)


def _kind(element: etree._Element, members: Members) -> str:
    """Tell what a result holds: by its own type, its unit, the observation's type, or by what it looks like."""
    declared = (element.get(xml.XSI_TYPE) or xml.local_name(element)).rpartition(":")[2].lower()
    for word, kind in _KINDS:
        if word in declared:
            return kind
    if element.get("uom") is not None:
        return "Quantity"
    by_type = _KINDS_BY_TYPE.get(members.observation_type or "")
    if by_type is not None:
        return by_type
    if xml.href(element) is not None and not _is_elsewhere(element, members):
        return "Category"
    value, _ = swe_columns.read_number((element.text or "").strip())
    return "Text" if value is None else "Quantity"


def _observation(members: Members, observed_property: str, time: Time) -> Observation:
    """Give an observation without a result."""
    return Observation(
        phenomenon_time=time.begin,
        procedure=members.procedures[0] if members.procedures else members.any_name,
        observed_property=observed_property,
        feature_of_interest=members.feature_of_interest or members.any_name,
        value=None,
        phenomenon_time_end=time.end,
        result_time=members.result_time,
        offering=members.offering,
        feature=members.feature,
        identifier=members.identifier,
        valid_time=members.valid_time,
        geometry=members.geometry,
        quality=members.quality,
    )
