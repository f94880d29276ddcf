"""
SensorML 1.0.1 (OGC 07-000) and 2.0 (OGC 12-000r2): what a service must know of a description, and a minimal one.

Descriptions are kept as they were inserted. 52°North's convention is followed: a capabilities element named `offerings`
lists the offerings of the procedure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import xml
from sos_server.codecs.uom import add_swe_uom
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue
from sos_server.model import Offering, SensorDescription

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SENSORML_101 = "http://www.opengis.net/sensorML/1.0.1"
SENSORML_20 = "http://www.opengis.net/sensorml/2.0"
DESCRIPTION_FORMATS = (SENSORML_20, SENSORML_101)

OFFERING = "urn:ogc:def:identifier:OGC:offeringID"
_UNIQUE_ID = "urn:ogc:def:identifier:OGC:1.0:uniqueID"
_LONG_NAME = "urn:ogc:def:identifier:OGC:1.0:longName"
_ENVELOPES = frozenset(xml.NAMESPACES[prefix] for prefix in ("sos", "swes", "soap", "soap11"))
_GML_31 = "{http://www.opengis.net/gml}"


def decode_description(
    element: etree._Element, description_format: str, *, known_as: str | None = None
) -> SensorDescription:
    """
    Read a description: identifier, name and offerings; its document is kept. `known_as` is what it need not repeat.

    Raises `InvalidParameterValue` for a format other than the two, `InvalidRequest` where no identifier is found.
    """
    if description_format not in DESCRIPTION_FORMATS:
        raise InvalidParameterValue(
            f"The description format {description_format} is not supported; use {' or '.join(DESCRIPTION_FORMATS)}.",
            "procedureDescriptionFormat",
        )
    if xml.namespace(element) != description_format:
        raise InvalidRequest(
            f"The description at {xml.where(element)} is in namespace {xml.namespace(element)}, "
            f"its format is said to be {description_format}.",
            "procedureDescription",
        )
    process = process_of(element)
    identifier = _identifier(process) or known_as
    if identifier is None:
        raise MissingParameterValue(
            f"The description at {xml.where(element)} has no unique identifier; give gml:identifier in SensorML 2.0, "
            f"an identifier with definition {_UNIQUE_ID} in 1.0.1.",
            "procedure",
        )
    return SensorDescription(
        procedure=identifier,
        description_format=description_format,
        document=etree.tostring(_alone(element), encoding="UTF-8"),
        name=_name(process),
        offerings=tuple(offerings_of(process, identifier)),
    )


def _alone(element: etree._Element) -> etree._Element:
    """Give a copy without the namespaces of the envelope; the others stay, names in its text may need them."""
    copy = xml.parse(etree.tostring(element, with_tail=False))
    kept = [prefix for prefix, uri in copy.nsmap.items() if prefix and uri not in _ENVELOPES]
    etree.cleanup_namespaces(copy, keep_ns_prefixes=kept)
    return copy


def process_of(element: etree._Element) -> etree._Element:
    """Give the process itself, that in SensorML 1.0.1 stands in a member of the document."""
    member = element.find("{*}member")
    inner = xml.first_element(member)
    return element if inner is None else inner


def _identifier(process: etree._Element) -> str | None:
    if xml.namespace(process) == SENSORML_20:
        return xml.text_of(xml.child(process, "gml:identifier"))
    found = _term(process, "uniqueID")
    return found or _attribute_id(process)


def _attribute_id(process: etree._Element) -> str | None:
    return process.get(f"{_GML_31}id") or None


def _term(process: etree._Element, ending: str) -> str | None:
    """Give the value of the identifier whose definition or name ends so, in either version."""
    for identifier in process.iterfind("{*}identification/{*}IdentifierList/{*}identifier"):
        term = identifier.find("{*}Term")
        if term is None:
            continue
        words = (term.get("definition") or "", identifier.get("name") or "")
        value = xml.text_of(term.find("{*}value"))
        if value is not None and any(word.lower().endswith(ending.lower()) for word in words):
            return value
    return None


def _name(process: etree._Element) -> str | None:
    own = process.find("{*}name")
    name = xml.text_of(own) or _term(process, "longName") or _term(process, "shortName")
    return " ".join(name.split()) if name else None


def offerings_of(process: etree._Element, procedure: str) -> Iterator[Offering]:
    """Give the offerings that the description of a procedure lists."""
    seen: set[str] = set()
    for capabilities in process.iterfind("{*}capabilities"):
        if (capabilities.get("name") or "").lower() != "offerings":
            continue
        for field in capabilities.iter("{*}field", "{*}capability"):
            identifier = xml.text_of(field.find("{*}Text/{*}value"))
            if identifier is None or identifier in seen:
                continue
            seen.add(identifier)
            label = field.find("{*}Text/{*}label")
            name = xml.text_of(label if label is not None else field.find(f"{{*}}Text/{_GML_31}name"))
            yield Offering(identifier, procedure, name or field.get("name"))


def encode_description(
    procedure: str,
    name: str,
    offering: Offering,
    properties: Iterable[tuple[str, str | None]],
    place: tuple[float, float] | None,
) -> SensorDescription:
    """
    Write a minimal SensorML 2.0 description of a sensor.

    `properties` are the observed properties with their units (None: no quantity); `place` is longitude, latitude.
    """
    root = etree.Element(
        xml.tag("sml:PhysicalSystem"),
        nsmap={prefix: xml.NAMESPACES[prefix] for prefix in ("sml", "swe", "gml", "xlink")},
    )
    root.set(xml.GML_ID, "sensor")
    xml.add(root, "gml:identifier", procedure, codeSpace="uniqueID")
    xml.add(root, "gml:name", name)
    identifiers = xml.add(xml.add(root, "sml:identification"), "sml:IdentifierList")
    for label, definition, value in (("uniqueID", _UNIQUE_ID, procedure), ("longName", _LONG_NAME, name)):
        term = xml.add(xml.add(identifiers, "sml:identifier"), "sml:Term", definition=definition)
        xml.add(term, "sml:label", label)
        xml.add(term, "sml:value", value)
    capabilities = xml.add(xml.add(root, "sml:capabilities", name="offerings"), "sml:CapabilityList")
    add_offering(capabilities, offering)
    _add_outputs(root, list(properties))
    if place is not None:
        _add_position(root, place)
    etree.cleanup_namespaces(root)
    document = etree.tostring(root, encoding="UTF-8")
    return SensorDescription(procedure, SENSORML_20, document, name, (offering,))


def add_offering(capabilities: etree._Element, offering: Offering) -> None:
    """Write an offering into a list of capabilities of SensorML 2.0."""
    text = xml.add(xml.add(capabilities, "sml:capability", name="offeringID"), "swe:Text", definition=OFFERING)
    xml.add(text, "swe:label", offering.name or offering.identifier)
    xml.add(text, "swe:value", offering.identifier)


def _add_outputs(root: etree._Element, properties: list[tuple[str, str | None]]) -> None:
    outputs = xml.add(xml.add(root, "sml:outputs"), "sml:OutputList")
    for number, (definition, uom) in enumerate(properties, start=1):
        output = xml.add(outputs, "sml:output", name=f"output{number}")
        if uom is None:
            xml.add(output, "sml:ObservableProperty", definition=definition)
        else:
            add_swe_uom(xml.add(output, "swe:Quantity", definition=definition), uom)


def _add_position(root: etree._Element, place: tuple[float, float]) -> None:
    longitude, latitude = place
    vector = xml.add(xml.add(root, "sml:position"), "swe:Vector", referenceFrame="urn:ogc:def:crs:EPSG::4326")
    for name, axis, degrees in (("latitude", "Lat", latitude), ("longitude", "Lon", longitude)):
        quantity = xml.add(xml.add(vector, "swe:coordinate", name=name), "swe:Quantity", axisID=axis)
        xml.add(quantity, "swe:uom", code="deg")
        xml.add(quantity, "swe:value", repr(degrees))
