"""
Episodes: what alerts tell of as people work with it. Values and pure decisions, standard library only.

An episode is opened by an alert and closed by another, and every change of it is an alert of its own, stored with the
episode's row in one transaction:

    pending                                                    open: it has begun, and may become firing
    firing, no-data, source-down, source-silent, target-down   open: it goes on until something ends it
    resolved, source-up, source-speaks, target-up              closed by what was observed
    expired                                                    closed: its subscription ended, or its rule began anew
    cancelled                                                  closed by an operator, with a reason
    event, source-changed, rule-failed                         closed from the start: it has no duration

Feeds hold every alert. What is *pushed* is decided when an alert is stored: nothing while a silence matches it, and
nothing of what is pending, nor its end where it never fired. A silence that ends tells the episodes that are open
then, and those that ended under it after they had been told. What flaps is muted in the same way, see `flapping`.
What is due later of an episode stands in a timer: to be told again (`repeat`), to be told to more targets when nobody
acknowledged it (`escalation`), the end of an acknowledgement, and that it has expired. Whatever runs a timer does so
in one transaction, with an alert whose id follows from the episode and the instant that was due: twice is once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from weps.model import AlertStatus, Reminder

if TYPE_CHECKING:
    from datetime import datetime

    from weps.model import Alert, Severity

OPEN = frozenset(
    {
        AlertStatus.PENDING,
        AlertStatus.FIRING,
        AlertStatus.NO_DATA,
        AlertStatus.SOURCE_DOWN,
        AlertStatus.SOURCE_SILENT,
        AlertStatus.TARGET_DOWN,
    }
)
MOMENTARY = frozenset({AlertStatus.EVENT, AlertStatus.RULE_FAILED, AlertStatus.SOURCE_CHANGED})


class Timer(StrEnum):
    """What can be due of an episode."""

    REPEAT = "repeat"
    ESCALATION = "escalation"
    ACKNOWLEDGEMENT = "acknowledgement"
    EXPIRY = "expiry"


class DueTimer(NamedTuple):
    """Something that is due of an episode."""

    episode: str
    kind: Timer
    due: datetime


class Action(StrEnum):
    """What people do with an episode."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    COMMENT = "comment"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody did with an episode, and why."""

    noted: datetime
    author: str
    action: Action
    text: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """
    An episode as its newest alert leaves it.

    `newest_alert` is the sequence of the alert that changed it last, reminders left out. `told` is whether somebody
    was pushed an alert of it, `muted` whether its last change was not pushed because of a silence, `escalated` whether
    it was told to further targets. `acknowledged_until` None means until it is over. `continued_by` is the episode in
    which one goes on that was cancelled too early. `key` is what its rule tells things apart by, where that matters.
    """

    id: str
    subscription_id: str
    state: AlertStatus
    severity: Severity
    opened: datetime
    closed: datetime | None
    first_alert: int
    newest_alert: int
    alert_count: int
    acknowledged_by: str | None = None
    acknowledged: datetime | None = None
    acknowledged_until: datetime | None = None
    assignee: str | None = None
    told: bool = False
    muted: bool = False
    escalated: bool = False
    continued_by: str | None = None
    key: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.closed is None

    @property
    def wants_attention(self) -> bool:
        """Whether there is something to do about it: it goes on, or was a moment that nobody has withdrawn."""
        return self.is_open or self.state in MOMENTARY

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody takes care of it; the end of an acknowledgement takes it away."""
        return self.acknowledged_by is not None


def is_for_feeds_only(before: AlertStatus | None, alert: Alert) -> bool:
    """Tell whether an alert is never pushed: what is pending, and its end where that is all there was of it."""
    if alert.status is AlertStatus.PENDING:
        return True
    return before is AlertStatus.PENDING and alert.status not in OPEN


def is_muted(alert: Alert) -> bool:
    """Tell whether a silence or inhibition mutes an alert; what flaps is told when it is calm, and not by their end."""
    return alert.silenced not in (None, Reminder.FLAPPING)


def follow(known: Episode | None, alert: Alert, sequence: int, now: datetime, *, was_heard: bool = False) -> Episode:
    """
    Give an episode as it is after an alert; a reminder changes nothing but that it was told.

    `was_heard` is whether somebody was pushed an alert of another episode that this one goes on from.
    """
    muted = is_muted(alert)
    pushed = alert.silenced is None and not is_for_feeds_only(known.state if known else None, alert)
    if known is None:
        closed = None if alert.status in OPEN else now
        return Episode(
            id=alert.episode,
            subscription_id=alert.subscription_id,
            state=alert.status,
            severity=alert.severity,
            opened=now,
            closed=closed,
            first_alert=sequence,
            newest_alert=sequence,
            alert_count=1,
            told=pushed,
            muted=muted,
            key=alert.key,
        )
    told = known.told or pushed or was_heard
    key = known.key or alert.key
    after = replace(known, alert_count=known.alert_count + 1, told=told, muted=muted, key=key)
    if alert.reminder is not None:
        return replace(after, escalated=known.escalated or alert.reminder is Reminder.ESCALATION)
    closed = None if alert.status in OPEN else known.closed or now
    return replace(after, state=alert.status, severity=alert.severity, closed=closed, newest_alert=sequence)


@dataclass(frozen=True, slots=True)
class EpisodeSelection:
    """
    Which episodes are asked for: those that meet every condition that is given.

    `is_free` are those that nobody has acknowledged.
    """

    subscription: str | None = None
    states: tuple[AlertStatus, ...] = ()
    is_open: bool | None = None
    is_free: bool | None = None
