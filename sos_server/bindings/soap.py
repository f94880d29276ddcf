"""
The SOAP binding (OGC 12-006 clause 13.3): requests as XML documents in SOAP envelopes, 1.2 and on request 1.1.

Refusals are faults with the exception report as detail; their HTTP status is the one that SOAP's binding to HTTP says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import soap
from sos_server.codecs.soap import Message, decode_message, encode_answer, is_envelope
from sos_server.codecs.sos20 import decode as sos20
from sos_server.errors import HeaderNotUnderstood

if TYPE_CHECKING:
    from sos_server.codecs.xml import Element
    from sos_server.errors import SosError
    from sos_server.requests import Request

__all__ = ["Message", "decode", "decode_message", "encode_answer", "is_envelope", "is_soap", "media_type", "refuse"]

_MEDIA_TYPE = "application/soap+xml"


def decode(root: Element) -> Request:
    """Read the request of an envelope."""
    return sos20.decode(soap.decode_body(root))


def is_soap(content_type: str) -> bool:
    """Tell whether a content type is that of SOAP 1.2 only; 1.1 has the one of any XML."""
    return content_type.partition(";")[0].strip().lower() == _MEDIA_TYPE


def media_type(message: Message) -> str:
    """Give the media type of answers."""
    return "text/xml" if message.is_old else _MEDIA_TYPE


def refuse(message: Message, error: SosError) -> tuple[bytes, int]:
    """Give the fault of an error and its HTTP status: always 500 in SOAP 1.1 (clause 6.2)."""
    is_server_error = message.is_old or isinstance(error, HeaderNotUnderstood)
    return soap.encode_fault(message, error), 500 if is_server_error else error.status
