"""
What to ask a source for next: pure arithmetic on positions and times.

The position of a series is the newest phenomenon time that was seen of it, so it moves by observations and not by the
clock. Each poll begins an overlap before the oldest position, so that late observations and slow series are not
missed; what was seen before is dropped by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from weps.errors import SourceException
from weps.feeders.base import Batch
from weps.feeders.forms import is_asked_by_result_time
from weps.model import Feed

SHORTEST_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Horizon:
    """
    How far a poll looks back, and in what steps a long time is caught up.

    `overlap` is how late an observation may come and still be evaluated; `lookback` how far a slow series may lag
    behind the newest one of its feed before it is no longer waited for. A time longer than `step` is asked for in
    steps, which grow while answers hold fewer than `many` observations.
    """

    overlap: timedelta = timedelta(days=1)
    lookback: timedelta = timedelta(days=1)
    step: timedelta = timedelta(days=7)
    many: int = 5000


def read_from(feed: Feed, positions: Collection[datetime], horizon: Horizon) -> datetime:
    """Give the time from which a source is to be asked."""
    earliest = feed.since if feed.since is not None else feed.activation - horizon.lookback
    if feed.polled_until is not None and is_asked_by_result_time(feed.source):
        # Positions are phenomenon times: forecasts are known long before, late values long after.
        return max(feed.polled_until - horizon.overlap, earliest)
    if not positions:
        return earliest
    slowest = max(min(positions), max(positions) - horizon.lookback)
    return max(slowest - horizon.overlap, earliest)


def must_catch_up(feed: Feed, until: datetime, horizon: Horizon) -> bool:
    """Tell whether the time since the last success is too long to be asked for at once."""
    return feed.polled_until is None or until - feed.polled_until > horizon.step


def in_steps(
    fetch: Callable[[datetime, datetime], Batch], begin: datetime, until: datetime, step: timedelta, horizon: Horizon
) -> Iterator[tuple[datetime, Batch]]:
    """
    Ask for a time span in steps, shorter ones where an answer would be larger than the source gives.

    Gives the end of each step with what it brought. A step begins before the end of the last one, so that what was
    observed over a period is not cut in two; raises what `fetch` raises.
    """
    asked_from = begin
    while True:
        end = min(begin + step, until)
        try:
            batch = fetch(asked_from, end)
        except SourceException as error:
            if error.code != "ResponseExceedsSizeLimit" or step <= SHORTEST_STEP:
                raise
            step /= 2
            asked_from = max(asked_from, begin - step)
            continue
        yield end, batch
        if end >= until:
            return
        asked_from = max(asked_from, end - min(horizon.overlap, step))
        begin, step = end, next_step(step, len(batch.observations), horizon)


def next_step(step: timedelta, found: int, horizon: Horizon) -> timedelta:
    """Give the length of the next step after one that found so many observations."""
    return step * 2 if found < horizon.many else step


def back_off(
    interval: timedelta, failures: int, jitter: float, longest: timedelta = timedelta(minutes=10)
) -> timedelta:
    """
    Give the time to wait after so many failures in a row.

    It doubles from the interval (at least one second) up to `longest`, is never shorter than the interval, and is
    drawn out by `jitter` (0 to 1) of its half, so that feeds that failed together do not come back together.
    """
    shortest = max(interval, timedelta(seconds=1))
    doubled: timedelta = min(shortest * 2 ** min(failures - 1, 20), longest)
    drawn_out: timedelta = max(doubled, interval) * (1 + jitter / 2)
    return drawn_out
