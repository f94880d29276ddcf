"""WPS 2.0 as its clients use it: subscriptions are jobs, and jobs outlive the server."""

from __future__ import annotations

from pathlib import Path

import feedparser
import pytest
import requests
from lxml import etree

from tests.flows.conftest import Running
from tests.waiting import wait_for

NAMESPACES = {"wps": "http://www.opengis.net/wps/2.0", "ows": "http://www.opengis.net/ows/2.0"}
OPEN = 'service="WPS" version="2.0.0" xmlns:wps="http://www.opengis.net/wps/2.0" xmlns:ows="http://www.opengis.net/ows/2.0"'
SOURCE = "http://iddss-sensor.cdmps.org.au:8080/52n-sos-webapp/service"
SINK = "http://localhost:8081"


def ask(service: Running, document: str) -> etree._Element:
    return etree.fromstring(service.post_wps(document).content)


def of_job(service: Running, name: str, job: str) -> etree._Element:
    return ask(service, f"<wps:{name} {OPEN}><wps:JobID>{job}</wps:JobID></wps:{name}>")


def text(root: etree._Element, path: str) -> str | None:
    return root.findtext(path, namespaces=NAMESPACES)


def execute(process: str, mode: str, outputs: str, **inputs: str) -> str:
    given = "".join(
        f'<wps:Input id="{name}"><wps:Data>{value}</wps:Data></wps:Input>' for name, value in inputs.items()
    )
    wanted = "".join(f'<wps:Output id="{name}" transmission="value"/>' for name in outputs.split())
    return (
        f'<wps:Execute {OPEN} mode="{mode}" response="document"><ows:Identifier>{process}</ows:Identifier>'
        f"{given}{wanted}</wps:Execute>"
    )


@pytest.mark.shared
def test_the_document_of_the_pilot_becomes_a_job_that_tells_the_data_store(service: Running, shared: Path):
    """
    Sent as it is, but for the addresses in it: each crossing of 30.6 degrees is an item of the data store; the job runs
    on after the server was killed and started again, and ends when it is dismissed.
    """
    service.insert_sensor("ws2500", "AirTemperature")
    document = (shared / "eml/imis/WorkingExecuteExample.xml").read_text()

    started = ask(service, document.replace(SOURCE, f"{service.url}/sos").replace(SINK, f"{service.url}/store"))
    job = text(started, "wps:JobID")
    service.insert("ws2500", "AirTemperature", (0, 29.5), (10, 31.0), (20, 29.0))
    items = wait_for(lambda: len(found := _items(service)) >= 2 and found)
    service.kill()
    service.start()
    running = of_job(service, "GetStatus", job)
    dismissed = of_job(service, "Dismiss", job)

    assert text(started, "wps:Status") == "Running"
    assert [item.weps_phenomenontime for item in items] == ["2024-03-01T00:10:00Z", "2024-03-01T00:20:00Z"]
    assert text(running, "wps:Status") == "Running"
    assert text(dismissed, "wps:Status") == "Dismissed"


def test_a_subscription_succeeds_at_its_end_and_other_jobs_outlive_the_server(service: Running):
    """
    Its result names the feed; the result of another job is still there after a restart.
    """
    echoed = ask(service, execute("org.n52.javaps.test.EchoProcess", "async", "literalOutput", literalInput="hello"))
    subscribed = ask(
        service,
        execute(
            "weps:Subscribe",
            "async",
            "feed",
            condition="greaterThan",
            threshold="5",
            samplingRate="1",
            runtime="PT1.5S",
        ),
    )
    early = of_job(service, "GetResult", text(subscribed, "wps:JobID"))
    service.kill()
    service.start()
    wait_for(lambda: text(of_job(service, "GetStatus", text(subscribed, "wps:JobID")), "wps:Status") == "Succeeded")

    feed = text(of_job(service, "GetResult", text(subscribed, "wps:JobID")), "wps:Output/wps:Data/wps:LiteralValue")
    result = of_job(service, "GetResult", text(echoed, "wps:JobID"))

    assert early[0].get("exceptionCode") == "ResultNotReady"
    assert requests.get(feed, timeout=10).status_code == 200
    assert text(echoed, "wps:Status") == "Succeeded"
    assert text(result, "wps:Output/wps:Data/wps:LiteralValue") == "hello"


def _items(service: Running) -> list:
    return feedparser.parse(requests.get(f"{service.url}/store/GetRSS", timeout=30).content).entries[::-1]
