"""DeleteResultTemplate, 52°North's extension of SOS 2.0 (`drt` 1.0): by identifiers, or by offering and property."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sos_server.codecs import xml
from sos_server.codecs.sos20 import elements, parameters
from sos_server.requests import DeleteResultTemplate

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from sos_server.responses import ResultTemplatesDeleted


def _decode(root: etree._Element) -> DeleteResultTemplate:
    elements.check_children(root, "resultTemplate", "tuple")
    return DeleteResultTemplate(
        identifiers=elements.texts(root, "drt:resultTemplate"),
        places=tuple(
            (elements.text(pair, "drt:offering"), elements.text(pair, "drt:observedProperty"))
            for pair in root.iterchildren(xml.tag("drt:tuple"))
        ),
    )


DECODERS: dict[str, Callable[[etree._Element], DeleteResultTemplate]] = {xml.tag("drt:DeleteResultTemplate"): _decode}


def encode_request(request: DeleteResultTemplate) -> bytes:
    """Write a request as a client sends it."""
    root = xml.new("drt:DeleteResultTemplate", service=parameters.SERVICE, version=parameters.VERSION)
    for identifier in request.identifiers:
        xml.add(root, "drt:resultTemplate", identifier)
    for offering, observed_property in request.places:
        pair = xml.add(root, "drt:tuple")
        xml.add(pair, "drt:offering", offering)
        xml.add(pair, "drt:observedProperty", observed_property)
    return xml.serialize(root)


def encode(response: ResultTemplatesDeleted) -> bytes:
    """Write which templates are gone."""
    root = xml.new("drt:DeleteResultTemplateResponse")
    for identifier in response.identifiers:
        xml.add(root, "drt:deletedTemplate", identifier)
    return xml.serialize(root)
