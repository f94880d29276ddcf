"""
Alerts that gather: at the end of a window they are pushed to each target as one notification.

A window is closed in one transaction with what it pushes, so each is told once to the outbox, with an id that follows
from the subscription and the window.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from weps.groups import worst_of
from weps.notify.gathering import compose_group
from weps.surviving import result_of

if TYPE_CHECKING:
    from weps.groups import GroupAlert
    from weps.model import Alert, Subscription
    from weps.store import Store
    from weps.store.groups import WindowTransaction

LOG = logging.getLogger(__name__)
PAUSE = timedelta(minutes=1)
"""How long something is put off that could not be done."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Pushes what has gathered, at the time of `clock`; `feed_url` gives where the alerts of a subscription are."""

    store: Store
    feed_url: Callable[[Subscription], str]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run_due(self) -> int:
        """Close the windows that are over; gives how many."""
        now = self.clock()
        closed = 0
        while windows := self.store.due_windows(now):
            for identifier in windows:
                closed += self._close(identifier, now)
        return closed

    def _close(self, identifier: str, now: datetime) -> int:
        """Close a window and tell whether that was to be done; one that breaks must not hold up the others."""
        told = result_of(partial(self._tell, identifier, now), "window broke group=%s", identifier)
        if told is None:
            self.store.put_off_window(identifier, now + PAUSE)
        return told or 0

    def _tell(self, identifier: str, now: datetime) -> int:
        with self.store.closing_window(identifier, now) as work:
            if work is None:
                return 0
            told = self._push(work, now)
        LOG.info("told together group=%s alerts=%d", identifier, told)
        return 1

    def _push(self, work: WindowTransaction, now: datetime) -> int:
        """Push to each target what has gathered for it: one alert alone as it is."""
        gathered = work.gathered()
        composed: dict[tuple[int, ...], GroupAlert] = {}
        for target, alerts in gathered.items():
            if len(alerts) == 1:
                work.push(alerts[0], target)
                continue
            known = tuple(alert.sequence for alert in alerts)
            if known not in composed:
                composed[known] = self._compose(work, alerts, now)
            work.push_group(composed[known], target)
        return max(len(alerts) for alerts in gathered.values()) if gathered else 0

    def _compose(self, work: WindowTransaction, alerts: tuple[Alert, ...], now: datetime) -> GroupAlert:
        subscription = work.subscription()
        return compose_group(
            subscription,
            alerts,
            window=work.window,
            beginnings=work.beginnings(alerts),
            standings=work.standings(worst_of(alerts)),
            feed=self.feed_url(subscription),
            detected=now,
        )
