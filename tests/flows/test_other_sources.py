"""Sources that are no SOS, from what is published to the feed, by the installed command."""

from __future__ import annotations

import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
import requests

from tests import misbehaving_sos as misbehaving
from tests.flows.conftest import Running
from tests.misbehaving_sos import MisbehavingSos
from tests.mosquitto import Mosquitto, require_mosquitto
from tests.ports import free_port
from tests.sta_server import StaServer
from tests.waiting import wait_for
from weps.__main__ import main
from weps.client import ComplexInput

RULE = json.dumps({"type": "threshold", "condition": "greaterThan", "threshold": 30})
MAPPING = ComplexInput(
    json.dumps({"time": "t", "value": "v", "procedure": "p", "observedProperty": {"constant": "Level"}}),
    "application/json",
)


def past(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


@pytest.fixture(scope="module")
def sta():
    with StaServer() as running:
        yield running


@pytest.fixture(scope="module")
def files():
    with MisbehavingSos() as running:
        yield running


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory):
    require_mosquitto()
    broker = Mosquitto(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def service(tmp_path_factory, sta, files, mosquitto):
    """One service for all of this file: each test has sources of its own."""
    allowed = json.dumps([sta.host, files.host, mosquitto.host])
    running = Running(free_port(), tmp_path_factory.mktemp("data"), {"WEPS_ALLOWED_HOSTS": allowed})
    running.start()
    yield running
    running.kill()


def told(service: Running, feed: str) -> list[str]:
    """The sensor and the value that the alerts of a feed tell, oldest first."""
    return [re.search(r"at (\S+(?: \d)? [\d.]+)", entry.title)[1] for entry in service.entries(feed)]


def test_a_datastream_that_is_asked(service, sta):
    """
    What it held before is no news, but its newest; what comes is evaluated.
    """
    sta.observe(1, past(20), 10)
    feed = service.subscribe(rule=RULE, sosEndpoint=f"{sta.root}/Datastreams(1)")["feed"]

    sta.observe(1, past(10), 31)
    sta.observe(1, past(5), 29)

    assert ["river 1 31", "river 1 29"] == wait_for(lambda: len(found := told(service, feed)) == 2 and found)


def test_a_datastream_by_the_broker_of_its_service(service, sta, mosquitto):
    """
    The broker, the unit and the names are those that the service tells when it is subscribed to.
    """
    sta.broker = mosquitto.host
    sta.observe(2, past(20), 10)
    address = f"{sta.root}/Datastreams(2)"
    rule = json.dumps({"type": "threshold", "condition": "greaterThan", "threshold": 3000, "uom": "cm"})
    feed = service.subscribe(rule=rule, sosEndpoint=address, sourceType="sta-mqtt")["feed"]

    mosquitto.publish("v1.1/Datastreams(2)/Observations", sta.observe(2, past(10), 31))

    assert ["river 2 3100"] == wait_for(lambda: told(service, feed))


def test_all_datastreams_of_a_thing_by_the_broker_of_its_service(service, sta, mosquitto):
    """
    One subscription watches them all, by the topics that the service has.
    """
    sta.broker, sta.streams = mosquitto.host, (1, 2, 11, 13)
    feed = service.subscribe(rule=RULE, sosEndpoint=f"{sta.root}/Things(1)", sourceType="sta-mqtt")["feed"]

    for number, value in ((11, 31), (2, 99), (13, 33)):
        mosquitto.publish(f"v1.1/Datastreams({number})/Observations", sta.observe(number, past(number), value))

    alerts = wait_for(lambda: len(found := service.entries(feed)) == 2 and found)
    assert [("bridge 11", "31"), ("bridge 13", "33")] == sorted(
        re.search(r"(bridge \d+).*?([\d.]+)", entry.title).groups() for entry in alerts
    )


def test_a_table_that_grows(service, files):
    """
    It is read again and again, by the mapping.
    """
    lines = ["t;p;v", f"{past(20).isoformat()};A;10"]
    files.behaviours["/table.csv"] = misbehaving.answer("\n".join(lines).encode())
    mapping = ComplexInput(MAPPING.text[:-1] + ', "separator": ";"}', "application/json")
    address = files.url("/table.csv")
    feed = service.subscribe(rule=RULE, sosEndpoint=address, sourceType="csv", mapping=mapping)["feed"]

    lines.append(f"{past(10).isoformat()};A;31")
    files.behaviours["/table.csv"] = misbehaving.answer("\n".join(lines).encode())

    assert ["A 31"] == wait_for(lambda: told(service, feed))


def test_json_that_is_asked_by_time(service, files):
    """
    The span stands in the address.
    """
    reading = {"t": past(10).isoformat(), "p": "B", "v": 10}
    files.behaviours["/data"] = misbehaving.answer(json.dumps([reading]).encode())
    address = files.url("/data?from={begin}&to={end}")
    feed = service.subscribe(rule=RULE, sosEndpoint=address, sourceType="json", mapping=MAPPING)["feed"]

    readings = [reading, {**reading, "t": past(5).isoformat(), "v": 31}]
    files.behaviours["/data"] = misbehaving.answer(json.dumps(readings).encode())

    assert ["B 31"] == wait_for(lambda: told(service, feed))


def test_what_a_hub_pushes(service):
    """
    The answer tells the address; the hub is confirmed, what it signs is taken at once, the rest is not.
    """
    answer = service.subscribe(rule=RULE, sourceType="push", mapping=MAPPING, pushSecret="the secret")
    address = re.search(r"POSTed to (\S+)", answer["info"])[1]
    body = json.dumps({"t": past(5).isoformat(), "p": "C", "v": 31}).encode()
    signature = f"sha256={hmac.new(b'the secret', body, 'sha256').hexdigest()}"
    verification = {"hub.mode": "subscribe", "hub.topic": "http://x.example/t", "hub.challenge": "c"}

    confirmed = requests.get(address, params=verification, timeout=10).text
    refused = requests.post(address, body, timeout=10).status_code
    taken = requests.post(address, body, headers={"X-Hub-Signature": signature}, timeout=10).status_code

    assert ("c", 403, 200, ["C 31"]) == (confirmed, refused, taken, told(service, answer["feed"]))


def test_a_hub_is_asked_for_its_topic(service, files):
    """
    The service subscribes itself; what the hub then pushes is evaluated.
    """
    asked = []
    accept = misbehaving.answer(b"", status=202)
    files.behaviours["/hub"] = lambda exchange: (asked.append(parse_qs(exchange.body.decode())), accept(exchange))
    hub = {"pushHub": files.url("/hub"), "pushTopic": "http://x.example/levels"}
    feed = service.subscribe(rule=RULE, sourceType="push", mapping=MAPPING, **hub)["feed"]

    (form,) = wait_for(lambda: asked)
    callback, topic = form["hub.callback"][0], form["hub.topic"][0]
    verification = {"hub.mode": "subscribe", "hub.topic": topic, "hub.challenge": "c", "hub.lease_seconds": "3600"}
    confirmed = requests.get(callback, params=verification, timeout=10).text
    body = json.dumps({"t": past(5).isoformat(), "p": "F", "v": 31}).encode()
    requests.post(callback, body, timeout=10)

    assert ("c", ["F 31"], 1) == (confirmed, told(service, feed), len(asked))


def test_an_address_that_is_pushed_to_can_be_watched_by_several(service):
    """
    Who knows it may subscribe to it as well.
    """
    answer = service.subscribe(rule=RULE, sourceType="push", mapping=MAPPING)
    address = re.search(r"POSTed to (\S+)", answer["info"])[1]
    other = service.subscribe(rule=RULE, sosEndpoint=address)
    body = json.dumps({"t": past(5).isoformat(), "p": "D", "v": 31}).encode()

    requests.post(address, body, timeout=10)

    assert [["D 31"], ["D 31"]] == [told(service, each["feed"]) for each in (answer, other)]


def test_a_pushed_source_is_made_by_the_command_line(service, tmp_path, capsys):
    """
    It prints where observations are to be posted to.
    """
    (tmp_path / "rule.json").write_text(RULE)
    (tmp_path / "mapping.json").write_text(MAPPING.text)
    files = ("--rule", str(tmp_path / "rule.json"), "--mapping", str(tmp_path / "mapping.json"))

    code = main(["subscribe", *files, "--source-type", "push", "--url", f"{service.url}/wps"])
    printed = json.loads(capsys.readouterr().out)
    body = json.dumps({"t": past(5).isoformat(), "p": "E", "v": 31}).encode()
    status = requests.post(printed["pushAddress"], body, timeout=10).status_code

    assert (0, 200, ["E 31"]) == (code, status, told(service, printed["feed"]))


def test_our_own_sos_is_read_without_http(service):
    """
    Alerts come as ever, and the log of the SOS has no GetObservation.
    """
    service.insert_sensor("gauge", "AirTemperature")
    feed = service.subscribe(rule=RULE, getObservationTemplate=service.template("gauge", "AirTemperature"))["feed"]

    service.insert("gauge", "AirTemperature", (0, 31.0))

    assert 1 == len(service.wait_for_entries(feed, 1))
    assert "operation=InsertObservation" in service.log()
    assert "operation=GetObservation" not in service.log()
