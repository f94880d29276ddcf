"""The two processes of the OGC IMIS IoT Pilot under their own names, with its own documents where they exist."""

from __future__ import annotations

import re
from pathlib import Path

import feedparser
import pytest
import requests

from tests.flows.conftest import Running
from tests.flows.rules import overshoot
from tests.waiting import wait_for

# Listing 1 of the pilot's report, repaired; the blanks and line breaks in the template are in the printed text.
LISTING = """<wps:Execute version="1.0.0" service="WPS" xmlns:wps="http://www.opengis.net/wps/1.0.0"
    xmlns:ows="http://www.opengis.net/ows/1.1">
  <ows:Identifier>gs:UMEventDetection</ows:Identifier>
  <wps:DataInputs>{inputs}
  </wps:DataInputs>
  <wps:ResponseForm>
    <wps:RawDataOutput><ows:Identifier>wpsResult</ows:Identifier></wps:RawDataOutput>
  </wps:ResponseForm>
</wps:Execute>"""
TEMPLATE = """{url}/sos?service=SOS
      &amp;version=2.0.0
      &amp;request=GetObservation
      &amp;offering=PedestrianCounting1
      &amp;observedProperty=PeopleCount
      &amp;procedure= PedestrianCounting1 """


def listing(service: Running, **changes: str) -> str:
    """Listing 1 for a service, with some inputs changed."""
    inputs = {
        "getObservationTemplate": TEMPLATE.format(url=service.url),
        "condition": "greaterThan",
        "threshold": "500",
        "intervalRate": "1",
        "duration": "600",
        "dataStoreForNotificationEndpoint": f"\n    {service.url}/store\n  ",
    } | changes
    return LISTING.format(
        inputs="".join(
            f"\n<wps:Input><ows:Identifier> {name} </ows:Identifier>"
            f"<wps:Data><wps:LiteralData>{value}</wps:LiteralData></wps:Data></wps:Input>"
            for name, value in inputs.items()
        )
    )


def stored_items(service: Running, count: int) -> list:
    """Wait for items in the data store for notifications, oldest first."""

    def found():
        entries = feedparser.parse(requests.get(f"{service.url}/store/GetRSS", timeout=30).content).entries
        return len(entries) >= count and entries[::-1]

    return wait_for(found)


def test_listing_1_runs_and_every_observation_above_the_threshold_reaches_the_data_store(service: Running):
    """
    The raw answer is `Running`; then each observation above 500 people is an item that can be fetched by its guid.
    """
    service.insert_sensor("PedestrianCounting1", "PeopleCount")
    service.insert("PedestrianCounting1", "PeopleCount", (0, 16), uom="1")

    answer = service.post_wps(listing(service))
    service.insert("PedestrianCounting1", "PeopleCount", (60, 612), (120, 499), (180, 501), (240, 700), uom="1")
    items = stored_items(service, 3)
    one = feedparser.parse(
        requests.get(f"{service.url}/store/GetRSS", params={"id": items[0].id}, timeout=30).content
    ).entries

    assert (answer.status_code, answer.text) == (200, "Running")
    assert [item.weps_value for item in items] == ["612", "501", "700"]
    assert [item.id for item in one] == [items[0].id]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"condition": "higherThan"}, "higherThan"),
        ({"threshold": "many"}, "many"),
        ({"intervalRate": "-5"}, "intervalRate"),
        ({"duration": "0"}, "duration"),
        ({"dataStoreForNotificationEndpoint": "ftp://example.org/store"}, "ftp"),
        (
            {"getObservationTemplate": "http://10.0.0.1/sos?service=SOS&amp;version=2.0.0&amp;request=GetObservation"},
            "10.0.0.1",
        ),
    ],
    ids=["condition", "threshold", "interval", "duration", "data store", "private address"],
)
def test_a_wrong_input_of_the_pilot_s_process_is_refused_and_leaves_nothing(service: Running, changes, named):
    """
    Each wrong input is named in an exception report; no subscription is left behind.
    """
    service.insert_sensor("PedestrianCounting1", "PeopleCount")

    answer = service.post_wps(listing(service, **changes))

    assert answer.status_code == 400
    assert "ExceptionReport" in answer.text
    assert named in answer.text
    assert "polled" not in service.log()


def test_a_series_that_the_source_does_not_have_is_refused_with_a_clear_text(service: Running):
    """
    Before answering, the process asks the SOS whether the series exists.
    """
    service.insert_sensor("PedestrianCounting2", "PeopleCount")

    answer = service.post_wps(listing(service))

    assert answer.status_code == 400
    assert "getObservationTemplate" in answer.text
    assert "does not" in answer.text or "no series" in answer.text


