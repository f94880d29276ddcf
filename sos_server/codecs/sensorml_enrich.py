"""
What a service knows of a procedure, put into its description where that does not tell it already.

Offerings, observed properties, features of interest and the time in which the description is valid, in the places where
52°North's service puts them. Nothing that was inserted is changed or left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import gml32, sensorml, xml
from sos_server.time import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sos_server.model import Offering, ValidDescription

FEATURE = "http://www.opengis.net/def/featureOfInterest/identifier"
_FEATURES = "featuresOfInterest"
_VALID_TIME = "described_valid_time"
_GML_31 = "http://www.opengis.net/gml"
# the children of a process in the order of the schemas, as far as something may come before or between them
_COMMON = ("keywords", "identification", "classification", "validTime")
_ORDERS = {
    sensorml.SENSORML_20: (
        "extension",
        *_COMMON,
        *("securityConstraints", "legalConstraints", "characteristics", "capabilities", "contacts", "documentation"),
        *("history", "definition", "typeOf", "configuration", _FEATURES, "inputs", "outputs", "parameters", "modes"),
        *("attachedTo", "localReferenceFrame", "localTimeFrame", "position", "timePosition"),
        *("components", "connections", "method"),
    ),
    sensorml.SENSORML_101: (
        *_COMMON,
        *("securityConstraint", "legalConstraint", "characteristics", "capabilities", "contact", "documentation"),
        *("history", "spatialReferenceFrame", "temporalReferenceFrame", "location", "position", "timePosition"),
        *("interfaces", "inputs", "outputs", "parameters", "method", "components", "positions", "connections"),
    ),
}


def enrich(
    description: ValidDescription, offerings: Iterable[Offering], properties: Iterable[str], features: Iterable[str]
) -> etree._Element:
    """Give a description with what its service knows besides; `features` are identifiers."""
    root = xml.parse(description.document)
    process = sensorml.process_of(root)
    version = xml.namespace(process)
    if version not in _ORDERS:
        return root
    listed = {each.identifier for each in sensorml.offerings_of(process, "")}
    defined = {element.get("definition") for element in process.iter("*")}
    observed = _listed_features(process)
    new_offerings = [each for each in offerings if each.identifier not in listed]
    new_features = [each for each in features if each not in observed]
    if new_offerings:
        _add_offerings(process, new_offerings)
    if new_features:
        _add_features(process, new_features)
    _add_outputs(process, [each for each in properties if each not in defined])
    if description.begin is not None and process.find(f"{{{version}}}validTime") is None:
        _add_valid_time(process, description.begin, description.end)
    return root


def _listed_features(process: etree._Element) -> set[str | None]:
    """Give the features of interest that a description lists, in either version."""
    holders = [each for each in process.iterfind("{*}capabilities") if each.get("name") == _FEATURES]
    texts = {xml.text_of(each) for holder in holders for each in holder.iter("{*}value")}
    return texts | {xml.href(each) for each in process.iterfind(f"{{*}}{_FEATURES}/{{*}}FeatureList/{{*}}feature")}


def _insert(process: etree._Element, name: str, *, anew: bool = True) -> etree._Element:
    """Give a child of a process in its place: a new one, or the one that is there unless it has to be `anew`."""
    version = str(xml.namespace(process))
    tag = f"{{{version}}}{name}"
    old = process.find(tag)
    if old is not None and not anew:
        return old
    order = _ORDERS[version]
    later = {f"{{{version}}}{each}" for each in order[order.index(name) + 1 :]}
    made = etree.Element(tag, nsmap={process.prefix: version})
    following = next((child for child in process.iterchildren("*") if child.tag in later), None)
    if following is None:
        process.append(made)
    else:
        following.addprevious(made)
    return made


def _add_offerings(process: etree._Element, offerings: Iterable[Offering]) -> None:
    capabilities = _insert(process, "capabilities")
    capabilities.set("name", "offerings")
    if xml.namespace(process) == sensorml.SENSORML_20:
        members = xml.add(capabilities, "sml:CapabilityList")
        for offering in offerings:
            sensorml.add_offering(members, offering)
        return
    _add_texts(capabilities, sensorml.OFFERING, [(each.name or each.identifier, each.identifier) for each in offerings])


def _add_features(process: etree._Element, features: Iterable[str]) -> None:
    if xml.namespace(process) == sensorml.SENSORML_20:
        holder = _insert(process, _FEATURES, anew=False)
        members = holder.find(xml.tag("sml:FeatureList"))
        if members is None:
            members = xml.add(holder, "sml:FeatureList")
        for feature in features:
            xml.add(members, "sml:feature", **{xml.XLINK_HREF: feature})
        return
    capabilities = _insert(process, "capabilities")
    capabilities.set("name", _FEATURES)
    _add_texts(capabilities, FEATURE, [(f"feature{number}", each) for number, each in enumerate(features, start=1)])


def _add_texts(capabilities: etree._Element, definition: str, texts: Iterable[tuple[str, str]]) -> None:
    """Write texts of SensorML 1.0.1; the name of a field has to be one of XML."""
    record = xml.add(capabilities, "swe101:SimpleDataRecord")
    for number, (name, value) in enumerate(texts, start=1):
        field = xml.add(record, "swe101:field", name=name if name.isidentifier() else f"field{number}")
        xml.add(xml.add(field, "swe101:Text", definition=definition), "swe101:value", value)


def _add_outputs(process: etree._Element, properties: Iterable[str]) -> None:
    is_new = xml.namespace(process) == sensorml.SENSORML_20
    for number, definition in enumerate(properties, start=1):
        holder = _insert(process, "outputs", anew=False)
        members = xml.first_element(holder)
        if members is None:
            members = xml.add(holder, "sml:OutputList" if is_new else "sml101:OutputList")
        output = xml.add(members, "sml:output" if is_new else "sml101:output", name=f"observedProperty{number}")
        xml.add(output, "sml:ObservableProperty" if is_new else "swe101:ObservableProperty", definition=definition)


def _add_valid_time(process: etree._Element, begin: datetime, end: datetime | None) -> None:
    holder = _insert(process, "validTime")
    if xml.namespace(process) == sensorml.SENSORML_20 and end is not None:
        holder.append(gml32.encode_period(begin, end, _VALID_TIME))
        return
    namespace = xml.NAMESPACES["gml"] if xml.namespace(process) == sensorml.SENSORML_20 else _GML_31
    period = etree.SubElement(holder, f"{{{namespace}}}TimePeriod", nsmap={"gml": namespace})
    period.set(f"{{{namespace}}}id", _VALID_TIME)
    for name, instant in (("beginPosition", begin), ("endPosition", end)):
        position = etree.SubElement(period, f"{{{namespace}}}{name}")
        if instant is None:
            position.set("indeterminatePosition", "unknown")
        else:
            position.text = format_instant(instant)
