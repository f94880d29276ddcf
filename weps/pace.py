"""
In what steps a long time is asked for: as long as a source gives whole answers, and shorter where it does not.

A source shows its limits by refusing an answer as too large, by not answering in time, or by cutting an answer off
without a word. The last is noticed by the number of results: where it is exactly a round one, and no answer had more,
the same is asked for again in shorter steps. Only where those bring no more it was no limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from weps.errors import FeedError, SourceException, SourceTooLarge, SourceTooSlow
from weps.feeders.base import Batch
from weps.model import Observation

SHORTEST_STEP = timedelta(minutes=1)
ROUND_LIMITS = frozenset({50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10_000, 20_000, 25_000, 50_000, 100_000})
GROWTH, CAUTIOUS_GROWTH = 2.0, 1.1
MANY = 5000
_TOO_MUCH = re.compile(
    r"too (many|much|large|big)|exceed|maximum|out of memory|heap space|time[ds]?[ -]?out", re.IGNORECASE
)

Ask = Callable[[datetime, datetime], Batch]


class Pace:
    """
    The steps in which one source is asked for one span of time.

    `step` is how long the next is. While the source `is_limited` (it once did not give a longer one) steps grow slowly,
    else they double while answers hold fewer than `many` observations. Steps overlap by `overlap` and by the `longest`
    period that was observed, so that none is cut in two. `largest` is how many results an answer of the source ever
    had: it has no limit below.
    """

    def __init__(
        self,
        step: timedelta,
        overlap: timedelta,
        *,
        many: int = MANY,
        longest: timedelta = timedelta(0),
        is_limited: bool = False,
        largest: int = 0,
    ) -> None:
        self.step = step
        self.is_limited = is_limited
        self._overlap = overlap
        self._many = many
        self._longest = longest
        self.largest = largest
        self._doubt: _Doubt | None = None

    def ask(self, ask: Ask, begin: datetime, until: datetime) -> Iterator[tuple[datetime, Batch]]:
        """
        Ask for a time span; gives the end of each step with what it brought.

        Raises what `ask` raises, and has learned from it: asked again, it begins with a shorter step.
        """
        asked_from = begin
        while True:
            end = min(begin + self.step, until)
            batch = self._try(ask, asked_from, end)
            if batch is None:
                asked_from = max(asked_from, begin - max(self.step, self._longest))
                continue
            yield end, batch
            self._settle_doubt(batch, end)
            if end >= until:
                return
            asked_from = max(asked_from, end - self._reach(batch))
            begin = end
            if len(batch.observations) < self._many and self._doubt is None:
                self.step *= CAUTIOUS_GROWTH if self.is_limited else GROWTH

    def _reach(self, batch: Batch) -> timedelta:
        """Give how long before its begin a step is to be asked for, so that no period is cut in two."""
        self._longest = max(self._longest, longest_of(batch.observations))
        # Where every result counts, only as long as periods were seen to be.
        return self._longest if self.is_limited else max(min(self._overlap, self.step), self._longest)

    def _try(self, ask: Ask, begin: datetime, end: datetime) -> Batch | None:
        """Ask for one step; None where it has to be a shorter one."""
        try:
            batch = ask(begin, end)
        except FeedError as error:
            if not asks_too_much(error):
                raise
            is_shortest = self.step <= SHORTEST_STEP
            self._shorten()
            if is_shortest or isinstance(error, SourceTooSlow):
                raise
            return None
        may_be_cut = batch.total in ROUND_LIMITS and batch.total >= self.largest
        self.largest = max(self.largest, batch.total)
        if not may_be_cut or self.step <= SHORTEST_STEP:
            return batch
        if self._doubt is None:
            self._doubt = _Doubt(batch, end, self.step, self.is_limited)
        self._shorten()
        return None

    def _shorten(self) -> None:
        self.step = max(self.step / 2, SHORTEST_STEP)
        self.is_limited = True

    def _settle_doubt(self, batch: Batch, end: datetime) -> None:
        """Once a doubtful step was asked for again in shorter ones, tell whether they brought more than it did."""
        doubt = self._doubt
        if doubt is None:
            return
        doubt.has_more = doubt.has_more or any(each.id not in doubt.known for each in batch.observations)
        if end < doubt.end and not doubt.has_more:
            return
        if not doubt.has_more:
            self.step, self.is_limited = doubt.step, doubt.was_limited
        self._doubt = None


class _Doubt:
    """A step whose answer may have been cut off."""

    def __init__(self, batch: Batch, end: datetime, step: timedelta, was_limited: bool) -> None:
        self.known = {each.id for each in batch.observations}
        self.end = end
        self.step = step
        self.was_limited = was_limited
        self.has_more = False


def longest_of(observations: Iterable[Observation]) -> timedelta:
    """Give the longest of the periods that were observed; instants have none."""
    return max((each.end - each.phenomenon_time for each in observations), default=timedelta(0))


def asks_too_much(error: FeedError) -> bool:
    """Tell whether a source may answer when it is asked for less: too large, too slow, or it says so itself."""
    if isinstance(error, SourceException):
        return error.code == "ResponseExceedsSizeLimit" or (
            error.code in (None, "NoApplicableCode") and _TOO_MUCH.search(error.message) is not None
        )
    return isinstance(error, SourceTooLarge | SourceTooSlow)
