"""
The plain way to write O&M 2.0, for comparison: an lxml tree of the whole answer.

Gives the same document as `sos_server.codecs.om20_encode` for measurements at instants; the benchmark compares their
costs, a test that they are equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import sampling20, xml
from sos_server.codecs.uom import encode_uom
from sos_server.time import format_instant, from_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sos_server.model import Feature, SeriesInfo, StoredRow

PREFIXES = ("sos", "om", "gml", "sam", "sams", "swe", "xlink", "xsi", "xs")
GML, OM, SOS = (f"{{{xml.NAMESPACES[prefix]}}}" for prefix in ("gml", "om", "sos"))


def encode(series: Iterable[tuple[SeriesInfo, Iterator[StoredRow]]]) -> bytes:
    """Write a GetObservationResponse of measurements at instants."""
    root = etree.Element(f"{SOS}GetObservationResponse", nsmap={prefix: xml.NAMESPACES[prefix] for prefix in PREFIXES})
    features: dict[str, int] = {}
    number = 0
    for info, rows in series:
        for row in rows:
            number += 1
            _add(root, info, row, number, features)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _add(root: etree._Element, info: SeriesInfo, row: StoredRow, number: int, features: dict[str, int]) -> None:
    member = etree.SubElement(root, f"{SOS}observationData")
    element = etree.SubElement(member, f"{OM}OM_Observation", {xml.GML_ID: f"o_{number}"})
    etree.SubElement(element, f"{OM}type", {xml.XLINK_HREF: info.observation_type})
    for name, gml_id, time in (
        ("phenomenonTime", f"pt_{number}", row.begin),
        ("resultTime", f"rt_{number}", row.result_time),
    ):
        holder = etree.SubElement(element, f"{OM}{name}")
        instant = etree.SubElement(holder, f"{GML}TimeInstant", {xml.GML_ID: gml_id})
        etree.SubElement(instant, f"{GML}timePosition").text = format_instant(from_microseconds(time))
    etree.SubElement(element, f"{OM}procedure", {xml.XLINK_HREF: info.procedure})
    etree.SubElement(element, f"{OM}observedProperty", {xml.XLINK_HREF: info.observed_property})
    _add_feature(element, info.feature, features)
    unit = encode_uom(info.uom or "1")
    result = etree.SubElement(element, f"{OM}result", {xml.XSI_TYPE: "gml:MeasureType", "uom": unit})
    result.text = repr(row.value).removesuffix(".0")
    member.tail = "\n"


def _add_feature(element: etree._Element, feature: Feature, features: dict[str, int]) -> None:
    holder = etree.SubElement(element, f"{OM}featureOfInterest")
    if feature.geometry is not None and feature.identifier not in features:
        features[feature.identifier] = len(features) + 1
        holder.append(sampling20.encode_feature(feature, f"ssf_{features[feature.identifier]}"))
        return
    holder.set(xml.XLINK_HREF, feature.identifier)
    if feature.name:
        holder.set(xml.XLINK_TITLE, feature.name)
