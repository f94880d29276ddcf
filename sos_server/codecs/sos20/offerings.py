"""The offerings in capabilities of SOS 2.0 (OGC 12-006 clause 7.2): written by the service, and read by clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import gml32, gml32_encode, om20, xml
from sos_server.model import Extent, Offering, OfferingContent

if TYPE_CHECKING:
    from lxml import etree

RESPONSE_FORMATS = (om20.RESPONSE_FORMAT,)


def encode_offering(content: OfferingContent, number: int) -> etree._Element:
    """Write an offering, the so-many-th of its document; what all have in common is repeated in each."""
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
