"""
The data store for notifications of the IMIS IoT pilot, both sides of its InsertRSS.

The channel posts one alert as a whole RSS document to `{address}/InsertRSS`; `read_items` takes what such clients post.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from lxml import etree

from sos_server.codecs import xml
from sos_server.errors import SosError
from weps.errors import DeliveryError, FeedError, InputError, SourceRefused
from weps.model import StoredItem
from weps.notify.rss import build_notification
from weps.notify.text import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from weps.model import Alert

NAME = "insert-rss"
OPERATION = "InsertRSS"
MEDIA_TYPE = "application/xml"

ITEM_LIMIT = 100
DOCUMENT_LIMIT = 1024 * 1024
GUID_LIMIT = 1_000
_TRY_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class InsertRssChannel:
    """
    Pushes an alert to a data store for notifications.

    `post` sends a body to a URL and gives the HTTP status, or raises a `FeedError`; `alerts_url` is what stands before
    `/{id}` in the permalink of an alert.
    """

    post: Callable[[str, bytes, str], int]
    alerts_url: str

    def send(self, alert: Alert, address: str) -> None:
        """Post one alert; raises `DeliveryError` when the data store did not take it."""
        url = insert_url(address)
        try:
            status = self.post(url, build_notification(alert, alerts_url=self.alerts_url), MEDIA_TYPE)
        except FeedError as error:
            raise DeliveryError(
                error.message, where=without_secrets(url), permanent=isinstance(error, SourceRefused)
            ) from error
        if not 200 <= status < 300:
            permanent = 400 <= status < 500 and status not in _TRY_AGAIN
            message = f"the data store answered with HTTP status {status}"
            raise DeliveryError(message, where=without_secrets(url), permanent=permanent)

    def check(self, address: str) -> None:
        """Refuse an address that is no http or https URL."""
        insert_url(address)


def insert_url(address: str) -> str:
    """Give the URL to post to: the endpoint with `/InsertRSS` behind its path, unless it ends so already."""
    try:
        parts = urlsplit("".join(address.split()))
        usable = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InputError(f"{address.strip()[:200]!r} is no http or https URL; give the address of a data store")
    path = parts.path.rstrip("/")
    if path.rsplit("/", 1)[-1].lower() != OPERATION.lower():
        path = f"{path}/{OPERATION}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


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


def _stored_items(items: list[etree._Element], received: datetime) -> Iterator[StoredItem]:
    guids: set[str] = set()
    for item in items:
        guid = _guid(item)
        if guid in guids:
            raise InputError(f"the guid {guid!r} stands twice in the document", where=xml.where(item))
        guids.add(guid)
        _check_item(item)
        text = etree.tostring(item, method="c14n", exclusive=True, with_comments=False, with_tail=False)
        yield StoredItem(guid=guid, document=text.decode(), received=received)


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
        except ValueError as error:
            raise InputError(
                f"the pubDate {date[:100]!r} is no RFC 822 date such as 'Mon, 11 Jan 2016 03:55:45 GMT'",
                where=xml.where(published),
            ) from error
