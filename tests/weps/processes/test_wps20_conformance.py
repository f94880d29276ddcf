"""What the test suite of OGC for WPS 2.0 asks, named as it names it (ets-wps20)."""

from __future__ import annotations

import pytest
import requests

from tests.weps.processes.requests20 import (
    ECHO,
    NAMESPACES,
    TEST_ELEMENT,
    Client20,
    data,
    echo,
    execute,
    of_job,
    output,
    reference,
    request,
)

pytestmark = pytest.mark.shared
DESCRIBE = "Service=WPS&Version=2.0.0&Request=DescribeProcess&Identifier="


@pytest.fixture
def client(wps) -> Client20:
    return Client20(f"{wps.base}/tests/wps")


@pytest.fixture
def ask(client, validate):
    """Send a request, and see to it that the answer is valid."""

    def send(sent: str):
        reply = client.post(sent) if sent.startswith("<") else client.get(sent)
        assert reply.name == "testElement" or validate(reply.body) == []
        return reply

    return send


def either_case(query: str) -> list[str]:
    pairs = [pair.partition("=") for pair in query.split("&")]
    return ["&".join(f"{change(name)}={value}" for name, _, value in pairs) for change in (str.upper, str.lower)]


def test_a41_and_a43_the_echo_is_described_with_data_of_every_kind(ask):
    """
    A.4.1 process encoding, A.4.3 data types: a valid description with literal, complex and bounding-box data, each
    literal with the data type `string`.
    """
    reply = ask(DESCRIBE + ECHO)

    assert reply.status == 200
    assert {len(reply.texts(f"//wps:{kind}")) for kind in ("LiteralData", "ComplexData", "BoundingBoxData")} == {2}
    assert set(reply.texts("//ows:DataType")) == {"string"}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (echo(mode="sync", response="raw"), "hello_literal"),
        (
            execute(ECHO, data("complexInput", TEST_ELEMENT), output("complexOutput"), response="raw"),
            TEST_ELEMENT,
        ),
    ],
    ids=["literal", "complex"],
)
def test_precondition_the_echo_gives_back_what_it_got(ask, sent, expected):
    """
    The precondition echo: a literal, and an element without media type.
    """
    reply = ask(sent)

    assert reply.status == 200
    assert expected in reply.text


@pytest.mark.parametrize(("service", "right"), [("WPS", True), ("WMS", False)])
def test_a51_the_service_is_checked(ask, service, right):
    """
    A.5.1: another service than WPS is refused.
    """
    assert (ask(f"Service={service}&Version=2.0.0&Request=GetCapabilities").status == 200) == right


@pytest.mark.parametrize(("version", "right"), [("2.0.0", True), ("3.0.0", False)])
def test_a52_the_version_is_checked(ask, version, right):
    """
    A.5.2: the suite sends Version, and not AcceptVersions.
    """
    reply = ask(f"Service=WPS&Version={version}&Request=GetCapabilities")

    assert (reply.status == 200) == right
    assert not right or reply.root.get("version") == "2.0.0"


@pytest.mark.parametrize("mode", ["sync", "auto"])
def test_a53_and_a55_an_input_by_value_gives_an_output_by_value(ask, mode):
    """
    A.5.3, A.5.5: the result holds the data.
    """
    reply = ask(echo(mode=mode))

    assert reply.status == 200
    assert reply.texts("//wps:Data/wps:LiteralValue") == ["hello_literal"]


def test_a54_a_literal_input_by_reference(wps, ask):
    """
    A.5.4: what the reference leads to is the value.
    """
    wps.documents["value.txt"] = b"from elsewhere"

    reply = ask(execute(ECHO, reference("literalInput", f"{wps.base}/documents/value.txt"), output("literalOutput")))

    assert reply.name == "Result"
    assert reply.output("literalOutput") == "from elsewhere"


def test_a56_an_output_by_reference(wps, ask):
    """
    A.5.6: the reference can be fetched.
    """
    wps.documents["value.txt"] = b"from elsewhere"
    inputs = reference("literalInput", f"{wps.base}/documents/value.txt")

    reply = ask(execute(ECHO, inputs, output("literalOutput", "reference")))

    [href] = reply.texts("//wps:Reference/@xlink:href")
    assert requests.get(href, timeout=10).text == "from elsewhere"


def test_a57_process_identifiers_are_unique(ask):
    """
    A.5.7: DescribeProcess with ALL.
    """
    identifiers = ask(f"{DESCRIBE}ALL").texts("//wps:Process/ows:Identifier")

    assert len(identifiers) == len(set(identifiers)) >= 7


