"""The processes, called as a client calls them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from lxml import etree

from tests.weps.processes.conftest import NAMESPACES, THRESHOLD_RULE, Wps
from tests.weps.processes.requests10 import complex_data, execute, json_rule, literal, literals, reference
from weps.model import Severity, SubscriptionStatus, Target

THRESHOLD = literals(condition="greaterThan", threshold="500")


def subscribe(wps: Wps, inputs: str = THRESHOLD, **form: str) -> str:
    """Subscribe, and give the identifier."""
    return wps.post(execute("weps:Subscribe", inputs, **form)).output("subscriptionId")


def test_a_threshold_as_literals_is_stored_with_everything_that_was_asked_for(wps):
    """
    Literals mean the same as the threshold language; nothing of the request is lost.
    """
    inputs = (
        literals(
            condition="between",
            lower="10",
            upper="20.5",
            uom="Cel",
            procedure="ws2500",
            observedProperty="AirTemperature",
            sosEndpoint=f"{wps.base}/sos",
            runtime="PT6H",
            startTime="2030-01-01T00:00:00Z",
            severity="Severe",
            title="Too warm",
            trigger="every",
        )
        + literal("for", "10", "min")
        + literal("n", "3")
        + literal("samplingRate", "60", "s")
        + literal("sink", f"{wps.base}/store")
        + literal("sink", f"{wps.base}/other/InsertRSS")
    )

    identifier = subscribe(wps, inputs)

    found = wps.engine.subscription(identifier)
    assert json.loads(found.rule.text) == {
        "type": "threshold",
        "procedure": "ws2500",
        "observedProperty": "AirTemperature",
        "condition": "between",
        "lower": 10.0,
        "upper": 20.5,
        "uom": "Cel",
        "for": "PT10M",
        "consecutive": 3,
        "trigger": "every",
    }
    assert found.sampling_rate == timedelta(minutes=1)
    assert found.expires is not None
    assert found.severity is Severity.SEVERE
    assert found.title == "Too warm"
    assert found.targets == (
        Target("insert-rss", f"{wps.base}/store"),
        Target("insert-rss", f"{wps.base}/other/InsertRSS"),
    )
    assert found.source.endpoint == f"{wps.base}/sos"
    assert "observedProperty=AirTemperature" in found.source.template
    assert found.process == "weps:Subscribe"


@pytest.mark.parametrize("way", ["inline", "cdata", "reference"])
def test_a_threshold_as_json_comes_in_any_way(wps, way):
    """
    As text, in a CDATA section, or by reference.
    """
    wps.documents["rule.json"] = THRESHOLD_RULE.encode()
    inputs = {
        "inline": json_rule(THRESHOLD_RULE),
        "cdata": complex_data("rule", f"<![CDATA[{THRESHOLD_RULE}]]>", "application/json"),
        "reference": reference("rule", f"{wps.base}/documents/rule.json", "application/json"),
    }[way]

    identifier = subscribe(wps, inputs)

    assert json.loads(wps.engine.subscription(identifier).rule.text)["threshold"] == 30.6


@pytest.mark.shared
@pytest.mark.parametrize("way", ["inline", "cdata", "reference", "posted reference"])
def test_an_eml_rule_comes_in_any_way(wps, shared, way):
    """
    As an element, in a CDATA section, by reference, and by reference with a body.
    """
    rule = (shared / "eml/imis/OvershootUndershootRule.xml").read_bytes()
    root = etree.fromstring(rule)
    text = etree.tostring(root, encoding="unicode")
    wps.documents["rule.xml"] = rule
    address = f"{wps.base}/documents/rule.xml"
    inputs = {
        "inline": complex_data("rule", text),
        "cdata": complex_data("rule", f"<![CDATA[{text}]]>"),
        "reference": reference("rule", address),
        "posted reference": reference("rule", address, inside="<wps:Body><a/></wps:Body>"),
    }[way]

    identifier = subscribe(wps, inputs)

    stored = etree.fromstring(wps.engine.subscription(identifier).rule.text.encode())
    assert etree.QName(stored).localname == "EML"
    assert len(list(stored.iter("{*}SimplePattern"))) == len(list(root.iter("{*}SimplePattern")))


def test_a_template_keeps_its_parameters_when_an_endpoint_comes_with_it(wps):
    """
    The endpoint says where to ask, the template what.
    """
    template = "http://elsewhere.example/sos?service=SOS&version=2.0.0&request=GetObservation&procedure=ws2500"

    identifier = subscribe(wps, THRESHOLD + literals(getObservationTemplate=template, sosEndpoint=f"{wps.base}/sos"))

    source = wps.engine.subscription(identifier).source
    assert source.endpoint == f"{wps.base}/sos"
    assert "procedure=ws2500" in source.template


@pytest.mark.parametrize("identifier", ["getObservationTemplate", "getObservationDocument"])
def test_a_template_as_a_document_is_posted_to_the_endpoint(wps, identifier):
    """
    In the input for documents, and in the one for URLs as well.
    """
    document = (
        '<sos:GetObservation xmlns:sos="http://www.opengis.net/sos/2.0" service="SOS" version="2.0.0">'
        "<sos:procedure>ws2500</sos:procedure></sos:GetObservation>"
    )

    made = subscribe(wps, THRESHOLD + complex_data(identifier, document) + literals(sosEndpoint=f"{wps.base}/sos"))

    source = wps.engine.subscription(made).source
    assert source.binding == "pox"
    assert source.endpoint == f"{wps.base}/sos"
    assert "ws2500" in source.template


def test_the_sos_of_the_service_is_asked_when_none_is_named(wps):
    """
    A rule alone is enough where the sensors are in the SOS beside the WPS.
    """
    identifier = subscribe(wps, THRESHOLD)

    assert wps.engine.subscription(identifier).source.endpoint == f"{wps.base}/sos"


@pytest.mark.shared
def test_the_answer_tells_the_feed_and_the_subscription(wps, validate):
    """
    Identifier, feed, the subscription as a document, and a sentence for people.
    """
    reply = wps.post(execute("weps:Subscribe", THRESHOLD))

    identifier = reply.output("subscriptionId")
    subscription = wps.engine.subscription(identifier)
    feed = f"{wps.base}/feeds/{subscription.token}.rss"
    assert validate(reply.body) == []
    assert reply.output("feed") == feed
    assert feed in reply.output("info")
    assert reply.texts("//weps:Subscription/weps:Id") == [identifier]
    assert reply.texts("//weps:Subscription/weps:Feed") == [feed]
    assert reply.texts("//weps:Subscription/weps:Status") == ["active"]


def test_the_subscription_comes_as_json_when_json_is_asked_for(wps):
    """
    XML and JSON say the same.
    """
    request = execute("weps:Subscribe", THRESHOLD, outputs="subscription").replace(
        "<wps:Output>", '<wps:Output mimeType="application/json">'
    )

    reply = wps.post(request)

    [data] = reply.root.iterfind(".//wps:ComplexData", NAMESPACES)
    found = json.loads(data.text)
    assert data.get("mimeType") == "application/json"
    assert found["status"] == "active"
    assert found["samplingRate"] == "PT10M"
    assert json.loads(found["rule"]["text"])["threshold"] == 500.0


def test_literals_that_a_document_makes_needless_are_named(wps):
    """
    condition and n beside a rule are not used, and the answer says so.
    """
    reply = wps.post(execute("weps:Subscribe", json_rule(THRESHOLD_RULE) + literals(condition="greaterThan", n="5")))

    assert "condition, n" in reply.output("info")


@pytest.mark.shared
def test_a_subscription_is_described_and_ended(wps, validate):
    """
    It stays describable after its end, and ending it twice is no error.
    """
    identifier = subscribe(wps)
    by_id = literal("subscriptionId", f"\n  {identifier} ")

    described = wps.post(execute("weps:GetSubscription", by_id))
    ended = wps.post(execute("weps:Unsubscribe", by_id))
    again = wps.post(execute("weps:Unsubscribe", by_id))
    after = wps.post(execute("weps:GetSubscription", by_id))

    assert described.output("status") == "active"
    assert ended.texts("//weps:Status") == again.texts("//weps:Status") == ["cancelled"]
    assert after.output("status") == "cancelled"
    assert wps.engine.subscription(identifier).status is SubscriptionStatus.CANCELLED
    assert [validate(reply.body) for reply in (described, ended, again, after)] == [[], [], [], []]


@pytest.mark.parametrize("process", ["weps:GetSubscription", "weps:Unsubscribe"])
def test_a_subscription_that_does_not_exist_is_refused(wps, process):
    """
    The locator names the input.
    """
    reply = wps.post(execute(process, literals(subscriptionId="nothing")))

    assert reply.status == 400
    assert reply.fault == ("InvalidParameterValue", "subscriptionId")


@pytest.mark.shared
def test_subscriptions_are_listed_page_by_page(wps, validate):
    """
    Two pages together hold all, none twice, with the number of all.
    """
    made = [subscribe(wps) for _ in range(3)]
    total = wps.count

    first = wps.post(execute("weps:ListSubscriptions", literals(limit=str(total - 2))))
    second = wps.post(execute("weps:ListSubscriptions", literals(offset=str(total - 2), limit="50")))

    path = "//weps:Subscription/weps:Id"
    listed = first.texts(path) + second.texts(path)
    assert validate(first.body) == []
    assert first.output("total") == str(total)
    assert listed[-3:] == made
    assert len(set(listed)) == len(listed) == total


def test_only_the_subscriptions_of_a_status_are_listed(wps):
    """
    As JSON, in raw form.
    """
    ended = subscribe(wps)
    wps.engine.cancel(ended)
    request = execute(
        "weps:ListSubscriptions", literals(status="cancelled", limit="1000"), raw="subscriptions"
    ).replace("<wps:RawDataOutput>", '<wps:RawDataOutput mimeType="application/json">')

    reply = wps.post(request)

    listed = json.loads(reply.body)
    assert reply.media_type == "application/json"
    assert ended in [one["id"] for one in listed["subscriptions"]]
    assert {one["status"] for one in listed["subscriptions"]} == {"cancelled"}
    assert listed["total"] == len(listed["subscriptions"])
