"""Late observations and corrections: what each ordering shows its rules, over restarts too."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.flows.rules import HEAT
from tests.weps.bench import Bench, at
from tests.weps.test_result_times import publish
from weps.errors import InputError
from weps.model import Changes, Corrections, LatePolicy, Ordering, Page
from weps.model import Observation as Read

EVERY = json.dumps({**json.loads(HEAT), "trigger": "every"})
TEN_MINUTES = timedelta(minutes=10)
REORDER = Ordering(LatePolicy.REORDER, TEN_MINUTES)
DROP = Ordering(LatePolicy.DROP)
EVALUATE = Ordering(corrections=Corrections.EVALUATE)


def told(bench: Bench, subscription) -> list[tuple]:
    return [(alert.phenomenon_time, alert.value, alert.late) for alert in bench.alerts(subscription)]


def play(bench: Bench, *polls: tuple[float, list[tuple[float, float]]], restart: bool = False) -> None:
    """At each minute publish some values, by the minutes that they are of, and poll."""
    for minute, rows in polls:
        if rows:
            bench.sos.insert(*((at(each), value) for each, value in rows))
        bench.poll(minute)
        if restart:
            bench.restart()


LATE = ((2, [(1, 31), (2, 32)]), (6, [(5, 35), (4, 34)]), (8, [(3, 33), (7, 37)]), (30, []))


@pytest.mark.parametrize("restart", [False, True], ids=["in one go", "restarted after each poll"])
def test_each_policy_shows_its_rules_what_it_promises(bench: Bench, restart: bool):
    """
    The value of minute 3 comes after that of minute 5: marked late, put before it, or dropped and counted.
    """
    arrival = bench.subscribe(EVERY)
    reorder = bench.subscribe(EVERY, ordering=REORDER)
    drop = bench.subscribe(EVERY, ordering=DROP)

    play(bench, *LATE, restart=restart)

    values = [(1, 31), (2, 32), (3, 33), (4, 34), (5, 35), (7, 37)]
    assert told(bench, reorder) == [(at(minute), value, False) for minute, value in values]
    assert told(bench, drop) == [(at(minute), value, False) for minute, value in values if minute != 3]
    in_arrival = [
        (at(minute), value, minute == 3) for minute, value in (*values[:2], *values[3:5], values[2], values[5])
    ]
    assert told(bench, arrival) == in_arrival
    counts = [bench.engine.subscription(each.id).dropped for each in (arrival, reorder, drop)]
    assert counts == [0, 0, 1]


def test_what_is_held_back_is_told_when_its_bound_has_passed(bench: Bench):
    """
    The value of minute 1 is told at minute 11 and not before, by a poll that brings nothing.
    """
    subscription = bench.subscribe(EVERY, ordering=REORDER)
    play(bench, (2, [(1, 31)]), (10, []))
    before = told(bench, subscription)
    play(bench, (11, []))

    assert before == []
    assert told(bench, subscription) == [(at(1), 31, False)]


def test_what_comes_after_the_bound_and_after_its_successor_is_counted(bench: Bench):
    """
    Minute 3 comes when minute 5 has been told: it cannot be put before it any more.
    """
    subscription = bench.subscribe(EVERY, ordering=REORDER)
    play(bench, (6, [(5, 35)]), (16, []), (18, [(3, 33)]), (40, []))

    assert told(bench, subscription) == [(at(5), 35, False)]
    assert bench.engine.subscription(subscription.id).dropped == 1


def test_a_sensor_that_is_always_hours_late_is_told_in_its_order(bench: Bench):
    """
    What is older than the bound when it comes is told at once, as long as nothing newer of its series was.
    """
    bench.sos.insert((at(-400), 20))
    subscription = bench.subscribe(EVERY, ordering=REORDER)
    play(bench, (1, [(-300, 31)]), (2, [(-200, 32)]))

    assert told(bench, subscription) == [(at(-300), 31, False), (at(-200), 32, False)]


def test_silence_is_told_when_it_is_certain(bench: Bench):
    """
    A rule that sees the past also has its clock: an hour of silence is known ten minutes later.
    """
    subscription = bench.subscribe('{"type": "noData", "procedure": "ws", "after": "PT1H"}', ordering=REORDER)
    play(bench, (2, [(1, 20)]), (65, []))
    before = bench.alerts(subscription)
    play(bench, (72, []))

    assert before == []
    assert [(alert.status.value, alert.event_time) for alert in bench.alerts(subscription)] == [("no-data", at(61))]


def test_a_second_subscription_joins_what_is_held_back(bench: Bench):
    """
    It begins with what the first has been told, and both are told the rest alike.
    """
    first = bench.subscribe(EVERY, ordering=REORDER)
    play(bench, (2, [(1, 31)]), (12, [(11, 32)]))
    second = bench.subscribe(EVERY, ordering=REORDER)
    play(bench, (13, []), (30, []))

    assert told(bench, first) == [(at(1), 31, False), (at(11), 32, False)]
    assert told(bench, second) == [(at(1), 31, False), (at(11), 32, False)]


def test_a_correction_is_recorded_and_ignored_or_evaluated(bench: Bench):
    """
    Another value under a later result time is no observation of its own; who wants it is shown it, once.
    """
    ignoring, evaluating = bench.subscribe(EVERY), bench.subscribe(EVERY, ordering=EVALUATE)
    play(bench, (2, [(1, 31)]))
    publish(bench, at(1), at(3), 41)
    play(bench, (4, []), (5, []), restart=True)

    assert told(bench, ignoring) == [(at(1), 31, False)]
    assert told(bench, evaluating) == [(at(1), 31, False), (at(1), 41, False)]
    (correction,) = bench.store.corrections(ignoring.feed_id, Page())
    assert (correction.phenomenon_time, correction.before, correction.after, correction.recorded, correction.times) == (
        at(1),
        "31.0 Cel",
        "41.0 Cel",
        at(4),
        1,
    )
    assert bench.engine.subscription(ignoring.id).corrected == 1


def test_the_same_value_again_is_no_correction(bench: Bench):
    """
    A source that tells a value again under a later result time has not changed it.
    """
    subscription = bench.subscribe(EVERY, ordering=EVALUATE)
    play(bench, (2, [(1, 31)]))
    publish(bench, at(1), at(3), 31)
    play(bench, (4, []), (5, []))

    assert told(bench, subscription) == [(at(1), 31, False)]
    assert bench.store.corrections(subscription.feed_id, Page()) == ()


def test_a_correction_of_what_is_held_back_takes_its_place(bench: Bench):
    """
    The rule only ever sees the value that was right in the end; without `evaluate` only the first.
    """
    both = Ordering(LatePolicy.REORDER, TEN_MINUTES, Corrections.EVALUATE)
    evaluating, ignoring = bench.subscribe(EVERY, ordering=both), bench.subscribe(EVERY, ordering=REORDER)
    play(bench, (2, [(1, 31)]), restart=True)
    publish(bench, at(1), at(3), 41)
    play(bench, (4, []), (12, []), (13, []), restart=True)

    assert told(bench, evaluating) == [(at(1), 41, False)]
    assert told(bench, ignoring) == [(at(1), 31, False)]


@pytest.mark.parametrize("restart", [False, True], ids=["in one go", "restarted after each poll"])
def test_what_stands_side_by_side_is_held_back_side_by_side(bench: Bench, restart: bool):
    """
    Values of one series and time under different identifiers, such as those of several depths, are each told once.
    """
    arrival, reorder = bench.subscribe(EVERY), bench.subscribe(EVERY, ordering=REORDER)
    names = ("ws", "AirTemperature", "station")
    levels = [Read(at(1), *names, 31 + level, "Cel", identifier=f"z={level}", id=f"1/{level}") for level in range(3)]
    bench.engine.receive(arrival.feed_id, levels, at(2))
    play(bench, (3, []), (12, []), (30, []), restart=restart)

    values = [31, 32, 33]
    assert sorted(alert.value for alert in bench.alerts(arrival)) == values
    assert sorted(alert.value for alert in bench.alerts(reorder)) == values


@pytest.mark.parametrize(
    "ordering",
    [Ordering(LatePolicy.REORDER), Ordering(LatePolicy.DROP, TEN_MINUTES)],
    ids=["reorder without bound", "bound without reorder"],
)
def test_a_bound_goes_with_reorder(bench: Bench, ordering: Ordering):
    """
    One without the other is refused at the input that is to blame.
    """
    with pytest.raises(InputError) as caught:
        bench.subscribe(EVERY, ordering=ordering)

    assert caught.value.where == "lateBound"


def test_another_policy_begins_anew_and_forgets_what_was_held_back(bench: Bench):
    """
    The rule looks at the newest observation, as that of a new subscription; other corrections change nothing else.
    """
    subscription = bench.subscribe(EVERY, ordering=REORDER)
    play(bench, (2, [(1, 31)]))
    _, same = bench.engine.update(subscription.id, Changes(corrections=Corrections.EVALUATE))
    updated, restarted = bench.engine.update(subscription.id, Changes(late=LatePolicy.DROP))
    play(bench, (3, []), (30, []))

    assert (same, restarted) == (False, True)
    assert updated.ordering == Ordering(LatePolicy.DROP, timedelta(0), Corrections.EVALUATE)
    assert told(bench, subscription) == [(at(1), 31, False)]