EVENTING = """<wps:Execute version="1.0.0" service="WPS" xmlns:wps="http://www.opengis.net/wps/1.0.0"
    xmlns:ows="http://www.opengis.net/ows/1.1">
  <ows:Identifier>org.n52.wps.extension.EventingProcess</ows:Identifier>
  <wps:DataInputs>
    <wps:Input><ows:Identifier>notification-rule</ows:Identifier>
      <wps:Data><wps:ComplexData mimeType="text/xml">{rule}</wps:ComplexData></wps:Data></wps:Input>
    <wps:Input><ows:Identifier>sampling-rate</ows:Identifier>
      <wps:Data><wps:LiteralData>{rate}</wps:LiteralData></wps:Data></wps:Input>
    <wps:Input><ows:Identifier>runtime</ows:Identifier>
      <wps:Data><wps:LiteralData>{runtime}</wps:LiteralData></wps:Data></wps:Input>
    <wps:Input><ows:Identifier>notification-endpoint</ows:Identifier>
      <wps:Data><wps:LiteralData>{url}/store</wps:LiteralData></wps:Data></wps:Input>
    {source}
  </wps:DataInputs>
  <wps:ResponseForm><wps:RawDataOutput><ows:Identifier>notification-endpoint</ows:Identifier></wps:RawDataOutput>
  </wps:ResponseForm>
</wps:Execute>"""
KVP = """<wps:Input><ows:Identifier>kvp-getobservation-template</ows:Identifier><wps:Data><wps:LiteralData>{template}
  </wps:LiteralData></wps:Data></wps:Input>"""
ENDPOINT = """<wps:Input><ows:Identifier>sos-endpoint</ows:Identifier><wps:Data><wps:LiteralData>{url}/sos
  </wps:LiteralData></wps:Data></wps:Input>"""
POX = """<wps:Input><ows:Identifier>pox-getobservation-template</ows:Identifier><wps:Data>
  <wps:ComplexData mimeType="text/xml">{template}</wps:ComplexData></wps:Data></wps:Input>"""
GET_OBSERVATION = """<sos:GetObservation xmlns:sos="http://www.opengis.net/sos/2.0" service="SOS" version="2.0.0">
  <sos:procedure>ws2500</sos:procedure><sos:observedProperty>AirTemperature</sos:observedProperty></sos:GetObservation>"""


def eventing(service: Running, rule: str, source: str, rate: str = "200", runtime: str = "-1") -> str:
    """An Execute of the EventingProcess; rate and runtime are milliseconds."""
    return EVENTING.format(rule=rule, url=service.url, source=source, rate=rate, runtime=runtime)


def kvp_source(service: Running) -> str:
    return KVP.format(template=service.template("ws2500", "AirTemperature").replace("&", "&amp;"))


@pytest.mark.parametrize("binding", ["kvp", "kvp with endpoint", "pox"])
def test_the_eventing_process_watches_with_either_template(service: Running, binding: str):
    """
    KVP and POX templates work, and a KVP template is not dropped when an endpoint is given as well.
    """
    endpoint = ENDPOINT.format(url=service.url)
    sources = {
        "kvp": kvp_source(service),
        "kvp with endpoint": kvp_source(service) + endpoint,
        "pox": POX.format(template=GET_OBSERVATION) + endpoint,
    }
    service.insert_sensor("ws2500", "AirTemperature")
    service.insert_sensor("other", "AirTemperature")

    answer = service.post_wps(eventing(service, overshoot(30), sources[binding]))
    service.insert("other", "AirTemperature", (0, 1), (1, 99))
    service.insert("ws2500", "AirTemperature", (0, 20), (10, 31), (20, 29))
    items = stored_items(service, 2)

    assert (answer.status_code, answer.text.strip()) == (200, f"{service.url}/store")
    assert [item.weps_output for item in items] == ["over", "under"]


def test_the_eventing_process_counts_milliseconds(service: Running):
    """
    A runtime of 1500 is one and a half seconds: after that nothing is polled.
    """
    service.insert_sensor("ws2500", "AirTemperature")

    service.post_wps(eventing(service, overshoot(30), kvp_source(service), runtime="1500"))

    wait_for(lambda: " expired " in service.log(), 10)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "minutes"),
    [("WorkingExecuteExample.xml", ["10", "20"]), ("EventingProcessExampleRequest.xml", ["00", "10", "20"])],
    ids=["working example", "example with initial match"],
)
def test_the_rules_of_the_pilot_s_own_requests_give_alerts(service: Running, shared: Path, file, minutes):
    """
    The rule of each published Execute document, on a series that crosses both of its thresholds; one of the two also
    tells the first observation.
    """
    rule = re.search(r"<EML.*?</EML>", (shared / "eml" / "imis" / file).read_text(), re.DOTALL).group()
    declared = (
        rule
        if "xmlns:xsi" in rule
        else rule.replace("<EML ", '<EML xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ', 1)
    )
    service.insert_sensor("ws2500", "AirTemperature")
    service.post_wps(eventing(service, declared, kvp_source(service)))

    service.insert("ws2500", "AirTemperature", (0, 0), (10, 31), (20, 0))
    items = stored_items(service, len(minutes))

    assert [item.weps_phenomenontime for item in items] == [f"2024-03-01T00:{minute}:00Z" for minute in minutes]
