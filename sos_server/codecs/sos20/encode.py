"""SOS 2.0 answers as documents (OGC 12-006)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sos_server.codecs import om20_array, om20_encode, sampling20, sensorml_enrich, sosdo, sosdrt, sosgda, swes20, xml
from sos_server.codecs.sos20 import capabilities_written, results
from sos_server.codecs.sos20.encode_request import encode_request
from sos_server.responses import (
    Capabilities,
    DataAvailability,
    Features,
    MergedObservations,
    Observations,
    ObservationsById,
    ObservationsDeleted,
    ObservationsInserted,
    Response,
    Results,
    ResultsInserted,
    ResultTemplateFound,
    ResultTemplateInserted,
    ResultTemplatesDeleted,
    SensorDeleted,
    SensorDescribed,
    SensorInserted,
    SensorUpdated,
)

__all__ = ["encode", "encode_request"]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lxml import etree

    from sos_server.model import Feature, ValidDescription


def encode(response: Response, *, counts_as_measures: bool = True) -> Iterator[bytes]:
    """Write an answer; only observations are a stream of more than one part."""
    match response:
        case Observations():
            yield from om20_encode.encode_observations(response.series, counts_as_measures=counts_as_measures)
        case ObservationsById():
            yield from om20_encode.encode_by_id(response.series, counts_as_measures=counts_as_measures)
        case MergedObservations():
            yield from om20_array.encode_merged(response.series)
        case Results():
            yield from results.encode_results(response)
        case _:
            yield _WRITERS[type(response)](response)


def _sensor_inserted(response: SensorInserted) -> bytes:
    root = xml.new("swes:InsertSensorResponse")
    xml.add(root, "swes:assignedProcedure", response.procedure)
    xml.add(root, "swes:assignedOffering", response.offering)
    return xml.serialize(root)


def _sensor_described(response: SensorDescribed) -> bytes:
    root = xml.new("swes:DescribeSensorResponse")
    xml.add(root, "swes:procedureDescriptionFormat", response.description_format)
    swes20.add_descriptions(root, response.descriptions, lambda each: _enriched(each, response))
    return xml.serialize(root)


def _enriched(description: ValidDescription, response: SensorDescribed) -> etree._Element:
    return sensorml_enrich.enrich(description, response.offerings, response.observed_properties, response.features)


def _features(features: Iterable[Feature]) -> bytes:
    """Write features; one without a shape, which the schema wants, is referred to by its identifier."""
    root = xml.new("sos:GetFeatureOfInterestResponse")
    for number, feature in enumerate(features, start=1):
        member = xml.add(root, "sos:featureMember")
        if feature.geometry is not None:
            member.append(sampling20.encode_feature(feature, f"ssf_{number}"))
            continue
        member.set(xml.XLINK_HREF, feature.identifier)
        if feature.name:
            member.set(xml.XLINK_TITLE, feature.name)
    return xml.serialize(root)


def _answer(name: str, member: str, value: str) -> bytes:
    root = xml.new(name)
    xml.add(root, member, value)
    return xml.serialize(root)


_WRITERS: dict[type, Callable[[Any], bytes]] = {
    Capabilities: capabilities_written.encode,
    SensorDescribed: _sensor_described,
    Features: lambda response: _features(response.features),
    DataAvailability: sosgda.encode,
    SensorInserted: _sensor_inserted,
    SensorUpdated: lambda response: _answer(
        "swes:UpdateSensorDescriptionResponse", "swes:updatedProcedure", response.procedure
    ),
    SensorDeleted: lambda response: _answer("swes:DeleteSensorResponse", "swes:deletedProcedure", response.procedure),
    ObservationsInserted: lambda _: xml.serialize(xml.new("sos:InsertObservationResponse")),
    ObservationsDeleted: sosdo.encode,
    ResultTemplateInserted: lambda response: results.encode_accepted(response.identifier),
    ResultTemplatesDeleted: sosdrt.encode,
    ResultsInserted: lambda _: xml.serialize(xml.new("sos:InsertResultResponse")),
    ResultTemplateFound: lambda response: results.encode_template(response.template),
}
