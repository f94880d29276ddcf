"""What a source is asked for: in steps as it gives whole answers, and far enough back for periods."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
import requests

from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import OM_MEASUREMENT, SAMPLING_POINT, Feature, Observation
from sos_server.requests import InsertObservation
from tests.flows.rules import HEAT
from tests.weps.bench import Bench, at
from weps.errors import SourceException, SourceTooSlow
from weps.feeders.base import Batch
from weps.model import AlertStatus
from weps.model import Observation as Read
from weps.pace import Pace, asks_too_much

EVERY = json.dumps({**json.loads(HEAT), "trigger": "every"})
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Limited:
    """A source of one observation a minute that gives at most so many at once, or not more than some time."""

    def __init__(self, minutes: int, most: int | None = None, longest: timedelta | None = None) -> None:
        self.observations = [Read(at(minute), "ws", "t", "here", minute, id=str(minute)) for minute in range(minutes)]
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


def test_a_source_that_cuts_answers_loses_nothing(bench: Bench):
    """
    A subscription from a time on is told of all 450 values of a source that gives a hundred at most.
    """
    bench.sos.insert(*((at(minute), 31) for minute in range(-450, 0)))
    bench.sos.most = 100
    subscription = bench.subscribe(EVERY, start=at(-450))
    bench.poll(1)

    assert [alert.phenomenon_time for alert in bench.alerts(subscription)] == [at(each) for each in range(-450, 0)]
    assert bench.store.feed(subscription.feed_id).step is not None


def test_a_source_that_is_too_slow_for_a_long_time_is_asked_for_less_after_a_restart(bench: Bench):
    """
    Polls that time out are told as failures; each halves what is asked for, until the source answers.
    """
    bench.sos.insert(*((at(-60 * hour), 31) for hour in range(48, 0, -1)))
    bench.sos.longest = 9 * HOUR
    bench.timeout = 0.5
    bench.restart()
    subscription = bench.subscribe(EVERY, start=at(-60 * 48))
    for minute in range(10, 300, 30):
        bench.restart()
        bench.poll(minute)

    told = [alert.phenomenon_time for alert in bench.alerts(subscription) if alert.status is AlertStatus.EVENT]
    assert told == [at(-60 * hour) for hour in range(48, 0, -1)]


def publish(bench: Bench, begin: datetime, end: datetime, value: float) -> None:
    """Give the service a mean over a period."""
    station = Feature("station", feature_type=SAMPLING_POINT, geometry={"type": "Point", "coordinates": [7.5, 52.0]})
    names = ("ws", "AirTemperature", "station")
    found = Observation(begin, *names, value, "Cel", end, end, OM_MEASUREMENT, feature=station)
    answer = requests.post(bench.sos.url, encode_request(InsertObservation(("ws",), (found,))), timeout=10)
    assert answer.ok, answer.text


def test_means_over_a_month_are_read_each_day(bench: Bench):
    """
    Periods that are longer than polls look back are known by the newest, and none of them is lost or told twice.
    """
    publish(bench, at(0) - 31 * DAY, at(0) - DAY, 20)
    subscription = bench.subscribe(EVERY)
    for day in range(3):
        publish(bench, at(0) + (day - 30) * DAY, at(0) + day * DAY, 31 + day)
        bench.poll(60 * 24 * day + 10)
        bench.restart()
        bench.poll(60 * 24 * day + 20)

    assert [alert.value for alert in bench.alerts(subscription)] == [31, 32, 33]


def test_the_past_of_means_over_a_month_is_read_whole(bench: Bench):
    """
    Although it is asked for week by week.
    """
    for month in range(6):
        publish(bench, at(0) - 30 * (7 - month) * DAY, at(0) - 30 * (6 - month) * DAY, 31 + month)
    subscription = bench.subscribe(EVERY, start=at(0) - 250 * DAY)
    bench.poll(1)

    assert [alert.value for alert in bench.alerts(subscription)] == [31, 32, 33, 34, 35, 36]


def test_a_longer_period_than_any_before_doubles_nothing(bench: Bench):
    """
    From then on polls look back further, but never to before what was forgotten.
    """
    subscription = bench.subscribe(EVERY)
    for hour in range(0, 72, 6):
        bench.sos.insert((at(60 * hour + 1), 31))
        bench.poll(60 * hour + 2)
    publish(bench, at(60 * 50), at(60 * 70), 35)
    bench.poll(60 * 71)
    bench.poll(60 * 72)
    publish(bench, at(60 * 60), at(60 * 80), 36)
    bench.poll(60 * 81)

    values = [alert.value for alert in bench.alerts(subscription)]
    assert (len(values), values[-2:]) == (14, [35, 36])


def test_what_a_fast_series_had_before_is_no_news_when_a_slow_one_is_waited_for(bench: Bench):
    """
    A first look reads as far back as polls will, so that what is old is known.
    """
    bench.sos.insert(*((at(-60 * hour), 35) for hour in range(47, 0, -1)), feature="fast")
    bench.sos.insert((at(-60 * 23), 20), feature="slow")
    subscription = bench.subscribe(EVERY)
    bench.poll(1)

    assert [alert.phenomenon_time for alert in bench.alerts(subscription)] == [at(-60)]
