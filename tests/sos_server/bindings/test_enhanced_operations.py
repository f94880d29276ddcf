"""
The enhanced and transactional operations over KVP and POX, as the conformance suites of SOS 2.0 and 52°North try them.

The ids name the lines of OGC's suite; those of 52°North's ask the same of each operation.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette

from sos_server.app import create_app, mount
from sos_server.codecs.sos20.encode import encode_request
from sos_server.filters import SpatialFilter, SpatialOperator, TemporalFilter, TemporalOperator, bounding_box
from sos_server.model import SAMPLING_FEATURE, SAMPLING_POINT, Feature, ValidDescription
from sos_server.requests import (
    DeleteObservation,
    DeleteSensor,
    DescribeSensor,
    GetCapabilities,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservation,
    GetObservationById,
    UpdateSensorDescription,
)
from sos_server.settings import Settings
from tests.sos_server.asgi import Client
from tests.sos_server.make import FORMAT, STATION, insertion, minute, observation, sensor

if TYPE_CHECKING:
    from collections.abc import Iterator

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
# the line of the suite, what becomes of service or version, and the code it gets over KVP
LINES = [
    ("01", {"service": LEFT_OUT}, MISSING, "service"),
    ("02", {"service": ""}, MISSING, "service"),
    ("03", {"service": "ASDF"}, INVALID, "service"),
    ("04", {"version": LEFT_OUT}, MISSING, "version"),
    ("05", {"version": ""}, MISSING, "version"),
    ("06", {"version": "999"}, INVALID, "version"),
]


def _fill(client: Client) -> Client:
    """Publish three observations, one of them with a name and one without a value."""
    types = (SAMPLING_POINT, SAMPLING_FEATURE)
    made = (observation(0, identifier="first"), observation(1), observation(2, None, nil_reason="missing"))
    for request in (replace(sensor(), feature_types=types), insertion(*made)):
        assert 200 == client.post(encode_request(request)).status
    return client


@pytest.fixture
def filled(client: Client) -> Client:
    """A service with a sensor that made three observations."""
    return _fill(client)


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The same, once for all requests that are refused: they change nothing."""
    app = create_app(Settings(data=tmp_path_factory.mktemp("refusing")))
    yield _fill(Client(Starlette(routes=[mount("/sos", app)])))
    app.state.storage.close()


def _documents(client: Client) -> list[bytes]:
    return [client.post(encode_request(each)).body for each in (GetObservation(), GetFeatureOfInterest())]


@pytest.mark.parametrize(
    ("operation", "change", "code", "locator"),
    [
        pytest.param(operation, change, code, locator, id=f"{operation}.{line}")
        for operation, (_, parameters, _) in OPERATIONS.items()
        if parameters is not None
        for line, change, code, locator in LINES
    ],
)
def test_a_wrong_service_or_version_over_kvp_is_refused(
    refusing: Client, operation: str, change: dict[str, str | None], code: str, locator: str
) -> None:
    """
    Missing and empty are told apart from wrong, and nothing is done.
    """
    parameters = OPERATIONS[operation][1]
    assert parameters is not None
    wrong = {"service": "SOS", "version": "2.0.0"} | parameters | change
    before = _documents(refusing)

    answer = refusing.get({name: value for name, value in wrong.items() if value is not None})

    assert (400, (code, locator)) == (answer.status, answer.exception)
    assert before == _documents(refusing)


@pytest.mark.parametrize(
    ("operation", "change", "code", "locator"),
    [
        pytest.param(operation, change, code, locator, id=f"{operation}.{line}")
        for operation in OPERATIONS
        for line, change, code, locator in LINES
    ],
)
def test_a_wrong_service_or_version_over_pox_is_refused(
    refusing: Client, operation: str, change: dict[str, str | None], code: str, locator: str
) -> None:
    """
    A missing attribute has the locator that the suites look for.
    """
    request, _, namespace = OPERATIONS[operation]
    document = encode_request(request)
    (name, value), *_ = change.items()
    given = {"service": b' service="SOS"', "version": b' version="2.0.0"'}[name]
    assert given in document
    before = _documents(refusing)

    answer = refusing.post(document.replace(given, b"" if value is None else f' {name}="{value}"'.encode(), 1))

    if value is None:
        code = UNDECODABLE
        locator = f"Expected attribute: {name} in element {type(request).__name__}@{namespace}"
    assert (400, (code, locator)) == (answer.status, answer.exception)
    assert before == _documents(refusing)


FOI = {"service": "SOS", "version": "2.0.0", "request": "GetFeatureOfInterest"}
BY_ID = {"service": "SOS", "version": "2.0.0", "request": "GetObservationById"}
DELETE = {"service": "SOS", "version": "2.0.0", "request": "DeleteSensor"}
BOX = ",0.0,10.0,0.0,10.0,urn:ogc:def:crs:EPSG::4326"


