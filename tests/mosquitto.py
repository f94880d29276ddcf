"""Mosquitto with a memory, on a port of loopback that stays when it is stopped and started again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.ports import free_port, is_taken
from tests.waiting import wait_for

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def require_mosquitto() -> None:
    """Skip where there is no broker; in CI its absence is a failure."""
    if MOSQUITTO is None:
        if os.environ.get("CI"):
            pytest.fail("Mosquitto is needed in CI")
        pytest.skip("needs Mosquitto (apt-get install mosquitto)")


class Mosquitto:
    """
    A broker that keeps its sessions and what waits in them in a folder; `options` are lines of its configuration.

    `secure` are those of a second port with TLS, `secure_host`.
    """

    def __init__(self, folder: Path, options: str = "allow_anonymous true", secure: str | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        if secure is not None:
            port = free_port()
            self.secure_host = f"127.0.0.1:{port}"
            options = f"{options}\nlistener {port} 127.0.0.1\n{secure}"
        self._file = folder / "mosquitto.conf"
        # started as root it would become a user that may not read our files
        memory = f"persistence true\npersistence_location {folder}/\nmax_queued_messages 0"
        self._file.write_text(f"user root\nlistener {self.port} 127.0.0.1\n{memory}\n{options}\n")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen([str(MOSQUITTO), "-c", str(self._file)], stderr=subprocess.DEVNULL)
        wait_for(lambda: self._process.poll() is not None or is_taken(self.port), pause=0.02)
        assert self._process.poll() is None, "mosquitto has ended"

    def stop(self) -> None:
        """Stop it; it writes down what it has."""

        def has_ended() -> bool:
            # one that has only just begun may not hear the first signal
            self._process.terminate()
            return self._process.poll() is not None

        wait_for(has_ended, pause=0.02)

    @contextmanager
    def publisher(self):
        """Give a function that publishes with QoS 1 and returns when the broker has taken the message."""
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.port)
        client.loop_start()

        def publish(topic: str, message: Any, *, retain: bool = False) -> None:
            payload = message if isinstance(message, bytes | str) else json.dumps(message)
            client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

        yield publish
        client.disconnect()
        client.loop_stop()

    def publish(self, topic: str, *messages: Any, retain: bool = False) -> None:
        """Publish messages with QoS 1."""
        with self.publisher() as publish:
            for message in messages:
                publish(topic, message, retain=retain)
