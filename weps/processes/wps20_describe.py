"""What a WPS 2.0 tells about itself: capabilities and process offerings (OGC 14-065r2 clauses 9.4 and 9.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from weps.processes.base import XML, Box, Complex, Literal, ProcessSpec
from weps.processes.wps20_names import (
    OWS,
    OWS_NAMESPACE,
    WPS,
    WPS_NAMESPACE,
    XLINK_HREF,
    XLINK_TITLE,
    XML_LANG,
    add,
    root,
)
from weps.processes.wps20_requests import VERSION
from weps.processes.wps_requests import LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weps.processes.base import InputSpec, OutputSpec

TEXT = "text/plain"
LITERAL_FORMATS = (TEXT, XML)
_PROPERTIES = {"jobControlOptions": "sync-execute async-execute dismiss", "outputTransmission": "value reference"}
_BY_GET = ("GetCapabilities", "DescribeProcess", "GetStatus", "GetResult", "Dismiss")
_OPERATIONS = ("GetCapabilities", "DescribeProcess", "Execute", "GetStatus", "GetResult", "Dismiss")
_SCHEMA_TYPES = "http://www.w3.org/2001/XMLSchema#"
_NSMAP = {"wps": WPS_NAMESPACE, "ows": OWS_NAMESPACE}


@dataclass(frozen=True, slots=True)
class Identification:
    """What the operator says of the service."""

    title: str
    abstract: str
    keywords: tuple[str, ...]
    provider: str
    site: str


def write_capabilities(identification: Identification, processes: Iterable[ProcessSpec], url: str) -> etree._Element:
    """Write the capabilities; they are always complete, as the schema demands."""
    document = root(f"{WPS}Capabilities", service="WPS", version=VERSION)
    service = add(document, f"{OWS}ServiceIdentification")
    add(service, f"{OWS}Title", identification.title)
    add(service, f"{OWS}Abstract", identification.abstract)
    keywords = add(service, f"{OWS}Keywords")
    for keyword in identification.keywords:
        add(keywords, f"{OWS}Keyword", keyword)
    add(service, f"{OWS}ServiceType", "WPS")
    for version in (VERSION, "1.0.0"):
        add(service, f"{OWS}ServiceTypeVersion", version)
    add(service, f"{OWS}Fees", "NONE")
    add(service, f"{OWS}AccessConstraints", "NONE")
    provider = add(document, f"{OWS}ServiceProvider")
    add(provider, f"{OWS}ProviderName", identification.provider)
    add(provider, f"{OWS}ProviderSite").set(XLINK_HREF, identification.site)
    add(provider, f"{OWS}ServiceContact")
    operations = add(document, f"{OWS}OperationsMetadata")
    for name in _OPERATIONS:
        _add_operation(operations, name, url)
    add(add(document, f"{OWS}Languages"), f"{OWS}Language", LANGUAGE)
    contents = add(document, f"{WPS}Contents")
    for spec in processes:
        summary = add(contents, f"{WPS}ProcessSummary", **_PROPERTIES, processVersion=spec.version)
        _add_texts(summary, spec)
    return document


def _add_operation(operations: etree._Element, name: str, url: str) -> None:
    http = add(add(add(operations, f"{OWS}Operation", name=name), f"{OWS}DCP"), f"{OWS}HTTP")
    if name in _BY_GET:
        add(http, f"{OWS}Get").set(XLINK_HREF, url)
    post = add(http, f"{OWS}Post")
    post.set(XLINK_HREF, url)
    values = add(add(post, f"{OWS}Constraint", name="PostEncoding"), f"{OWS}AllowedValues")
    for encoding in ("XML", "SOAP"):
        add(values, f"{OWS}Value", encoding)


def write_offering(spec: ProcessSpec, megabytes: int) -> etree._Element:
    """Write the offering of a process; `megabytes` is the largest input that is taken."""
    offering = etree.Element(f"{WPS}ProcessOffering", {**_PROPERTIES, "processVersion": spec.version}, _NSMAP)
    process = add(offering, f"{WPS}Process")
    process.set(XML_LANG, LANGUAGE)
    _add_texts(process, spec)
    for one in spec.inputs:
        occurrences = {"minOccurs": str(one.min_occurs), "maxOccurs": str(one.max_occurs)}
        described = add(process, f"{WPS}Input", **occurrences)
        _add_texts(described, one)
        _add_data(described, one.data, {"maximumMegabytes": str(megabytes)})
    for output in spec.outputs:
        described = add(process, f"{WPS}Output")
        _add_texts(described, output)
        _add_data(described, output.data, {})
    return offering


def _add_texts(parent: etree._Element, spec: ProcessSpec | InputSpec | OutputSpec) -> None:
    add(parent, f"{OWS}Title", spec.title)
    if spec.abstract:
        add(parent, f"{OWS}Abstract", spec.abstract)
    add(parent, f"{OWS}Identifier", spec.identifier)
    for link in spec.metadata if isinstance(spec, ProcessSpec) else ():
        add(parent, f"{OWS}Metadata", **{XLINK_HREF: link.href, XLINK_TITLE: link.title})


def _add_data(parent: etree._Element, data: Literal | Complex | Box, limit: dict[str, str]) -> None:
    if isinstance(data, Literal):
        _add_literal(add(parent, f"{WPS}LiteralData"), data)
    elif isinstance(data, Box):
        described = add(parent, f"{WPS}BoundingBoxData")
        add(described, f"{WPS}Format", mimeType=XML, default="true")
        for crs in data.crs:
            add(described, f"{WPS}SupportedCRS", crs, **_default(crs == data.crs[0]))
    else:
        described = add(parent, f"{WPS}ComplexData")
        for one in data.formats:
            schema = {"schema": one.schema} if one.schema else {}
            first = _default(one == data.formats[0])
            add(described, f"{WPS}Format", mimeType=one.mime_type, **schema, **limit, **first)


def _add_literal(described: etree._Element, data: Literal) -> None:
    for mime_type in LITERAL_FORMATS:
        add(described, f"{WPS}Format", mimeType=mime_type, **_default(mime_type == TEXT))
    name = data.published_type or str(data.kind)
    units = data.uoms or (None,)
    for unit in units:
        # The elements of a domain have no namespace: dataTypes.xsd declares them without.
        domain = add(described, "LiteralDataDomain", **_default(unit == units[0]))
        if data.allowed:
            values = add(domain, f"{OWS}AllowedValues")
            for value in data.allowed:
                add(values, f"{OWS}Value", value)
        else:
            add(domain, f"{OWS}AnyValue")
        add(domain, f"{OWS}DataType", name).set(f"{OWS}reference", _SCHEMA_TYPES + name)
        if unit is not None:
            add(domain, f"{OWS}UOM", unit)
        if data.default is not None:
            add(domain, f"{OWS}DefaultValue", data.default)


def _default(holds: bool) -> dict[str, str]:
    return {"default": "true"} if holds else {}