def test_a58_job_ids_are_unique(ask):
    """
    A.5.8: the same request again and again.
    """
    jobs = [ask(echo(mode="async")).job for _ in range(4)]

    assert len(set(jobs)) == 4


def test_a59_capabilities_by_post(ask):
    """
    A.5.9: the root is in the namespace of 2.0, although the request names no version.
    """
    reply = ask(request("GetCapabilities").replace(' version="2.0.0"', ""))

    assert reply.root.tag == f"{{{NAMESPACES['wps']}}}Capabilities"


def test_a510_describe_process_by_post(ask):
    """
    A.5.10.
    """
    assert ask(request("DescribeProcess", f"<ows:Identifier>{ECHO}</ows:Identifier>")).name == "ProcessOfferings"


def test_a511_execute_sync(ask):
    """
    A.5.11: a document, then raw.
    """
    assert ask(echo(mode="sync")).name == "Result"
    assert "hello_literal" in ask(echo(mode="sync", response="raw")).text


def test_a512_execute_async(ask):
    """
    A.5.12: the status of the job, which is finished already.
    """
    reply = ask(echo(mode="async"))

    assert reply.name == "StatusInfo"
    assert reply.job_status == "Succeeded"


@pytest.mark.parametrize("transmission", ["value", "reference"])
@pytest.mark.parametrize("mode", ["sync", "async", "auto"])
@pytest.mark.parametrize("response", ["raw", "document"])
def test_a513_every_combination_of_the_offering(ask, mode, transmission, response):
    """
    A.5.13: what outputTransmission and jobControlOptions offer works together.
    """
    offering = ask(DESCRIBE + ECHO).root[0]

    reply = ask(echo(mode=mode, response=response, transmission=transmission))

    assert offering.get("jobControlOptions") == "sync-execute async-execute dismiss"
    assert offering.get("outputTransmission") == "value reference"
    assert reply.status == 200
    if (mode, response, transmission) == ("sync", "raw", "value"):
        assert "hello_literal" in reply.text


def test_a514_status_by_post(ask):
    """
    A.5.14.
    """
    assert ask(of_job("GetStatus", ask(echo(mode="async")).job)).name == "StatusInfo"


@pytest.mark.parametrize("response", ["raw", "document"])
def test_a515_result_by_post_at_once(ask, response):
    """
    A.5.15: without waiting, and as `wps:LiteralValue` also when it is raw.
    """
    reply = ask(of_job("GetResult", ask(echo(mode="async", response=response)).job))

    assert reply.name == {"raw": "LiteralValue", "document": "Result"}[response]
    assert reply.texts("/descendant-or-self::wps:LiteralValue") == ["hello_literal"]


@pytest.mark.parametrize("query", either_case("Service=WPS&Version=2.0.0&Request=GetCapabilities"))
def test_a516_capabilities_by_kvp(ask, query):
    """
    A.5.16: names of parameters in any case, no AcceptVersions.
    """
    reply = ask(query)

    assert reply.root.tag == f"{{{NAMESPACES['wps']}}}Capabilities"
    assert reply.texts("//ows:ServiceTypeVersion") == ["2.0.0", "1.0.0"]


@pytest.mark.parametrize("query", either_case(DESCRIBE))
def test_a517_descriptions_by_kvp(ask, query):
    """
    A.5.17: of the first process in the capabilities.
    """
    first = ask("Service=WPS&Version=2.0.0&Request=GetCapabilities").texts("//wps:Contents//ows:Identifier")[0]

    reply = ask(query + first)

    assert reply.texts("/wps:ProcessOfferings/wps:ProcessOffering/wps:Process/ows:Identifier") == [first]


@pytest.mark.parametrize("query", either_case("Service=WPS&Version=2.0.0&Request=GetStatus&JobID="))
def test_a518_status_by_kvp(ask, query):
    """
    A.5.18.
    """
    assert ask(query + ask(echo(mode="async")).job).name == "StatusInfo"


@pytest.mark.parametrize(("response", "root"), [("document", "Result"), ("raw", "LiteralValue")])
@pytest.mark.parametrize("query", either_case("Service=WPS&Version=2.0.0&Request=GetResult&JobID="))
def test_a519_result_by_kvp(ask, query, response, root):
    """
    A.5.19: the first status that is asked for is Succeeded.
    """
    job = ask(echo(mode="async", response=response)).job
    status = ask(f"service=WPS&version=2.0.0&request=GetStatus&JobID={job}")

    reply = ask(query + job)

    assert status.job_status == "Succeeded"
    assert reply.name == root
    assert "hello_literal" in reply.text