@pytest.mark.parametrize(
    ("parameters", "code", "locator"),
    [
        pytest.param(FOI | {"procedure": ""}, MISSING, "procedure", id="06.07"),
        pytest.param(FOI | {"procedure": NOW}, INVALID, "procedure", id="06.08"),
        pytest.param(FOI | {"observedProperty": ""}, MISSING, "observedProperty", id="06.09"),
        pytest.param(FOI | {"observedProperty": NOW}, INVALID, "observedProperty", id="06.10"),
        pytest.param(FOI | {"featureOfInterest": ""}, MISSING, "featureOfInterest", id="06.11"),
        pytest.param(FOI | {"featureOfInterest": NOW}, INVALID, "featureOfInterest", id="06.12"),
        pytest.param(FOI | {"spatialFilter": BOX}, MISSING, "ValueReference", id="06.13"),
        pytest.param(FOI | {"spatialFilter": NOW + BOX}, INVALID, "ValueReference", id="06.14"),
        pytest.param(BY_ID | {"observation": ""}, MISSING, "observation", id="07.07"),
        pytest.param(BY_ID, MISSING, "observation", id="no observation"),
        pytest.param(BY_ID | {"observation": "x", "responseFormat": NOW}, INVALID, "responseFormat", id="format"),
        pytest.param(DELETE | {"procedure": ""}, MISSING, "procedure", id="d09.07"),
        pytest.param(DELETE | {"procedure": NOW}, INVALID, "procedure", id="d09.08"),
        pytest.param(
            FOI | {"request": "DeleteObservation"}, MISSING, "observation", id="a deletion that names nothing"
        ),
        pytest.param(
            FOI | {"request": "GetDataAvailability", "ShowCount": "maybe"}, INVALID, "ShowCount", id="no truth"
        ),
    ],
)
def test_a_wrong_parameter_over_kvp_is_refused(
    refusing: Client, parameters: dict[str, str], code: str, locator: str
) -> None:
    """
    With the parameter that it is in.
    """
    answer = refusing.get(parameters)

    assert (400, (code, locator)) == (answer.status, answer.exception)


_WITHIN = SpatialFilter(SpatialOperator.WITHIN, STATION.geometry or {})


@pytest.mark.parametrize(
    ("request_", "good", "wrong", "code", "locator"),
    [
        pytest.param(GetFeatureOfInterest(("x",)), b">x<", b"><", MISSING, "procedure", id="06.07"),
        pytest.param(GetFeatureOfInterest((NOW,)), b"", b"", INVALID, "procedure", id="06.08"),
        pytest.param(GetFeatureOfInterest((), ("x",)), b">x<", b"><", MISSING, "observedProperty", id="06.09"),
        pytest.param(GetFeatureOfInterest((), (NOW,)), b"", b"", INVALID, "observedProperty", id="06.10"),
        pytest.param(GetFeatureOfInterest((), (), ("x",)), b">x<", b"><", MISSING, "featureOfInterest", id="06.11"),
        pytest.param(GetFeatureOfInterest((), (), (NOW,)), b"", b"", INVALID, "featureOfInterest", id="06.12"),
        pytest.param(
            GetFeatureOfInterest(spatial_filters=(_WITHIN,)),
            b">om:featureOfInterest/*/sams:shape<",
            b"><",
            MISSING,
            "ValueReference",
            id="06.13",
        ),
        pytest.param(
            GetFeatureOfInterest(spatial_filters=(_WITHIN,)),
            b">om:featureOfInterest/*/sams:shape<",
            f">{NOW}<".encode(),
            INVALID,
            "ValueReference",
            id="06.14",
        ),
        pytest.param(
            GetFeatureOfInterest(spatial_filters=(_WITHIN,)),
            b"fes:Within",
            b"fes:Beyond",
            INVALID,
            "spatialFilter",
            id="an operator that is not served",
        ),
        pytest.param(GetObservationById(("x",)), b">x<", b"><", MISSING, "observation", id="07.07"),
        pytest.param(GetObservationById(()), b"", b"", MISSING, "observation", id="no observation"),
        pytest.param(DeleteSensor("x"), b">x<", b"><", MISSING, "procedure", id="d09.07"),
        pytest.param(DeleteSensor(NOW), b"", b"", INVALID, "procedure", id="d09.08"),
        pytest.param(UPDATE, b"thermometer</swes:procedure>", b"x</swes:procedure>", INVALID, "procedure", id="other"),
        pytest.param(DeleteObservation((NOW,)), b"", b"", INVALID, "observation", id="unknown observation"),
        pytest.param(GetDataAvailability(show_count=True), b">true<", b">maybe<", INVALID, "ShowCount", id="no truth"),
    ],
)
def test_a_wrong_parameter_over_pox_is_refused(
    refusing: Client, request_: Any, good: bytes, wrong: bytes, code: str, locator: str
) -> None:
    """
    As over KVP.
    """
    document = encode_request(request_)
    assert good in document

    answer = refusing.post(document.replace(good, wrong) if good else document)

    assert (400, (code, locator)) == (answer.status, answer.exception)


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


def _enveloped(document: bytes) -> bytes:
    body = document.partition(b"?>")[2]
    return b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>' + body + b"</e:Body></e:Envelope>"


@pytest.mark.shared
@pytest.mark.parametrize("name", POX)
def test_a_good_request_over_soap_is_answered(filled: Client, validate, name: str) -> None:
    """
    With the answer of POX inside a valid envelope.
    """
    request, _ = POX[name]

    answer = filled.post(_enveloped(encode_request(request)), "application/soap+xml")

    assert (200, "application/soap+xml") == (answer.status, answer.headers["content-type"])
    assert type(request).__name__ + "Response" == answer.root[-1][0].tag.rpartition("}")[2]
    assert [] == validate(answer.body)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_missing_service_over_soap_is_a_fault(refusing: Client, operation: str) -> None:
    """
    With the exception report, whose locator begins as the suite of 52°North wants it.
    """
    document = encode_request(OPERATIONS[operation][0]).replace(b' service="SOS"', b"", 1)

    answer = refusing.post(_enveloped(document), "application/soap+xml")

    report = answer.root.find(".//{http://www.opengis.net/ows/1.1}Exception")
    assert (400, UNDECODABLE) == (answer.status, report.get("exceptionCode"))
    assert report.get("locator").startswith("Expected attribute: service in element ")


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
