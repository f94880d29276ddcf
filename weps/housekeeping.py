"""Throwing away what is old, in portions, so that nobody waits long for the database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weps.store import Store

LOG = logging.getLogger(__name__)
PORTION = 500
SECONDS_BETWEEN = 0.05
"""A pause after each portion, in which others write."""

PORTIONS_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Deletes deliveries that are over and alerts of closed episodes when they are older than what is to be kept."""

    store: Store
    keep_alerts: timedelta = timedelta(days=400)
    keep_deliveries: timedelta = timedelta(days=30)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    portion: int = PORTION

    def run(self) -> None:
        """Delete what is old by now: first deliveries, since alerts are kept as long as one of theirs is."""
        now = self.clock()
        deliveries = self._purge(self.store.purge_deliveries, now - self.keep_deliveries)
        self._purge(self.store.purge_windows, now - self.keep_deliveries)
        alerts = self._purge(self.store.purge_alerts, now - self.keep_alerts)
        self._purge(self.store.purge_episodes, now - self.keep_alerts)
        if deliveries or alerts:
            LOG.info("purged deliveries=%d alerts=%d", deliveries, alerts)

    def _purge(self, purge: Callable[[datetime, int], int], before: datetime) -> int:
        total = 0
        for _ in range(PORTIONS_LIMIT):
            count = purge(before, self.portion)
            total += count
            if count < self.portion:
                break
            time.sleep(SECONDS_BETWEEN)
        return total
