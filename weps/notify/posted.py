"""
Items that others post to the data store for notifications: how they are read, and what they say.

What is kept is the item itself as canonical XML. Beside it stands what it can be found by, as far as it says so in
elements that are known: those of the IMIS IoT pilot and of WEPS, GeoRSS, W3C Basic Geo, and CAP's severity.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import xml
from sos_server.errors import SosError
from sos_server.time import parse_instant
from weps.errors import InputError
from weps.model import AlertStatus, Severity, StoredItem
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEM_LIMIT = 100
DOCUMENT_LIMIT = 1024 * 1024
GUID_LIMIT = 1_000
NAME_LIMIT = 500
TITLE_LIMIT = 300
TEXT_LIMIT = 10_000
CATEGORIES_LIMIT = 50
_BREAKING = ("br", "p", "li", "tr")
"""Elements of HTML behind which a new line begins."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What a posted item says to people: plain text, whatever markup stood there. `others` are foreign elements."""

    title: str
    text: str
    link: str | None
    published: datetime
    others: tuple[etree._Element, ...]


def read_items(body: bytes, *, received: datetime) -> tuple[StoredItem, ...]:
    """
    Read a posted RSS 2.0 document; raises `InputError` that says what is wrong and where.

    Every item needs a guid (it is how the item is found again) and a title or a description (RSS 2.0). The text that
    is kept is canonical XML, so that the same item is recognised however it is written.
    """
    try:
        root = xml.parse(body, limit=DOCUMENT_LIMIT)
    except SosError as error:
        raise InputError(error.message) from error
    if root.tag != "rss":
        raise InputError(f"the document is a {xml.local_name(root)}, post an rss document", where=xml.where(root))
    if root.get("version", "2.0").split(".")[0] != "2":
        raise InputError("only RSS 2.0 is taken", where=xml.where(root))
    channel = root.find("channel")
    if channel is None:
        raise InputError("the rss document has no channel", where=xml.where(root))
    items = channel.findall("item")
    if not items:
        raise InputError("the channel has no item, post one", where=xml.where(channel))
    if len(items) > ITEM_LIMIT:
        raise InputError(
            f"the channel has {len(items)} items, at most {ITEM_LIMIT} are taken", where=xml.where(channel)
        )
    return tuple(_stored_items(items, received))


def posted_of(item: StoredItem) -> Posted:
    """Read a stored item again, for formats that are not the one it came in."""
    root = xml.parse(item.document.encode())
    text = clean_text(_plain(xml.text_of(root.find("description")) or ""), TEXT_LIMIT)
    title = clean_line(_plain(xml.text_of(root.find("title")) or ""), TITLE_LIMIT)
    return Posted(
        title=title or clean_line(text, 100) or clean_line(item.guid, TITLE_LIMIT),
        text=text or title,
        link=xml.text_of(root.find("link")),
        published=_date(root) or item.received,
        others=tuple(child for child in root if isinstance(child.tag, str) and child.tag.startswith("{")),
    )


def _stored_items(items: list[etree._Element], received: datetime) -> Iterator[StoredItem]:
    guids: set[str] = set()
    for item in items:
        guid = _guid(item)
        if guid in guids:
            raise InputError(f"the guid {guid!r} stands twice in the document", where=xml.where(item))
        guids.add(guid)
        _check_item(item)
        try:
            text = etree.tostring(item, method="c14n", exclusive=True, with_comments=False, with_tail=False)
        except etree.C14NError as error:  # nothing else is refused there
            raise InputError("the item has a namespace that is no absolute URI", where=xml.where(item)) from error
        yield _described(StoredItem(guid=guid, document=text.decode(), received=received), item)


def _guid(item: etree._Element) -> str:
    element = item.find("guid")
    guid = xml.text_of(element)
    if guid is None:
        raise InputError("the item has no guid; give one that no other item has", where=xml.where(item))
    if len(guid) > GUID_LIMIT:
        raise InputError(f"the guid is longer than {GUID_LIMIT} characters", where=xml.where(element))
    return guid


