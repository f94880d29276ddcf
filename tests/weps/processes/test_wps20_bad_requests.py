"""Requests of WPS 2.0 that cannot be carried out: the right exception of OWS 2.0, and nothing stored."""

from __future__ import annotations

import logging

import pytest

from tests.weps.processes.conftest import BODY_LIMIT
from tests.weps.processes.requests20 import (
    ECHO,
    THRESHOLD,
    Client20,
    data,
    execute,
    literal,
    literals,
    of_job,
    output,
    reference,
    request,
)

INVALID, MISSING, WRONG = "InvalidParameterValue", "MissingParameterValue", "WrongInputData"
EXPANSION = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(9))
RULE = '{\n "type": "threshold",\n "condition": "greaterThan",\n "threshold": "much"\n}'
BOX = "<ows:BoundingBox><ows:LowerCorner>{}</ows:LowerCorner><ows:UpperCorner>{}</ows:UpperCorner></ows:BoundingBox>"


def subscribe(inputs: str, outputs: str = output("info"), **form: str) -> str:
    return execute("weps:Subscribe", inputs, outputs, **form)


GOOD = subscribe(literals(**THRESHOLD))
BAD_POSTS = {
    "half a document": (GOOD[:300], INVALID, None),
    "DOCTYPE": ("<!DOCTYPE a>" + GOOD, INVALID, None),
    "external entity": (
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + GOOD.replace(">500<", ">&e;<"),
        INVALID,
        None,
    ),
    "entity expansion": (f"<!DOCTYPE a [{EXPANSION}]>" + GOOD, INVALID, None),
    "another operation": (request("TransactWPS"), "OperationNotSupported", "TransactWPS"),
    "another service": (GOOD.replace('service="WPS"', 'service="SOS"'), INVALID, "service"),
    "no service": (GOOD.replace('service="WPS"', ""), MISSING, "service"),
    "another version": (GOOD.replace('version="2.0.0"', 'version="2.9.0"'), INVALID, "version"),
    "version of before": (GOOD.replace('version="2.0.0"', 'version="1.0.0"'), INVALID, "version"),
    "no version": (GOOD.replace('version="2.0.0"', ""), MISSING, "version"),
    "version of capabilities": (
        request("GetCapabilities", "<ows:AcceptVersions><ows:Version>3.0.0</ows:Version></ows:AcceptVersions>"),
        "VersionNegotiationFailed",
        None,
    ),
    "another language": (
        request("DescribeProcess", f"<ows:Identifier>{ECHO}</ows:Identifier>", ' xml:lang="xx"'),
        INVALID,
        "lang",
    ),
    "nothing to describe": (request("DescribeProcess"), MISSING, "Identifier"),
    "process to describe": (
        request("DescribeProcess", "<ows:Identifier>JTS:Invalid</ows:Identifier>"),
        "NoSuchProcess",
        "JTS:Invalid",
    ),
    "unknown process": (execute("JTS:Invalid", "", output("a")), "NoSuchProcess", "JTS:Invalid"),
    "no process": (GOOD.replace("<ows:Identifier>weps:Subscribe</ows:Identifier>", ""), MISSING, "Identifier"),
    "no mode": (GOOD.replace('mode="sync"', ""), MISSING, "mode"),
    "unknown mode": (GOOD.replace('mode="sync"', 'mode="later"'), "NoSuchMode", "later"),
    "no response": (GOOD.replace('response="document"', ""), MISSING, "response"),
    "unknown response": (GOOD.replace('response="document"', 'response="any"'), INVALID, "response"),
    "unknown transmission": (subscribe(literals(**THRESHOLD), output("info", "post")), INVALID, "transmission"),
    "unknown input": (subscribe(literals(**THRESHOLD, treshold="5")), "NoSuchInput", "treshold"),
    "unknown output": (subscribe(literals(**THRESHOLD), output("feeds")), "NoSuchOutput", "feeds"),
    "output without id": (subscribe(literals(**THRESHOLD), "<wps:Output/>"), MISSING, "id"),
    "output in an output": (
        subscribe(literals(**THRESHOLD), f'<wps:Output id="feed">{output("info")}</wps:Output>'),
        INVALID,
        "feed",
    ),
    "two raw outputs": (
        subscribe(literals(**THRESHOLD), output("feed") + output("info"), response="raw"),
        "TooManyOutputs",
        "feed,info",
    ),
    "raw output that is not named": (
        subscribe(literals(**THRESHOLD), "", response="raw"),
        "TooManyOutputs",
        "subscriptionId,feed,subscription,targets,info",
    ),
    "an output twice": (subscribe(literals(**THRESHOLD), output("feed") * 2), "TooManyOutputs", "feed"),
    "format of an output": (
        subscribe(literals(**THRESHOLD), output("subscription", "value", 'mimeType="text/csv"')),
        "NoSuchFormat",
        "subscription",
    ),
    "format of a literal": (
        subscribe(literals(**THRESHOLD), output("feed", "value", 'mimeType="image/png"')),
        "NoSuchFormat",
        "feed",
    ),
    "format of an input": (subscribe(data("rule", "a,b", 'mimeType="text/csv"')), "NoSuchFormat", "rule"),
    "no inputs": (subscribe(""), MISSING, "rule"),
    "input without id": (subscribe("<wps:Input><wps:Data>5</wps:Data></wps:Input>"), MISSING, "id"),
    "input without data": (subscribe('<wps:Input id="rule"/>'), INVALID, "rule"),
    "input in an input": (subscribe(f'<wps:Input id="rule">{literal("a", "b")}</wps:Input>'), INVALID, "rule"),
    "empty literal": (subscribe(literals(condition="", threshold="5")), MISSING, "condition"),
    "twice": (subscribe(literals(**THRESHOLD) + literal("threshold", "6")), "TooManyInputs", "threshold"),
    "no number": (subscribe(literals(condition="lessThan", threshold="NaN")), WRONG, "threshold"),
    "unknown condition": (subscribe(literals(condition="above", threshold="5")), WRONG, "condition"),
    "negative duration": (subscribe(literals(**THRESHOLD, runtime="-PT6H")), WRONG, "runtime"),
    "unknown unit": (
        subscribe(literals(**THRESHOLD) + literal("samplingRate", "5", 'uom="year"')),
        WRONG,
        "samplingRate",
    ),
    "no instant": (subscribe(literals(**THRESHOLD, startTime="tomorrow")), WRONG, "startTime"),
    "several roots": (subscribe(data("rule", "<a/><b/>")), WRONG, "rule"),
    "broken base64": (subscribe(data("rule", "/w==", 'mimeType="text/xml" encoding="base64"')), WRONG, "rule"),
    "base64 that is none": (subscribe(data("rule", "é", 'mimeType="text/xml" encoding="base64"')), WRONG, "rule"),
    "rule of no language": (subscribe(data("rule", "<a/>", 'mimeType="text/xml"')), WRONG, "rule"),
    "rule with faults": (subscribe(data("rule", RULE, 'mimeType="application/json"')), WRONG, "rule"),
    "element for a literal": (subscribe(data("title", "<a/>") + literals(**THRESHOLD)), WRONG, "title"),
    "box for a literal": (subscribe(data("title", BOX.format("1 2", "3 4")) + literals(**THRESHOLD)), WRONG, "title"),
    "asynchronously": (
        subscribe(literals(condition="lessThan", threshold="NaN"), mode="async"),
        WRONG,
        "threshold",
    ),
    "unknown subscription": (
        execute("weps:GetSubscription", literals(subscriptionId="nobody"), output("status")),
        INVALID,
        "subscriptionId",
    ),
    "reference to a private address": (
        subscribe(reference("rule", "http://10.0.0.1/rule.xml")),
        "DataNotAccessible",
        "rule",
    ),
    "reference to metadata": (
        subscribe(reference("rule", "http://169.254.169.254/latest")),
        "DataNotAccessible",
        "rule",
    ),
    "reference to a file": (subscribe(reference("rule", "file:///etc/passwd")), "DataNotAccessible", "rule"),
    "reference without address": (subscribe(reference("rule", "")), MISSING, "rule"),
    "reference that is not there": (
        subscribe(reference("rule", "http://HOST/documents/none")),
        "DataNotAccessible",
        "rule",
    ),
    "reference that leads inside": (subscribe(reference("rule", "http://HOST/elsewhere")), "DataNotAccessible", "rule"),
    "body that is not there": (
        subscribe(reference("rule", "http://HOST/returned", '<wps:BodyReference xlink:href="file:///etc/passwd"/>')),
        "DataNotAccessible",
        "rule",
    ),
    "job without id": (request("GetStatus"), MISSING, "JobID"),
    "empty job": (of_job("GetResult", "  "), MISSING, "JobID"),
    "echo of half a document": (
        execute(ECHO, data("complexInput", "<![CDATA[<a>]]>"), output("complexOutput")),
        WRONG,
        "complexInput",
    ),
    "echo of a text for a box": (
        execute(ECHO, literals(boundingboxInput="1 2 3 4"), output("boundingboxOutput")),
        WRONG,
        "boundingboxInput",
    ),
    "box with uneven corners": (
        execute(ECHO, data("boundingboxInput", BOX.format("1 2", "3")), output("boundingboxOutput")),
        WRONG,
        "boundingboxInput",
    ),
    "box without numbers": (
        execute(ECHO, data("boundingboxInput", BOX.format("1 two", "3 4")), output("boundingboxOutput")),
        WRONG,
        "boundingboxInput",
    ),
    "box of another reference system": (
        execute(
            ECHO,
            data("boundingboxInput", BOX.format("1 2", "3 4").replace("Box>", 'Box crs="EPSG:1">', 1)),
            output("boundingboxOutput"),
        ),
        WRONG,
        "boundingboxInput",
    ),
}


