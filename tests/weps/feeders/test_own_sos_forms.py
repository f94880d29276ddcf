"""The feeder on the SOS that comes with WEPS, in each of its bindings, by GetObservation and by GetResult."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import requests

from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import GetObservation, GetResult
from tests.sos_server.make import insertion, minute, observation, sensor
from tests.sos_server.server import running_sos
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OFFERING, PROPERTY = "thermometer-offering", "AirTemperature"
KVP = f"?service=SOS&version=2.0.0&offering={OFFERING}&observedProperty={PROPERTY}&request="
LATE = timedelta(hours=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service keeps its data and its log."""
    return tmp_path_factory.mktemp("sos")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """A service with a thermometer that observed once a minute; the third was known two hours later."""
    with running_sos(folder) as sos:
        observations = [observation(number, 20.0 + number) for number in range(6)]
        observations[3] = observations[3]._replace(result_time=minute(3) + LATE)
        for request in (sensor(), insertion(*observations)):
            assert requests.post(sos.url, encode_request(request), timeout=10).ok
        yield sos.url


@pytest.fixture
def feeder(address: str) -> Iterator[SosFeeder]:
    """A feeder that may ask it."""
    fetcher = Fetcher(frozenset({address.split("/")[2]}), timeout=10, limit=1024 * 1024)
    yield SosFeeder(fetcher)
    fetcher.close()


def enveloped(document: str, namespace: str) -> str:
    """A request in a SOAP envelope."""
    body = document.partition("?>")[2]
    return f'<e:Envelope xmlns:e="{namespace}"><e:Body>{body}</e:Body></e:Envelope>'


OBSERVATION = encode_request(GetObservation(offerings=(OFFERING,), observed_properties=(PROPERTY,))).decode()
RESULT = encode_request(GetResult(OFFERING, PROPERTY)).decode()
SOAP_12, SOAP_11 = "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"
FORMS = {
    "GetObservation KVP": f"{KVP}GetObservation",
    "GetObservation POX": OBSERVATION,
    "GetObservation SOAP 1.2": enveloped(OBSERVATION, SOAP_12),
    "GetObservation SOAP 1.1": enveloped(OBSERVATION, SOAP_11),
    "GetResult KVP": f"{KVP}GetResult",
    "GetResult POX": RESULT,
    "GetResult SOAP 1.2": enveloped(RESULT, SOAP_12),
    "GetResult SOAP 1.1": enveloped(RESULT, SOAP_11),
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_every_form_brings_the_same_observations(feeder, address, text):
    """
    Both borders of the span belong to it; series, unit and values are the same however they are asked for.
    """
    source = read_template(address + text if text.startswith("?") else text, address)

    batch = feeder.fetch(source, minute(1), minute(4))

    assert [(one.phenomenon_time, one.value, one.uom) for one in batch.observations] == [
        (minute(number), 20.0 + number, "Cel") for number in (1, 2, 3, 4)
    ]
    assert {one.series for one in batch.observations} == {("thermometer", PROPERTY, "station")}
    assert feeder.fetch(source, minute(60), minute(120)).observations == ()
    assert feeder.series_exists(source)
    assert {one.phenomenon_time for one in feeder.latest(source).observations} == {minute(5)}
    evidence = requests.get(feeder.evidence_url(source, minute(5), minute(5)), timeout=10)
    assert evidence.text.count("<om:OM_Observation ") == 1


def test_what_results_mean_is_asked_once(address, feeder, folder):
    """
    Template and availability are kept; each further poll is one request.
    """
    log = folder / "sos_server.log"
    before = len(log.read_text())
    source = read_template(f"{address}{KVP}GetResult")

    for _ in range(3):
        feeder.fetch(source, minute(0), minute(9))

    lines = log.read_text()[before:].splitlines()
    assert [line.split("operation=")[1].split()[0] for line in lines if "answered operation=" in line] == [
        "GetResult",
        "GetResultTemplate",
        "GetDataAvailability",
        "GetResult",
        "GetResult",
    ]


RESULT_TIME = "&namespaces=xmlns(om,http://www.opengis.net/om/2.0)&temporalFilter=om:resultTime,2010-01-01/2010-01-02"


def test_a_filter_of_the_result_time_finds_what_became_known_late(feeder, address):
    """
    The observation of the third minute, two hours later, and no other.
    """
    by_result = read_template(f"{address}{KVP}GetObservation{RESULT_TIME}")
    by_phenomenon = read_template(f"{address}{KVP}GetObservation")
    begin, end = minute(3) + LATE, minute(4) + LATE

    found = feeder.fetch(by_result, begin, end).observations

    assert [(one.phenomenon_time, one.result_time) for one in found] == [(minute(3), begin)]
    assert feeder.fetch(by_phenomenon, begin, end).observations == ()
    assert by_result != by_phenomenon
