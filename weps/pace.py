"""
In what steps a long time is asked for: as long as a source gives whole answers, and shorter where it does not.

A source shows its limits by refusing an answer as too large, by not answering in time, or by cutting an answer off
without a word. The last is noticed by the number of results: where no answer had more, and it is exactly a round one or
the source counts what it has and has not shown that this is all, the same is asked for again in shorter steps. Only
where those bring no more it was no limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from sos_server.time import shifted
from weps.errors import FeedError, SourceException, SourceTooLarge, SourceTooSlow
from weps.feeders.base import Batch, Counted
from weps.model import Observation

SHORTEST_STEP = timedelta(minutes=1)
MOST_ASKED = 100
"""
After so many answers that may be cut, none of them with anything new, they are believed: it is more than it takes to
halve a century down to the shortest step three times. Where each holds the same long period, all would be doubted.
"""
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
    period that was observed, so that none is cut in two (None: what is asked for are no times of periods). `largest` is
    how many results an answer of the source ever had: it has no limit below. `whole` is a number that was found to be
    no limit, `limit` one at which it was seen to cut. `counts` is what the source says that it has, where it does.
    """

    def __init__(
        self,
        step: timedelta,
        overlap: timedelta,
        *,
        many: int = MANY,
        longest: timedelta | None = timedelta(0),
        is_limited: bool = False,
        largest: int = 0,
        whole: int = 0,
        limit: int = 0,
        counts: Sequence[Counted] | None = None,
    ) -> None:
        self.step = step
        self.is_limited = is_limited
        self._overlap = overlap
        self._many = many
        self._longest = longest
        self.largest = largest
        self.whole = whole
        self.limit = limit
        self._counts = counts
        self._doubt: _Doubt | None = None

    def ask(self, ask: Ask, begin: datetime, until: datetime) -> Iterator[tuple[datetime, Batch]]:
        """
        Ask for a time span; gives the end of each step with what it brought.

        Raises what `ask` raises, and has learned from it: asked again, it begins with a shorter step.
        """
        asked_from = begin
        while True:
            end = min(shifted(begin, self.step), until if self._doubt is None else self._doubt.end)
            batch = self._try(ask, asked_from, end)
            if batch is None:
                asked_from = max(asked_from, shifted(begin, -max(self.step, self._longest or self.step)))
                continue
            yield end, batch
            self._settle_doubt(batch, end)
            if end >= until:
                return
            asked_from = max(asked_from, shifted(end, -self._reach(batch)))
            begin = end
            self._grow(batch)

    def _grow(self, batch: Batch) -> None:
        if self._doubt is not None:
            # What has brought no more so far need not be looked through minute by minute.
            if not self._doubt.has_more:
                self.step = min(self.step * GROWTH, self._doubt.step / 2)
        elif len(batch.observations) < self._many:
            self.step *= CAUTIOUS_GROWTH if self.is_limited else GROWTH

    def _reach(self, batch: Batch) -> timedelta:
        """Give how long before its begin a step is to be asked for, so that no period is cut in two."""
        if self._longest is not None:
            self._longest = max(self._longest, longest_of(batch.observations))
        longest = self._longest or timedelta(0)
        # Where every result counts, only as long as periods were seen to be.
        return longest if self.is_limited else max(min(self._overlap, self.step), longest)

    def _try(self, ask: Ask, begin: datetime, end: datetime) -> Batch | None:
        """Ask for one step; None where it has to be a shorter one."""
        # The last step may be much shorter than the others.
        asked = min(self.step, end - begin)
        try:
            batch = ask(begin, end)
        except FeedError as error:
            if not asks_too_much(error):
                raise
            self._shorten(asked)
            if asked <= SHORTEST_STEP or isinstance(error, SourceTooSlow):
                raise
            return None
        may_be_cut = self._may_be_cut(batch.total, begin, end)
        self.largest = max(self.largest, batch.total)
        if may_be_cut and self._doubt is not None:
            self._doubt.asked += 1
            if self._doubt.asked > MOST_ASKED:
                self._believe(self._doubt)
                return batch
        if not may_be_cut or asked <= SHORTEST_STEP:
            return batch
        if self._doubt is None:
            self._doubt = _Doubt(batch, begin, end, self.step, self.is_limited)
        self._shorten(asked)
        return None

    def _may_be_cut(self, total: int, begin: datetime, end: datetime) -> bool:
        """Tell whether an answer with so many results may have been cut off."""
        least, most = (0, None) if self._counts is None else bounds(self._counts, begin, end)
        if total < least and (total > 0 or self._doubt is None):
            return True
        if total < self.largest or total in (self.whole, most):
            return False
        # Who gives more than it counts cannot count, and proves nothing by it.
        return total in ROUND_LIMITS or (most is not None and total < most)

    def _shorten(self, asked: timedelta) -> None:
        self.step = max(asked / 2, SHORTEST_STEP)
        self.is_limited = True

    def _settle_doubt(self, batch: Batch, end: datetime) -> None:
        """Once a doubtful step was asked for again in shorter ones, tell whether they brought more than it did."""
        doubt = self._doubt
        if doubt is None:
            return
        doubt.has_more = doubt.has_more or any(each.id not in doubt.known for each in batch.observations)
        if end < doubt.end and not doubt.has_more:
            return
        if doubt.has_more:
            self.limit = doubt.total
            self.whole = 0 if self.whole == doubt.total else self.whole
            self._doubt = None
        else:
            self._believe(doubt)

    def _believe(self, doubt: _Doubt) -> None:
        """Take a doubtful answer as a whole one."""
        self.step, self.is_limited = doubt.step, doubt.was_limited
        # Where it cuts at this very number, it may once have had just so many.
        self.whole = self.whole if doubt.total == self.limit else doubt.total
        if self._counts is not None and doubt.total < bounds(self._counts, doubt.begin, doubt.end)[0]:
            # It counts what it does not give, whatever it is asked.
            self._counts = None
        self._doubt = None


class _Doubt:
    """A step whose answer may have been cut off."""

    def __init__(self, batch: Batch, begin: datetime, end: datetime, step: timedelta, was_limited: bool) -> None:
        self.known = {each.id for each in batch.observations}
        self.total = batch.total
        self.begin = begin
        self.end = end
        self.step = step
        self.was_limited = was_limited
        self.has_more = False
        self.asked = 0


def bounds(counts: Iterable[Counted], begin: datetime, end: datetime) -> tuple[int, int]:
    """Give how many observations there are at least and at most in a time span, as a source counts them."""
    least = most = 0
    for number, first, last in counts:
        if first is None or last is None:
            most += number
        elif first <= end and begin <= last:
            is_inside = begin <= first and last <= end
            # Of a series that reaches further, only its first and its last are known to lie here.
            least += number if is_inside else (first >= begin) + (last <= end) if number > 1 else 0
            most += number
    return least, most


def step_by(counts: Iterable[Counted], begin: datetime, end: datetime, many: int) -> timedelta:
    """Give a step of so many observations at most on average, as a source counts them; nothing where it has none."""
    most = bounds(counts, begin, end)[1]
    return (end - begin) / max(1, most / many) if most else timedelta(0)


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
