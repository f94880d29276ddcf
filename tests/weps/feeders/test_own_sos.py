"""The feeder on the SOS that comes with WEPS: whether a series exists is told by GetDataAvailability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from sos_server.codecs.sos20.encode import encode_request
from sos_server.requests import DeleteSensor, GetObservation
from tests.sos_server.make import insertion, observation, sensor
from tests.sos_server.server import running_sos
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp, read_pox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A service with a thermometer that has observed, and a barometer that has not yet."""
    with running_sos(tmp_path) as sos:
        for request in (sensor(), sensor("barometer", ("AirPressure",)), insertion(observation(0))):
            assert requests.post(sos.url, encode_request(request), timeout=10).ok
        yield sos.url


def test_a_series_of_our_own_service_is_found(address: str, tmp_path: Path) -> None:
    """
    Over KVP and POX, with observations or only announced; one that is unknown or was deleted is not found.
    """
    feeder = SosFeeder(Fetcher(frozenset({address.split("/")[2]}), timeout=10, limit=1024 * 1024))
    asked = f"{address}?service=SOS&version=2.0.0&request=GetObservation&procedure="
    by_kvp = [read_kvp(asked + name) for name in ("thermometer", "barometer", "nobody")]
    document = encode_request(GetObservation(procedures=("thermometer",), observed_properties=("AirTemperature",)))
    by_pox = read_pox(document.decode(), address)

    found = [feeder.series_exists(source) for source in (*by_kvp, by_pox)]
    assert requests.post(address, encode_request(DeleteSensor("thermometer")), timeout=10).ok

    assert [True, True, False, True] == found
    assert not feeder.series_exists(by_pox)
    operations = [
        line.split("operation=")[1].split()[0]
        for line in (tmp_path / "sos_server.log").read_text().splitlines()
        if "answered operation=Get" in line
    ]
    # nothing is observed to find that out; what has no observations yet is looked for in the capabilities
    assert "GetObservation" not in operations
    assert 3 == operations.count("GetDataAvailability")
