"""Whether a reader has the newest version of a document: ETag and Last-Modified (RFC 9110 clauses 8.8 and 13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from weps.notify.formats import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

# Last-Modified counts whole seconds: while more may come in the newest one, that second is not told yet. Otherwise a
# reader that knows nothing but Last-Modified would never see the second alert of a second.
_SETTLED = timedelta(seconds=2)
_GZIPPED = '-gzip"'


@dataclass(frozen=True, slots=True)
class Freshness:
    """What tells one version of a document from another."""

    etag: str
    last_modified: datetime

    def headers(self, *, gzipped: bool = False) -> dict[str, str]:
        """Give the headers of an answer, with a body or with 304: what is sent compressed has a tag of its own."""
        return {
            "ETag": self.etag[:-1] + _GZIPPED if gzipped else self.etag,
            "Last-Modified": format_datetime(self.last_modified, usegmt=True),
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
        }

    def is_known(self, if_none_match: str | None, if_modified_since: str | None) -> bool:
        """Tell whether a reader has this version: its date counts only when it sent no tag (clause 13.2.2)."""
        if if_none_match is not None:
            tags = {tag.strip().removeprefix("W/").replace(_GZIPPED, '"') for tag in if_none_match.split(",")}
            return "*" in tags or self.etag in tags
        if if_modified_since is None:
            return False
        try:
            since = parsedate_to_datetime(if_modified_since)
        except (ValueError, OverflowError):
            return False
        return (since if since.tzinfo else since.replace(tzinfo=UTC)) >= self.last_modified


def freshness(version: Iterable[object], modified: datetime, now: datetime) -> Freshness:
    """Make it of what the store tells without reading an item: all that changes the document, and when it last did."""
    newest = modified.astimezone(UTC).replace(microsecond=0)
    if newest <= now < newest + _SETTLED:
        newest -= timedelta(seconds=1)
    return Freshness('"' + "-".join(map(str, (VERSION, *version))) + '"', newest)
