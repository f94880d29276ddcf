"""The engine on a real store and a real SOS, with a clock that stands still until it is moved."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.flows.rules import HEAT, OVERSHOOT
from tests.weps.bench import NOON, Bench, at
from weps.errors import InputError, NotFoundError, RuleError
from weps.feeders.template import read_kvp
from weps.model import SubscriptionStatus, Target

DOWN = (503, b"down for maintenance")


def test_a_failed_poll_moves_nothing_and_what_was_missed_is_read_later(bench: Bench):
    """
    The position only moves with observations that were received, so an outage of the source loses nothing.
    """
    subscription = bench.subscribe()
    bench.sos.answer = DOWN
    bench.sos.insert((at(1), 20), (at(2), 31), (at(3), 20))
    bench.poll(5)
    bench.sos.answer = None

    bench.poll(60)

    assert bench.times(subscription) == [("firing", at(2)), ("resolved", at(3))]


def test_a_dead_source_is_asked_less_and_less_often(bench: Bench):
    """
    After each failure the wait doubles; nothing is asked in between.
    """
    subscription = bench.subscribe()
    bench.sos.answer = DOWN
    waits = []
    for _ in range(4):
        bench.now = bench.store.feed(subscription.feed_id).next_poll
        bench.engine.poll(subscription.feed_id)
        waits.append((bench.store.feed(subscription.feed_id).next_poll - bench.now).total_seconds())

    assert [60 * 2**n <= wait <= 90 * 2**n for n, wait in enumerate(waits)] == [True] * 4
    assert bench.engine.due_feeds() == ()


def test_a_source_that_stays_down_is_told_to_its_subscribers_and_resolves_nothing(bench: Bench):
    """
    The third failure in a row raises a source alert, the next success another; the firing threshold stays firing.
    """
    subscription = bench.subscribe()
    bench.sos.insert((at(1), 31))
    bench.poll(2)
    bench.sos.answer = DOWN
    for hour in (1, 2, 3, 4, 5):
        bench.poll(60 * hour)
    bench.sos.answer = None
    bench.poll(60 * 6)

    assert [alert.status.value for alert in bench.alerts(subscription)] == ["firing", "source-down", "source-up"]
    down, up = bench.alerts(subscription)[1:]
    assert down.episode == up.episode
    assert "503" in down.text


def test_late_observations_are_evaluated_as_they_arrive_and_marked(bench: Bench):
    """
    An observation that comes hours after newer ones of its series still raises its alert, marked late.
    """
    subscription = bench.subscribe(
        '{"type": "threshold", "condition": "greaterThan", "threshold": 30, "trigger": "every"}'
    )
    bench.sos.insert((at(200), 20))
    bench.poll(201)
    bench.sos.insert((at(100), 35), (at(202), 36))

    bench.poll(203)

    assert [(alert.phenomenon_time, alert.late) for alert in bench.alerts(subscription)] == [
        (at(100), True),
        (at(202), False),
    ]


def test_a_slow_series_does_not_hold_back_another_and_is_not_lost(bench: Bench):
    """
    Of two series of one feed, the one that is hours behind raises its alerts when its observations come.
    """
    bench.sos.insert((at(-600), 20), feature="slow")
    bench.sos.insert((at(-1), 20), feature="fast")
    subscription = bench.subscribe()
    bench.sos.insert((at(1), 31), feature="fast")
    bench.poll(2)
    bench.sos.insert((at(-300), 32), feature="slow")
    bench.poll(4)

    assert bench.times(subscription) == [("firing", at(1)), ("firing", at(-300))]
    assert [alert.feature_of_interest for alert in bench.alerts(subscription)] == ["fast", "slow"]


def test_every_observation_is_evaluated_once_whatever_the_polls_overlap(bench: Bench):
    """
    Polls ask again for what was seen before; it is dropped, also after a restart.
    """
    subscription = bench.subscribe(
        '{"type": "threshold", "condition": "greaterThan", "threshold": 30, "trigger": "every"}'
    )
    bench.sos.insert((at(1), 31), (at(2), 32))
    bench.poll(3)
    bench.poll(5)
    bench.restart()
    bench.sos.insert((at(6), 33))
    bench.poll(7)

    assert [alert.value for alert in bench.alerts(subscription)] == [31, 32, 33]


@pytest.mark.parametrize("rule", [HEAT, OVERSHOOT], ids=["threshold", "eml"])
def test_a_restart_between_any_two_polls_changes_nothing(bench: Bench, rule: str):
    """
    With all memory thrown away after each poll the alerts are those of a run without restart.
    """
    restarted, rows = bench.subscribe(rule), [20, 31, 29, 32, 33, 28, 31]
    for number, value in enumerate(rows):
        bench.sos.insert((at(number), value))
        bench.poll(number + 0.5)
        bench.restart()

    crossings = [at(1), at(2), at(3), at(5), at(6)]
    assert [time for _, time in bench.times(restarted)] == crossings
    assert len({alert.id for alert in bench.alerts(restarted)}) == len(crossings)


def test_a_new_subscription_on_a_feed_that_is_already_polled_looks_at_once(bench: Bench):
    """
    The second subscriber of a source that is above its threshold is told with the next poll, and only of the newest.
    """
    bench.subscribe(OVERSHOOT)
    bench.sos.insert((at(1), 35), (at(2), 20), (at(3), 36))
    bench.poll(4)
    second = bench.subscribe(HEAT)

    bench.poll(6)

    assert bench.times(second) == [("firing", at(3))]


def test_a_subscription_from_a_time_on_reads_history_in_steps(bench: Bench):
    """
    With a start the whole time since then is read, in several requests.
    """
    bench.sos.insert(*((NOON - timedelta(days=day), 31 - day % 2 * 10) for day in range(40, 0, -1)))
    subscription = bench.subscribe(start=NOON - timedelta(days=40))
    bench.poll(0)

    found = bench.times(subscription)

    assert [status for status, _ in found] == ["firing", "resolved"] * 20
    assert found[0][1] == NOON - timedelta(days=40)
    assert len(bench.sos.asked) > 2


@pytest.mark.parametrize(
    ("rule", "first"),
    [(HEAT, ("firing", at(6))), ('{"type": "noData", "procedure": "ws", "after": "PT1H"}', ("no-data", at(67)))],
    ids=["threshold", "no data"],
)
def test_a_subscription_that_begins_later_asks_nothing_before(bench: Bench, rule: str, first: tuple[str, datetime]):
    """
    Its source is not asked until then, nor told to be down; the rule sees what is observed from then on.
    """
    bench.sos.insert((at(1), 31), (at(2), 20))
    subscription = bench.subscribe(rule, start=at(5), sampling_rate=timedelta(hours=6))
    for minutes in range(5):
        bench.poll(minutes)
    asked = len(bench.sos.asked)
    bench.sos.insert((at(6), 31), (at(7), 20))

    bench.poll(5)
    bench.poll(8 + 6 * 60)

    assert asked == 0
    assert bench.times(subscription)[0] == first
    assert bench.store.feed(subscription.feed_id).failures == 0


def test_subscriptions_to_one_source_share_its_polls(bench: Bench):
    """
    Three subscriptions to one source are one feed, polled at the shortest of their rates.
    """
    rates = [bench.subscribe(sampling_rate=timedelta(minutes=minutes)) for minutes in (10, 1, 5)]
    before = len(bench.sos.asked)

    bench.poll(1)

    assert len({each.feed_id for each in rates}) == 1
    assert bench.store.feed(rates[0].feed_id).interval == timedelta(minutes=1)
    assert len(bench.sos.asked) == before + 1


def test_a_subscription_ends_with_its_lifetime(bench: Bench):
    """
    A subscription for an hour is ended after it; nothing is polled for it any more.
    """
    subscription = bench.subscribe(runtime=timedelta(hours=1))
    bench.now = at(61)
    bench.engine.expire()

    bench.sos.insert((at(62), 40))
    bench.poll(63)

    assert bench.engine.subscription(subscription.id).status is SubscriptionStatus.ENDED
    assert bench.alerts(subscription) == []


def test_a_cancelled_subscription_is_not_told_while_its_neighbour_is(bench: Bench):
    """
    Cancelling one of two subscriptions of a feed leaves the other as it is.
    """
    gone, staying = bench.subscribe(), bench.subscribe()
    bench.poll(1)
    bench.engine.cancel(gone.id)
    bench.sos.insert((at(2), 31))

    bench.poll(3)

    assert bench.alerts(gone) == []
    assert bench.times(staying) == [("firing", at(2))]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sampling_rate": timedelta(0)}, "100 ms"),
        ({"runtime": timedelta(seconds=-1)}, "longer than nothing"),
        ({"targets": (Target("pigeon", "roof"),)}, "no channel 'pigeon'"),
    ],
    ids=["no sampling rate", "negative runtime", "unknown channel"],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(bench: Bench, changes: dict, message: str):
    """
    A subscription that cannot be is refused with a reason, and nothing of it is kept.
    """
    with pytest.raises(InputError, match=message):
        bench.subscribe(**changes)

    assert bench.engine.count_subscriptions() == 0
    assert bench.store.due_feeds(at(1e6)) == ()


def test_a_rule_that_does_not_compile_is_refused_with_its_lines(bench: Bench):
    """
    The faults of a rule come with their lines, and nothing is kept.
    """
    with pytest.raises(RuleError) as caught:
        bench.subscribe('{\n"type": "threshold",\n"condition": "higherThan",\n"threshold": 30}')

    assert [fault.line for fault in caught.value.faults] == [3]
    assert bench.engine.count_subscriptions() == 0


def test_an_unknown_subscription_cannot_be_cancelled(bench: Bench):
    """
    The id of no subscription is named in the error.
    """
    with pytest.raises(NotFoundError, match="nobody"):
        bench.engine.cancel("nobody")


def test_an_alert_explains_itself(bench: Bench):
    """
    An alert says rule, value with unit against the threshold, sensor, place, times and where the evidence is.
    """
    subscription = bench.subscribe(HEAT, title="Heat in town")
    bench.sos.insert((at(1), 31.5))
    bench.poll(2)

    (alert,) = bench.alerts(subscription)

    assert (alert.value, alert.uom, alert.comparison.condition, alert.comparison.bounds) == (
        31.5,
        "Cel",
        "greaterThan",
        (30,),
    )
    assert (alert.procedure, alert.observed_property, alert.feature_of_interest) == ("ws", "AirTemperature", "station")
    assert (alert.longitude, alert.latitude) == (7.5, 52.0)
    assert (alert.phenomenon_time, alert.detected) == (at(1), at(2))
    assert "Heat in town" in alert.title
    assert alert.evidence.startswith(bench.sos.url)
    assert len(alert.causes) == 1


def test_alerts_that_have_no_end_stand_alone(bench: Bench):
    """
    With trigger every each observation above is an event of its own, with an episode of its own.
    """
    rule = '{"type": "threshold", "condition": "greaterThan", "threshold": 30, "trigger": "every"}'
    subscription = bench.subscribe(rule)
    bench.sos.insert((at(1), 31), (at(2), 32))
    bench.poll(3)

    alerts = bench.alerts(subscription)

    assert [alert.status.value for alert in alerts] == ["event", "event"]
    assert len({alert.episode for alert in alerts}) == 2


@pytest.mark.parametrize("restart", [False, True], ids=["in one go", "restarted"])
def test_a_rule_that_tells_everything_goes_on_after_a_first_look_that_it_told(bench: Bench, restart: bool):
    """
    A subscription with trigger every whose first look is above the threshold tells what comes after it as well.
    """
    rule = '{"type": "threshold", "condition": "greaterThan", "threshold": 30, "trigger": "every"}'
    bench.sos.insert((at(-1), 31))
    subscription = bench.subscribe(rule)
    if restart:
        bench.restart()
    bench.sos.insert((at(1), 32))
    bench.poll(2)

    assert bench.times(subscription) == [("event", at(-1)), ("event", at(1))]


def test_silence_is_told_when_the_clock_passes_and_ends_with_the_next_observation(bench: Bench):
    """
    Two hours after the last observation the subscriber is told, also when polls bring nothing, and again as data come.
    """
    subscription = bench.subscribe('{"type": "noData", "procedure": "ws", "after": "PT2H"}')
    bench.sos.insert((at(1), 20))
    bench.poll(2)
    bench.poll(100)
    bench.poll(122)
    bench.sos.insert((at(125), 20))
    bench.poll(126)

    alerts = bench.alerts(subscription)

    assert [(alert.status.value, alert.event_time) for alert in alerts] == [("no-data", at(121)), ("resolved", at(125))]
    assert alerts[0].episode == alerts[1].episode
    assert (alerts[0].procedure, alerts[0].observed_property) == ("ws", None)


def test_the_series_that_is_missing_is_named(bench: Bench):
    """
    Where a rule looks at each series apart, so that filters and silences find what nobody has observed.
    """
    subscription = bench.subscribe('{"type": "noData", "after": "PT2H", "correlate": "series"}')
    bench.sos.insert((at(1), 20))
    bench.poll(2)
    bench.poll(122)

    [told] = bench.alerts(subscription)

    assert (told.status.value, told.procedure) == ("no-data", "ws")
    assert None not in (told.observed_property, told.feature_of_interest)


def test_an_answer_that_would_be_too_large_is_asked_for_in_parts(bench: Bench):
    """
    When the answer to a whole time span is beyond the limit, shorter spans are asked for until all is read.
    """
    bench.fetcher_limit = 40_000
    bench.restart()
    subscription = bench.subscribe(
        '{"type": "threshold", "condition": "greaterThan", "threshold": 30, "trigger": "every"}', start=at(-300)
    )
    bench.sos.insert(*((at(minute), 31) for minute in range(-300, 0)))
    bench.poll(1)

    assert len(bench.alerts(subscription)) == 300
    assert len(bench.sos.asked) > 4


def test_memory_does_not_grow_with_what_has_ended(bench: Bench):
    """
    Of sources that nobody watches any more nothing is held, and those that are watched go on as they were.
    """
    kept = bench.subscribe()
    for number in range(5):
        ended = bench.subscribe(source=read_kvp(f"{bench.sos.template()}&number={number}"))
        bench.poll(number)
        bench.engine.cancel(ended.id)
    before = len(bench.engine._watches)
    bench.engine.forget_ended()
    bench.sos.insert((at(6), 31))
    bench.poll(7)

    assert (before, len(bench.engine._watches), len(bench.engine._asker._learned)) == (6, 1, 1)
    assert bench.times(kept) == [("firing", at(6))]
