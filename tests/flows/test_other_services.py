"""Services of other makers and the own one in every form: published there, polled, ruled and told in the feed."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import GetObservation, GetResult
from tests.flows.conftest import Running
from tests.peer_sos import DIALECTS, PROPERTY, TEMPLATES, PeerSos
from weps.client import ComplexInput
from weps.errors import InputError

HIGH = json.dumps(
    {"type": "threshold", "observedProperty": PROPERTY, "condition": "greaterThan", "threshold": 2, "uom": "m"}
)
SOAP = '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>{}</e:Body></e:Envelope>'


def template_inputs(peer: PeerSos) -> dict[str, str | ComplexInput]:
    """What a client sends to subscribe to a service."""
    text = TEMPLATES[peer.dialect]
    if text.startswith("?"):
        return {"getObservationTemplate": peer.url + text}
    kind = "application/json" if text.startswith("{") else "text/xml"
    return {"getObservationDocument": ComplexInput(text, kind), "sosEndpoint": peer.url}


def test_services_of_other_makers_are_watched(new_service):
    """
    What was there before is no news, what crosses the threshold afterwards fires once and resolves, in each dialect.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    with ExitStack() as stack:
        peers = [stack.enter_context(PeerSos(dialect, closed=False)) for dialect in DIALECTS]
        hosts = json.dumps([peer.host for peer in peers])
        service = new_service(WEPS_ALLOWED_HOSTS=hosts)
        for peer in peers:
            peer.publish((now - timedelta(hours=2), 1.0))
        feeds = {
            peer.dialect: service.subscribe(rule=HIGH, title=peer.dialect, **template_inputs(peer))["feed"]
            for peer in peers
        }
        for peer in peers:
            peer.publish(*((now - timedelta(minutes=minutes), value) for minutes, value in ((50, 1.5), (40, 2.5))))
        for feed in feeds.values():
            service.wait_for_entries(feed, 1)
        for peer in peers:
            peer.publish((now - timedelta(minutes=30), 1.0))

        told = {name: service.wait_for_entries(feed, 2) for name, feed in feeds.items()}

    for name, entries in told.items():
        assert [(entry.weps_status, entry.weps_value) for entry in entries] == [
            ("firing", "2.5"),
            ("resolved", "1"),
        ], name


@pytest.mark.parametrize("operation", [GetObservation, GetResult], ids=["GetObservation", "GetResult"])
def test_the_own_service_is_watched_in_soap(service: Running, operation):
    """
    By GetObservation and by GetResult, whose rows are read with the template that the service gives.
    """
    service.insert_sensor("gauge", PROPERTY)
    service.insert("gauge", PROPERTY, (0, 1.0), uom="m")
    asked = (
        GetResult("gauge", PROPERTY)
        if operation is GetResult
        else GetObservation(offerings=("gauge",), observed_properties=(PROPERTY,))
    )
    document = SOAP.format(encode_request(asked).decode().partition("?>")[2])

    feed = service.subscribe(
        rule=HIGH,
        getObservationDocument=ComplexInput(document, "application/soap+xml"),
        sosEndpoint=f"{service.url}/sos/soap",
    )["feed"]
    service.insert("gauge", PROPERTY, (10, 2.5), (20, 1.5), uom="m")
    entries = service.wait_for_entries(feed, 2)

    assert [(entry.weps_status, entry.weps_value) for entry in entries] == [("firing", "2.5"), ("resolved", "1.5")]


def test_a_service_that_refuses_everything_stops_no_other(new_service):
    """
    One peer refuses every request for good; the alerts of the other come all the same.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    with PeerSos("O&M 1.0 array") as good, PeerSos("CSV") as bad:
        service = new_service(WEPS_ALLOWED_HOSTS=json.dumps([good.host, bad.host]))
        bad.needs = "what nobody sends"
        service.subscribe(rule=HIGH, **template_inputs(bad))
        feed = service.subscribe(rule=HIGH, **template_inputs(good))["feed"]
        good.publish((now - timedelta(minutes=50), 2.5))

        entries = service.wait_for_entries(feed, 1)

        assert [entry.weps_value for entry in entries] == ["2.5"]
        assert "the server refused with MissingParameterValue" in service.log()


def test_a_template_that_cannot_be_polled_is_refused_with_its_line(running_service: Running):
    """
    The client is told what is wrong, where, and what to do, before anything is stored.
    """
    document = TEMPLATES["O&M 1.0 measurements"].replace("<sos:responseFormat>", "<sos:quality/>\n<sos:responseFormat>")

    with pytest.raises(InputError) as refused:
        running_service.subscribe(
            rule=HIGH,
            getObservationDocument=ComplexInput(document, "text/xml"),
            sosEndpoint=f"{running_service.url}/sos",
        )

    assert "quality is not of a GetObservation 1.0.0; leave it out (line 4)" in str(refused.value)
