"""Templates and results that the tests of result handling share."""

from __future__ import annotations

from typing import Any

from sos_server.codecs import swe20, xml
from sos_server.codecs.sos20.encode import encode
from sos_server.codecs.swe20_encoding import Encoding, TextEncoding
from sos_server.codecs.swe20_results import ResultForm, write_form
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH, ResultTemplate
from sos_server.requests import GetResult
from tests.sos_server.make import STATION, Asked, sensor

TIME = swe20.Component("Time", "phenomenonTime", swe20.PHENOMENON_TIME, swe20.GREGORIAN)
PERIOD = swe20.Component("TimeRange", "phenomenonTime", swe20.PHENOMENON_TIME, swe20.GREGORIAN)
RESULT_TIME = swe20.Component("Time", "resultTime", "http://www.opengis.net/def/property/OGC/0/ResultTime")
TEMPERATURE = swe20.Component("Quantity", "temperature", "AirTemperature", "Cel", {"-999": "missing"})
FEATURE = swe20.Component("Text", "featureOfInterest", "om:featureOfInterest")
OFFERING = "thermometer-offering"
ALL_TYPES = (OM_MEASUREMENT, OM_COUNT, OM_TRUTH, OM_CATEGORY, OM_TEXT)
SENSOR = sensor(types=ALL_TYPES)
ASK = GetResult(OFFERING, "AirTemperature")
HOURS = "2016-01-01T00:00:00Z,1.5@@2016-01-01T01:00:00Z,-2.0"


def structure(*components: swe20.Component, encoding: Encoding | None = None) -> tuple[bytes, bytes]:
    """Structure and encoding of rows of components."""
    return write_form(ResultForm(components, encoding or TextEncoding(), 0, 1))


def template(
    *components: swe20.Component, encoding: Encoding | None = None, identifier: str = "hourly", **changes: Any
) -> ResultTemplate:
    """A template for temperatures of the station, of time and value where nothing else is said."""
    made, encoded = structure(*(components or (TIME, TEMPERATURE)), encoding=encoding)
    values: dict[str, Any] = {
        "identifier": identifier,
        "offering": OFFERING,
        "procedure": "thermometer",
        "observed_property": "AirTemperature",
        "feature_of_interest": STATION.identifier,
        "observation_type": OM_MEASUREMENT,
        "structure": made,
        "encoding": encoded,
        "feature": STATION,
    }
    return ResultTemplate(**(values | changes))


def values(sos: Asked, request: GetResult = ASK) -> str:
    """The result values of an answer, as they stand in the document."""
    answer = b"".join(encode(sos.ask(request)))
    found = xml.parse(answer).find("{http://www.opengis.net/sos/2.0}resultValues")
    assert found is not None
    return "".join(found.itertext())
