"""The enhanced and transactional operations as tests ask for them: over KVP, POX and SOAP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import SAMPLING_FEATURE, SAMPLING_POINT, ValidDescription
from sos_server.requests import (
    DeleteObservation,
    DeleteSensor,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservationById,
    UpdateSensorDescription,
)
from tests.sos_server.asgi import Client
from tests.sos_server.make import FORMAT, insertion, observation, sensor

MISSING, INVALID, UNDECODABLE = "MissingParameterValue", "InvalidParameterValue", "InvalidRequest"
NOW = "2026-11-20T18:00:00Z"  # a value that exists nowhere
LEFT_OUT = None
SOS, SWES = "http://www.opengis.net/sos/2.0", "http://www.opengis.net/swes/2.0"
UPDATE = UpdateSensorDescription("thermometer", FORMAT, (ValidDescription(FORMAT, sensor().description.document),))
# each operation: what is asked for, the parameters of the same over KVP, and the namespace of its document
OPERATIONS: dict[str, tuple[Any, dict[str, str] | None, str]] = {
    "06": (
        GetFeatureOfInterest(("thermometer",), ("AirTemperature",)),
        {"request": "GetFeatureOfInterest", "procedure": "thermometer", "observedProperty": "AirTemperature"},
        SOS,
    ),
    "07": (GetObservationById(("first",)), {"request": "GetObservationById", "observation": "first"}, SOS),
    "d09": (DeleteSensor("thermometer"), {"request": "DeleteSensor", "procedure": "thermometer"}, SWES),
    "GetDataAvailability": (
        GetDataAvailability(procedures=("thermometer",)),
        {"request": "GetDataAvailability", "procedure": "thermometer"},
        "http://www.opengis.net/sosgda/1.0",
    ),
    "DeleteObservation": (
        DeleteObservation(("first",)),
        {"request": "DeleteObservation", "observation": "first"},
        "http://www.opengis.net/sosdo/1.0",
    ),
    "DeleteObservation 2.0": (
        DeleteObservation(procedures=("thermometer",), version="2.0"),
        {"request": "DeleteObservation", "procedure": "thermometer"},
        "http://www.opengis.net/sosdo/2.0",
    ),
    "UpdateSensorDescription": (UPDATE, None, SWES),
}
FOI = {"service": "SOS", "version": "2.0.0", "request": "GetFeatureOfInterest"}
BY_ID = {"service": "SOS", "version": "2.0.0", "request": "GetObservationById"}
DELETE = {"service": "SOS", "version": "2.0.0", "request": "DeleteSensor"}
# the number in the suite, what becomes of service or version, and the code it gets over KVP
LINES = [
    ("01", {"service": LEFT_OUT}, MISSING, "service"),
    ("02", {"service": ""}, MISSING, "service"),
    ("03", {"service": "ASDF"}, INVALID, "service"),
    ("04", {"version": LEFT_OUT}, MISSING, "version"),
    ("05", {"version": ""}, MISSING, "version"),
    ("06", {"version": "999"}, INVALID, "version"),
]


def fill(client: Client) -> Client:
    """Publish three observations, one of them with a name and one without a value."""
    types = (SAMPLING_POINT, SAMPLING_FEATURE)
    made = (observation(0, identifier="first"), observation(1), observation(2, None, nil_reason="missing"))
    for request in (replace(sensor(), feature_types=types), insertion(*made)):
        assert 200 == client.post(encode_request(request)).status
    return client


def enveloped(document: bytes) -> bytes:
    body = document.partition(b"?>")[2]
    return b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>' + body + b"</e:Body></e:Envelope>"
