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
from weps.model import AlertStatus

EVERY = json.dumps({**json.loads(HEAT), "trigger": "every"})
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


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


def test_a_source_that_counts_what_it_has_is_noticed_to_cut_at_an_odd_number(bench: Bench):
    """
    GetDataAvailability counts 450 values, the answers end after 137 without a word: all are told, and once.

    It is counted once for the history, and not for the polls that follow.
    """
    bench.sos.insert(*((at(minute), 31) for minute in range(-450, 0)))
    bench.sos.most = 137
    subscription = bench.subscribe(EVERY, start=at(-450))
    bench.poll(1)
    bench.poll(2)
    bench.poll(3)

    assert [alert.phenomenon_time for alert in bench.alerts(subscription)] == [at(each) for each in range(-450, 0)]
    assert len(bench.sos.counted) == 1


def test_a_source_that_does_not_count_is_not_asked_for_it_again(bench: Bench):
    """
    Without an answer to GetDataAvailability its history is read as before, also a second one.
    """
    bench.sos.insert(*((at(minute), 31) for minute in range(-60, 0)))
    bench.sos.uncounted = True
    first, second = (bench.subscribe(EVERY, start=at(minute)) for minute in (-60, -30))
    bench.poll(1)

    assert [len(bench.alerts(subscription)) for subscription in (first, second)] == [60, 30]
    assert len(bench.sos.counted) == 1


def test_a_long_history_that_is_counted_is_asked_for_at_once(bench: Bench):
    """
    The counts tell that a year of daily values is no more than one answer may have, and the answer has all of them.
    """
    bench.sos.insert(*((at(0) - day * DAY, 31) for day in range(365, 0, -1)))
    bench.sos.asked.clear()
    subscription = bench.subscribe(EVERY, start=at(0) - 365 * DAY)
    bench.poll(1)

    assert len(bench.alerts(subscription)) == 365
    assert len(bench.sos.asked) <= 3


def test_what_lies_ahead_does_not_turn_round_what_is_asked(bench: Bench):
    """
    A forecast for a week from now on, told of a period longer than any before: polls ask up to now, not back from then.
    """
    subscription = bench.subscribe(EVERY)
    bench.sos.insert((at(1), 20))
    bench.poll(2)
    publish(bench, at(0) + 5 * DAY, at(0) + 6 * DAY, 35, known=at(60 * 24))
    for hour in range(25, 36, 5):
        bench.poll(60 * hour)

    feed = bench.store.feed(subscription.feed_id)
    assert (feed.failures, feed.last_error) == (0, None)
    assert [alert.value for alert in bench.alerts(subscription)] == [35]


def test_a_round_number_that_is_no_limit_is_remembered_over_a_restart(bench: Bench):
    """
    A hundred values of a minute are asked for again once in shorter steps, and never after.
    """
    subscription = bench.subscribe(EVERY)
    bench.sos.insert(*((at(1) + timedelta(milliseconds=number), 31) for number in range(100)))
    bench.poll(2)
    first = len(bench.sos.asked)
    bench.poll(3)
    bench.restart()
    bench.poll(4)

    assert len(bench.alerts(subscription)) == 100
    assert first > 5
    assert len(bench.sos.asked) == first + 2


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


def publish(bench: Bench, begin: datetime, end: datetime, value: float, known: datetime | None = None) -> None:
    """Give the service a mean over a period, known when it ends if not at another time."""
    station = Feature("station", feature_type=SAMPLING_POINT, geometry={"type": "Point", "coordinates": [7.5, 52.0]})
    names = ("ws", "AirTemperature", "station")
    found = Observation(begin, *names, value, "Cel", end, known or end, OM_MEASUREMENT, feature=station)
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


def test_the_first_long_period_in_a_feed_of_instants_is_told_once(bench: Bench):
    """
    Polls do not reach back to its begin; a look at the newest, once a day, finds it and those that ended since.
    """
    subscription = bench.subscribe(EVERY)
    for hour in range(0, 36, 6):
        bench.sos.insert((at(60 * hour + 1), 20))
        bench.poll(60 * hour + 2)
    publish(bench, at(60 * 35) - 31 * DAY, at(60 * 35), 35)
    publish(bench, at(60 * 36) - 31 * DAY, at(60 * 36), 36)
    for hour in range(36, 84, 6):
        bench.sos.insert((at(60 * hour + 1), 20))
        bench.restart()
        bench.poll(60 * hour + 2)

    assert [alert.value for alert in bench.alerts(subscription)] == [35, 36]


