"""Server-sent events of a running service: resumed, filtered, followed by the command, and gone when it stops."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import requests

from tests.commands import Lines, started
from tests.flows.conftest import Running
from tests.flows.rules import HEAT
from tests.waiting import PATIENCE
from weps.client_events import read_events


@pytest.fixture
def watched(service: Running):
    """A service with two subscriptions to one series, whose alerts are firing and resolved."""
    service.insert_sensor("ws", "AirTemperature")
    template = service.template("ws", "AirTemperature")
    made = [
        service.subscribe(rule=HEAT, getObservationTemplate=template, samplingRate="PT0.2S", severity=severity)
        for severity in ("Severe", "Minor")
    ]
    return service, made


def listen(service: Running, count: int, query: str = "", **headers: str) -> list[tuple[str, dict]]:
    """Give so many events of a stream."""
    found = []
    with requests.get(f"{service.url}/events{query}", headers=headers, stream=True, timeout=20) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        for identifier, data in read_events(answer.iter_content(chunk_size=None)):
            if data:
                found.append((identifier, json.loads(data)))
            if len(found) >= count:
                return found
    raise AssertionError(f"the stream ended after {found}")


def test_a_listener_hears_alerts_as_they_come_and_resumes_behind_the_last(watched):
    """
    Every alert once, in the order of the store; `Last-Event-ID` goes on behind any of them.
    """
    service, made = watched
    with requests.get(f"{service.url}/events", stream=True, timeout=20) as answer:
        events = read_events(answer.iter_content(chunk_size=None))
        next(events)  # where it begins

        service.insert("ws", "AirTemperature", (0, 20), (1, 35), (2, 20))

        told = [(identifier, json.loads(data)) for identifier, data in (next(events) for _ in range(4)) if data]
    everything = listen(service, 4, "?lastEventId=0")
    behind = listen(service, 2, "?lastEventId=0", **{"Last-Event-ID": told[1][0]})
    feeds = {service.entries(each["feed"])[0].id for each in made}
    assert [data["status"] for _, data in everything].count("firing") == 2
    assert sorted(told, key=lambda each: int(each[0])) == everything
    assert behind == everything[2:]
    assert feeds < {data["id"] for _, data in everything}
    assert requests.get(everything[0][1]["url"], timeout=10).json()["id"] == everything[0][1]["id"]


def test_a_listener_hears_only_what_it_asks_for(watched):
    """
    A feed by its token, or the conditions of the data store.
    """
    service, made = watched
    service.insert("ws", "AirTemperature", (0, 20), (1, 35), (2, 20))
    service.wait_for_entries(made[1]["feed"], 2)
    token = made[0]["feed"].rpartition("/")[2]

    of_feed = listen(service, 2, f"?feed={token}&lastEventId=0")
    of_store = listen(service, 1, "?severity=Minor&status=resolved&lastEventId=0")

    assert {data["subscription_id"] for _, data in of_feed} == {made[0]["subscriptionId"]}
    assert [(data["severity"], data["status"]) for _, data in of_store] == [("Minor", "resolved")]


REFUSALS = {
    "?feed=unknown": 404,
    "?colour=red": 400,
    "?severity=red": 400,
    "?lastEventId=-1": 400,
    "?format=rss": 400,
}


@pytest.mark.parametrize(("query", "status"), REFUSALS.items(), ids=REFUSALS)
def test_what_cannot_be_listened_to_is_refused(running_service: Running, query, status):
    """
    In one plain sentence, before a stream begins.
    """
    assert requests.get(f"{running_service.url}/events{query}", timeout=10).status_code == status


def test_the_command_follows_a_feed_over_a_restart(watched):
    """
    `weps watch` comes back by itself and tells what it missed, each alert once.
    """
    service, made = watched
    command = [sys.executable, "-m", "weps", "watch", made[0]["feed"], "--json", "--after", "0", "--count", "4"]
    service.insert("ws", "AirTemperature", (0, 20), (1, 35), (2, 20))
    service.wait_for_entries(made[0]["feed"], 2)
    with started(command, stderr=subprocess.PIPE) as follower:
        lines = Lines(follower.stdout)
        first = [json.loads(lines.next()) for _ in range(2)]

        service.kill()
        service.start()
        service.insert("ws", "AirTemperature", (3, 35), (4, 20))

        rest = [json.loads(line) for line in iter(lines.next, "")]
        assert follower.wait(PATIENCE) == 0
        assert "trying again" in follower.stderr.read()
    alerts = [entry.id for entry in service.entries(made[0]["feed"])]
    assert [each["id"] for each in first + rest] == alerts
    assert len(alerts) == 4


def test_listeners_do_not_hold_back_the_end_of_the_service(service: Running):
    """
    Their streams end with it.
    """
    with requests.get(f"{service.url}/events", stream=True, timeout=20) as answer:
        next(answer.iter_content(chunk_size=None))

        seconds = service.stop()

        assert list(answer.iter_content(chunk_size=None)) == []
    assert seconds < 5
