"""Alerts and posted items as a GeoJSON FeatureCollection (RFC 7946); links stand as OGC API - Features has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sos_server.time import format_instant
from weps.model import Alert
from weps.notify.alert_json import alert_members, item_to_json
from weps.notify.page import NAME_LIMIT
from weps.notify.place import geojson_of
from weps.notify.posted import posted_of
from weps.notify.rss import TEXT_LIMIT
from weps.notify.text import clean_line, clean_text

if TYPE_CHECKING:
    from weps.model import StoredItem
    from weps.notify.page import FeedPage

MEDIA_TYPE = "application/geo+json"


def write_geojson(page: FeedPage) -> bytes:
    """Write a page as GeoJSON; what has no place is a feature without geometry."""
    collection = {
        "type": "FeatureCollection",
        "title": page.title,
        "description": page.description,
        "timeStamp": format_instant(page.updated),
        "links": [
            *({"rel": relation, "href": url, "type": MEDIA_TYPE} for relation, url in page.links),
            {"rel": "alternate", "href": page.alternate_url, "type": "text/html"},
        ],
        "features": [
            _alert(notice, page.alerts_url) if isinstance(notice, Alert) else _posted(notice) for notice in page.notices
        ],
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode()


def _alert(alert: Alert, alerts_url: str | None) -> dict[str, Any]:
    title = clean_line(alert.title, NAME_LIMIT) or alert.status.value
    text = clean_text(alert.text, TEXT_LIMIT) or alert.status.value
    properties = {"title": title, "text": text, **alert_members(alert)}
    for name in ("longitude", "latitude", "geometry"):
        properties.pop(name, None)
    if alerts_url is not None:
        properties["url"] = f"{alerts_url}/{alert.id}"
    return {"type": "Feature", "id": alert.id, "geometry": geojson_of(alert), "properties": properties}


def _posted(item: StoredItem) -> dict[str, Any]:
    posted = posted_of(item)
    properties = {"title": posted.title, "text": posted.text, "url": posted.link, **item_to_json(item)}
    for name in ("guid", "longitude", "latitude"):
        properties.pop(name, None)
    geometry = None
    if item.longitude is not None and item.latitude is not None:
        geometry = {"type": "Point", "coordinates": [item.longitude, item.latitude]}
    return {
        "type": "Feature",
        "id": item.guid,
        "geometry": geometry,
        "properties": {name: value for name, value in properties.items() if value is not None},
    }
