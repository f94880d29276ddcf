"""The HTTP face: bindings on one address, headers, compression, limits, errors."""

from __future__ import annotations

import gzip
import re

import pytest

from sos_server.app import create_app
from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import DescribeSensor, GetCapabilities, GetObservation
from sos_server.settings import Settings
from tests.sos_server.asgi import Client
from tests.sos_server.make import FORMAT, insertion, observation, sensor

CAPABILITIES = {"service": "SOS", "request": "GetCapabilities"}
OBSERVATIONS = {"service": "SOS", "version": "2.0.0", "request": "GetObservation"}


@pytest.fixture
def filled(client: Client) -> Client:
    """A service with one sensor and three observations."""
    assert 200 == client.post(encode_request(sensor())).status
    assert 200 == client.post(encode_request(insertion(*(observation(at, at + 0.5) for at in range(3))))).status
    return client


@pytest.mark.parametrize("path", ["/sos", "/sos/", "/sos/kvp"])
def test_capabilities_are_answered_over_kvp(filled: Client, path: str) -> None:
    """
    The address answers with and without a slash, and its sub-path.
    """
    answer = filled.get(CAPABILITIES, path=path)

    assert (200, "application/xml") == (answer.status, answer.headers["content-type"])
    assert answer.root.tag.endswith("}Capabilities")
    assert b'Get xlink:href="http://sos.example:8080/sos?' in answer.body


@pytest.mark.parametrize("path", ["/sos", "/sos/", "/sos/pox"])
def test_capabilities_are_answered_over_pox(filled: Client, path: str) -> None:
    """
    The same address takes XML.
    """
    answer = filled.post(encode_request(GetCapabilities()), path=path)

    assert 200 == answer.status
    assert answer.root.tag.endswith("}Capabilities")


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded"])
def test_a_form_is_read_as_kvp(filled: Client, content_type: str | None) -> None:
    """
    Old clients post their parameters, some without saying what they send.
    """
    answer = filled.post(b"service=SOS&request=GetCapabilities", content_type)

    assert answer.root.tag.endswith("}Capabilities")


def test_xml_called_a_form_is_read_as_xml(filled: Client) -> None:
    """
    That is what `curl -d` sends.
    """
    answer = filled.post(encode_request(GetCapabilities()), "application/x-www-form-urlencoded")

    assert answer.root.tag.endswith("}Capabilities")


@pytest.mark.parametrize(
    ("path", "send"),
    [
        pytest.param("/sos/pox", lambda client, path: client.get(CAPABILITIES, path=path), id="kvp at pox"),
        pytest.param(
            "/sos/kvp", lambda client, path: client.post(encode_request(GetCapabilities()), path=path), id="pox at kvp"
        ),
    ],
)
def test_a_sub_path_takes_its_own_binding_only(client: Client, path: str, send) -> None:
    """
    The other binding is refused, not guessed.
    """
    answer = send(client, path)

    assert (400, ("OperationNotSupported", None)) == (answer.status, answer.exception)


def test_the_address_of_the_setting_is_told_to_clients(tmp_path) -> None:
    """
    Behind a proxy the request does not know the address.
    """
    app = create_app(Settings(data=tmp_path, base_url="https://sensors.example/service"))

    answer = Client(app, "/").get(CAPABILITIES)

    app.state.storage.close()
    assert b'Get xlink:href="https://sensors.example/service?' in answer.body
    assert b"sos.example:8080" not in answer.body


def test_an_answer_is_compressed_when_asked(filled: Client) -> None:
    """
    The content is the same; without being asked it is not compressed.
    """
    plain = filled.get(OBSERVATIONS)

    packed = filled.get(OBSERVATIONS, headers={"accept-encoding": "br, gzip;q=0.8"})

    assert "gzip" == packed.headers["content-encoding"]
    assert plain.body == gzip.decompress(packed.body)
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in filled.get(OBSERVATIONS, headers={"accept-encoding": "gzip;q=0"}).headers


def test_capabilities_come_as_text_when_only_that_is_accepted(client: Client) -> None:
    """
    The content type has no charset: clients take the encoding from the document.
    """
    answer = client.get(CAPABILITIES | {"AcceptFormats": "text/xml"})

    assert "text/xml" == answer.headers["content-type"]


def test_a_body_above_the_limit_is_refused(client: Client) -> None:
    """
    Also when it comes in parts that do not tell their sum.
    """
    answer = client.post([b"<a>" + b" " * 2**19, b" " * 2**19, b"</a>"])

    assert (413, ("NoApplicableCode", None)) == (answer.status, answer.exception)


@pytest.mark.parametrize("length", ["1048577", "99999999999", "9" * 5000], ids=["just", "much", "very much"])
def test_a_body_that_says_that_it_is_too_large_is_not_read(client: Client, length: str) -> None:
    """
    Nothing of it has to be sent for the answer; where the request says that it is SOAP, that is a fault.
    """
    body = [b"<never-sent/>", b"<neither/>"]
    answer = client.post(body, headers={"content-length": length})
    message = client.post(body, "application/soap+xml", headers={"content-length": length})

    assert (413, ("NoApplicableCode", None)) == (answer.status, answer.exception)
    assert "send the request in parts" in answer.text
    assert (413, "application/soap+xml") == (message.status, message.headers["content-type"])
    assert 0 == client.received


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_compressed_body_is_refused_for_what_it_is(client: Client, coding: str) -> None:
    """
    And not for being no XML.
    """
    body = gzip.compress(encode_request(sensor()))

    answer = client.post(body, headers={"content-encoding": coding})

    assert (400, ("OptionNotSupported", "Content-Encoding")) == (answer.status, answer.exception)
    assert 200 == client.post(encode_request(sensor()), headers={"content-encoding": "identity"}).status


