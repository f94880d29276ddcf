"""Values that the tests of the service share: a sensor, its observations, a service over an empty database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sos_server.codecs.sensorml import encode_description
from sos_server.model import (
    OM_MEASUREMENT,
    SAMPLING_POINT,
    Feature,
    Observation,
    Offering,
)
from sos_server.operations.base import Identity
from sos_server.requests import GetObservation, InsertObservation, InsertSensor
from sos_server.service import Service
from sos_server.storage.sql import open_storage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BASE_URL = "http://sos.example/sos"
FORMAT = "http://www.opengis.net/sensorml/2.0"
STATION = Feature(
    "station", "The station", geometry={"type": "Point", "coordinates": [7.0, 51.0]}, feature_type=SAMPLING_POINT
)


def minute(number: float) -> datetime:
    """So many minutes after the start of 2016."""
    return datetime(2016, 1, 1, tzinfo=UTC) + timedelta(minutes=number)


def sensor(
    procedure: str = "thermometer",
    properties: Sequence[str] = ("AirTemperature",),
    types: Sequence[str] = (OM_MEASUREMENT,),
    offering: str | None = None,
) -> InsertSensor:
    """A request to register a sensor with one offering."""
    offered = Offering(offering or f"{procedure}-offering", procedure)
    description = encode_description(procedure, procedure, offered, [(name, None) for name in properties], (7.0, 51.0))
    return InsertSensor(description, tuple(properties), tuple(types), (SAMPLING_POINT,))


def observation(number: float, value: Any = 20.5, **changes: Any) -> Observation:
    """An observation at a minute, known as it was made."""
    at = minute(number)
    made = Observation(
        at, "thermometer", "AirTemperature", "station", value, "Cel", None, at, OM_MEASUREMENT, feature=STATION
    )
    return made._replace(**changes)


def insertion(*observations: Observation, offerings: Sequence[str] = ("thermometer-offering",)) -> InsertObservation:
    """A request to publish observations."""
    return InsertObservation(tuple(offerings), observations)


def open_service(place: Path | str) -> Service:
    """A service over the database in a folder, or over that of a URL."""
    url = place if isinstance(place, str) else f"sqlite:///{place / 'sos.sqlite'}"
    return Service(open_storage(url), Identity("SOS", "A test.", "WEPS"))


class Asked:
    """A service as the tests speak to it: requests in, plain values out."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def ask(self, request: Any, now: datetime = NOW) -> Any:
        return self.service.answer(request, BASE_URL, now)

    def observations(self, **parameters: Any) -> list[tuple[str, datetime, Any]]:
        """Offering, phenomenon time in minutes and value of what a GetObservation finds."""
        found = self.ask(GetObservation(**parameters))
        return [
            (info.offering, (row.begin - 1451606400000000) / 60e6, row.value)
            for info, rows in found.series
            for row in rows
        ]
