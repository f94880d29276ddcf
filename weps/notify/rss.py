"""
Alerts and posted items as RSS 2.0: a feed for readers, a document of one item for data stores.

The same items give the same bytes: nothing in a document depends on when it is built.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from feedgen.feed import FeedGenerator
from lxml import etree

from sos_server.codecs import xml
from weps.model import Alert, Language
from weps.notify.links import permalink
from weps.notify.page import NAME_LIMIT, FeedPage, subscription_page
from weps.notify.rss_elements import EXTENSION, AlertEntryExtension, AlertFeedExtension
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weps.model import Subscription

MEDIA_TYPE = "application/rss+xml"
TEXT_LIMIT = 10_000


def write_rss(page: FeedPage) -> bytes:
    """Write a page as RSS; posted items stand in it as they were posted."""
    alerts = [notice for notice in page.notices if isinstance(notice, Alert)]
    feed = _new_feed(page)
    for alert in alerts:
        _add_alert(feed, alert, page.alerts_url)
    document = bytes(feed.rss_str())
    return document if len(alerts) == len(page.notices) else _with_posted(document, page)


def build_feed(
    subscription: Subscription,
    alerts: Sequence[Alert],
    *,
    self_url: str | None,
    alternate_url: str,
    alerts_url: str | None,
) -> bytes:
    """Write a subscription's alerts, newest first; those that are kept nowhere lead to their evidence."""
    urls = {"self_url": self_url, "alternate_url": alternate_url, "alerts_url": alerts_url}
    return write_rss(subscription_page(subscription, alerts, **urls))


def build_notification(alert: Alert, *, alerts_url: str) -> bytes:
    """Write a whole RSS document with one alert, as data stores for notifications take it."""
    return write_rss(
        FeedPage(
            id=f"urn:uuid:{alert.id}",
            title="WEPS alerts",
            description=f"An alert of the subscription {alert.subscription_id}",
            updated=alert.detected,
            notices=(alert,),
            alternate_url=permalink(alert, alerts_url),
            alerts_url=alerts_url,
            language=alert.language,
        )
    )


def as_html(text: str) -> str:
    """Write a text as HTML: that is what readers take a description for, whatever stands in it."""
    return "<br>\n".join(escape(line, quote=False) for line in text.split("\n"))


def _new_feed(page: FeedPage) -> Any:
    """Start a document; without a build time of ours feedgen would write the clock's."""
    feed = FeedGenerator()
    feed.register_extension(EXTENSION, AlertFeedExtension, AlertEntryExtension, atom=False, rss=True)
    feed.title(page.title)
    feed.description(page.description)
    feed.generator("WEPS")
    feed.lastBuildDate(page.updated)
    feed.pubDate(page.updated)
    if page.language is not Language.ENGLISH:
        feed.language(page.language.value)
    # feedgen takes the last link for the channel's own, and would write none but `self` as Atom links
    feed.link(href=page.alternate_url)
    links = [(relation, url, MEDIA_TYPE) for relation, url in page.links]
    getattr(feed, EXTENSION).links([*links, ("alternate", page.alternate_url, "text/html")] if links else [])
    return feed


def _add_alert(feed: Any, alert: Alert, alerts_url: str | None) -> None:
    entry = feed.add_entry(order="append")
    entry.title(clean_line(alert.title, NAME_LIMIT) or alert.status.value)
    link = alert.evidence if alerts_url is None else permalink(alert, alerts_url)
    if link is not None:
        entry.link(href=link)
    entry.description(as_html(clean_text(alert.text, TEXT_LIMIT) or alert.status.value))
    entry.guid(alert.id, permalink=False)
    entry.pubDate(alert.detected)
    entry.category([{"term": alert.status.value}, {"term": alert.severity.value}])
    getattr(entry, EXTENSION).alert(alert)


def _with_posted(document: bytes, page: FeedPage) -> bytes:
    """Put the posted items in their places among the alerts."""
    root = xml.parse(document)
    channel = root[0]
    alerts = iter(channel.findall("item"))
    for notice in page.notices:
        channel.append(next(alerts) if isinstance(notice, Alert) else xml.parse(notice.document.encode()))
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
