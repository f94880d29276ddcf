"""What has begun, and what begins and ends too often, at a running service that is killed meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys

import requests

from tests.waiting import wait_for
from tests.webhook_peer import Peer

RULE = """{"type": "threshold", "observedProperty": "AirTemperature", "condition": "greaterThan", "threshold": 30,
  "consecutive": 2, "pending": true}"""
RESTLESS = [(0, 35), (1, 35), (2, 20), (3, 35), (4, 35), (5, 20), (6, 35), (7, 20)]
LATER = [(90, 35), (91, 35)]
FEED = [
    *(("pending", None, None), ("firing", None, None), ("resolved", None, None)),
    *(("pending", None, None), ("firing", None, "flapping"), ("firing", "flapping", None)),
    *(("resolved", None, "flapping"), ("pending", None, "flapping"), ("resolved", None, "flapping")),
    *(("resolved", "flapping-over", None), ("pending", None, None), ("firing", None, None)),
]
PUSHED = [("firing", None), ("resolved", None), ("firing", "flapping"), ("resolved", "flapping-over"), ("firing", None)]


def test_what_is_restless_is_told_once_whoever_pulls_the_plug(new_service):
    """
    Feeds have everything in order; pushed is what holds, then that it flaps, and how it stands when it is calm.
    """
    peer = Peer()
    service = new_service(WEPS_ALLOWED_HOSTS=json.dumps([peer.host]), WEPS_STALE_AFTER="0")
    service.insert_sensor("ws", "AirTemperature")
    (service.data / "rule.json").write_text(RULE)
    made = subscribe(
        *("--url", service.url, "--rule", str(service.data / "rule.json")),
        *("--template", service.template("ws", "AirTemperature"), "--every", "PT0.3S"),
        *("--sink", f"webhook+http://{peer.host}/hook", "--flapping", "2 in PT60M"),
    )

    for number, row in enumerate(RESTLESS + LATER):
        service.insert("ws", "AirTemperature", row)
        if number in (4, 8):
            service.kill()
            service.start()
    found = wait_for(lambda: len(items := feed(made["feed"])) == len(FEED) and items)
    pushed = wait_for(lambda: len(events := told(peer)) == len(PUSHED) and events)
    pending = requests.get(f"{service.url}/episodes", params={"state": "pending"}, timeout=10).json()
    capped = requests.get(made["feed"].replace(".rss", ".cap"), timeout=10).text
    shown = requests.get(f"{service.url}/store/GetRSS", params={"status": "pending"}, timeout=10).text
    no_message = requests.get(f"{service.url}/alerts/{found[0][0]}.cap", timeout=10)
    peer.close()

    assert made["flapping"] == "2 in PT1H"
    assert [(status, reminder, silenced) for _, status, reminder, silenced in found] == FEED
    assert [(event["data"]["status"], event["data"].get("reminder")) for event in pushed] == PUSHED
    assert {event["id"] for event in pushed} <= {identifier for identifier, *_ in found}
    assert pending["episodes"] == []
    assert (capped.count("<entry"), no_message.status_code) == (7, 404)
    assert shown.count("<category>pending</category>") == 4


def subscribe(*options: str) -> dict:
    """Subscribe with the command; gives the subscription."""
    command = [sys.executable, "-m", "weps", "subscribe", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def feed(url: str) -> list[tuple]:
    """The items of a feed, oldest first: id, status, reminder and what silenced it."""
    items = requests.get(url.replace(".rss", ".json"), timeout=10).json()["items"][::-1]
    return [(one["id"], *(one["_weps"].get(name) for name in ("status", "reminder", "silenced"))) for one in items]


def told(peer: Peer) -> list[dict]:
    """The events that were pushed, without the test message; what was sent twice counts once."""
    events = [json.loads(body) for body, _ in peer.of("/hook")]
    return list({event["id"]: event for event in events if not event["type"].endswith(".test")}.values())