@pytest.fixture
def client(wps) -> Client20:
    return Client20(f"{wps.base}/tests/wps")


@pytest.fixture
def left_behind(wps):
    """Counts what requests leave in the store."""
    return lambda: (wps.count, wps.engine.store.count_jobs())


@pytest.mark.shared
@pytest.mark.parametrize("name", BAD_POSTS)
def test_a_bad_document_is_refused_and_stores_nothing(wps, client, left_behind, validate, name):
    """
    A valid exception report of OWS 2.0 with code, locator and a text; neither a subscription nor a job is left.
    """
    body, code, locator = BAD_POSTS[name]
    before = left_behind()

    reply = client.post(body.replace("http://HOST", wps.base))

    assert 400 <= reply.status < 600
    assert reply.media_type == "text/xml"
    assert reply.fault == (code, locator)
    assert len(reply.texts("//ows:ExceptionText")[0]) > 10
    assert validate(reply.body) == []
    assert left_behind() == before


DESCRIBE = "service=WPS&version=2.0.0&request=DescribeProcess"
BAD_GETS = {
    "another service": ("service=WMS&version=2.0.0&request=GetCapabilities", INVALID, "service"),
    "no service": ("version=2.0.0&request=GetCapabilities", MISSING, "service"),
    "no request": ("service=WPS&version=2.0.0", MISSING, "request"),
    "another request": ("service=WPS&version=2.0.0&request=GetMap", "OperationNotSupported", "GetMap"),
    "Execute": ("service=WPS&version=2.0.0&request=execute", "OperationNotSupported", "Execute"),
    "another version": ("service=WPS&version=2.1.0&request=DescribeProcess&identifier=all", INVALID, "version"),
    "no version": ("service=WPS&request=GetStatus&JobID=1", MISSING, "version"),
    "version of capabilities": ("service=WPS&version=2.1&request=GetCapabilities", "VersionNegotiationFailed", None),
    "another language": (f"{DESCRIBE}&identifier=all&lang=xx", INVALID, "lang"),
    "nothing to describe": (DESCRIBE, MISSING, "identifier"),
    "process to describe": (f"{DESCRIBE}&identifier={ECHO},nothing", "NoSuchProcess", "nothing"),
    "no job": ("service=WPS&version=2.0.0&request=GetResult", MISSING, "JobID"),
    "unknown job": ("service=WPS&version=2.0.0&request=Dismiss&jobid=nothing", "NoSuchJob", "nothing"),
    "control characters": ("service=WPS&version=2.0.0&request=GetStatus&jobid=a%00b", INVALID, None),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", BAD_GETS)
def test_a_bad_query_is_refused(client, left_behind, validate, name):
    """
    As a bad document is.
    """
    query, code, locator = BAD_GETS[name]
    before = left_behind()

    reply = client.get(query)

    assert 400 <= reply.status < 600
    assert reply.fault == (code, locator)
    assert validate(reply.body) == []
    assert left_behind() == before


def test_a_body_that_is_too_large_is_refused_in_its_version(client):
    """
    It is not read to its end, only far enough to see which version it is in.
    """
    reply = client.post(GOOD.replace("</wps:Execute>", " " * BODY_LIMIT + "</wps:Execute>"))

    assert reply.status == 413
    assert reply.fault == ("SizeExceeded", None)


def test_every_fault_of_a_rule_is_told_with_its_line(client):
    """
    The threshold stands in line 4.
    """
    reply = client.post(subscribe(data("rule", RULE, 'mimeType="application/json"')))

    assert "line 4" in reply.texts("//ows:ExceptionText")[0]


def test_what_a_source_does_wrong_is_told_as_such(wps, client, left_behind):
    """
    The SOS does not answer: nobody's request was wrong.
    """
    inputs = literals(
        getObservationTemplate=f"{wps.base}/nothing?service=SOS&version=2.0.0&request=GetObservation",
        condition="equal",
        threshold="1",
        intervalRate="5",
        duration="5",
        dataStoreForNotificationEndpoint=f"{wps.base}/store",
    )
    before = left_behind()

    reply = client.post(execute("gs:UMEventDetection", inputs, output("wpsResult"), mode="async"))

    assert reply.status == 502
    assert reply.fault == ("NoApplicableCode", None)
    assert left_behind() == before


def test_the_log_keeps_what_clients_send_to_itself(client, caplog):
    """
    No text of a request is written to the log, at no level.
    """
    secret = "s3cret-of-a-client"

    with caplog.at_level(logging.DEBUG):
        client.post(subscribe(data("rule", f'{{"type": "{secret}"}}', 'mimeType="application/json"')))
        client.post(subscribe(literals(**THRESHOLD, **{secret: "5"}), mode="async"))

    assert secret not in caplog.text
