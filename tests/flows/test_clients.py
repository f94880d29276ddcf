"""Clients of others drive the installed service: OWSLib waiting or not, birdy with progress or without."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from birdy import WPSClient
from lxml import etree
from owslib.util import ServiceException
from owslib.wps import ASYNC, SYNC, ComplexDataInput, WebProcessingService

from tests.flows.conftest import Running
from tests.ports import free_port

pytestmark = pytest.mark.filterwarnings("ignore:The use of .username:DeprecationWarning")
WEPS = "{urn:weps:subscription:1}"
Call = Callable[..., dict[str, str]]
"""Executes a process of ours with inputs by name, and gives its outputs by their names in lower case."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for all clients."""
    running = Running(free_port(), tmp_path_factory.mktemp("data"))
    running.start()
    running.insert_sensor("ws", "AirTemperature")
    yield running
    running.kill()


def text_of(found: Any) -> str:
    return found.decode() if isinstance(found, bytes) else str(found)


def by_owslib(server: Running, mode: str) -> Call:
    """Connect OWSLib."""
    client = WebProcessingService(f"{server.url}/wps")

    def call(process: str, **inputs: Any) -> dict[str, str]:
        given = [
            (name, ComplexDataInput(one, mimeType="text/xml") if name == "rule" else one)
            for name, values in inputs.items()
            for one in ([values] if isinstance(values, str) else values)
        ]
        wanted = [(output.identifier, False) for output in client.describeprocess(process).processOutputs]
        execution = client.execute(process, given, output=wanted, mode=mode)
        while not execution.isComplete():
            execution.checkStatus(sleepSecs=0)
        assert execution.isSucceded()
        return {output.identifier.lower(): text_of(output.data[0]) for output in execution.processOutputs}

    return call


def by_birdy(server: Running, progress: bool) -> Call:
    """Connect birdy, which makes a method of each process and fetches documents from where they are stored."""
    client = WPSClient(f"{server.url}/wps", progress=progress)

    def call(process: str, **inputs: Any) -> dict[str, str]:
        method = getattr(client, process.replace(":", "_").lower())
        outputs = method(**{name.lower(): given for name, given in inputs.items()}).get(asobj=True)
        return {name: text_of(found) for name, found in outputs._asdict().items()}

    return call


CLIENTS: dict[str, Callable[[Running], Call]] = {
    "OWSLib, synchronous": lambda server: by_owslib(server, SYNC),
    "OWSLib, asynchronous": lambda server: by_owslib(server, ASYNC),
    "birdy": lambda server: by_birdy(server, progress=False),
    "birdy, with progress": lambda server: by_birdy(server, progress=True),
}


@pytest.fixture(params=CLIENTS)
def call(request: pytest.FixtureRequest, server: Running) -> Iterator[Call]:
    """The client, connected."""
    handler = signal.getsignal(signal.SIGINT)
    yield CLIENTS[request.param](server)
    # birdy keeps the interrupt of the keyboard for itself.
    signal.signal(signal.SIGINT, handler)


def told(outputs: dict[str, str], name: str) -> str | None:
    """What the subscription that a process answered with says."""
    return etree.fromstring(outputs["subscription"].encode()).findtext(f"{WEPS}{name}")


@pytest.mark.shared
def test_a_client_leads_a_subscription_through_its_life(server: Running, call: Call, shared):
    """
    Subscribe with a rule of 10 kB as complex input, list, renew, pause, resume, cancel.
    """
    rule = (shared / "eml/imis/OvershootUndershootRule.xml").read_text()
    rule = re.sub(r"<\?xml.*?\?>", "", rule).replace("</EML>", f"<!-- {'x' * 6000} --></EML>").strip()
    sinks = [f"{server.url}/store?for={name}" for name in ("a", "b")]

    made = call("weps:Subscribe", rule=rule, procedure="ws", samplingRate="PT1M", runtime="PT6H", sink=sinks)
    identifier = made["subscriptionid"]
    listed = call("weps:ListSubscriptions", status="active")
    renewed = call("weps:Renew", subscriptionId=identifier, runtime="P1D")
    changed = [call(f"weps:{process}", subscriptionId=identifier) for process in ("Pause", "Resume", "Unsubscribe")]

    assert len(rule) > 10_000
    assert server.entries(made["feed"]) == []
    assert f"<weps:Id>{identifier}</weps:Id>" in listed["subscriptions"]
    assert told(renewed, "Expires") > told(made, "Expires")
    assert [told(answer, "Status") for answer in changed] == ["paused", "active", "cancelled"]


def test_a_client_is_told_what_was_wrong(call: Call):
    """
    Code, locator and text of the refusal reach its user.
    """
    with pytest.raises(ServiceException) as refused:
        call("weps:Subscribe", condition="greaterThan", threshold="much", procedure="ws")

    assert 'exceptionCode="InvalidParameterValue" locator="threshold"' in str(refused.value)
    assert '"much" is not a number such as 30.6.' in str(refused.value)
