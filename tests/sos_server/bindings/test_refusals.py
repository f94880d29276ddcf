"""
Wrong requests over KVP and POX get the code and locator that the conformance suite of SOS 2.0 asks for.

The ids are the numbers of its tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sos_server.codecs.sos20.encode import encode_request
from sos_server.filters import TemporalFilter, TemporalOperator
from sos_server.requests import DescribeSensor, GetObservation
from tests.sos_server.make import FORMAT, insertion, minute, observation, sensor

if TYPE_CHECKING:
    from tests.sos_server.asgi import Client

MISSING, INVALID, REQUEST = "MissingParameterValue", "InvalidParameterValue", "InvalidRequest"
NOW = "2026-11-20T18:00:00Z"  # a value that exists nowhere
DESCRIBE = {
    "service": "SOS",
    "version": "2.0.0",
    "request": "DescribeSensor",
    "procedure": "thermometer",
    "procedureDescriptionFormat": FORMAT,
}
OBSERVE = {
    "service": "SOS",
    "version": "2.0.0",
    "request": "GetObservation",
    "offering": "thermometer-offering",
    "observedProperty": "AirTemperature",
    "procedure": "thermometer",
}
LEFT_OUT = None


@pytest.fixture
def filled(client: Client) -> Client:
    """A service with one sensor and one observation."""
    assert 200 == client.post(encode_request(sensor())).status
    assert 200 == client.post(encode_request(insertion(observation(0)))).status
    return client


KVP = [
    pytest.param({"service": "SOS", "request": "GetCapabilities"}, {"service": "ASDF"}, INVALID, "service", id="01.02"),
    pytest.param(
        {"service": "SOS", "request": "GetCapabilities"}, {"sections": "Wrong"}, INVALID, "section", id="03.04"
    ),
    pytest.param(DESCRIBE, {"service": LEFT_OUT}, MISSING, "service", id="04.01"),
    pytest.param(DESCRIBE, {"service": ""}, MISSING, "service", id="04.02"),
    pytest.param(DESCRIBE, {"service": "999"}, INVALID, "service", id="04.03"),
    pytest.param(DESCRIBE, {"version": LEFT_OUT}, MISSING, "version", id="04.04"),
    pytest.param(DESCRIBE, {"version": ""}, MISSING, "version", id="04.05"),
    pytest.param(DESCRIBE, {"version": "999"}, INVALID, "version", id="04.06"),
    pytest.param(DESCRIBE, {"procedure": ""}, MISSING, "procedure", id="04.07"),
    pytest.param(DESCRIBE, {"procedure": NOW}, INVALID, "procedure", id="04.08"),
    pytest.param(DESCRIBE, {"procedureDescriptionFormat": ""}, MISSING, "procedureDescriptionFormat", id="04.09"),
    pytest.param(DESCRIBE, {"procedureDescriptionFormat": NOW}, INVALID, "procedureDescriptionFormat", id="04.10"),
    pytest.param(OBSERVE, {"service": LEFT_OUT}, MISSING, "service", id="05.01"),
    pytest.param(OBSERVE, {"service": ""}, MISSING, "service", id="05.02"),
    pytest.param(OBSERVE, {"service": "ASDF"}, INVALID, "service", id="05.03"),
    pytest.param(OBSERVE, {"version": LEFT_OUT}, MISSING, "version", id="05.04"),
    pytest.param(OBSERVE, {"version": ""}, MISSING, "version", id="05.05"),
    pytest.param(OBSERVE, {"version": "999"}, INVALID, "version", id="05.06"),
    pytest.param(OBSERVE, {"offering": ""}, MISSING, "offering", id="05.07"),
    pytest.param(OBSERVE, {"offering": NOW}, INVALID, "offering", id="05.08"),
    pytest.param(OBSERVE, {"observedProperty": ""}, MISSING, "observedProperty", id="05.09"),
    pytest.param(OBSERVE, {"observedProperty": NOW}, INVALID, "observedProperty", id="05.10"),
    pytest.param(OBSERVE, {"procedure": ""}, MISSING, "procedure", id="05.11"),
    pytest.param(OBSERVE, {"procedure": NOW}, INVALID, "procedure", id="05.12"),
    pytest.param(OBSERVE, {"featureOfInterest": ""}, MISSING, "featureOfInterest", id="05.13"),
    pytest.param(OBSERVE, {"featureOfInterest": NOW}, INVALID, "featureOfInterest", id="05.14"),
    pytest.param(OBSERVE, {"responseFormat": ""}, MISSING, "responseFormat", id="05.15"),
    pytest.param(OBSERVE, {"responseFormat": NOW}, INVALID, "responseFormat", id="05.16"),
    pytest.param(OBSERVE, {"request": LEFT_OUT}, MISSING, "request", id="no request"),
    pytest.param(OBSERVE, {"request": ""}, MISSING, "request", id="empty request"),
    pytest.param(OBSERVE, {"request": "Fly"}, "OperationNotSupported", "Fly", id="unknown operation"),
    pytest.param(OBSERVE, {"temporalFilter": "om:phenomenonTime,soon"}, INVALID, "temporalFilter", id="no time"),
    pytest.param(
        OBSERVE,
        {"temporalFilter": "om:phenomenonTime,2016-01-02/2016-01-01"},
        INVALID,
        "temporalFilter",
        id="ends before it begins",
    ),
]


@pytest.mark.parametrize(("good", "change", "code", "locator"), KVP)
def test_a_wrong_request_over_kvp_is_refused(
    filled: Client, good: dict[str, str], change: dict[str, str | None], code: str, locator: str
) -> None:
    """
    Status 400 and an exception report in the content type of all answers; the unchanged request is answered.
    """
    wrong = {name: value for name, value in (good | change).items() if value is not None}

    answer = filled.get(wrong)

    assert 200 == filled.get(good).status
    assert (400, "application/xml", (code, locator)) == (
        answer.status,
        answer.headers["content-type"],
        answer.exception,
    )


def test_no_parameters_at_all_are_refused(filled: Client) -> None:
    """
    01.04: an empty query string.
    """
    answer = filled.get("")

    assert (400, (MISSING, "service")) == (answer.status, answer.exception)


def _expected(attribute: str, operation: str, namespace: str) -> str:
    return f"Expected attribute: {attribute} in element {operation}@{namespace}"


SWES, SOS = "http://www.opengis.net/swes/2.0", "http://www.opengis.net/sos/2.0"
POX_DESCRIBE = encode_request(DescribeSensor("thermometer", FORMAT))
POX_OBSERVE = encode_request(GetObservation(offerings=("thermometer-offering",), procedures=("thermometer",)))
POX_THEN = encode_request(
    GetObservation(temporal_filters=(TemporalFilter(TemporalOperator.EQUALS, minute(0), minute(0)),))
)
POX_SENSOR = encode_request(sensor("another"))
POX_INSERT = encode_request(insertion(observation(7)))
SERVICE, VERSION = b' service="SOS"', b' version="2.0.0"'


def _attributes(name: str, document: bytes, operation: str, namespace: str) -> list:
    def case(number: str, old: bytes, new: bytes, code: str, locator: str):
        return pytest.param(document, old, new, code, locator, id=f"{name}.{number}")

    return [
        case("01", SERVICE, b"", REQUEST, _expected("service", operation, namespace)),
        case("02", SERVICE, b' service=""', MISSING, "service"),
        case("03", SERVICE, b' service="ASDF"', INVALID, "service"),
        case("04", VERSION, b"", REQUEST, _expected("version", operation, namespace)),
        case("05", VERSION, b' version=""', MISSING, "version"),
        case("06", VERSION, b' version="999"', INVALID, "version"),
    ]


POX = [
    *_attributes("04", POX_DESCRIBE, "DescribeSensor", SWES),
    *_attributes("05", POX_OBSERVE, "GetObservation", SOS),
    *_attributes("d08", POX_SENSOR, "InsertSensor", SWES),
    *_attributes("d10", POX_INSERT, "InsertObservation", SOS),
    pytest.param(POX_DESCRIBE, b">thermometer<", b"><", MISSING, "procedure", id="04.07"),
    pytest.param(POX_DESCRIBE, b">thermometer<", b">x<", INVALID, "procedure", id="04.08"),
    pytest.param(POX_OBSERVE, b">thermometer-offering<", b"><", MISSING, "offering", id="05.07"),
    pytest.param(POX_OBSERVE, b">thermometer-offering<", b">x<", INVALID, "offering", id="05.08"),
    pytest.param(POX_OBSERVE, b">thermometer<", b"><", MISSING, "procedure", id="05.11"),
    pytest.param(POX_THEN, b"2016-01-01T00:00:00Z", b"soon", REQUEST, None, id="no time"),
    pytest.param(POX_THEN, b"2016-01-01T00:00:00Z", b"12345-soon", REQUEST, None, id="no time in a far year"),
    pytest.param(POX_THEN, b"2016-01-01T00:00:00Z", b"1234567890-01-01", REQUEST, None, id="a year too far"),
    pytest.param(POX_INSERT, b">thermometer-offering<", b"><", MISSING, "offering", id="d10.07"),
    pytest.param(POX_INSERT, b">thermometer-offering<", b">x<", INVALID, "offering", id="d10.08"),
    pytest.param(POX_INSERT, b'href="thermometer"', b'href=""', MISSING, "procedure", id="d10.11"),
    pytest.param(POX_INSERT, b'href="thermometer"', b'href="x"', INVALID, "procedure", id="d10.12"),
    pytest.param(POX_INSERT, b'href="AirTemperature"', b'href=""', MISSING, "observedProperty", id="d10.13"),
    pytest.param(POX_INSERT, b'href="AirTemperature"', b'href="x"', INVALID, "observedProperty", id="d10.14"),
    pytest.param(POX_INSERT, b"OM_Measurement", b"OM_Nothing", INVALID, "observationType", id="d10.10"),
]


@pytest.mark.parametrize(("document", "old", "new", "code", "locator"), POX)
def test_a_wrong_request_over_pox_is_refused(
    filled: Client, document: bytes, old: bytes, new: bytes, code: str, locator: str
) -> None:
    """
    Status 400, and nothing of the request is kept.
    """
    assert old in document
    before = filled.get(OBSERVE).body

    answer = filled.post(document.replace(old, new, 1))

    assert (400, (code, locator)) == (answer.status, answer.exception)
    assert before == filled.get(OBSERVE).body


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            b"<Fly xmlns='http://www.opengis.net/sos/2.0' service='SOS' version='2.0.0'/>", id="of this standard"
        ),
        pytest.param(b"<html/>", id="of none"),
    ],
)
def test_an_unknown_document_is_refused(client: Client, document: bytes) -> None:
    """
    Whatever it asks for.
    """
    answer = client.post(document)

    assert 400 == answer.status
    assert answer.exception[0] in ("OperationNotSupported", REQUEST)
    assert len(set(answer.text.split(", "))) == len(answer.text.split(", "))
