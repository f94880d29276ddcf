"""
Episodes: what alerts tell of as people work with it. Values and pure decisions, standard library only.

An episode is opened by an alert and closed by another, and every change of it is an alert of its own, stored with the
episode's row in one transaction:

    firing, no-data, source-down, source-silent, target-down   open: it goes on until something ends it
    resolved, source-up, source-speaks, target-up              closed by what was observed
    expired                                                    closed: its subscription ended, or its rule began anew
    cancelled                                                  closed by an operator, with a reason
    event, source-changed, rule-failed                         closed from the start: it has no duration

Feeds hold every alert. What is *pushed* is decided when an alert is stored: nothing while a silence matches it. A
silence that ends tells the episodes that are open then, and those that ended under it after they had been told.
What is due later of an episode stands in a timer: to be told again (`repeat`), to be told to more targets when nobody
acknowledged it (`escalation`), the end of an acknowledgement, and that it has expired. Whatever runs a timer does so
in one transaction, with an alert whose id follows from the episode and the instant that was due: twice is once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from weps.errors import InputError
from weps.model import AlertStatus, Reminder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weps.model import Alert, Severity
    from weps.notices import Box

OPEN = frozenset(
    {
        AlertStatus.FIRING,
        AlertStatus.NO_DATA,
        AlertStatus.SOURCE_DOWN,
        AlertStatus.SOURCE_SILENT,
        AlertStatus.TARGET_DOWN,
    }
)
MOMENTARY = frozenset({AlertStatus.EVENT, AlertStatus.RULE_FAILED, AlertStatus.SOURCE_CHANGED})
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


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
    which one goes on that was cancelled too early.
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


def follow(known: Episode | None, alert: Alert, sequence: int, now: datetime) -> Episode:
    """Give an episode as it is after an alert; a reminder changes nothing but that it was told."""
    pushed = alert.silenced is None
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
            muted=not pushed,
        )
    after = replace(known, alert_count=known.alert_count + 1, told=known.told or pushed, muted=not pushed)
    if alert.reminder is not None:
        return replace(after, escalated=known.escalated or alert.reminder is Reminder.ESCALATION)
    closed = None if alert.status in OPEN else known.closed or now
    return replace(after, state=alert.status, severity=alert.severity, closed=closed, newest_alert=sequence)


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which alerts are meant: those that meet every condition that is given, one of the values each."""

    subscriptions: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    observed_properties: tuple[str, ...] = ()
    features_of_interest: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    box: Box | None = None

    def matches(self, alert: Alert) -> bool:
        """Tell whether an alert is meant; one that does not say where it is lies in no area."""
        wanted = (
            (self.subscriptions, alert.subscription_id),
            (self.procedures, alert.procedure),
            (self.observed_properties, alert.observed_property),
            (self.features_of_interest, alert.feature_of_interest),
            (self.severities, alert.severity),
        )
        if not all(not values or value in values for values, value in wanted):
            return False
        return self.box is None or _contains(self.box, alert.longitude, alert.latitude)


def _contains(box: Box, longitude: float | None, latitude: float | None) -> bool:
    if longitude is None or latitude is None or not box.south <= latitude <= box.north:
        return False
    if box.west <= box.east:
        return box.west <= longitude <= box.east
    return longitude >= box.west or longitude <= box.east


@dataclass(frozen=True, slots=True)
class Weekly:
    """
    A part of certain days of the week by the clocks of a time zone; `days` are 0 (Monday) to 6.

    Where `until` is not after `since`, it ends on the next day. The days are those on which it begins.
    """

    days: tuple[int, ...]
    since: time
    until: time
    zone: str

    def windows(self, after: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Give the begins and ends of the windows that end after an instant, in order, for the eight days around it."""
        zone = ZoneInfo(self.zone)
        today = after.astimezone(zone).date()
        for offset in range(-2, 9):
            day = today + timedelta(days=offset)
            if day.weekday() not in self.days:
                continue
            last = day if self.until > self.since else day + timedelta(days=1)
            begin = datetime.combine(day, self.since, zone).astimezone(UTC)
            end = datetime.combine(last, self.until, zone).astimezone(UTC)
            if end > after and end > begin:
                yield begin, end


@dataclass(frozen=True, slots=True)
class Silence:
    """
    Nothing is pushed of the alerts that are meant, from `begins` until `ends` (None: until somebody ends it).

    With `weekly` it holds only in the windows of that, within those limits.
    """

    id: str
    author: str
    reason: str
    created: datetime
    begins: datetime
    ends: datetime | None
    matcher: Matcher
    weekly: Weekly | None = None

    def holds(self, now: datetime) -> bool:
        """Tell whether it is in force."""
        if now < self.begins or (self.ends is not None and now >= self.ends):
            return False
        return self.weekly is None or any(begin <= now for begin, _ in self.weekly.windows(now))

    def next_end(self, after: datetime) -> datetime | None:
        """Give when it ends, or its window that is on or comes next after an instant; None when that is never."""
        if self.ends is not None and self.ends <= after:
            return None
        if self.weekly is None:
            return self.ends
        for begin, end in self.weekly.windows(max(after, self.begins)):
            if self.ends is not None and begin >= self.ends:
                return None
            return end if self.ends is None else min(end, self.ends)
        return None


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


def read_weekly(days: str, since: str, until: str, zone: str) -> Weekly:
    """Read certain hours of the week; raises `InputError`."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"{zone[:100]!r} is no time zone such as Europe/Berlin or UTC", where="timeZone") from error
    return Weekly(_read_days(days), _read_time(since, "from"), _read_time(until, "until"), zone)


def _read_days(text: str) -> tuple[int, ...]:
    """Read days of the week: `Mon,Tue` or `Mon-Fri`."""
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, dash, last = (name.capitalize() for name in part.partition("-"))
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise InputError(f"{part[:50]!r} is no day of the week; write Mon,Tue or Mon-Fri", where="days")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last if dash else first)
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return tuple(sorted(found))


def _read_time(text: str, where: str) -> time:
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()
    except ValueError as error:
        raise InputError(f"{text[:50]!r} is no time of day such as 22:00", where=where) from error
