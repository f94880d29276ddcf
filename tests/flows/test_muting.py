"""Alerts that mute others and alerts that are told together, from the observation to a real webhook."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest
import requests
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from tests.flows.conftest import Running
from tests.flows.killed import kill_again_and_again
from tests.flows.rules import HEAT
from tests.waiting import wait_for
from tests.webhook_peer import Peer
from tests.weps.handling.desk import HOUR, MONDAY, Desk
from tests.weps.notify.stores import open_store
from weps.handling.inhibitions import Inhibiting
from weps.matching import Matcher
from weps.model import AlertStatus, Reminder, Severity
from weps.store.tables import ALERTS, OUTBOX

EPISODES = 60
WORKER = """
import sys
from datetime import datetime
from weps.handling.groups import Grouping
from weps.handling.reminders import Reminding
from weps.store import Store
store, clock = Store(sys.argv[1]), lambda: datetime.fromisoformat(sys.argv[2])
print("begin", flush=True)
Reminding(store, clock).run_due()
Grouping(store, lambda _: "http://weps.example.org/feed", clock).run_due()
"""


@pytest.fixture
def peer():
    running = Peer()
    yield running
    running.close()


@pytest.fixture
def service(new_service, peer) -> Running:
    return new_service(WEPS_ALLOWED_HOSTS=json.dumps([peer.host]))


def subscribe(service: Running, peer: Peer, procedure: str, **wishes: str) -> dict:
    """Watch a procedure for heat, and push to the peer at a path that has its name."""
    service.insert_sensor(procedure, "AirTemperature")
    body = {
        "inputs": {
            "rule": {"value": json.loads(HEAT), "mediaType": "application/json"},
            "getObservationTemplate": service.template(procedure, "AirTemperature"),
            "samplingRate": "PT0.2S",
            "sink": f"webhook+http://{peer.host}/{procedure}",
            "title": procedure,
            **wishes,
        },
        "response": "document",
    }
    answer = requests.post(f"{service.url}/processes/weps:Subscribe/execution", json=body, timeout=30)
    assert answer.status_code in (200, 201), answer.text
    return {
        name: value.get("value", value) if isinstance(value, dict) else value for name, value in answer.json().items()
    }


def run(service: Running, *arguments: str) -> dict:
    command = [sys.executable, "-m", "weps", *arguments, "--url", service.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def told(peer: Peer, path: str) -> list[dict]:
    """What came to a path but the test message, without doubles, oldest first."""
    events = {headers["webhook-id"]: json.loads(body) for body, headers in peer.of(path)}
    return [event for event in events.values() if event["type"] != "org.weps.alert.test"]


@pytest.mark.timeout(120)
def test_an_alert_mutes_another_until_it_is_over(service, peer):
    """
    What is muted stands in the feed with the inhibition, and is told to the webhook when its source is over.
    """
    subscribe(service, peer, "dam", severity="Severe")
    made = subscribe(service, peer, "gauge", severity="Minor")
    sides = ("--source-procedure", "dam", "--target-procedure", "gauge", "--target-severity", "Minor")
    inhibition = run(service, "inhibit", *sides, "--equal", "property", "--author", "Ada", "--reason", "one is enough")
    service.insert("dam", "AirTemperature", (1, 35))
    wait_for(lambda: told(peer, "/dam"))
    service.insert("gauge", "AirTemperature", (1, 35))
    [entry] = service.wait_for_entries(made["feed"], 1)
    listed = run(service, "inhibitions")["inhibitions"]
    quiet = told(peer, "/gauge")

    service.insert("dam", "AirTemperature", (2, 20))
    [event] = wait_for(lambda: told(peer, "/gauge"))
    ended = run(service, "uninhibit", inhibition["id"])

    assert (entry.weps_status, entry.weps_silenced, quiet) == ("firing", inhibition["id"], [])
    assert (event["subject"], event["data"]["reminder"]) == (entry.weps_episode, "inhibition-over")
    assert event["data"]["title"].startswith("No longer muted by another: gauge: ")
    assert [each["id"] for each in listed] == [inhibition["id"]]
    assert (inhibition["equal"], ended["holds"]) == (["observedProperty"], False)
    assert [each["type"] for each in told(peer, "/dam")] == ["org.weps.alert.firing", "org.weps.alert.resolved"]


@pytest.mark.timeout(120)
def test_the_alerts_of_a_window_come_together_also_after_the_plug_was_pulled(service, peer):
    """
    The feed has them one by one; the webhook one signed message, and the ledger which alerts it carried.
    """
    made = subscribe(service, peer, "gauge", group="PT5S", severity="Moderate")
    service.insert("gauge", "AirTemperature", (1, 35), (2, 20), (3, 36))
    entries = service.wait_for_entries(made["feed"], 3)
    service.kill()
    before = told(peer, "/gauge")
    service.start()

    [event] = wait_for(lambda: told(peer, "/gauge"))

    [target] = made["targets"]
    [sent] = [each for each in peer.of("/gauge") if each[1]["webhook-id"] == event["id"]][:1]
    listed = wait_for(lambda: run(service, "deliveries", "--status", "delivered")["deliveries"])
    shown = run(service, "deliveries", str(listed[0]["id"]))
    data = event["data"]
    assert before == []
    assert Webhook(target["secret"]).verify(*sent) == event
    assert (event["type"], data["began"], data["ended"], data["alert_count"]) == ("org.weps.alert.group", 2, 1, 3)
    assert data["title"] == "gauge: 3 alerts (begun: 2, ended: 1)"
    assert {entry["id"]: entry["state"] for entry in data["entries"]} == {
        entries[0].id: "resolved",
        entries[1].id: "resolved",
        entries[2].id: "firing",
    }
    assert (data["url"], data["severity"]) == (made["feed"], "Moderate")
    assert (shown["group"], shown["alerts"]) == (event["id"], [entry.id for entry in entries])
    assert (len(listed), shown["alertCount"]) == (1, 3)


def test_whoever_is_killed_while_telling_tells_everything_once(tmp_path):
    """
    What an inhibition kept quiet, and what has gathered, told by processes that are killed again and again: once each.
    """
    desk = Desk(open_store(tmp_path))
    big, small = (Matcher(severities=(severity,)) for severity in (Severity.SEVERE, Severity.MINOR))
    Inhibiting(desk.store, lambda: desk.now).inhibit(big, small, author="Ada", reason="one is enough")
    quiet, source = desk.subscribe(), desk.subscribe()
    desk.tell(source, episode="big", severity=Severity.SEVERE)
    for number in range(EPISODES):
        desk.tell(quiet, episode=f"muted-{number}", severity=Severity.MINOR)
    for number in range(EPISODES):
        gathering = desk.subscribe(group=HOUR)
        for name in "ab":
            desk.tell(gathering, episode=f"{name}-{number}")
    desk.hour = 0.5
    desk.tell(source, AlertStatus.RESOLVED, "big", severity=Severity.SEVERE)

    kills = kill_again_and_again(WORKER, (desk.store.url, str(MONDAY + HOUR)), (0.05, 0.1, 0.2, 0.4, 60))

    with desk.store.reading() as connection:
        over = connection.execute(
            select(ALERTS.c.episode).where(ALERTS.c.reminder == Reminder.INHIBITION_OVER)
        ).scalars()
        told = Counter(over.all())
        groups = connection.execute(select(OUTBOX.c.group_id).where(OUTBOX.c.group_id.is_not(None))).scalars().all()
        count = connection.execute(select(func.count()).select_from(OUTBOX)).scalar_one()
    desk.store.dispose()
    assert kills >= 3
    assert told == Counter({f"muted-{number}": 1 for number in range(EPISODES)})
    assert (len(groups), len(set(groups))) == (EPISODES, EPISODES)
    assert count == len(("began", "ended")) + EPISODES + EPISODES
