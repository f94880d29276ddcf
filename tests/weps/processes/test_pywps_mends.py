"""
Faults in the documents of PyWPS that ours do not have: every test asks PyWPS as it is and the mended one the same.
"""

from __future__ import annotations

import re
import time

import pytest
import pywps
from lxml import etree
from pywps.app.WPSRequest import WPSRequest
from pywps.response.capabilities import CapabilitiesResponse
from pywps.response.describe import DescribeResponse

from tests.weps.processes.echo import URL, StockEcho, execute, literal
from weps.processes.base import JSON, XML, BoundingBox
from weps.processes.pywps_mends import (
    MendedBoxOutput,
    MendedCapabilities,
    MendedComplexOutput,
    MendedDescription,
    MendedProcess,
    template,
)

DESCRIBE = "service=WPS&version=1.0.0&request=DescribeProcess&identifier=test:Echo"


@pytest.mark.shared
@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(DESCRIBE, id="literals without AnyValue"),
        pytest.param("service=WPS&request=GetCapabilities", id="keywords of a process"),
        pytest.param(execute(literal("length", "5", 'uom="km"'), "text", 'lineage="true"'), id="lineage"),
        pytest.param(execute(literal("name", "fail")), id="failed"),
        pytest.param(execute("", "text", 'storeExecuteResponse="true" status="true"'), id="accepted"),
    ],
)
def test_answers_follow_the_schema(stock, mended, validate, request_):
    """
    Descriptions, capabilities, lineage, failures and stored answers of PyWPS do not.
    """
    problems_before = validate(stock(request_).body)
    problems = validate(mended(request_).body)

    assert problems_before
    assert problems == []


@pytest.mark.shared
def test_keywords_of_a_process_stay_out_of_the_capabilities(wps, validate):
    """
    A process that has keywords makes the capabilities of PyWPS invalid.
    """
    processes = {"test:Echo": StockEcho()}
    request = MendedCapabilities(processes, "en-US", URL).wps_request
    stock = CapabilitiesResponse(request, None, "1.0.0", processes=processes)
    before = stock.template_env.get_template("1.0.0/capabilities/main.xml").render(**stock.json).encode()

    document = MendedCapabilities(processes, "en-US", URL).render().encode()

    assert any("Keywords" in problem for problem in validate(before))
    assert validate(document) == []


def test_the_capabilities_list_the_version_they_are_written_in(stock, mended):
    """
    The document of 1.0.0 lists no higher version (wps10 A.4.2.4).
    """
    path = "//ows:ServiceTypeVersion"

    before = stock("service=WPS&request=GetCapabilities").texts(path)
    versions = mended("service=WPS&request=GetCapabilities").texts(path)

    assert before == ["1.0.0", "2.0.0"]
    assert versions == ["1.0.0"]


def test_an_address_is_printed_as_an_address(stock, mended):
    """
    PyWPS prints the parts that Python takes it apart into.
    """
    request = execute("", "address")

    before = stock(request).output("address")
    address = mended(request).output("address")

    assert before.startswith("ParseResult")
    assert address == "http://host/a?b=c&d=e"


def test_the_outputs_that_were_asked_for_are_given(stock, mended):
    """
    One asked for gives one; PyWPS gives them all.
    """
    path = "//wps:ProcessOutputs/wps:Output/ows:Identifier"
    request = execute("", "text")

    before = stock(request).texts(path)
    identifiers = mended(request).texts(path)

    assert before == ["text", "address", "doc"]
    assert identifiers == ["text"]


def test_the_address_of_the_service_is_escaped_once(stock, mended):
    """
    The attribute serviceInstance is an address that can be asked.
    """
    request = execute("", "text")

    before = stock(request).root.get("serviceInstance")
    instance = mended(request).root.get("serviceInstance")

    assert "&amp;" in before
    assert instance == "http://host/wps?service=WPS&request=GetCapabilities"


def test_an_answer_that_is_not_stored_has_no_location(stock, mended):
    """
    No empty statusLocation.
    """
    request = execute("", "text")

    before = stock(request).root.get("statusLocation")
    location = mended(request).root.get("statusLocation")

    assert before == ""
    assert location is None


def test_an_answer_is_stored_without_status_as_well(stock, mended):
    """
    storeExecuteResponse alone gives the finished answer and its address.
    """
    request = execute("", "text", 'storeExecuteResponse="true"')

    before = stock(request).root.get("statusLocation")
    reply = mended(request)

    assert before == ""
    assert reply.root.get("statusLocation").startswith("http://host/wps/jobs/")
    assert reply.output("text") == "nobody"


def test_the_time_of_an_answer_is_utc(stock, mended, monkeypatch):
    """
    PyWPS writes the local time with a Z.
    """
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        before = stock(execute("", "text")).texts("//wps:Status/@creationTime")[0]
        written = mended(execute("", "text")).texts("//wps:Status/@creationTime")[0]
        now = time.strftime("%Y-%m-%dT%H", time.gmtime())
    finally:
        monkeypatch.undo()
        time.tzset()

    assert not before.startswith(now)
    assert written.startswith(now)


