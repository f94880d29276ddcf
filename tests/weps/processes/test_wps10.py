"""WPS 1.0.0 as a protocol: operations, bindings, forms of answers, stored documents."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
import requests
from lxml import etree

from tests.weps.processes.conftest import NAMESPACES, THRESHOLD_RULE
from tests.weps.processes.requests10 import HEAD, execute, json_rule, literal, literals
from weps.processes.registry import PROCESSES

THRESHOLD = literals(condition="greaterThan", threshold="500")
CAPABILITIES = "service=WPS&request=GetCapabilities"
DESCRIBE = "service=WPS&version=1.0.0&request=DescribeProcess"


@pytest.mark.shared
@pytest.mark.parametrize(
    "query",
    [
        CAPABILITIES,
        "SERVICE=wps&REQUEST=GetCapabilities&aCcepTVersioNS=1.0.0",
        f"{CAPABILITIES}&AcceptVersions=1.0.0,2.0.0",
        f"{CAPABILITIES}&AcceptFormats=application/x-bxml",
        f"{CAPABILITIES}&Language=en-US&anything=else",
    ],
)
def test_capabilities_are_given_however_they_are_asked_for(wps, validate, query):
    """
    Names of parameters in any case, unknown parameters and formats left aside (wps10 A.4.2.1, A.4.2.4 to A.4.2.6).
    """
    reply = wps.get(query)

    assert reply.status == 200
    assert validate(reply.body) == []
    assert reply.texts("//wps:Process/ows:Identifier") == list(PROCESSES)
    assert reply.root.get("version") == reply.texts("//ows:ServiceTypeVersion")[-1] == "1.0.0"
    assert reply.root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en-US"
    assert set(reply.texts("//*[not(self::ows:Metadata)]/@xlink:href")[1:]) == {wps.url}


@pytest.mark.parametrize("versions", ["3.0.0", "0.0.1"])
def test_versions_that_are_not_spoken_are_refused(wps, versions):
    """
    With the code that the standard has for it (wps10 A.4.2.4).
    """
    reply = wps.get(f"{CAPABILITIES}&AcceptVersions={versions}")

    assert reply.status == 400
    assert reply.fault == ("VersionNegotiationFailed", None)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["getcapabilities", "describeprocess"])
def test_the_example_requests_as_xml_are_answered(wps, shared, validate, name):
    """
    GetCapabilities with AcceptVersions of the wps namespace, DescribeProcess with two identifiers (A.4.2.2, A.4.3.2).
    """
    reply = wps.post((shared / f"wps-examples/1.0/{name}.xml").read_bytes())

    assert reply.status == 200
    assert validate(reply.body) == []


@pytest.mark.shared
@pytest.mark.parametrize("identifiers", ["", "&identifier=ALL", f"&identifier={','.join(PROCESSES)}"])
def test_all_processes_are_described(wps, validate, identifiers):
    """
    Also when no identifier is given, as the conformance test does (A.4.3.3).
    """
    reply = wps.get(DESCRIBE + identifiers)

    assert reply.status == 200
    assert validate(reply.body) == []
    assert reply.texts("//ProcessDescription/ows:Identifier") == list(PROCESSES)


def test_a_description_says_how_literals_are_meant(wps):
    """
    Data type, units with the default first, allowed values.
    """
    root = wps.get(f"{DESCRIBE}&identifier=weps:Subscribe").root

    def literal_data(name):
        return root.xpath(f"//Input[ows:Identifier='{name}']/LiteralData", namespaces=NAMESPACES)[0]

    units = [unit.text for unit in literal_data("samplingRate").findall("UOMs/Supported/ows:UOM", NAMESPACES)]
    severities = [value.text for value in literal_data("severity").findall("ows:AllowedValues/ows:Value", NAMESPACES)]
    assert literal_data("samplingRate").findtext("UOMs/Default/ows:UOM", namespaces=NAMESPACES) == "s"
    assert units == ["s", "ms", "min", "h", "d"]
    assert severities == ["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
    assert literal_data("startTime").findtext("ows:DataType", namespaces=NAMESPACES) == "dateTime"
    assert literal_data("title").find("ows:AnyValue", NAMESPACES) is not None


def test_execute_by_kvp(wps):
    """
    Values are decoded once, so that the URL of an SOS inside one survives.
    """
    template = f"{wps.base}/sos?service=SOS&version=2.0.0&request=GetObservation&procedure=a%2Bb"
    inputs = (
        f"condition=lessThan;threshold=5@uom=;samplingRate=2@uom=min;getObservationTemplate={quote(template, safe='')}"
    )
    query = f"service=WPS&version=1.0.0&request=Execute&identifier=weps:Subscribe&DataInputs={inputs}"

    reply = wps.get(f"{query}&ResponseDocument=subscriptionId;info&Language=en-US")

    found = wps.newest
    assert reply.texts("//wps:ProcessOutputs/wps:Output/ows:Identifier") == ["subscriptionId", "info"]
    assert reply.output("subscriptionId") == found.id
    assert found.sampling_rate.total_seconds() == 120
    assert "procedure=a%2Bb" in found.source.template


@pytest.mark.parametrize(
    ("output", "media_type"),
    [("subscriptionId", "text/plain"), ("feed", "text/plain"), ("subscription", "text/xml")],
)
def test_raw_output_is_the_output_alone(wps, output, media_type):
    """
    A literal is its text, complex data a document of its own.
    """
    reply = wps.post(execute("weps:Subscribe", THRESHOLD, raw=output))

    found = wps.newest
    text = reply.body.decode()
    assert reply.media_type == media_type
    assert {"subscriptionId": text == found.id, "feed": text.endswith(f"/feeds/{found.token}.rss")}.get(output, True)
    assert output != "subscription" or etree.QName(reply.root).localname == "Subscription"


@pytest.mark.shared
@pytest.mark.parametrize("form", ['storeExecuteResponse="true" status="true"', 'storeExecuteResponse="true"'])
def test_an_asynchronous_execute_is_finished_and_stored(wps, validate, form):
    """
    The answer and the stored document are the same, and we serve it (A.4.4.5).
    """
    reply = wps.post(execute("weps:Subscribe", THRESHOLD, "subscriptionId feed", form))

    location = reply.root.get("statusLocation")
    stored = requests.get(location, timeout=10)
    assert location.startswith(f"{wps.url}/jobs/")
    assert validate(reply.body) == []
    assert reply.texts("//wps:ProcessSucceeded") != []
    assert reply.output("subscriptionId") == wps.newest.id
    assert stored.status_code == 200
    assert stored.content == reply.body


@pytest.mark.shared
def test_an_asynchronous_execute_that_fails_is_stored_as_failed(wps, validate):
    """
    When it is not the request's fault: the SOS does not answer.
    """
    before = wps.count
    inputs = literals(
        getObservationTemplate=f"{wps.base}/nothing?service=SOS&version=2.0.0&request=GetObservation",
        condition="equal",
        threshold="1",
        intervalRate="5",
        duration="5",
        dataStoreForNotificationEndpoint=f"{wps.base}/store",
    )

    reply = wps.post(execute("gs:UMEventDetection", inputs, "wpsResult", 'storeExecuteResponse="true" status="true"'))

    assert reply.status == 200
    assert validate(reply.body) == []
    assert reply.texts("//wps:ProcessFailed/ows:ExceptionReport/ows:Exception/@exceptionCode") == ["NoApplicableCode"]
    assert requests.get(reply.root.get("statusLocation"), timeout=10).content == reply.body
    assert wps.count == before


@pytest.mark.shared
def test_an_output_as_a_reference_is_served(wps, validate):
    """
    The answer has its address instead of the data.
    """
    request = execute("weps:Subscribe", THRESHOLD, "subscription").replace(
        "<wps:Output>", '<wps:Output asReference="true" mimeType="application/json">'
    )

    reply = wps.post(request)

    [reference] = reply.root.iterfind(".//wps:Reference", NAMESPACES)
    stored = requests.get(reference.get("href"), timeout=10)
    assert validate(reply.body) == []
    assert stored.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(stored.content)["id"] == wps.newest.id


@pytest.mark.parametrize(
    "name", ["nothing.xml", "..%2Fweps.db", "00000000-0000-0000-0000-000000000000.xml", "a.db", "%2Fetc%2Fpasswd"]
)
def test_only_stored_documents_are_served(wps, name):
    """
    Nothing else of the file system, whatever the path looks like.
    """
    response = requests.get(f"{wps.url}/jobs/{name}", timeout=10)

    assert response.status_code == 404
    assert b"ExceptionReport" in response.content


@pytest.mark.parametrize("path", ["/", "?service=WPS&request=GetCapabilities", "/?service=WPS&request=GetCapabilities"])
def test_a_slash_at_the_end_of_the_address_does_not_matter(wps, path):
    """
    No redirect either, which would lose the body of a POST in many clients.
    """
    response = requests.get(f"{wps.url}{path}", timeout=10, allow_redirects=False)

    assert response.status_code == (400 if path == "/" else 200)
    assert response.headers["Content-Type"].startswith("text/xml")


def test_there_is_nothing_below_the_address_but_stored_documents(wps):
    """
    An exception report with status 404.
    """
    response = requests.get(f"{wps.url}/something?{CAPABILITIES}", timeout=10)

    assert response.status_code == 404
    assert b"ExceptionReport" in response.content


@pytest.mark.shared
def test_lineage_gives_the_inputs_back(wps, validate):
    """
    A literal with its unit, complex data as text and as an element, a reference.
    """
    inputs = json_rule(THRESHOLD_RULE) + literal("samplingRate", "1", "min") + literal("title", "<&>")

    reply = wps.post(execute("weps:Subscribe", inputs, "subscriptionId", 'lineage="true"'))

    assert validate(reply.body) == []
    assert reply.texts("/*/wps:DataInputs/wps:Input/ows:Identifier") == ["rule", "samplingRate", "title"]
    assert reply.texts("/*/wps:DataInputs//wps:LiteralData/@uom") == ["min"]
    assert reply.texts("/*/wps:DataInputs//wps:LiteralData") == ["1", "<&>"]
    assert reply.texts("/*/wps:DataInputs//wps:ComplexData") == [THRESHOLD_RULE]
    assert reply.texts("/*/wps:OutputDefinitions/wps:Output/ows:Identifier") == ["subscriptionId"]


def test_a_chunked_request_is_read(wps):
    """
    A client need not state the length of what it sends.
    """
    body = execute("weps:Subscribe", THRESHOLD).encode()

    reply = wps.post(iter([body[:100], body[100:]]))

    assert reply.status == 200


def test_the_content_type_of_a_request_does_not_matter(wps):
    """
    curl calls everything a form unless it is told otherwise.
    """
    response = requests.post(
        wps.url,
        data=HEAD.format(name="GetCapabilities", inside="").replace(' version="1.0.0"', ""),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=10,
    )

    assert response.status_code == 200


def test_an_answer_to_head_has_no_body(wps):
    """
    As a GET, without its body.
    """
    response = requests.head(f"{wps.url}?{CAPABILITIES}", timeout=10)

    assert response.status_code == 200
    assert response.content == b""
