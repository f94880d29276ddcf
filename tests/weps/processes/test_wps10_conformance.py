"""What the test suite of OGC for WPS 1.0.0 asks, named as it names it (ets-wps10)."""

from __future__ import annotations

import pytest
import requests
from lxml import etree

from tests.weps.processes.conftest import NAMESPACES, Reply
from tests.weps.processes.requests10 import HEAD, complex_data, execute, literals
from tests.weps.processes.requests20 import ECHO, TEST_ELEMENT

pytestmark = pytest.mark.shared

CAPABILITIES = "service=wps&version=1.0.0&request=GetCapabilities"
DESCRIBE = "service=WPS&version=1.0.0&request=DescribeProcess"
EXECUTE = f"service=WPS&version=1.0.0&request=Execute&identifier={ECHO}&DataInputs=literalInput=hello_literal"
INPUTS = literals(literalInput="hello_literal") + complex_data("complexInput", TEST_ELEMENT)
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def send(wps):
    """Send a query by GET, or one with a body by POST, to the service that offers the echo."""

    def send(query: str = "", body: str | bytes | None = None) -> Reply:
        address = f"{wps.base}/tests/wps" + (f"?{query}" if query else "")
        if body is None:
            answer = requests.get(address, timeout=20)
        else:
            answer = requests.post(address, data=body, headers={"Content-Type": "text/xml"}, timeout=20)
        return Reply(answer.status_code, answer.headers["Content-Type"].partition(";")[0], answer.content)

    return send


@pytest.fixture
def ask(send, validate):
    """Send a request, and see to it that the answer is valid in both profiles of the schemas."""

    def ask(query: str = "", body: str | bytes | None = None) -> Reply:
        reply = send(query, body)
        assert validate(reply.body) == []
        return reply

    return ask


@pytest.fixture
def first(ask) -> str:
    """The first process of the capabilities, which the suite takes for everything."""
    return ask(CAPABILITIES).texts("//ows:Identifier")[0]


def name_of(reply: Reply) -> str:
    return str(etree.QName(reply.root).localname)


def test_a411_capabilities_over_http(ask):
    """
    A.4.1.1 GetCapabilities HTTP: the name of the service in lower case is taken.
    """
    reply = ask(CAPABILITIES)

    assert reply.status == 200
    assert name_of(reply) == "Capabilities"


def test_a411_a_description_over_http(ask, first):
    """
    A.4.1.1 DescribeProcess HTTP: the first process of the capabilities.
    """
    assert ask(f"{DESCRIBE}&identifier={first}").status == 200


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(CAPABILITIES, id="A.4.1.2 GetCapabilities error status"),
        pytest.param(DESCRIBE, id="A.4.1.2 DescribeProcess error"),
        pytest.param("service=WPS&version=1.0.0&request=Execute&identifier=JTS:Invalid", id="A.4.1.2 Execute error"),
    ],
)
@pytest.mark.parametrize("body", [b"", iter([])], ids=["with a length", "without"])
def test_a412_an_empty_post_is_an_error(ask, query, body):
    """
    What stands in the query does not make up for it; the answer is a report of OWS 1.1 with an error's status.
    """
    reply = ask(query, body)

    assert 400 <= reply.status < 600
    assert reply.root.tag == f"{{{NAMESPACES['ows']}}}ExceptionReport"


def test_a421_names_of_parameters_are_in_any_case(ask):
    """
    A.4.2.1 KVP: plain, with AcceptVersions, and with its name in odd letters.
    """
    replies = [ask(CAPABILITIES + more) for more in ("", "&AcceptVersions=1.0.0", "&aCcepTVersioNS=1.0.0")]

    assert {reply.status for reply in replies} == {200}


def test_a422_capabilities_by_post(ask):
    """
    A.4.2.2 XML POST: AcceptVersions stands in the namespace of WPS; a broken document is answered with a report.
    """
    versions = "<wps:AcceptVersions><ows:Version>1.0.0</ows:Version></wps:AcceptVersions>"
    whole = HEAD.format(name="GetCapabilities", inside=versions)

    right = ask("", whole)
    broken = ask("", whole.replace("<wps:GetCapabilities", "<wps:getcapabilities"))

    assert (right.status, name_of(right)) == (200, "Capabilities")
    assert (broken.status, name_of(broken)) == (400, "ExceptionReport")


def test_a423_capabilities_are_valid_each_time(ask):
    """
    A.4.2.3 response: two answers in a row, both valid and the same.
    """
    assert ask(CAPABILITIES).body == ask(CAPABILITIES).body


def test_a424_the_version_of_the_document_is_the_highest_it_lists(ask):
    """
    A.4.2.4 version negotiation: without a version, and with the one that there is.
    """
    replies = [ask("service=WPS&request=GetCapabilities" + more) for more in ("", "&AcceptVersions=1.0.0")]

    assert [reply.root.get("version") for reply in replies] == ["1.0.0", "1.0.0"]
    assert [max(reply.texts("//ows:ServiceTypeVersion")) for reply in replies] == ["1.0.0", "1.0.0"]


@pytest.mark.parametrize("version", ["3.0.0", "0.0.1"])
def test_a424_other_versions_are_refused(ask, version):
    """
    A.4.2.4 version negotiation: with the code that there is for it, and the status of an error.
    """
    reply = ask(f"service=WPS&request=GetCapabilities&AcceptVersions={version}")

    assert (reply.status, *reply.fault) == (400, "VersionNegotiationFailed", None)


