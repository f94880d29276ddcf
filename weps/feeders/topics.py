"""
Which hub pushes a topic of WebSub, told by the topic itself (W3C WebSub clause 4).

The headers of HTTP go first, then what the document says: links of Atom and RSS, of the head of an HTML page, or the
members of a JSON Feed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin

from lxml import etree
from requests.utils import parse_header_links

from sos_server.codecs import xml
from sos_server.errors import SosError

if TYPE_CHECKING:
    from weps.feeders.http import Answer

_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
_Link = tuple[str, str]


class Topic(NamedTuple):
    """A topic as its hub knows it, and the first hub that it names."""

    url: str
    hub: str


def read_topic(answer: Answer) -> Topic | None:
    """Give the topic that an answer tells of, None where it names no hub; without `self` it is what was asked for."""
    found: dict[str, str] = {}
    for links in (_of_headers(answer), _of_document(answer)):
        for relation, address in links:
            url = _joined(answer.url, address) if relation in ("hub", "self") else ""
            if url.lower().startswith(("http://", "https://")):
                found.setdefault(relation, url)
        if "hub" in found and "self" in found:
            break
    hub = found.get("hub")
    return None if hub is None else Topic(found.get("self", answer.url), hub)


def _joined(base: str, address: str) -> str:
    """Give where a link leads; nothing where that is no address."""
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def _of_headers(answer: Answer) -> Iterator[_Link]:
    for link in parse_header_links(answer.link):
        for relation in link.get("rel", "").lower().split():
            yield relation, link["url"]


def _of_document(answer: Answer) -> Iterator[_Link]:
    kind = answer.content_type.partition(";")[0].strip().lower()
    if "html" in kind:
        yield from _of_page(answer.body)
    elif "json" in kind:
        yield from _of_json_feed(answer.body)
    else:
        yield from _of_feed(answer.body)


def _of_feed(body: bytes) -> Iterator[_Link]:
    try:
        root = xml.parse(body)
    except SosError:
        return
    for link in root.iter(_ATOM_LINK):
        yield from _of_element(link)


def _of_page(body: bytes) -> Iterator[_Link]:
    try:
        root = etree.fromstring(body, etree.HTMLParser(no_network=True))
    except etree.XMLSyntaxError:
        return
    # Those of the body may have been written by anybody who comments there.
    for link in () if root is None else root.iterfind("head/link"):
        yield from _of_element(link)


def _of_element(link: etree._Element) -> Iterator[_Link]:
    for relation in link.get("rel", "").lower().split():
        yield relation, link.get("href", "")


def _of_json_feed(body: bytes) -> Iterator[_Link]:
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError):
        return
    if not isinstance(feed, dict):
        return
    hubs = feed.get("hubs")
    for hub in hubs if isinstance(hubs, list) else ():
        if isinstance(hub, dict) and str(hub.get("type", "")).lower() == "websub":
            yield "hub", str(hub.get("url", ""))
    if isinstance(feed.get("feed_url"), str):
        yield "self", feed["feed_url"]