@pytest.mark.parametrize("hours", [72, 400], ids=["two days", "two weeks"])
def test_a_long_period_of_before_an_outage_is_told_after_it(bench: Bench, hours: int):
    """
    A look that could not be made is made again, from the same time on.
    """
    subscription = bench.subscribe(EVERY)
    for hour in (1, 12, 18):
        bench.sos.insert((at(60 * hour), 20))
        bench.poll(60 * hour + 1)
    publish(bench, at(60 * 20) - 31 * DAY, at(60 * 20), 35)
    bench.sos.answer = (503, b"down for maintenance")
    for hour in range(26, hours, 4):
        bench.poll(60 * hour)
    bench.sos.answer = None
    bench.poll(60 * hours)

    assert [alert.value for alert in bench.alerts(subscription) if alert.value is not None] == [35]


def test_a_look_that_takes_too_long_is_not_made_again_by_each_poll(bench: Bench):
    """
    A source that does not find in time what became known in two days is asked for that once a day; polls go on.
    """
    bench.sos.insert((at(-1), 20))
    bench.sos.longest, bench.timeout = 40 * HOUR, 0.3
    bench.restart()
    subscription = bench.subscribe(EVERY)
    for hour in range(0, 36, 3):
        bench.sos.insert((at(60 * hour + 1), 31))
        bench.poll(60 * hour + 2)

    looks = [query for query in bench.sos.asked if "resultTime" in query]
    assert len(bench.alerts(subscription)) == 12
    assert len(looks) == 1


def test_long_periods_are_found_where_the_source_gives_little_at_once(bench: Bench):
    """
    What became known is asked for in steps too, when it is more than the source gives.
    """
    bench.fetcher_limit = 60_000
    bench.restart()
    subscription = bench.subscribe(EVERY)
    for hour in range(0, 36, 3):
        bench.sos.insert(*((at(60 * hour + 1 + number), 20) for number in range(20)))
        bench.poll(60 * hour + 30)
    publish(bench, at(60 * 35) - 31 * DAY, at(60 * 35), 35)
    for hour in range(36, 63, 3):
        bench.sos.insert(*((at(60 * hour + 1 + number), 20) for number in range(20)))
        bench.poll(60 * hour + 30)

    assert [alert.value for alert in bench.alerts(subscription)] == [35]


def test_what_was_observed_over_a_long_period_before_the_activation_is_no_news(bench: Bench):
    """
    Also when it is published afterwards, and found by a look at the newest.
    """
    bench.sos.insert((at(-10), 20))
    subscription = bench.subscribe(EVERY)
    publish(bench, at(-60) - 31 * DAY, at(-60), 35)
    for hour in range(0, 60, 6):
        bench.poll(60 * hour + 2)

    assert bench.alerts(subscription) == []


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


def test_a_new_series_that_lags_behind_doubles_nothing_of_the_others(bench: Bench):
    """
    It does not make polls look back to what was forgotten of a faster one.
    """
    subscription = bench.subscribe(EVERY)
    for hour in range(0, 72, 2):
        bench.sos.insert((at(60 * hour + 1), 31), feature="fast")
        bench.poll(60 * hour + 2)
    bench.sos.insert((at(60 * 49), 40), feature="slow")
    for hour in range(72, 80, 2):
        bench.poll(60 * hour + 2)

    times = [(alert.feature_of_interest, alert.phenomenon_time) for alert in bench.alerts(subscription)]
    assert len(times) == len(set(times)) == 37


def test_what_a_fast_series_had_before_is_no_news_when_a_slow_one_is_waited_for(bench: Bench):
    """
    A first look reads as far back as polls will, so that what is old is known.
    """
    bench.sos.insert(*((at(-60 * hour), 35) for hour in range(47, 0, -1)), feature="fast")
    bench.sos.insert((at(-60 * 23), 20), feature="slow")
    subscription = bench.subscribe(EVERY)
    bench.poll(1)

    assert [alert.phenomenon_time for alert in bench.alerts(subscription)] == [at(-60)]
