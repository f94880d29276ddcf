"""In what steps a source is asked: as long as it gives whole answers, shorter where it does not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.weps.bench import at
from weps.errors import SourceException, SourceTooSlow
from weps.feeders.base import Batch, Counted
from weps.model import Observation as Read
from weps.pace import MANY, Pace, asks_too_much, bounds, step_by

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


class Limited:
    """
    A source of one observation a minute that gives at most so many at once, or not more than some time.

    With `copies` there are so many of each minute.
    """

    def __init__(
        self,
        minutes: int,
        most: int | None = None,
        longest: timedelta | None = None,
        *,
        newest_first: bool = False,
        copies: int = 1,
    ) -> None:
        self.observations = [
            Read(at(minute), "ws", "t", "here", minute, id=str(minute) if copies == 1 else f"{minute}/{copy}")
            for minute in range(minutes)
            for copy in range(copies)
        ]
        if newest_first:
            self.observations.reverse()
        self.most = most
        self.longest = longest
        self.asked: list[timedelta] = []

    def __call__(self, begin: datetime, end: datetime) -> Batch:
        self.asked.append(end - begin)
        if self.longest is not None and end - begin > self.longest:
            raise SourceException("too many results", code="NoApplicableCode")
        found = [each for each in self.observations if begin <= each.phenomenon_time <= end]
        return Batch(tuple(found[: self.most]))


def read(source: Limited, pace: Pace, minutes: int) -> list[str]:
    found = [each.id for _, batch in pace.ask(source, at(0), at(minutes)) for each in batch.observations]
    return sorted(set(found), key=int)


def read_ids(source: Limited, pace: Pace, minutes: int) -> set[str]:
    return {each.id for _, batch in pace.ask(source, at(0), at(minutes)) for each in batch.observations}


def every(minutes: int) -> list[str]:
    return [str(minute) for minute in range(minutes)]


def test_an_answer_that_was_cut_off_is_asked_for_again_in_shorter_steps():
    """
    A thousand minutes of a source that gives a hundred at most are all read, with some requests more than needed.
    """
    source, pace = Limited(1000, most=100), Pace(timedelta(days=7), timedelta(minutes=5))

    found = read(source, pace, 1000)

    assert found == every(1000)
    assert pace.is_limited
    assert 11 <= len(source.asked) <= 40


def test_a_round_number_is_believed_where_the_source_gave_more_before():
    """
    Exactly a hundred results are asked for again in halves, unless an answer of the source had more than that.
    """
    first, again = Limited(100), Limited(100)

    found = [
        read(source, Pace(HOUR * 2, timedelta(minutes=5), largest=largest), 120)
        for source, largest in ((first, 0), (again, 101))
    ]

    assert found == [every(100), every(100)]
    assert (len(first.asked), len(again.asked)) == (3, 1)


def test_a_source_that_refuses_long_spans_is_asked_for_shorter_ones_and_remembered():
    """
    The next time it begins with a step that it gives.
    """
    source, pace = Limited(1000, longest=timedelta(minutes=130)), Pace(timedelta(days=1), timedelta(minutes=5))

    found = read(source, pace, 1000)

    assert found == every(1000)
    assert timedelta(minutes=30) <= pace.step <= timedelta(minutes=150)


@pytest.mark.parametrize(
    ("error", "is_too_much"),
    [
        (SourceException("it", code="ResponseExceedsSizeLimit"), True),
        (SourceException("java.lang.OutOfMemoryError: Java heap space", code="NoApplicableCode"), True),
        (SourceException("Query timed out", code="NoApplicableCode"), True),
        (SourceException("no such offering", code="InvalidParameterValue", locator="offering"), False),
        (SourceException("the database is down", code="NoApplicableCode"), False),
        (SourceTooSlow("no answer"), True),
    ],
    ids=["by code", "out of memory", "timed out", "unknown offering", "down", "too slow"],
)
def test_what_may_be_cured_by_asking_for_less_is_told_from_the_rest(error: Exception, is_too_much: bool):
    """
    Only the former makes steps shorter.
    """
    assert asks_too_much(error) is is_too_much


@pytest.mark.parametrize("most", [137, 100, 61], ids=["odd", "round", "hardly any"])
@pytest.mark.parametrize("newest_first", [False, True], ids=["oldest first", "newest first"])
def test_a_source_that_counts_is_found_out_wherever_it_cuts(most: int, newest_first: bool):
    """
    It says that there are a thousand; each answer that may not be whole is asked for again in shorter steps.
    """
    source = Limited(1000, most=most, newest_first=newest_first)
    pace = Pace(WEEK, timedelta(minutes=5), counts=[Counted(1000, at(0), at(999))])

    found = read(source, pace, 1000)

    assert found == every(1000)
    assert pace.is_limited
    assert len(source.asked) <= 60


def test_an_odd_number_is_no_limit_where_nothing_is_counted():
    """
    Nothing tells that 137 of a thousand are not all, so one request is made.
    """
    source = Limited(1000, most=137)

    found = read(source, Pace(WEEK, timedelta(minutes=5)), 1000)

    assert (found, len(source.asked)) == (every(137), 1)


def test_an_answer_with_all_that_is_counted_is_whole_also_when_its_number_is_round():
    """
    A source that says it has a hundred, and gives them, is asked once.
    """
    source = Limited(100)

    found = read(source, Pace(WEEK, timedelta(minutes=5), counts=[Counted(100, at(0), at(99))]), 120)

    assert (found, len(source.asked)) == (every(100), 1)


def test_a_source_that_counts_more_than_it_gives_is_asked_again_once():
    """
    Where shorter steps bring no more, its counts are not believed any more in the steps that follow.
    """
    source = Limited(2000)
    pace = Pace(10 * HOUR, timedelta(minutes=5), counts=[Counted(900, at(0), at(300)), Counted(9000, at(0), at(5000))])

    found = read(source, pace, 2000)

    assert found == every(2000)
    assert not pace.is_limited
    assert len(source.asked) <= 8


def test_many_stations_at_one_instant_are_no_limit_and_remembered_as_such():
    """
    A hundred values at one minute of a day are looked for in some shorter steps, then known to be all.
    """
    source = Limited(1, copies=100)
    pace = Pace(24 * HOUR, timedelta(minutes=5))

    found = [read_ids(source, pace, 1440), len(source.asked), pace.whole, pace.is_limited]
    source.asked.clear()
    again = Pace(24 * HOUR, timedelta(minutes=5), whole=pace.whole)

    assert found[0] == {f"0/{number}" for number in range(100)}
    assert found[1] <= 30
    assert found[2:] == [100, False]
    assert (read_ids(source, again, 1440), len(source.asked)) == (found[0], 1)


def test_another_round_number_is_doubted_anew():
    """
    That a hundred were no limit tells nothing of two hundred.
    """
    source = Limited(1000, most=200)
    pace = Pace(WEEK, timedelta(minutes=5), whole=100)

    found = read(source, pace, 1000)

    assert (found, pace.is_limited) == (every(1000), True)


@pytest.mark.parametrize(
    "counts",
    [[], [Counted(40, at(0), at(30))], [Counted(40)]],
    ids=["nothing", "too few", "too few, nobody knows when"],
)
def test_a_source_that_gives_more_than_it_counts_is_noticed_to_cut_all_the_same(counts: list[Counted]):
    """
    Its counts prove nothing: a hundred results are a round number, and asked for again in shorter steps.
    """
    source = Limited(1000, most=100)

    found = read(source, Pace(WEEK, timedelta(minutes=5), counts=counts), 1000)

    assert found == every(1000)


def test_a_span_that_is_shorter_than_a_step_is_not_asked_for_twice():
    """
    What is doubted is asked for again in halves of what was asked, however long a step might have been.
    """
    source = Limited(100)

    found = read(source, Pace(WEEK, timedelta(minutes=5)), 120)

    assert (found, source.asked[0]) == (every(100), 2 * HOUR)
    assert len(source.asked) == 3
    assert max(source.asked[1:]) <= HOUR + timedelta(minutes=5)


def test_steps_that_all_hold_the_same_periods_are_not_doubted_for_ever():
    """
    Each of them reaches back over a month, and one period of the counted ones sticks out of what is asked for.
    """
    month = timedelta(days=31)
    source = Limited(3)
    pace = Pace(WEEK, timedelta(minutes=5), longest=month, counts=[Counted(4, at(0) - month, at(2))])
    days = timedelta(days=17) // timedelta(minutes=1)

    found = read(source, pace, days)

    assert found == every(3)
    assert pace.whole == 3
    assert len(source.asked) <= 130


def test_bursts_that_are_decades_apart_are_all_found_where_answers_are_cut():
    """
    A hundred values of one minute, cut at a hundred, and as many again after twenty years: none is taken for all.
    """
    source = Limited(1, most=100, copies=100)
    later = 20 * 366 * 24 * 60
    source.observations += [Read(at(later), "ws", "t", "here", 1, id=f"later/{copy}") for copy in range(100)]

    found = read_ids(source, Pace(100 * 366 * timedelta(days=1), timedelta(minutes=5)), 2 * later)

    assert len(found) == 200


@pytest.mark.parametrize(
    ("counts", "hours"),
    [
        ([], 0),
        ([Counted(0, at(0), at(600))], 0),
        ([Counted(50, at(0), at(600))], 10),
        ([Counted(100, at(0), at(600))], 10),
        ([Counted(400, at(0), at(600))], 2.5),
        ([Counted(300, at(0), at(600)), Counted(100, at(0), at(9000)), Counted(900, at(601), at(9000))], 2.5),
        ([Counted(400)], 2.5),
    ],
    ids=["none", "empty", "fewer than many", "many", "more", "several series", "nobody knows when"],
)
def test_counts_tell_how_long_a_step_may_be(counts: list[Counted], hours: float):
    """
    So long that it has a hundred observations on average, and not longer than what is asked for.
    """
    assert step_by(counts, at(0), at(600), 100) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("minutes", "most_requests"), [(4000, 1), (20_000, 8)], ids=["as many as one answer may have", "more"]
)
def test_a_history_that_is_counted_is_read_in_few_requests(minutes: int, most_requests: int):
    """
    Steps need not grow, each doubted in its turn, up to a length that the counts tell.
    """
    source, counts = Limited(minutes), [Counted(minutes, at(0), at(minutes - 1))]
    step = step_by(counts, at(0), at(minutes), MANY)

    found = read(source, Pace(step, timedelta(minutes=5), counts=counts), minutes)

    assert found == every(minutes)
    assert len(source.asked) <= most_requests


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([], (0, 0)),
        ([Counted(50, at(10), at(20))], (50, 50)),
        ([Counted(50, at(-10), at(20))], (1, 50)),
        ([Counted(50, at(10), at(200))], (1, 50)),
        ([Counted(50, at(-10), at(200))], (0, 50)),
        ([Counted(50, at(101), at(200))], (0, 0)),
        ([Counted(1, at(100), at(100))], (1, 1)),
        ([Counted(50)], (0, 50)),
        ([Counted(50, at(10), at(20)), Counted(7, at(0), at(100)), Counted(5, at(90), at(110))], (58, 62)),
    ],
    ids=[
        "none",
        "inside",
        "begins before",
        "ends after",
        "around",
        "elsewhere",
        "one at the border",
        "nobody knows when",
        "several",
    ],
)
def test_counts_tell_how_many_there_are_at_least_and_at_most(counts: list[Counted], expected: tuple[int, int]):
    """
    Of a series that reaches out of the span, it is only known that its first or last lies inside.
    """
    assert bounds(counts, at(0), at(100)) == expected
