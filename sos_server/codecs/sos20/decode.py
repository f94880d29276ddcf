"""
SOS 2.0 documents to values: the requests that a service gets (OGC 12-006), and the answers that a client gets.

Children may come in any order: many clients do not follow the schema's. What is not understood is refused, because a
filter that is passed over would give wrong answers; extensions may be passed over (OGC 09-001 clause 7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import fes20, gml32, om20, sensorml, xml
from sos_server.codecs.sos20 import parameters
from sos_server.errors import InvalidRequest, MissingParameterValue, OperationNotSupported, OptionNotSupported
from sos_server.requests import (
    DescribeSensor,
    GetCapabilities,
    GetObservation,
    InsertObservation,
    InsertSensor,
    Request,
)
from sos_server.responses import ObservationsInserted, SensorInserted

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree


def decode(root: etree._Element) -> Request:
    """Read a request document; raises the errors of `sos_server.errors` with line and locator."""
    decoder = _DECODERS.get(root.tag)
    name = xml.local_name(root)
    if decoder is None:
        known = ", ".join(tag.rpartition("}")[2] for tag in _DECODERS)
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
    _check_children(root, "AcceptVersions", "Sections", "AcceptFormats")
    sections = xml.child(root, "ows:Sections")
    versions, formats = xml.child(root, "ows:AcceptVersions"), xml.child(root, "ows:AcceptFormats")
    return GetCapabilities(
        accept_versions=() if versions is None else xml.texts(versions, "ows:Version"),
        sections=None if sections is None else parameters.read_sections(xml.texts(sections, "ows:Section")),
        accept_formats=() if formats is None else xml.texts(formats, "ows:OutputFormat"),
        update_sequence=root.get("updateSequence") or None,
    )


def _describe_sensor(root: etree._Element) -> DescribeSensor:
    _check_children(root, "procedure", "procedureDescriptionFormat", "validTime")
    if xml.child(root, "swes:validTime") is not None:
        raise OptionNotSupported("Descriptions of other times are not kept; leave validTime out.", "validTime")
    return DescribeSensor(
        procedure=_text(root, "swes:procedure"), description_format=_text(root, "swes:procedureDescriptionFormat")
    )


def _get_observation(root: etree._Element) -> GetObservation:
    _check_children(
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
    spatial = [fes20.decode_spatial(_inner(holder)) for holder in root.iterchildren(xml.tag("sos:spatialFilter"))]
    if len(spatial) > 1:
        raise InvalidRequest("There is more than one spatialFilter; one is allowed.", "spatialFilter")
    formats = _texts(root, "sos:responseFormat")
    return GetObservation(
        offerings=_texts(root, "sos:offering"),
        procedures=_texts(root, "sos:procedure"),
        observed_properties=_texts(root, "sos:observedProperty"),
        features_of_interest=_texts(root, "sos:featureOfInterest"),
        temporal_filters=tuple(
            fes20.decode_temporal(_inner(holder), times) for holder in root.iterchildren(xml.tag("sos:temporalFilter"))
        ),
        bounding_box=spatial[0] if spatial else None,
        response_format=formats[0] if formats else None,
    )


def _insert_sensor(root: etree._Element) -> InsertSensor:
    _check_children(
        root, "procedureDescriptionFormat", "procedureDescription", "observableProperty", "relatedFeature", "metadata"
    )
    description_format = _text(root, "swes:procedureDescriptionFormat")
    description = _inner(xml.required_child(root, "swes:procedureDescription"))
    metadata = root.find("swes:metadata/sos:SosInsertionMetadata", xml.NAMESPACES)
    if metadata is None:
        raise MissingParameterValue("InsertSensor has no metadata with a SosInsertionMetadata.", "metadata")
    properties = _texts(root, "swes:observableProperty")
    if not properties:
        raise MissingParameterValue("InsertSensor has no observableProperty.", "observableProperty")
    targets = root.iterfind("swes:relatedFeature/swes:FeatureRelationship/swes:target", xml.NAMESPACES)
    return InsertSensor(
        description=sensorml.decode_description(description, description_format),
        observed_properties=properties,
        observation_types=_texts(metadata, "sos:observationType"),
        feature_types=_texts(metadata, "sos:featureOfInterestType"),
        related_features=tuple(reference for target in targets if (reference := xml.href(target)) is not None),
    )


def _insert_observation(root: etree._Element) -> InsertObservation:
    _check_children(root, "offering", "observation")
    offerings = _texts(root, "sos:offering")
    if not offerings:
        raise MissingParameterValue("InsertObservation has no offering.", "offering")
    for holder in root.iterchildren(xml.tag("sos:observation")):
        if _inner(holder).tag != xml.tag("om:OM_Observation"):
            raise InvalidRequest(f"The observation at {xml.where(holder)} is no om:OM_Observation.", "observation")
    observations = tuple(om20.decode_observations(root, strict=True))
    if xml.child(root, "sos:observation") is None:
        raise MissingParameterValue("InsertObservation has no observation.", "observation")
    return InsertObservation(offerings=offerings, observations=observations)


_DECODERS: dict[str, Callable[[etree._Element], Request]] = {
    xml.tag("sos:GetCapabilities"): _get_capabilities,
    xml.tag("swes:DescribeSensor"): _describe_sensor,
    xml.tag("sos:GetObservation"): _get_observation,
    xml.tag("swes:InsertSensor"): _insert_sensor,
    xml.tag("sos:InsertObservation"): _insert_observation,
}


def _check_children(root: etree._Element, *names: str) -> None:
    for child in root.iterchildren("*"):
        name = xml.local_name(child)
        if name not in (*names, "extension"):
            message = f"{xml.local_name(root)} has a child {name} that is not understood ({xml.where(child)})."
            raise InvalidRequest(message, name)


def _text(root: etree._Element, name: str) -> str:
    return parameters.require(xml.text_of(xml.child(root, name)), name.partition(":")[2])


def _texts(root: etree._Element, name: str) -> tuple[str, ...]:
    """Give the texts of the children of a name; an empty one is refused."""
    local = name.partition(":")[2]
    return tuple(parameters.require(xml.text_of(child), local) for child in root.iterchildren(xml.tag(name)))


def _inner(holder: etree._Element) -> etree._Element:
    inner = xml.first_element(holder)
    if inner is None:
        raise MissingParameterValue(
            f"{xml.local_name(holder)} at {xml.where(holder)} is empty.", xml.local_name(holder)
        )
    return inner


def decode_response(root: etree._Element) -> SensorInserted | ObservationsInserted:
    """Read the answer to an InsertSensor or InsertObservation; the latter tells no count, it is 0 here."""
    if root.tag == xml.tag("swes:InsertSensorResponse"):
        return SensorInserted(_text(root, "swes:assignedProcedure"), _text(root, "swes:assignedOffering"))
    if root.tag == xml.tag("sos:InsertObservationResponse"):
        return ObservationsInserted(0)
    raise InvalidRequest(f"{root.tag} is no answer to an insertion.")
