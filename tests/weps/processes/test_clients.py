"""Clients of others drive a running server."""

from __future__ import annotations

import re

import pytest
from owslib.util import ServiceException
from owslib.wps import ASYNC, SYNC, ComplexDataInput, WebProcessingService

from weps.processes.registry import PROCESSES


@pytest.fixture
def owslib(wps) -> WebProcessingService:
    """OWSLib, connected to the server."""
    return WebProcessingService(wps.url)


def test_owslib_reads_the_capabilities(owslib):
    """
    Title, version and all processes.
    """
    assert owslib.identification.type == "WPS"
    assert owslib.identification.title == "WEPS, a Web Event Processing Service"
    assert [process.identifier for process in owslib.processes] == list(PROCESSES)


@pytest.mark.parametrize("identifier", PROCESSES)
def test_owslib_reads_every_description(owslib, identifier):
    """
    The inputs and outputs are those of the registry, with their occurrences.
    """
    process = owslib.describeprocess(identifier)

    spec = PROCESSES[identifier]
    assert [(one.identifier, one.minOccurs, one.maxOccurs) for one in process.dataInputs] == [
        (one.identifier, one.min_occurs, one.max_occurs) for one in spec.inputs
    ]
    assert [one.identifier for one in process.processOutputs] == [one.identifier for one in spec.outputs]


@pytest.mark.shared
@pytest.mark.parametrize("mode", [SYNC, ASYNC], ids=["synchronous", "asynchronous"])
def test_owslib_subscribes_with_a_large_eml_rule(wps, owslib, shared, mode):
    """
    Rule as complex input, repeated sinks, outputs read back; then the subscription is ended.
    """
    rule = (shared / "eml/imis/OvershootUndershootRule.xml").read_text()
    rule = re.sub(r"<\?xml.*?\?>", "", rule).replace("</EML>", f"<!-- {'x' * 6000} --></EML>")
    inputs = [
        ("rule", ComplexDataInput(rule, mimeType="text/xml")),
        ("samplingRate", "PT1M"),
        ("runtime", "PT6H"),
        ("sink", f"{wps.base}/a"),
        ("sink", f"{wps.base}/b"),
        ("sosEndpoint", f"{wps.base}/sos"),
        ("procedure", "ws2500"),
    ]

    execution = owslib.execute("weps:Subscribe", inputs, output=[("subscriptionId", False), ("feed", False)], mode=mode)
    while not execution.isComplete():
        execution.checkStatus(sleepSecs=0)

    outputs = {output.identifier: output.data[0] for output in execution.processOutputs}
    found = wps.newest
    assert execution.isSucceded()
    assert len(rule) > 10_000
    assert outputs["subscriptionId"] == found.id
    assert outputs["feed"].endswith(f"{found.token}.rss")
    assert [target.address for target in found.targets] == [f"{wps.base}/a", f"{wps.base}/b"]

    ended = owslib.execute("weps:Unsubscribe", [("subscriptionId", found.id)], output="subscription", mode=SYNC)

    assert ended.isSucceded()
    assert wps.engine.subscription(found.id).status == "cancelled"


@pytest.mark.parametrize("mode", [SYNC, ASYNC], ids=["synchronous", "asynchronous"])
def test_owslib_tells_what_was_wrong(wps, owslib, mode):
    """
    The text, the code and the locator of a refusal reach its user.
    """
    before = wps.count
    inputs = [("condition", "greaterThan"), ("threshold", "much")]

    with pytest.raises(ServiceException) as caught:
        owslib.execute("weps:Subscribe", inputs, output=[("info", False)], mode=mode)

    assert 'exceptionCode="InvalidParameterValue" locator="threshold"' in str(caught.value)
    assert '"much" is not a number such as 30.6.' in str(caught.value)
    assert wps.count == before
