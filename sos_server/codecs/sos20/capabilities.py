"""The capabilities of SOS 2.0 (OGC 12-006 clause 8.1) as the service writes them."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import fes20, ows11, sosgda, swe20_encoding, xml
from sos_server.codecs.sos20 import parameters
from sos_server.codecs.sos20.offerings import RESPONSE_FORMATS, encode_offering

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sos_server.model import OfferingContent
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
_MARK = "written-apart"  # stands for a part of the document while it is made
_PREFIXES = ("sos", "swes", "ows", "fes", "gml", "xlink", "om", "sams")
_NOT_OVER_KVP = frozenset(
    {"InsertSensor", "UpdateSensorDescription", "InsertObservation", "InsertResultTemplate", "InsertResult"}
)
MEDIA_TYPES = ("application/xml", "text/xml")
_NOTHING = "http://www.opengis.net/def/nil/OGC/0/unknown"


def encode(capabilities: Capabilities, written: Written | None = None) -> bytes:
    """Write the capabilities document with the sections that are asked for; `written` keeps parts for the next one."""
    written = written or Written()
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
        etree.SubElement(root, _MARK)
    if "InsertionCapabilities" in sections:
        _add_insertion(root, capabilities)
    if "FilterCapabilities" in sections:
        xml.add(root, "sos:filterCapabilities").append(fes20.encode_capabilities())
    if "Contents" in sections:
        _add_contents(root, capabilities)
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(_PREFIXES))
    before, *after = xml.serialize(root).split(f"<{_MARK}/>".encode())
    parts = [before]
    if "OperationsMetadata" in sections:
        parts += [written.operations(capabilities), after.pop(0)]
    if "Contents" in sections:
        parts += [*written.offerings(capabilities.contents), after.pop(0)]
    return b"".join(parts)


class Written:
    """
    The parts of a document that seldom change: what operations take, and the offerings that are as they were.

    They are most of it where there are many offerings. Replaced as a whole, so that threads need no lock.
    """

    def __init__(self) -> None:
        self._operations: tuple[object, bytes] = (None, b"")
        self._offerings: tuple[tuple[OfferingContent, ...], list[bytes]] = ((), [])

    def operations(self, capabilities: Capabilities) -> bytes:
        """Give the section of operations."""
        allowed = _parameters(capabilities)
        known, text = self._operations
        if known != (capabilities.base_url, allowed):
            text = _fragment(_operations(capabilities.base_url, allowed))
            self._operations = (capabilities.base_url, allowed), text
        return text

    def offerings(self, contents: tuple[OfferingContent, ...]) -> list[bytes]:
        """Give the offerings; those that are as they were, and where they were, are not written again."""
        known, texts = self._offerings
        if contents is not known:
            texts = [
                text if content == old else _offering_text(content, number)
                for number, (content, old, text) in enumerate(
                    zip_longest(contents, known[: len(contents)], texts[: len(contents)]), start=1
                )
            ]
            self._offerings = contents, texts
        return texts


def _offering_text(content: OfferingContent, number: int) -> bytes:
    holder = xml.new("swes:offering")
    holder.append(encode_offering(content, number))
    return _fragment(holder)


def _fragment(element: etree._Element) -> bytes:
    """Write a part as it stands inside a document."""
    holder = etree.Element("holder", nsmap={prefix: xml.NAMESPACES[prefix] for prefix in _PREFIXES})
    holder.append(element)
    etree.cleanup_namespaces(holder, keep_ns_prefixes=list(_PREFIXES))
    text: bytes = etree.tostring(holder, encoding="UTF-8")
    return text[text.index(b">") + 1 : text.rindex(b"</")]


def _operations(base_url: str, parameters_of: Mapping[str, Mapping[str, tuple[str, ...] | None]]) -> etree._Element:
    section = xml.new("ows:OperationsMetadata")
    post = base_url.rstrip("?&")
    get = post + ("&" if "?" in post else "?")
    for name, allowed in parameters_of.items():
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
    etree.SubElement(contents, _MARK)
    for response_format in RESPONSE_FORMATS:
        xml.add(contents, "sos:responseFormat", response_format)
    for observation_type in capabilities.observation_types:
        xml.add(contents, "sos:observationType", observation_type)
    for feature_type in capabilities.feature_types:
        xml.add(contents, "sos:featureOfInterestType", feature_type)
