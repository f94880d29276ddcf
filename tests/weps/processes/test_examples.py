"""Execute documents of others, sent as they are."""

from __future__ import annotations

import pytest

from tests.weps.processes.conftest import NAMESPACES

EXAMPLES = {
    "execute-subscribe-eml-sync-document": {"subscriptionId", "feed", "subscription", "info"},
    "execute-subscribe-eml-sync-lineage": {"subscriptionId"},
    "execute-subscribe-eml-async": {"subscriptionId", "feed"},
    "execute-subscribe-eml-by-reference": {"subscriptionId", "info"},
    "execute-subscribe-eml-cdata": {"subscriptionId", "info"},
    "execute-output-as-reference": {"subscription"},
}


@pytest.mark.shared
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_requests_for_subscriptions_are_carried_out(wps, shared, validate, name):
    """
    Sent as they are; only the address of the servers that they name is ours.
    """
    wps.documents["rule.xml"] = (shared / "eml/imis/OvershootUndershootRule.xml").read_bytes()
    request = (shared / f"wps-examples/1.0/{name}.xml").read_text()
    request = request.replace("http://127.0.0.1:8099/rule.xml", f"{wps.base}/documents/rule.xml")
    before = wps.count

    reply = wps.post(request.replace("http://127.0.0.1:8099", wps.base))

    assert reply.status == 200
    assert validate(reply.body) == []
    assert set(reply.texts("//wps:ProcessOutputs/wps:Output/ows:Identifier")) == EXAMPLES[name]
    assert wps.count == before + 1


@pytest.mark.shared
def test_the_example_request_for_raw_output_gives_a_document(wps, shared):
    """
    The subscription as XML.
    """
    reply = wps.post((shared / "wps-examples/1.0/execute-subscribe-eml-raw-complex.xml").read_bytes())

    assert reply.status == 200
    assert reply.media_type == "text/xml"
    assert reply.root.findtext("weps:Id", namespaces=NAMESPACES) == wps.newest.id


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "locator"),
    [
        ("execute-echo-all", "Identifier"),
        ("execute-sleep-async", "Identifier"),
        ("execute-subscribe-json-rule", "rule"),
    ],
)
def test_example_requests_that_ask_for_what_is_not_here_are_refused(wps, shared, validate, name, locator):
    """
    Processes of another server, and a rule in no language that is known.
    """
    before = wps.count

    reply = wps.post((shared / f"wps-examples/1.0/{name}.xml").read_bytes())

    assert reply.status == 400
    assert validate(reply.body) == []
    assert reply.fault == ("InvalidParameterValue", locator)
    assert wps.count == before
