"""One series of a source that stops while others go on is told, and told when it speaks again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.weps.bench import Bench, at
from tests.weps.sources import shown
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.hearing import Hearing, hearing_from_json, hearing_to_json
from weps.model import Subscription
from weps.source_alerts import Alarm

MINUTE = timedelta(minutes=1)


def told(bench: Bench, subscription: Subscription) -> list[tuple[str, str | None]]:
    return [
        (alert.status.value, alert.feature_of_interest)
        for alert in bench.alerts(subscription)
        if alert.pattern == "source"
    ]


def go_on(bench: Bench, minutes: range, *features: str, shift: float = 0) -> None:
    """Let sensors observe at minutes, and poll each time; their clocks may be wrong by so many minutes."""
    for minute in minutes:
        for feature in features:
            bench.sos.insert((at(minute + shift), 20), feature=feature)
        bench.poll(minute + 0.5)


@pytest.mark.parametrize("shift", [0, -60, -360], ids=["right", "an hour behind", "six hours behind"])
def test_a_series_that_stops_is_told_once_and_again_when_it_speaks(bench: Bench, shift: float):
    """
    After ten times its usual minute, at the eleventh poll that brings something of the other: whatever the clocks say.
    """
    subscription = bench.subscribe()
    go_on(bench, range(1, 10), "here", "there", shift=shift)
    bench.restart()
    go_on(bench, range(10, 20), "here", shift=shift)
    before = told(bench, subscription)
    bench.restart()
    go_on(bench, range(20, 25), "here", shift=shift)
    (silent,) = (alert for alert in bench.alerts(subscription) if alert.pattern == "source")
    state = shown(bench, f"/sources/{subscription.feed_id}/series")["series"]
    bench.restart()
    go_on(bench, range(25, 27), "here", "there", shift=shift)

    assert before == []
    assert (silent.detected, silent.procedure) == (at(20.5), "ws")
    assert "nothing new comes from ws · AirTemperature · there" in silent.text
    assert [(one["featureOfInterest"], one.get("silent"), one["usualDistance"]) for one in state] == [
        ("there", True, 60.0),
        ("here", None, 60.0),
    ]
    assert told(bench, subscription) == [("source-silent", "there"), ("source-speaks", "there")]
    assert len({alert.episode for alert in bench.alerts(subscription)}) == 1


def test_batches_that_come_hours_late_are_no_silence(bench: Bench):
    """
    One sensor sends each minute, another all of its minutes every two hours: it is waited for as long as it pauses.
    """
    subscription = bench.subscribe()
    for minute in range(10, 1500, 10):
        bench.sos.insert((at(minute), 20), feature="here")
        if minute % 120 == 0:
            bench.sos.insert(*((at(each), 20) for each in range(minute - 119, minute)), feature="late")
        bench.poll(minute + 1)

    assert told(bench, subscription) == []


def test_a_pause_of_the_whole_source_is_no_silence_of_the_series_that_comes_back_last(bench: Bench):
    """
    After an outage of a day one sensor is back two polls before the other.
    """
    subscription = bench.subscribe()
    go_on(bench, range(1, 10), "here", "there")
    go_on(bench, range(1500, 1502), "here")
    go_on(bench, range(1502, 1505), "here", "there")

    assert [each for each in told(bench, subscription) if each[1] is not None] == []


def test_a_series_that_sends_only_what_is_old_speaks_and_may_fall_silent_again(bench: Bench):
    """
    Each silence is an episode of its own, also when its newest observation is the same as before.
    """
    subscription = bench.subscribe()
    go_on(bench, range(2, 20, 2), "there")
    go_on(bench, range(20, 30), "here", "there")
    go_on(bench, range(30, 60), "here")
    bench.sos.insert((at(3), 20), (at(5), 20), feature="there")
    go_on(bench, range(60, 90), "here")
    bench.restart()
    go_on(bench, range(90, 92), "here", "there")

    assert told(bench, subscription) == [("source-silent", "there"), ("source-speaks", "there")] * 2
    assert len({alert.episode for alert in bench.alerts(subscription) if alert.pattern == "source"}) == 2


def test_only_those_whose_rules_look_at_a_series_are_told(bench: Bench):
    """
    A rule for another feature is none of them.
    """
    rule = (
        '{{"type": "threshold", "observedProperty": "AirTemperature", "condition": "greaterThan", "threshold": 30, '
        '"uom": "Cel", "featureOfInterest": "{}"}}'
    )
    mine, other = (bench.subscribe(rule.format(feature)) for feature in ("there", "here"))
    go_on(bench, range(1, 10), "here", "there")
    go_on(bench, range(10, 25), "here")

    assert told(bench, mine) == [("source-silent", "there")]
    assert told(bench, other) == []


def test_when_half_of_many_stop_at_once_ten_are_told(bench: Bench):
    """
    The others are shown with their source; the alerts say how many they are. Only those that were told speak again.
    """
    subscription = bench.subscribe()
    names = [f"station{number:02}" for number in range(12)]
    go_on(bench, range(1, 8), "here", *names)
    go_on(bench, range(8, 20), "here")
    silent = told(bench, subscription)
    state = shown(bench, f"/sources/{subscription.feed_id}/series")["series"]
    go_on(bench, range(20, 21), "here", *names)

    assert silent == [("source-silent", name) for name in names[:10]]
    assert sum(one.get("silent", False) for one in state) == 12
    assert "12 series of the source fell silent at once, of which 10 are told" in bench.alerts(subscription)[0].text
    assert sorted(told(bench, subscription)[10:]) == [("source-speaks", name) for name in names[:10]]


def test_an_operator_can_turn_it_off(bench: Bench):
    """
    With 0 nobody is told.
    """
    feeder = SosFeeder(Fetcher(frozenset({"127.0.0.1"}), timeout=5, limit=2**24))
    bench.engine.close(5)
    bench.engine = type(bench.engine)(
        bench.store,
        feeder,
        {},
        "http://weps.example",
        clock=lambda: bench.now,
        first_look=30,
        alarm=Alarm(series_stale_after=0),
    )
    subscription = bench.subscribe()
    go_on(bench, range(1, 8), "here", "there")
    go_on(bench, range(8, 30), "here")

    assert told(bench, subscription) == []


@pytest.mark.parametrize(
    ("gaps", "elapsed", "expected"),
    [
        ([60.0] * 4, 10_000, False),
        ([60.0] * 5, 600, False),
        ([60.0] * 5, 601, True),
        ([1.0] * 5, 600, False),
        ([1.0] * 5, 601, True),
        ([60.0] * 4 + [7200.0], 14_400, False),
        ([60.0] * 4 + [7200.0], 14_401, True),
    ],
    ids=["too few", "just not", "just", "not seen more often", "as often as polled", "bursts", "longer than bursts"],
)
def test_what_is_overdue_is_told_by_what_is_usual(gaps: list[float], elapsed: float, expected: bool):
    """
    Ten times the usual distance, or the interval of polls, but twice the longest pause of late.
    """
    hearing = Hearing(1000, tuple(gaps))

    assert hearing.is_overdue(1000 + elapsed, 10, MINUTE) is expected


@pytest.mark.parametrize(
    "hearing",
    [Hearing(5.0), Hearing(700.5, (60.0, 61.5)), Hearing(700.5, (60.0,), at(3), True, 2)],
    ids=["new", "with distances", "silent"],
)
def test_the_record_of_a_series_survives_being_stored(hearing: Hearing):
    """
    As JSON, and back.
    """
    assert hearing_from_json(hearing_to_json(hearing)) == hearing
