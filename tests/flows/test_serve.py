"""`weps serve` as an operator lives with it."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.commands import Lines, started
from tests.flows.conftest import Running, sensor_document
from tests.flows.rules import HEAT
from tests.waiting import PATIENCE
from weps.client import execute

LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) [\w.]+ \S")


def test_ctrl_c_ends_it_within_five_seconds_and_a_restart_goes_on(service: Running):
    """
    After Ctrl-C and a new start the subscription is polled on, with its state, and the feed has its old items.
    """
    service.insert_sensor("ws", "AirTemperature")
    feed = service.subscribe(rule=HEAT, getObservationTemplate=service.template("ws", "AirTemperature"))["feed"]
    service.insert("ws", "AirTemperature", (0, 31))
    service.wait_for_entries(feed, 1)

    seconds = service.stop()
    service.start()
    service.insert("ws", "AirTemperature", (10, 32), (20, 20))
    entries = service.wait_for_entries(feed, 2)

    assert seconds < 5
    assert [entry.weps_status for entry in entries] == ["firing", "resolved"]


def test_ctrl_c_does_not_wait_for_a_source_that_hangs(new_service):
    """
    A poll of a source that takes connections and never answers does not hold up the end.
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        service = new_service(WEPS_ALLOWED_HOSTS=f'["{host}"]')
        template = f"http://{host}/sos?service=SOS&version=2.0.0&request=GetObservation&procedure=p"
        started = time.monotonic()
        service.subscribe(rule=HEAT, getObservationTemplate=template)

        answered = time.monotonic() - started
        seconds = service.stop()

    assert answered < 5
    assert seconds < 5


