"""Sampling features (OGC 10-004r3 and 10-025r1, `sam` and `sams` 2.0), and what can be read of other features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sos_server.codecs import gml32, gml32_encode, xml
from sos_server.errors import InvalidRequest
from sos_server.model import SAMPLING_CURVE, SAMPLING_FEATURE, SAMPLING_POINT, SAMPLING_SURFACE, Feature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

UNKNOWN = "http://www.opengis.net/def/nil/OGC/0/unknown"
_TYPES = {"Point": SAMPLING_POINT, "LineString": SAMPLING_CURVE, "Polygon": SAMPLING_SURFACE}


def decode_feature(element: etree._Element, *, strict: bool = False) -> Feature:
    """
    Read a feature of any type: its identifier (else its gml:id), name, description and shape.

    A shape that cannot be turned into longitude and latitude is refused with `strict`, else left out.
    """
    identifier = xml.text_of(xml.child(element, "gml:identifier")) or element.get(xml.GML_ID)
    if not identifier:
        raise InvalidRequest(f"The feature at {xml.where(element)} has no gml:identifier.", "featureOfInterest")
    geometry = _shape(element, strict=strict)
    declared, sampled = (xml.href(xml.child(element, name)) for name in ("sam:type", "sam:sampledFeature"))
    by_shape = _TYPES.get(geometry["type"], SAMPLING_FEATURE) if geometry else SAMPLING_FEATURE
    return Feature(
        identifier=identifier,
        name=xml.text_of(xml.child(element, "gml:name")),
        description=xml.text_of(xml.child(element, "gml:description")),
        geometry=geometry,
        feature_type=declared or by_shape,
        sampled_feature=None if sampled == UNKNOWN else sampled,
    )


def _shape(element: etree._Element, *, strict: bool) -> Mapping[str, Any] | None:
    holder = next(element.iter(xml.tag("sams:shape")), None)
    shape = xml.first_element(holder)
    if shape is None:
        return None
    try:
        return gml32.decode_geometry(shape)
    except InvalidRequest:
        if strict:
            raise
        return None


def encode_feature(feature: Feature, gml_id: str) -> etree._Element:
    """Write a `sams:SF_SpatialSamplingFeature`; the feature must have a geometry, the schema wants a shape."""
    if feature.geometry is None:
        raise InvalidRequest(f"The feature {feature.identifier} has no geometry; refer to it by its identifier.")
    element = xml.new("sams:SF_SpatialSamplingFeature")
    element.set(xml.GML_ID, gml_id)
    if feature.description:
        xml.add(element, "gml:description", feature.description)
    xml.add(element, "gml:identifier", feature.identifier, codeSpace=UNKNOWN)
    if feature.name:
        xml.add(element, "gml:name", feature.name)
    xml.add(element, "sam:type", **{xml.XLINK_HREF: feature.feature_type})
    sampled = xml.add(element, "sam:sampledFeature")
    sampled.set(xml.XLINK_HREF, feature.sampled_feature or UNKNOWN)
    shape = xml.add(element, "sams:shape")
    shape.append(gml32_encode.encode_geometry(feature.geometry, f"{gml_id}_shape"))
    return element
