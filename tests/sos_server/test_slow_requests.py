"""Clients that send their request slowly: they are refused once its time is over, and keep nobody else waiting."""

from __future__ import annotations

import http.client
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
from lxml import etree

from sos_server.codecs.sos20.encode import encode_request
from tests.sos_server.enhanced import enveloped
from tests.sos_server.make import insertion, observation, sensor
from tests.sos_server.server import RunningSos, running_sos

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 0.6
INSERTION = encode_request(insertion(observation(0)))
QUERY = b"service=SOS&version=2.0.0&request=GetObservation"
FIND = "?service=SOS&version=2.0.0&request=GetObservation&temporalFilter=om:phenomenonTime,2016-01-01T00:00:00Z"
LATER = encode_request(insertion(observation(1)))


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSos]:
    """A service with a sensor that gives requests little time to arrive."""
    with running_sos(tmp_path_factory.mktemp("impatient"), request_limit_seconds=SECONDS) as sos:
        requests.post(sos.url, encode_request(sensor()), headers={"Content-Type": "application/xml"}, timeout=20)
        yield sos


def _begin(sos: RunningSos, head: str, body: bytes) -> socket.socket:
    """Send the head of a request and the beginning of its body."""
    address = urlsplit(sos.url)
    client = socket.create_connection((address.hostname, address.port), timeout=20)
    client.sendall(f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n{head}\r\n\r\n".encode() + body)
    return client


def _answer(client: socket.socket) -> tuple[int, str, bytes]:
    """Read the answer; whoever waits for more than that is disappointed."""
    found = http.client.HTTPResponse(client)
    found.begin()
    return found.status, found.headers["Content-Type"], found.read()


SLOW = [
    pytest.param(f"Content-Type: application/xml\r\nContent-Length: {len(INSERTION)}", INSERTION[:100], id="little"),
    pytest.param(f"Content-Type: application/xml\r\nContent-Length: {len(INSERTION)}", b"", id="nothing"),
    pytest.param("Content-Type: application/xml\r\nContent-Length: 1000000", INSERTION[:100], id="much"),
    pytest.param(
        "Content-Type: application/xml\r\nTransfer-Encoding: chunked",
        b"64\r\n" + INSERTION[:100] + b"\r\n",
        id="chunks",
    ),
    pytest.param(
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(QUERY)}", QUERY[:-1], id="form"
    ),
]


@pytest.mark.parametrize(("head", "body"), SLOW)
def test_a_body_that_does_not_arrive_is_refused(impatient: RunningSos, head: str, body: bytes) -> None:
    """
    With an exception report that says so, as soon as its time is over; then the connection is closed.
    """
    began = time.monotonic()
    with _begin(impatient, head, body) as client:
        status, content_type, document = _answer(client)
        took = time.monotonic() - began
        rest = client.recv(1)

    root = etree.fromstring(document)
    assert (408, "application/xml", b"") == (status, content_type, rest)
    assert "did not arrive within 0.6 s" in root.findtext(".//{*}ExceptionText")
    assert SECONDS <= took < SECONDS + 3


def test_an_envelope_that_does_not_arrive_gets_a_fault(impatient: RunningSos) -> None:
    """
    Where the head says that it is SOAP.
    """
    message = enveloped(INSERTION)
    head = f"Content-Type: application/soap+xml\r\nContent-Length: {len(message)}"

    with _begin(impatient, head, message[:-1]) as client:
        status, content_type, document = _answer(client)

    root = etree.fromstring(document)
    assert (408, "application/soap+xml") == (status, content_type)
    assert "soap:Sender" == root.findtext(".//{*}Fault/{*}Code/{*}Value")


def test_who_drips_is_refused_too_and_nothing_of_it_stored(impatient: RunningSos) -> None:
    """
    It is the whole that has to arrive in time, not the next byte; others are answered meanwhile.
    """
    head = f"Content-Type: application/xml\r\nContent-Length: {len(INSERTION)}"
    began = time.monotonic()
    with _begin(impatient, head, b"") as client:
        client.settimeout(0.1)
        for byte in INSERTION:
            client.sendall(bytes([byte]))
            try:
                first = client.recv(1, socket.MSG_PEEK)
                break
            except TimeoutError:
                found = requests.get(impatient.url + FIND, timeout=20)
        took = time.monotonic() - began

    assert b"H" == first
    assert SECONDS <= took < SECONDS + 3
    assert 0 == found.content.count(b"<om:OM_Observation")


def test_who_sends_in_parts_is_answered_in_time(impatient: RunningSos) -> None:
    """
    A request may take its time, as long as that is less than it has.
    """
    head = f"Content-Type: application/xml\r\nContent-Length: {len(LATER)}"

    with _begin(impatient, head, LATER[:100]) as client:
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(20)
        client.sendall(LATER[100:])
        status, _, document = _answer(client)

    assert 200 == status
    assert b"InsertObservationResponse" in document
