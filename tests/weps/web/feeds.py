"""The items of feeds in every format."""

from __future__ import annotations

import json

import feedparser


def ids(body: bytes, feed_format: str) -> list[str]:
    if feed_format == "json":
        return [item["id"] for item in json.loads(body)["items"]]
    if feed_format == "geojson":
        return [feature["id"] for feature in json.loads(body)["features"]]
    return [entry.id.removeprefix("urn:uuid:") for entry in feedparser.parse(body).entries]
