"""The service as it is installed: what foreign clients read, how much memory it takes, how it starts and stops."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import requests
from lxml import etree
from owslib.sos import SensorObservationService
from owslib.swe.observation.sos200 import SOSGetObservationResponse

from sos_server.codecs.sos20.encode import encode_request
from tests.ports import free_port
from tests.sos_server.make import FORMAT, insertion, minute, observation, sensor
from tests.sos_server.server import running_sos

if TYPE_CHECKING:
    from pathlib import Path

    from sos_server.requests import Request
    from tests.sos_server.server import RunningSos


def _post(url: str, request: Request) -> bytes:
    answer = requests.post(url, encode_request(request), headers={"Content-Type": "application/xml"}, timeout=60)
    assert answer.ok, answer.text
    return answer.content


def test_owslib_reads_every_answer(live_sos: RunningSos) -> None:
    """
    Capabilities with offerings and extents, the description of a sensor, its observations: all operations of SOS 2.0
    that it knows. Its POST breaks before anything is sent, in version 0.35.
    """
    _post(live_sos.url, sensor("owslib"))
    made = [observation(at, at + 0.5, procedure="owslib") for at in range(3)]
    _post(live_sos.url, insertion(*made, offerings=("owslib-offering",)))

    service = SensorObservationService(live_sos.url, version="2.0.0")
    offering = service.contents["owslib-offering"]
    description = service.describe_sensor(procedure="owslib", outputFormat=FORMAT)
    answer = service.get_observation(
        offerings=["owslib-offering"],
        observedProperties=["AirTemperature"],
        responseFormat="http://www.opengis.net/om/2.0",
        eventTime="om:phenomenonTime,2016-01-01T00:01:00Z/2016-01-01T00:02:00Z",
    )
    observations = SOSGetObservationResponse(etree.fromstring(answer)).observations

    assert ["owslib"] == offering.procedures
    assert ["AirTemperature"] == offering.observed_properties
    assert (minute(0), minute(2)) == (offering.begin_position, offering.end_position)
    assert (7.0, 51.0, 7.0, 51.0) == tuple(map(float, offering.bbox))
    assert b"owslib" in description
    assert [(minute(1), 1.5, "Cel"), (minute(2), 2.5, "Cel")] == [
        (each.resultTime, float(each.result.value), each.result.uom) for each in observations
    ]


def test_a_large_answer_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    """
    100 000 observations at most 32 MB above 1 000, and the first byte comes before the last row is read.
    """
    with running_sos(tmp_path) as sos:
        _post(sos.url, sensor())
        for start in range(0, 100_000, 10_000):
            _post(sos.url, insertion(*(observation(at, float(at)) for at in range(start, start + 10_000))))
    with running_sos(tmp_path) as sos:
        small = _count(f"{_observations(sos.url)}&temporalFilter=om:phenomenonTime,2016-01-01/2016-01-01T16:39:00Z")
        before = sos.peak_memory()

        large = _count(_observations(sos.url))

        assert (1000, 100_000) == (small, large)
        assert sos.peak_memory() - before < 32_000_000


def test_a_client_that_goes_away_does_not_keep_the_service_busy(live_sos: RunningSos) -> None:
    """
    It answers others at once, and stops reading for the one that left.
    """
    _post(live_sos.url, sensor("left"))
    for start in range(0, 20_000, 10_000):
        made = (observation(at, float(at), procedure="left") for at in range(start, start + 10_000))
        _post(live_sos.url, insertion(*made, offerings=("left-offering",)))

    for _ in range(20):
        with requests.get(_observations(live_sos.url) + "&procedure=left", stream=True, timeout=60) as answer:
            next(answer.iter_content(1000))

    assert 20_000 == _count(_observations(live_sos.url) + "&procedure=left")
    made = observation(30_000, 1.0, procedure="left")
    assert b"InsertObservationResponse" in _post(live_sos.url, insertion(made, offerings=("left-offering",)))


def _observations(url: str) -> str:
    return f"{url}?service=SOS&version=2.0.0&request=GetObservation"


def _count(url: str) -> int:
    """Count the observations of an answer without keeping it."""
    found, rest = 0, b""
    mark = b"<om:OM_Observation "
    with requests.get(url, stream=True, timeout=60) as answer:
        assert answer.ok
        for chunk in answer.iter_content(65536):
            text = rest + chunk
            found += text.count(mark)
            rest = text[-len(mark) + 1 :]
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("sent", [b"", b"GET /sos HT"], ids=["nothing sent", "half a request sent"])
def test_the_service_stops_cleanly(tmp_path: Path, number: int, sent: bytes) -> None:
    """
    Within five seconds, with exit code 0, also while a client holds a connection.
    """
    with running_sos(tmp_path) as sos:
        host, port = sos.url.removeprefix("http://").removesuffix("/sos").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(sent)
            began = time.monotonic()

            sos.process.send_signal(number)
            code = sos.process.wait(10)

    assert 0 == code
    assert time.monotonic() - began < 5


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sos_server", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin"} | environment,
    )


@pytest.mark.parametrize("command", [(), ("serve",), ("load",)], ids=["all", "serve", "load"])
def test_help_teaches(command: tuple[str, ...]) -> None:
    """
    On standard output, with exit code 0.
    """
    said = _run(*command, "--help")

    assert (0, "") == (said.returncode, said.stderr)
    assert "usage: python -m sos_server" in said.stdout


@pytest.mark.parametrize(
    "arguments",
    [("fly",), (), ("load", "rows.csv"), ("load", "rows.csv", "--url", "x", "--batch", "0"), ("serve", "--port", "x")],
    ids=["command", "nothing", "no url", "batch", "port"],
)
def test_misuse_ends_with_2(arguments: tuple[str, ...]) -> None:
    """
    Nothing is done; standard output stays empty.
    """
    said = _run(*arguments)

    assert (2, "") == (said.returncode, said.stdout)
    assert "usage: python -m sos_server" in said.stderr


def test_a_wrong_setting_stops_the_start(tmp_path: Path) -> None:
    """
    With one line that names it, and exit code 1.
    """
    said = _run("serve", "--data", str(tmp_path), SOS_PORT="high")

    assert (1, "") == (said.returncode, said.stdout)
    assert said.stderr.startswith("sos_server: the setting port is wrong: Input should be a valid integer")
    assert 1 == said.stderr.count("\n")


def test_a_port_that_is_taken_stops_the_start(tmp_path: Path) -> None:
    """
    With one line that names it, and exit code 1.
    """
    port = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()

        said = _run("serve", "--data", str(tmp_path), "--port", str(port))

    assert 1 == said.returncode
    assert f"sos_server: 127.0.0.1:{port} cannot be listened at" in said.stderr
    assert "Traceback" not in said.stderr
