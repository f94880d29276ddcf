"""A client of a WPS 1.0.0 (OGC 05-007r7), as far as the command line and the demonstration need one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import requests
from lxml import etree
from lxml.builder import ElementMaker

from sos_server.codecs import xml
from sos_server.errors import SosError
from weps.errors import InputError, WepsError

WPS_URI = "http://www.opengis.net/wps/1.0.0"
OWS_URI = "http://www.opengis.net/ows/1.1"
WPS = ElementMaker(namespace=WPS_URI, nsmap={"wps": WPS_URI, "ows": OWS_URI})
OWS = ElementMaker(namespace=OWS_URI)
SECONDS = 60


@dataclass(frozen=True, slots=True)
class ComplexInput:
    """A document as an input, with its MIME type."""

    text: str
    mime_type: str


def execute(
    address: str, process: str, inputs: Mapping[str, str | ComplexInput], outputs: Mapping[str, str | None]
) -> dict[str, str]:
    """
    Run a process and give its outputs by their identifiers.

    `outputs` are those wanted, with the MIME type for complex ones. Raises `InputError` with the server's words when
    it refuses the request, `WepsError` when it cannot be reached or does not answer as a WPS.
    """
    body = encode_execute(process, inputs, outputs)
    try:
        answer = requests.post(address, data=body, headers={"Content-Type": "text/xml"}, timeout=SECONDS)
    except requests.RequestException as error:
        raise WepsError(f"no answer ({type(error).__name__}); is the service running?", where=address) from error
    return decode_response(answer.content, address)


def encode_execute(process: str, inputs: Mapping[str, str | ComplexInput], outputs: Mapping[str, str | None]) -> bytes:
    """Write an Execute request that asks for a response document."""
    request = WPS.Execute(
        OWS.Identifier(process),
        WPS.DataInputs(
            *(WPS.Input(OWS.Identifier(name), WPS.Data(_encode_input(given))) for name, given in inputs.items())
        ),
        WPS.ResponseForm(
            WPS.ResponseDocument(
                *(
                    WPS.Output(OWS.Identifier(name), **({"mimeType": mime_type} if mime_type else {}))
                    for name, mime_type in outputs.items()
                )
            )
        ),
        service="WPS",
        version="1.0.0",
    )
    document: bytes = etree.tostring(request, xml_declaration=True, encoding="UTF-8")
    return document


def decode_response(document: bytes, address: str) -> dict[str, str]:
    """Read the outputs of an ExecuteResponse; an exception report is raised."""
    try:
        root = xml.parse(document)
    except SosError as error:
        raise WepsError(f"the answer is no WPS answer: {error.message}", where=address) from error
    exception = next(root.iter(f"{{{OWS_URI}}}Exception"), None)
    if exception is not None:
        text = " ".join("".join(exception.itertext()).split())
        raise InputError(text or str(exception.get("exceptionCode")), where=exception.get("locator") or None)
    found = {}
    for output in root.iter(f"{{{WPS_URI}}}Output"):
        identifier = output.findtext(f"{{{OWS_URI}}}Identifier", "").strip()
        data = output.find(f"{{{WPS_URI}}}Data")
        found[identifier] = "" if data is None else _decode_data(data)
    return found


def _encode_input(given: str | ComplexInput) -> etree._Element:
    if isinstance(given, str):
        return WPS.LiteralData(given)
    data = WPS.ComplexData(mimeType=given.mime_type)
    if given.mime_type == "text/xml":
        data.append(xml.parse(given.text.encode()))
    else:
        data.text = given.text
    return data


def _decode_data(data: etree._Element) -> str:
    value = data[0] if len(data) else None
    if value is None:
        return ""
    if len(value):
        document: str = etree.tostring(value[0], encoding="unicode", with_tail=False)
        return document
    return (value.text or "").strip()
