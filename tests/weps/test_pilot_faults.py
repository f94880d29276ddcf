"""The ten faults of the pilot's code; each test shows that ours does not have one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.flows.rules import HEAT, OVERSHOOT, overshoot
from tests.weps.bench import Bench, at
from weps.feeders.template import read_kvp
from weps.processes.inputs import read_duration

EVERY = '{"type": "threshold", "condition": "greaterThan", "threshold": 30, "trigger": "every"}'
REPORT = (
    b'<ExceptionReport xmlns="http://www.opengis.net/ows/1.1" version="2.0.0">'
    b'<Exception exceptionCode="NoApplicableCode">'
    b"<ExceptionText>the database is away</ExceptionText></Exception></ExceptionReport>"
)


def test_1_the_position_does_not_move_before_the_poll_succeeded(bench: Bench):
    """
    What was published during a failed poll is found by the next one.
    """
    subscription = bench.subscribe()
    bench.sos.answer = (500, b"no")
    bench.sos.insert((at(1), 31))
    bench.poll(2)
    bench.sos.answer = None
    bench.poll(30)

    assert bench.times(subscription) == [("firing", at(1))]


def test_2_a_dead_sos_is_not_asked_in_a_tight_loop(bench: Bench):
    """
    Within the hour after it died, a source that is polled each minute is asked fewer than ten times.
    """
    bench.subscribe()
    bench.sos.answer = (503, b"gone")
    before = len(bench.sos.asked)
    for minute in range(1, 61):
        bench.poll(minute)

    assert 3 <= len(bench.sos.asked) - before < 10


def test_3_late_data_are_not_lost(bench: Bench):
    """
    An observation that comes an hour after newer ones is evaluated.
    """
    subscription = bench.subscribe(EVERY)
    bench.sos.insert((at(90), 20))
    bench.poll(91)
    bench.sos.insert((at(30), 31))
    bench.poll(92)

    assert bench.times(subscription) == [("event", at(30))]


def test_4_the_parameters_of_a_template_are_kept_when_an_endpoint_is_given_too():
    """
    With an endpoint of its own the template still says what to ask for.
    """
    template = "http://old.example/sos?service=SOS&version=2.0.0&request=GetObservation&procedure=p&observedProperty=o"

    source = read_kvp(template, "http://new.example/sos")

    assert source.endpoint == "http://new.example/sos"
    assert "procedure" in source.template
    assert "observedProperty" in source.template


@pytest.mark.parametrize(
    ("condition", "members", "value", "words"),
    [
        ("greaterThan", '"threshold": 30', 31.0, "greater than 30"),
        ("lessThanOrEqual", '"threshold": 5', 5.0, "5"),
        ("between", '"lower": 10, "upper": 12', 11.0, "between 10 and 12"),
        ("notEqual", '"threshold": 7', 8.0, "7"),
    ],
)
def test_5_the_text_of_an_alert_knows_every_condition(bench: Bench, condition, members, value, words):
    """
    The text tells the observed value, the condition and its bounds, whatever the condition is.
    """
    rule = f'{{"type": "threshold", "condition": "{condition}", {members}, "uom": "Cel"}}'
    subscription = bench.subscribe(rule)
    bench.sos.insert((at(1), value))
    bench.poll(2)

    (alert,) = bench.alerts(subscription)

    assert words in alert.text
    assert f"{value:g} °C" in alert.text


def test_6_guids_never_collide(bench: Bench):
    """
    Alerts of two subscriptions on the same observations, and of one on equal values and times, have ids of their own.
    """
    subscriptions = [bench.subscribe(EVERY), bench.subscribe(EVERY), bench.subscribe(OVERSHOOT)]
    for feature in ("north", "south"):
        bench.sos.insert((at(1), 20), (at(2), 31), (at(3), 20), (at(4), 31), feature=feature)
    bench.poll(5)

    ids = [alert.id for subscription in subscriptions for alert in bench.alerts(subscription)]

    assert len(ids) > 8
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((200, REPORT), "the database is away"),
        ((400, REPORT), "the database is away"),
        ((200, b"<html><body>Welcome</body></html>"), "web page"),
        ((200, b""), "empty"),
        ((200, b'<sos:GetObservationResponse xmlns:sos="http://www.opengis.net/sos/2.0"><sos:obs'), "line 1"),
        ((200, b"<!DOCTYPE x [<!ENTITY y 'z'>]><x/>"), "DOCTYPE"),
        ((503, b"later"), "503"),
    ],
    ids=["report with 200", "report with 400", "HTML", "nothing", "half a document", "DOCTYPE", "503"],
)
def test_7_a_failure_is_told_to_the_subscriber_and_not_only_logged(bench: Bench, answer, told):
    """
    Whatever a source answers that is no observations, the subscriber's own feed says so, with the reason.
    """
    subscription = bench.subscribe()
    bench.sos.answer = answer
    for hour in range(1, 5):
        bench.poll(60 * hour)

    (alert,) = bench.alerts(subscription)

    assert alert.status.value == "source-down"
    assert told.lower() in alert.text.lower()


def test_8_subscriptions_have_rules_and_states_of_their_own(bench: Bench):
    """
    Two EML rules with the same pattern names on one feed do not see each other's events.
    """
    low, high = bench.subscribe(overshoot(30)), bench.subscribe(overshoot(40))
    bench.sos.insert((at(1), 20), (at(2), 35), (at(3), 45), (at(4), 20))
    bench.poll(5)

    assert [alert.output for alert in bench.alerts(low)] == ["over", "under"]
    assert bench.times(high) == [("event", at(3)), ("event", at(4))]


@pytest.mark.parametrize(
    ("text", "uom", "seconds"), [("5000", "ms", 5), ("5", "s", 5), ("5", "min", 300), ("PT5S", None, 5)]
)
def test_9_a_duration_says_its_unit(text: str, uom: str | None, seconds: float):
    """
    Durations are ISO 8601 or a number with a unit.
    """
    assert read_duration(text, uom) == timedelta(seconds=seconds)


def test_10_everything_is_stored(bench: Bench):
    """
    After a restart the subscription, its state, its position and its alerts are there.
    """
    subscription = bench.subscribe()
    bench.sos.insert((at(1), 31))
    bench.poll(2)
    bench.restart()
    bench.sos.insert((at(3), 32), (at(4), 20))
    bench.poll(5)

    assert bench.times(subscription) == [("firing", at(1)), ("resolved", at(4))]
    assert bench.engine.subscription(subscription.id).rule == replace(subscription.rule, text=HEAT)
