"""The installed service as a process of its own, on a free port of loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

from tests.ports import free_port
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class RunningSos:
    """A service that answers at `url`."""

    process: subprocess.Popen[bytes]
    url: str

    def peak_memory(self) -> int:
        """The most memory the process has had so far, in bytes."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


@contextmanager
def running_sos(data: Path, **settings: object) -> Iterator[RunningSos]:
    """Serve the database in a folder for as long as the block lasts; it is stopped as an operator stops it."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SOS_")}
    environment |= {f"SOS_{name.upper()}": str(value) for name, value in settings.items()}
    with (data / "sos_server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sos_server", "serve", "--port", str(port), "--data", str(data)],
            env=environment,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}/sos"
    try:
        wait_for(lambda: _answers(process, url))
        yield RunningSos(process, url)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"the service ended with {process.returncode}")
    asked = {"service": "SOS", "request": "GetCapabilities", "sections": "Contents"}
    try:
        return requests.get(url, asked, timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False
