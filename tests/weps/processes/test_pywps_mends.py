"""
Faults of PyWPS that ours does not have: every test asks PyWPS as it is and the mended one the same.

The process answers with what it got, so that the way of values in and out can be seen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import pywps
from lxml import etree
from pywps import configuration
from pywps.response.capabilities import CapabilitiesResponse
from werkzeug.test import Client

from tests.weps.processes.conftest import Reply, Wps
from weps.errors import InputError, WepsError
from weps.feeders.http import Fetcher
from weps.processes.base import JSON, XML, Complex, Context, Format, InputSpec, Kind, Literal, OutputSpec, ProcessSpec
from weps.processes.jobs import StoredDocuments
from weps.processes.pywps_mends import MendedCapabilities, MendedComplexOutput, template
from weps.processes.wps10_binding import Wps10, write_exception
from weps.processes.wps10_kvp import decode_kvp
from weps.processes.wps10_xml import decode_xml

Ask = Callable[[str | bytes], Reply]
URL = "http://host/wps"
FAULT = "line 3: the pattern \"a\" is not known;\nline 5: give a <Guard> & 'more'"


def _handle(inputs, context):
    if inputs.text("name") == "fail":
        raise InputError(FAULT, "name")
    return {"text": inputs.text("name") or "", "address": "http://host/a?b=c&d=e", "doc": {XML: "<a><b/></a>"}}


SPEC = ProcessSpec(
    "test:Echo",
    "Echo",
    "Gives back what it got.",
    "1.0.0",
    inputs=(
        InputSpec("name", "A text", Literal(default="nobody")),
        InputSpec("length", "A length", Literal(Kind.NUMBER, uoms=("m", "km"))),
        InputSpec("doc", "A document", Complex((Format(XML),))),
    ),
    outputs=(
        OutputSpec("text", "The text", Literal()),
        OutputSpec("address", "An address", Literal(Kind.URL)),
        OutputSpec("doc", "A document", Complex((Format(XML),))),
    ),
    handler=_handle,
)


def _stock_handler(request, response):
    name = request.inputs["name"][0].data if "name" in request.inputs else ""
    if name == "fail":
        raise pywps.app.exceptions.ProcessError(FAULT)
    response.outputs["text"].data = name
    response.outputs["address"].data = "http://host/a?b=c&d=e"
    response.outputs["doc"].data = "<a><b/></a>"
    return response


class StockEcho(pywps.Process):
    """The same process as PyWPS has it."""

    def __init__(self) -> None:
        super().__init__(
            _stock_handler,
            "test:Echo",
            "Echo",
            abstract="Gives back what it got.",
            version="1.0.0",
            keywords=["echo"],
            inputs=[
                pywps.LiteralInput("name", "A text", min_occurs=0, abstract="a"),
                pywps.LiteralInput("length", "A length", data_type="float", uoms=["m", "km"], min_occurs=0),
                pywps.ComplexInput("doc", "A document", [pywps.Format(XML)], min_occurs=0),
            ],
            outputs=[
                pywps.LiteralOutput("text", "The text"),
                pywps.LiteralOutput("address", "An address", data_type="anyURI"),
                pywps.ComplexOutput("doc", "A document", [pywps.Format(XML)]),
            ],
            store_supported=True,
            status_supported=True,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where PyWPS as it is has its temporary and stored files."""
    return tmp_path


@pytest.fixture
def stock(folder: Path) -> Iterator[Ask]:
    """PyWPS as it is."""
    configuration.load_configuration([str(folder / "none.cfg")])
    for option in ("workdir", "outputpath"):
        configuration.CONFIG.set("server", option, str(folder))
    configuration.CONFIG.set("server", "url", URL)
    configuration.CONFIG.set("logging", "level", "WARNING")
    client = Client(pywps.Service([StockEcho()]))

    def ask(request: str | bytes) -> Reply:
        if isinstance(request, str):
            answer = client.get(f"/wps?{request}")
        else:
            answer = client.post("/wps", data=request, content_type="text/xml")
        return Reply(answer.status_code, answer.mimetype, answer.get_data())

    yield ask
    configuration.load_configuration([str(folder / "none.cfg")])


@pytest.fixture
def mended(wps: Wps, tmp_path: Path) -> Ask:
    """Ours."""
    context = Context(wps.engine, Fetcher(), f"{wps.base}/sos")
    documents = StoredDocuments(tmp_path / "jobs", f"{URL}/jobs")
    binding = Wps10({SPEC.identifier: SPEC}, context, documents, URL, 1_000_000)

    def ask(request: str | bytes) -> Reply:
        try:
            answer = binding.answer(decode_kvp(request) if isinstance(request, str) else decode_xml(request, 1_000_000))
        except WepsError as error:
            answer = write_exception(error)
        return Reply(answer.status, answer.media_type, answer.body)

    return ask


def execute(inputs: str = "", outputs: str = "", form: str = "", name: str = "test:Echo") -> bytes:
    """An Execute document."""
    wanted = "".join(f"<wps:Output><ows:Identifier>{one}</ows:Identifier></wps:Output>" for one in outputs.split())
    response = f"<wps:ResponseForm><wps:ResponseDocument {form}>{wanted}</wps:ResponseDocument></wps:ResponseForm>"
    return (
        '<wps:Execute service="WPS" version="1.0.0" xmlns:wps="http://www.opengis.net/wps/1.0.0" '
        f'xmlns:ows="http://www.opengis.net/ows/1.1"><ows:Identifier>{name}</ows:Identifier>'
        f"<wps:DataInputs>{inputs}</wps:DataInputs>{response if wanted or form else ''}</wps:Execute>"
    ).encode()