@pytest.mark.parametrize("form", ["text/xml", "application/x-bxml"])
def test_a425_capabilities_are_xml_whatever_is_accepted(ask, form):
    """
    A.4.2.5 updateSequence/AcceptFormats: a format that is not known is left aside.
    """
    reply = ask(f"{CAPABILITIES}&AcceptFormats={form}")

    assert (reply.status, reply.media_type) == (200, "text/xml")


def test_a426_capabilities_in_each_language(ask):
    """
    A.4.2.6 language: each that is offered, en-US among them.
    """
    languages = sorted(set(ask(CAPABILITIES).texts("//wps:Languages//ows:Language")))

    replies = [ask(f"{CAPABILITIES}&Language={language}") for language in languages]

    assert "en-US" in languages
    assert [reply.root.get(LANGUAGE) for reply in replies] == languages


def test_a431_a_description_by_get(ask, first):
    """
    A.4.3.1: of the first process.
    """
    reply = ask(f"{DESCRIBE}&Identifier={first}")

    assert reply.status == 200
    assert reply.texts("//ProcessDescription/ows:Identifier") == [first]


def test_a432_a_description_by_post(ask, first):
    """
    A.4.3.2: the same process.
    """
    reply = ask("", HEAD.format(name="DescribeProcess", inside=f"<ows:Identifier>{first}</ows:Identifier>"))

    assert name_of(reply) == "ProcessDescriptions"
    assert reply.texts("//ProcessDescription/ows:Identifier") == [first]


def test_a433_descriptions_without_an_identifier(ask, first):
    """
    A.4.3.3: the suite forgets the equal sign behind the name of the parameter, so that none arrives; all are described.
    """
    every = ask(CAPABILITIES).texts("//wps:Process/ows:Identifier")

    reply = ask(f"{DESCRIBE}&Identifier{first}")

    assert reply.status == 200
    assert reply.texts("//ProcessDescription/ows:Identifier") == every


def test_a434_descriptions_in_each_language(ask, first):
    """
    A.4.3.4: the language of the answer is the one that was asked for.
    """
    languages = sorted(set(ask(CAPABILITIES).texts("//wps:Languages//ows:Language")))

    replies = [ask(f"{DESCRIBE}&Identifier={first}&Language={language}") for language in languages]

    assert [reply.root.get(LANGUAGE) for reply in replies] == languages


def test_a441_execute_by_get(ask):
    """
    A.4.4.1 KVP GET: the answer is a document.
    """
    reply = ask(f"{EXECUTE}&ResponseDocument=literalOutput")

    assert reply.status == 200
    assert reply.output("literalOutput") == "hello_literal"


@pytest.mark.parametrize(("output", "inside"), [("literalOutput", "hello_literal"), ("complexOutput", "hello_complex")])
def test_a442_a443_raw_output(send, validate, output, inside):
    """
    A.4.4.2, A.4.4.3 raw: the request is valid, which is all that the suite looks at; and the answer is the output.
    """
    request = execute(ECHO, INPUTS, raw=output)

    reply = send("", request)

    assert validate(request.encode()) == []
    assert reply.status == 200
    assert inside in reply.body.decode()


@pytest.mark.parametrize("form", ["", 'lineage="true"'])
def test_a444_response_document(ask, validate, form):
    """
    A.4.4.4 response document: request and answer are valid.
    """
    request = execute(ECHO, INPUTS, "literalOutput complexOutput", form)

    reply = ask("", request)

    assert validate(request.encode()) == []
    assert reply.status == 200
    assert reply.output("literalOutput") == "hello_literal"


def test_a445_updating_document(ask, validate):
    """
    A.4.4.5 updating document: the first answer is valid, and so is what its statusLocation leads to.
    """
    request = execute(ECHO, INPUTS, "literalOutput", 'storeExecuteResponse="true" status="true"')

    reply = ask("", request)

    stored = requests.get(reply.root.get("statusLocation"), timeout=20)
    assert validate(request.encode()) == []
    assert reply.status == stored.status_code == 200
    assert validate(stored.content) == []


def test_a446_execute_in_a_language(ask):
    """
    A.4.4.6 language: the suite appends it to the address.
    """
    reply = ask(f"{EXECUTE}&ResponseDocument=literalOutput&Language=en-US")

    assert reply.status == 200
    assert reply.root.get(LANGUAGE) == "en-US"


def test_beyond_9_the_published_request_of_the_pilot_is_read_as_printed(wps, shared, validate):
    """
    The document of the report, with white space around an identifier: it comes as far as asking the SOS it names.
    """
    printed, trimmed = (
        wps.post((shared / f"wps-examples/1.0/execute-um-event-detection-{name}.xml").read_bytes())
        for name in ("listing1", "trimmed")
    )

    assert validate(printed.body) == []
    assert (printed.status, printed.body) == (trimmed.status, trimmed.body)
    assert "MissingParameterValue" not in printed.body.decode()


def test_beyond_11_a_chunked_body_that_is_too_large_is_not_read_to_its_end(wps):
    """
    The limit holds without a stated length; the server answers before the last piece is sent.
    """
    pieces = []

    def body():
        for _ in range(10_000):
            pieces.append(1)
            yield b" " * 65_536

    try:
        status = requests.post(wps.url, data=body(), timeout=20).status_code
    except requests.ConnectionError:  # the server hung up while the client was still sending
        status = 413

    assert status == 413
    assert len(pieces) < 5_000
