"""Renew, Update, Pause, Resume and the helpers for rules, called as a client of WPS 1.0.0 calls them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.weps.processes.conftest import THRESHOLD_RULE, Wps
from tests.weps.processes.requests10 import complex_data, execute, json_rule, literal, literals
from weps.model import Severity, SubscriptionStatus, Target
from weps.rules.languages import LANGUAGES

SUBSCRIBE = literals(condition="greaterThan", threshold="500", procedure="PedestrianCounting1", runtime="P1D")
MANAGING = ("weps:Renew", "weps:Update", "weps:Pause", "weps:Resume")
NEEDED = {"weps:Renew": literals(runtime="PT1H"), "weps:Update": literals(title="new")}


@pytest.fixture
def subscription(wps: Wps) -> str:
    return wps.post(execute("weps:Subscribe", SUBSCRIBE)).output("subscriptionId")


def call(wps: Wps, process: str, identifier: str, inputs: str = "", **form: str):
    return wps.post(execute(process, literal("subscriptionId", identifier) + inputs, **form))


@pytest.mark.parametrize(
    ("inputs", "lifetime"),
    [
        (literals(runtime="PT6H"), timedelta(hours=6)),
        (literal("runtime", "90", "min"), timedelta(minutes=90)),
        (literals(runtime="unlimited"), None),
    ],
    ids=["ISO 8601", "with a unit", "without end"],
)
def test_a_subscription_is_renewed_from_now_on(wps, subscription, inputs, lifetime):
    """
    The new runtime counts from the request, whatever is left of the old one.
    """
    reply = call(wps, "weps:Renew", subscription, inputs)

    expires = wps.engine.subscription(subscription).expires
    assert reply.status == 200
    assert (expires is None) == (lifetime is None)
    assert lifetime is None or abs(expires - datetime.now(UTC) - lifetime) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("inputs", "fault"),
    [
        ("", ("MissingParameterValue", "runtime")),
        (literals(runtime="PT1H", endTime="2100-01-01"), ("InvalidParameterValue", "endTime")),
        (literals(endTime="2001-01-01"), ("InvalidParameterValue", "endTime")),
        (literals(runtime="-PT1H"), ("InvalidParameterValue", "runtime")),
    ],
    ids=["nothing", "both", "in the past", "negative"],
)
def test_a_lifetime_that_cannot_be_is_refused(wps, subscription, inputs, fault):
    """
    With the input that is wrong; the subscription keeps its end.
    """
    before = wps.engine.subscription(subscription).expires

    reply = call(wps, "weps:Renew", subscription, inputs)

    assert (reply.status, reply.fault) == (400, fault)
    assert wps.engine.subscription(subscription).expires == before


@pytest.mark.parametrize(
    ("inputs", "state", "version"),
    [
        (literals(title="Crowd"), "unchanged", "1"),
        (literals(condition="greaterThan", threshold="500.0", procedure="PedestrianCounting1"), "kept", "1"),
        (literals(condition="greaterThan", threshold="600"), "restarted", "2"),
        (json_rule(THRESHOLD_RULE), "restarted", "2"),
    ],
    ids=["title", "same rule", "other threshold", "other rule as a document"],
)
def test_an_update_says_what_became_of_the_rule(wps, subscription, inputs, state, version):
    """
    Whether it kept its state, began anew or was not touched, and which version it is.
    """
    reply = call(wps, "weps:Update", subscription, inputs)

    assert (reply.output("ruleState"), reply.output("ruleVersion")) == (state, version)


def test_everything_that_can_be_updated_is(wps, subscription):
    """
    Sampling rate, title, severity and targets are exchanged; what is not given stays.
    """
    before = wps.engine.subscription(subscription)
    changes = literals(samplingRate="PT30S", title="Crowd", severity="Minor", sink=f"{wps.base}/store")

    call(wps, "weps:Update", subscription, changes)
    after = wps.engine.subscription(subscription)
    call(wps, "weps:Update", subscription, literals(removeSinks="true"))

    assert (after.sampling_rate, after.title, after.severity) == (timedelta(seconds=30), "Crowd", Severity.MINOR)
    assert after.targets == (Target("insert-rss", f"{wps.base}/store"),)
    assert (after.rule, after.source, after.token) == (before.rule, before.source, before.token)
    assert wps.engine.subscription(subscription).targets == ()


@pytest.mark.parametrize(
    ("inputs", "fault"),
    [
        ("", ("MissingParameterValue", "rule")),
        (literals(condition="greaterThan"), ("MissingParameterValue", "threshold")),
        (literals(procedure="other"), ("MissingParameterValue", "rule")),
        (json_rule('{"type": "threshold"}'), ("InvalidParameterValue", "rule")),
        (literals(samplingRate="PT0.01S"), ("InvalidParameterValue", "samplingRate")),
        (literals(sink="http://169.254.169.254/store"), ("InvalidParameterValue", "sink")),
        (literals(sink="http://a.example/", removeSinks="true"), ("InvalidParameterValue", "removeSinks")),
    ],
    ids=["nothing", "no threshold", "selector alone", "rule", "rate", "private sink", "sink and none"],
)
def test_a_wrong_update_is_refused_and_changes_nothing(wps, subscription, inputs, fault):
    """
    With the input that is wrong.
    """
    before = wps.engine.subscription(subscription).revision

    reply = call(wps, "weps:Update", subscription, inputs)

    assert (reply.status, reply.fault) == (400, fault)
    assert wps.engine.subscription(subscription).revision == before


def test_a_subscription_is_paused_listed_as_such_and_resumed(wps, subscription):
    """
    A paused subscription has no next poll; lists can be narrowed to paused ones.
    """
    call(wps, "weps:Pause", subscription)
    paused = wps.engine.subscription(subscription)
    listed = wps.post(execute("weps:ListSubscriptions", literals(status="paused", limit="1000")))
    call(wps, "weps:Resume", subscription)

    assert (paused.status, paused.next_poll) == (SubscriptionStatus.PAUSED, None)
    assert subscription in listed.texts("//weps:Subscription/weps:Id")
    assert wps.engine.subscription(subscription).status is SubscriptionStatus.ACTIVE


@pytest.mark.parametrize("process", MANAGING)
def test_what_is_over_or_unknown_is_refused(wps, subscription, process):
    """
    A cancelled subscription cannot be changed, and is told as a fault of its identifier; an unknown one as well.
    """
    wps.engine.cancel(subscription)

    replies = [call(wps, process, one, NEEDED.get(process, "")) for one in (subscription, "nobody")]

    assert [reply.status for reply in replies] == [400, 400]
    assert [reply.fault for reply in replies] == [("InvalidParameterValue", "subscriptionId")] * 2
    assert "subscribe anew" in replies[0].body.decode()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("process", "inputs"),
    [
        ("weps:Renew", literals(runtime="PT1H")),
        ("weps:Update", literals(title="<Crowd & more>")),
        ("weps:Pause", ""),
        ("weps:Resume", ""),
    ],
    ids=MANAGING,
)
def test_answers_of_managing_processes_are_valid(wps, validate, subscription, process, inputs):
    """
    Against the schemas of OGC.
    """
    assert validate(call(wps, process, subscription, inputs).body) == []


@pytest.mark.shared
def test_answers_about_rules_are_valid(wps, validate):
    """
    Against the schemas of OGC, with faults, detections and languages inside.
    """
    past = literals(startTime="2016-01-11", endTime="2016-01-12", threshold="500", condition="greaterThan")
    selection = literals(procedure="PedestrianCounting1", observedProperty="PeopleCount")

    replies = [
        wps.post(execute("weps:ListRuleLanguages")),
        wps.post(execute("weps:ValidateRule", json_rule('{"type": "<"}'))),
        wps.post(execute("weps:DryRun", past + selection)),
        wps.get("service=WPS&version=1.0.0&request=DescribeProcess&identifier=all"),
    ]

    assert [validate(reply.body) for reply in replies] == [[]] * len(replies)
    assert (replies[2].output("count"), replies[2].output("observations")) == ("1", "2")


def test_the_rule_languages_are_listed_with_what_is_supported(wps):
    """
    Every language that is compiled is listed, with its media type, its schema and what can be written in it.
    """
    reply = wps.post(execute("weps:ListRuleLanguages", outputs="languages"))

    assert reply.texts("//weps:RuleLanguage/@id") == list(LANGUAGES)
    assert reply.texts("//weps:RuleLanguage/@mimeType") == [one.mime_type for one in LANGUAGES.values()]
    with_schema = [one for one in LANGUAGES.values() if one.schema_url or one.json_schema]
    assert len(reply.texts("//weps:RuleLanguage/@schema")) == len(with_schema)
    assert reply.texts("//weps:Supported") == [line for one in LANGUAGES.values() for line in one.supported]


def test_the_rule_languages_are_advertised_as_formats_and_metadata(wps):
    """
    DescribeProcess names the schemas of rules in XML as formats of the input, and all languages as metadata.
    """
    reply = wps.get("service=WPS&version=1.0.0&request=DescribeProcess&identifier=weps:Subscribe")

    schemas = reply.texts("//Input[ows:Identifier='rule']/ComplexData/Supported/Format/Schema")
    assert schemas == [one.schema_url for one in LANGUAGES.values() if one.mime_type == "text/xml" and one.schema_url]
    assert reply.texts("//ProcessDescription/ows:Metadata/@xlink:title") == [one.title for one in LANGUAGES.values()]


@pytest.mark.parametrize(
    ("rule", "valid", "lines"),
    [
        (json_rule(THRESHOLD_RULE), "true", []),
        (json_rule('{\n"type": "threshold",\n"condition": "more",\n"threshold": "x"}'), "false", ["3"]),
        (complex_data("rule", "<EML xmlns='http://www.opengis.net/eml/0.0.1'/>"), "false", ["1"]),
    ],
    ids=["right", "wrong condition", "empty EML"],
)
def test_the_faults_of_a_rule_are_data(wps, rule, valid, lines):
    """
    A wrong rule is no exception: its faults come with their lines.
    """
    reply = wps.post(execute("weps:ValidateRule", rule))

    assert (reply.status, reply.output("valid")) == (200, valid)
    assert sorted(set(reply.texts("//weps:Fault/@line"))) == lines
    assert all(reply.texts("//weps:Fault"))
