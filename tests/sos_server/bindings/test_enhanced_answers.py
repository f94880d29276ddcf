"""
The enhanced and transactional operations are answered over KVP, POX and SOAP, each with a valid document.

The ids name the lines of OGC's conformance suite.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sos_server.codecs.sos20.encode import encode_request
from sos_server.filters import SpatialOperator, TemporalFilter, TemporalOperator, bounding_box
from sos_server.model import Feature
from sos_server.requests import (
    DeleteObservation,
    DeleteSensor,
    DescribeSensor,
    GetCapabilities,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservationById,
)
from tests.sos_server.asgi import Client
from tests.sos_server.enhanced import (
    BY_ID,
    DELETE,
    FOI,
    NOW,
    UPDATE,
    enveloped,
    fill,
)
from tests.sos_server.make import FORMAT, insertion, minute, observation


@pytest.fixture
def filled(client: Client) -> Client:
    """A service with a sensor that made three observations."""
    return fill(client)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("parameters", "root"),
    [
        pytest.param(FOI, "GetFeatureOfInterestResponse", id="06 gate"),
        pytest.param(
            FOI | {"spatialFilter": "om:featureOfInterest/*/sams:shape,179,90,179,90,urn:ogc:def:crs:EPSG::4326"},
            "GetFeatureOfInterestResponse",
            id="06.15",
        ),
        pytest.param(BY_ID | {"observation": NOW}, "GetObservationByIdResponse", id="07.08"),
        pytest.param(BY_ID | {"observation": "first"}, "GetObservationByIdResponse", id="07.09"),
        pytest.param(FOI | {"request": "GetDataAvailability"}, "GetDataAvailabilityResponse", id="availability"),
        pytest.param(
            FOI
            | {
                "request": "GetDataAvailability",
                "responseFormat": "http://www.opengis.net/sosgda/2.0",
                "ShowCount": "true",
                "includeresulttimes": "true",
            },
            "GetDataAvailabilityResponse",
            id="availability 2.0",
        ),
        pytest.param(
            FOI | {"request": "DeleteObservation", "observation": "first"}, "DeleteObservationResponse", id="delete"
        ),
        pytest.param(
            FOI | {"request": "DeleteObservation", "temporalFilter": "om:phenomenonTime,2016-01-01/2017-01-01"},
            "DeleteObservationResponse",
            id="delete by time",
        ),
        pytest.param(DELETE | {"procedure": "thermometer"}, "DeleteSensorResponse", id="d09.09"),
        pytest.param(
            DELETE
            | {
                "request": "DescribeSensor",
                "procedure": "thermometer",
                "procedureDescriptionFormat": FORMAT,
                "validTime": "2016-01-01/2030-01-01",
            },
            "DescribeSensorResponse",
            id="description in a time",
        ),
    ],
)
def test_a_good_request_over_kvp_is_answered(filled: Client, validate, parameters: dict[str, str], root: str) -> None:
    """
    With a document that is valid in both profiles.
    """
    answer = filled.get(parameters)

    assert (200, root) == (answer.status, answer.root.tag.rpartition("}")[2])
    assert [] == validate(answer.body)


POX = {
    "06 gate": (GetFeatureOfInterest(), 2),
    "06.15": (GetFeatureOfInterest(("thermometer",), ("AirTemperature",), (), (bounding_box(90, 179, 90, 179),)), 0),
    "exactly the feature asked for": (GetFeatureOfInterest(features_of_interest=("station",)), 1),
    "07.08": (GetObservationById((NOW,)), 0),
    "07.09": (GetObservationById(("first", "second")), 1),
    "availability": (GetDataAvailability(show_count=True, include_result_times=True), 2),
    "availability 2.0": (GetDataAvailability(show_count=True, include_result_times=True, version="2.0"), 2),
    "d09.09": (DeleteSensor("thermometer"), 1),
    "update": (UPDATE, 1),
    "description in a time": (DescribeSensor("thermometer", FORMAT, (minute(0), datetime(2036, 1, 1, tzinfo=UTC))), 2),
    "delete": (DeleteObservation(("first",)), 1),
    "delete by time": (
        DeleteObservation(
            temporal_filters=(TemporalFilter(TemporalOperator.DURING, minute(0), minute(9)),), version="2.0"
        ),
        0,
    ),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", POX)
def test_a_good_request_over_pox_is_answered(filled: Client, validate, name: str) -> None:
    """
    With a valid document that has as many children as were found.
    """
    request, children = POX[name]
    elsewhere = Feature("elsewhere", "Somewhere else")
    made = observation(3, feature_of_interest="elsewhere", feature=elsewhere)
    assert 200 == filled.post(encode_request(insertion(made))).status

    answer = filled.post(encode_request(request))

    assert (200, children) == (answer.status, len(answer.root))
    assert [] == validate(answer.body)


@pytest.mark.shared
@pytest.mark.parametrize("name", POX)
def test_a_good_request_over_soap_is_answered(filled: Client, validate, name: str) -> None:
    """
    With the answer of POX inside a valid envelope.
    """
    request, _ = POX[name]

    answer = filled.post(enveloped(encode_request(request)), "application/soap+xml")

    assert (200, "application/soap+xml") == (answer.status, answer.headers["content-type"])
    assert type(request).__name__ + "Response" == answer.root[-1][0].tag.rpartition("}")[2]
    assert [] == validate(answer.body)


@pytest.mark.shared
def test_capabilities_tell_each_operation_that_is_answered(filled: Client, validate) -> None:
    """
    With its addresses, profiles, operators, and the name of an observation to ask for (07.09).
    """
    answer = filled.post(encode_request(GetCapabilities()))

    names = {"ows": "http://www.opengis.net/ows/1.1", "fes": "http://www.opengis.net/fes/2.0"}
    told = {each.get("name"): each for each in answer.root.iterfind(".//ows:Operation", names)}
    over_kvp = {name for name, each in told.items() if each.find(".//ows:Get", names) is not None}
    assert {
        "GetFeatureOfInterest",
        "GetObservationById",
        "GetDataAvailability",
        "DeleteSensor",
        "DeleteObservation",
    } <= over_kvp
    assert "UpdateSensorDescription" in told.keys() - over_kvp
    values = told["GetObservationById"].iterfind(
        "ows:Parameter[@name='observation']/ows:AllowedValues/ows:Value", names
    )
    assert ["first"] == [each.text for each in values]
    profiles = {each.text.rpartition("/")[2] for each in answer.root.iterfind(".//ows:Profile", names)}
    assert {
        "daRetrieval",
        "foiRetrieval",
        "obsByIdRetrieval",
        "observationDeletion",
        "sensorDeletion",
        "spatialFilteringProfile",
        "updateSensorDescription",
    } <= profiles
    operators = [each.get("name") for each in answer.root.iterfind(".//fes:SpatialOperator", names)]
    assert list(SpatialOperator) == operators
    assert [] == validate(answer.body)
