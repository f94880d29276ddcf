"""From an observation to an alert, as a client sees it."""

from __future__ import annotations

from tests.flows.conftest import Running
from tests.flows.rules import HEAT, OVERSHOOT


def test_a_threshold_alerts_when_it_is_crossed_and_when_that_ends(service: Running):
    """
    A sensor that rises above the threshold gives one alert, and one more when it falls again.
    """
    service.insert_sensor("ws2500", "AirTemperature")
    answer = service.subscribe(rule=HEAT, getObservationTemplate=service.template("ws2500", "AirTemperature"))

    service.insert("ws2500", "AirTemperature", (0, 20), (10, 31), (20, 32))
    first = service.wait_for_entries(answer["feed"], 1)
    service.insert("ws2500", "AirTemperature", (30, 29.5), (40, 29))
    both = service.wait_for_entries(answer["feed"], 2)

    assert len(first) == 1
    assert [entry.weps_status for entry in both] == ["firing", "resolved"]
    assert [entry.weps_value for entry in both] == ["31", "29.5"]
    assert both[0].weps_phenomenontime == "2024-03-01T00:10:00Z"
    assert both[0].weps_episode == both[1].weps_episode
    assert [entry.where["coordinates"] for entry in both] == [(7.59, 51.97)] * 2


def test_a_subscription_to_a_series_that_is_already_above_alerts_at_once(service: Running):
    """
    What a source held before the subscription is no news, but that it is above the threshold now, is.
    """
    service.insert_sensor("ws2500", "AirTemperature")
    service.insert("ws2500", "AirTemperature", (0, 35), (10, 20), (20, 36))

    answer = service.subscribe(rule=HEAT, getObservationTemplate=service.template("ws2500", "AirTemperature"))
    entries = service.wait_for_entries(answer["feed"], 1)

    assert [entry.weps_phenomenontime for entry in entries] == ["2024-03-01T00:20:00Z"]


def test_an_eml_rule_alerts_at_each_overshoot_and_undershoot(service: Running):
    """
    The overshoot/undershoot rule of EML gives a detection each time the series crosses, in both directions.
    """
    service.insert_sensor("ws2500", "AirTemperature")
    answer = service.subscribe(rule=OVERSHOOT, getObservationTemplate=service.template("ws2500", "AirTemperature"))

    service.insert("ws2500", "AirTemperature", (0, 20), (10, 31), (20, 32), (30, 30), (40, 31))
    entries = service.wait_for_entries(answer["feed"], 3)

    assert [entry.weps_output for entry in entries] == ["over", "under", "over"]
    assert [entry.weps_phenomenontime for entry in entries] == [
        "2024-03-01T00:10:00Z",
        "2024-03-01T00:30:00Z",
        "2024-03-01T00:40:00Z",
    ]


def test_two_subscriptions_to_one_source_are_polled_once(service: Running):
    """
    Subscriptions with the same endpoint and template share one feed, whatever the order of parameters.
    """
    service.insert_sensor("ws2500", "AirTemperature")
    template = service.template("ws2500", "AirTemperature")
    base, query = template.split("?")
    reordered = base + "?" + "&".join(reversed(query.split("&")))

    first = service.subscribe(rule=HEAT, getObservationTemplate=template)
    second = service.subscribe(rule=OVERSHOOT, getObservationTemplate=reordered)
    service.insert("ws2500", "AirTemperature", (0, 20), (10, 31))
    service.wait_for_entries(first["feed"], 1)
    service.wait_for_entries(second["feed"], 1)

    polled = {
        word for line in service.log().splitlines() if " polled " in line for word in line.split() if "feed=" in word
    }
    assert polled == {"feed=1"}


def test_an_observation_in_the_bundled_sos_is_told_without_waiting_for_the_next_poll(service: Running):
    """
    The SOS of the same process says that it has something new, so an alert does not wait for an hourly poll.
    """
    service.insert_sensor("ws2500", "AirTemperature")
    template = service.template("ws2500", "AirTemperature")
    answer = service.subscribe(rule=HEAT, getObservationTemplate=template, samplingRate="PT1H")

    service.insert("ws2500", "AirTemperature", (0, 31))
    (first,) = service.wait_for_entries(answer["feed"], 1)
    service.insert("ws2500", "AirTemperature", (10, 20))
    both = service.wait_for_entries(answer["feed"], 2)

    assert first.weps_status == "firing"
    assert [entry.weps_status for entry in both] == ["firing", "resolved"]
