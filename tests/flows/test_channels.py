"""Channels of a running service: a target is named, tested, told its secret, pushed to, and seen in the ledger."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from urllib.parse import parse_qs

import feedparser
import pytest
import requests
from standardwebhooks.webhooks import Webhook

from tests.flows.conftest import Running
from tests.flows.rules import HEAT
from tests.waiting import wait_for
from tests.webhook_peer import Peer
from weps.client import ComplexInput, execute

JSON = "application/json"


@pytest.fixture
def peer():
    running = Peer()
    yield running
    running.close()


def subscribe(service: Running, *sinks: str) -> dict[str, str]:
    service.insert_sensor("ws", "AirTemperature")
    body = {
        "inputs": {
            "rule": {"value": json.loads(HEAT), "mediaType": JSON},
            "getObservationTemplate": service.template("ws", "AirTemperature"),
            "samplingRate": "PT0.2S",
            "sink": list(sinks),
        },
        "response": "document",
    }
    answer = requests.post(f"{service.url}/processes/weps:Subscribe/execution", json=body, timeout=30)
    assert answer.status_code in (200, 201), answer.text
    outputs = answer.json()
    return {name: value.get("value", value) if isinstance(value, dict) else value for name, value in outputs.items()}


def test_a_webhook_is_tested_told_its_secret_and_pushed_to(new_service, peer):
    """
    The secret comes with the answer and nowhere else; test message and alerts verify with it; the ledger shows them.
    """
    service = new_service(WEPS_ALLOWED_HOSTS=json.dumps([peer.host]))

    made = subscribe(service, f"webhook+http://{peer.host}/hook", f"webhook+http://{peer.host}/410")

    good, gone = made["targets"]
    service.insert("ws", "AirTemperature", (0, 20), (1, 35), (2, 20))
    entries = service.wait_for_entries(made["feed"], 2)
    wait_for(lambda: {entry.id for entry in entries} <= {headers["webhook-id"] for _, headers in peer.of("/hook")})
    events = [Webhook(good["secret"]).verify(body, headers) for body, headers in peer.of("/hook")]
    assert [event["type"] for event in events[:1]] == ["org.weps.alert.test"]
    assert (good["test"], gone["test"]) == ("delivered", "the webhook answered with HTTP status 410")
    assert f"http://{peer.host}/410: the webhook answered" in made["info"]
    assert {entry.id for entry in entries} <= {event["id"] for event in events[1:]}
    shown = execute(
        f"{service.url}/wps", "weps:GetSubscription", {"subscriptionId": made["subscriptionId"]}, {"subscription": JSON}
    )
    public = [shown["subscription"], service.log(), requests.get(f"{service.url}/deliveries", timeout=10).text]
    assert not any(good["secret"] in text or good["secret"].removeprefix("whsec_") in text for text in public)


@pytest.mark.timeout(180)
def test_the_ledger_is_steered_from_the_command_line(new_service, peer):
    """
    What was given up is listed, looked at and sent again.
    """
    service = new_service(WEPS_ALLOWED_HOSTS=json.dumps([peer.host]))
    subscribe(service, f"webhook+http://{peer.host}/410")
    service.insert("ws", "AirTemperature", (0, 20), (1, 35))

    def run(*arguments: str) -> dict:
        command = [sys.executable, "-m", "weps", *arguments, "--url", service.url]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)

    given_up = wait_for(lambda: run("deliveries", "--status", "given-up")["deliveries"])
    looked_at = run("deliveries", str(given_up[-1]["id"]))
    retried = run("retry", "--all", "--target", f"webhook+http://{peer.host}/410")

    assert looked_at["attempts"][0]["status"] == 410
    assert retried["retried"] == len(given_up)
    wait_for(lambda: len(peer.of("/410")) >= 3)


def test_a_hub_is_told_and_named_in_the_feed(new_service, peer):
    """
    Whoever reads the feed finds the hub, which hears of each format when there is news.
    """
    hub = f"http://{peer.host}/hub"
    service = new_service(WEPS_ALLOWED_HOSTS=json.dumps([peer.host]), WEPS_WEBSUB_HUB=hub)
    made = subscribe(service)

    service.insert("ws", "AirTemperature", (0, 20), (1, 35))

    wait_for(lambda: len(peer.of("/hub")) >= 3)
    told = {parse_qs(body.decode())["hub.url"][0] for body, _ in peer.of("/hub")}
    links = {
        link.rel: link.href for link in feedparser.parse(requests.get(made["feed"], timeout=10).content).feed.links
    }
    as_json = requests.get(made["feed"].replace(".rss", ".json"), timeout=10).json()
    assert told == {made["feed"].replace(".rss", f".{name}") for name in ("rss", "atom", "json")}
    assert (links["hub"], links["self"]) == (hub, made["feed"])
    assert as_json["hubs"] == [{"type": "WebSub", "url": hub}]


def test_a_hanging_webhook_does_not_hold_back_the_subscriber(new_service, peer):
    """
    The answer comes after five seconds and says so; the subscription stands.
    """
    service = new_service(WEPS_ALLOWED_HOSTS=json.dumps([peer.host]))
    began = time.monotonic()

    made = subscribe(service, f"webhook+http://{peer.host}/hang")

    assert time.monotonic() - began < 9
    assert made["targets"][0]["test"] == "no answer within 5 s"


REFUSED = [
    "webhook+http://10.0.0.1/hook",
    "webhook+ftp://a.example/",
    "mailto:duty@example.org",
    "mqtt://host",
    "tel:123",
]


@pytest.mark.parametrize("sink", REFUSED)
def test_a_target_that_cannot_be_is_refused(running_service: Running, sink):
    """
    At once, with its reason: private addresses, no URL, no mail server in the settings, no topic.
    """
    inputs = {"rule": ComplexInput(HEAT, JSON), "procedure": "ws", "sink": sink}

    with pytest.raises(Exception, match="sink"):
        execute(f"{running_service.url}/wps", "weps:Subscribe", inputs, {"info": None})
