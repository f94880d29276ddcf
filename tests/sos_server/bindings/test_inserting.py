"""Small inserts are stored together by one thread, and are the same as those that are stored the usual way."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sos_server.app import create_standalone
from sos_server.bindings import inserting
from sos_server.check import check
from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import DeleteSensor, GetObservation
from sos_server.settings import Settings
from sos_server.storage.sql import open_storage
from tests.sos_server.asgi import Client
from tests.sos_server.make import insertion, observation, sensor
from tests.sos_server.server import running_sos
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

ALL = "service=SOS&version=2.0.0&request=GetObservation&offering=thermometer-offering"
OTHER = encode_request(sensor("other"))
XML = {"Content-Type": "application/xml"}


@pytest.fixture
def filled(client: Client) -> Client:
    """A service with one observation, so that its series is known."""
    client.post(encode_request(sensor()))
    client.post(document(0))
    return client


def document(*numbers: int, **changes: Any) -> bytes:
    """A request that publishes the observations of so many minutes."""
    return encode_request(insertion(*(observation(number, float(number), **changes) for number in numbers)))


def count(client: Client) -> int:
    """How many observations there are."""
    return client.get(ALL).body.count(b"</om:OM_Observation>")


@pytest.mark.parametrize("accepted", [pytest.param("identity", id="plain"), pytest.param("gzip", id="compressed")])
def test_an_insert_into_a_known_series_needs_no_thread_of_its_own(
    filled: Client, threads: list[str], monkeypatch: pytest.MonkeyPatch, accepted: str
) -> None:
    """
    With the same headers and body as the usual way; the observations are there at once.
    """
    headers = {"accept-encoding": accepted}
    with monkeypatch.context() as patch:
        patch.setattr(inserting.Inserting, "_decode", lambda *_: None)
        usual = filled.post(document(1), headers=headers)

    found = filled.post(document(2, 3), headers=headers)

    assert ["thread"] == threads
    assert 200 == found.status
    assert usual.headers.items() <= found.headers.items()
    bodies = [gzip.decompress(each.body) if accepted == "gzip" else each.body for each in (usual, found)]
    assert bodies[0] == bodies[1]
    assert 4 == count(filled)


def test_a_body_in_parts_is_taken_too(filled: Client, threads: list[str]) -> None:
    """
    Small ones are put together.
    """
    body = document(1)

    answer = filled.post([body[:100], body[100:200], body[200:]])

    assert (200, []) == (answer.status, threads)
    assert 2 == count(filled)


@pytest.mark.parametrize(
    ("body", "status", "stored"),
    [
        pytest.param(document(0), 200, 1, id="what is there already"),
        pytest.param(document(1, 1), 200, 2, id="the same twice"),
        pytest.param(document(1, observed_property="Humidity"), 400, 1, id="a property that the offering lacks"),
        pytest.param(document(1, uom="K"), 400, 1, id="another unit"),
        pytest.param(document(1, feature_of_interest="shed", feature=None), 400, 1, id="an unknown feature"),
        pytest.param(document(1, geometry={"type": "Point", "coordinates": [7.5, 52.0]}), 200, 2, id="a place"),
        pytest.param(document(*range(1, 41)), 200, 41, id="a large body"),
        pytest.param(document(1).replace(b"</om:result>", b""), 400, 1, id="not well-formed"),
        pytest.param(document(1).replace(b'version="2.0.0"', b'version="3.0.0"'), 400, 1, id="another version"),
        pytest.param(
            encode_request(sensor("other")).replace(b"?>", b"?><!-- InsertObservation -->"),
            200,
            1,
            id="another request",
        ),
        pytest.param(b"InsertObservation", 400, 1, id="no document"),
    ],
)
def test_what_is_unusual_or_wrong_goes_the_usual_way(
    filled: Client, threads: list[str], body: bytes, status: int, stored: int
) -> None:
    """
    It is stored or refused there; nothing is kept before.
    """
    answer = filled.post(body)

    assert (status, ["thread"]) == (answer.status, threads)
    assert stored == count(filled)


def test_another_value_is_refused_as_usual(filled: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With the same report, and none of the other observations of the request is kept.
    """
    body = encode_request(insertion(observation(1, 1.0), observation(0, 99.0)))
    with monkeypatch.context() as patch:
        patch.setattr(inserting.Inserting, "_decode", lambda *_: None)
        usual = filled.post(body)

    found = filled.post(body)

    assert (400, usual.body) == (found.status, found.body)
    assert 1 == count(filled)


def test_what_was_known_of_a_sensor_that_is_gone_is_forgotten(filled: Client) -> None:
    """
    An insert under its offering is refused, until it is registered again.
    """
    filled.post(encode_request(DeleteSensor("thermometer")))

    refused = filled.post(document(1))
    filled.post(encode_request(sensor()))
    accepted = [filled.post(document(number)).status for number in (1, 2)]

    assert (400, ("InvalidParameterValue", "offering")) == (refused.status, refused.exception)
    assert ([200, 200], 2) == (accepted, count(filled))


def test_the_standalone_service_stores_together_too(tmp_path: Path, threads: list[str]) -> None:
    """
    At its address, with and without a slash, and over its POX path; not at that of SOAP.
    """
    app = create_standalone(Settings(data=tmp_path))
    client = Client(app)
    client.post(encode_request(sensor()))
    client.post(document(0))
    threads.clear()

    statuses = [
        client.post(document(number), path=path).status
        for number, path in enumerate(("/sos", "/sos/", "/sos/pox"), start=1)
    ]

    assert ([200, 200, 200], []) == (statuses, threads)
    assert 4 == count(client)
    app.state.storage.close()


def test_inserts_after_the_end_of_the_thread_go_the_usual_way(filled: Client, tmp_path: Path) -> None:
    """
    A request that is answered while the service stops is answered whole.
    """
    app = create_standalone(Settings(data=tmp_path))
    client = Client(app)
    client.post(document(1))
    app.state.storage.joined()[0].close()

    answer = client.post(document(2))

    assert (200, 3) == (answer.status, count(client))
    app.state.storage.close()


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    """
    Eight publish at once, some of it refused; after SIGKILL everything acknowledged is there, and no half of anything.
    """
    acknowledged: list[int] = []

    def publish(start: int) -> None:
        session = requests.Session()
        for number in range(start, start + 1000):
            wrong = number % 7 == 3
            body = document(number, 10_000 + number, uom="K" if wrong else "Cel")
            try:
                status = session.post(running.url, body, headers=XML, timeout=30).status_code
            except requests.RequestException:
                return
            assert (400 if wrong else 200) == status
            if not wrong:
                acknowledged.append(number)
            if len(acknowledged) >= 200:
                running.process.kill()

    with running_sos(tmp_path) as running:
        for first in (encode_request(sensor()), document(9000, 19_000)):  # the first observation sets the unit
            assert 200 == requests.post(running.url, first, headers=XML, timeout=30).status_code
        with ThreadPoolExecutor(8) as publishers:
            list(publishers.map(publish, range(0, 8000, 1000)))
        running.process.wait(PATIENCE)

    storage = open_storage(f"sqlite:///{tmp_path / 'sos.sqlite'}")
    series = storage.select_series(GetObservation())
    values = {row.value for _, rows in storage.stream(series, ()) for row in rows if isinstance(row.value, float)}
    storage.close()
    assert len(acknowledged) >= 200
    assert values >= {float(number) for number in acknowledged}
    assert {value for value in values if value < 10_000} == {value - 10_000 for value in values if value >= 10_000}
    assert check(f"sqlite:///{tmp_path / 'sos.sqlite'}", print)
