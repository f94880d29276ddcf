"""The CAP messages of a feed as an Atom index, as alert hubs read it; posted items are no messages, so it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from weps.model import Alert
from weps.notify.atom import MEDIA_TYPE, add_categories, add_link, add_texts, start_entry, start_feed, to_bytes
from weps.notify.cap import CAP, area_name, cap_status, cap_time, is_message, message_type, summary_of
from weps.notify.cap import MEDIA_TYPE as CAP_MEDIA_TYPE
from weps.notify.page import NAME_LIMIT
from weps.notify.place import cap_area
from weps.notify.text import clean_line

if TYPE_CHECKING:
    from weps.notify.page import FeedPage

_NAMESPACES = {"cap": CAP}


def write_cap_index(page: FeedPage) -> bytes:
    """Write a page of the index: each entry links to the message and shows what it is about."""
    feed = start_feed(page, MEDIA_TYPE, _NAMESPACES)
    for alert in page.notices:
        if isinstance(alert, Alert) and is_message(alert, page.references.get(alert.id, ())):
            _add_message(feed, alert, page)
    return to_bytes(feed)


def _add_message(feed: etree._Element, alert: Alert, page: FeedPage) -> None:
    title = clean_line(alert.title, NAME_LIMIT) or alert.status.value
    entry = start_entry(feed, f"urn:uuid:{alert.id}", title, alert.detected, alert.detected)
    add_link(entry, "alternate", f"{page.alerts_url}/{alert.id}.cap", CAP_MEDIA_TYPE)
    add_texts(entry, ("summary", clean_line(alert.text.partition("\n")[0], NAME_LIMIT) or title))
    add_categories(entry, (alert.status.value, alert.severity.value))
    shown = [
        ("identifier", alert.id),
        ("sender", page.sender),
        ("sent", cap_time(alert.detected)),
        ("status", cap_status(alert)),
        ("msgType", message_type(alert, page.references.get(alert.id, ()))),
        *summary_of(alert),
    ]
    described = area_name(alert)
    if described:
        shown += [("areaDesc", described), *cap_area(alert)]
    for name, text in shown:
        etree.SubElement(entry, f"{{{CAP}}}{name}").text = text
