"""Whether a reader has the newest version of a feed already: ETag and Last-Modified (RFC 9110 clauses 8.8 and 13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from weps.notify.rss import FORMAT_VERSION

if TYPE_CHECKING:
    from weps.model import FeedStatus

# Last-Modified counts whole seconds: while more may come in the newest one, that second is not told yet. Otherwise a
# reader that knows nothing but Last-Modified would never see the second alert of a second.
_SETTLED = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Freshness:
    """What tells one version of a feed from another."""

    etag: str
    last_modified: datetime

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an answer, with a body or with 304."""
        modified = format_datetime(self.last_modified, usegmt=True)
        return {"ETag": self.etag, "Last-Modified": modified, "Cache-Control": "no-cache"}

    def is_known(self, if_none_match: str | None, if_modified_since: str | None) -> bool:
        """Tell whether a reader has this version: its date counts only when it sent no tag (clause 13.2.2)."""
        if if_none_match is not None:
            tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
            return "*" in tags or self.etag in tags
        if if_modified_since is None:
            return False
        try:
            since = parsedate_to_datetime(if_modified_since)
        except ValueError:
            return False
        return (since if since.tzinfo else since.replace(tzinfo=UTC)) >= self.last_modified


def freshness(status: FeedStatus, created: datetime, now: datetime) -> Freshness:
    """Make it of what the store tells without reading an item; `created` stands in for an item while there is none."""
    newest = max(status.newest_time, created).astimezone(UTC).replace(microsecond=0)
    if newest <= now < newest + _SETTLED:
        newest -= timedelta(seconds=1)
    return Freshness(f'"{FORMAT_VERSION}-{status.newest_sequence}-{status.count}"', newest)
