"""SOAP 1.2 and 1.1: envelopes in and out, faults, WS-Addressing, headers that must be understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import (
    DescribeSensor,
    GetCapabilities,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservation,
)
from tests.conftest import SHARED
from tests.sos_server.make import FORMAT, insertion, observation, sensor

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sos_server.asgi import Answer, Client

SOAP12, SOAP11 = "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
OWS = "{http://www.opengis.net/ows/1.1}"
VERSIONS = [pytest.param(SOAP12, id="1.2"), pytest.param(SOAP11, id="1.1")]
ADDRESSED = (
    f'<a:To xmlns:a="{WSA}">http://sos.example/sos</a:To>'
    f'<a:Action xmlns:a="{WSA}" s:mustUnderstand="1">urn:ask</a:Action>'
    f'<a:MessageID xmlns:a="{WSA}">urn:message:1</a:MessageID>'
)


def envelope(body: bytes, version: str = SOAP12, header: str = "") -> bytes:
    """A document in an envelope."""
    inside = body.partition(b"?>")[2] if body.startswith(b"<?xml") else body
    return (
        f'<s:Envelope xmlns:s="{version}"><s:Header>{header}</s:Header><s:Body>'.encode()
        + inside
        + b"</s:Body></s:Envelope>"
    )


def fault(answer: Answer) -> tuple[str, str | None, str | None]:
    """The code of a fault, and code and locator of the exception in it."""
    root = answer.root
    code = root.find(f".//{{{SOAP12}}}Code/{{{SOAP12}}}Value")
    value = root.findtext(".//faultcode") if code is None else code.text
    exception = next(root.iter(f"{OWS}Exception"))
    return value.partition(":")[2], exception.get("exceptionCode"), exception.get("locator")


REQUESTS = [
    pytest.param(GetCapabilities(), "Capabilities", id="GetCapabilities"),
    pytest.param(DescribeSensor("thermometer", FORMAT), "DescribeSensorResponse", id="DescribeSensor"),
    pytest.param(GetObservation(), "GetObservationResponse", id="GetObservation"),
    pytest.param(GetObservation(merged=True), "GetObservationResponse", id="merged"),
    pytest.param(GetFeatureOfInterest(), "GetFeatureOfInterestResponse", id="GetFeatureOfInterest"),
    pytest.param(GetDataAvailability(), "GetDataAvailabilityResponse", id="GetDataAvailability"),
    pytest.param(sensor("another"), "InsertSensorResponse", id="InsertSensor"),
    pytest.param(insertion(observation(9)), "InsertObservationResponse", id="InsertObservation"),
]


@pytest.mark.shared
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("request_", "root"), REQUESTS)
def test_every_operation_is_answered_in_an_envelope(
    client: Client, validate: Any, version: str, request_: Any, root: str
) -> None:
    """
    Of the version of the request, on the address of all bindings and on that of SOAP.
    """
    client.post(encode_request(sensor()))
    client.post(encode_request(insertion(observation(0), observation(1))))
    document = envelope(encode_request(request_), version)

    plain = client.post(encode_request(request_)) if "Insert" not in root else None
    answer = client.post(document, path="/sos/soap")

    assert 200 == answer.status
    assert {SOAP12: "application/soap+xml", SOAP11: "text/xml"}[version] == answer.headers["content-type"]
    assert f"{{{version}}}Envelope" == answer.root.tag
    (body,) = answer.root
    assert [root] == [each.tag.rpartition("}")[2] for each in body]
    assert [] == validate(answer.body)
    if plain is not None:
        assert plain.body.partition(b"?>")[2].strip() in answer.body
        assert answer.body == client.post(document).body


@pytest.mark.shared
@pytest.mark.parametrize(
    ("version", "code", "status"),
    [pytest.param(SOAP12, "Sender", 400, id="1.2"), pytest.param(SOAP11, "Client", 500, id="1.1")],
)
@pytest.mark.parametrize(
    ("body", "exception"),
    [
        pytest.param(encode_request(DescribeSensor("x", FORMAT)), ("InvalidParameterValue", "procedure"), id="refused"),
        pytest.param(
            encode_request(GetObservation()).replace(b' service="SOS"', b""),
            ("InvalidRequest", "Expected attribute: service in element GetObservation@http://www.opengis.net/sos/2.0"),
            id="no service",
        ),
        pytest.param(b"", ("InvalidRequest", "Body"), id="empty body"),
        pytest.param(b"<a/><b/>", ("InvalidRequest", "Body"), id="two documents"),
        pytest.param(b"<a/>", ("InvalidRequest", "a"), id="no request"),
    ],
)
def test_a_refusal_is_a_fault_with_the_exception_report(
    client: Client, validate: Any, version: str, code: str, status: int, body: bytes, exception: tuple[str, str]
) -> None:
    """
    The status is what SOAP's binding to HTTP says.
    """
    answer = client.post(envelope(body, version))

    assert (status, (code, *exception)) == (answer.status, fault(answer))
    assert {SOAP12: "application/soap+xml", SOAP11: "text/xml"}[version] == answer.headers["content-type"]
    assert [] == validate(answer.body)
    report = next(answer.root.iter(f"{OWS}ExceptionReport"))
    assert report.getparent().tag in ("detail", f"{{{SOAP12}}}Detail")


@pytest.mark.parametrize(
    ("body", "exception", "status"),
    [
        pytest.param(b"test", "InvalidRequest", 400, id="02.01 no document"),
        pytest.param(encode_request(GetObservation()), "OperationNotSupported", 400, id="no envelope"),
        pytest.param(b"<!DOCTYPE x><x/>", "InvalidRequest", 400, id="DOCTYPE"),
        pytest.param(b"x" * (2**20 + 1), "NoApplicableCode", 413, id="too large"),
    ],
)
def test_what_is_no_message_gets_a_fault_at_the_address_of_soap(
    client: Client, body: bytes, exception: str, status: int
) -> None:
    """
    In SOAP 1.2, as nobody said another version.
    """
    answer = client.post(body, path="/sos/soap")

    assert (status, "Sender", exception) == (answer.status, *fault(answer)[:2])


def test_a_get_at_the_address_of_soap_is_refused(client: Client) -> None:
    """
    KVP has its own address.
    """
    answer = client.get({"service": "SOS", "request": "GetCapabilities"}, path="/sos/soap")

    assert (400, ("Sender", "OperationNotSupported", None)) == (answer.status, fault(answer))


@pytest.mark.shared
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("request_", "action"),
    [
        pytest.param(GetCapabilities(), "urn:askResponse", id="answer"),
        pytest.param(
            DescribeSensor("x", FORMAT),
            "http://www.opengis.net/def/serviceOperation/sos/core/2.0/Exception",
            id="fault",
        ),
    ],
)
def test_an_addressed_request_gets_an_addressed_answer(
    client: Client, validate: Any, version: str, request_: Any, action: str
) -> None:
    """
    That refers to the message; WS-Addressing may be marked as to be understood.
    """
    answer = client.post(envelope(encode_request(request_), version, ADDRESSED))

    header = answer.root[0]
    assert f"{{{version}}}Header" == header.tag
    assert {"To": f"{WSA}/anonymous", "Action": action, "RelatesTo": "urn:message:1"} == {
        each.tag.removeprefix(f"{{{WSA}}}"): each.text for each in header
    }
    assert [] == validate(answer.body)


@pytest.mark.shared
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("attributes", "is_refused"),
    [
        pytest.param("", False, id="not marked"),
        pytest.param('s:mustUnderstand="0"', False, id="marked with 0"),
        pytest.param('s:mustUnderstand="1"', True, id="marked"),
        pytest.param('s:mustUnderstand="true"', True, id="marked with true"),
        pytest.param('s:mustUnderstand="1" s:role="http://x" s:actor="http://x"', False, id="for another"),
        pytest.param(f'mustUnderstand="1" s:mustUnderstand="1" s:role="{SOAP12}/role/next"', True, id="for the next"),
    ],
)
def test_a_header_that_must_be_understood_is_refused(
    client: Client, validate: Any, version: str, attributes: str, is_refused: bool
) -> None:
    """
    When it is for us and unknown; all others are passed over.
    """
    header = f'<x:Security xmlns:x="urn:x" {attributes}/>'

    answer = client.post(envelope(encode_request(GetCapabilities()), version, header))

    assert (500 if is_refused else 200) == answer.status
    assert [] == validate(answer.body)
    if is_refused:
        assert ("MustUnderstand", "OptionNotSupported", "Security") == fault(answer)
        named = [each.get("qname") for each in answer.root.iter(f"{{{SOAP12}}}NotUnderstood")]
        assert (["h:Security"] if version == SOAP12 else []) == named


def test_accepted_formats_are_kept_in_soap(client: Client) -> None:
    """
    01.11: the content type is the one that was asked for.
    """
    request = encode_request(GetCapabilities(accept_formats=("text/xml",)))

    answer = client.post(envelope(request))

    assert (200, "text/xml") == (answer.status, answer.headers["content-type"])


def _messages() -> list[Path]:
    files = sorted((SHARED / "sos-documents").rglob("*.xml"))
    return [file for file in files if "sos_v20__requests_soap" in file.name or "SoapWsa11" in file.name]


@pytest.mark.shared
@pytest.mark.parametrize("file", _messages(), ids=lambda file: file.name)
def test_foreign_messages_are_answered_or_refused_in_kind(client: Client, validate: Any, file: Path) -> None:
    """
    A valid envelope in any case, and never a fault of ours.
    """
    answer = client.post(file.read_bytes(), "application/soap+xml; charset=utf-8")

    assert answer.root.tag in (f"{{{SOAP12}}}Envelope", f"{{{SOAP11}}}Envelope")
    assert answer.status in (200, 400)
    assert [] == validate(answer.body)
