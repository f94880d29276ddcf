"""
Alerts and posted items as Atom 1.0 (RFC 4287), with GeoRSS and the elements that RSS items have.

Written with lxml: feedgen loses relation and type of an entry's links.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from lxml import etree

from sos_server.time import format_instant
from weps.model import Alert
from weps.notify.page import NAME_LIMIT
from weps.notify.posted import posted_of
from weps.notify.rss import TEXT_LIMIT, as_html
from weps.notify.rss_elements import ATOM, NAMESPACES, add_elements
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from weps.model import StoredItem
    from weps.notify.page import FeedPage

MEDIA_TYPE = "application/atom+xml"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NOT_COPIED = (ATOM, "http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


def write_atom(page: FeedPage) -> bytes:
    """Write a page as Atom."""
    feed = start_feed(page, MEDIA_TYPE, NAMESPACES)
    for notice in page.notices:
        if isinstance(notice, Alert):
            _add_alert(feed, notice, page.alerts_url)
        else:
            _add_posted(feed, notice)
    return to_bytes(feed)


def start_feed(page: FeedPage, media_type: str, namespaces: dict[str, str]) -> etree._Element:
    """Give the feed element with what it says of itself."""
    nsmap: dict[str | None, str] = {None: ATOM}
    nsmap.update(namespaces)
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap=nsmap)
    feed.set(_LANG, page.language.value)
    add_texts(feed, ("id", page.id), ("title", page.title), ("subtitle", page.description))
    add_texts(feed, ("updated", format_instant(page.updated)), ("generator", "WEPS"))
    add_texts(etree.SubElement(feed, f"{{{ATOM}}}author"), ("name", "WEPS"))
    for relation, url in page.links:
        add_link(feed, relation, url, media_type)
    add_link(feed, "alternate", page.alternate_url, "text/html")
    return feed


def start_entry(
    feed: etree._Element, identifier: str, title: str, updated: datetime, published: datetime
) -> etree._Element:
    """Add an entry with what every entry has."""
    entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
    times = ("updated", format_instant(updated)), ("published", format_instant(published))
    add_texts(entry, ("id", identifier), ("title", title), *times)
    return entry


def add_texts(parent: etree._Element, *elements: tuple[str, str]) -> None:
    """Add elements of Atom that hold a text."""
    for name, text in elements:
        etree.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def add_link(parent: etree._Element, relation: str, url: str, media_type: str | None = None) -> None:
    """Add a link."""
    link = etree.SubElement(parent, f"{{{ATOM}}}link", rel=relation, href=url)
    if media_type:
        link.set("type", media_type)


def add_categories(entry: etree._Element, terms: Iterable[str]) -> None:
    """Add categories."""
    for term in terms:
        etree.SubElement(entry, f"{{{ATOM}}}category", term=term)


def to_bytes(feed: etree._Element) -> bytes:
    """Write the document."""
    etree.cleanup_namespaces(feed, keep_ns_prefixes=list(NAMESPACES))
    return bytes(etree.tostring(feed, encoding="UTF-8", xml_declaration=True))


def _add_alert(feed: etree._Element, alert: Alert, alerts_url: str | None) -> None:
    title = clean_line(alert.title, NAME_LIMIT) or alert.status.value
    entry = start_entry(feed, f"urn:uuid:{alert.id}", title, alert.detected, alert.detected)
    entry.set(_LANG, alert.language.value)
    if alerts_url is not None:
        # readers take no link for the entry's own that has another type than HTML's
        add_link(entry, "alternate", f"{alerts_url}/{alert.id}")
        add_link(entry, "related", f"{alerts_url}/{alert.id}.cap", "application/cap+xml")
    _add_content(entry, clean_text(alert.text, TEXT_LIMIT) or alert.status.value)
    add_categories(entry, (alert.status.value, alert.severity.value))
    add_elements(entry, alert)


def _add_posted(feed: etree._Element, item: StoredItem) -> None:
    posted = posted_of(item)
    is_iri = _IRI.fullmatch(item.guid) is not None
    identifier = item.guid if is_iri else f"urn:weps:item:{quote(item.guid, safe='')}"
    entry = start_entry(feed, identifier, posted.title, item.received, posted.published)
    if posted.link:
        add_link(entry, "alternate", posted.link)
    _add_content(entry, posted.text)
    add_categories(entry, item.categories)
    for other in posted.others:
        if etree.QName(other).namespace not in _NOT_COPIED:
            other.tail = None
            entry.append(other)


def _add_content(entry: etree._Element, text: str) -> None:
    content = etree.SubElement(entry, f"{{{ATOM}}}content", type="html")
    content.text = as_html(text)
