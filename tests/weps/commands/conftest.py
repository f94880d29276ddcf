"""A running service for the commands that work with one, and what they print."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

import pytest

from tests.flows.conftest import Running
from tests.flows.rules import HEAT
from tests.ports import free_port
from tests.waiting import wait_for
from tests.webhook_peer import Peer
from weps.__main__ import main

Weps: TypeAlias = Callable[..., Any]


@dataclass
class Watched:
    """A subscription whose sensor was too hot."""

    subscription: str
    feed: str
    procedure: str
    episode: str


@dataclass
class Served:
    """A running service, and a webhook that its alerts are pushed to."""

    service: Running
    peer: Peer
    numbers: Iterator[int]

    def watch(self, *paths: str) -> Watched:
        """Watch a new sensor that is too hot, and wait for the alert; `paths` are those of webhooks."""
        procedure = f"sensor-{next(self.numbers)}"
        self.service.insert_sensor(procedure, "AirTemperature")
        made = self.service.subscribe(
            rule=HEAT,
            getObservationTemplate=self.service.template(procedure, "AirTemperature"),
            sink=tuple(self.sink(path) for path in paths),
        )
        self.service.insert(procedure, "AirTemperature", (0, 20), (1, 35))
        entry = self.service.wait_for_entries(made["feed"], 1)[0]
        return Watched(made["subscriptionId"], made["feed"], procedure, entry.id)

    def sink(self, path: str) -> str:
        return f"webhook+http://{self.peer.host}{path}"

    def alerts_at(self, path: str) -> list[str]:
        """The ids of the alerts that a webhook got, without tests."""
        events = [json.loads(body) for body, _ in self.peer.of(path)]
        return [event["id"] for event in events if event["type"] != "org.weps.alert.test"]

    def wait_for_alerts(self, path: str, number: int) -> list[str]:
        return wait_for(lambda: len(found := self.alerts_at(path)) >= number and found)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    peer = Peer()
    service = Running(free_port(), tmp_path_factory.mktemp("data"), {"WEPS_ALLOWED_HOSTS": json.dumps([peer.host])})
    service.start()
    yield Served(service, peer, count(1))
    service.kill()
    peer.close()


@pytest.fixture
def weps(served: Served, capsys: pytest.CaptureFixture[str]) -> Weps:
    """Run a command against the service: what it printed, or (for `refused`) why it did not."""

    def run(*arguments: str, refused: bool = False) -> Any:
        capsys.readouterr()
        code = main([*arguments, "--url", served.service.url])
        printed = capsys.readouterr()
        if refused:
            assert (code, printed.out) == (1, "")
            return printed.err
        assert (code, printed.err) == (0, "")
        return json.loads(printed.out)

    return run
