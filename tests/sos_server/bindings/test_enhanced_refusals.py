"""
Wrong requests for the enhanced and transactional operations get the code and locator that the suites ask for.

The ids name the lines of OGC's suite; that of 52°North asks the same of each operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette

from sos_server.app import create_app, mount
from sos_server.codecs.sos20.encode import encode_request
from sos_server.filters import SpatialFilter, SpatialOperator
from sos_server.requests import (
    DeleteObservation,
    DeleteSensor,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservation,
    GetObservationById,
)
from sos_server.settings import Settings
from tests.sos_server.asgi import Client
from tests.sos_server.enhanced import (
    BY_ID,
    DELETE,
    FOI,
    INVALID,
    LINES,
    MISSING,
    NOW,
    OPERATIONS,
    UNDECODABLE,
    UPDATE,
    enveloped,
    fill,
)
from tests.sos_server.make import STATION

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The same, once for all requests that are refused: they change nothing."""
    app = create_app(Settings(data=tmp_path_factory.mktemp("refusing")))
    yield fill(Client(Starlette(routes=[mount("/sos", app)])))
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


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_missing_service_over_soap_is_a_fault(refusing: Client, operation: str) -> None:
    """
    With the exception report, whose locator begins as the suite of 52°North wants it.
    """
    document = encode_request(OPERATIONS[operation][0]).replace(b' service="SOS"', b"", 1)

    answer = refusing.post(enveloped(document), "application/soap+xml")

    report = answer.root.find(".//{http://www.opengis.net/ows/1.1}Exception")
    assert (400, UNDECODABLE) == (answer.status, report.get("exceptionCode"))
    assert report.get("locator").startswith("Expected attribute: service in element ")
