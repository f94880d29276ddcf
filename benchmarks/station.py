"""The sensor that most benchmarks observe with: one thermometer at one place, a value every so often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sos_server.codecs.sensorml import encode_description
from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import OM_MEASUREMENT, SAMPLING_POINT, Feature, Observation, Offering, SeriesInfo, StoredRow
from sos_server.requests import InsertObservation, InsertSensor
from sos_server.time import to_microseconds

PROCEDURE = "http://sensors.example.org/thermometer/1"
OFFERING = "http://sensors.example.org/thermometer/1/observations"
PROPERTY = "http://vocab.nerc.ac.uk/collection/P07/current/CFSN0023/"
UNIT = "Cel"
PLACE = (7.59, 51.97)
FEATURE = Feature(
    "http://features.example.org/stations/muenster",
    "Münster",
    geometry={"type": "Point", "coordinates": list(PLACE)},
    feature_type=SAMPLING_POINT,
)
BEGIN = datetime(2024, 3, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SERIES = SeriesInfo(1, OFFERING, PROCEDURE, PROPERTY, FEATURE, OM_MEASUREMENT, UNIT)


def value(number: int) -> float:
    """Give a temperature with one digit after the point, as sensors send it; it goes up and down."""
    return (number * 37 % 401 - 100) / 10


def row(number: int, every: timedelta = QUARTER) -> StoredRow:
    """Give an observation as the storage of the SOS gives it."""
    begin = to_microseconds(BEGIN + number * every)
    return StoredRow(number + 1, begin, begin, begin, value(number))


def observation(number: int, every: timedelta = QUARTER) -> Observation:
    """Give the same observation as the codecs of the SOS give it."""
    at = BEGIN + number * every
    return Observation(
        at, PROCEDURE, PROPERTY, FEATURE.identifier, value(number), UNIT, None, at, OM_MEASUREMENT, feature=FEATURE
    )


def observations(first: int, count: int, every: timedelta = QUARTER) -> tuple[Observation, ...]:
    """Give so many observations, from the so-many-th on."""
    return tuple(observation(number, every) for number in range(first, first + count))


def sensor() -> InsertSensor:
    """Give the request that registers the sensor."""
    offering = Offering(OFFERING, PROCEDURE)
    description = encode_description(PROCEDURE, "thermometer", offering, [(PROPERTY, UNIT)], PLACE)
    return InsertSensor(description, (PROPERTY,), (OM_MEASUREMENT,), (SAMPLING_POINT,))


def sensor_document() -> bytes:
    """Give the same request as a document."""
    return encode_request(sensor())


def insertion_document(first: int, count: int, every: timedelta = QUARTER) -> bytes:
    """Give the document that publishes so many observations."""
    return encode_request(InsertObservation((OFFERING,), observations(first, count, every)))
