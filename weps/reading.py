"""
What to ask a source for next: pure arithmetic on positions and times.

The position of a series is the newest phenomenon time that was seen of it, so it moves by observations and not by the
clock. Each poll begins an overlap before the oldest position, so that late observations and slow series are not
missed; what was seen before is dropped by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sos_server.time import shifted
from weps.feeders.base import Batch, Counted
from weps.feeders.forms import is_asked_by_result_time
from weps.health import Learned
from weps.model import Feed
from weps.pace import MANY, Pace, step_by


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
    many: int = MANY


def read_from(feed: Feed, positions: Collection[datetime], horizon: Horizon) -> datetime:
    """
    Give the time from which a source is to be asked.

    What was observed over a period is only given where all of it is asked for.
    """
    earliest = feed.since if feed.since is not None else shifted(feed.activation, -horizon.lookback)
    behind = horizon.overlap + feed.longest
    if feed.polled_until is not None and is_asked_by_result_time(feed.source):
        # Positions are phenomenon times: forecasts are known long before, late values long after.
        return max(shifted(feed.polled_until, -horizon.overlap), earliest)
    if not positions:
        return earliest
    slowest = max(min(positions), shifted(max(positions), -horizon.lookback))
    return max(shifted(slowest, -behind), earliest)


def must_catch_up(feed: Feed, until: datetime, horizon: Horizon) -> bool:
    """Tell whether the time since the last success is too long to be asked for at once."""
    return feed.polled_until is None or until - feed.polled_until > horizon.step


def in_steps(
    fetch: Callable[[datetime, datetime], Batch],
    begin: datetime,
    until: datetime,
    step: timedelta,
    horizon: Horizon,
    *,
    longest: timedelta | None = timedelta(0),
    counts: Sequence[Counted] | None = None,
) -> Iterator[tuple[datetime, Batch]]:
    """Ask for a time span in steps, see `Pace`; nothing of what is learned of the source is kept."""
    step = max(step, step_by(counts or (), begin, until, horizon.many))
    return Pace(step, horizon.overlap, many=horizon.many, longest=longest, counts=counts).ask(fetch, begin, until)


def pace_of(
    feed: Feed,
    begin: datetime,
    until: datetime,
    horizon: Horizon,
    *,
    learned: Learned,
    counts: Sequence[Counted] | None = None,
) -> Pace:
    """Give the pace at which a feed is read: at once, unless it is long since, or its source gives no more."""
    span = until - begin
    step = horizon.step if must_catch_up(feed, until, horizon) else span
    step = feed.step or max(step, step_by(counts or (), begin, until, horizon.many))
    return Pace(
        min(step, span),
        horizon.overlap,
        many=horizon.many,
        longest=None if is_asked_by_result_time(feed.source) else feed.longest,
        is_limited=feed.step is not None,
        largest=learned.largest,
        whole=learned.whole,
        limit=learned.limit,
        counts=counts,
    )


def next_poll(feed: Feed, now: datetime) -> datetime:
    """
    Give the next time on the feed's grid.

    A poll before its time leaves the grid as it is; a feed that fell behind starts a new one.
    """
    due = feed.next_poll or now
    if due <= now:
        due += feed.interval
    return due if due > now else now + feed.interval


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
