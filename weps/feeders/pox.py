"""Templates of SOS 2.0 as XML, GetObservation and GetResult: their one form, and the request of a time span from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import xml
from sos_server.time import format_instant
from weps.errors import TemplateError
from weps.feeders.kvp import (
    PHENOMENON_TIME,
    RESULT_TIME,
    SERIES_NAMES,
    SOS_20,
    require_one_of_each,
    response_format,
    time_reference,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SHOW_COUNT = "ShowCount"
AVAILABILITY_NAMESPACE = "http://www.opengis.net/sosgda/1.0"

_PREFIX_IN_TEXT = re.compile(r"(?<![\w.-])([A-Za-z_][\w.-]*):(?=[A-Za-z_*])")
# Their order is that of the schemas (sosGetObservation.xsd, sosGetResult.xsd): the temporal filter goes in between.
_BEFORE_FILTER = {
    "GetObservation": ("procedure", "offering", "observedProperty"),
    "GetResult": ("offering", "observedProperty"),
}
_FILTERS = ("temporalFilter", "spatialFilter", "featureOfInterest")
_PREFIXES = {name: xml.NAMESPACES[name] for name in ("sos", "swes", "fes", "gml")}


def canonical_document(root: etree._Element) -> str:
    """
    Give the one form of a request: no time, a format that is read, nothing left to the writer's taste.

    Prefixes, comments, white space, attribute order and the order of identifiers that mean a set do not matter. A
    filter over the result time leaves its reference; filters over the phenomenon time leave nothing.
    """
    operation = xml.local_name(root)
    _check(root, operation)
    canonical = etree.Element(root.tag, nsmap=_PREFIXES, service="SOS", version=SOS_20)
    for extension in root.iterchildren(xml.tag("swes:extension")):
        copy_into(extension, canonical)
    for name in _BEFORE_FILTER[operation]:
        _add_sorted(canonical, root, name)
    references = (
        xml.text_of(each) or "" for each in root.iterfind("sos:temporalFilter//fes:ValueReference", _PREFIXES)
    )
    if time_reference(references) == RESULT_TIME:
        condition = xml.add(xml.add(canonical, "sos:temporalFilter"), "fes:During")
        xml.add(condition, "fes:ValueReference", RESULT_TIME)
    _add_sorted(canonical, root, "featureOfInterest")
    for spatial_filter in root.iterchildren(xml.tag("sos:spatialFilter")):
        copy_into(spatial_filter, canonical)
    if operation == "GetObservation":
        asked = xml.text_of(xml.child(root, "sos:responseFormat"))
        etree.SubElement(canonical, xml.tag("sos:responseFormat")).text = response_format(SOS_20, asked)
    else:
        require_one_of_each(_selection(canonical), operation, SOS_20)
    return bytes(etree.tostring(canonical, method="c14n")).decode()


def read_selection(document: str) -> dict[str, tuple[str, ...]]:
    """Give what a canonical document asks for: identifiers by the name of their parameter."""
    return _selection(xml.parse(document.encode()))


def read_time_reference(document: str) -> str:
    """Give the time that a canonical document is filtered by."""
    return RESULT_TIME if f">{RESULT_TIME}</fes:ValueReference>" in document else PHENOMENON_TIME


def read_parameters(document: str) -> dict[str, str] | None:
    """Give what else a canonical document says as parameters of a URL; None where it cannot be said so."""
    root = xml.parse(document.encode())
    if any(xml.child(root, name) is not None for name in ("sos:spatialFilter", "swes:extension")):
        return None
    return {"responseFormat": xml.text_of(xml.child(root, "sos:responseFormat")) or response_format(SOS_20, None)}


def during_document(document: str, begin: datetime, end: datetime) -> bytes:
    """Give the request of a canonical document for a span of the time that it is filtered by."""
    period = xml.new("gml:TimePeriod", **{xml.GML_ID: "span"})
    xml.add(period, "gml:beginPosition", format_instant(begin))
    xml.add(period, "gml:endPosition", format_instant(end))
    return _filtered(document, "fes:During", period, read_time_reference(document))


def known_document(document: str) -> str:
    """Give a canonical document with its filter over the result time."""
    root = xml.parse(document.encode())
    condition = xml.new("fes:During")
    xml.add(condition, "fes:ValueReference", RESULT_TIME)
    return bytes(etree.tostring(_with_condition(root, condition), method="c14n")).decode()


def latest_document(document: str) -> bytes:
    """Give the request of a canonical document for the newest observation of each series, as 52°North knows it."""
    instant = xml.new("gml:TimeInstant", **{xml.GML_ID: "newest"})
    xml.add(instant, "gml:timePosition", "latest")
    return _filtered(document, "fes:TEquals", instant, PHENOMENON_TIME)


def availability_document(selection: Mapping[str, tuple[str, ...]], counted: bool) -> bytes:
    """
    Give the GetDataAvailability (of the hydrology profile of SOS, OGC 14-004r1) for a selection.

    `counted` asks how many observations there are, an extension of 52°North.
    """
    root = etree.Element(
        f"{{{AVAILABILITY_NAMESPACE}}}GetDataAvailability",
        nsmap={"gda": AVAILABILITY_NAMESPACE},
        service="SOS",
        version=SOS_20,
    )
    if counted:
        switch = xml.add(xml.add(root, "swes:extension"), "swe:Boolean", definition=SHOW_COUNT)
        xml.add(switch, "swe:value", "true")
    for name in ("procedure", "observedProperty", "featureOfInterest", "offering"):
        for value in selection.get(name, ()):
            etree.SubElement(root, f"{{{AVAILABILITY_NAMESPACE}}}{name}").text = value
    return xml.serialize(root)


def result_template_document(selection: Mapping[str, tuple[str, ...]]) -> bytes:
    """Give the GetResultTemplate for the results of a selection."""
    root = xml.new("sos:GetResultTemplate", service="SOS", version=SOS_20)
    for name in ("offering", "observedProperty"):
        for value in selection.get(name, ()):
            xml.add(root, f"sos:{name}", value)
    return xml.serialize(root)


def check_root(root: etree._Element, version: str) -> None:
    """Check the attributes that every request has."""
    for name, needed in (("service", "SOS"), ("version", version)):
        if root.get(name, "").strip().upper() != needed:
            raise TemplateError(f'the template needs the attribute {name}="{needed}"', where=xml.where(root))


def _check(root: etree._Element, operation: str) -> None:
    check_root(root, SOS_20)
    names = (*_BEFORE_FILTER[operation], *_FILTERS, *(("responseFormat",) if operation == "GetObservation" else ()))
    known = {xml.tag(f"sos:{name}") for name in names} | {xml.tag("swes:extension")}
    for element in root.iterchildren():
        if element.tag not in known:
            raise TemplateError(f"the element {element.tag} is not of a {operation} 2.0", where=xml.where(element))
    for name in SERIES_NAMES:
        for element in root.iterchildren(xml.tag(f"sos:{name}")):
            if xml.text_of(element) is None:
                raise TemplateError(f"{name} is empty; give an identifier or leave it out", where=xml.where(element))


def _selection(root: etree._Element) -> dict[str, tuple[str, ...]]:
    found = {name: xml.texts(root, f"sos:{name}") for name in SERIES_NAMES}
    return {name: values for name, values in found.items() if values}


def _add_sorted(parent: etree._Element, root: etree._Element, name: str) -> None:
    for value in sorted(set(xml.texts(root, f"sos:{name}"))):
        etree.SubElement(parent, xml.tag(f"sos:{name}")).text = value


def copy_into(element: etree._Element, parent: etree._Element) -> None:
    """Copy a subtree without white space between elements, with our prefixes and those that its texts refer to."""
    attributes = {str(name): str(value).strip() for name, value in sorted(element.attrib.items())}
    content = " ".join((element.text or "", *attributes.values()))
    prefixes = {prefix: element.nsmap[prefix] for prefix in _PREFIX_IN_TEXT.findall(content) if prefix in element.nsmap}
    copy = etree.SubElement(parent, element.tag, attributes, nsmap=prefixes)
    copy.text = (element.text or "").strip() or None
    for inner in element.iterchildren():
        copy_into(inner, copy)


def _filtered(document: str, operator: str, time: etree._Element, reference: str) -> bytes:
    condition = xml.new(operator)
    xml.add(condition, "fes:ValueReference", reference)
    condition.append(time)
    return xml.serialize(_with_condition(xml.parse(document.encode()), condition))


def _with_condition(root: etree._Element, condition: etree._Element) -> etree._Element:
    """Put a condition in the place of the temporal filter that a request may have."""
    for kept in root.findall(xml.tag("sos:temporalFilter")):
        root.remove(kept)
    temporal_filter = xml.new("sos:temporalFilter")
    temporal_filter.append(condition)
    later = {xml.tag("sos:featureOfInterest"), xml.tag("sos:spatialFilter"), xml.tag("sos:responseFormat")}
    position = next((index for index, element in enumerate(root) if element.tag in later), len(root))
    root.insert(position, temporal_filter)
    return root
