"""
Alerts about sources: one that is down, that is silent, or that does not announce any more what is watched.

A source is silent when it answers, but has had nothing new for so many times the usual distance; what is usual is
learned from it. What its polls took is measured here, and kept with what they brought.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from weps.composing import source_alert_id
from weps.feeders.base import Batch
from weps.health import Asked, Health, Learned
from weps.model import Alert, AlertStatus, Feed, SourceChange, Subscription, Target
from weps.notify.message import compose_source_alert
from weps.notify.text import format_time
from weps.store import BatchTransaction

Alerts = list[tuple[Alert, tuple[Target, ...]]]

_BEGINS = {AlertStatus.SOURCE_UP: AlertStatus.SOURCE_DOWN, AlertStatus.SOURCE_SPEAKS: AlertStatus.SOURCE_SILENT}


@dataclass(frozen=True, slots=True)
class Alarm:
    """
    When subscribers are told of their source: after so many failures in a row, or when it is silent.

    `stale_after` is how many times the usual distance it may have nothing new, `series_stale_after` how many times its
    own one of its series may, while others go on; with 0 nobody is told.
    """

    failures: int = 3
    stale_after: float = 10.0
    series_stale_after: float = 10.0


class Meter:
    """Measures requests until the poll that they were made for is stored; safe to use from many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked: dict[int, list[Asked]] = {}
        self._lock = threading.Lock()

    def measure(self, feed_id: int, ask: Callable[[], Batch]) -> Batch:
        """Make a request of a feed, and remember what it took; raises what it raises."""
        began, answer = self._clock(), None
        try:
            answer = ask()
        finally:
            told = (None,) if answer is None else (answer.octets, answer.nils, answer.elsewhere)
            asked = Asked(self._clock() - began, *told)
            with self._lock:
                self._asked.setdefault(feed_id, []).append(asked)
        return answer

    def take(self, feed_id: int) -> Sequence[Asked]:
        """Give the requests of a feed since the last call."""
        with self._lock:
            return self._asked.pop(feed_id, [])


def source_alerts(
    subscriptions: Iterable[Subscription],
    feed: Feed,
    status: AlertStatus,
    now: datetime,
    *,
    began: datetime | None = None,
    reason: str | None = None,
    changes: Sequence[SourceChange] = (),
) -> Alerts:
    """
    Give the alerts to the subscribers of a source; `began` is when the episode did (None: now).

    Each has its id from its subscription, status and time, so that what is told again is known as told.
    """
    return [
        (
            compose_source_alert(
                subscription,
                id=source_alert_id(subscription, status, now),
                episode=source_alert_id(subscription, _BEGINS.get(status, status), began or now),
                status=status,
                rule_name=subscription.rule.name,
                detected=now,
                last_success=feed.last_success,
                error=reason,
                changes=changes,
            ),
            subscription.targets,
        )
        for subscription in subscriptions
    ]


def note_answer(
    transaction: BatchTransaction,
    subscriptions: Sequence[Subscription],
    requests: Sequence[Asked],
    now: datetime,
    learned: Learned,
    *,
    has_news: bool,
    is_last: bool,
    alarm: Alarm,
) -> tuple[Health, bool]:
    """
    Keep what a poll that succeeded took, and tell when a source falls silent or speaks again.

    Gives the record, and whether something was told.

    `is_last` is the end of a poll in steps: before it, there may be news yet.
    """
    before = transaction.health()
    health, status, reason = before.answered(requests, now), None, None
    health = replace(health, learned=learned, counters=health.counters.plus(transaction.counters))
    if has_news:
        health = health.with_news(now, transaction.feed.interval, is_last=is_last)
        if health.silent_since is not None:
            status, health = AlertStatus.SOURCE_SPEAKS, replace(health, silent_since=None)
    elif is_last and health.silent_since is None and health.is_overdue(now, alarm.stale_after):
        status, health = AlertStatus.SOURCE_SILENT, replace(health, silent_since=now)
        reason = _silence(health.arrived, health.usual_distance())
    if health != before:
        transaction.save_health(health)
    if status is None:
        return health, False
    told = source_alerts(subscriptions, transaction.feed, status, now, began=before.silent_since, reason=reason)
    transaction.add_alerts(told, now)
    return health, True


def _silence(arrived: datetime | None, usual: timedelta | None) -> str:
    since = format_time(arrived) if arrived else "the beginning"
    return f"nothing new since {since}; usually there is something every {usual and in_seconds(usual)}"


def in_seconds(usual: timedelta) -> timedelta:
    """Give a distance as people are told it: in whole seconds, at least one."""
    return timedelta(seconds=max(1, round(usual.total_seconds())))