@pytest.mark.parametrize("letter", ["\0", "\x1f", "\ufffe", "\uffff"], ids=["0", "1F", "FFFE", "FFFF"])
def test_a_refusal_quotes_what_xml_cannot_hold(client: Client, letter: str) -> None:
    """
    Something stands in its place.
    """
    unknown = client.get({"service": "SOS", "version": "2.0.0", "request": f"Get{letter}It"})
    named = client.get(CAPABILITIES | {"acceptVersions": f"{letter}.0"})

    assert (400, 400) == (unknown.status, named.status)
    assert {unknown.exception[0], named.exception[0]} <= {
        *("OperationNotSupported", "InvalidParameterValue", "VersionNegotiationFailed")
    }
    assert letter not in unknown.text + named.text


REFUSED_BODIES = [
    pytest.param(b"test", "InvalidRequest", id="no XML"),
    pytest.param(b"", "InvalidRequest", id="empty"),
    pytest.param(b"<a", "InvalidRequest", id="half a document"),
    pytest.param(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "InvalidRequest", id="doctype"),
    pytest.param(b"\xff\xfe\x00", "InvalidRequest", id="bytes"),
    pytest.param(b"<a>" * 400 + b"</a>" * 400, "InvalidRequest", id="deep"),
]


@pytest.mark.parametrize(("body", "code"), REFUSED_BODIES)
def test_an_unreadable_body_is_refused(client: Client, body: bytes, code: str) -> None:
    """
    An exception report says so; nothing internal is told.
    """
    answer = client.post(body)

    assert (400, "application/xml", code) == (answer.status, answer.headers["content-type"], answer.exception[0])


def test_a_failure_of_the_service_tells_nothing_internal(filled: Client, tmp_path) -> None:
    """
    The client learns that it failed; path, SQL and trace are in the log.
    """
    for file in tmp_path.glob("sos.sqlite*"):
        file.unlink()
    (tmp_path / "sos.sqlite").write_bytes(b"this is no database at all, whatever its name says" * 100)
    filled.app.routes[0].app.state.storage.close()

    with pytest.raises(Exception, match="database"):
        filled.get(CAPABILITIES)

    assert (500, ("NoApplicableCode", None)) == (filled.last.status, filled.last.exception)
    assert not re.search(rb"sqlite|Traceback|SELECT|/tmp|\.py", filled.last.body)


@pytest.mark.shared
@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(GetCapabilities(), id="GetCapabilities"),
        pytest.param(GetCapabilities(sections=()), id="GetCapabilities without sections"),
        pytest.param(GetCapabilities(sections=("Contents",)), id="GetCapabilities contents"),
        pytest.param(GetObservation(), id="GetObservation"),
        pytest.param(GetObservation(offerings=("nothing",)), id="exception report"),
        pytest.param(sensor("another"), id="InsertSensor"),
        pytest.param(insertion(observation(9)), id="InsertObservation"),
    ],
)
def test_every_answer_is_valid(filled: Client, validate, request_) -> None:
    """
    Against the OGC schemas, in both profiles.
    """
    answer = filled.post(encode_request(request_))

    assert [] == validate(answer.body)


def test_a_client_that_leaves_gives_its_connection_back(client: Client) -> None:
    """
    A stream that nobody reads any more is closed, and the database is free.
    """
    client.post(encode_request(sensor()))
    for start in (0, 1000, 2000):
        batch = (observation(at, float(at)) for at in range(start, start + 1000))
        assert 200 == client.post(encode_request(insertion(*batch))).status
    storage = client.app.routes[0].app.state.storage

    answer = client.get(OBSERVATIONS, leave_after=1)

    assert 0 < len(answer.body) < 500_000
    assert 0 == storage.connections_in_use()


def test_a_sensor_is_described_as_it_was_registered(client: Client) -> None:
    """
    The document comes back in the answer.
    """
    client.post(encode_request(sensor()))

    answer = client.post(encode_request(DescribeSensor("thermometer", FORMAT)))

    assert 200 == answer.status
    assert "thermometer" == answer.root.findtext(".//{*}PhysicalSystem/{*}identifier")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("PUT", "/sos", 405), ("DELETE", "/sos/pox", 405), ("GET", "/sos/xml", 404), ("GET", "/sos/\0<", 404)],
)
def test_what_no_address_takes_is_refused_with_a_report(client: Client, method: str, path: str, status: int) -> None:
    """
    It says where the service answers, as every other refusal does in an exception report.
    """
    answer = client.send(method, path=path)

    assert (status, "application/xml") == (answer.status, answer.headers["content-type"])
    assert ("NoApplicableCode", None) == answer.exception
    assert answer.text.endswith("is not answered here; send GET or POST to /sos, /sos/kvp, /sos/pox and /sos/soap.")
