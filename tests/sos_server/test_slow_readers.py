"""Clients that do not read on: their answer is broken off, and what it held of the database is free again."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from sos_server.app import create_app
from sos_server.codecs.sos20.encode import encode_request
from sos_server.settings import Settings
from tests.sos_server.asgi import Client
from tests.sos_server.make import insertion, observation, sensor
from tests.sos_server.server import RunningSos, running_sos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 1.0
FIND = "?service=SOS&version=2.0.0&request=GetObservation"
END = b"</sos:GetObservationResponse>"


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[RunningSos]:
    """A service with a large answer that waits little for those who read it."""
    with running_sos(tmp_path, answer_pause_seconds=SECONDS) as sos:
        requests.post(sos.url, encode_request(sensor()), headers={"Content-Type": "application/xml"}, timeout=20)
        made = insertion(*(observation(at, float(at)) for at in range(20_000)))
        requests.post(sos.url, encode_request(made), headers={"Content-Type": "application/xml"}, timeout=60)
        yield sos


def _ask(sos: RunningSos) -> socket.socket:
    """Ask for all observations, which is more than what lies between two computers holds."""
    address = urlsplit(sos.url)
    client = socket.create_connection((address.hostname, address.port), timeout=20)
    client.sendall(f"GET {address.path}{FIND} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
    return client


def _told(folder: Path, mark: str, count: int) -> bool:
    """Wait until the log of the service has a mark so many times."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if (folder / "sos_server.log").read_text().count(mark) >= count:
            return True
        time.sleep(0.05)
    return False


def test_who_does_not_read_on_is_left(impatient: RunningSos, tmp_path: Path) -> None:
    """
    The answer ends before its end; others are answered whole.
    """
    with _ask(impatient) as client, _ask(impatient) as other:
        was_told = _told(tmp_path, "took nothing of the answer for 1 s", 2)
        found = requests.get(impatient.url + FIND, timeout=60).content
        received = bytearray()
        for each in (client, other):
            while part := each.recv(65536):
                received += part

    assert was_told
    assert 20_000 == found.count(b"<om:OM_Observation ")
    assert found.endswith(END)
    assert END not in received


def test_who_does_not_read_on_gives_its_connection_back(tmp_path: Path) -> None:
    """
    The database is free, though the client is still there.
    """
    app = create_app(Settings(data=tmp_path, answer_pause_seconds=0.1))
    client = Client(app, "/")
    client.post(encode_request(sensor()))
    client.post(encode_request(insertion(*(observation(at, float(at)) for at in range(3000)))))

    answer = client.get(FIND[1:], leave_after=1, stalls=True)

    in_use = app.state.storage.connections_in_use()
    app.state.storage.close()
    assert (1, 0) == (len(answer.chunks), in_use)


def test_who_reads_slowly_gets_all(impatient: RunningSos) -> None:
    """
    What counts is the pause between two parts, not the time of the whole.
    """
    received = bytearray()
    began = time.monotonic()
    with _ask(impatient) as client:
        while END not in received[-200:]:
            part = client.recv(2**18)
            assert part, "the answer was broken off"
            received += part
            if time.monotonic() - began < 2 * SECONDS:
                time.sleep(0.04)
    took = time.monotonic() - began

    assert 20_000 == received.count(b"<om:OM_Observation ")
    assert took > SECONDS
