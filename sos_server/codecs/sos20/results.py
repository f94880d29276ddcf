"""Result handling of SOS 2.0 (OGC 12-006 clauses 9.4, 9.5, 10.5 and 10.6): its requests read, its answers written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import fes20, gml32, om20, xml
from sos_server.codecs.sos20 import elements, parameters
from sos_server.codecs.swe20_encoding import read_named
from sos_server.codecs.swe20_results import form_of
from sos_server.codecs.swe20_writer import RowWriter
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue
from sos_server.model import ResultTemplate
from sos_server.requests import GetResult, GetResultTemplate, InsertResult, InsertResultTemplate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sos_server.responses import Results


def _insert_result_template(root: etree._Element) -> InsertResultTemplate:
    elements.check_children(root, "proposedTemplate")
    proposed = xml.child(root, "sos:proposedTemplate")
    if proposed is None:
        raise MissingParameterValue("InsertResultTemplate has no proposedTemplate.", "proposedTemplate")
    template = elements.inner(proposed)
    elements.check_children(
        template, "identifier", "offering", "observationTemplate", "resultStructure", "resultEncoding"
    )
    observation = _part(template, "observationTemplate")
    if observation.tag != xml.tag("om:OM_Observation"):
        raise _unusable(f"The observation template at {xml.where(observation)} is no om:OM_Observation.")
    shared = om20.decode_template(observation)
    if shared.observation_type is None:
        raise MissingParameterValue("The observation template has no om:type.", "observationType")
    return InsertResultTemplate(
        ResultTemplate(
            identifier=xml.text_of(xml.child(template, "swes:identifier")) or "",
            offering=elements.text(template, "sos:offering"),
            procedure=shared.procedure,
            observed_property=shared.observed_property,
            feature_of_interest=shared.feature_of_interest,
            observation_type=shared.observation_type,
            structure=etree.tostring(_part(template, "resultStructure"), with_tail=False),
            encoding=etree.tostring(_part(template, "resultEncoding"), with_tail=False),
            feature=shared.feature,
        )
    )


def _part(template: etree._Element, name: str) -> etree._Element:
    found = xml.first_element(xml.child(template, f"sos:{name}"))
    if found is None:
        raise _unusable(f"The template at {xml.where(template)} has no {name} inline.")
    return found


def _unusable(reason: str) -> InvalidParameterValue:
    return InvalidParameterValue(f"The template cannot be used. {reason}", "proposedTemplate")


def _insert_result(root: etree._Element) -> InsertResult:
    elements.check_children(root, "template", "resultValues")
    template = elements.text(root, "sos:template")
    values = xml.child(root, "sos:resultValues")
    if values is None or not "".join(values.itertext()).strip():
        raise MissingParameterValue("resultValues is missing or empty; give at least one row.", "resultValues")
    if xml.first_element(values) is None:
        return InsertResult(template, values.text or "")
    return InsertResult(template, read_named(values))


def _get_result_template(root: etree._Element) -> GetResultTemplate:
    elements.check_children(root, "offering", "observedProperty")
    return GetResultTemplate(elements.text(root, "sos:offering"), elements.text(root, "sos:observedProperty"))


def _get_result(root: etree._Element) -> GetResult:
    elements.check_children(
        root, "offering", "observedProperty", "temporalFilter", "featureOfInterest", "spatialFilter"
    )
    times = gml32.Times(root)
    spatial = [
        fes20.decode_spatial(elements.inner(holder)) for holder in root.iterchildren(xml.tag("sos:spatialFilter"))
    ]
    if len(spatial) > 1:
        raise InvalidRequest("There is more than one spatialFilter; one is allowed.", "spatialFilter")
    temporal = root.iterchildren(xml.tag("sos:temporalFilter"))
    return GetResult(
        offering=elements.text(root, "sos:offering"),
        observed_property=elements.text(root, "sos:observedProperty"),
        features_of_interest=elements.texts(root, "sos:featureOfInterest"),
        temporal_filters=tuple(fes20.decode_temporal(elements.inner(holder), times) for holder in temporal),
        spatial_filter=spatial[0] if spatial else None,
    )


DECODERS: dict[str, Callable[[etree._Element], InsertResultTemplate | InsertResult | GetResultTemplate | GetResult]] = {
    xml.tag("sos:InsertResultTemplate"): _insert_result_template,
    xml.tag("sos:InsertResult"): _insert_result,
    xml.tag("sos:GetResultTemplate"): _get_result_template,
    xml.tag("sos:GetResult"): _get_result,
}


def encode_accepted(identifier: str) -> bytes:
    """Write an InsertResultTemplateResponse."""
    root = xml.new("sos:InsertResultTemplateResponse")
    xml.add(root, "sos:acceptedTemplate", identifier)
    return xml.serialize(root)


def encode_template(template: ResultTemplate) -> bytes:
    """Write a GetResultTemplateResponse."""
    root = xml.new("sos:GetResultTemplateResponse")
    xml.add(root, "sos:resultStructure").append(xml.parse(template.structure))
    xml.add(root, "sos:resultEncoding").append(xml.parse(template.encoding))
    return xml.serialize(root)


def encode_results(results: Results) -> Iterator[bytes]:
    """Write a GetResultResponse as a stream; without a result its values are empty."""
    form = form_of(results.template)
    root = xml.new("sos:GetResultResponse")
    xml.add(root, "sos:resultValues", "")
    head, _, tail = xml.serialize(root).rpartition(b"</sos:resultValues>")
    yield head
    is_first = True
    for info, chunks in results.series:
        writer = RowWriter(form, info)
        for rows in chunks:
            text = writer.write(rows)
            yield (text if is_first else writer.between + text).encode()
            is_first = False
    yield b"</sos:resultValues>" + tail


def encode_request(request: InsertResultTemplate | InsertResult | GetResultTemplate | GetResult) -> etree._Element:
    """Write a request as a client sends it."""
    root = xml.new(f"sos:{type(request).__name__}", service=parameters.SERVICE, version=parameters.VERSION)
    match request:
        case InsertResultTemplate():
            _add_template(root, request.template)
        case InsertResult():
            xml.add(root, "sos:template", request.template)
            _add_values(xml.add(root, "sos:resultValues"), request)
        case GetResultTemplate():
            xml.add(root, "sos:offering", request.offering)
            xml.add(root, "sos:observedProperty", request.observed_property)
        case GetResult():
            _add_filters(root, request)
    return root


def _add_values(element: etree._Element, request: InsertResult) -> None:
    if isinstance(request.values, str):
        element.text = request.values
        return
    for row in request.values:
        record = etree.SubElement(element, "record")
        for name, text in row:
            etree.SubElement(record, name).text = text


def _add_template(root: etree._Element, template: ResultTemplate) -> None:
    proposed = xml.add(xml.add(root, "sos:proposedTemplate"), "sos:ResultTemplate")
    if template.identifier:
        xml.add(proposed, "swes:identifier", template.identifier)
    xml.add(proposed, "sos:offering", template.offering)
    xml.add(proposed, "sos:observationTemplate").append(om20.encode_template(template))
    xml.add(proposed, "sos:resultStructure").append(xml.parse(template.structure))
    xml.add(proposed, "sos:resultEncoding").append(xml.parse(template.encoding))


def _add_filters(root: etree._Element, request: GetResult) -> None:
    xml.add(root, "sos:offering", request.offering)
    xml.add(root, "sos:observedProperty", request.observed_property)
    for number, condition in enumerate(request.temporal_filters, start=1):
        xml.add(root, "sos:temporalFilter").append(fes20.encode_temporal(condition, f"t{number}"))
    for feature in request.features_of_interest:
        xml.add(root, "sos:featureOfInterest", feature)
    if request.spatial_filter is not None:
        xml.add(root, "sos:spatialFilter").append(fes20.encode_spatial(request.spatial_filter, "s1"))
