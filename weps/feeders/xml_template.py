"""Templates as XML documents: which request of which version one is, by itself or in a SOAP envelope."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sos_server.codecs import soap, xml
from sos_server.errors import SosError
from weps.errors import TemplateError
from weps.feeders import pox, pox10
from weps.feeders.kvp import PHENOMENON_TIME, SOS_10, SOS_20

if TYPE_CHECKING:
    from datetime import datetime

    from lxml import etree

_TEMPLATE_LIMIT = 1024 * 1024
_BEGINNING = re.compile(r"\s*(?:<\?xml\s[^>]*\?>)?")
_ADDRESSING = "http://www.w3.org/2005/08/addressing"


@dataclass(frozen=True, slots=True)
class Dialect:
    """A request of one version: how its documents are read, and what is made of their one form."""

    version: str
    operation: str
    canonical: Callable[[etree._Element], str]
    selection: Callable[[str], dict[str, tuple[str, ...]]]
    parameters: Callable[[str], dict[str, str] | None]
    during: Callable[[str, datetime, datetime], bytes]
    time_reference: Callable[[str], str]
    latest: Callable[[str], bytes] | None
    availability: Callable[[Mapping[str, tuple[str, ...]], bool], bytes] | None


def _dialect_20(operation: str) -> Dialect:
    return Dialect(
        SOS_20,
        operation,
        pox.canonical_document,
        pox.read_selection,
        pox.read_parameters,
        pox.during_document,
        pox.read_time_reference,
        pox.latest_document,
        pox.availability_document,
    )


_DIALECTS = {
    xml.tag("sos:GetObservation"): _dialect_20("GetObservation"),
    xml.tag("sos:GetResult"): _dialect_20("GetResult"),
    f"{{{pox10.NAMESPACE}}}GetObservation": Dialect(
        SOS_10,
        "GetObservation",
        pox10.canonical_document,
        pox10.read_selection,
        pox10.read_parameters,
        pox10.during_document,
        lambda document: PHENOMENON_TIME,
        None,
        None,
    ),
}


class Template(NamedTuple):
    """The one form of a template, and the version of SOAP of the envelope around it: `1.1`, `1.2`, or None."""

    document: str
    envelope: str | None


def read_template(text: str) -> Template:
    """Read a template as a client writes it; raises `TemplateError` with the line of what cannot be polled."""
    try:
        root = xml.parse(_as_utf8(text), limit=_TEMPLATE_LIMIT)
        envelope = None
        if soap.is_envelope(root):
            envelope = "1.1" if soap.decode_message(root).is_old else "1.2"
            _check_headers(root)
            root = soap.decode_body(root)
    except SosError as error:
        raise TemplateError(f"the template cannot be read: {error.message}") from error
    return Template(_dialect_of(root).canonical(root), envelope)


def _as_utf8(text: str) -> bytes:
    """Encode a template, with a declaration that says so; its lines keep their numbers."""
    found = _BEGINNING.match(text)
    beginning = found[0] if found else ""
    lines = "\n" * beginning.count("\n")
    return f'<?xml version="1.0"?>{lines}{text[len(beginning) :].rstrip()}'.encode()


def dialect_of(document: str) -> Dialect:
    """Give the dialect of a canonical document."""
    return _dialect_of(xml.parse(document.encode()))


def wrap(document: bytes, *, is_old: bool) -> bytes:
    """Put a request into a SOAP envelope."""
    return b"".join(soap.encode_answer(soap.Message(is_old=is_old), (document,)))


def _dialect_of(root: etree._Element) -> Dialect:
    if root.tag not in _DIALECTS:
        raise TemplateError(
            f"the template is a {root.tag}; a GetObservation of {xml.NAMESPACES['sos']} is needed, or one of "
            f"{pox10.NAMESPACE}, or a GetResult",
            where=xml.where(root),
        )
    return _DIALECTS[root.tag]


def _check_headers(envelope: etree._Element) -> None:
    """Refuse headers that a poll would have to send again, such as passwords; addresses are made anew."""
    for header in envelope.iterchildren("{*}Header"):
        for entry in header.iterchildren("*"):
            if xml.namespace(entry) != _ADDRESSING:
                raise TemplateError(f"the SOAP header {entry.tag} is not sent; leave it out", where=xml.where(entry))
