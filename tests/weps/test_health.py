"""The record of how a source fares: exact, bounded, and the same after it was stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weps.health import Asked, Health, health_from_json, health_to_json, percentile

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GOOD = (Asked(0.1, 100),)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def with_gaps(*minutes: float) -> Health:
    """A source that had news at noon and after each of these gaps."""
    health, now = Health().with_news(NOON, timedelta(minutes=1), is_last=True), NOON
    for gap in minutes:
        now += timedelta(minutes=gap)
        health = health.with_news(now, timedelta(minutes=1), is_last=True)
    return health


def test_the_error_rate_is_the_share_of_failed_polls():
    """
    One failure in four polls of the last hour, one in five of the last day.
    """
    health = Health().answered(GOOD, at(-300))
    for minute in (0, 1, 2):
        health = health.answered(GOOD, at(minute))
    health = health.failed((), at(3))

    rates = health.error_rate(at(4), HOUR), health.error_rate(at(4), DAY)

    assert rates == (0.25, 0.2)


def test_what_was_long_ago_does_not_count():
    """
    After an hour without polls there is no rate of the hour, after a day none of the day.
    """
    health = Health().failed((), NOON)

    rates = [
        health.error_rate(at(minutes), span) for minutes, span in ((54, HOUR), (66, HOUR), (1379, DAY), (1501, DAY))
    ]

    assert rates == [1.0, None, 1.0, None]


def test_what_is_pushed_is_no_poll():
    """
    Something that came without a request leaves the record of requests as it is.
    """
    assert Health().answered((), NOON) == Health()


def test_only_requests_that_were_answered_have_an_answer_time():
    """
    A request without an answer counts for the error rate alone.
    """
    health = Health().failed((Asked(30.0, None),), NOON).answered((Asked(0.2, 5), Asked(0.4, 7)), NOON)

    assert health.answer_times() == (0.2, 0.4)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([1.0], 0.95, 1.0),
        ([float(n) for n in range(1, 101)], 0.95, 95.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([3.0, 1.0, 2.0], 0.0, 1.0),
    ],
    ids=["one", "hundred", "median", "smallest"],
)
def test_the_percentile_is_the_nearest_rank(values, share, expected):
    """
    It is always a value that was measured.
    """
    assert percentile(values, share) == expected


def test_a_source_is_overdue_after_so_many_times_its_usual_distance():
    """
    With something new every ten minutes and a multiple of three, half an hour is not too long, a second more is.
    """
    health = with_gaps(10, 10, 9, 11, 10)
    last = at(50)

    overdue = [health.is_overdue(last + gap, 3) for gap in (timedelta(minutes=30), timedelta(minutes=30, seconds=1))]

    assert health.usual_distance() == timedelta(minutes=10)
    assert overdue == [False, True]
    assert not health.is_overdue(last + timedelta(days=9), 0)


def test_what_is_usual_is_not_known_from_a_few_distances():
    """
    Before five distances nothing is overdue, however long it takes.
    """
    health = with_gaps(10, 10, 10, 10)

    assert (health.usual_distance(), health.is_overdue(at(99999), 3)) == (None, False)


def test_one_long_outage_does_not_change_what_is_usual():
    """
    A day without news among ten minutes each time is an exception.
    """
    assert with_gaps(10, 10, 1440, 10, 10, 10).usual_distance() == timedelta(minutes=10)


def test_steps_of_catching_up_tell_nothing_of_the_usual_distance():
    """
    What comes in one go, because it was missed, did not come more often.
    """
    health = with_gaps(60, 60)
    for _ in range(10):
        health = health.with_news(at(120), timedelta(minutes=1), is_last=False)

    assert health.gaps == (3600.0, 3600.0)


POLLS = st.lists(
    st.tuples(st.integers(0, 10_000), st.floats(0, 60), st.none() | st.integers(0, 10**9), st.booleans()), max_size=300
)


@settings(max_examples=60, deadline=None)
@given(POLLS)
def test_the_record_is_bounded_and_survives_being_stored(polls):
    """
    However long a source is polled, its record stays small; stored and read, it is the same to the tenth of a
    millisecond.
    """
    health, now = Health(), NOON
    for minutes, seconds, octets, has_news in polls:
        now += timedelta(minutes=minutes / 100)
        asked = (Asked(round(seconds, 4), octets),)
        health = health.failed(asked, now) if octets is None else health.answered(asked, now)
        if has_news:
            health = health.with_news(now, timedelta(minutes=1), is_last=True)

    stored = health_from_json(health_to_json(health), health.arrived, health.silent_since)

    assert len(health.requests) <= 60
    assert (len(health.slots) <= 12, len(health.hours) <= 24, len(health.gaps) <= 20) == (True, True, True)
    assert (stored.slots, stored.hours, stored.gaps) == (health.slots, health.hours, health.gaps)
    assert [one.octets for one in stored.requests] == [one.octets for one in health.requests]
    assert stored.answer_times() == pytest.approx(health.answer_times(), abs=1e-4)
