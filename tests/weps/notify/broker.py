"""Mosquitto on a free port of loopback, for tests of what talks to brokers."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class Broker:
    """A running Mosquitto; `options` are further lines of its configuration."""

    def __init__(self, folder: Path, options: str = "allow_anonymous true") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        file = folder / "mosquitto.conf"
        # started as root it would become a user that may not read our files
        file.write_text(f"user root\nlistener {self.port} 127.0.0.1\n{options}\n")
        self._process = subprocess.Popen([str(MOSQUITTO), "-c", str(file)], stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline
                assert self._process.poll() is None
                time.sleep(0.02)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def require_mosquitto() -> None:
    """Skip where there is no broker; in CI its absence is a failure."""
    if MOSQUITTO is None:
        if os.environ.get("CI"):
            pytest.fail("Mosquitto is needed in CI")
        pytest.skip("needs Mosquitto (apt-get install mosquitto)")
