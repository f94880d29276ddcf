"""Observations, series and rows that the tests of the codecs share."""

from __future__ import annotations

from datetime import UTC, datetime

from sos_server.model import (
    OM_MEASUREMENT,
    SAMPLING_POINT,
    Feature,
    Observation,
    SeriesInfo,
    StoredRow,
)

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
NOON_MICROSECONDS = 1577880000000000
WELL = Feature(
    "http://example.org/feature/1",
    name="Well & <1>",
    geometry={"type": "Point", "coordinates": [7.65, 51.93]},
    feature_type=SAMPLING_POINT,
)
FAR = Feature("http://example.org/feature/2")


def series(feature: Feature = WELL, observation_type: str = OM_MEASUREMENT, uom: str | None = "Cel") -> SeriesInfo:
    return SeriesInfo(
        1, "o", "http://example.org/procedure/100%", "http://example.org/p", feature, observation_type, uom
    )


def row(minute: int, value, **options) -> StoredRow:
    begin = NOON_MICROSECONDS + minute * 60_000_000
    return StoredRow(**({"id": minute, "begin": begin, "end": begin, "result_time": begin, "value": value} | options))


def observation(value=20.5, **options) -> Observation:
    common = {
        "phenomenon_time": NOON,
        "procedure": "http://example.org/procedure/1",
        "observed_property": "http://example.org/p",
        "feature_of_interest": WELL.identifier,
        "result_time": NOON,
        "observation_type": OM_MEASUREMENT,
        "uom": "Cel",
        "value": value,
    }
    return Observation(**(common | options))
