"""Topics of a real Mosquitto, watched by the installed command: nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.certificates import Authority
from tests.flows.conftest import Running
from tests.mosquitto import Mosquitto, require_mosquitto
from tests.waiting import wait_for
from weps.client import ComplexInput

EVERY = json.dumps({"type": "threshold", "condition": "greaterThan", "threshold": 30, "trigger": "every"})
EDGE = json.dumps({"type": "threshold", "condition": "greaterThan", "threshold": 30, "uom": "Cel"})
MAPPING = json.dumps(
    {
        "time": "/at",
        "value": "/t",
        "uom": {"constant": "Cel"},
        "procedure": {"topic": 2},
        "observedProperty": {"constant": "AirTemperature"},
    }
)
BEGIN = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.fixture
def mosquitto(tmp_path):
    require_mosquitto()
    broker = Mosquitto(tmp_path / "broker")
    yield broker
    broker.stop()


@pytest.fixture
def service(new_service, mosquitto) -> Running:
    return new_service(WEPS_ALLOWED_HOSTS=json.dumps([mosquitto.host]))


def reading(number: int, value: float) -> dict[str, object]:
    return {"at": (BEGIN + timedelta(seconds=number)).isoformat(), "t": value}


def subscribe(service: Running, mosquitto: Mosquitto, rule: str = EVERY, topic: str = "stations/+/air", **inputs):
    mapping = ComplexInput(MAPPING, "application/json")
    address = f"mqtt://{mosquitto.host}/{topic}"
    return service.subscribe(rule=rule, sosEndpoint=address, mapping=mapping, **inputs)["feed"]


def told(service: Running, feed: str) -> list[str]:
    """The station and the value that the alerts of a feed tell, oldest first."""
    titles = [entry.title for entry in service.entries(feed, pages=True)]
    return [re.search(r"AirTemperature at (\w+ [\d.]+) °C|$", title)[1] or title for title in titles]


def test_a_message_becomes_an_alert(service, mosquitto):
    """
    The places of the mapping are found, the station in the topic; an edge-triggered rule alerts once and resolves.
    """
    feed = subscribe(service, mosquitto, EDGE)

    mosquitto.publish("stations/A/air", reading(0, 20.0), reading(1, 31.5), reading(2, 33.0), reading(3, 29.0))

    assert ["A 31.5", "A 29"] == wait_for(lambda: len(found := told(service, feed)) == 2 and found)


def test_nothing_is_lost_or_doubled_when_the_broker_is_restarted(service, mosquitto):
    """
    It is stopped while messages are on their way and started again: every reading has exactly one alert, in order.
    """
    feed = subscribe(service, mosquitto)

    mosquitto.publish("stations/A/air", *(reading(number, 31.0 + number) for number in range(100)))
    mosquitto.stop()
    mosquitto.start()
    mosquitto.publish("stations/A/air", *(reading(number, 31.0 + number) for number in range(100, 200)))
    wait_for(lambda: "A 230" in told(service, feed))

    assert [f"A {31 + number}" for number in range(200)] == told(service, feed)


def test_nothing_is_lost_or_doubled_when_the_service_is_killed(service, mosquitto):
    """
    The broker keeps what was not committed, and what comes while nobody listens; the retained message comes only once.
    """
    feed = subscribe(service, mosquitto)

    mosquitto.publish("stations/R/air", reading(-1, 99.0), retain=True)
    mosquitto.publish("stations/A/air", *(reading(number, 31.0 + number) for number in range(100)))
    service.kill()
    mosquitto.publish("stations/A/air", *(reading(number, 31.0 + number) for number in range(100, 200)))
    service.start()
    wait_for(lambda: "A 230" in told(service, feed))

    assert ["R 99", *(f"A {31 + number}" for number in range(200))] == told(service, feed)


def test_observations_of_sensorthings_come_by_their_topic(service, mosquitto):
    """
    A message is an Observation without the entities around it; its series is named by the topic.
    """
    rule = json.dumps({"type": "threshold", "condition": "greaterThan", "threshold": 30})
    address = f"mqtt://{mosquitto.host}/v1.1/Datastreams(7)/Observations"
    feed = service.subscribe(rule=rule, sosEndpoint=address)["feed"]

    observation = {"@iot.id": 1, "phenomenonTime": "2024-03-01T10:00:00Z", "resultTime": None, "result": 31.5}
    mosquitto.publish("v1.1/Datastreams(7)/Observations", observation)
    entries = service.wait_for_entries(feed, 1)

    assert ["Datastreams(7) 31.5"] == [re.search(r"at (\S+ [\d.]+)", entry.title)[1] for entry in entries]


def test_a_broker_with_certificates_of_its_own_is_listened_to_by_the_settings(new_service, tmp_path):
    """
    Over TLS in MQTT 5, with a certificate that the service shows; alerts are published there as well.
    """
    authority = Authority(tmp_path)
    (certificate, key), (ours, our_key) = authority.issue("broker"), authority.issue("weps")
    files = f"cafile {authority.certificate}\ncertfile {certificate}\nkeyfile {key}\nrequire_certificate true"
    broker = Mosquitto(tmp_path / "secure", secure=files)
    tls = {"ca": str(authority.certificate), "certificate": str(ours), "key": str(our_key)}
    service = new_service(
        WEPS_ALLOWED_HOSTS=json.dumps(["127.0.0.1"]), WEPS_BROKER_TLS=json.dumps({broker.secure_host: tls})
    )
    address, mapping = f"mqtts://{broker.secure_host}", ComplexInput(MAPPING, "application/json")
    feed = service.subscribe(
        rule=EVERY,
        sosEndpoint=f"{address}/stations/+/air?version=5",
        mapping=mapping,
        sink=f"{address}/alerts?version=5",
    )["feed"]

    broker.publish("stations/A/air", reading(0, 31.5))
    alerts = wait_for(lambda: told(service, feed))
    ledger = f"{service.url}/deliveries?status=delivered"
    delivered = wait_for(lambda: requests.get(ledger, timeout=10).json()["deliveries"])
    broker.stop()

    assert ["A 31.5"] == alerts
    assert 1 == len(delivered)
