"""Silences: which alerts are not pushed, and when. Values and how they are read, standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from weps.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weps.matching import Matcher

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


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
