"""WPS 2.0 Execute documents of others, sent as they are: those of the pilot, and examples that were tried."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

PROCESS = "org.n52.wps.extension.EventingProcess"
PILOT = {"WorkingExecuteExample": timedelta(seconds=2), "EventingProcessExampleRequest": timedelta(minutes=10)}
ADDRESSES = (
    "http://iddss-sensor.cdmps.org.au:8080/52n-sos-webapp/service",
    "http://sensorweb.demo.52north.org/sensorwebtestbed/service",
)
SINKS = ("http://localhost:8081", "http://115.146.93.218:8080/iddss-service")


@pytest.fixture
def example(wps, shared):
    """An example request with our addresses in it."""

    def read(name: str, job: str = "") -> str:
        text = (shared / f"wps-examples/2.0/{name}.xml").read_text()
        text = text.replace("http://127.0.0.1:8099/rule.xml", f"{wps.base}/documents/rule.xml")
        return text.replace("http://127.0.0.1:8099", wps.base).replace("@JOBID@", job)

    return read


@pytest.mark.shared
@pytest.mark.parametrize("name", PILOT)
def test_the_execute_documents_of_the_pilot_run_unchanged(wps, client, shared, validate, name):
    """
    Only the addresses of the servers that they name are ours: numbers are milliseconds, the job runs for an hour, the
    output is referred to when the subscription has ended.
    """
    text = (shared / f"eml/imis/{name}.xml").read_text()
    for address in ADDRESSES:
        text = text.replace(address, f"{wps.base}/sos")
    for sink in SINKS:
        text = text.replace(sink, f"{wps.base}/store")
    before = wps.count

    reply = client.post(text)

    found = wps.newest
    assert validate(reply.body) == []
    assert (reply.job, reply.job_status) == (found.id, "Running")
    assert wps.count == before + 1
    assert (found.process, found.sampling_rate) == (PROCESS, PILOT[name])
    assert found.expires - found.created == timedelta(hours=1)
    assert found.source.endpoint == f"{wps.base}/sos"
    assert [target.address for target in found.targets] == [f"{wps.base}/store"]

    wps.engine.cancel(found.id)

    assert client.status(found.id).job_status == "Dismissed"


@pytest.mark.shared
def test_the_result_of_the_pilots_process_is_the_address_that_it_was_given(wps, client, shared, validate):
    """
    By reference, as the pilot's document asks for it.
    """
    text = (shared / "eml/imis/WorkingExecuteExample.xml").read_text()
    text = text.replace(ADDRESSES[0], f"{wps.base}/sos").replace(SINKS[0], f"{wps.base}/store")
    text = text.replace('mode="async"', 'mode="sync"')

    reply = client.post(text)

    [href] = reply.texts("/wps:Result/wps:Output[@id='notification-endpoint']/wps:Reference/@xlink:href")
    assert validate(reply.body) == []
    assert requests.get(href, timeout=10).text == f"{wps.base}/store"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "root"),
    [("getcapabilities", "Capabilities"), ("describeprocess", "ProcessOfferings")],
)
def test_the_example_requests_about_the_service_are_answered(client, example, validate, name, root):
    """
    Valid, in 2.0.
    """
    reply = client.post(example(name))

    assert reply.status == 200
    assert reply.name == root
    assert validate(reply.body) == []


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("execute-subscribe-eml-sync-document", ["subscriptionId", "feed", "info"]),
        ("execute-subscribe-by-reference", ["info"]),
    ],
)
def test_the_example_requests_for_subscriptions_are_carried_out(wps, client, shared, example, validate, name, outputs):
    """
    With a rule in the request and by reference.
    """
    wps.documents["rule.xml"] = (shared / "eml/imis/OvershootUndershootRule.xml").read_bytes()
    before = wps.count

    reply = client.post(example(name))

    assert validate(reply.body) == []
    assert reply.texts("/wps:Result/wps:Output/@id") == outputs
    assert wps.count == before + 1


@pytest.mark.shared
def test_the_example_request_for_raw_output_gives_a_document(wps, client, example):
    """
    The subscription as XML.
    """
    reply = client.post(example("execute-subscribe-eml-sync-raw"))

    assert reply.name == "Subscription"
    assert reply.root[0].text == wps.newest.id


@pytest.mark.shared
def test_the_example_requests_lead_through_the_life_of_a_job(wps, client, example, validate):
    """
    Execute, status, a result that is not ready, dismissal.
    """
    started = client.post(example("execute-subscribe-eml-async-document"))
    status, result, dismissed = (
        client.post(example(name, started.job)) for name in ("getstatus", "getresult", "dismiss")
    )

    assert [validate(reply.body) for reply in (started, status, result, dismissed)] == [[]] * 4
    assert started.job == wps.newest.id
    assert status.job_status == "Running"
    assert result.fault == ("ResultNotReady", started.job)
    assert dismissed.job_status == "Dismissed"


@pytest.mark.shared
@pytest.mark.parametrize("name", ["execute-echo-literal-raw", "execute-echo-complex-raw", "execute-sleep-async"])
def test_example_requests_for_processes_of_another_server_are_refused(client, example, validate, name):
    """
    With the name of the process.
    """
    reply = client.post(example(name))

    assert validate(reply.body) == []
    assert reply.fault == ("NoSuchProcess", "sleep" if "sleep" in name else "echo")
