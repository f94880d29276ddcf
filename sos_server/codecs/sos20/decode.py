"""
SOS 2.0 documents to values: the requests that a service gets (OGC 12-006), and the answers that a client gets.

Children may come in any order: many clients do not follow the schema's. What is not understood is refused, because a
filter that is passed over would give wrong answers; extensions may be passed over (OGC 09-001 clause 7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import fes20, gml32, om20, sensorml, sosdo, sosdrt, sosgda, swes20, xml
from sos_server.codecs.sos20 import elements, parameters, results
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue, OperationNotSupported
from sos_server.model import ValidDescription
from sos_server.requests import (
    DeleteSensor,
    DescribeSensor,
    GetCapabilities,
    GetFeatureOfInterest,
    GetObservation,
    GetObservationById,
    InsertObservation,
    InsertSensor,
    Request,
    UpdateSensorDescription,
)
from sos_server.responses import ObservationsInserted, SensorInserted

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from sos_server.filters import SpatialFilter


def decode(root: etree._Element) -> Request:
    """Read a request document; raises the errors of `sos_server.errors` with line and locator."""
    decoder = _DECODERS.get(root.tag)
    name = xml.local_name(root)
    if decoder is None:
        known = ", ".join(dict.fromkeys(tag.rpartition("}")[2] for tag in _DECODERS))
        if xml.namespace(root) in (xml.NAMESPACES["sos"], xml.NAMESPACES["swes"]):
            raise OperationNotSupported(f"The operation {name} is not offered; use {known}.", name)
        raise InvalidRequest(f"{root.tag} is no request of SOS 2.0; use {known}.", name)
    _check_attributes(root, name)
    return decoder(root)


def _check_attributes(root: etree._Element, name: str) -> None:
    """Check service and version; the locator of a missing one is what the conformance tests look for."""
    is_capabilities = name == "GetCapabilities"
    for attribute, check in (("service", parameters.check_service), ("version", parameters.check_version)):
        value = root.get(attribute)
        if value is not None and not (is_capabilities and attribute == "version"):
            check(value.strip())
        elif value is None and not is_capabilities:
            raise InvalidRequest(
                f"{name} has no attribute {attribute} ({xml.where(root)}).",
                f"Expected attribute: {attribute} in element {name}@{xml.namespace(root)}",
            )


def _get_capabilities(root: etree._Element) -> GetCapabilities:
    elements.check_children(root, "AcceptVersions", "Sections", "AcceptFormats")
    sections = xml.child(root, "ows:Sections")
    versions, formats = xml.child(root, "ows:AcceptVersions"), xml.child(root, "ows:AcceptFormats")
    return GetCapabilities(
        accept_versions=() if versions is None else xml.texts(versions, "ows:Version"),
        sections=None if sections is None else parameters.read_sections(xml.texts(sections, "ows:Section")),
        accept_formats=() if formats is None else xml.texts(formats, "ows:OutputFormat"),
        update_sequence=root.get("updateSequence") or None,
    )


def _describe_sensor(root: etree._Element) -> DescribeSensor:
    elements.check_children(root, "procedure", "procedureDescriptionFormat", "validTime")
    times = xml.child(root, "swes:validTime")
    valid = None if times is None else gml32.decode_time(elements.inner(times))
    if times is not None and valid is None:
        raise InvalidParameterValue(f"The time at {xml.where(times)} is unknown; give an instant.", "validTime")
    return DescribeSensor(
        procedure=elements.text(root, "swes:procedure"),
        description_format=elements.text(root, "swes:procedureDescriptionFormat"),
        valid_time=None if valid is None else (valid.begin, valid.end or valid.begin),
    )


def _get_observation(root: etree._Element) -> GetObservation:
    elements.check_children(
        root,
        "procedure",
        "offering",
        "observedProperty",
        "temporalFilter",
        "featureOfInterest",
        "spatialFilter",
        "responseFormat",
    )
    times = gml32.Times(root)
    spatial = _spatial_filters(root)
    if len(spatial) > 1:
        raise InvalidRequest("There is more than one spatialFilter; one is allowed.", "spatialFilter")
    formats = elements.texts(root, "sos:responseFormat")
    return GetObservation(
        offerings=elements.texts(root, "sos:offering"),
        procedures=elements.texts(root, "sos:procedure"),
        observed_properties=elements.texts(root, "sos:observedProperty"),
        features_of_interest=elements.texts(root, "sos:featureOfInterest"),
        temporal_filters=tuple(
            fes20.decode_temporal(elements.inner(holder), times)
            for holder in root.iterchildren(xml.tag("sos:temporalFilter"))
        ),
        spatial_filter=spatial[0] if spatial else None,
        response_format=formats[0] if formats else None,
        merged=elements.flags(root).get(parameters.MERGE.lower()),
    )


def _spatial_filters(root: etree._Element) -> tuple[SpatialFilter, ...]:
    holders = root.iterchildren(xml.tag("sos:spatialFilter"))
    return tuple(fes20.decode_spatial(elements.inner(holder)) for holder in holders)


def _get_observation_by_id(root: etree._Element) -> GetObservationById:
    elements.check_children(root, "observation")
    observations = elements.texts(root, "sos:observation")
    if not observations:
        raise MissingParameterValue("GetObservationById has no observation.", "observation")
    return GetObservationById(observations)


def _get_feature_of_interest(root: etree._Element) -> GetFeatureOfInterest:
    elements.check_children(root, "procedure", "observedProperty", "featureOfInterest", "spatialFilter")
    return GetFeatureOfInterest(
        procedures=elements.texts(root, "sos:procedure"),
        observed_properties=elements.texts(root, "sos:observedProperty"),
        features_of_interest=elements.texts(root, "sos:featureOfInterest"),
        spatial_filters=_spatial_filters(root),
    )


def _insert_sensor(root: etree._Element) -> InsertSensor:
    elements.check_children(
        root, "procedureDescriptionFormat", "procedureDescription", "observableProperty", "relatedFeature", "metadata"
    )
    description_format = elements.text(root, "swes:procedureDescriptionFormat")
    description = elements.inner(xml.required_child(root, "swes:procedureDescription"))
    metadata = root.find("swes:metadata/sos:SosInsertionMetadata", xml.NAMESPACES)
    if metadata is None:
        raise MissingParameterValue("InsertSensor has no metadata with a SosInsertionMetadata.", "metadata")
    properties = elements.texts(root, "swes:observableProperty")
    if not properties:
        raise MissingParameterValue("InsertSensor has no observableProperty.", "observableProperty")
    targets = root.iterfind("swes:relatedFeature/swes:FeatureRelationship/swes:target", xml.NAMESPACES)
    return InsertSensor(
        description=sensorml.decode_description(description, description_format),
        observed_properties=properties,
        observation_types=elements.texts(metadata, "sos:observationType"),
        feature_types=elements.texts(metadata, "sos:featureOfInterestType"),
        related_features=tuple(reference for target in targets if (reference := xml.href(target)) is not None),
    )


def _update_sensor_description(root: etree._Element) -> UpdateSensorDescription:
    elements.check_children(root, "procedure", "procedureDescriptionFormat", "description")
    procedure = elements.text(root, "swes:procedure")
    description_format = elements.text(root, "swes:procedureDescriptionFormat")
    holders = root.iterchildren(xml.tag("swes:description"))
    descriptions = tuple(
        _valid_description(elements.inner(holder), procedure, description_format) for holder in holders
    )
    if not descriptions:
        raise MissingParameterValue("UpdateSensorDescription has no description.", "description")
    return UpdateSensorDescription(procedure, description_format, descriptions)


def _valid_description(holder: etree._Element, procedure: str, description_format: str) -> ValidDescription:
    data = elements.inner(xml.required_child(holder, "swes:data"))
    described = sensorml.decode_description(data, description_format, known_as=procedure)
    if described.procedure != procedure:
        raise InvalidParameterValue(
            f"The description at {xml.where(data)} is of {described.procedure!r}, not of {procedure!r}.", "procedure"
        )
    valid = xml.child(holder, "swes:validTime")
    begin, end = (None, None) if valid is None else swes20.decode_validity(elements.inner(valid))
    return ValidDescription(description_format, described.document, begin, end)


def _delete_sensor(root: etree._Element) -> DeleteSensor:
    elements.check_children(root, "procedure")
    return DeleteSensor(elements.text(root, "swes:procedure"))


def _insert_observation(root: etree._Element) -> InsertObservation:
    elements.check_children(root, "offering", "observation")
    parameters.check_split(elements.flags(root).get(parameters.SPLIT.lower()))
    offerings = elements.texts(root, "sos:offering")
    if not offerings:
        raise MissingParameterValue("InsertObservation has no offering.", "offering")
    for holder in root.iterchildren(xml.tag("sos:observation")):
        if elements.inner(holder).tag != xml.tag("om:OM_Observation"):
            raise InvalidRequest(f"The observation at {xml.where(holder)} is no om:OM_Observation.", "observation")
    observations = tuple(om20.decode_observations(root, strict=True, whole=True))
    if xml.child(root, "sos:observation") is None:
        raise MissingParameterValue("InsertObservation has no observation.", "observation")
    return InsertObservation(offerings=offerings, observations=observations)


_DECODERS: dict[str, Callable[[etree._Element], Request]] = {
    xml.tag("sos:GetCapabilities"): _get_capabilities,
    xml.tag("swes:DescribeSensor"): _describe_sensor,
    xml.tag("sos:GetObservation"): _get_observation,
    xml.tag("swes:InsertSensor"): _insert_sensor,
    xml.tag("sos:GetObservationById"): _get_observation_by_id,
    xml.tag("sos:GetFeatureOfInterest"): _get_feature_of_interest,
    xml.tag("swes:UpdateSensorDescription"): _update_sensor_description,
    xml.tag("swes:DeleteSensor"): _delete_sensor,
    xml.tag("sos:InsertObservation"): _insert_observation,
    **sosgda.DECODERS,
    **sosdo.DECODERS,
    **sosdrt.DECODERS,
    **results.DECODERS,
}


def decode_response(root: etree._Element) -> SensorInserted | ObservationsInserted:
    """Read the answer to an InsertSensor or InsertObservation; the latter tells no count, it is 0 here."""
    if root.tag == xml.tag("swes:InsertSensorResponse"):
        return SensorInserted(
            elements.text(root, "swes:assignedProcedure"), elements.text(root, "swes:assignedOffering")
        )
    if root.tag == xml.tag("sos:InsertObservationResponse"):
        return ObservationsInserted(0)
    raise InvalidRequest(f"{root.tag} is no answer to an insertion.")
