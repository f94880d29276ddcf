"""Small answers are given without a thread, and are the same as those from one."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from sos_server.app import create_standalone
from sos_server.bindings import at_hand
from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import DeleteSensor
from sos_server.settings import Settings
from tests.sos_server.asgi import Client
from tests.sos_server.make import insertion, observation, sensor

if TYPE_CHECKING:
    from pathlib import Path

BASE = "service=SOS&version=2.0.0&request=GetObservation&offering=thermometer-offering"
ALL = f"{BASE}&temporalFilter=om:phenomenonTime,2016-01-01T00:00:00Z/2016-12-31T00:00:00Z"


@pytest.fixture
def filled(client: Client) -> Client:
    """A service with three observations that was asked for them once."""
    client.post(encode_request(sensor()))
    client.post(encode_request(insertion(*(observation(at, float(at)) for at in range(3)))))
    for query in (BASE, ALL):
        assert 3 == client.get(query).body.count(b"</om:OM_Observation>")
    return client


@pytest.mark.parametrize("query", [pytest.param(BASE, id="all"), pytest.param(ALL, id="of a time")])
def test_what_was_asked_before_is_answered_without_a_thread(
    filled: Client, threads: list[str], query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    With the same headers and body as from a thread.
    """
    with monkeypatch.context() as patch:
        patch.setattr(at_hand.AtHand, "_find", lambda *_: None)
        usual = filled.get(query)

    found = filled.get(query)

    assert ["thread"] == threads
    assert (200, usual.headers, usual.body) == (found.status, found.headers, found.body)


def test_an_answer_at_hand_is_compressed_where_that_is_asked_for(filled: Client, threads: list[str]) -> None:
    """
    As every answer is.
    """
    plain = filled.get(ALL)

    packed = filled.get(ALL, headers={"accept-encoding": "gzip"})

    assert ("gzip", [], plain.body) == (packed.headers["content-encoding"], threads, gzip.decompress(packed.body))


def test_new_observations_are_at_hand_at_once(filled: Client, threads: list[str]) -> None:
    """
    What is remembered is where they are, not what they are.
    """
    filled.post(encode_request(insertion(observation(3, 3.0))))
    threads.clear()

    answer = filled.get(ALL)

    assert (4, []) == (answer.body.count(b"</om:OM_Observation>"), threads)


def test_an_answer_that_takes_long_goes_to_a_thread(filled: Client, threads: list[str]) -> None:
    """
    It is given whole.
    """
    for start in (3, 1003):
        filled.post(encode_request(insertion(*(observation(at, float(at)) for at in range(start, start + 1000)))))
    threads.clear()

    answer = filled.get(BASE)

    assert (2003, ["thread"]) == (answer.body.count(b"</om:OM_Observation>"), threads)


def test_what_is_gone_is_refused_as_usual(filled: Client, threads: list[str]) -> None:
    """
    What was remembered does not hold any more.
    """
    filled.post(encode_request(DeleteSensor("thermometer")))
    threads.clear()

    answer = filled.get(ALL)

    assert (400, ("InvalidParameterValue", "offering"), ["thread"]) == (answer.status, answer.exception, threads)


@pytest.mark.parametrize(
    "time",
    [
        pytest.param("", id="empty"),
        pytest.param("om:phenomenonTime,%00", id="a character that no text has"),
        pytest.param("om:phenomenonTime,%FF", id="not UTF-8"),
        pytest.param("om:phenomenonTime,tomorrow", id="no time"),
    ],
)
def test_a_wrong_time_is_refused_as_usual(filled: Client, time: str) -> None:
    """
    Though the rest of the request was read before.
    """
    answer = filled.get(f"{BASE}&temporalFilter={time}")

    assert 400 == answer.status


def test_the_standalone_service_has_answers_at_hand_too(tmp_path: Path, threads: list[str]) -> None:
    """
    At its address, with and without a slash, and over its KVP path.
    """
    app = create_standalone(Settings(data=tmp_path))
    client = Client(app)
    client.post(encode_request(sensor()))
    client.post(encode_request(insertion(observation(0))))
    client.get(ALL)
    threads.clear()

    counts = [client.get(ALL, path=path).body.count(b"</om:OM_Observation>") for path in ("/sos", "/sos/", "/sos/kvp")]

    assert ([1, 1, 1], []) == (counts, threads)
    app.state.storage.close()
