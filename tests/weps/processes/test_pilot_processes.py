"""The two processes of the pilot, under their own names and with their own units."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from tests.weps.processes.conftest import NAMESPACES, Wps
from tests.weps.processes.requests10 import complex_data, execute, literals
from weps.model import Target


def listing1(wps: Wps, text: str) -> str:
    """The request of the pilot's report, sent to our servers instead of the pilot's."""
    moved = text.replace(
        "http://iddss-sensor.cdmps.org.au:8080/\n                              52n-sos-webapp/service",
        f"{wps.base}/\n   sos",
    )
    return moved.replace("http://115.146.95.46:8080/iddss-service", f"{wps.base}/store")


@pytest.mark.shared
def test_listing_1_of_the_pilot_runs_unchanged(wps, shared):
    """
    With the white space and the line breaks that the printed report has; the raw output is exactly Running.
    """
    text = (shared / "wps-examples/1.0/execute-um-event-detection-listing1.xml").read_text()

    reply = wps.post(listing1(wps, text))

    found = wps.newest
    assert reply.body == b"Running"
    assert reply.status == 200
    assert json.loads(found.rule.text) == {
        "type": "threshold",
        "condition": "greaterThan",
        "threshold": 500.0,
        "trigger": "every",
    }
    assert found.sampling_rate == timedelta(seconds=5)
    assert found.expires is not None
    assert found.expires - found.created == timedelta(seconds=600)
    assert found.targets == (Target("insert-rss", f"{wps.base}/store"),)
    assert found.process == "gs:UMEventDetection"
    assert "procedure=PedestrianCounting1" in found.source.template


def um(wps: Wps, **changes: str) -> str:
    query = (
        "service=SOS&version=2.0.0&request=GetObservation&observedProperty=PeopleCount&procedure=PedestrianCounting1"
    )
    inputs = {
        "getObservationTemplate": f"{wps.base}/sos?{query}",
        "condition": "greaterThan",
        "threshold": "500",
        "intervalRate": "5",
        "duration": "600",
        "dataStoreForNotificationEndpoint": f"{wps.base}/store",
    } | changes
    return execute("gs:UMEventDetection", literals(**{name: text for name, text in inputs.items() if text}))


def test_a_series_that_does_not_exist_is_refused(wps):
    """
    The SOS is asked before anything is stored.
    """
    before = wps.count
    template = f"{wps.base}/sos?service=SOS&version=2.0.0&request=GetObservation&procedure=PedestrianCounting99"

    reply = wps.post(um(wps, getObservationTemplate=template))

    assert reply.status == 400
    assert reply.fault == ("InvalidParameterValue", "getObservationTemplate")
    assert "has no series" in reply.texts("//ows:ExceptionText")[0]
    assert wps.count == before


def test_a_source_that_does_not_answer_is_told(wps):
    """
    Nobody listens there; the error names the address.
    """
    before = wps.count
    template = f"{wps.base}/nothing?service=SOS&version=2.0.0&request=GetObservation&procedure=p"

    reply = wps.post(um(wps, getObservationTemplate=template))

    assert reply.status == 502
    assert reply.fault == ("NoApplicableCode", None)
    assert "/nothing" in reply.texts("//ows:ExceptionText")[0]
    assert wps.count == before


@pytest.mark.parametrize(
    "condition", ["greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual", "equal", "notEqual"]
)
def test_every_condition_of_the_pilot_is_taken(wps, condition):
    """
    With a duration by unit instead of in seconds.
    """
    reply = wps.post(um(wps, condition=condition, duration="PT1H"))

    assert reply.output("wpsResult") == "Running"
    assert json.loads(wps.newest.rule.text)["condition"] == condition


@pytest.mark.parametrize(
    "missing",
    [
        "getObservationTemplate",
        "condition",
        "threshold",
        "intervalRate",
        "duration",
        "dataStoreForNotificationEndpoint",
    ],
)
def test_every_input_of_the_pilot_is_needed(wps, missing):
    """
    The locator names the missing one.
    """
    reply = wps.post(um(wps, **{missing: ""}))

    assert reply.status == 400
    assert reply.fault == ("MissingParameterValue", missing)


def eventing(wps: Wps, shared: Path, **inputs: str) -> str:
    rule = etree.tostring(etree.parse(shared / "eml/imis/OvershootUndershootRule.xml").getroot(), encoding="unicode")
    texts = {"notification-endpoint": f"{wps.base}/store"} | {
        name.replace("_", "-"): text for name, text in inputs.items() if not text.startswith("<")
    }
    documents = "".join(
        complex_data(name.replace("_", "-"), text) for name, text in inputs.items() if text.startswith("<")
    )
    return execute(
        "org.n52.wps.extension.EventingProcess",
        complex_data("notification-rule", rule) + literals(**texts) + documents,
    )


TEMPLATE = "?service=SOS&version=2.0.0&request=GetObservation&procedure=ws2500&observedProperty=AirTemperature"


@pytest.mark.shared
def test_the_eventing_process_counts_in_milliseconds(wps, shared, validate):
    """
    Its output is the address that the alerts go to.
    """
    reply = wps.post(
        eventing(
            wps,
            shared,
            sampling_rate="600000",
            runtime="3600000",
            kvp_getobservation_template=f"{wps.base}/sos{TEMPLATE}",
        )
    )

    found = wps.newest
    assert validate(reply.body) == []
    assert reply.output("notification-endpoint") == f"{wps.base}/store"
    assert found.sampling_rate == timedelta(minutes=10)
    assert found.expires is not None
    assert found.expires - found.created == timedelta(hours=1)
    assert found.process == "org.n52.wps.extension.EventingProcess"


@pytest.mark.shared
@pytest.mark.parametrize("runtime", [{}, {"runtime": "-1"}], ids=["left out", "-1"])
def test_the_eventing_process_runs_until_cancelled(wps, shared, runtime):
    """
    Without a runtime and with -1; it asks every ten minutes when no rate is given.
    """
    reply = wps.post(eventing(wps, shared, kvp_getobservation_template=f"{wps.base}/sos{TEMPLATE}", **runtime))

    assert reply.status == 200
    assert wps.newest.expires is None
    assert wps.newest.sampling_rate == timedelta(minutes=10)


@pytest.mark.shared
def test_a_kvp_template_is_not_dropped_when_an_endpoint_is_given_too(wps, shared):
    """
    The pilot's code dropped it and asked for nothing.
    """
    reply = wps.post(
        eventing(
            wps,
            shared,
            kvp_getobservation_template=f"http://elsewhere.example/sos{TEMPLATE}",
            sos_endpoint=f"{wps.base}/sos",
        )
    )

    source = wps.newest.source
    assert reply.status == 200
    assert source.endpoint == f"{wps.base}/sos"
    assert "procedure=ws2500" in source.template


@pytest.mark.shared
def test_a_pox_template_goes_before_a_kvp_template(wps, shared):
    """
    The endpoint of the KVP template is asked when no other is given.
    """
    root = etree.parse(shared / "eml/imis/GetObservationRequestTemplate.xml").getroot()

    reply = wps.post(
        eventing(
            wps,
            shared,
            kvp_getobservation_template=f"{wps.base}/sos{TEMPLATE}",
            pox_getobservation_template=etree.tostring(root, encoding="unicode"),
        )
    )

    source = wps.newest.source
    assert reply.status == 200
    assert source.binding == "pox"
    assert source.endpoint == f"{wps.base}/sos"


@pytest.mark.shared
def test_the_eventing_process_takes_the_inputs_of_the_pilot(wps, shared):
    """
    Identifiers, occurrences and data types are those of the description that the pilot published.
    """
    pilot = etree.parse(shared / "eml/imis/EventingProcess.xml")

    ours = wps.get(
        "service=WPS&version=1.0.0&request=DescribeProcess&identifier=org.n52.wps.extension.EventingProcess"
    ).root

    def inputs(document):
        return {
            one.findtext("ows:Identifier", namespaces=NAMESPACES): (
                one.get("minOccurs"),
                one.get("maxOccurs"),
                one.find("ComplexData") is not None,
                (one.find(".//ows:DataType", NAMESPACES).text or "") if one.find("LiteralData") is not None else "",
            )
            for one in document.iter("Input")
        }

    expected = {
        name: (
            least,
            most,
            is_complex,
            "" if is_complex else {"sampling-rate": "long", "runtime": "long"}.get(name, "anyURI"),
        )
        for name, (least, most, is_complex, _) in inputs(pilot).items()
    }
    assert expected == inputs(ours)
