"""Alerts and posted items as JSON Feed 1.1; what JSON Feed has no member for stands in `_weps`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.model import Alert
from weps.notify.alert_json import alert_members, item_to_json
from weps.notify.page import NAME_LIMIT
from weps.notify.posted import posted_of
from weps.notify.rss import TEXT_LIMIT
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from weps.model import StoredItem
    from weps.notify.page import FeedPage

MEDIA_TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"


def write_json_feed(page: FeedPage) -> bytes:
    """Write a page as JSON Feed."""
    members = {
        "version": VERSION,
        "title": page.title,
        "home_page_url": page.alternate_url,
        "feed_url": page.self_url,
        "description": page.description,
        "next_url": page.next_url,
        "hubs": [{"type": "WebSub", "url": page.hub_url}] if page.hub_url else None,
        "authors": [{"name": "WEPS"}],
        "language": page.language.value,
    }
    items = [_alert(each, page.alerts_url) if isinstance(each, Alert) else _posted(each) for each in page.notices]
    feed = {name: value for name, value in members.items() if value is not None} | {"items": items}
    return json.dumps(feed, ensure_ascii=False, allow_nan=False).encode()


def _alert(alert: Alert, alerts_url: str | None) -> dict[str, Any]:
    item = {
        "id": alert.id,
        "url": None if alerts_url is None else f"{alerts_url}/{alert.id}",
        "title": clean_line(alert.title, NAME_LIMIT) or alert.status.value,
        "content_text": clean_text(alert.text, TEXT_LIMIT) or alert.status.value,
        "date_published": format_instant(alert.detected),
        "language": alert.language.value,
        "tags": [alert.status.value, alert.severity.value],
        "_weps": alert_members(alert),
    }
    return {name: value for name, value in item.items() if value is not None}


def _posted(item: StoredItem) -> dict[str, Any]:
    posted = posted_of(item)
    members = {
        "id": item.guid,
        "external_url": posted.link,
        "title": posted.title,
        "content_text": posted.text,
        "date_published": format_instant(posted.published),
        "tags": list(item.categories),
        "_weps": item_to_json(item),
    }
    return {name: value for name, value in members.items() if value is not None}
