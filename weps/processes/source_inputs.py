"""Sources as clients name them: a GetObservation template as a URL or as a document, or an endpoint and selectors."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from weps.errors import InputError, MissingInputError
from weps.feeders.template import read_kvp, read_pox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weps.model import Source

SELECTORS = ("offering", "procedure", "observedProperty", "featureOfInterest")


def source_of_template(text: str, endpoint: str | None, where: str) -> Source:
    """
    Read a GetObservation template: a document where it begins with `<`, else a URL with KVP parameters.

    An endpoint that comes with a URL says where to ask; the parameters of the template stay.
    """
    try:
        if not text.lstrip().startswith("<"):
            return read_kvp(text, endpoint)
        if endpoint is None:
            raise MissingInputError("A template as a document needs the endpoint of the SOS as well.", "sosEndpoint")
        return read_pox(text, endpoint)
    except InputError as error:
        error.where = error.where if isinstance(error, MissingInputError) else where
        raise


def source_of_selectors(endpoint: str, selectors: Mapping[str, str | None]) -> Source:
    """Give the source that asks an SOS 2.0 for what the selectors name; those that are None are left out."""
    asked = {name: value for name, value in selectors.items() if value}
    query = urlencode({"service": "SOS", "version": "2.0.0", "request": "GetObservation"} | asked)
    try:
        return read_kvp(query, endpoint)
    except InputError as error:
        error.where = "sosEndpoint"
        raise
