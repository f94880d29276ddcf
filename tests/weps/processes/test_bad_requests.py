"""Requests that cannot be carried out: the right exception in the right form, and nothing stored."""

from __future__ import annotations

import logging
import time

import pytest
import requests

from tests.weps.processes.conftest import BODY_LIMIT, Wps
from tests.weps.processes.requests10 import HEAD, complex_data, execute, json_rule, literal, literals, reference

THRESHOLD = literals(condition="greaterThan", threshold="500")
EXPANSION = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(9))
RULE = """{
 "type": "threshold",
 "condition": "greaterThan",
 "threshold": "much",
 "unit": "1"
}"""


def subscribe(inputs: str, **form: str) -> str:
    return execute("weps:Subscribe", inputs, **form)


def detect(**changes: str) -> str:
    inputs = {
        "getObservationTemplate": "http://HOST/sos?service=SOS&version=2.0.0&request=GetObservation&procedure=ws2500",
        "condition": "greaterThan",
        "threshold": "500",
        "intervalRate": "5",
        "duration": "600",
        "dataStoreForNotificationEndpoint": "http://HOST/store",
    } | changes
    return execute("gs:UMEventDetection", literals(**inputs))


INVALID, MISSING = "InvalidParameterValue", "MissingParameterValue"
BAD_POSTS = {
    "nothing": ("", INVALID, None),
    "no XML": ("hello", INVALID, None),
    "half a document": (subscribe(THRESHOLD)[:300], INVALID, None),
    "tags that do not match": ("<wps:getcapabilities xmlns:wps='http://www.opengis.net/wps/1.0.0'></a>", INVALID, None),
    "DOCTYPE": ("<!DOCTYPE a>" + subscribe(THRESHOLD), INVALID, None),
    "external entity": (
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
        + subscribe(literals(title="")).replace("><", ">&e;<"),
        INVALID,
        None,
    ),
    "entity expansion": (f"<!DOCTYPE a [{EXPANSION}]>" + subscribe(THRESHOLD), INVALID, None),
    "another document": ("<a/>", INVALID, "request"),
    "another operation": (HEAD.format(name="GetStatus", inside=""), "OperationNotSupported", "GetStatus"),
    "another service": (subscribe(THRESHOLD).replace('service="WPS"', 'service="SOS"'), INVALID, "service"),
    "no service": (subscribe(THRESHOLD).replace('service="WPS"', ""), MISSING, "service"),
    "another version": (subscribe(THRESHOLD).replace('version="1.0.0"', 'version="9.9"'), INVALID, "version"),
    "another language": (
        subscribe(THRESHOLD).replace("<wps:Execute", '<wps:Execute language="xx"'),
        INVALID,
        "language",
    ),
    "version of capabilities": (
        HEAD.format(
            name="GetCapabilities",
            inside="<wps:AcceptVersions><ows:Version>3.0.0</ows:Version></wps:AcceptVersions>",
        ),
        "VersionNegotiationFailed",
        None,
    ),
    "no process": (
        subscribe(THRESHOLD).replace("<ows:Identifier>weps:Subscribe</ows:Identifier>", ""),
        MISSING,
        "Identifier",
    ),
    "unknown process": (execute("JTS:Invalid"), INVALID, "Identifier"),
    "process to describe": (
        HEAD.format(name="DescribeProcess", inside="<ows:Identifier>JTS:Invalid</ows:Identifier>"),
        INVALID,
        "Identifier",
    ),
    "nothing to describe": (HEAD.format(name="DescribeProcess", inside=""), MISSING, "Identifier"),
    "no inputs": (subscribe(""), MISSING, "rule"),
    "unknown input": (subscribe(THRESHOLD + literals(treshold="5")), INVALID, "treshold"),
    "unknown output": (subscribe(THRESHOLD, outputs="feeds"), INVALID, "feeds"),
    "unknown raw output": (subscribe(THRESHOLD, raw="feeds"), INVALID, "feeds"),
    "format of an output": (
        subscribe(THRESHOLD, outputs="subscription").replace("<wps:Output>", '<wps:Output mimeType="text/csv">'),
        INVALID,
        "subscription",
    ),
    "status without store": (subscribe(THRESHOLD, outputs="info", form='status="true"'), INVALID, "status"),
    "neither true nor false": (subscribe(THRESHOLD, outputs="info", form='lineage="maybe"'), INVALID, "lineage"),
    "input without data": (
        subscribe("<wps:Input><ows:Identifier>rule</ows:Identifier></wps:Input>"),
        INVALID,
        "rule",
    ),
    "empty literal": (subscribe(literals(condition="", threshold="5")), MISSING, "condition"),
    "twice": (subscribe(THRESHOLD + literals(threshold="6")), INVALID, "threshold"),
    "too many sinks": (subscribe(THRESHOLD + literal("sink", "http://a.example/") * 21), INVALID, "sink"),
    "unknown condition": (subscribe(literals(condition="above", threshold="5")), INVALID, "condition"),
    "threshold is no number": (subscribe(literals(condition="lessThan", threshold="NaN")), INVALID, "threshold"),
    "threshold is missing": (subscribe(literals(condition="lessThan")), MISSING, "threshold"),
    "bound is missing": (subscribe(literals(condition="between", lower="1")), MISSING, "upper"),
    "bound too many": (subscribe(THRESHOLD + literals(upper="1")), INVALID, "upper"),
    "none in a row": (subscribe(THRESHOLD + literals(n="0")), INVALID, "condition"),
    "n and consecutive": (subscribe(THRESHOLD + literals(n="1", consecutive="1")), INVALID, "n"),
    "rule twice": (subscribe(json_rule("{}") + THRESHOLD), INVALID, "threshold"),
    "negative duration": (subscribe(THRESHOLD + literals(runtime="-PT6H")), INVALID, "runtime"),
    "no duration at all": (subscribe(THRESHOLD + literals(runtime="-1")), INVALID, "runtime"),
    "zero rate": (subscribe(THRESHOLD + literals(samplingRate="0")), INVALID, "samplingRate"),
    "unknown unit": (subscribe(THRESHOLD + literal("samplingRate", "5", "year")), INVALID, "samplingRate"),
    "unknown severity": (subscribe(THRESHOLD + literals(severity="bad")), INVALID, "severity"),
    "no instant": (subscribe(THRESHOLD + literals(startTime="tomorrow")), INVALID, "startTime"),
    "sink is no URL": (subscribe(THRESHOLD + literals(sink="mailto:a@b.example")), INVALID, "sink"),
    "SOS with a password": (
        subscribe(THRESHOLD + literals(sosEndpoint="http://user:word@a.example/sos")),
        INVALID,
        "sosEndpoint",
    ),
    "rate that is too short": (subscribe(THRESHOLD + literal("samplingRate", "1", "ms")), INVALID, "samplingRate"),
    "bounding box": (
        subscribe(
            "<wps:Input><ows:Identifier>title</ows:Identifier><wps:Data><wps:BoundingBoxData>"
            "<ows:LowerCorner>1 2</ows:LowerCorner><ows:UpperCorner>3 4</ows:UpperCorner>"
            "</wps:BoundingBoxData></wps:Data></wps:Input>"
        ),
        INVALID,
        "title",
    ),
    "template of another request": (
        subscribe(THRESHOLD + literals(getObservationTemplate="http://a.example/sos?request=GetFeature")),
        INVALID,
        "getObservationTemplate",
    ),
    "template is a file": (
        subscribe(THRESHOLD + literals(getObservationTemplate="file:///etc/passwd")),
        INVALID,
        "getObservationTemplate",
    ),
    "template twice": (
        subscribe(
            THRESHOLD + literals(getObservationTemplate="http://a/") + complex_data("getObservationDocument", "<a/>")
        ),
        INVALID,
        "getObservationDocument",
    ),
    "format of the rule": (subscribe(complex_data("rule", "a,b", "text/csv")), INVALID, "rule"),
    "several roots": (subscribe(complex_data("rule", "<a/><b/>")), INVALID, "rule"),
    "broken base64": (subscribe(complex_data("rule", "/w==", attributes='encoding="base64"')), INVALID, "rule"),
    "base64 that is none": (subscribe(complex_data("rule", "é", attributes='encoding="base64"')), INVALID, "rule"),
    "rule of no language": (subscribe(complex_data("rule", "<a/>")), INVALID, "rule"),
    "rule with faults": (subscribe(json_rule(RULE)), INVALID, "rule"),
    "reference to a private address": (subscribe(reference("rule", "http://10.0.0.1/rule.xml")), INVALID, "rule"),
    "reference to metadata": (subscribe(reference("rule", "http://169.254.169.254/latest")), INVALID, "rule"),
    "reference to a file": (subscribe(reference("rule", "file:///etc/passwd")), INVALID, "rule"),
    "reference without address": (subscribe(reference("rule", "")), MISSING, "rule"),
    "reference that is not there": (subscribe(reference("rule", "http://HOST/documents/none")), INVALID, "rule"),
    "reference that leads inside": (subscribe(reference("rule", "http://HOST/elsewhere")), INVALID, "rule"),
    "reference with another body": (
        subscribe(reference("rule", "http://HOST/a", inside='<wps:BodyReference xlink:href="http://HOST/b"/>')),
        INVALID,
        "rule",
    ),
    "subscription without id": (execute("weps:GetSubscription"), MISSING, "subscriptionId"),
    "negative page": (execute("weps:ListSubscriptions", literals(offset="-1")), INVALID, "offset"),
    "huge page": (execute("weps:ListSubscriptions", literals(limit="1000000")), INVALID, "limit"),
    "far page": (execute("weps:ListSubscriptions", literals(offset="999999999999")), INVALID, "offset"),
    "pilot: negative rate": (detect(intervalRate="-5"), INVALID, "intervalRate"),
    "pilot: endless duration": (detect(duration="-1"), INVALID, "duration"),
    "pilot: private SOS": (
        detect(getObservationTemplate="http://10.0.0.1/sos?service=SOS&version=2.0.0&request=GetObservation"),
        INVALID,
        "getObservationTemplate",
    ),
    "pilot: rate that is too short": (detect(intervalRate="0.001"), INVALID, "intervalRate"),
    "pilot: no template": (
        execute(
            "org.n52.wps.extension.EventingProcess",
            complex_data("notification-rule", "<a/>") + literals(**{"notification-endpoint": "http://HOST/store"}),
        ),
        MISSING,
        "kvp-getobservation-template",
    ),
}


