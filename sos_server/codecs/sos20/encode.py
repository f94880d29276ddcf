"""SOS 2.0 values to documents (OGC 12-006): the answers of a service, and the requests of its clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import fes20, om20_encode, xml
from sos_server.codecs.sos20 import capabilities, parameters
from sos_server.requests import (
    DescribeSensor,
    GetCapabilities,
    GetObservation,
    InsertObservation,
    InsertSensor,
    Request,
)
from sos_server.responses import (
    Capabilities,
    Observations,
    ObservationsInserted,
    Response,
    SensorDescribed,
    SensorInserted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sos_server.model import SensorDescription


def encode(response: Response, *, counts_as_measures: bool = True) -> Iterator[bytes]:
    """Write an answer; only observations are a stream of more than one part."""
    match response:
        case Capabilities():
            yield capabilities.encode(response)
        case SensorDescribed():
            yield _sensor_described(response.description)
        case Observations():
            yield from om20_encode.encode_observations(response.series, counts_as_measures=counts_as_measures)
        case SensorInserted():
            root = xml.new("swes:InsertSensorResponse")
            xml.add(root, "swes:assignedProcedure", response.procedure)
            xml.add(root, "swes:assignedOffering", response.offering)
            yield xml.serialize(root)
        case ObservationsInserted():
            yield xml.serialize(xml.new("sos:InsertObservationResponse"))


def _sensor_described(description: SensorDescription) -> bytes:
    root = xml.new("swes:DescribeSensorResponse")
    xml.add(root, "swes:procedureDescriptionFormat", description.description_format)
    holder = xml.add(xml.add(xml.add(root, "swes:description"), "swes:SensorDescription"), "swes:data")
    holder.append(xml.parse(description.document))
    return xml.serialize(root)


def encode_request(request: Request) -> bytes:
    """Write a request as a client sends it."""
    match request:
        case GetCapabilities():
            return xml.serialize(_get_capabilities(request))
        case DescribeSensor():
            root = _request("swes:DescribeSensor")
            xml.add(root, "swes:procedure", request.procedure)
            xml.add(root, "swes:procedureDescriptionFormat", request.description_format)
            return xml.serialize(root)
        case GetObservation():
            return xml.serialize(_get_observation(request))
        case InsertSensor():
            return xml.serialize(_insert_sensor(request))
        case InsertObservation():
            root = om20_encode.insertion_root(request.offerings)
            return b"".join(om20_encode.encode_insertion(root, request.observations))


def _request(name: str) -> etree._Element:
    return xml.new(name, service=parameters.SERVICE, version=parameters.VERSION)


def _get_capabilities(request: GetCapabilities) -> etree._Element:
    root = xml.new("sos:GetCapabilities", service=parameters.SERVICE)
    if request.update_sequence is not None:
        root.set("updateSequence", request.update_sequence)
    for holder, name, values in (
        ("ows:AcceptVersions", "ows:Version", request.accept_versions or None),
        ("ows:Sections", "ows:Section", request.sections),
        ("ows:AcceptFormats", "ows:OutputFormat", request.accept_formats or None),
    ):
        if values is not None:
            element = xml.add(root, holder)
            for value in values:
                xml.add(element, name, value)
    return root


def _get_observation(request: GetObservation) -> etree._Element:
    root = _request("sos:GetObservation")
    for name, values in (
        ("sos:procedure", request.procedures),
        ("sos:offering", request.offerings),
        ("sos:observedProperty", request.observed_properties),
    ):
        for value in values:
            xml.add(root, name, value)
    for number, condition in enumerate(request.temporal_filters, start=1):
        xml.add(root, "sos:temporalFilter").append(fes20.encode_temporal(condition, f"t{number}"))
    for feature in request.features_of_interest:
        xml.add(root, "sos:featureOfInterest", feature)
    if request.bounding_box is not None:
        xml.add(root, "sos:spatialFilter").append(fes20.encode_bounding_box(request.bounding_box))
    if request.response_format is not None:
        xml.add(root, "sos:responseFormat", request.response_format)
    return root


def _insert_sensor(request: InsertSensor) -> etree._Element:
    root = _request("swes:InsertSensor")
    xml.add(root, "swes:procedureDescriptionFormat", request.description.description_format)
    xml.add(root, "swes:procedureDescription").append(xml.parse(request.description.document))
    for observed_property in request.observed_properties:
        xml.add(root, "swes:observableProperty", observed_property)
    for feature in request.related_features:
        relationship = xml.add(xml.add(root, "swes:relatedFeature"), "swes:FeatureRelationship")
        xml.add(relationship, "swes:target", **{xml.XLINK_HREF: feature})
    metadata = xml.add(xml.add(root, "swes:metadata"), "sos:SosInsertionMetadata")
    for observation_type in request.observation_types:
        xml.add(metadata, "sos:observationType", observation_type)
    for feature_type in request.feature_types:
        xml.add(metadata, "sos:featureOfInterestType", feature_type)
    return root
