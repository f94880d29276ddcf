"""Timers: ticks at an interval, or at the times of a calendar, in UTC."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from weps.rules.operators.event import Event, Facts
from weps.rules.state import NEVER, after, from_json_time, to_json_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weps.model import Json
    from weps.rules.state import EventBook, RuleState

_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_SEARCH = 400  # years after which the calendar repeats


class Schedule(Protocol):
    """When a timer ticks."""

    def next_tick(self, activation: datetime, now: datetime) -> datetime:
        """Give the first tick after an instant."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """Ticks at activation + k * duration, from k = 1."""

    duration: timedelta

    def next_tick(self, activation: datetime, now: datetime) -> datetime:
        """Give the first tick after an instant."""
        return after(activation, ((now - activation) // self.duration + 1) * self.duration)


@dataclass(frozen=True, slots=True)
class At:
    """Ticks at every second for which all given fields hold; fields that are None are any."""

    second: int | None = 0
    minute: int | None = None
    hour: int | None = None
    day_of_week: int | None = None
    day_of_month: int | None = None
    month: int | None = None

    def next_tick(self, activation: datetime, now: datetime) -> datetime:
        """Give the first tick after an instant."""
        start = now.replace(microsecond=0) + _SECOND
        for day in self._days(start.date()):
            earliest = start.time() if day == start.date() else time(0)
            found = self._time(earliest)
            if found is not None:
                return datetime.combine(day, found, tzinfo=UTC)
        return NEVER

    def _days(self, first: date) -> Iterator[date]:
        """Give the days that fit, from the first on."""
        for year in range(first.year, min(first.year + _LONGEST_SEARCH, date.max.year) + 1):
            for month in range(1, 13) if self.month is None else (self.month,):
                if (year, month) < (first.year, first.month):
                    continue
                for day in range(1, calendar.monthrange(year, month)[1] + 1):
                    candidate = date(year, month, day)
                    if candidate >= first and self._fits(candidate):
                        yield candidate

    def _fits(self, day: date) -> bool:
        if self.day_of_month is not None and day.day != self.day_of_month:
            return False
        return self.day_of_week is None or day.isoweekday() % 7 == self.day_of_week

    def _time(self, earliest: time) -> time | None:
        """Give the first time of day that fits, not before the earliest."""
        hours = range(earliest.hour, 24) if self.hour is None else (self.hour,)
        minutes = range(60) if self.minute is None else (self.minute,)
        seconds = range(60) if self.second is None else (self.second,)
        for hour in hours:
            for minute in minutes:
                if (hour, minute, 59) < (earliest.hour, earliest.minute, 0):
                    continue
                for second in seconds:
                    if (hour, minute, second) >= (earliest.hour, earliest.minute, earliest.second):
                        return time(hour, minute, second)
        return None

    def ever(self) -> bool:
        """Tell whether there is such a day in any year."""
        return any(True for _ in self._days(date(2000, 1, 1)))


@dataclass(frozen=True, slots=True)
class Timer:
    """Makes a tick event at each time of its schedule; its box is the activation of the rule."""

    kind: ClassVar[str] = "eml-timer"

    slot: int
    name: str
    schedule: Schedule
    emit: Callable[[RuleState, Event], None]

    def start(self) -> datetime:
        """Give a box that `activate` fills."""
        return NEVER

    def activate(self, state: RuleState) -> None:
        """Set the first tick."""
        state.boxes[self.slot] = state.clock
        self._set(state)

    def on_timer(self, state: RuleState) -> None:
        """Tick: the value is the clock in milliseconds."""
        self._set(state)
        state.event += 1
        milliseconds = (state.clock - _EPOCH) // _MILLISECOND
        facts = Facts(None, state.clock, ())
        self.emit(state, Event(state.event, state.trigger, facts, milliseconds, milliseconds))

    def _set(self, state: RuleState) -> None:
        state.set_timer(self.slot, self.schedule.next_tick(state.boxes[self.slot], state.clock))

    def dump(self, box: datetime, book: EventBook) -> Json:
        """Give the activation."""
        return to_json_time(box)

    def load(self, stored: Any, book: EventBook) -> datetime:
        """Take the activation back."""
        return from_json_time(stored)
