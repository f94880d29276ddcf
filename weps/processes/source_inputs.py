"""Sources as clients name them: a GetObservation template as a URL or as a document, or an endpoint and selectors."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from weps.errors import MissingInputError
from weps.feeders.template import read_kvp, read_pox
from weps.processes.subscribing import told_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weps.model import Source

SELECTORS = ("offering", "procedure", "observedProperty", "featureOfInterest")


def source_of_template(text: str, endpoint: str | None, where: str) -> Source:
    """
    Read a GetObservation template: a document where it begins with `<`, else a URL with KVP parameters.

    An endpoint that comes with a URL says where to ask; the parameters of the template stay.
    """
    is_document = text.lstrip().startswith("<")
    if is_document and endpoint is None:
        raise MissingInputError("A template as a document needs the endpoint of the SOS as well.", "sosEndpoint")
    with told_of({"": where}):
        return read_pox(text, endpoint) if is_document and endpoint else read_kvp(text, endpoint)


def source_of_selectors(endpoint: str, selectors: Mapping[str, str | None]) -> Source:
    """Give the source that asks an SOS 2.0 for what the selectors name; those that are None are left out."""
    asked = {name: value for name, value in selectors.items() if value}
    query = urlencode({"service": "SOS", "version": "2.0.0", "request": "GetObservation"} | asked)
    with told_of({"": "sosEndpoint"}):
        return read_kvp(query, endpoint)
