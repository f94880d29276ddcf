"""SOS 2.0 requests of other clients are read, or refused as this service has to."""

from __future__ import annotations

import pytest

from sos_server.codecs import xml
from sos_server.codecs.sos20 import decode
from sos_server.errors import SosError
from tests.others import DOCUMENTS, requests_20

OPERATIONS = (
    "GetCapabilities",
    "DescribeSensor",
    "GetObservation",
    "GetObservationById",
    "GetFeatureOfInterest",
    "GetDataAvailability",
    "InsertSensor",
    "UpdateSensorDescription",
    "DeleteSensor",
    "InsertObservation",
    "DeleteObservation",
)

# requests that are refused, and the code: what this service does not offer, or what breaks its own schema
REFUSED = {
    **{
        f"52north-sos-examples/aqd_v10__requests_{binding}__{operation}.xml": "InvalidParameterValue"  # service=AQD
        for binding in ("soap", "xml")
        for operation in ("GetCapabilities", "DescribeSensor", "GetObservation")
    },
    **{
        f"52north-sos-examples/sos_v20__requests_{binding}__Transactional__InsertSensor{name}.xml": code
        for binding in ("soap", "xml")
        for name, code in (
            ("", "InvalidRequest"),  # not well-formed: the prefix gml1 is not declared
            ("_SML20_ComponentType", "MissingParameterValue"),  # no metadata
            ("_SML20_SystemType", "MissingParameterValue"),
            ("_WML20", "InvalidParameterValue"),  # the description is WaterML 2.0
        )
    },
}


@pytest.mark.shared
@pytest.mark.parametrize(("name", "operation"), requests_20(OPERATIONS))
def test_a_request_is_read_or_refused_for_a_reason(name, operation):
    """
    All requests but the listed ones are read; these are refused with their code.
    """
    document = (DOCUMENTS / name).read_bytes()

    try:
        root = xml.parse(document)
        body = root.find("{*}Body")
        found = type(decode.decode(root if body is None else body[0])).__name__
    except SosError as refused:
        found = refused.code

    assert REFUSED.get(name, operation) == found
