"""The formats of feeds, by the name that addresses and `format=` have for them: another is a file and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weps.notify import atom, geojson, json_feed, rss
from weps.notify.cap_index import write_cap_index

if TYPE_CHECKING:
    from collections.abc import Callable

    from weps.notify.page import FeedPage


@dataclass(frozen=True, slots=True)
class FeedFormat:
    """How a page of a feed is written. `needs_references`: with what was told before in the episodes of its alerts."""

    media_type: str
    write: Callable[[FeedPage], bytes]
    alerts_only: bool = False
    needs_references: bool = False


FORMATS = {
    "rss": FeedFormat(rss.MEDIA_TYPE, rss.write_rss),
    "atom": FeedFormat(atom.MEDIA_TYPE, atom.write_atom),
    "json": FeedFormat(json_feed.MEDIA_TYPE, json_feed.write_json_feed),
    "geojson": FeedFormat(geojson.MEDIA_TYPE, geojson.write_geojson),
    "cap": FeedFormat(atom.MEDIA_TYPE, write_cap_index, alerts_only=True, needs_references=True),
}
VERSION = 2
"""Part of the ETag: raise it whenever the same notices begin to give other bytes."""