HALF = {
    "nothing": b"",
    "half a header": b"GET /wps?service=WPS HTT",
    "half a body": b"POST /wps HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<",
    "half a body for the SOS": b"POST /sos HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<",
    "a listener that does not listen": b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("sent", HALF.values(), ids=HALF)
def test_ctrl_c_does_not_wait_for_clients(service: Running, sent: bytes):
    """
    Whatever a client has not sent or not read, the service ends as it always does.
    """
    with socket.create_connection(("127.0.0.1", service.port)) as client:
        client.sendall(sent)
        requests.get(f"{service.url}/healthz", timeout=10)

        seconds = service.stop()

    assert seconds < 8
    assert " weps.app stopped" in service.log().splitlines()[-1]
    assert "traceback" not in service.log()


def test_a_database_that_takes_nothing_is_told_in_a_sentence(service: Running):
    """
    Whoever posts is told nothing of the inside; the reason stands in the log.
    """
    with closing(sqlite3.connect(service.data / "weps.db")) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON items BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        connection.commit()
    item = b"<rss version='2.0'><channel><item><guid>1</guid><title>x</title></item></channel></rss>"

    answer = requests.post(f"{service.url}/store/InsertRSS", data=item, timeout=10)

    told = "The service failed on this request; its log says why. It may be tried again."
    assert (500, told) == (answer.status_code, answer.text)
    assert "request failed method=POST path=/store/InsertRSS" in service.log()
    assert "disk is full" in service.log()


def test_the_log_is_one_event_a_line(service: Running):
    """
    Every line of the log has time, level, logger and an event; also where a client sent line breaks.
    """
    requests.post(f"{service.url}/store/InsertRSS", data=b"<rss>\n\n</rss>", timeout=10)
    service.subscribe(rule=HEAT, sosEndpoint=f"{service.url}/sos", procedure="nobody\nknows", title="a\nb")
    service.stop()

    lines = [line for line in service.log().splitlines() if not line.startswith("WEPS serves")]

    assert [line for line in lines if not LINE.match(line)] == []
    assert any(" weps.app started " in line for line in lines)
    assert " weps.app stopped" in lines[-1]


def test_health_and_readiness(service: Running):
    """
    Both answer 200 while all is well.
    """
    answers = [requests.get(f"{service.url}/{path}", timeout=10).status_code for path in ("healthz", "readyz")]

    assert answers == [200, 200]


@pytest.mark.parametrize(
    ("arguments", "variables", "told"),
    [
        (["--port", "99999"], {}, "port"),
        (["--host", "0.0.0.0"], {}, "--open"),
        ([], {"WEPS_PROT": "1"}, "WEPS_PROT"),
        ([], {"WEPS_OVERLAP": "a day"}, "overlap"),
        (["--config", "nowhere.toml"], {}, "nowhere.toml"),
        (["--config", "broken.toml"], {}, "broken.toml: Invalid"),
        (["--host", "nowhere.invalid", "--open", "--port", "0"], {}, "nowhere.invalid"),
        ([], {"WEPS_BASE_URL": "alerts.example.org"}, "base_url"),
        ([], {"WEPS_DATABASE": "wordless"}, "database"),
        ([], {"WEPS_DATABASE": "oracle://x"}, "oracle"),
        ([], {"WEPS_PUBLISH_TOKENS": '["wordless"]'}, "publish_tokens"),
        ([], {"WEPS_BROKER_LOGINS": '{"broker:1883": ["wordless"]}'}, "broker_logins"),
    ],
    ids=[
        *("port", "open to others", "unknown variable", "wrong value", "no file", "no TOML", "no host"),
        *("no URL", "no database", "no such database", "short token", "wrong login"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(tmp_path: Path, arguments, variables, told):
    """
    The line names the setting and tells no secrets; the exit code is 1.
    """
    (tmp_path / "broken.toml").write_text("port = ")

    ended = subprocess.run(
        [sys.executable, "-m", "weps", "serve", *arguments],
        cwd=tmp_path,
        env=os.environ | variables,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert ended.returncode == 1
    assert told in ended.stderr
    assert "wordless" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_told(tmp_path: Path, service: Running):
    """
    A second service on the same port ends at once and says why.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "weps", "serve", "--port", str(service.port), "--data", tmp_path / "second"],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert ended.returncode == 1
    assert str(service.port) in ended.stderr


def test_the_demonstration_does_not_use_the_service_of_another(service: Running):
    """
    On a port that is taken it ends at once, and tells nothing to who listens there.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "weps", "demo", "--once", "--port", str(service.port)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert str(service.port) in ended.stderr
    assert "seattle" not in requests.get(f"{service.url}/sos?service=SOS&request=GetCapabilities", timeout=10).text


def test_the_demonstration_ends_with_an_alert_in_both_feeds(tmp_path: Path):
    """
    `weps demo --once` shows alerts of both subscriptions and exits 0.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "weps", "demo", "--once", "--speed", "40000"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert ended.returncode == 0, ended.stderr
    assert "Seattle is warm" in ended.stdout
    assert "San Francisco" in ended.stdout
    assert ended.stdout.count("/feeds/") == 2
    assert ended.stderr == ""


def test_the_demonstration_gives_up_in_time():
    """
    Without alerts within the time-out the exit code is 1.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "weps", "demo", "--once", "--speed", "1", "--timeout", "1"],
        check=False,
        capture_output=True,
        timeout=60,
    )

    assert ended.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_the_demonstration_ends_with_a_signal(number: signal.Signals):
    """
    Without --once it runs until it is interrupted, and ends without complaint.
    """
    with started([sys.executable, "-m", "weps", "demo"], stderr=subprocess.PIPE) as running:
        Lines(running.stdout).until("alert")
        running.send_signal(number)
        code, told = running.wait(PATIENCE), running.stderr.read()

    assert (code in (0, 130), told) == (True, "")


BAD = {
    "no XML": (b"test", 400, "InvalidRequest|NoApplicableCode|InvalidParameterValue|no XML|well-formed"),
    "half a document": (b"<wps:Execute xmlns:wps='http://www.opengis.net/wps/1.0.0'", 400, "line 1"),
    "DOCTYPE": (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 400, "DOCTYPE"),
    "another root": (b"<html/>", 400, "html"),
    "17 MiB": (b" " * (17 * 2**20), 413, "large|limit|bytes"),
}


@pytest.mark.parametrize("door", ["wps", "sos", "store/InsertRSS"])
@pytest.mark.parametrize("name", BAD)
def test_a_body_that_cannot_be_used_is_refused_at_every_door(running_service: Running, door: str, name: str):
    """
    Each door says what is wrong, in its own kind of report, and nothing is kept.
    """
    body, status, told = BAD[name]

    answer = requests.post(f"{running_service.url}/{door}", data=body, headers={"Content-Type": "text/xml"}, timeout=60)

    assert answer.status_code == status
    assert re.search(told, answer.text, re.IGNORECASE), answer.text
    assert "Traceback" not in answer.text
    assert ("ExceptionReport" in answer.text) == (door != "store/InsertRSS")


@pytest.mark.parametrize(
    ("path", "status", "code", "locator"),
    [
        ("sos?service=SOS&version=2.0.0&request=Explode", 400, "OperationNotSupported", "request|Explode"),
        ("sos?service=SOS&version=7&request=GetObservation", 400, "InvalidParameterValue", "version"),
        ("sos?service=SOS&request=GetObservation", 400, "MissingParameterValue", "version"),
        (
            "sos?service=SOS&version=2.0.0&request=GetObservation&offering=none",
            400,
            "InvalidParameterValue",
            "offering",
        ),
        (
            "sos?service=SOS&version=2.0.0&request=GetObservation&temporalFilter=om:phenomenonTime,yesterday",
            400,
            "InvalidParameterValue",
            "temporalFilter",
        ),
        (
            "wps?service=WPS&version=1.0.0&request=Explode",
            501,
            "OperationNotSupported|InvalidParameterValue",
            "request|Explode",
        ),
        (
            "wps?service=WPS&version=1.0.0&request=DescribeProcess&identifier=none",
            400,
            "InvalidParameterValue",
            "identifier|none",
        ),
        (
            "wps?service=WPS&version=1.0.0&request=Execute&identifier=weps:Subscribe",
            400,
            "MissingParameterValue",
            "rule",
        ),
        (
            "wps?service=WPS&version=1.0.0&request=Execute&identifier=weps:Subscribe"
            "&DataInputs=condition=greaterThan;threshold=1;samplingRate=-PT1S",
            400,
            "InvalidParameterValue",
            "samplingRate",
        ),
    ],
)
def test_a_request_that_cannot_be_is_refused_with_code_and_locator(
    running_service: Running, path: str, status: int, code: str, locator: str
):
    """
    Unknown operations, versions, values and missing parameters have the code and locator of the standard.
    """
    answer = requests.get(f"{running_service.url}/{path}", timeout=30)

    assert answer.status_code == status
    assert re.search(f'exceptionCode="({code})"', answer.text), answer.text
    assert re.search(f'locator="({locator})"', answer.text, re.IGNORECASE), answer.text


def test_after_all_that_nothing_is_kept(service: Running):
    """
    Refused requests leave no subscription, no sensor and no item.
    """
    for door in ("wps", "sos", "store/InsertRSS"):
        for body, _, _ in BAD.values():
            requests.post(f"{service.url}/{door}", data=body, timeout=60)
    service.post_sos(sensor_document("p", "o").replace("2.0.0", "9.9.9"))

    listed = execute(f"{service.url}/wps", "weps:ListSubscriptions", {}, {"total": None})
    items = requests.get(f"{service.url}/store/GetRSS", timeout=30).text
    capabilities = requests.get(f"{service.url}/sos?service=SOS&request=GetCapabilities", timeout=30).text

    assert listed["total"] == "0"
    assert "<item>" not in items
    assert "ObservationOffering" not in capabilities


def test_an_unknown_guid_is_told_in_the_words_of_the_pilot(running_service: Running):
    """
    GetRSS of a guid that nobody posted: 404 and a sentence.
    """
    answer = requests.get(f"{running_service.url}/store/GetRSS", params={"id": "abc"}, timeout=30)

    assert (answer.status_code, answer.text) == (404, "guid abc does not exist in the data store.")
