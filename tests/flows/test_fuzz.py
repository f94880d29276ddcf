"""
Hostile requests at every door of a running service: each is answered or refused, and nothing of it stays.

`make fuzz` sends a thousand of them; FUZZ_REQUESTS says how many, FUZZ_SEED which.
"""

from __future__ import annotations

import http.client
import os
import time
from pathlib import Path

import requests

from tests.flows.conftest import BEGIN, Running, observations_document, sensor_document
from tests.flows.rules import HEAT, OVERSHOOT
from tests.hostile_requests import JSON, Door, Hostile, hostile_requests
from tests.weps.notify.test_insert_rss import PILOT
from weps.client import ComplexInput, encode_execute

COUNT = int(os.environ.get("FUZZ_REQUESTS", "160"))
SEED = int(os.environ.get("FUZZ_SEED", "20161121"))
SECONDS = 30
GROWTH = 64_000_000
SOS = {"service": "SOS", "version": "2.0.0"}
OURS = {"procedure": "ws", "observedProperty": "AirTemperature"}
LINE = b'{"phenomenon_time": "2024-03-01T01:00:00Z", "value": 3, "procedure": "ws", "observed_property": "t"}'


def executes() -> list[Door]:
    """Executes of processes in every protocol; those of sources that are asked have the SOS of the service."""
    inputs = {
        **OURS,
        "samplingRate": "PT1H",
        "runtime": "P1D",
        "startTime": "2024-03-01T00:00:00Z",
        "severity": "Severe",
    }
    made = []
    for rule in (ComplexInput(HEAT, JSON), ComplexInput(OVERSHOOT, "text/xml")):
        document = encode_execute("weps:Subscribe", {"rule": rule, **inputs}, {"subscription": None}).decode()
        made.append(Door("POST", "/wps", text=document))
    parts = [f"{name}={value}" for name, value in inputs.items()]
    subscribing = {"condition": "greaterThan", "threshold": 3, "uom": "Cel", **inputs, "repeat": "PT1H"}
    trying = {
        "condition": "between",
        "lower": 1,
        "upper": 2,
        **OURS,
        "startTime": "2024-03-01",
        "endTime": "2024-03-02",
    }
    kvp = {"service": "WPS", "version": "1.0.0", "request": "Execute", "identifier": "weps:Subscribe"}
    return [
        *made,
        Door("GET", "/wps", kvp | {"datainputs": ";".join(["condition=lessThan", "threshold=1", *parts])}),
        Door("GET", "/wps", {"service": "WPS", "version": "2.0.0", "request": "GetStatus", "jobId": "x"}),
        Door("POST", "/processes/weps:Subscribe/execution", members={"inputs": subscribing, "response": "document"}),
        Door("POST", "/processes/weps:DryRun/execution", members={"inputs": trying}),
        Door("GET", "/jobs", {"limit": "3", "datetime": "2024-03-01T00:00:00Z/..", "status": "successful"}),
    ]