def literal(identifier: str, text: str, attributes: str = "") -> str:
    return (
        f"<wps:Input><ows:Identifier>{identifier}</ows:Identifier><wps:Data><wps:LiteralData {attributes}>{text}"
        "</wps:LiteralData></wps:Data></wps:Input>"
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


def test_an_empty_literal_is_refused_as_missing(stock, mended):
    """
    PyWPS makes it the text None.
    """
    request = execute(literal("name", ""), "text")

    before = stock(request).output("text")
    reply = mended(request)

    assert before == "None"
    assert reply.fault == ("MissingParameterValue", "name")


def test_identifiers_are_trimmed(stock, mended):
    """
    White space around the identifiers of process, input and output is not part of them.
    """
    request = execute(literal("\n  name ", "Ada"), "text", name="\n test:Echo ")

    before = stock(request)
    reply = mended(request)

    assert before.fault[0] == "InvalidParameterValue"
    assert reply.output("text") == "Ada"


def test_an_unknown_input_is_refused(stock, mended):
    """
    PyWPS leaves it out.
    """
    request = execute(literal("nane", "Ada"))

    before = stock(request)
    reply = mended(request)

    assert before.status == 200
    assert (reply.status, *reply.fault) == (400, "InvalidParameterValue", "nane")


def test_an_unknown_output_is_refused(stock, mended):
    """
    PyWPS fails inside, or gives other outputs.
    """
    request = execute("", "texts")

    before = stock(request)
    reply = mended(request)

    assert b"InvalidParameterValue" not in before.body
    assert (reply.status, *reply.fault) == (400, "InvalidParameterValue", "texts")


def test_too_many_occurrences_are_refused(stock, mended):
    """
    PyWPS keeps the last ones.
    """
    request = execute(literal("name", "Ada") + literal("name", "Grace"), "text")

    before = stock(request)
    reply = mended(request)

    assert before.output("text") == "Grace"
    assert (reply.status, *reply.fault) == (400, "InvalidParameterValue", "name")


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(lambda address: f"name={quote(address, safe='')}", id="value encoded"),
        pytest.param(lambda address: quote(f"name={address}", safe=""), id="whole encoded"),
        pytest.param(lambda address: quote(f"[name={address}]", safe=""), id="whole encoded, in brackets"),
    ],
)
def test_an_address_inside_a_kvp_input_survives(stock, mended, encode):
    """
    It is decoded once, and its own equal and plus signs are no separators.
    """
    address = "http://h/sos?service=SOS&procedure=a%2Bb%26c"
    request = (
        f"service=WPS&version=1.0.0&request=Execute&identifier=test:Echo&DataInputs={encode(address)}"
        "&ResponseDocument=text"
    )

    before = stock(request)
    reply = mended(request)

    assert address not in [text.strip() for text in before.texts("//wps:LiteralData")]
    assert reply.output("text") == address


def test_a_client_does_not_change_the_type_of_an_input(stock, mended):
    """
    PyWPS believes the client's attribute and refuses what is no integer.
    """
    request = execute(literal("name", "Ada", 'datatype="integer"'), "text")

    before = stock(request)
    reply = mended(request)

    assert before.status >= 400
    assert reply.output("text") == "Ada"


def test_a_wrong_value_is_told_with_its_input(stock, mended):
    """
    The locator names the input, the text says what is wrong with the value.
    """
    request = execute(literal("length", "long"))

    before = stock(request)
    reply = mended(request)

    assert before.fault[1] != "length"
    assert reply.fault == ("InvalidParameterValue", "length")
    assert reply.texts("//ows:ExceptionText") == ['"long" is not a number such as 30.6.']


def test_the_text_of_an_error_reaches_the_client_whole(stock, mended):
    """
    With quotes, angle brackets and line breaks, the code and the locator.
    """
    request = execute(literal("name", "fail"))

    before = stock(request)
    reply = mended(request)

    assert FAULT not in "".join(before.texts("//ows:ExceptionText"))
    assert reply.texts("//ows:ExceptionText") == [FAULT]
    assert (reply.status, *reply.fault) == (400, "InvalidParameterValue", "name")


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


def test_templates_are_compiled_once(stock):
    """
    PyWPS makes an environment with an empty cache for each answer.
    """
    name = "1.0.0/execute/main.xml"
    first, second = (CapabilitiesResponse(None, None, "1.0.0", processes={}) for _ in range(2))

    assert first.template_env.get_template(name) is not second.template_env.get_template(name)
    assert template(name) is template(name)


def test_a_refused_request_leaves_no_folder_behind(stock, mended, folder):
    """
    PyWPS makes a folder before it looks at the inputs.
    """
    data = '<wps:Data><wps:ComplexData mimeType="a/b">x</wps:ComplexData></wps:Data>'
    request = execute(f"<wps:Input><ows:Identifier>doc</ows:Identifier>{data}</wps:Input>")

    stock(request)
    before = [path.name for path in folder.glob("pywps_process_*")]
    for path in folder.glob("pywps_process_*"):
        path.rmdir()
    mended(request)

    assert len(before) == 1
    assert list(folder.iterdir()) == []


def test_an_asynchronous_execute_forks_nothing(mended, monkeypatch):
    """
    The answer is finished when it comes; PyWPS starts a process for it.
    """
    forks = []
    os.register_at_fork(before=lambda: forks.append(1))

    reply = mended(execute("", "text", 'storeExecuteResponse="true" status="true"'))

    assert forks == []
    assert reply.texts("//wps:ProcessSucceeded") != []
