"""Several workers answer side by side, and end together."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from sos_server.codecs.sos20.encode import encode_request
from tests.ports import free_port
from tests.sos_server.make import insertion, observation, sensor
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers share their port on Linux only")


@contextmanager
def two_workers(data: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, list[int]]]:
    """Serve a folder with two workers: the process, the address and the numbers of the workers."""
    port, log = free_port(), data / "log.txt"
    command = [sys.executable, "-m", "sos_server", "serve", "--workers", "2", "--port", str(port), "--data", str(data)]
    with log.open("ab") as file:
        process = subprocess.Popen(command, stderr=file)
    try:
        wait_for(lambda: process.poll() is not None or log.read_text().count("event=serving") == 2, told=log.read_text)
        assert process.poll() is None, log.read_text()
        found = re.search(r"workers=(\d+),(\d+)", log.read_text())
        assert found is not None
        yield process, f"http://127.0.0.1:{port}/sos", [int(each) for each in found.groups()]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def test_two_workers_answer_the_same_and_end_when_they_are_told_to(tmp_path: Path) -> None:
    """
    Whichever of them a connection reaches, it has what was published to the other.
    """
    with two_workers(tmp_path) as (process, url, workers):
        for request in (sensor(), insertion(*(observation(at) for at in range(3)))):
            assert requests.post(url, encode_request(request), timeout=20).ok
        query = "service=SOS&version=2.0.0&request=GetObservation"
        counts = {requests.get(f"{url}?{query}", timeout=20).text.count("</om:OM_Observation>") for _ in range(20)}

    assert ({3}, 0) == (counts, process.returncode)
    assert [] == [number for number in workers if os.path.exists(f"/proc/{number}")]


def test_when_one_worker_is_lost_all_end(tmp_path: Path) -> None:
    """
    Whoever started the service finds that it failed, and starts it anew.
    """
    with two_workers(tmp_path) as (process, _, workers):
        os.kill(workers[0], signal.SIGKILL)

        assert 1 == process.wait(PATIENCE)

    assert f"worker {workers[0]} ended with -9" in (tmp_path / "log.txt").read_text()
    assert [] == [number for number in workers if os.path.exists(f"/proc/{number}")]