def doors(token: str, push: str) -> list[Door]:
    """A right request for each door."""
    observation = {
        "request": "GetObservation",
        "offering": "ws",
        "temporalFilter": "om:phenomenonTime,2024-03-01/2024-03-02",
    }
    published = observations_document("ws", "AirTemperature", [(BEGIN, 20.0)])
    ask = {
        "severity": "Severe",
        "bbox": "1,2,3,4",
        "from": "2024-03-01",
        "to": "2024-03-02",
        "limit": "3",
        "format": "json",
    }
    person = {"by": "me", "text": "why", "until": "2030-01-01T00:00:00Z", "for": "PT1H", "to": "you", "reason": "none"}
    weekly = {"days": "Mon-Fri", "from": "22:00", "until": "06:00", "timeZone": "Europe/Berlin"}
    silence = {"author": "me", "reason": "why", "ends": "2030-01-01T00:00:00Z", **OURS, "bbox": [1, 2, 3, 4]}
    return [
        Door("GET", "/sos", SOS | observation),
        Door("GET", "/sos", SOS | {"request": "GetResult", **OURS, "offering": "ws"}),
        Door(
            "GET",
            "/sos",
            SOS | {"request": "GetFeatureOfInterest", "spatialFilter": "om:x,1,2,3,4,urn:ogc:def:crs:EPSG::4326"},
        ),
        Door("POST", "/sos", text=published),
        Door("POST", "/sos", text=sensor_document("other", "WindSpeed")),
        Door("POST", "/store/InsertRSS", text=PILOT),
        Door("GET", "/store/GetRSS", ask),
        Door("GET", f"/feeds/{token}.rss", {"since": "2024-03-01", "limit": "3"}),
        Door("GET", f"/feeds/{token}.cap", {"limit": "3"}),
        Door("GET", "/episodes", {"state": "firing", "open": "true", "limit": "3", "after": "x"}),
        Door("POST", "/episodes/x/acknowledge", members=person),
        Door("POST", "/silences", members=silence),
        Door("POST", "/silences", members=silence | {"weekly": weekly}),
        Door(
            "POST", "/inhibitions", members={"author": "me", "reason": "r", "source": dict(OURS), "target": dict(OURS)}
        ),
        Door("GET", "/deliveries", {"limit": "3", "before": "9", "status": "failed", "target": "x"}),
        Door("POST", "/deliveries/1/retry"),
        Door("GET", "/sources", {"state": "ok,down", "limit": "3", "after": "0"}),
        Door("POST", f"/push/{push}", text=LINE.decode(), media_type=JSON),
        Door(
            "GET",
            f"/push/{push}",
            {"hub.mode": "subscribe", "hub.topic": "x", "hub.challenge": "c", "hub.lease_seconds": "1"},
        ),
        Door("GET", "/events", {"feed": "none", "severity": "Severe", "bbox": "1,2,3"}),
        *executes(),
    ]


def send(service: Running, hostile: Hostile) -> tuple[int, bytes]:
    """Send a request as it is; gives the status and the beginning of the answer, which may have no end."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=SECONDS)
    try:
        connection.request(hostile.method, hostile.path, hostile.body, hostile.headers)
        answer = connection.getresponse()
        return answer.status, answer.read1(100_000)
    finally:
        connection.close()


def memory(service: Running) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024


def test_hostile_requests_are_answered_and_leave_nothing(new_service):
    """
    No failure, no trace in answers or in the log, no long wait, no memory; and who was there before is served.
    """
    service = new_service(WEPS_POSTS_PER_MINUTE="0", WEPS_LOG_LEVEL="INFO")
    service.insert_sensor("ws", "AirTemperature")
    feed = service.subscribe(rule=HEAT, sosEndpoint=f"{service.url}/sos", procedure="ws")["feed"]
    pushed = service.subscribe(rule=HEAT, sourceType="push")["info"].rsplit("/", 1)[1]
    hostile = hostile_requests(doors(feed.rsplit("/", 1)[1].removesuffix(".rss"), pushed), SEED, COUNT)
    service.insert("ws", "AirTemperature", (0, 31))
    service.wait_for_entries(feed, 1)
    faults, sizes = [], []

    for number, each in enumerate(hostile):
        began = time.monotonic()
        status, answer = send(service, each)
        is_fault = status == 500 or b"Traceback" in answer or b'File "/' in answer or time.monotonic() - began > SECONDS
        if is_fault:
            faults.append((number, each, status, answer[:300]))
        if number >= COUNT // 3:
            sizes.append(memory(service))

    assert [] == faults
    assert [] == [line for line in service.log().splitlines() if " ERROR " in line or "traceback" in line]
    assert sizes[-1] - sizes[0] < GROWTH
    service.insert("ws", "AirTemperature", (10, 20), (20, 32))
    entries = service.wait_for_entries(feed, 3)
    assert ["firing", "resolved", "firing"] == [entry.weps_status for entry in entries][-3:]
    assert 200 == requests.get(f"{service.url}/readyz", timeout=SECONDS).status_code
