"""
Groups: several alerts of one subscription that are pushed as one notification. Values and pure decisions.

The first alert that is to be pushed opens a window; at its end those of one target are told together. Feeds have the
single alerts, and nothing of groups.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weps.model import Alert, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from weps.episodes import Episode
    from weps.model import AlertStatus, Attention, Reminder

PATTERN = "group"
"""What stands as the pattern of an alert that tells several."""

LISTED = 20
"""Alerts that one notification lists; the others are counted."""

_NAMESPACE = uuid.UUID("0f6cbf0b-6f0a-4f0c-8b0e-2f8d1d1f7a52")
_BADNESS = {severity: badness for badness, severity in enumerate(reversed(Severity))}


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """
    An alert as a group lists it, with what has become of its episode since.

    `state` is that of the episode, `silenced` what mutes it when the group is told.
    """

    id: str
    episode: str
    title: str
    severity: Severity
    status: AlertStatus
    event_time: datetime
    state: AlertStatus
    reminder: Reminder | None = None
    acknowledged_by: str | None = None
    silenced: str | None = None


@dataclass(frozen=True, slots=True)
class GroupAlert(Alert):
    """
    Several alerts of a subscription, told as one; its id follows from the subscription and the window.

    `began` and `ended` are how many of them began and ended their episode, `alert_count` how many there are in all.
    `entries` are the worst of them, `feed` is where all of them are.
    """

    began: int = 0
    ended: int = 0
    alert_count: int = 0
    entries: tuple[GroupEntry, ...] = ()
    feed: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which the alerts of a subscription gather, until it is `due`."""

    id: str
    subscription_id: str
    opened: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How an episode stands: what it is now, and what mutes it."""

    episode: Episode
    silenced: str | None = None


def window_id(subscription_id: str, first_alert: str) -> str:
    """Give the id of the window that an alert opens: the same again when the same is done again."""
    return str(uuid.uuid5(_NAMESPACE, f"{subscription_id}/{first_alert}"))


def badness(severity: Severity) -> int:
    """Give a number that is higher for what is worse."""
    return _BADNESS[severity]


def worst_of(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """Give the alerts that a notification lists: the worst, oldest first among those that are as bad."""
    return tuple(sorted(alerts, key=lambda alert: (-badness(alert.severity), alert.sequence))[:LISTED])


def gathers(attention: Attention, alert: Alert) -> bool:
    """Tell whether an alert waits for others instead of being pushed at once."""
    return attention.group is not None and badness(alert.severity) <= badness(attention.group_up_to)
