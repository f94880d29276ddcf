"""WPS 2.0 inside of SOAP 1.2."""

from __future__ import annotations

import pytest

from tests.weps.processes.requests20 import (
    ECHO,
    TEST_ELEMENT,
    THRESHOLD,
    Client20,
    data,
    echo,
    execute,
    literals,
    of_job,
    output,
    request,
)

SOAP = "application/soap+xml"
ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">{header}<soap:Body>{body}</soap:Body>'
    "</soap:Envelope>"
)


@pytest.fixture
def client(wps) -> Client20:
    return Client20(f"{wps.base}/tests/wps")


@pytest.fixture
def send(client, validate):
    """Send a request in an envelope, and see to it that the answer is valid."""

    def post(body: str, header: str = "", media_type: str = SOAP):
        reply = client.post(ENVELOPE.format(header=header, body=body), media_type)
        assert reply.media_type == SOAP
        assert validate(reply.body) == []
        return reply

    return post


@pytest.mark.shared
@pytest.mark.parametrize(
    ("body", "root"),
    [
        (request("GetCapabilities"), "Capabilities"),
        (request("DescribeProcess", f"<ows:Identifier>{ECHO}</ows:Identifier>"), "ProcessOfferings"),
        (echo(), "Result"),
        (echo(mode="async"), "StatusInfo"),
        (echo(response="raw"), "LiteralValue"),
    ],
    ids=["GetCapabilities", "DescribeProcess", "Execute", "Execute asynchronously", "raw"],
)
def test_every_operation_works_in_an_envelope(send, body, root):
    """
    The answer is the one thing in the body of the envelope.
    """
    reply = send(body)

    assert reply.status == 200
    assert len(reply.texts("/soap:Envelope/soap:Body/*")) == 1
    assert len(reply.texts(f"/soap:Envelope/soap:Body/wps:{root}")) == 1


@pytest.mark.shared
def test_a_job_lives_in_envelopes(wps, send):
    """
    Execute, GetStatus, GetResult, Dismiss.
    """
    [job] = send(execute("weps:Subscribe", literals(**THRESHOLD), output("feed"), "async")).texts("//wps:JobID")

    statuses = [send(of_job(name, job)).texts("//wps:Status") for name in ("GetStatus", "Dismiss", "GetStatus")]
    refused = send(of_job("GetResult", job))

    assert job == wps.newest.id
    assert statuses == [["Running"], ["Dismissed"], ["Dismissed"]]
    assert refused.fault == ("NoSuchJob", job)


@pytest.mark.shared
@pytest.mark.parametrize("media_type", ["text/xml", "application/xml"])
def test_an_envelope_is_known_by_its_look(send, media_type):
    """
    Whatever the media type says.
    """
    assert send(echo(), media_type=media_type).texts("//wps:LiteralValue") == ["hello_literal"]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("body", "code", "status", "fault"),
    [
        (execute("nothing"), "soap:Sender", 400, ("NoSuchProcess", "nothing")),
        (of_job("GetStatus", "nothing"), "soap:Sender", 400, ("NoSuchJob", "nothing")),
        (request("TransactWPS"), "soap:Receiver", 500, ("OperationNotSupported", "TransactWPS")),
    ],
    ids=["process", "job", "operation"],
)
def test_an_exception_is_the_detail_of_a_fault(send, body, code, status, fault):
    """
    The report of OWS 2.0; its text is the reason as well.
    """
    reply = send(body)

    assert reply.status == status
    assert reply.texts("/soap:Envelope/soap:Body/soap:Fault/soap:Code/soap:Value") == [code]
    assert len(reply.texts("//soap:Reason/soap:Text")[0]) > 10
    assert len(reply.texts("//soap:Detail/ows:ExceptionReport")) == 1
    assert reply.fault == fault


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (ENVELOPE.format(header="", body=""), "soap:Sender"),
        (ENVELOPE.format(header="", body=echo() * 2), "soap:Sender"),
        (
            ENVELOPE.format(
                header='<soap:Header><a xmlns="urn:a" soap:mustUnderstand="true"/></soap:Header>', body=echo()
            ),
            "soap:MustUnderstand",
        ),
        (
            ENVELOPE.replace(
                "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"
            ).format(header="", body=echo()),
            "soap:VersionMismatch",
        ),
        (echo(), "soap:Sender"),
    ],
    ids=["empty", "two requests", "a header that must be understood", "SOAP 1.1", "no envelope"],
)
def test_an_envelope_that_cannot_be_opened_is_a_fault(wps, client, sent, code):
    """
    Nothing is carried out.
    """
    before = wps.count

    reply = client.post(sent, SOAP)

    assert reply.media_type == SOAP
    assert reply.status == (400 if code == "soap:Sender" else 500)
    assert reply.texts("//soap:Code/soap:Value") == [code]
    assert wps.count == before


@pytest.mark.shared
def test_a_header_for_others_is_left_aside(send):
    """
    One that need not be understood, or that is meant for somebody else on the way.
    """
    blocks = '<a xmlns="urn:a"/><b xmlns="urn:b" soap:mustUnderstand="1" soap:role="urn:somebody"/>'

    assert send(echo(), f"<soap:Header>{blocks}</soap:Header>").status == 200


@pytest.mark.shared
def test_a_document_that_is_no_xml_is_a_fault(client, validate):
    """
    With a report inside, as for every other request.
    """
    reply = client.post(ENVELOPE[:90], SOAP)

    assert validate(reply.body) == []
    assert reply.texts("//soap:Code/soap:Value") == ["soap:Sender"]
    assert reply.fault == ("InvalidParameterValue", None)


@pytest.mark.shared
def test_raw_output_that_is_no_xml_is_told_as_data(client, send):
    """
    XML goes into the body as it is.
    """
    wanted = output("subscription", "value", 'mimeType="application/json"')
    told = send(execute("weps:Subscribe", literals(**THRESHOLD), wanted, response="raw"))
    document = execute(ECHO, data("complexInput", TEST_ELEMENT), output("complexOutput"), response="raw")

    echoed = client.post(ENVELOPE.format(header="", body=document), SOAP)

    assert told.texts("/soap:Envelope/soap:Body/wps:Data/@mimeType") == ["application/json"]
    assert told.texts("/soap:Envelope/soap:Body/wps:Data")[0].startswith("{")
    assert echoed.texts("/soap:Envelope/soap:Body/testElement") == ["hello_complex"]
