"""A store that counts how often its items are read, and items that are posted."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.weps.notify.samples import make_alert
from weps.notices import Selection, Window
from weps.notify.rss import build_notification
from weps.store import Store

STORED = datetime(2016, 1, 11, 5, tzinfo=UTC)
PILOT_GUID = "http://weps.example.org/store/rss/#alert=1452484545014"


class ReadsCounted(Store):
    """The store, which also counts how often items are read."""

    reads = 0

    def notices(self, *arguments):
        self.reads += 1
        return super().notices(*arguments)

    @property
    def posted(self) -> int:
        return len(super().notices(Selection(), Window(500)).members)


def notification(number: int) -> bytes:
    return build_notification(make_alert(number), alerts_url="http://other.example.org/alerts")
