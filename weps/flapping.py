"""
What flaps: things that begin and end so often that nobody reads it any more. Values and pure decisions.

One thing that a subscription watches (the series, or whatever its rule tells things apart by) flaps from the change on
that is one too many within a window, by the times at which it happened. Then that is told, and no change of it after
that. When it has been calm for the whole window, a last alert says how often it changed, and how it stands. It is calm
when something happens so much later, or when the clock has passed that time and its source has been read until then.

Severity steps are no changes, nor what is pending, nor what people or the end of a subscription do to an episode;
moments have no end, so they do not flap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from weps.episodes import OPEN
from weps.model import AlertStatus, Reminder

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from weps.model import Alert, Flapping

FLAPPING = "flapping"
"""Stands as `silenced` in alerts that are not pushed because what they tell of flaps."""

ABOUT_FLAPPING = frozenset({Reminder.FLAPPING, Reminder.FLAPPING_OVER})
_BEGUN = OPEN - {AlertStatus.PENDING}
_BY_OTHERS = frozenset({AlertStatus.CANCELLED, AlertStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class Flaps:
    """
    How one thing has changed lately.

    `episode` is its last one, `changes` are the times of its last changes, `newest` the newest of them (None: whether
    it is calm does not matter any more). It flaps since the first of those that were too many (`since`, else None), and
    has changed `count` times since; `began` is the alert with which it began to. `told` is whether somebody was pushed
    that, `escalated` whether further targets have to be told too. At `due` somebody has to look whether it is calm.
    """

    subscription_id: str
    key: str
    episode: str
    due: datetime
    changes: tuple[datetime, ...] = ()
    newest: datetime | None = None
    since: datetime | None = None
    began: str | None = None
    count: int = 0
    told: bool = False
    escalated: bool = False

    @property
    def is_on(self) -> bool:
        """Whether it flaps."""
        return self.since is not None

    def is_calm(self, time: datetime, window: timedelta) -> bool:
        """Tell whether nothing has changed for the window when it is that time in the world."""
        return self.newest is None or time - self.newest >= window


def is_change(alert: Alert, before: AlertStatus | None) -> bool:
    """Tell whether an alert says that something has begun or ended; `before` is the state of its episode until now."""
    if alert.reminder is not None or alert.status is AlertStatus.PENDING or alert.status in _BY_OTHERS:
        return False
    return (alert.status in _BEGUN) is not (before in _BEGUN)


def count_change(flaps: Flaps, alert: Alert, wish: Flapping, now: datetime) -> Flaps:
    """Give how things are after a change: perhaps it is the one too many."""
    happened = alert.event_time
    changes = (*(time for time in flaps.changes if happened - time < wish.window), happened)[-wish.count - 1 :]
    after = replace(
        flaps,
        episode=alert.episode,
        changes=changes,
        newest=happened if flaps.newest is None else max(flaps.newest, happened),
        due=now + wish.window,
    )
    if flaps.is_on:
        return replace(after, count=flaps.count + 1)
    if len(changes) <= wish.count:
        return after
    return replace(after, since=min(changes), began=alert.id, count=len(changes))
