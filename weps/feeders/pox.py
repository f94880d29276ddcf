"""GetObservation templates as XML (SOS 2.0 POX): their one form, and the request of a time span made from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import xml
from sos_server.errors import SosError
from sos_server.time import format_instant
from weps.errors import TemplateError
from weps.feeders.kvp import OM_20, SERIES_NAMES, SOS_20

if TYPE_CHECKING:
    from datetime import datetime

AVAILABILITY_NAMESPACE = "http://www.opengis.net/sosgda/1.0"

_TEMPLATE_LIMIT = 1024 * 1024
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_PREFIX_IN_TEXT = re.compile(r"(?<![\w.-])([A-Za-z_][\w.-]*):(?=[A-Za-z_*])")
_SOS_10 = "http://www.opengis.net/sos/1.0"
_ALL_NAMES = (*SERIES_NAMES, "temporalFilter", "spatialFilter", "responseFormat")
# Their order is that of the schema (sosGetObservation.xsd); the temporal filter goes before the feature of interest.
_BEFORE_FILTER = ("procedure", "offering", "observedProperty")
_PREFIXES = {name: xml.NAMESPACES[name] for name in ("sos", "swes", "fes", "gml")}


def canonical_document(text: str) -> str:
    """
    Give the one form of a GetObservation document: no temporal filter, O&M 2.0, nothing left to the writer's taste.

    Prefixes, comments, white space, attribute order and the order of identifiers that mean a set do not matter.
    """
    root = _read(text)
    canonical = etree.Element(xml.tag("sos:GetObservation"), nsmap=_PREFIXES, service="SOS", version=SOS_20)
    for extension in root.iterchildren(xml.tag("swes:extension")):
        _copy(extension, canonical)
    for name in _BEFORE_FILTER:
        _add_sorted(canonical, root, name)
    _add_sorted(canonical, root, "featureOfInterest")
    for spatial_filter in root.iterchildren(xml.tag("sos:spatialFilter")):
        _copy(spatial_filter, canonical)
    etree.SubElement(canonical, xml.tag("sos:responseFormat")).text = OM_20
    return bytes(etree.tostring(canonical, method="c14n")).decode()


def read_selection(document: str) -> dict[str, tuple[str, ...]]:
    """Give what a canonical document asks for: identifiers by the name of their parameter."""
    root = xml.parse(document.encode())
    found = {name: xml.texts(root, f"sos:{name}") for name in SERIES_NAMES}
    return {name: values for name, values in found.items() if values}


def asks_for_more(document: str) -> bool:
    """Tell whether a canonical document says something that its identifiers do not: a place, an extension."""
    root = xml.parse(document.encode())
    return any(xml.child(root, name) is not None for name in ("sos:spatialFilter", "swes:extension"))


def during_document(document: str, begin: datetime, end: datetime) -> bytes:
    """Give the request of a canonical document for the phenomenon times of a span."""
    period = xml.new("gml:TimePeriod", **{xml.GML_ID: "span"})
    xml.add(period, "gml:beginPosition", format_instant(begin))
    xml.add(period, "gml:endPosition", format_instant(end))
    return _filtered(document, "fes:During", period)


def latest_document(document: str) -> bytes:
    """Give the request of a canonical document for the newest observation of each series, as 52°North knows it."""
    instant = xml.new("gml:TimeInstant", **{xml.GML_ID: "newest"})
    xml.add(instant, "gml:timePosition", "latest")
    return _filtered(document, "fes:TEquals", instant)


def availability_document(selection: Mapping[str, tuple[str, ...]]) -> bytes:
    """Give the GetDataAvailability (of the hydrology profile of SOS, OGC 14-004r1) for a selection."""
    root = etree.Element(
        f"{{{AVAILABILITY_NAMESPACE}}}GetDataAvailability",
        nsmap={"gda": AVAILABILITY_NAMESPACE},
        service="SOS",
        version=SOS_20,
    )
    for name in ("procedure", "observedProperty", "featureOfInterest", "offering"):
        for value in selection.get(name, ()):
            etree.SubElement(root, f"{{{AVAILABILITY_NAMESPACE}}}{name}").text = value
    return xml.serialize(root)


def _read(text: str) -> etree._Element:
    try:
        root = xml.parse(_DECLARATION.sub("", text, count=1).strip().encode(), limit=_TEMPLATE_LIMIT)
    except SosError as error:
        raise TemplateError(f"the template cannot be read: {error.message}") from error
    if xml.namespace(root) == _SOS_10 or root.get("version", "").startswith("1."):
        raise TemplateError("templates of SOS 1.0.0 are not supported yet; use SOS 2.0", where=xml.where(root))
    if root.tag != xml.tag("sos:GetObservation"):
        raise TemplateError(
            f"the template is a {root.tag}; a GetObservation of {xml.NAMESPACES['sos']} is needed",
            where=xml.where(root),
        )
    for name, needed in (("service", "SOS"), ("version", SOS_20)):
        if root.get(name, "").strip().upper() != needed:
            raise TemplateError(f'the template needs the attribute {name}="{needed}"', where=xml.where(root))
    _refuse_unknown(root)
    return root


def _refuse_unknown(root: etree._Element) -> None:
    known = {xml.tag(f"sos:{name}") for name in _ALL_NAMES} | {xml.tag("swes:extension")}
    for element in root.iterchildren():
        if element.tag not in known:
            raise TemplateError(f"the element {element.tag} is not of a GetObservation 2.0", where=xml.where(element))
    for name in SERIES_NAMES:
        for element in root.iterchildren(xml.tag(f"sos:{name}")):
            if xml.text_of(element) is None:
                raise TemplateError(f"{name} is empty; give an identifier or leave it out", where=xml.where(element))


def _add_sorted(parent: etree._Element, root: etree._Element, name: str) -> None:
    for value in sorted(set(xml.texts(root, f"sos:{name}"))):
        etree.SubElement(parent, xml.tag(f"sos:{name}")).text = value


def _copy(element: etree._Element, parent: etree._Element) -> None:
    """Copy a subtree without white space between elements, with our prefixes and those that its texts refer to."""
    attributes = {str(name): str(value).strip() for name, value in sorted(element.attrib.items())}
    content = " ".join((element.text or "", *attributes.values()))
    prefixes = {prefix: element.nsmap[prefix] for prefix in _PREFIX_IN_TEXT.findall(content) if prefix in element.nsmap}
    copy = etree.SubElement(parent, element.tag, attributes, nsmap=prefixes)
    copy.text = (element.text or "").strip() or None
    for inner in element.iterchildren():
        _copy(inner, copy)


def _filtered(document: str, operator: str, time: etree._Element) -> bytes:
    root = xml.parse(document.encode())
    temporal_filter = xml.new("sos:temporalFilter")
    condition = xml.add(temporal_filter, operator)
    xml.add(condition, "fes:ValueReference", "phenomenonTime")
    condition.append(time)
    later = {xml.tag("sos:featureOfInterest"), xml.tag("sos:spatialFilter"), xml.tag("sos:responseFormat")}
    position = next(index for index, element in enumerate(root) if element.tag in later)
    root.insert(position, temporal_filter)
    return xml.serialize(root)
