"""SOS 2.0 requests as documents (OGC 12-006): what a client sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from sos_server.codecs import fes20, gml32, om20_encode, sosdo, sosdrt, sosgda, swes20, xml, xsd
from sos_server.codecs.sos20 import parameters, results
from sos_server.errors import OptionNotSupported
from sos_server.requests import (
    DeleteObservation,
    DeleteResultTemplate,
    DeleteSensor,
    DescribeSensor,
    GetCapabilities,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservation,
    GetObservationById,
    GetResult,
    GetResultTemplate,
    InsertObservation,
    InsertResult,
    InsertResultTemplate,
    InsertSensor,
    Request,
    UpdateSensorDescription,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def encode_request(request: Request) -> bytes:
    """Write a request as a client sends it; raises `OptionNotSupported` where no client of ours sends it."""
    write = _WRITERS.get(type(request))
    if write is None:
        raise OptionNotSupported(f"{type(request).__name__} is not written here.")
    return write(request)


def _document(build: Callable[[Any], etree._Element]) -> Callable[[Any], bytes]:
    return lambda request: xml.serialize(build(request))


def _insert_observation(request: InsertObservation) -> bytes:
    root = om20_encode.insertion_root(request.offerings)
    return b"".join(om20_encode.encode_insertion(root, request.observations))


def _get_observation_by_id(request: GetObservationById) -> etree._Element:
    return _listed("sos:GetObservationById", {"sos:observation": request.observations})


def _delete_sensor(request: DeleteSensor) -> etree._Element:
    return _listed("swes:DeleteSensor", {"swes:procedure": (request.procedure,)})


def _request(name: str) -> etree._Element:
    return xml.new(name, service=parameters.SERVICE, version=parameters.VERSION)


def _listed(name: str, values: Mapping[str, Iterable[str]]) -> etree._Element:
    root = _request(name)
    for child, texts in values.items():
        for text in texts:
            xml.add(root, child, text)
    return root


def _describe_sensor(request: DescribeSensor) -> etree._Element:
    values = {
        "swes:procedure": (request.procedure,),
        "swes:procedureDescriptionFormat": (request.description_format,),
    }
    root = _listed("swes:DescribeSensor", values)
    if request.valid_time is not None:
        begin, end = request.valid_time
        time = gml32.encode_instant(begin, "vt") if begin == end else gml32.encode_period(begin, end, "vt")
        xml.add(root, "swes:validTime").append(time)
    return root


def _get_feature_of_interest(request: GetFeatureOfInterest) -> etree._Element:
    values = {
        "sos:procedure": request.procedures,
        "sos:observedProperty": request.observed_properties,
        "sos:featureOfInterest": request.features_of_interest,
    }
    root = _listed("sos:GetFeatureOfInterest", values)
    for number, condition in enumerate(request.spatial_filters, start=1):
        xml.add(root, "sos:spatialFilter").append(fes20.encode_spatial(condition, f"s{number}"))
    return root


def _update_sensor_description(request: UpdateSensorDescription) -> etree._Element:
    values = {
        "swes:procedure": (request.procedure,),
        "swes:procedureDescriptionFormat": (request.description_format,),
    }
    root = _listed("swes:UpdateSensorDescription", values)
    swes20.add_descriptions(root, request.descriptions)
    return root


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
    if request.merged is not None:
        switch = xml.add(xml.add(root, "swes:extension"), "swe:Boolean", definition=parameters.MERGE)
        xml.add(switch, "swe:value", xsd.write_boolean(request.merged))
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
    if request.spatial_filter is not None:
        xml.add(root, "sos:spatialFilter").append(fes20.encode_spatial(request.spatial_filter, "s1"))
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


_WRITERS: dict[type, Callable[[Any], bytes]] = {
    GetCapabilities: _document(_get_capabilities),
    DescribeSensor: _document(_describe_sensor),
    GetObservation: _document(_get_observation),
    GetObservationById: _document(_get_observation_by_id),
    GetFeatureOfInterest: _document(_get_feature_of_interest),
    GetDataAvailability: sosgda.encode_request,
    InsertSensor: _document(_insert_sensor),
    UpdateSensorDescription: _document(_update_sensor_description),
    DeleteSensor: _document(_delete_sensor),
    InsertObservation: _insert_observation,
    DeleteObservation: sosdo.encode_request,
    DeleteResultTemplate: sosdrt.encode_request,
    **dict.fromkeys(
        (InsertResultTemplate, InsertResult, GetResultTemplate, GetResult), _document(results.encode_request)
    ),
}
