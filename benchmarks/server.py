"""The whole service as a process of its own, its CPU time and its memory. Needs Linux."""

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
from benchmarks.frame import WrongAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECONDS_TO_START = 30
SOS = "/sos"
XML = {"Content-Type": "application/xml"}


class Server:
    """A running `weps serve`; `ask` speaks to it over one connection that stays open."""

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

    def cpu_seconds(self) -> float:
        """Give the CPU time that the process has used so far, in all its threads."""
        return time.clock_gettime(self._clock)

    def peak_memory(self) -> int:
        """Give the most resident memory that the process has had so far, in bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        if found is None:
            raise RuntimeError("the kernel tells no VmHWM")
        return int(found[1]) * 1024

    def ask(
        self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, status: int = 200
    ) -> bytes:
        """Send a GET, or a POST of a body, and give the answer; raises where it has another status."""
        answer = self._send(path, body, headers)
        content = answer.read()
        if answer.status != status:
            raise WrongAnswer(f"{path}: {answer.status} instead of {status}: {content[:500]!r}")
        return content

    def header(self, path: str, name: str) -> str:
        """Give a header of the answer to a GET."""
        answer = self._send(path, None, None)
        answer.read()
        return answer.getheader(name, "")

    def read_through(self, path: str) -> tuple[int, int]:
        """Read an answer without keeping it: its bytes, and the observations in it."""
        answer = self._send(path, None, None)
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

    def _send(self, path: str, body: bytes | None, headers: Mapping[str, str] | None) -> http.client.HTTPResponse:
        self._connection.request("GET" if body is None else "POST", path, body, dict(headers or {}))
        return self._connection.getresponse()


@contextmanager
def serving(data: Path) -> Iterator[Server]:
    """Serve the data of a folder for as long as the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WEPS_", "SOS_"))}
    with (data / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "weps", "serve", "--port", str(port), "--data", str(data)],
            cwd=data,
            stdout=log,
            stderr=log,
            env=environment | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        )
    try:
        _wait(process, port)
        yield Server(process, port)
    finally:
        process.kill()  # nothing that it keeps is needed again
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the service ended with {process.returncode}")
        try:
            Server(process, port).ask("/readyz")
        except (OSError, WrongAnswer):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the service does not answer within {SECONDS_TO_START} s")
