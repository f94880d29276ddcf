"""Requests that nobody would write: each is answered or refused, never with a failure, and refusals change nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from sos_server.app import create_app, mount
from sos_server.codecs.sos20.encode import encode_request
from sos_server.filters import (
    SpatialFilter,
    SpatialOperator,
    SpatialReference,
    TemporalFilter,
    TemporalOperator,
    bounding_box,
)
from sos_server.model import (
    OM_CATEGORY,
    OM_COMPLEX,
    OM_GEOMETRY,
    OM_MEASUREMENT,
    Annotations,
    NamedValue,
    Quality,
    ValidDescription,
)
from sos_server.operations.base import OBSERVATION_TYPES
from sos_server.requests import (
    DeleteObservation,
    DeleteResultTemplate,
    DeleteSensor,
    DescribeSensor,
    GetCapabilities,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservation,
    GetObservationById,
    GetResult,
    GetResultTemplate,
    InsertResult,
    InsertResultTemplate,
    UpdateSensorDescription,
)
from sos_server.settings import Settings
from tests.sos_server.asgi import Client
from tests.sos_server.make import FORMAT, STATION, insertion, minute, observation, sensor
from tests.sos_server.results import template

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORD = (
    '{"fields":[{"kind":"Quantity","name":"wind","nil":{"-999":"missing"},"uom":{"code":"m/s"},"value":4.5},'
    '{"fields":[{"kind":"Boolean","name":"rain","value":true}],"kind":"DataRecord","name":"more"}],"kind":"DataRecord"}'
)
POINT = '{"type":"Point","coordinates":[7.0,51.0]}'
TOLD = Annotations(
    (NamedValue("depth", 5.0, "cm", OM_MEASUREMENT), NamedValue("where", POINT, None, OM_GEOMETRY)), (Quality("good"),)
)
AREA = {"type": "Polygon", "coordinates": [[[7, 51], [8, 51], [8, 52], [7, 52], [7, 51]]]}
DOCUMENTS = [
    encode_request(request)
    for request in (
        DescribeSensor("thermometer", FORMAT, (minute(0), datetime(2030, 1, 1, tzinfo=UTC))),
        GetObservation(
            ("thermometer-offering",),
            spatial_filter=SpatialFilter(SpatialOperator.WITHIN, AREA, SpatialReference.SAMPLING_GEOMETRY),
        ),
        GetObservationById(("first", "observation.1.1451606400000000.1")),
        GetFeatureOfInterest(("thermometer",), spatial_filters=(bounding_box(0, 0, 9, 60),)),
        GetDataAvailability(procedures=("thermometer",), show_count=True, include_result_times=True),
        GetDataAvailability(procedures=("thermometer",), version="2.0"),
        UpdateSensorDescription(
            "thermometer", FORMAT, (ValidDescription(FORMAT, sensor().description.document, minute(0), minute(9)),)
        ),
        DeleteSensor("barometer"),
        DeleteObservation(("gone",)),
        GetCapabilities(("2.0.0",), ("Contents",), ("text/xml",), "2016-01-01T00:00:00Z"),
        sensor("hygrometer"),
        insertion(
            observation(1, RECORD, observation_type=OM_COMPLEX, uom=None, observed_property="Weather"),
            observation(2, POINT, observation_type=OM_GEOMETRY, uom=None, observed_property="Place"),
            observation(3, 1.5, annotations=TOLD, geometry=STATION.geometry),
            observation(4, "dry", observation_type=OM_CATEGORY, uom=None, observed_property="Weather"),
        ),
        InsertResultTemplate(template(identifier="daily")),
        InsertResult("hourly", "2017-01-01T00:00:00Z,1.5@@2017-01-01T01:00:00Z,-2.0"),
        GetResultTemplate("thermometer-offering", "AirTemperature"),
        GetResult("thermometer-offering", "AirTemperature", spatial_filter=bounding_box(0, 0, 9, 60)),
        GetResult("thermometer-offering", "Weather"),
        GetObservation(observed_properties=("Weather", "Place"), merged=True),
        DeleteResultTemplate(("daily",)),
        DeleteResultTemplate(places=(("thermometer-offering", "Weather"),)),
        DeleteObservation(
            procedures=("thermometer",),
            temporal_filters=(TemporalFilter(TemporalOperator.DURING, minute(900), minute(901)),),
            version="2.0",
        ),
    )
]
TOKENS = ["", " ", "0", "-1", "1e400", "NaN", "thermometer", "first", "2016-01-01T00:00:00Z", "99999-01-01", "☃", "a,b"]
_TOKEN = re.compile(rb"(?<=[>\"])[^<>\"=]+(?=[<\"])|</?[a-zA-Z0-9:]+")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A service that all strange requests are sent to; it has a thermometer and an observation at a place."""
    app = create_app(Settings(data=tmp_path_factory.mktemp("strange")))
    client = Client(Starlette(routes=[mount("/sos", app)]))
    for request in (
        sensor(properties=("AirTemperature", "Weather", "Place"), types=OBSERVATION_TYPES),
        insertion(observation(0, identifier="first", geometry=STATION.geometry)),
        InsertResultTemplate(template()),
    ):
        assert 200 == client.post(encode_request(request)).status
    yield client
    app.state.storage.close()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_document_with_a_change_is_answered_or_refused(service: Client, data: st.DataObject) -> None:
    """
    A name, value or attribute of a good document becomes something else, or a part of it is missing or twice there.
    """
    document = data.draw(st.sampled_from(DOCUMENTS))
    places = [match.span() for match in _TOKEN.finditer(document, document.index(b"?>"))]
    begin, end = data.draw(st.sampled_from(places))
    new = data.draw(st.sampled_from(TOKENS) | st.text(max_size=4)).encode("utf-8", "ignore")
    kind = data.draw(st.sampled_from(["replace", "cut", "double"]))
    changed = {
        "replace": document[:begin] + new + document[end:],
        "cut": document[:begin] + document[end:],
        "double": document[:end] + document[begin:],
    }[kind]

    answer = service.post(changed)

    assert answer.status in (200, 400)
    if answer.status == 400:
        assert answer.exception[0] != "NoApplicableCode"


