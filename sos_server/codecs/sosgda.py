"""
GetDataAvailability, 52°North's extension of SOS 2.0 (`sosgda` 1.0 and 2.0): requests and answers.

Both versions tell the time of each series. 1.0 puts offerings into an extension; 2.0 tells each offering apart, with
the formats that it can be asked for. The number of observations and the range of result times come when asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import gml32, xml
from sos_server.codecs.sos20 import elements
from sos_server.errors import OptionNotSupported
from sos_server.requests import GetDataAvailability
from sos_server.time import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from sos_server.model import SeriesExtent
    from sos_server.responses import DataAvailability

NAMESPACES = {version: xml.NAMESPACES[f"sosgda{version.replace('.', '')}"] for version in ("1.0", "2.0")}
SHOW_COUNT, INCLUDE_RESULT_TIMES = "ShowCount", "IncludeResultTimes"
RESPONSE_FORMAT = "http://www.opengis.net/om/2.0"
_RESULT_TIME = "http://www.opengis.net/def/property/OGC-OM/2.0/resultTime"
_GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


def _prefix(version: str) -> str:
    return f"sosgda{version.replace('.', '')}"


def _decode(root: etree._Element) -> GetDataAvailability:
    version = next(version for version, uri in NAMESPACES.items() if uri == xml.namespace(root))
    prefix = _prefix(version)
    formats = ("responseFormat",) if version == "2.0" else ()
    elements.check_children(root, "procedure", "observedProperty", "featureOfInterest", "offering", *formats)
    flags = _flags(root)
    return GetDataAvailability(
        offerings=elements.texts(root, f"{prefix}:offering"),
        procedures=elements.texts(root, f"{prefix}:procedure"),
        observed_properties=elements.texts(root, f"{prefix}:observedProperty"),
        features_of_interest=elements.texts(root, f"{prefix}:featureOfInterest"),
        response_formats=elements.texts(root, f"{prefix}:responseFormat"),
        show_count=flags.get(SHOW_COUNT.lower(), False),
        include_result_times=flags.get(INCLUDE_RESULT_TIMES.lower(), False),
        version=version,
    )


def _flags(root: etree._Element) -> dict[str, bool]:
    """Read the extensions that are understood; others may be passed over, but not a filter."""
    for inner in root.iterfind("swes:extension/*", xml.NAMESPACES):
        if xml.namespace(inner) == xml.NAMESPACES["fes"]:
            raise OptionNotSupported(
                f"Result times are told as a range, without a filter ({xml.where(inner)}); leave it out.",
                "extension",
            )
    return elements.flags(root)


DECODERS: dict[str, Callable[[etree._Element], GetDataAvailability]] = {
    f"{{{uri}}}GetDataAvailability": _decode for uri in NAMESPACES.values()
}


def encode_request(request: GetDataAvailability) -> bytes:
    """Write a request as a client sends it."""
    prefix = _prefix(request.version)
    root = xml.new(f"{prefix}:GetDataAvailability", service="SOS", version="2.0.0")
    for name, value in ((SHOW_COUNT, request.show_count), (INCLUDE_RESULT_TIMES, request.include_result_times)):
        if value:
            flag = xml.add(xml.add(root, "swes:extension"), "swe:Boolean", definition=name)
            xml.add(flag, "swe:value", "true")
    for name, values in (
        ("procedure", request.procedures),
        ("observedProperty", request.observed_properties),
        ("featureOfInterest", request.features_of_interest),
        ("offering", request.offerings),
        ("responseFormat", request.response_formats),
    ):
        for each in values:
            xml.add(root, f"{prefix}:{name}", each)
    return xml.serialize(root)


def encode(response: DataAvailability) -> bytes:
    """Write what there is, in the version that was asked for."""
    prefix = _prefix(response.version)
    root = xml.new(f"{prefix}:GetDataAvailabilityResponse")
    for number, extent in enumerate(response.members, start=1):
        member = xml.add(root, f"{prefix}:dataAvailabilityMember", **{xml.GML_ID: f"dam_{number}"})
        _add_reference(member, f"{prefix}:procedure", extent.procedure)
        _add_reference(member, f"{prefix}:observedProperty", extent.observed_property)
        feature = extent.feature
        _add_reference(member, f"{prefix}:featureOfInterest", feature.identifier, feature.name)
        holder = xml.add(member, f"{prefix}:phenomenonTime")
        holder.append(gml32.encode_period(extent.begin, extent.end, f"tp_{number}"))
        if response.show_count:
            xml.add(member, f"{prefix}:count", str(extent.count))
        if response.version == "1.0":
            _add_offerings(member, extent)
        else:
            _add_reference(member, f"{prefix}:offering", extent.offerings[0])
            _add_formats(member, extent, response.description_formats[extent.procedure][0])
        if response.include_result_times:
            _add_result_times(xml.add(member, f"{prefix}:extension"), extent)
    return xml.serialize(root)


def _add_reference(member: etree._Element, name: str, identifier: str, title: str | None = None) -> None:
    xml.add(member, name, **{xml.XLINK_HREF: identifier, xml.XLINK_TITLE: title or identifier})


def _add_offerings(member: etree._Element, extent: SeriesExtent) -> None:
    for offering in extent.offerings:
        text = xml.add(xml.add(member, "sosgda10:extension"), "swe:Text", definition="offering")
        xml.add(text, "swe:value", offering)


def _add_formats(member: etree._Element, extent: SeriesExtent, description_format: str) -> None:
    descriptor = xml.add(member, "sosgda20:formatDescriptor")
    described = xml.add(descriptor, "sosgda20:procedureDescriptionFormatDescriptor")
    xml.add(described, "sosgda20:procedureDescriptionFormat", description_format)
    observed = xml.add(descriptor, "sosgda20:observationFormatDescriptor")
    xml.add(observed, "sosgda20:responseFormat", RESPONSE_FORMAT)
    for observation_type in extent.observation_types:
        xml.add(observed, "sosgda20:observationType", observation_type)


def _add_result_times(extension: etree._Element, extent: SeriesExtent) -> None:
    field = xml.add(xml.add(extension, "swe:DataRecord", definition="resultTimes"), "swe:field", name="resultTime")
    time = xml.add(field, "swe:TimeRange", definition=_RESULT_TIME)
    xml.add(time, "swe:uom", **{xml.XLINK_HREF: _GREGORIAN})
    xml.add(time, "swe:value", f"{format_instant(extent.result_begin)} {format_instant(extent.result_end)}")
