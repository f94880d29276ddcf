"""
SOAP 1.2 and 1.1 envelopes with WS-Addressing 1.0 headers: read around requests, written around answers and faults.

A header that must be understood and is not known here is refused; all of WS-Addressing is known, though answers go
back the way the request came, whatever it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import ows11, xml
from sos_server.errors import HeaderNotUnderstood, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sos_server.errors import SosError

_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_ANONYMOUS = f"{_ADDRESSING}/anonymous"
_FAULT_ACTION = "http://www.opengis.net/def/serviceOperation/sos/core/2.0/Exception"
_ROLE_NEXT = ("http://www.w3.org/2003/05/soap-envelope/role/next", "http://schemas.xmlsoap.org/soap/actor/next")
_ROLE_LAST = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_MARK = "\ue000"
# which standard defines a code (OGC 09-001 clause 19, OGC 12-006 Table 18); the others are of OWS Common
_PREFIXES = {"InvalidRequest": "swes", "ResponseExceedsSizeLimit": "sos"}


@dataclass(frozen=True, slots=True)
class Message:
    """What an answer has to know of its request: the version of SOAP, and how it is addressed."""

    is_old: bool = False  # SOAP 1.1
    identifier: str | None = None
    action: str | None = None

    @property
    def prefix(self) -> str:
        """Give the prefix of the envelope's namespace."""
        return "soap11" if self.is_old else "soap"


def is_envelope(root: etree._Element) -> bool:
    """Tell whether a document is a SOAP envelope."""
    return root.tag in (xml.tag("soap:Envelope"), xml.tag("soap11:Envelope"))


def decode_message(root: etree._Element) -> Message:
    """Read what the answer has to know of an envelope."""
    is_old = root.tag == xml.tag("soap11:Envelope")
    header = xml.child(root, "soap11:Header" if is_old else "soap:Header")
    if header is None:
        return Message(is_old)
    identifier, action = (header.find(f"{{{_ADDRESSING}}}{name}") for name in ("MessageID", "Action"))
    return Message(is_old, xml.text_of(identifier), xml.text_of(action))


def decode_body(root: etree._Element) -> etree._Element:
    """Give the request inside an envelope; raises where a header must be understood that is not."""
    prefix = decode_message(root).prefix
    _check_headers(xml.child(root, f"{prefix}:Header"), prefix)
    body = xml.child(root, f"{prefix}:Body")
    requests = [] if body is None else list(body.iterchildren("*"))
    if len(requests) != 1:
        raise InvalidRequest(f"The SOAP body has {len(requests)} documents; one request is needed.", "Body")
    return requests[0]


def _check_headers(header: etree._Element | None, prefix: str) -> None:
    unknown = [
        each
        for each in (() if header is None else header.iterchildren("*"))
        if xml.namespace(each) != _ADDRESSING and _must_be_understood(each, prefix)
    ]
    if unknown:
        raise HeaderNotUnderstood(
            f"The SOAP header {xml.local_name(unknown[0])} is not understood here; leave it out.",
            xml.local_name(unknown[0]),
            tuple(str(each.tag) for each in unknown),
        )


def _must_be_understood(header: etree._Element, prefix: str) -> bool:
    if header.get(xml.tag(f"{prefix}:mustUnderstand"), "").strip() not in ("1", "true"):
        return False
    role = header.get(xml.tag("soap11:actor" if prefix == "soap11" else "soap:role"), "").strip()
    return not role or role == _ROLE_LAST or role in _ROLE_NEXT


def encode_answer(message: Message, parts: Iterable[bytes]) -> Iterator[bytes]:
    """Write an envelope around an answer, which may be a stream."""
    action = f"{message.action}Response" if message.action else None
    root, body = _envelope(message, action)
    body.text = _MARK
    before, _, after = xml.serialize(root).partition(_MARK.encode())
    yield before
    for number, part in enumerate(parts):
        # the envelope has the declaration already
        yield part.partition(b"?>")[2] if number == 0 and part.startswith(b"<?xml") else part
    yield after


def encode_fault(message: Message, error: SosError) -> bytes:
    """Write a fault with the exception report of an error as its detail."""
    root, body = _envelope(message, _FAULT_ACTION)
    if isinstance(error, HeaderNotUnderstood):
        code = "MustUnderstand"
        _add_not_understood(root, error, message)
    else:
        code = {True: ("Client", "Server"), False: ("Sender", "Receiver")}[message.is_old][error.status >= 500]
    fault = xml.add(body, f"{message.prefix}:Fault")
    report = xml.parse(ows11.encode_exception(error))
    text = " ".join(report.itertext()).strip()
    if message.is_old:
        # the children of a fault of SOAP 1.1 are in no namespace
        etree.SubElement(fault, "faultcode").text = f"{message.prefix}:{code}"
        etree.SubElement(fault, "faultstring").text = text
        etree.SubElement(fault, "detail").append(report)
        return xml.serialize(root)
    codes = xml.add(fault, "soap:Code")
    xml.add(codes, "soap:Value", f"soap:{code}")
    if not isinstance(error, HeaderNotUnderstood):
        xml.add(xml.add(codes, "soap:Subcode"), "soap:Value", f"{_PREFIXES.get(error.code, 'ows')}:{error.code}")
    xml.add(xml.add(fault, "soap:Reason"), "soap:Text", text).set(_LANGUAGE, "en")
    xml.add(fault, "soap:Detail").append(report)
    return xml.serialize(root)


def _add_not_understood(root: etree._Element, error: HeaderNotUnderstood, message: Message) -> None:
    """Name the headers that were not understood, as SOAP 1.2 asks for (part 1, clause 5.4.8)."""
    if message.is_old:
        return
    header = xml.child(root, "soap:Header")
    if header is None:
        header = etree.Element(xml.tag("soap:Header"))
        root.insert(0, header)
    for name in error.headers:
        tag = etree.QName(name)
        entry = etree.SubElement(
            header, xml.tag("soap:NotUnderstood"), nsmap={"h": tag.namespace or ""} if tag.namespace else None
        )
        entry.set("qname", f"h:{tag.localname}" if tag.namespace else tag.localname)


def _envelope(message: Message, action: str | None) -> tuple[etree._Element, etree._Element]:
    """Make an envelope and its body; a request with an identifier is answered with the headers that refer to it."""
    prefixes = (message.prefix, "ows", "sos", "swes")
    root = etree.Element(
        xml.tag(f"{message.prefix}:Envelope"), nsmap={prefix: xml.NAMESPACES[prefix] for prefix in prefixes}
    )
    if message.identifier is not None:
        header = etree.SubElement(root, xml.tag(f"{message.prefix}:Header"), nsmap={"wsa": _ADDRESSING})
        for name, text in (("To", _ANONYMOUS), ("Action", action), ("RelatesTo", message.identifier)):
            if text is not None:
                etree.SubElement(header, f"{{{_ADDRESSING}}}{name}").text = text
    return root, etree.SubElement(root, xml.tag(f"{message.prefix}:Body"))
