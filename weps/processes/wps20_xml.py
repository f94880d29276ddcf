"""WPS 2.0 requests as XML documents (OGC 14-065r2 clause 9)."""

from __future__ import annotations

import base64

from lxml import etree

from sos_server.codecs.xml import parse, text_of
from weps.errors import InputError, MissingInputError
from weps.processes.base import BoundingBox, Document, Given, Reference, Text
from weps.processes.faults import WpsError
from weps.processes.wps20_names import (
    OWS,
    OWS_NAMESPACE,
    WPS,
    WPS_NAMESPACE,
    XLINK_HREF,
    XLINK_NAMESPACE,
    XML_LANG,
    XSI_NAMESPACE,
)
from weps.processes.wps20_requests import (
    JOB_REQUESTS,
    Execute,
    Form,
    Mode,
    Request,
    check_language,
    check_version,
    negotiate,
    read_job,
    unknown_operation,
)
from weps.processes.wps_requests import DescribeProcess, GetCapabilities, WantedOutput, check_service

_OF_REQUESTS = frozenset({WPS_NAMESPACE, OWS_NAMESPACE, XLINK_NAMESPACE, XSI_NAMESPACE})
_TRANSMISSIONS = {"": False, "value": False, "reference": True}
_FORMS = {"raw": True, "document": False}


def decode_document(root: etree._Element) -> Request:
    """Read the root element of a request."""
    name = etree.QName(root).localname
    check_service(root.get("service"))
    if name == "GetCapabilities":
        negotiate([text for element in root.iter("{*}Version") if (text := text_of(element))])
        return GetCapabilities()
    if name not in {"DescribeProcess", "Execute", *JOB_REQUESTS}:
        raise unknown_operation(name)
    check_version(root.get("version"))
    if name in JOB_REQUESTS:
        return JOB_REQUESTS[name](read_job(text_of(root.find(f"{WPS}JobID"))))
    if name == "Execute":
        return _execute(root)
    check_language(root.get(XML_LANG))
    identifiers = tuple(text for element in root.iterfind(f"{OWS}Identifier") if (text := text_of(element)))
    if not identifiers:
        raise MissingInputError("No ows:Identifier is given: which process is to be described?", "Identifier")
    return DescribeProcess(identifiers)


def _execute(root: etree._Element) -> Execute:
    identifier = text_of(root.find(f"{OWS}Identifier"))
    if identifier is None:
        raise MissingInputError("Execute has no ows:Identifier: which process is to run?", "Identifier")
    mode = _attribute(root, "mode")
    if mode not in set(Mode):
        raise WpsError("NoSuchMode", f'"{mode}" is no mode of execution; use {", ".join(Mode)}.', mode)
    response = _attribute(root, "response")
    if response not in _FORMS:
        raise InputError(f'"{response}" is no form of a response; use raw or document.', "response")
    inputs: dict[str, list[Given]] = {}
    for element in root.iterfind(f"{WPS}Input"):
        name = _id(element)
        inputs.setdefault(name, []).append(_given(element, name))
    outputs = tuple(_wanted(element) for element in root.iterfind(f"{WPS}Output"))
    return Execute(identifier, inputs, Mode(mode), Form(outputs, _FORMS[response]))


def _attribute(root: etree._Element, name: str) -> str:
    value = (root.get(name) or "").strip()
    if not value:
        raise MissingInputError(f"The attribute {name} of Execute is missing.", name)
    return value


def _id(element: etree._Element) -> str:
    identifier = (element.get("id") or "").strip()
    if not identifier:
        kind = etree.QName(element).localname
        raise MissingInputError(f"{kind} has no id (line {element.sourceline}).", "id")
    return identifier


def _given(element: etree._Element, identifier: str) -> Given:
    reference, data = element.find(f"{WPS}Reference"), element.find(f"{WPS}Data")
    if reference is not None:
        return _reference(reference, identifier)
    if data is None:
        raise InputError(
            f"Give wps:Data or wps:Reference; inputs inside of inputs are not taken (line {element.sourceline}).",
            identifier,
        )
    children = list(data)
    if len(children) > 1:
        raise WpsError(
            "WrongInputData", f"The data has several root elements (line {children[1].sourceline}).", identifier
        )
    if children and children[0].tag == f"{WPS}LiteralValue":
        return Text("".join(children[0].itertext()), children[0].get("uom") or None)
    if children and children[0].tag in {f"{OWS}BoundingBox", f"{OWS}WGS84BoundingBox"}:
        return read_box(children[0])
    mime_type, schema = data.get("mimeType"), data.get("schema")
    if children:
        return Document(_markup(children[0]), mime_type, schema, is_element=True)
    text = _decoded(data.text or "", data.get("encoding"), identifier)
    return Document(text, mime_type, schema) if mime_type else Text(text)


def read_box(element: etree._Element) -> BoundingBox:
    """Read an `ows:BoundingBox`."""
    lower, upper = (element.findtext(f"{OWS}{corner}Corner", "") for corner in ("Lower", "Upper"))
    return BoundingBox(lower, upper, element.get("crs"))


def _markup(element: etree._Element) -> str:
    """Give an element as text without the names that belong to the request; others may stand inside of values."""
    alone = parse(etree.tostring(element, with_tail=False, encoding="UTF-8"))
    kept = [prefix for prefix, uri in alone.nsmap.items() if prefix and uri not in _OF_REQUESTS]
    etree.cleanup_namespaces(alone, keep_ns_prefixes=kept)
    return str(etree.tostring(alone, encoding="unicode"))


def _decoded(text: str, encoding: str | None, identifier: str) -> str:
    if (encoding or "").lower() != "base64":
        return text
    try:
        return base64.b64decode(text, validate=False).decode()
    except ValueError as error:
        raise WpsError("WrongInputData", "The data is not UTF-8 text in base64.", identifier) from error


def _reference(element: etree._Element, identifier: str) -> Reference:
    href = _href(element, identifier)
    body, body_reference = element.find(f"{WPS}Body"), element.find(f"{WPS}BodyReference")
    content = None
    if body is not None:
        children = list(body)
        content = (_markup(children[0]) if children else body.text or "").encode()
    return Reference(
        href,
        element.get("mimeType"),
        element.get("schema"),
        (("Content-Type", "text/xml"),) if body is not None or body_reference is not None else (),
        content,
        None if body_reference is None else _href(body_reference, identifier),
    )


def _href(element: etree._Element, identifier: str) -> str:
    href = (element.get(XLINK_HREF) or element.get("href") or "").strip()
    if not href:
        name = etree.QName(element).localname
        raise MissingInputError(f"{name} has no xlink:href (line {element.sourceline}).", identifier)
    return href


def _wanted(element: etree._Element) -> WantedOutput:
    identifier = _id(element)
    if element.find(f"{WPS}Output") is not None:
        raise InputError(f"Outputs inside of outputs are not given (line {element.sourceline}).", identifier)
    transmission = (element.get("transmission") or "").strip()
    if transmission not in _TRANSMISSIONS:
        raise InputError(f'"{transmission}" is no way of transmission; use value or reference.', "transmission")
    return WantedOutput(identifier, element.get("mimeType"), _TRANSMISSIONS[transmission])
