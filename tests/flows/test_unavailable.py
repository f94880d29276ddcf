"""A store that can do nothing just now: every face says so, with 503, keeps nothing of it and goes on afterwards."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from lxml import etree

from tests.flaky_sos import FlakySos
from tests.flows.conftest import BEGIN, Running
from tests.flows.rules import HEAT
from tests.waiting import wait_for
from tests.weps.processes.validity import require_valid
from weps.client import ComplexInput, encode_execute, execute

WORDS = "The store of the service can do nothing just now: its disk may be full, or it is busy or away."
ITEM = b"<rss version='2.0'><channel><item><title>Smoke</title><guid>urn:smoke</guid></item></channel></rss>"


@contextmanager
def full_disk(service: Running) -> Iterator[None]:
    """A disk on which no file of the service can grow; the first kilobyte of each is as good as always."""
    _, most = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (1024, most))
    yield
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (most, most))


@pytest.fixture
def service(new_service) -> Running:
    """A service that watches a thermometer and has told of it once."""
    made = new_service()
    made.insert_sensor("thermometer", "AirTemperature")
    return made


def wishes(service: Running) -> dict:
    """What a subscription to the heat of the thermometer is made of."""
    template = service.template("thermometer", "AirTemperature")
    return {"rule": ComplexInput(HEAT, "application/json"), "getObservationTemplate": template}


def test_each_face_answers_503_and_nothing_is_kept(service: Running):
    """
    Over WPS 1.0.0, OGC API Processes, the alert store and the JSON of episodes; feeds are read meanwhile.
    """
    made = service.subscribe(rule=HEAT, getObservationTemplate=service.template("thermometer", "AirTemperature"))
    service.insert("thermometer", "AirTemperature", (0, 35))
    service.wait_for_entries(made["feed"], 1)
    episode = requests.get(f"{service.url}/episodes", timeout=20).json()["episodes"][0]["id"]
    body = {"inputs": {"rule": {"value": HEAT, "mediaType": "application/json"}}}
    body["inputs"]["getObservationTemplate"] = wishes(service)["getObservationTemplate"]

    with full_disk(service):
        report = requests.post(
            f"{service.url}/wps", encode_execute("weps:Subscribe", wishes(service), {"feed": None}), timeout=60
        )
        problem = requests.post(f"{service.url}/processes/weps:Subscribe/execution", json=body, timeout=60)
        stored = requests.post(f"{service.url}/store/InsertRSS", ITEM, headers={"Content-Type": "text/xml"}, timeout=60)
        said = requests.post(f"{service.url}/episodes/{episode}/comment", json={"by": "a", "text": "b"}, timeout=60)
        meanwhile = service.entries(made["feed"])

    require_valid(report.content)
    assert [each.status_code for each in (report, problem, stored, said)] == [503, 503, 503, 503]
    assert etree.fromstring(report.content).findtext(".//{*}ExceptionText").startswith(WORDS)
    assert problem.json()["detail"].startswith(WORDS)
    assert (stored.text.startswith(WORDS), stored.headers["Retry-After"]) == (True, "60")
    assert (said.text.startswith(WORDS), said.headers["Retry-After"]) == (True, "60")
    assert len(meanwhile) == 1
    assert execute(f"{service.url}/wps", "weps:ListSubscriptions", {}, {"total": None}) == {"total": "1"}


def test_what_came_meanwhile_is_told_once_when_there_is_room_again(new_service, tmp_path: Path):
    """
    Polls that could not be stored are made again: each alert comes once, in its order.
    """
    with FlakySos(tmp_path) as sos:
        sos.insert_sensor()
        sos.insert((BEGIN, 35))
        service = new_service(WEPS_ALLOWED_HOSTS='["127.0.0.1"]', WEPS_LOOKBACK="P3650D")
        made = service.subscribe(rule=HEAT, getObservationTemplate=sos.template(), startTime=BEGIN.isoformat())
        service.wait_for_entries(made["feed"], 1)
        with full_disk(service):
            sos.insert(*((BEGIN + timedelta(minutes=minute), 20 + 15 * (minute % 2)) for minute in range(2, 12)))
            asked = len(sos.asked)
            wait_for(lambda: len(sos.asked) > asked)

        entries = service.wait_for_entries(made["feed"], 11)

    assert [entry.title.startswith("Resolved") for entry in entries] == [False, *[True, False] * 5]
    assert len({entry.id for entry in entries}) == 11
