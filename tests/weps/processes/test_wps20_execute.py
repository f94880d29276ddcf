"""Execute of WPS 2.0: every way to give inputs, every form of outputs, the descriptions that tell of them."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
import requests

from tests.weps.processes.conftest import THRESHOLD_RULE
from tests.weps.processes.requests20 import (
    ECHO,
    NAMESPACES,
    TEST_ELEMENT,
    THRESHOLD,
    Client20,
    data,
    execute,
    literal,
    literals,
    output,
    reference,
)
from weps.processes.registry import PROCESSES

DESCRIBE = "service=WPS&version=2.0.0&request=DescribeProcess&identifier="
EML = "eml/imis/OvershootUndershootRule.xml"


@pytest.fixture
def client(wps) -> Client20:
    return Client20(f"{wps.base}/tests/wps")


def echoed(client: Client20, given: str, name: str = "literal") -> str:
    """What the echo makes of an input, as a document of its own."""
    return client.post(execute(ECHO, given, output(f"{name}Output"), response="raw")).text


@pytest.mark.parametrize(
    "given",
    [
        data("literalInput", "a &lt; b"),
        data("literalInput", "<![CDATA[a < b]]>"),
        data("literalInput", " a &lt; b\n "),
        data("literalInput", "a &lt; b", 'mimeType="text/plain"'),
        data("literalInput", "a &lt; b", 'mimeType="" encoding="" schema=""'),
        data("literalInput", base64.b64encode(b"a < b").decode(), 'encoding="base64"'),
        literal("literalInput", "a < b"),
        literal("literalInput", "a < b", 'dataType="http://www.w3.org/2001/XMLSchema#double"'),
    ],
    ids=[
        "text",
        "CDATA",
        "white space",
        "media type",
        "empty attributes",
        "base64",
        "LiteralValue",
        "data type of the client",
    ],
)
def test_a_literal_is_taken_in_every_way_it_can_be_given(client, given):
    """
    The value is the same.
    """
    reply = client.post(execute(ECHO, given, output("literalOutput")))

    assert reply.output("literalOutput") == "a < b"


@pytest.mark.parametrize(
    "given",
    [
        data("complexInput", TEST_ELEMENT),
        data("complexInput", TEST_ELEMENT, 'mimeType="application/xml; charset=utf-8"'),
        data("complexInput", f"<![CDATA[{TEST_ELEMENT}]]>", 'mimeType="text/xml"'),
        data("complexInput", f"<![CDATA[{TEST_ELEMENT}]]>"),
        data(
            "complexInput",
            base64.b64encode(TEST_ELEMENT.encode()).decode(),
            'mimeType="text/xml" encoding="base64"',
        ),
    ],
    ids=["element", "media type", "CDATA", "CDATA without media type", "base64"],
)
def test_a_document_is_taken_in_every_way_it_can_be_given(client, given):
    """
    Without names of the request in it.
    """
    assert echoed(client, given, "complex") == TEST_ELEMENT


def test_names_that_stand_inside_of_values_stay(client):
    """
    A prefix that only text uses, declared outside of the document, goes with it.
    """
    given = data("complexInput", '<a b="x:c"/>').replace("<wps:Input ", '<wps:Input xmlns:x="urn:x" ')

    assert 'xmlns:x="urn:x"' in echoed(client, given, "complex")


@pytest.mark.parametrize("name", ["BoundingBox", "WGS84BoundingBox"])
@pytest.mark.shared
def test_a_bounding_box_comes_back(client, validate, name):
    """
    With its reference system, else the default one.
    """
    corners = "<ows:LowerCorner>1 2.50</ows:LowerCorner><ows:UpperCorner>3\n4</ows:UpperCorner>"
    given = data("boundingboxInput", f"<ows:{name}>{corners}</ows:{name}>")

    reply = client.post(execute(ECHO, given, output("boundingboxOutput")))

    assert validate(reply.body) == []
    assert reply.texts("//wps:Data/ows:BoundingBox/@crs") == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    assert reply.texts("//ows:BoundingBox/*") == ["1 2.50", "3 4"]


@pytest.mark.parametrize(
    ("href", "inside", "expected"),
    [
        ("/documents/value.xml", "", TEST_ELEMENT),
        ("/returned", f"<wps:Body>{TEST_ELEMENT}</wps:Body>", TEST_ELEMENT),
        ("/returned", "<wps:Body>&lt;a/&gt;</wps:Body>", "<a/>"),
        ("/returned", '<wps:BodyReference xlink:href="BASE/documents/value.xml"/>', TEST_ELEMENT),
    ],
    ids=["GET", "POST", "POST of text", "POST of what is elsewhere"],
)
def test_a_reference_is_fetched(wps, client, href, inside, expected):
    """
    By GET, or by POST with a body that stands in the request or elsewhere.
    """
    wps.documents["value.xml"] = TEST_ELEMENT.encode()
    given = reference("complexInput", wps.base + href, inside.replace("BASE", wps.base), 'mimeType="text/xml"')

    assert echoed(client, given, "complex") == expected


@pytest.mark.shared
def test_a_subscription_is_made(wps, client, shared, validate):
    """
    With an EML rule by reference, a unit, an input that occurs twice, and the outputs that were asked for.
    """
    wps.documents["rule.xml"] = (shared / EML).read_bytes()
    inputs = (
        reference("rule", f"{wps.base}/documents/rule.xml")
        + literal("samplingRate", "2", 'uom="min"')
        + literal("sink", f"{wps.base}/a")
        + literal("sink", f"{wps.base}/b")
    )

    reply = client.post(execute("weps:Subscribe", inputs, output("subscriptionId") + output("subscription")))

    found = wps.newest
    assert validate(reply.body) == []
    assert reply.texts("/wps:Result/wps:Output/@id") == ["subscriptionId", "subscription"]
    assert reply.output("subscriptionId") == found.id
    assert found.sampling_rate == timedelta(minutes=2)
    assert [target.address for target in found.targets] == [f"{wps.base}/a", f"{wps.base}/b"]
    assert reply.texts("//wps:Data/*[local-name()='Subscription']/*[local-name()='Id']") == [found.id]


@pytest.mark.parametrize(
    ("wanted", "media_type", "body"),
    [
        (output("feed"), "text/xml", "<wps:LiteralValue"),
        (output("feed", "value", 'mimeType="text/plain"'), "text/plain", "http"),
        (output("subscription"), "text/xml", "<weps:Subscription"),
        (output("subscription", "value", 'mimeType="application/json"'), "application/json", "{"),
    ],
    ids=["literal", "literal as text", "complex", "complex as JSON"],
)
def test_raw_output_is_the_output_alone(client, wanted, media_type, body):
    """
    A literal is an element of WPS unless plain text is asked for.
    """
    reply = client.post(execute("weps:Subscribe", literals(**THRESHOLD), wanted, response="raw"))

    assert reply.media_type == media_type
    assert reply.text.removeprefix("<?xml version='1.0' encoding='UTF-8'?>\n").startswith(body)


@pytest.mark.shared
def test_json_in_a_document_is_text(wps, client, validate):
    """
    As the media type says; so a rule in JSON is taken.
    """
    rule = data("rule", THRESHOLD_RULE, 'mimeType="application/json"')

    reply = client.post(execute("weps:Subscribe", rule, output("subscription", "value", 'mimeType="application/json"')))

    [text] = reply.texts("//wps:Data[@mimeType='application/json']")
    assert validate(reply.body) == []
    assert json.loads(text)["id"] == wps.newest.id


@pytest.mark.shared
def test_outputs_by_reference_are_served(client, validate):
    """
    Each in its media type: a literal as plain text.
    """
    wanted = output("feed", "reference") + output("subscription", "reference", 'mimeType="application/json"')

    reply = client.post(execute("weps:Subscribe", literals(**THRESHOLD), wanted))

    fetched = [requests.get(href, timeout=10) for href in reply.texts("//wps:Reference/@xlink:href")]
    assert validate(reply.body) == []
    assert reply.texts("//wps:Reference/@mimeType") == ["text/plain", "application/json"]
    assert [one.headers["Content-Type"].partition(";")[0] for one in fetched] == ["text/plain", "application/json"]
    assert fetched[0].text == fetched[1].json()["feed"]


def test_all_outputs_are_given_when_none_is_named(client):
    """
    In the order of the description.
    """
    reply = client.post(execute("weps:Subscribe", literals(**THRESHOLD)))

    assert reply.texts("/wps:Result/wps:Output/@id") == ["subscriptionId", "feed", "subscription", "targets", "info"]


@pytest.mark.shared
@pytest.mark.parametrize("identifier", PROCESSES)
def test_every_process_is_described_as_the_registry_has_it(client, validate, identifier):
    """
    Inputs and outputs with their occurrences and the kinds of their data.
    """
    reply = client.get(DESCRIBE + identifier)

    spec = PROCESSES[identifier]
    inputs = reply.root.iterfind(".//wps:Process/wps:Input", NAMESPACES)
    described = [
        (one.findtext("ows:Identifier", namespaces=NAMESPACES), one.get("minOccurs"), one.get("maxOccurs"))
        for one in inputs
    ]
    assert validate(reply.body) == []
    assert described == [(one.identifier, str(one.min_occurs), str(one.max_occurs)) for one in spec.inputs]
    assert reply.texts("//wps:Output/ows:Identifier") == [one.identifier for one in spec.outputs]


def test_a_description_says_how_literals_are_meant(client):
    """
    Data type, a domain for each unit with the default first, allowed values; formats of complex data.
    """
    root = client.get(f"{DESCRIBE}weps:Subscribe").root

    def found(name: str, path: str) -> list[str]:
        return [str(one) for one in root.xpath(f"//wps:Input[ows:Identifier='{name}']{path}", namespaces=NAMESPACES)]

    assert found("samplingRate", "//LiteralDataDomain/ows:UOM/text()") == ["s", "ms", "min", "h", "d"]
    assert found("samplingRate", "//LiteralDataDomain[@default='true']/ows:UOM/text()") == ["s"]
    assert found("severity", "//ows:Value/text()") == ["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
    assert found("startTime", "//ows:DataType/text()") == ["dateTime"]
    assert found("startTime", "//ows:DataType/@ows:reference") == ["http://www.w3.org/2001/XMLSchema#dateTime"]
    assert len(found("title", "//ows:AnyValue")) == 1
    assert found("rule", "//wps:ComplexData/wps:Format[@default='true']/@mimeType") == ["text/xml"]


@pytest.mark.shared
def test_the_echo_works_in_100_as_well(wps, client, validate):
    """
    Its bounding box too.
    """
    corners = "<ows:LowerCorner>1 2</ows:LowerCorner><ows:UpperCorner>3 4</ows:UpperCorner>"
    box = f'<wps:BoundingBoxData crs="EPSG:4326">{corners}</wps:BoundingBoxData>'
    request = (
        '<wps:Execute service="WPS" version="1.0.0" xmlns:wps="http://www.opengis.net/wps/1.0.0" '
        f'xmlns:ows="http://www.opengis.net/ows/1.1"><ows:Identifier>{ECHO}</ows:Identifier><wps:DataInputs>'
        f"<wps:Input><ows:Identifier>boundingboxInput</ows:Identifier><wps:Data>{box}</wps:Data></wps:Input>"
        "</wps:DataInputs></wps:Execute>"
    )
    names = {"wps": "http://www.opengis.net/wps/1.0.0", "ows": "http://www.opengis.net/ows/1.1"}

    reply = client.post(request)
    described = client.get(f"service=WPS&version=1.0.0&request=DescribeProcess&identifier={ECHO}")

    corners_found = reply.root.xpath("//wps:BoundingBoxData/*/text()", namespaces=names)
    assert validate(reply.body) == []
    assert [corner.split() for corner in corners_found] == [["1", "2"], ["3", "4"]]
    assert validate(described.body) == []
    assert b"EPSG:4326" in described.body


def test_a_browser_does_not_take_an_echo_for_a_page_of_ours(client):
    """
    What strangers wrote runs no scripts.
    """
    reply = client.post(execute(ECHO, data("complexInput", TEST_ELEMENT), output("complexOutput"), response="raw"))

    assert reply.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert reply.headers["x-content-type-options"] == "nosniff"
