"""What is not pushed while a silence holds, and what its end tells."""

from __future__ import annotations

from datetime import time

import pytest

from tests.weps.handling.desk import ALL, HOUR
from weps.errors import InputError
from weps.matching import Matcher
from weps.model import (
    AlertStatus,
    Severity,
)
from weps.notices import Box
from weps.silences import Weekly, read_weekly


def test_silenced_alerts_stand_in_the_feed_and_the_end_of_the_silence_tells_what_is_open(desk):
    """
    What came and went in silence is not told; what had been told before and ended in it is.
    """
    subscription = desk.subscribe(repeat=HOUR)
    desk.tell(subscription, episode="before")
    desk.hour = 0.5
    silence = desk.quiet.silence(ALL, author="Ada", reason="works", lasting=3 * HOUR)
    desk.run(1)
    desk.tell(subscription, AlertStatus.RESOLVED, "before")
    desk.tell(subscription, episode="within")
    desk.tell(subscription, AlertStatus.RESOLVED, "within")
    desk.tell(subscription, episode="still on")
    desk.run(2, 3)
    quiet = desk.pushes()

    desk.run(3.5, 4, 4.5)

    assert quiet == [("firing", "duty")]
    assert sorted(desk.pushes()) == [
        ("firing", "duty"),
        ("repeat", "duty"),
        ("silence-over", "duty"),
        ("silence-over", "duty"),
    ]
    assert desk.feed(subscription)[:5] == [("firing", False), *[(each, True) for each in SILENCED]]
    assert {alert.silenced for alert in desk.store.alerts_of_episode("within")} == {silence.id}
    assert [alert.status for alert in desk.store.alerts_of_episode("before")][-1] is AlertStatus.RESOLVED


SILENCED = ("resolved", "firing", "resolved", "firing")


def test_one_silence_that_ends_leaves_what_another_still_silences(desk):
    """
    The last of them tells it, once.
    """
    subscription = desk.subscribe()
    desk.quiet.silence(ALL, author="Ada", reason="works", lasting=2 * HOUR)
    other = desk.quiet.silence(Matcher(subscriptions=(subscription.id,)), author="Bob", reason="more", lasting=9 * HOUR)
    desk.tell(subscription)
    desk.run(2, 3)
    quiet = desk.pushes()
    desk.quiet.end(other.id)

    desk.run(3.1, 9.5)

    assert (quiet, desk.pushes()) == ([], [("silence-over", "duty")])


@pytest.mark.parametrize(
    ("matcher", "silenced"),
    [
        (Matcher(procedures=("http://sensors.example.org/PedestrianCounting1",)), True),
        (Matcher(procedures=("another",)), False),
        (Matcher(observed_properties=("urn:ogc:def:property:PeopleCount",), severities=(Severity.MODERATE,)), True),
        (Matcher(observed_properties=("urn:ogc:def:property:PeopleCount",), severities=(Severity.EXTREME,)), False),
        (Matcher(features_of_interest=("http://features.example.org/places#flinders", "x")), True),
        (Matcher(box=Box(144, -38, 146, -37)), True),
        (Matcher(box=Box(146, -38, 144, -37)), False),
        (Matcher(box=Box(170, -38, 145, -37)), True),
    ],
    ids=["procedure", "another", "property", "severity differs", "feature", "area", "elsewhere", "over the dateline"],
)
def test_a_silence_means_alerts_that_meet_every_condition(desk, matcher, silenced):
    """
    One of the values of each condition that is given.
    """
    subscription = desk.subscribe()
    desk.quiet.silence(matcher, author="Ada", reason="works", lasting=HOUR)

    desk.tell(subscription, severity=Severity.MODERATE)

    assert desk.feed(subscription) == [("firing", silenced)]
    assert (desk.pushes() == []) is silenced


def test_a_silence_recurs_in_the_hours_of_its_time_zone(desk):
    """
    Nights in Berlin begin an hour earlier in UTC from the end of March on; each morning tells what is open.
    """
    subscription = desk.subscribe()
    nights = Weekly((0, 1, 2, 3, 4, 5, 6), time(22), time(6), "Europe/Berlin")
    desk.quiet.silence(ALL, author="Ada", reason="nights", weekly=nights)
    found = []
    for day, hour in ((4, 20.9), (4, 21.1), (5, 5.1), (30, 20.9), (31, 19.9), (31, 20.1)):
        desk.hour = (day - 4) * 24 + hour - 12
        desk.run(desk.hour)
        desk.tell(subscription, episode=f"{day} {hour}")
        found.append(desk.feed(subscription)[-1][1])
        desk.tell(subscription, AlertStatus.RESOLVED, f"{day} {hour}")

    assert found == [False, True, False, False, False, True]


def test_the_end_of_each_window_tells_what_is_open(desk):
    """
    An episode that goes on for two nights is told on both mornings.
    """
    subscription = desk.subscribe()
    nights = Weekly((0, 1), time(22), time(6), "UTC")
    desk.quiet.silence(ALL, author="Ada", reason="nights", weekly=nights)
    desk.hour = 11
    desk.tell(subscription)

    desk.run(17, 18, 19, 30, 41, 42, 50, 66, 90)

    assert desk.pushes() == [("silence-over", "duty"), ("silence-over", "duty")]


def test_a_silence_that_is_ended_while_the_end_of_a_window_is_told_has_no_other_end(desk):
    """
    Nobody is told by a night that does not come any more.
    """
    subscription = desk.subscribe()
    nights = Weekly((0, 1), time(22), time(6), "UTC")
    silence = desk.quiet.silence(ALL, author="Ada", reason="nights", weekly=nights)
    desk.hour = 11
    desk.tell(subscription)
    desk.hour = 18
    [(_, ended)] = desk.store.due_silences(desk.now)
    desk.quiet.end(silence.id)
    desk.store.told_silence(silence.id, ended, desk.now)

    desk.run(42, 66)

    assert desk.pushes() == []


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        (("Mon-Fri", "22:00", "06:00", "Europe/Berlin"), Weekly((0, 1, 2, 3, 4), time(22), time(6), "Europe/Berlin")),
        (("sat, Sun", "00:00", "00:00", "UTC"), Weekly((5, 6), time(0), time(0), "UTC")),
        (("Fri-Mon", "07:30", "08:00", "UTC"), Weekly((0, 4, 5, 6), time(7, 30), time(8), "UTC")),
        (("Monday", "22:00", "06:00", "UTC"), "days"),
        (("Mon", "25:00", "06:00", "UTC"), "from"),
        (("Mon", "22:00", "six", "UTC"), "until"),
        (("Mon", "22:00", "06:00", "Mars/North"), "timeZone"),
        (("Mon", "22:00", "06:00", "../passwd"), "timeZone"),
    ],
)
def test_hours_of_the_week_are_read(texts, read):
    """
    Days, times and a zone of the tz database; what is none of these is told by its place.
    """
    try:
        found = read_weekly(*texts)
    except InputError as error:
        found = error.where

    assert found == read
