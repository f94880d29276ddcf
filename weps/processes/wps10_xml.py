"""WPS 1.0.0 requests as XML documents (OGC 05-007r7 clauses 8.2.3, 9.2.3 and 10.2.3)."""

from __future__ import annotations

import base64

from lxml import etree

from sos_server.codecs.xml import text_of
from weps.errors import InputError, MissingInputError
from weps.processes.base import BoundingBox, Document, Given, Reference, Text
from weps.processes.faults import WpsError
from weps.processes.wps10_requests import Execute, Request, check_language, check_version, flag, negotiate
from weps.processes.wps_requests import DescribeProcess, GetCapabilities, WantedOutput, check_service

WPS = "{http://www.opengis.net/wps/1.0.0}"
WPS_20 = "http://www.opengis.net/wps/2.0"
OWS = "{http://www.opengis.net/ows/1.1}"
XLINK = "{http://www.w3.org/1999/xlink}"


def decode_document(root: etree._Element) -> Request:
    """Read the root element of a request."""
    name = etree.QName(root)
    # A client of 2.0 may accept 1.0.0 as well, and prefer it.
    foreign = name.namespace == WPS_20 and name.localname == "GetCapabilities"
    if name.namespace != WPS[1:-1] and not foreign:
        raise WpsError(
            "InvalidParameterValue",
            f"{name.localname} is not a request of WPS 1.0.0 or 2.0, which are spoken here.",
            "request",
        )
    check_service(root.get("service"))
    check_language(root.get("language"))
    if name.localname == "GetCapabilities":
        negotiate([text for element in root.iter("{*}Version") if (text := text_of(element))])
        return GetCapabilities()
    check_version(root.get("version"))
    if name.localname == "DescribeProcess":
        identifiers = tuple(text for element in root.iter(f"{OWS}Identifier") if (text := text_of(element)))
        if not identifiers:
            raise MissingInputError("No identifier is given: which process is to be described?", "Identifier")
        return DescribeProcess(identifiers)
    if name.localname == "Execute":
        return _execute_xml(root)
    raise WpsError("OperationNotSupported", f"There is no operation {name.localname}.", name.localname, 501)


def _execute_xml(root: etree._Element) -> Execute:
    inputs: dict[str, list[Given]] = {}
    for element in root.iterfind(f"{WPS}DataInputs/{WPS}Input"):
        identifier = _identifier(element)
        inputs.setdefault(identifier, []).append(_given_xml(element, identifier))
    raw = root.find(f"{WPS}ResponseForm/{WPS}RawDataOutput")
    document = root.find(f"{WPS}ResponseForm/{WPS}ResponseDocument")
    form = {} if document is None else document.attrib
    return Execute(
        _identifier(root),
        inputs,
        tuple(_wanted_xml(element) for element in ([] if document is None else document.iterfind(f"{WPS}Output"))),
        None if raw is None else _wanted_xml(raw),
        flag(form.get("storeExecuteResponse"), "storeExecuteResponse"),
        flag(form.get("status"), "status"),
        flag(form.get("lineage"), "lineage"),
    )


def _identifier(element: etree._Element) -> str:
    identifier = text_of(element.find(f"{OWS}Identifier"))
    if identifier is None:
        name = etree.QName(element).localname
        raise MissingInputError(f"{name} has no ows:Identifier (line {element.sourceline}).", "Identifier")
    return identifier


def _given_xml(element: etree._Element, identifier: str) -> Given:
    reference = element.find(f"{WPS}Reference")
    if reference is not None:
        return _reference(reference, identifier)
    literal = element.find(f"{WPS}Data/{WPS}LiteralData")
    if literal is not None:
        return Text("".join(literal.itertext()), literal.get("uom") or None)
    box = element.find(f"{WPS}Data/{WPS}BoundingBoxData")
    if box is not None:
        lower, upper = (box.findtext(f"{OWS}{corner}Corner", "") for corner in ("Lower", "Upper"))
        # wps-js writes the attribute with a prefix.
        return BoundingBox(lower, upper, box.get("crs") or box.get(f"{OWS}crs"))
    data = element.find(f"{WPS}Data/{WPS}ComplexData")
    if data is None:
        raise InputError(
            f"Give wps:LiteralData, wps:ComplexData or wps:Reference (line {element.sourceline}).", identifier
        )
    text = _text_inside(data, identifier)
    return Document(text, data.get("mimeType"), data.get("schema"), is_element=len(data) > 0)


def _text_inside(data: etree._Element, identifier: str) -> str:
    """Give the document inside complex data as text: an element with its namespaces, or text as it stands."""
    children = list(data)
    if len(children) > 1:
        raise InputError(f"The data has several root elements (line {children[1].sourceline}).", identifier)
    if children:
        return str(etree.tostring(children[0], encoding="unicode", with_tail=False))
    text = data.text or ""
    if (data.get("encoding") or "").lower() != "base64":
        return text
    try:
        return base64.b64decode(text, validate=False).decode()
    except ValueError as error:
        raise InputError("The data is not UTF-8 text in base64.", identifier) from error


def _reference(element: etree._Element, identifier: str) -> Reference:
    href = (element.get(f"{XLINK}href") or element.get("href") or "").strip()
    if not href:
        raise MissingInputError(f"The reference has no xlink:href (line {element.sourceline}).", identifier)
    if element.find(f"{WPS}BodyReference") is not None:
        raise InputError("A body by reference is not supported; put it into wps:Body.", identifier)
    body = element.find(f"{WPS}Body")
    headers = tuple(
        (header.get("key", ""), header.get("value", ""))
        for header in element.iterfind(f"{WPS}Header")
        if header.get("key")
    )
    return Reference(
        href,
        element.get("mimeType"),
        element.get("schema"),
        headers,
        None if body is None else _text_inside(body, identifier).encode(),
    )


def _wanted_xml(element: etree._Element) -> WantedOutput:
    return WantedOutput(_identifier(element), element.get("mimeType"), flag(element.get("asReference"), "asReference"))
