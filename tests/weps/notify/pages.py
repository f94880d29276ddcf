"""Pages of feeds that the tests of formats share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.weps.notify.samples import DETECTED, make_alert, make_subscription
from weps.model import Alert, StoredItem
from weps.notices import Notice
from weps.notify.page import FeedPage, store_page, subscription_page
from weps.notify.posted import read_items

BASE = "http://weps.example.org"
ALERT_ID = "0e0a4b8e-2d7c-5b0e-9d6e-3f9b8a1c2d4e"
SUBSCRIPTION_ID = "5b4a3c2d-1e0f-4a9b-8c7d-6e5f4a3b2c1d"
POSTED = """
<rss version="2.0" xmlns:sc="http://iddss-sensor.cdmps.org.au:8080/rssschemas/"
    xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#"><channel><title>t</title><item>
    <title>Water &lt;b&gt;rises&lt;/b&gt;</title>
    <description>&lt;p&gt;Level &lt;b&gt;7&lt;/b&gt;&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;</description>
    <link>http://other.example.org/1</link><guid>other 1</guid><category>flood</category>
    <pubDate>Mon, 11 Jan 2016 03:55:45 GMT</pubDate><sc:procedure_id>gauge7</sc:procedure_id>
    <geo:lat>-37.8</geo:lat><geo:long>144.9</geo:long></item></channel></rss>
""".strip()


def alert(**changes: Any) -> Alert:
    """Make an alert with the ids that real ones have."""
    real = {"id": ALERT_ID, "episode": ALERT_ID, "subscription_id": SUBSCRIPTION_ID}
    return replace(make_alert(), **real | changes)


def posted() -> StoredItem:
    """Make an item that somebody posted."""
    (item,) = read_items(POSTED.encode(), received=DETECTED)
    return item


def page_of(*notices: Notice, **members: Any) -> FeedPage:
    """Make a page of a subscription's feed, or with posted items of the store."""
    links = {"self_url": f"{BASE}/feeds/open-sesame.x", "alternate_url": f"{BASE}/", "alerts_url": f"{BASE}/alerts"}
    members = links | {"sender": "weps@weps.example.org"} | members
    if all(isinstance(notice, Alert) for notice in notices):
        return subscription_page(replace(make_subscription(), id=SUBSCRIPTION_ID), notices, **members)
    return store_page(notices, DETECTED, **members)