def _check_item(item: etree._Element) -> None:
    """Refuse what feed readers could not show or should not follow."""
    if all(xml.text_of(item.find(name)) is None for name in ("title", "description")):
        raise InputError("the item has neither title nor description", where=xml.where(item))
    link = item.find("link")
    address = xml.text_of(link)
    if address is not None and not address.lower().startswith(("http://", "https://")):
        raise InputError("the link is no http or https URL", where=xml.where(link))
    published = item.find("pubDate")
    date = xml.text_of(published)
    if date is not None:
        try:
            parsedate_to_datetime(date)
        except (ValueError, OverflowError) as error:
            raise InputError(
                f"the pubDate {date[:100]!r} is no RFC 822 date such as 'Mon, 11 Jan 2016 03:55:45 GMT'",
                where=xml.where(published),
            ) from error


def _described(item: StoredItem, element: etree._Element) -> StoredItem:
    """Add what the item can be found by; what is not known, or too long to be looked for, is left out."""
    said: dict[str, str] = {}
    for child in element.iter(etree.Element):
        text = xml.text_of(child)
        if text is not None and len(text) <= NAME_LIMIT and child.tag.startswith("{"):
            said.setdefault(xml.local_name(child), text)
    categories = [xml.text_of(each) for each in element.findall("category")[:CATEGORIES_LIMIT]]
    longitude, latitude = _position(said)
    return replace(
        item,
        subscription_id=said.get("subscription"),
        procedure=said.get("procedure") or said.get("procedure_id"),
        observed_property=said.get("observedProperty"),
        feature_of_interest=said.get("featureOfInterest"),
        categories=tuple(dict.fromkeys(each for each in categories if each and len(each) <= NAME_LIMIT)),
        status=said.get("status") if said.get("status") in set(AlertStatus) else None,
        severity=said.get("severity") if said.get("severity") in set(Severity) else None,
        happened=_instant(said.get("phenomenonTime")) or _date(element) or item.received,
        longitude=longitude,
        latitude=latitude,
    )


def _position(said: dict[str, str]) -> tuple[float | None, float | None]:
    """Give longitude and latitude by GeoRSS (of a line or an area its middle), its GML form, or W3C Basic Geo."""
    names = ("point", "pos", "polygon", "line", "box", "posList")
    pairs = next((said[name] for name in names if name in said), f"{said.get('lat', '')} {said.get('long', '')}")
    try:
        numbers = [float(number) for number in re.split(r"[\s,]+", pairs.strip())]
    except ValueError:
        return None, None
    latitudes, longitudes = numbers[::2], numbers[1::2]
    if not longitudes or len(latitudes) != len(longitudes) or not all(map(math.isfinite, numbers)):
        return None, None
    latitude = (min(latitudes) + max(latitudes)) / 2
    longitude = (min(longitudes) + max(longitudes)) / 2
    return (longitude, latitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else (None, None)


def _instant(text: str | None) -> datetime | None:
    try:
        return parse_instant(text) if text else None
    except ValueError:
        return None


def _date(item: etree._Element) -> datetime | None:
    """Give the pubDate in UTC; one without a zone is meant in UTC."""
    text = xml.text_of(item.find("pubDate"))
    try:
        date = parsedate_to_datetime(text) if text else None
        return None if date is None else date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _plain(text: str) -> str:
    """Give the text of what may be HTML, as RSS has it in titles and descriptions."""
    if "<" not in text and "&" not in text:
        return text
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    root = etree.fromstring(f"<div>{text}</div>".encode(), parser)
    if root is None:
        return ""
    etree.strip_elements(root, "script", "style", with_tail=False)
    return "".join(_texts(root))


def _texts(root: etree._Element) -> Iterator[str]:
    """Give the texts of an HTML element as they stand there, with a line break where one is seen."""
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            yield element.text or ""
        else:
            yield "\n" if element.tag in _BREAKING else ""
            yield element.tail or ""
