"""Which version of WPS a request is in, however it is sent; a request that tells none is one of 1.0.0."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from lxml import etree

from sos_server.codecs.xml import text_of
from weps.processes.wps20_names import WPS_NAMESPACE
from weps.processes.wps20_requests import JOB_REQUESTS, VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SPOKEN = ("1.0.0", VERSION)
_OF_10, _OF_20 = "http://www.opengis.net/wps/1.0.0", WPS_NAMESPACE
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_JOB_REQUESTS = frozenset(name.lower() for name in JOB_REQUESTS)


def read_kvp(query: str) -> dict[str, str]:
    """Give the parameters of a query, decoded once, by their names in lower case; of several the first."""
    values: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        values.setdefault(unquote_plus(name).lower(), unquote_plus(value).strip())
    return values


def is_20_by_kvp(values: Mapping[str, str]) -> bool:
    """Tell the version of a GET request; of those that GetCapabilities accepts, the first that is spoken counts."""
    request, version = values.get("request", "").lower(), values.get("version", "")
    accepted = [one.strip() for one in values.get("acceptversions", "").split(",") if one.strip()]
    if request == "getcapabilities" and accepted:
        return _preferred(accepted).startswith("2")
    return version.startswith("2") or (not version and request in _JOB_REQUESTS)


def is_20_by_document(root: etree._Element) -> bool:
    """Tell the version of a document: that of its namespace, unless GetCapabilities accepts another first."""
    name = etree.QName(root)
    accepted = [text for element in root.iter("{*}Version") if (text := text_of(element))]
    if name.localname == "GetCapabilities" and any(version in _SPOKEN for version in accepted):
        return _preferred(accepted) == VERSION
    return bool(name.namespace == WPS_NAMESPACE)


def looks_like_20(body: bytes) -> bool:
    """Tell the version of a document that perhaps cannot be read: that whose namespace it names first."""
    encoding = _WIDE.get(body[:2], "ascii")
    of_20, of_10 = (body.find(name.encode(encoding)) for name in (_OF_20, _OF_10))
    return of_20 >= 0 and (of_10 < 0 or of_20 < of_10)


def _preferred(accepted: Sequence[str]) -> str:
    return next((version for version in accepted if version in _SPOKEN), accepted[0])