def test_text_between_tags_is_escaped():
    """
    JSON with angle brackets and ampersands stays one text; PyWPS writes it as markup.
    """
    text = '{"rule": "<EML>&amp;</EML>"}'
    stock_output = pywps.ComplexOutput("doc", "A document", [pywps.Format(JSON)])
    stock_output.data = text
    members = {"identifier": "doc", "title": "A document", "supported_formats": [pywps.Format(JSON)]}
    output = MendedComplexOutput(text, False, **members)

    read = etree.fromstring(f"<a>{output.json['data']}</a>")

    assert stock_output.json["data"] == text
    assert read.text == text
    assert len(read) == 0


def _request(language: str) -> WPSRequest:
    request = WPSRequest()
    request.language = language
    return request


def test_each_format_has_its_schema_or_none(stock):
    """
    PyWPS prints an empty schema for those that have none, or none at all, as the default format has one or not.
    """
    with_schema, without = pywps.Format("text/xml", schema="http://host/a.xsd"), pywps.Format(JSON)
    described = MendedProcess(
        None,
        "test:Formats",
        "Formats",
        inputs=[pywps.ComplexInput("doc", "A document", [with_schema, without])],
        outputs=[pywps.LiteralOutput("text", "The text")],
    )
    processes = {"test:Formats": described}
    stock_response = DescribeResponse(_request("en-US"), None, processes=processes, identifiers=["test:Formats"])
    before = stock_response.template_env.get_template("1.0.0/describe/main.xml")

    old = before.render(max_size=1, **stock_response.json)
    new = MendedDescription(processes, ["test:Formats"], "en-US").render(1)

    assert re.findall("<Schema>(.*?)</Schema>", old) == ["http://host/a.xsd", "http://host/a.xsd", ""]
    assert re.findall("<Schema>(.*?)</Schema>", new) == ["http://host/a.xsd"] * 2


def test_data_without_a_schema_says_nothing_of_one(stock, mended):
    """
    PyWPS gives outputs an empty schema and an empty encoding.
    """
    request = execute("", "doc")
    path = "//wps:ProcessOutputs//wps:ComplexData/@*"

    before = stock(request).texts(path)
    attributes = mended(request).texts(path)

    assert "" in before
    assert attributes == [XML]


@pytest.mark.parametrize("request_", ["service=WPS&request=GetCapabilities", DESCRIBE, execute("", "text")])
def test_schemas_have_whole_addresses(stock, mended, request_):
    """
    PyWPS writes paths that lead nowhere.
    """
    path = "/*/@xsi:schemaLocation"

    [before] = stock(request_).texts(path)
    [location] = mended(request_).texts(path)

    assert before.startswith("http://www.opengis.net/wps/1.0.0 ../wps")
    assert location.startswith("http://www.opengis.net/wps/1.0.0 http://schemas.opengis.net/wps/1.0.0/wps")


def test_a_box_is_written_with_the_numbers_that_came(stock):
    """
    PyWPS makes floating-point numbers of them.
    """
    members = {"identifier": "box", "title": "A box"}
    stock_output = pywps.BoundingBoxOutput(crss=["EPSG:4326"], **members)
    stock_output.data = ["7", "51.50", "8", "52.0"]

    output = MendedBoxOutput(BoundingBox("7 51.50", "8 52.0", "EPSG:4326"), ["EPSG:4326"], **members)

    assert [str(one) for one in stock_output.json["ll"]] != ["7", "51.50"]
    assert (output.json["ll"], output.json["ur"]) == (["7", "51.50"], ["8", "52.0"])


def test_a_process_is_described_once(stock):
    """
    PyWPS builds the same description anew each time.
    """
    before, process = StockEcho(), MendedProcess(None, "test:Once", "Once")

    assert before.json is not before.json
    assert process.json is process.json


def test_the_capabilities_have_the_address_of_the_service(stock):
    """
    PyWPS writes the one of its configuration, whatever address it is asked at.
    """
    processes = {"test:Echo": StockEcho()}
    before = CapabilitiesResponse(_request("en-US"), None, "1.0.0", processes=processes)

    document = MendedCapabilities(processes, "en-US", "http://elsewhere/wps").render()

    assert before.json["serviceurl"] == URL
    assert 'xlink:href="http://elsewhere/wps' in document
    assert URL not in document


def test_templates_are_compiled_once(stock):
    """
    PyWPS makes an environment with an empty cache for each answer.
    """
    name = "1.0.0/execute/main.xml"
    first, second = (CapabilitiesResponse(None, None, "1.0.0", processes={}) for _ in range(2))

    assert first.template_env.get_template(name) is not second.template_env.get_template(name)
    assert template(name) is template(name)
