"""SOAP 1.2 around requests and answers: envelopes, and faults that hold exception reports (W3C soap12-part1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs.xml import parse
from weps.errors import WepsError
from weps.processes.base import Answer
from weps.processes.wps20_encode import is_xml
from weps.processes.wps20_names import WPS, WPS_NAMESPACE, add, serialize

if TYPE_CHECKING:
    from collections.abc import Iterable

MEDIA_TYPE = "application/soap+xml"
NAMESPACE = "http://www.w3.org/2003/05/soap-envelope"
_SOAP = f"{{{NAMESPACE}}}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ROLES = ("", f"{NAMESPACE}/role/next", f"{NAMESPACE}/role/ultimateReceiver")


class SoapError(WepsError):
    """An envelope that cannot be opened; `code` is the local name of its SOAP fault code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def is_envelope(root: etree._Element) -> bool:
    """Tell whether a document is an envelope of SOAP, of any version."""
    return bool(etree.QName(root).localname == "Envelope")


def open_envelope(root: etree._Element) -> etree._Element:
    """Give the request inside; raises `SoapError`."""
    if not is_envelope(root):
        raise SoapError("Sender", "The document is no soap:Envelope.")
    if root.tag != f"{_SOAP}Envelope":
        raise SoapError("VersionMismatch", "Only SOAP 1.2 is spoken here.")
    for block in root.iterfind(f"{_SOAP}Header/*"):
        demanded = block.get(f"{_SOAP}mustUnderstand", "").strip() in {"true", "1"}
        if demanded and block.get(f"{_SOAP}role", "") in _ROLES:
            raise SoapError("MustUnderstand", f"The header {etree.QName(block).localname} is not understood here.")
    requests = root.findall(f"{_SOAP}Body/*")
    if len(requests) != 1:
        raise SoapError("Sender", f"The soap:Body holds {len(requests)} requests; send one.")
    return requests[0]


def wrap(answer: Answer) -> Answer:
    """
    Put an answer into an envelope: an exception report as the detail of a fault.

    What is no XML is told inside of `wps:Data`.
    """
    if answer.status >= 400:
        report = parse(answer.body, len(answer.body))
        texts = [" ".join("".join(element.itertext()).split()) for element in report]
        code = "Sender" if answer.status < 500 else "Receiver"
        return _fault(code, texts[0] if texts else "The request failed.", [report])
    if is_xml(answer.media_type):
        return _envelope([parse(answer.body, len(answer.body))], 200)
    data = etree.Element(f"{WPS}Data", {"mimeType": answer.media_type}, {"wps": WPS_NAMESPACE})
    data.text = answer.body.decode()
    return _envelope([data], 200)


def write_soap_error(error: SoapError) -> Answer:
    """Write the fault of an envelope that cannot be opened."""
    return _fault(error.code, error.message, ())


def _fault(code: str, reason: str, details: Iterable[etree._Element]) -> Answer:
    fault = etree.Element(f"{_SOAP}Fault", nsmap={"soap": NAMESPACE})
    add(add(fault, f"{_SOAP}Code"), f"{_SOAP}Value", f"soap:{code}")
    add(add(fault, f"{_SOAP}Reason"), f"{_SOAP}Text", reason).set(_XML_LANG, "en")
    details = list(details)
    if details:
        add(fault, f"{_SOAP}Detail").extend(details)
    return _envelope([fault], 400 if code == "Sender" else 500)


def _envelope(children: Iterable[etree._Element], status: int) -> Answer:
    envelope = etree.Element(f"{_SOAP}Envelope", nsmap={"soap": NAMESPACE})
    add(envelope, f"{_SOAP}Body").extend(children)
    return Answer(serialize(envelope), MEDIA_TYPE, status)
