"""
How a source fares: what its last requests took, how many polls failed, and how often it has something new.

All of it is bounded, and kept with the poll that it tells of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUESTS_KEPT = 60
GAPS_KEPT = 20
PAUSE = 10
"""After so many times the usual distance, the whole source has paused."""

GAPS_NEEDED = 5
"""Before so many distances are known, it is not known what is usual."""

SLOT = timedelta(minutes=5)
HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Asked(NamedTuple):
    """
    One request of a poll: how long it took, and the octets of its answer; None where there was none of use.

    `nils` are results that were nil, `elsewhere` those that stand outside of the answer and were not read.
    """

    seconds: float
    octets: int | None
    nils: int = 0
    elsewhere: int = 0


class Counters(NamedTuple):
    """
    What came otherwise than it should, since the source was watched.

    `late` is older than the newest of its series; `dropped` of these are not shown to rules that drop such, `overdue`
    came too late for rules that reorder, counted once for each of their bounds; `repeated` came again as it was. `lost`
    are messages that were pushed and given up, because after several tries they could not be stored.
    """

    late: int = 0
    dropped: int = 0
    overdue: int = 0
    repeated: int = 0
    lost: int = 0

    def plus(self, other: Counters) -> Counters:
        """Give the sums."""
        return Counters(*(one + another for one, another in zip(self, other, strict=True)))


NOTHING_COUNTED = Counters()


class Learned(NamedTuple):
    """
    How a source answers: the most results that it ever gave at once, the last number that was found to be no limit.

    `limit` is a number at which it was seen to cut, `looked` the world's time of the last look at what polls miss.
    """

    largest: int = 0
    whole: int = 0
    limit: int = 0
    looked: datetime | None = None


NOTHING_LEARNED = Learned()


class Tally(NamedTuple):
    """The polls of a slot of time, by the slot's number since 1970, and how many of them failed."""

    slot: int
    polls: int
    failures: int


@dataclass(frozen=True, slots=True)
class Health:
    """
    The record of one source.

    `requests` are the last, oldest first; `slots` count the polls of an hour, `hours` those of a day. `gaps` are the
    last seconds between two polls that brought something new, `arrived` is when the last did. `silent_since` is when
    its subscribers were told that nothing comes any more. `learned` is what only asking more than once can tell.
    `active` are the seconds in which it had something new, without longer pauses.
    """

    requests: tuple[Asked, ...] = ()
    slots: tuple[Tally, ...] = ()
    hours: tuple[Tally, ...] = ()
    gaps: tuple[float, ...] = ()
    arrived: datetime | None = None
    silent_since: datetime | None = None
    learned: Learned = NOTHING_LEARNED
    counters: Counters = NOTHING_COUNTED
    active: float = 0.0

    def answered(self, requests: Sequence[Asked], now: datetime) -> Health:
        """Note a poll that succeeded; without requests there was none, because something was pushed."""
        return self._noted(requests, now, failed=False) if requests else self

    def failed(self, requests: Sequence[Asked], now: datetime) -> Health:
        """Note a poll that failed."""
        return self._noted(requests, now, failed=True)

    def with_news(self, now: datetime, interval: timedelta, *, is_last: bool) -> Health:
        """
        Note that something new came.

        What is caught up in steps tells nothing of how often there is news, so only the last step counts. Polls that
        come before their time, because something was announced, do not make it more often than the interval.
        """
        gaps = self.gaps
        if is_last and self.arrived is not None:
            gaps = (*gaps, max(now - self.arrived, interval).total_seconds())[-GAPS_KEPT:]
        return replace(self, gaps=gaps, arrived=now, active=self.active + self._passed(now))

    def _passed(self, now: datetime) -> float:
        """Give how long it was active since the last news: what was no pause of the source, or of ours."""
        if self.arrived is None:
            return 0.0
        passed, usual = max(now - self.arrived, timedelta(0)), self.usual_distance()
        return (usual if usual is not None and passed > PAUSE * usual else passed).total_seconds()

    def usual_distance(self) -> timedelta | None:
        """Give the usual time from news to news; None while too little is known."""
        return timedelta(seconds=median(self.gaps)) if len(self.gaps) >= GAPS_NEEDED else None

    def is_overdue(self, now: datetime, multiple: float) -> bool:
        """Tell whether nothing new came for longer than so many times the usual distance; 0 times is never."""
        usual = self.usual_distance()
        return (
            bool(multiple) and usual is not None and self.arrived is not None and now - self.arrived > multiple * usual
        )

    def error_rate(self, now: datetime, span: timedelta) -> float | None:
        """Give the share of polls that failed in the last hour or day; None where there was none."""
        tallies, width = (self.slots, SLOT) if span <= HOUR else (self.hours, HOUR)
        first = _slot(now, width) - span // width
        counted = [tally for tally in tallies if tally.slot > first]
        polls = sum(tally.polls for tally in counted)
        return sum(tally.failures for tally in counted) / polls if polls else None

    def answer_times(self) -> tuple[float, ...]:
        """Give the seconds of the requests that were answered, oldest first."""
        return tuple(asked.seconds for asked in self.requests if asked.octets is not None)

    def _noted(self, requests: Sequence[Asked], now: datetime, *, failed: bool) -> Health:
        return replace(
            self,
            requests=(*self.requests, *requests)[-REQUESTS_KEPT:],
            slots=_counted(self.slots, _slot(now, SLOT), HOUR // SLOT, failed),
            hours=_counted(self.hours, _slot(now, HOUR), 24, failed),
        )


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that so large a share of all values does not exceed (the nearest rank)."""
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def health_to_json(health: Health) -> dict[str, Any]:
    """Give the part of a record that is kept as JSON: all but its instants."""
    return {
        "requests": [[round(asked.seconds * 1000, 1), *asked[1:]] for asked in health.requests],
        "slots": [list(tally) for tally in health.slots],
        "hours": [list(tally) for tally in health.hours],
        "gaps": list(health.gaps),
        "learned": [*health.learned[:3], health.learned.looked and health.learned.looked.isoformat()],
        "counters": list(health.counters),
        "active": round(health.active, 1),
    }


def health_from_json(stored: dict[str, Any], arrived: datetime | None, silent_since: datetime | None) -> Health:
    """Give the record back, also one that was kept before it had all of its members."""
    *numbers, looked = stored.get("learned", (None,))
    return Health(
        tuple(Asked(milliseconds / 1000, *others) for milliseconds, *others in stored["requests"]),
        tuple(Tally(*tally) for tally in stored["slots"]),
        tuple(Tally(*tally) for tally in stored["hours"]),
        tuple(stored["gaps"]),
        arrived,
        silent_since,
        Learned(*numbers)._replace(looked=looked and datetime.fromisoformat(looked)),
        Counters(*stored.get("counters", ())),
        stored.get("active", 0.0),
    )


def _slot(now: datetime, width: timedelta) -> int:
    return (now - _EPOCH) // width


def _counted(tallies: tuple[Tally, ...], slot: int, kept: int, failed: bool) -> tuple[Tally, ...]:
    counts = {tally.slot: tally for tally in tallies if slot - kept < tally.slot <= slot}
    before = counts.get(slot, Tally(slot, 0, 0))
    counts[slot] = Tally(slot, before.polls + 1, before.failures + failed)
    return tuple(counts[each] for each in sorted(counts))
