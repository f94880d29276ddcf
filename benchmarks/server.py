"""
Programs that answer over HTTP as processes of their own, their CPU time and their memory. Needs Linux.

The whole service, the SOS alone, and the bare program that stands beside it as the limit.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import station
from benchmarks.frame import Case, WrongAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECONDS_TO_START = 30
SOS = "/sos"
PORT = "PORT"  # stands for the free port in the arguments of a program
XML = {"Content-Type": "application/xml"}
NOTHING = "an HTTP request that does nothing (/healthz)"


class Server:
    """A running program; `ask` speaks to it over one connection that stays open."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self._process = process
        # the kernel numbers the CPU clocks of processes by this rule (clock_getcpuclockid)
        self._clock = (~process.pid << 3) | 2
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def number(self) -> int:
        """The number of the process."""
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Give the CPU time that the process has used so far, in all its threads."""
        return time.clock_gettime(self._clock)

    def peak_memory(self) -> int:
        """Give the most resident memory that the process has had so far, in bytes."""
        return self._told_by_the_kernel("VmHWM")

    def memory(self) -> int:
        """Give the resident memory of the process now, in bytes."""
        return self._told_by_the_kernel("VmRSS")

    def ask(
        self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, status: int = 200
    ) -> bytes:
        """Send a GET, or a POST of a body, and give the answer; raises where it has another status."""
        answer = self._send(path, body, headers)
        content = answer.read()
        if answer.status != status:
            raise WrongAnswer(f"{path}: {answer.status} instead of {status}: {content[:500]!r}")
        return content

    def status(self, path: str) -> int:
        """Give the status of the answer to a GET."""
        answer = self._send(path, None, None)
        answer.read()
        return answer.status

    def header(self, path: str, name: str) -> str:
        """Give a header of the answer to a GET."""
        answer = self._send(path, None, None)
        answer.read()
        return answer.getheader(name, "")

    def read_through(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, int]:
        """Read an answer without keeping it: its bytes, and the observations in it."""
        answer = self._send(path, None, headers)
        size, found, rest = 0, 0, b""
        mark = b"</om:OM_Observation>"
        while chunk := answer.read(1 << 16):
            size += len(chunk)
            found += (rest + chunk).count(mark) - rest.count(mark)
            rest = chunk[-len(mark) + 1 :]
        return size, found

    def insert_sensor(self) -> None:
        """Register the sensor of the benchmarks."""
        self.ask(SOS, station.sensor_document(), XML)

    def insert(self, first: int, count: int) -> None:
        """Publish observations of the sensor, a thousand a request."""
        for start in range(first, first + count, 1000):
            self.ask(SOS, station.insertion_document(start, min(1000, first + count - start)), XML)

    def template(self) -> str:
        """Give the GetObservation for the sensor of the benchmarks, as subscriptions take it."""
        asked = f"service=SOS&version=2.0.0&request=GetObservation&offering={station.OFFERING}"
        return f"{self.url}{SOS}?{asked}&observedProperty={station.PROPERTY}"

    def doing_nothing(self) -> Case:
        """Give the baseline for what requests cost."""
        return Case(NOTHING, lambda: self.ask("/healthz"), clock=self.cpu_seconds)

    def _told_by_the_kernel(self, name: str) -> int:
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        found = re.search(rf"{name}:\s+(\d+) kB", status)
        if found is None:
            raise RuntimeError(f"the kernel tells no {name}")
        return int(found[1]) * 1024

    def _send(self, path: str, body: bytes | None, headers: Mapping[str, str] | None) -> http.client.HTTPResponse:
        self._connection.request("GET" if body is None else "POST", path, body, dict(headers or {}))
        return self._connection.getresponse()


@contextmanager
def serving(data: Path, port: int | None = None) -> Iterator[Server]:
    """Serve the data of a folder with the whole service while the block lasts, at a given port or a free one."""
    with _running("weps", "serve", "--port", PORT, "--data", str(data), folder=data, port=port, ready="/readyz") as it:
        yield it


@contextmanager
def serving_sos(data: Path, *options: str) -> Iterator[Server]:
    """Serve a folder with the SOS alone."""
    with _running("sos_server", "serve", "--port", PORT, "--data", str(data), *options, folder=data) as server:
        yield server


@contextmanager
def serving_bare(data: Path, database: str, file: Path) -> Iterator[Server]:
    """Serve a database and a file with the bare program."""
    with _running("benchmarks.sos_bare", PORT, str(data / database), str(file), folder=data) as server:
        yield server


@contextmanager
def serving_webhooks(data: Path) -> Iterator[Server]:
    """Run webhooks that take everything or hang."""
    with _running("benchmarks.webhooks", PORT, folder=data) as server:
        yield server


@contextmanager
def _running(*arguments: str, folder: Path, port: int | None = None, ready: str | None = None) -> Iterator[Server]:
    """Run a module, from when it is `ready` (answers at that path; else: answers at all) on."""
    port = port or _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WEPS_", "SOS_"))}
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *(str(port) if each == PORT else each for each in arguments)],
            cwd=folder,
            stdout=log,
            stderr=log,
            env=environment | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        )
    try:
        _wait(process, port, ready)
        yield Server(process, port)
    finally:
        if "--workers" in arguments:
            process.terminate()  # workers are ended by whoever started them
        else:
            process.kill()  # nothing that it keeps is needed again
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, ready: str | None) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the program ended with {process.returncode}")
        try:
            status = Server(process, port).status(ready or "/no-such-path-but-an-answer")
        except OSError:
            status = None
        if status == 200 or (status is not None and ready is None):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the program does not answer within {SECONDS_TO_START} s")
