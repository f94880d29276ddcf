"""
Alerts and stored items as RSS 2.0: a feed for readers, a document of one item for data stores.

The same items give the same bytes: nothing in a document depends on when it is built.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from feedgen.feed import FeedGenerator
from lxml import etree

from sos_server.codecs import xml
from weps.notify.rss_elements import EXTENSION, AlertEntryExtension, AlertFeedExtension
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from weps.model import Alert, StoredItem, Subscription

MEDIA_TYPE = "application/rss+xml"
PAGE_SIZE = 50
FORMAT_VERSION = 1
"""Part of the ETag: raise it whenever the same alerts begin to give other bytes."""

_TITLE_LIMIT = 300
_TEXT_LIMIT = 10_000


def build_feed(
    subscription: Subscription,
    alerts: Sequence[Alert],
    *,
    self_url: str | None,
    alternate_url: str,
    alerts_url: str | None,
    next_url: str | None = None,
    previous_url: str | None = None,
) -> bytes:
    """
    Write one page of a subscription's feed, the alerts newest first.

    `alternate_url` is the page for people, `alerts_url` what stands before `/{id}` in the permalink of an alert, the
    last two are the older and the newer page (RFC 5005). Of a feed and alerts that are kept nowhere, `self_url` and
    `alerts_url` are None: their items lead to the evidence, where there is some.
    """
    name = clean_line(subscription.title or subscription.rule.name or subscription.id, _TITLE_LIMIT)
    endpoint = clean_line(subscription.source.endpoint, _TITLE_LIMIT)
    feed = _new_feed(
        title=f"WEPS alerts: {name}",
        description=f"Alerts of the subscription {subscription.id}: {name}, observed at {endpoint}",
        built=max((alert.detected for alert in alerts), default=subscription.created),
        alternate_url=alternate_url,
        pages={"self": self_url, "next": next_url, "previous": previous_url},
    )
    for alert in alerts:
        _add_alert(feed, alert, alerts_url)
    return bytes(feed.rss_str())


def build_notification(alert: Alert, *, alerts_url: str) -> bytes:
    """Write a whole RSS document with one alert, as data stores for notifications take it."""
    link = f"{alerts_url}/{alert.id}"
    feed = _new_feed(
        title="WEPS alerts",
        description=f"An alert of the subscription {alert.subscription_id}",
        built=alert.detected,
        alternate_url=link,
        pages={},
    )
    _add_alert(feed, alert, alerts_url)
    return bytes(feed.rss_str())


def build_store_feed(
    items: Sequence[StoredItem],
    *,
    self_url: str,
    alternate_url: str,
    updated: datetime,
    next_url: str | None = None,
    previous_url: str | None = None,
) -> bytes:
    """Write one page of the data store for notifications: the items as they were posted, newest first."""
    feed = _new_feed(
        title="WEPS data store for notifications",
        description="Notifications that were posted to this data store",
        built=updated,
        alternate_url=alternate_url,
        pages={"self": self_url, "next": next_url, "previous": previous_url},
    )
    document = etree.fromstring(feed.rss_str())
    channel = document[0]
    for item in items:
        channel.append(xml.parse(item.document.encode()))
    return bytes(etree.tostring(document, encoding="UTF-8", xml_declaration=True))


def _new_feed(
    *, title: str, description: str, built: datetime, alternate_url: str, pages: Mapping[str, str | None]
) -> Any:
    """Start a document; without a build time of ours feedgen would write the clock's."""
    feed = FeedGenerator()
    feed.register_extension(EXTENSION, AlertFeedExtension, AlertEntryExtension, atom=False, rss=True)
    feed.title(title)
    feed.description(description)
    feed.generator("WEPS")
    feed.lastBuildDate(built)
    feed.pubDate(built)
    # feedgen takes the last link for the channel's own, and would write none but `self` as Atom links
    feed.link(href=alternate_url)
    links = [(relation, url, MEDIA_TYPE) for relation, url in pages.items() if url]
    getattr(feed, EXTENSION).links([*links, ("alternate", alternate_url, "text/html")] if links else [])
    return feed


def _add_alert(feed: Any, alert: Alert, alerts_url: str | None) -> None:
    entry = feed.add_entry(order="append")
    entry.title(clean_line(alert.title, _TITLE_LIMIT) or alert.status.value)
    link = alert.evidence if alerts_url is None else f"{alerts_url}/{alert.id}"
    if link is not None:
        entry.link(href=link)
    entry.description(_as_html(clean_text(alert.text, _TEXT_LIMIT) or alert.status.value))
    entry.guid(alert.id, permalink=False)
    entry.pubDate(alert.detected)
    entry.category([{"term": alert.status.value}, {"term": alert.severity.value}])
    getattr(entry, EXTENSION).alert(alert)


def _as_html(text: str) -> str:
    """Write a text as HTML: that is what readers take a description for, whatever stands in it."""
    return "<br>\n".join(escape(line, quote=False) for line in text.split("\n"))
