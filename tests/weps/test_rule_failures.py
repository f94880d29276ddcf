"""Rules that fail while they run: their subscription ends with an alert that says why, and nobody else notices."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.rules import HEAT
from tests.weps.bench import Bench, at
from weps.model import AlertStatus, Observation, SubscriptionStatus
from weps.rules.operators import view
from weps.store import RuleState

MANY = """<EML xmlns="http://www.opengis.net/eml/0.0.1" xmlns:fes="http://www.opengis.net/fes/2.0">
  <SimplePatterns><SimplePattern inputName="input" patternID="many">
    <SelectFunctions>
      <SelectFunction newEventName="count" outputName="count"><SelectCount/></SelectFunction>
    </SelectFunctions>
    <View><LengthView isBatch="false"><EventCount>50</EventCount></LengthView></View>
    <PropertyRestrictions/>
  </SimplePattern></SimplePatterns>
  <ComplexPatterns/><TimerPatterns/><RepetitivePatterns/>
</EML>"""


def statuses(bench: Bench, subscription: Any) -> list[str]:
    return [alert.status.value for alert in bench.alerts(subscription)]


def test_a_rule_beyond_its_limit_ends_with_an_alert_and_its_neighbours_go_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    """
    A window that would hold too many events ends its subscription; the feed is read on for the others.
    """
    monkeypatch.setattr(view, "MAX_EVENTS", 2)
    failing, staying = bench.subscribe(MANY), bench.subscribe()
    bench.sos.insert((at(1), 20), (at(2), 31), (at(3), 20), (at(4), 32))
    bench.poll(5)
    bench.restart()
    bench.sos.insert((at(6), 20))
    bench.poll(7)

    assert ["event", "event", "rule-failed"] == statuses(bench, failing)
    assert "would hold more than 2 events" in bench.alerts(failing)[-1].text
    assert bench.engine.subscription(failing.id).status is SubscriptionStatus.FAILED
    assert ["firing", "resolved", "firing", "resolved"] == statuses(bench, staying)
    assert bench.store.feed(staying.feed_id).failures == 0


def test_a_feed_without_any_other_rule_is_polled_no_more(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """
    When the last rule of a feed has failed nobody wants it any more.
    """
    monkeypatch.setattr(view, "MAX_EVENTS", 2)
    failing = bench.subscribe(MANY)
    bench.sos.insert((at(1), 20), (at(2), 31), (at(3), 20))
    bench.poll(5)

    assert bench.engine.due_feeds() == ()
    assert bench.store.feed(failing.feed_id).next_poll is None
    assert bench.alerts(failing)[-1].status is AlertStatus.RULE_FAILED


@pytest.mark.parametrize("state", [{"version": 0}, [], {"version": 1}], ids=["unknown version", "list", "incomplete"])
def test_a_state_that_does_not_fit_ends_its_subscription_only(bench: Bench, state: Any):
    """
    A stored state that cannot be read is told to the subscriber; the feed goes on.
    """
    failing, staying = bench.subscribe(MANY), bench.subscribe()
    bench.poll(1)
    with bench.store.batch(failing.feed_id) as transaction:
        transaction.save_states({(failing.id, ""): RuleState(state)})
    bench.restart()
    bench.sos.insert((at(2), 31))

    bench.poll(3)

    assert ["rule-failed"] == statuses(bench, failing)
    assert ["firing"] == statuses(bench, staying)


def test_an_observation_that_cannot_be_told_is_told_without_its_place(bench: Bench):
    """
    A place that is none must not keep the alarm from anybody: it is told by what is known, and nobody else notices.
    """
    alarmed, other = bench.subscribe(), bench.subscribe(HEAT.replace("30", "25"))
    bench.poll(1)
    place = {"type": "Point", "coordinates": [7]}
    nowhere = Observation(at(2), "thermometer", "AirTemperature", "hill", 31, "Cel", geometry=place, id="o")

    told = bench.engine.receive(alarmed.feed_id, [nowhere], at(3))
    bench.restart()
    bench.engine.receive(alarmed.feed_id, [nowhere._replace(phenomenon_time=at(4), value=20, geometry=None)], at(5))

    assert 2 == told
    for subscription in (alarmed, other):
        first, second = bench.alerts(subscription)
        assert ["firing", "resolved"] == [first.status.value, second.status.value]
        assert (31, "Cel", at(2), None) == (first.value, first.uom, first.event_time, first.longitude)
        assert first.episode == second.episode
        assert bench.engine.subscription(subscription.id).status is SubscriptionStatus.ACTIVE
