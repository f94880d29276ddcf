"""Templates of SOS 1.0.0 (OGC 06-009r6) as XML: their one form, and the request of a time span made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import xml
from sos_server.time import format_instant
from weps.errors import TemplateError
from weps.feeders.kvp import SERIES_NAMES, SOS_10, require_one_of_each, response_format
from weps.feeders.pox import check_root, copy_into

if TYPE_CHECKING:
    from datetime import datetime

NAMESPACE = "http://www.opengis.net/sos/1.0"
_OGC = "http://www.opengis.net/ogc"
_GML = "http://www.opengis.net/gml"
_OM = "http://www.opengis.net/om/1.0"
# Elements without a prefix: istSOS looks for their names as they are written, and for those of GML with `gml:`.
_REQUEST = (
    f'<sos:GetObservation xmlns="{NAMESPACE}" xmlns:sos="{NAMESPACE}" xmlns:ogc="{_OGC}" xmlns:gml="{_GML}"'
    f' xmlns:om="{_OM}" service="SOS" version="{SOS_10}"/>'
).encode()
_NAMES = (
    *("offering", "eventTime", "procedure", "observedProperty", "featureOfInterest"),
    *("result", "responseFormat", "resultModel", "responseMode", "srsName"),
)


def canonical_document(root: etree._Element) -> str:
    """
    Give the one form of a GetObservation: no time, a format that is read, nothing left to the writer's taste.

    Elements without a namespace are taken as those of the request: istSOS writes its examples so.
    """
    check_root(root, SOS_10)
    children = _children(root)
    require_one_of_each({name: [_text(each) for each in found] for name, found in children.items()}, *_OPERATION)
    canonical = xml.parse(_REQUEST)
    system = root.get("srsName") or next((_text(each) for each in children.get("srsName", ())), None)
    if system:
        canonical.set("srsName", system.strip())
    for name in ("offering", "procedure", "observedProperty"):
        for value in sorted({_text(element) for element in children.get(name, ())}):
            etree.SubElement(canonical, _tag(name)).text = value
    _add_feature(canonical, children.get("featureOfInterest", []))
    for condition in children.get("result", ()):
        copy_into(condition, canonical)
    asked = next((_text(each) for each in children.get("responseFormat", ())), None)
    etree.SubElement(canonical, _tag("responseFormat")).text = response_format(SOS_10, asked)
    for model in children.get("resultModel", ()):
        etree.SubElement(canonical, _tag("resultModel")).text = f"om:{_text(model).rpartition(':')[2]}"
    _check_mode(children.get("responseMode", []))
    return bytes(etree.tostring(canonical, method="c14n")).decode()


_OPERATION = ("GetObservation", SOS_10)


def read_selection(document: str) -> dict[str, tuple[str, ...]]:
    """Give what a canonical document asks for: identifiers by the name of their parameter."""
    root = xml.parse(document.encode())
    found = {name: tuple(_text(each) for each in root.iterchildren(_tag(name))) for name in SERIES_NAMES[:-1]}
    found[SERIES_NAMES[-1]] = tuple(_text(each) for each in root.iter(_tag("ObjectID")))
    return {name: values for name, values in found.items() if values}


def read_parameters(document: str) -> dict[str, str] | None:
    """Give what else a canonical document says as parameters of a URL; None where it cannot be said so."""
    root = xml.parse(document.encode())
    spatial = next(root.iterfind(f"{_tag('featureOfInterest')}/{{{_OGC}}}*"), None)
    if spatial is not None or root.find(_tag("result")) is not None:
        return None
    found = {name: xml.text_of(root.find(_tag(name))) for name in ("responseFormat", "resultModel")}
    found["srsName"] = root.get("srsName")
    return {name: text for name, text in found.items() if text}


def during_document(document: str, begin: datetime, end: datetime) -> bytes:
    """Give the request of a canonical document for the sampling times of a span."""
    root = xml.parse(document.encode())
    event_time = etree.SubElement(root, _tag("eventTime"))
    condition = etree.SubElement(event_time, f"{{{_OGC}}}TM_During")
    etree.SubElement(condition, f"{{{_OGC}}}PropertyName").text = "om:samplingTime"
    period = etree.SubElement(condition, f"{{{_GML}}}TimePeriod")
    etree.SubElement(period, f"{{{_GML}}}beginPosition").text = format_instant(begin)
    etree.SubElement(period, f"{{{_GML}}}endPosition").text = format_instant(end)
    root.insert(1, event_time)  # behind the offering, of which there is one (sosGetObservation.xsd)
    return xml.serialize(root)


def _children(root: etree._Element) -> dict[str, list[etree._Element]]:
    found: dict[str, list[etree._Element]] = {}
    for element in root.iterchildren("*"):
        name = xml.local_name(element)
        if xml.namespace(element) not in (NAMESPACE, None) or name not in _NAMES:
            raise TemplateError(
                f"the element {element.tag} is not of a GetObservation 1.0.0; leave it out", where=xml.where(element)
            )
        if name in SERIES_NAMES and xml.first_element(element) is None and not _text(element):
            raise TemplateError(f"{name} is empty; give an identifier or leave it out", where=xml.where(element))
        found.setdefault(name, []).append(element)
    offerings = found.get("offering", [])
    if len(offerings) > 1:
        raise TemplateError("GetObservation 1.0.0 takes one offering; subscribe to each", xml.where(offerings[1]))
    return found


def _add_feature(canonical: etree._Element, holders: list[etree._Element]) -> None:
    """Add the features, which stand as `ObjectID`s in one element, or the place where they are."""
    if not holders:
        return
    made = etree.SubElement(canonical, _tag("featureOfInterest"))
    parts = [part for holder in holders for part in holder.iterchildren("*")]
    identifiers = {_text(part) for part in parts if xml.local_name(part) == "ObjectID"}
    identifiers |= {_text(holder) for holder in holders if xml.first_element(holder) is None}
    for identifier in sorted(identifiers):
        etree.SubElement(made, _tag("ObjectID")).text = identifier
    for part in parts:
        if xml.local_name(part) != "ObjectID":
            copy_into(part, made)


def _check_mode(modes: list[etree._Element]) -> None:
    for mode in modes:
        if _text(mode) not in ("inline", ""):
            raise TemplateError(f"responseMode {_text(mode)} cannot be polled; use inline", where=xml.where(mode))


def _text(element: etree._Element) -> str:
    return xml.text_of(element) or ""


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
