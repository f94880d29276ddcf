"""DeleteObservation, 52°North's extension of SOS 2.0 (`sosdo` 1.0 by identifier, 2.0 also by filters)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import fes20, gml32, xml
from sos_server.codecs.sos20 import elements
from sos_server.errors import InvalidRequest, MissingParameterValue
from sos_server.requests import DeleteObservation

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from sos_server.responses import ObservationsDeleted

NAMESPACES = {"1.0": xml.NAMESPACES["sosdo10"], "2.0": xml.NAMESPACES["sosdo20"]}


def _decode_one(root: etree._Element) -> DeleteObservation:
    elements.check_children(root, "observation")
    observations = elements.texts(root, "sosdo10:observation")
    if not observations:
        raise MissingParameterValue("DeleteObservation has no observation.", "observation")
    if len(observations) > 1:
        raise InvalidRequest("DeleteObservation 1.0 takes one observation; use version 2.0 for more.", "observation")
    return DeleteObservation(observations)


def _decode_filter(root: etree._Element) -> DeleteObservation:
    elements.check_children(
        root, "observation", "procedure", "observedProperty", "featureOfInterest", "offering", "temporalFilter"
    )
    times = gml32.Times(root)
    return DeleteObservation(
        observations=elements.texts(root, "sosdo20:observation"),
        offerings=elements.texts(root, "sosdo20:offering"),
        procedures=elements.texts(root, "sosdo20:procedure"),
        observed_properties=elements.texts(root, "sosdo20:observedProperty"),
        features_of_interest=elements.texts(root, "sosdo20:featureOfInterest"),
        temporal_filters=tuple(
            fes20.decode_temporal(elements.inner(holder), times)
            for holder in root.iterchildren(xml.tag("sosdo20:temporalFilter"))
        ),
        version="2.0",
    )


DECODERS: dict[str, Callable[[etree._Element], DeleteObservation]] = {
    xml.tag("sosdo10:DeleteObservation"): _decode_one,
    xml.tag("sosdo20:DeleteObservation"): _decode_filter,
}


def encode_request(request: DeleteObservation) -> bytes:
    """Write a request as a client sends it."""
    prefix = "sosdo10" if request.version == "1.0" else "sosdo20"
    root = xml.new(f"{prefix}:DeleteObservation", service="SOS", version="2.0.0")
    for name, values in (
        ("observation", request.observations),
        ("procedure", request.procedures),
        ("observedProperty", request.observed_properties),
        ("featureOfInterest", request.features_of_interest),
        ("offering", request.offerings),
    ):
        for value in values:
            xml.add(root, f"{prefix}:{name}", value)
    for number, condition in enumerate(request.temporal_filters, start=1):
        xml.add(root, f"{prefix}:temporalFilter").append(fes20.encode_temporal(condition, f"t{number}"))
    return xml.serialize(root)


def encode(response: ObservationsDeleted) -> bytes:
    """Write that observations are gone; only version 1.0 tells which."""
    if response.identifier is None:
        return xml.serialize(xml.new("sosdo20:DeleteObservationResponse"))
    root = xml.new("sosdo10:DeleteObservationResponse")
    xml.add(root, "sosdo10:deletedObservation", response.identifier)
    return xml.serialize(root)
