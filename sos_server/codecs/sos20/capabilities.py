"""The capabilities of SOS 2.0 (OGC 12-006 clause 8.1): written by the service, and its contents read by clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import fes20, gml32, gml32_encode, om20, ows11, sosgda, swe20_encoding, xml
from sos_server.codecs.sos20 import parameters
from sos_server.model import Extent, Offering, OfferingContent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sos_server.responses import Capabilities

PROFILES = tuple(
    f"http://www.opengis.net/spec/SOS/2.0/conf/{name}"
    for name in (
        "core",
        "daRetrieval",
        "foiRetrieval",
        "insertionCap",
        "kvp-core",
        "obsByIdRetrieval",
        "obsInsertion",
        "pox",
        "resultInsertion",
        "resultRetrieval",
        "sensorDeletion",
        "sensorInsertion",
        "soap",
        "spatialFilteringProfile",
        "updateSensorDescription",
    )
) + tuple(f"http://www.opengis.net/extension/SOSDO/{version}/observationDeletion" for version in ("1.0", "2.0"))
_PREFIXES = ("sos", "swes", "ows", "fes", "gml", "xlink", "om", "sams")
_NOT_OVER_KVP = frozenset(
    {"InsertSensor", "UpdateSensorDescription", "InsertObservation", "InsertResultTemplate", "InsertResult"}
)
RESPONSE_FORMATS = (om20.RESPONSE_FORMAT,)
MEDIA_TYPES = ("application/xml", "text/xml")
_NOTHING = "http://www.opengis.net/def/nil/OGC/0/unknown"


def encode(capabilities: Capabilities) -> bytes:
    """Write the capabilities document with the sections that are asked for."""
    root = etree.Element(
        xml.tag("sos:Capabilities"),
        nsmap={prefix: xml.NAMESPACES[prefix] for prefix in _PREFIXES},
        version=parameters.VERSION,
    )
    root.set("updateSequence", capabilities.update_sequence)
    sections = capabilities.sections
    if "ServiceIdentification" in sections:
        versions = (parameters.VERSION,)
        root.append(ows11.encode_identification(capabilities.title, capabilities.abstract, versions, PROFILES))
    if "ServiceProvider" in sections:
        root.append(ows11.encode_provider(capabilities.provider_name, capabilities.provider_site))
    if "OperationsMetadata" in sections:
        root.append(_operations(capabilities))
    if "InsertionCapabilities" in sections:
        _add_insertion(root, capabilities)
    if "FilterCapabilities" in sections:
        xml.add(root, "sos:filterCapabilities").append(fes20.encode_capabilities())
    if "Contents" in sections:
        _add_contents(root, capabilities)
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(_PREFIXES))
    return xml.serialize(root)


def _operations(capabilities: Capabilities) -> etree._Element:
    section = xml.new("ows:OperationsMetadata")
    post = capabilities.base_url.rstrip("?&")
    get = post + ("&" if "?" in post else "?")
    for name, allowed in _parameters(capabilities).items():
        found = [ows11.Parameter(parameter, values) for parameter, values in allowed.items()]
        section.append(ows11.encode_operation(name, found, get=None if name in _NOT_OVER_KVP else get, post=post))
    for parameter, values in (("service", (parameters.SERVICE,)), ("version", (parameters.VERSION,))):
        section.append(ows11.encode_parameter(ows11.Parameter(parameter, values)))
    return section


def _parameters(capabilities: Capabilities) -> dict[str, dict[str, tuple[str, ...] | None]]:
    contents = capabilities.contents
    procedures = _sorted(content.offering.procedure for content in contents)
    properties = _sorted(name for content in contents for name in content.observed_properties)
    offerings = _sorted(content.offering.identifier for content in contents)
    return {
        "GetCapabilities": {
            "AcceptVersions": (parameters.VERSION,),
            "AcceptFormats": MEDIA_TYPES,
            "Sections": (*parameters.SECTIONS, "All"),
            "updateSequence": None,
        },
        "DescribeSensor": {
            "procedure": procedures,
            "procedureDescriptionFormat": _sorted(
                description_format for content in contents for description_format in content.description_formats
            ),
            "validTime": None,
        },
        "GetObservation": {
            "offering": offerings,
            "procedure": procedures,
            "observedProperty": properties,
            "featureOfInterest": None,
            "temporalFilter": None,
            "spatialFilter": None,
            "responseFormat": RESPONSE_FORMATS,
        },
        "GetObservationById": {"observation": capabilities.observations},
        "GetFeatureOfInterest": {
            "procedure": procedures,
            "observedProperty": properties,
            "featureOfInterest": None,
            "spatialFilter": None,
        },
        "GetDataAvailability": {
            "offering": offerings,
            "procedure": procedures,
            "observedProperty": properties,
            "featureOfInterest": None,
            "responseFormat": (*RESPONSE_FORMATS, *sosgda.NAMESPACES.values()),
        },
        "InsertSensor": {"procedureDescriptionFormat": capabilities.description_formats},
        "UpdateSensorDescription": {
            "procedure": procedures,
            "procedureDescriptionFormat": capabilities.description_formats,
        },
        "DeleteSensor": {"procedure": procedures},
        "InsertObservation": {"offering": offerings},
        "InsertResultTemplate": {"offering": offerings},
        "DeleteResultTemplate": {"resultTemplate": None, "offering": offerings, "observedProperty": properties},
        "InsertResult": {"template": None},
        "GetResultTemplate": {"offering": offerings, "observedProperty": properties},
        "GetResult": {
            "offering": offerings,
            "observedProperty": properties,
            "featureOfInterest": None,
            "temporalFilter": None,
            "spatialFilter": None,
        },
        "DeleteObservation": {
            "observation": None,
            "offering": offerings,
            "procedure": procedures,
            "observedProperty": properties,
            "featureOfInterest": None,
            "temporalFilter": None,
        },
    }


def _sorted(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _add_insertion(root: etree._Element, capabilities: Capabilities) -> None:
    section = xml.add(xml.add(root, "sos:extension"), "sos:InsertionCapabilities")
    for name, values in (
        ("procedureDescriptionFormat", capabilities.description_formats),
        ("featureOfInterestType", capabilities.feature_types),
        ("observationType", capabilities.observation_types),
        ("supportedEncoding", (swe20_encoding.TEXT_ENCODING, swe20_encoding.XML_ENCODING)),
    ):
        for value in values:
            xml.add(section, f"sos:{name}", value)


def _add_contents(root: etree._Element, capabilities: Capabilities) -> None:
    """Write the offerings; what they have in common is repeated in each, because clients look only there."""
    contents = xml.add(xml.add(root, "sos:contents"), "sos:Contents")
    for number, content in enumerate(capabilities.contents, start=1):
        xml.add(contents, "swes:offering").append(_offering(content, number))
    for response_format in RESPONSE_FORMATS:
        xml.add(contents, "sos:responseFormat", response_format)
    for observation_type in capabilities.observation_types:
        xml.add(contents, "sos:observationType", observation_type)
    for feature_type in capabilities.feature_types:
        xml.add(contents, "sos:featureOfInterestType", feature_type)


def _offering(content: OfferingContent, number: int) -> etree._Element:
    element = xml.new("sos:ObservationOffering")
    xml.add(element, "swes:identifier", content.offering.identifier)
    if content.offering.name:
        xml.add(element, "swes:name", content.offering.name)
    xml.add(element, "swes:procedure", content.offering.procedure)
    for description_format in content.description_formats:
        xml.add(element, "swes:procedureDescriptionFormat", description_format)
    for observed_property in content.observed_properties:
        xml.add(element, "swes:observableProperty", observed_property)
    for feature in content.related_features:
        relationship = xml.add(xml.add(element, "swes:relatedFeature"), "swes:FeatureRelationship")
        xml.add(relationship, "swes:target", **{xml.XLINK_HREF: feature})
    _add_extent(element, content.extent, number)
    for response_format in RESPONSE_FORMATS:
        xml.add(element, "sos:responseFormat", response_format)
    for observation_type in content.observation_types:
        xml.add(element, "sos:observationType", observation_type)
    for feature_type in content.feature_types:
        xml.add(element, "sos:featureOfInterestType", feature_type)
    return element


def _add_extent(element: etree._Element, extent: Extent, number: int) -> None:
    if extent.bounds is not None:
        xml.add(element, "sos:observedArea").append(gml32_encode.encode_envelope(extent.bounds))
    if extent.begin is not None and extent.end is not None:
        period = gml32.encode_period(extent.begin, extent.end, f"pt_{number}")
        xml.add(element, "sos:phenomenonTime").append(period)
    if extent.result_begin is not None and extent.result_end is not None:
        period = gml32.encode_period(extent.result_begin, extent.result_end, f"rt_{number}")
        xml.add(element, "sos:resultTime").append(period)


def decode_contents(root: etree._Element) -> tuple[OfferingContent, ...]:
    """Read the offerings of a capabilities document of any SOS 2.0."""
    times = gml32.Times(root)
    return tuple(_decode_offering(element, times) for element in root.iter(xml.tag("sos:ObservationOffering")))


def _decode_offering(element: etree._Element, times: gml32.Times) -> OfferingContent:
    phenomenon_time = times.read(xml.child(element, "sos:phenomenonTime"))
    result_time = times.read(xml.child(element, "sos:resultTime"))
    targets = element.iterfind("swes:relatedFeature/swes:FeatureRelationship/swes:target", xml.NAMESPACES)
    return OfferingContent(
        offering=Offering(
            identifier=xml.text_of(xml.required_child(element, "swes:identifier")) or "",
            procedure=xml.text_of(xml.required_child(element, "swes:procedure")) or "",
            name=xml.text_of(xml.child(element, "swes:name")),
        ),
        observed_properties=_inherited(element, "swes:observableProperty"),
        description_formats=_inherited(element, "swes:procedureDescriptionFormat"),
        observation_types=_inherited(element, "sos:observationType"),
        feature_types=_inherited(element, "sos:featureOfInterestType"),
        related_features=tuple(reference for target in targets if (reference := xml.href(target)) is not None),
        extent=Extent(
            begin=None if phenomenon_time is None else phenomenon_time.begin,
            end=None if phenomenon_time is None else phenomenon_time.end or phenomenon_time.begin,
            result_begin=None if result_time is None else result_time.begin,
            result_end=None if result_time is None else result_time.end or result_time.begin,
            bounds=_bounds(element),
        ),
    )


def _inherited(element: etree._Element, name: str) -> tuple[str, ...]:
    """Give the values of an offering, or those of all offerings where it has none (OGC 09-001 clause 7.3.2)."""
    own = xml.texts(element, name)
    contents = next(element.iterancestors(xml.tag("sos:Contents")), None)
    return own if own or contents is None else xml.texts(contents, name)


def _bounds(element: etree._Element) -> tuple[float, float, float, float] | None:
    envelope = element.find("sos:observedArea/gml:Envelope", xml.NAMESPACES)
    if envelope is None:
        return None
    (west, south), _, (east, north), *_ = gml32.decode_geometry(envelope)["coordinates"][0]
    return (west, south, east, north)