def sent(wps: Wps, text: str) -> str:
    return text.replace("http://HOST", wps.base)


@pytest.mark.shared
@pytest.mark.parametrize("name", BAD_POSTS)
def test_a_bad_document_is_refused_and_stores_nothing(wps, validate, name):
    """
    A valid exception report with code, locator and a text; no subscription is left behind.
    """
    body, code, locator = BAD_POSTS[name]
    before = wps.count

    reply = wps.post(sent(wps, body))

    assert 400 <= reply.status < 600
    assert reply.media_type == "text/xml"
    assert reply.fault == (code, locator)
    assert len(reply.texts("//ows:ExceptionText")[0]) > 10
    assert validate(reply.body) == []
    assert wps.count == before


EXECUTE = "service=WPS&version=1.0.0&request=Execute&identifier=weps:Subscribe"
BAD_GETS = {
    "nothing": ("", MISSING, "service"),
    "no service": ("request=GetCapabilities", MISSING, "service"),
    "another service": ("service=WMS&request=GetCapabilities", INVALID, "service"),
    "no request": ("service=WPS", MISSING, "request"),
    "another request": ("service=WPS&request=GetMap", "OperationNotSupported", "GetMap"),
    "another version": ("service=WPS&request=DescribeProcess&version=9.9&identifier=all", INVALID, "version"),
    "another language": ("service=WPS&request=GetCapabilities&language=xx", INVALID, "language"),
    "unknown process": ("service=WPS&version=1.0.0&request=DescribeProcess&identifier=nothing", INVALID, "Identifier"),
    "no process": ("service=WPS&version=1.0.0&request=Execute", MISSING, "identifier"),
    "no inputs": (EXECUTE, MISSING, "rule"),
    "unknown input": (f"{EXECUTE}&DataInputs=treshold=5", INVALID, "treshold"),
    "unknown output": (f"{EXECUTE}&DataInputs=condition=equal;threshold=5&ResponseDocument=feeds", INVALID, "feeds"),
    "both forms": (
        f"{EXECUTE}&DataInputs=condition=equal;threshold=5&ResponseDocument=feed&RawDataOutput=feed",
        INVALID,
        "RawDataOutput",
    ),
    "reference to a file": (f"{EXECUTE}&DataInputs=rule=@xlink:href=file:///etc/passwd", INVALID, "rule"),
    "control characters": (
        f"{EXECUTE}&DataInputs=condition=equal;threshold=5;title=a%00b",
        INVALID,
        None,
    ),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", BAD_GETS)
def test_a_bad_query_is_refused_and_stores_nothing(wps, validate, name):
    """
    As a bad document is.
    """
    query, code, locator = BAD_GETS[name]
    before = wps.count

    reply = wps.get(query)

    assert 400 <= reply.status < 600
    assert reply.fault == (code, locator)
    assert validate(reply.body) == []
    assert wps.count == before


def test_an_input_given_very_often_is_refused_soon(wps):
    """
    Reading it takes time in proportion to its size.
    """
    inputs = literal("sink", "") * 1500

    started = time.monotonic()
    reply = wps.post(subscribe(THRESHOLD + inputs))

    assert reply.fault == (INVALID, "sink")
    assert "1500 times" in reply.texts("//ows:ExceptionText")[0]
    assert time.monotonic() - started < 5


def test_what_a_reference_leads_to_is_told_without_what_xml_cannot_hold(wps):
    """
    A rule with control characters is refused, and the refusal is a document.
    """
    wps.documents["control.json"] = b'{"type": "thresh\x00old"}'

    reply = wps.post(subscribe(reference("rule", f"{wps.base}/documents/control.json", "application/json")))

    assert reply.fault == (INVALID, "rule")


def test_every_fault_of_a_rule_is_told_with_its_line(wps):
    """
    The threshold stands in line 4 and the unknown member in line 5.
    """
    reply = wps.post(subscribe(json_rule(RULE)))

    [text] = reply.texts("//ows:ExceptionText")
    assert "line 4" in text
    assert "line 5" in text


@pytest.mark.shared
def test_the_faults_of_an_eml_rule_are_told_with_their_lines(wps, shared):
    """
    Also in the pilot's process, where the input has another name.
    """
    rule = (shared / "eml/imis/OvershootUndershootRule.xml").read_text()
    rule = (
        rule[rule.index("<EML") :]
        .replace("<LengthView>", "<UnheardOfView>")
        .replace("</LengthView>", "</UnheardOfView>")
    )
    line = rule[: rule.index("<UnheardOfView>")].count("\n") + 1
    inputs = complex_data("notification-rule", f"<![CDATA[{rule}]]>") + literals(
        **{
            "notification-endpoint": f"{wps.base}/store",
            "kvp-getobservation-template": f"{wps.base}/sos?service=SOS&version=2.0.0&request=GetObservation",
        }
    )

    reply = wps.post(execute("org.n52.wps.extension.EventingProcess", inputs))

    [text] = reply.texts("//ows:ExceptionText")
    assert reply.fault == (INVALID, "notification-rule")
    assert f"line {line}" in text
    assert "UnheardOfView" in text


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(wps, chunked):
    """
    Whether it states its length or not; it is not read to its end.
    """
    body = b"<a>" + b" " * BODY_LIMIT + b"</a>"

    reply = wps.post(iter([body[:1000], body[1000:]]) if chunked else body)

    assert reply.status == 413
    assert reply.fault == ("FileSizeExceeded", None)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(wps, method):
    """
    A WPS takes GET and POST.
    """
    response = requests.request(method, wps.url, timeout=10)

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert b"NoApplicableCode" in response.content


def test_the_log_keeps_what_clients_send_to_itself(wps, caplog):
    """
    No text of a request is written to the log, at no level.
    """
    secret = "s3cret-of-a-client"

    with caplog.at_level(logging.DEBUG):
        wps.post(subscribe(json_rule(f'{{"type": "{secret}"}}')))
        wps.post(subscribe(THRESHOLD + literals(**{secret: "5"})))

    assert secret not in caplog.text