OPERATIONS = [
    "DescribeSensor",
    "GetObservation",
    "GetObservationById",
    "GetFeatureOfInterest",
    "GetDataAvailability",
    "DeleteObservation",
    "DeleteResultTemplate",
    "GetCapabilities",
    "GetResult",
    "GetResultTemplate",
]
PARAMETERS = [
    "procedure",
    "procedureDescriptionFormat",
    "validTime",
    "offering",
    "observedProperty",
    "featureOfInterest",
    "observation",
    "temporalFilter",
    "spatialFilter",
    "responseFormat",
    "resultTemplate",
    "sections",
    "AcceptVersions",
    "updateSequence",
    "MergeObservationsIntoDataArray",
    "ShowCount",
    "IncludeResultTimes",
]
VALUES = [
    *TOKENS,
    FORMAT,
    "observation.1.1.1",
    "observation.99999999999999999999.1.1",
    "om:phenomenonTime,2016-01-01/2016-01-02",
    "om:phenomenonTime,0001-01-01T00:00:00+14:00",
    "sams:shape,0,0,1,1",
    "sams:shape,1e308,0,1e308,9",
    "om:parameter/om:NamedValue/om:value,0,0,90,90",
    "http://www.opengis.net/sosgda/2.0",
]


@settings(max_examples=150, deadline=None)
@given(
    operation=st.sampled_from(OPERATIONS),
    parameters=st.dictionaries(st.sampled_from(PARAMETERS), st.sampled_from(VALUES) | st.text(max_size=6), max_size=4),
)
def test_any_parameters_are_answered_or_refused(service: Client, operation: str, parameters: dict[str, str]) -> None:
    """
    Whatever they hold.
    """
    encodable = {name: value.encode("utf-8", "ignore").decode() for name, value in parameters.items()}

    answer = service.get({"service": "SOS", "version": "2.0.0", "request": operation} | encodable)

    assert answer.status in (200, 400)
    if answer.status == 400:
        assert answer.exception[0] != "NoApplicableCode"
