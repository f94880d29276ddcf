"""SOS 2.0 documents: requests are read and written, answers are valid and readable by others."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from owslib.sos import SensorObservationService

from sos_server.codecs import ows11, sensorml, xml
from sos_server.codecs.sos20 import capabilities, decode, encode, offerings, parameters
from sos_server.errors import (
    InvalidParameterValue,
    InvalidRequest,
    MissingParameterValue,
    OperationNotSupported,
    SosError,
)
from sos_server.filters import (
    SpatialFilter,
    SpatialOperator,
    SpatialReference,
    TemporalFilter,
    TemporalOperator,
    TemporalReference,
    bounding_box,
)
from sos_server.model import (
    OM_COUNT,
    OM_MEASUREMENT,
    SAMPLING_POINT,
    SCALAR_TYPES,
    Extent,
    Feature,
    Offering,
    OfferingContent,
    SeriesExtent,
    ValidDescription,
)
from sos_server.requests import (
    DeleteObservation,
    DeleteSensor,
    DescribeSensor,
    GetCapabilities,
    GetDataAvailability,
    GetFeatureOfInterest,
    GetObservation,
    GetObservationById,
    InsertObservation,
    InsertSensor,
    UpdateSensorDescription,
)
from sos_server.responses import (
    Capabilities,
    DataAvailability,
    Features,
    Observations,
    ObservationsById,
    ObservationsDeleted,
    ObservationsInserted,
    SensorDeleted,
    SensorDescribed,
    SensorInserted,
    SensorUpdated,
)
from tests.sos_server.codecs.observations import WELL, observation, row, series

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)
OFFERING = Offering("http://example.org/o", "http://example.org/s", "Offering & <1>")
DESCRIPTION = sensorml.encode_description(
    OFFERING.procedure,
    "A sensor",
    OFFERING,
    [("http://example.org/p", "Cel"), ("http://example.org/n", None)],
    (7.5, 52.0),
)
CONTENTS = (
    OfferingContent(
        OFFERING,
        ("http://example.org/p",),
        sensorml.DESCRIPTION_FORMATS,
        (OM_MEASUREMENT, OM_COUNT),
        (SAMPLING_POINT,),
        ("http://example.org/f",),
        Extent(BEGIN, END, BEGIN, END, (7.0, 51.0, 8.0, 52.0)),
    ),
    OfferingContent(Offering("o2", "p2"), ("q",), (sensorml.SENSORML_20,), (OM_MEASUREMENT,), (SAMPLING_POINT,)),
)
CAPABILITIES = Capabilities(
    version="2.0.0",
    sections=frozenset(parameters.SECTIONS),
    base_url="http://localhost/sos",
    title="A service & more",
    abstract="For tests.",
    provider_name="Example",
    provider_site="http://example.org/",
    update_sequence="2020-01-01T00:00:00Z",
    contents=CONTENTS,
    description_formats=sensorml.DESCRIPTION_FORMATS,
    observation_types=SCALAR_TYPES,
    feature_types=(SAMPLING_POINT,),
)
VALID = ValidDescription(sensorml.SENSORML_20, DESCRIPTION.document, BEGIN)
WELL_AREA = {"type": "Polygon", "coordinates": [[[7, 51], [8, 51], [8, 52], [7, 52], [7, 51]]]}
EXTENT = SeriesExtent(("o",), "p", "q", WELL, (OM_MEASUREMENT, OM_COUNT), BEGIN, END, BEGIN, END, 7)
REQUESTS = {
    "capabilities": GetCapabilities(("2.0.0",), ("Contents", "FilterCapabilities"), ("text/xml",), "1"),
    "describe": DescribeSensor("p", "http://f"),
    "observe all": GetObservation(),
    "observe": GetObservation(
        ("o1", "o2"),
        ("p",),
        ("q",),
        ("f",),
        (
            TemporalFilter(TemporalOperator.DURING, BEGIN, END),
            TemporalFilter(TemporalOperator.AFTER, BEGIN, BEGIN, TemporalReference.RESULT_TIME),
        ),
        bounding_box(7, 51, 8, 52),
        "http://www.opengis.net/om/2.0",
    ),
    "latest": GetObservation(temporal_filters=(TemporalFilter(TemporalOperator.LATEST),)),
    "first": GetObservation(temporal_filters=(TemporalFilter(TemporalOperator.FIRST),)),
    "describe at a time": DescribeSensor("p", "http://f", (BEGIN, BEGIN)),
    "describe in a time": DescribeSensor("p", "http://f", (BEGIN, END)),
    "observe places": GetObservation(
        spatial_filter=SpatialFilter(SpatialOperator.WITHIN, WELL_AREA, SpatialReference.SAMPLING_GEOMETRY)
    ),
    "by id": GetObservationById(("http://id/1", "http://id/2")),
    "all features": GetFeatureOfInterest(),
    "features": GetFeatureOfInterest(
        ("p",),
        ("q",),
        ("f",),
        tuple(SpatialFilter(operator, WELL_AREA) for operator in SpatialOperator),
    ),
    "availability": GetDataAvailability(),
    "availability 1.0": GetDataAvailability(("o",), ("p",), ("q",), ("f",), show_count=True, include_result_times=True),
    "availability 2.0": GetDataAvailability(
        ("o",), ("p",), ("q",), ("f",), ("http://www.opengis.net/om/2.0",), show_count=True, version="2.0"
    ),
    "update": UpdateSensorDescription(
        OFFERING.procedure,
        sensorml.SENSORML_20,
        (VALID,),
    ),
    "update from now on": UpdateSensorDescription(
        OFFERING.procedure, sensorml.SENSORML_20, (dataclasses.replace(VALID, begin=None),)
    ),
    "update for a time": UpdateSensorDescription(
        OFFERING.procedure, sensorml.SENSORML_20, (dataclasses.replace(VALID, end=END),)
    ),
    "delete sensor": DeleteSensor("p"),
    "delete one": DeleteObservation(("http://id/1",)),
    "delete several": DeleteObservation(("http://id/1", "http://id/2"), version="2.0"),
    "delete by filter": DeleteObservation(
        (), ("o",), ("p",), ("q",), ("f",), (TemporalFilter(TemporalOperator.DURING, BEGIN, END),), "2.0"
    ),
    "insert sensor": InsertSensor(DESCRIPTION, ("http://example.org/p",), (OM_MEASUREMENT,), (SAMPLING_POINT,), ("f",)),
    "insert": InsertObservation(
        ("o1", "o2"),
        (
            observation(20.5, feature=WELL),
            observation(21.5, identifier="http://id/1", valid_time=(BEGIN, END), phenomenon_time_end=END),
            observation(3, uom=None, observation_type=OM_COUNT, geometry=WELL.geometry),
        ),
    ),
}
RESPONSES = {
    "capabilities": CAPABILITIES,
    "no section": dataclasses.replace(CAPABILITIES, sections=frozenset()),
    "no offering": dataclasses.replace(CAPABILITIES, contents=()),
    "sensor described": SensorDescribed(sensorml.SENSORML_20, (VALID, dataclasses.replace(VALID, end=END))),
    "not described then": SensorDescribed(sensorml.SENSORML_20, ()),
    "sensor updated": SensorUpdated("p"),
    "sensor deleted": SensorDeleted("p"),
    "no feature": Features(()),
    "features": Features((WELL, Feature("f", "A feature without a shape"))),
    "no observation by id": ObservationsById(()),
    "observation deleted": ObservationsDeleted(1, "http://id/1", "1.0"),
    "observations deleted": ObservationsDeleted(7, None, "2.0"),
    "nothing available": DataAvailability((), {}, show_count=True, include_result_times=True, version="2.0"),
    **{
        f"available {version}{' with all' if more else ''}": DataAvailability(
            (EXTENT, EXTENT), {"p": (sensorml.SENSORML_20,)}, more, more, version
        )
        for version in ("1.0", "2.0")
        for more in (False, True)
    },
    "sensor inserted": SensorInserted("p", "o"),
    "inserted": ObservationsInserted(2),
    "no observation": Observations(()),
    "observations": Observations([(series(), iter([row(0, 20.5), row(1, 21.0)]))]),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_written_request_comes_back_equal(name):
    """
    What a client writes, the service reads.
    """
    assert REQUESTS[name] == decode.decode(xml.parse(encode.encode_request(REQUESTS[name])))


@pytest.mark.shared
@pytest.mark.parametrize("name", REQUESTS)
def test_a_written_request_is_valid(name, validate):
    """
    Every request follows the schemas.
    """
    assert [] == validate(encode.encode_request(REQUESTS[name]))


@pytest.mark.shared
@pytest.mark.parametrize("name", RESPONSES)
def test_an_answer_is_valid(name, validate):
    """
    Every answer follows the schemas in both profiles.
    """
    response = RESPONSES[name]
    if isinstance(response, Observations):
        response = Observations([(info, iter(list(rows))) for info, rows in response.series])

    assert [] == validate(b"".join(encode.encode(response)))


@pytest.mark.shared
def test_an_exception_report_is_valid_and_comes_back(validate):
    """
    A message may quote anything that a client sent; what XML cannot hold is shown as the sign for that.
    """
    report = ows11.encode_exception(InvalidParameterValue("There is no \x00 & <procedure>.", "procedure"))

    assert [] == validate(report)
    assert (ows11.ServiceException("InvalidParameterValue", "procedure", "There is no \ufffd & <procedure>."),) == (
        ows11.decode_exceptions(xml.parse(report))
    )


@pytest.mark.parametrize(
    "report",
    [
        b'<ExceptionReport><Exception exceptionCode="C" locator="l"><ExceptionText>t</ExceptionText></Exception>'
        b"</ExceptionReport>",
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Detail><o:ExceptionReport '
        b'xmlns:o="http://www.opengis.net/ows"><o:Exception exceptionCode="C" locator="l"><o:ExceptionText>t'
        b"</o:ExceptionText></o:Exception></o:ExceptionReport></s:Detail></s:Fault></s:Body></s:Envelope>",
        b'<ServiceExceptionReport><ServiceException code="C" locator="l">t</ServiceException></ServiceExceptionReport>',
    ],
    ids=["no namespace", "SOAP", "old"],
)
def test_an_exception_report_of_another_service_is_recognised(report):
    """
    Reports come with any namespace, or inside SOAP.
    """
    assert (ows11.ServiceException("C", "l", "t"),) == ows11.decode_exceptions(xml.parse(report))


def test_an_answer_is_no_exception_report():
    """
    Other documents hold no exceptions.
    """
    assert () == ows11.decode_exceptions(xml.parse(b"<a/>"))


def test_owslib_reads_the_capabilities():
    """
    Offerings come with their times, places in longitude first order, and the address of GetObservation.
    """
    service = SensorObservationService(None, xml=capabilities.encode(CAPABILITIES), version="2.0.0")

    offering = service.contents[OFFERING.identifier]
    assert (7.0, 51.0, 8.0, 52.0) == offering.bbox
    assert BEGIN == offering.begin_position.replace(tzinfo=UTC)
    assert [OFFERING.procedure] == offering.procedures
    assert "http://localhost/sos?" == service.get_operation_by_name("GetObservation").methods[0]["url"]


def test_the_contents_come_back_equal():
    """
    A client reads the offerings that the service wrote.
    """
    assert CONTENTS == offerings.decode_contents(xml.parse(capabilities.encode(CAPABILITIES)))


def test_the_answers_to_insertions_come_back():
    """
    A client reads what it got for its sensor.
    """
    (inserted,) = encode.encode(SensorInserted("p", "o"))

    assert SensorInserted("p", "o") == decode.decode_response(xml.parse(inserted))


SOS, SWES = xml.NAMESPACES["sos"], xml.NAMESPACES["swes"]


@pytest.mark.parametrize(
    ("document", "error", "locator"),
    [
        (f'<GetObservation xmlns="{SOS}" version="2.0.0"/>', InvalidRequest,
         f"Expected attribute: service in element GetObservation@{SOS}"),
        (f'<DescribeSensor xmlns="{SWES}" service="SOS"/>', InvalidRequest,
         f"Expected attribute: version in element DescribeSensor@{SWES}"),
        (f'<GetObservation xmlns="{SOS}" service="" version="2.0.0"/>', MissingParameterValue, "service"),
        (f'<GetObservation xmlns="{SOS}" service="ASDF" version="2.0.0"/>', InvalidParameterValue, "service"),
        (f'<GetObservation xmlns="{SOS}" service="SOS" version=""/>', MissingParameterValue, "version"),
        (f'<GetObservation xmlns="{SOS}" service="SOS" version="999"/>', InvalidParameterValue, "version"),
        (f'<Unheard xmlns="{SOS}" service="SOS" version="2.0.0"/>', OperationNotSupported, "Unheard"),
        ("<GetObservation/>", InvalidRequest, "GetObservation"),
        (f'<GetObservation xmlns="{SOS}" service="SOS" version="2.0.0"><offering/></GetObservation>',
         MissingParameterValue, "offering"),
        (f'<GetObservation xmlns="{SOS}" service="SOS" version="2.0.0"><x/></GetObservation>', InvalidRequest, "x"),
        (f'<DescribeSensor xmlns="{SWES}" service="SOS" version="2.0.0"><procedure/></DescribeSensor>',
         MissingParameterValue, "procedure"),
        (f'<InsertObservation xmlns="{SOS}" service="SOS" version="2.0.0"/>', MissingParameterValue, "offering"),
        (f'<GetObservation xmlns="{SOS}" service="SOS" version="2.0.0"><temporalFilter><f:Meets '
         'xmlns:f="http://www.opengis.net/fes/2.0"/></temporalFilter></GetObservation>',
         InvalidParameterValue, "temporalFilter"),
    ],
)  # fmt: skip
def test_a_bad_document_has_the_code_and_locator_of_the_conformance_tests(document, error, locator):
    """
    Each fault is told with the element that it is in.
    """
    with pytest.raises(SosError) as refused:
        decode.decode(xml.parse(document.encode()))

    assert (error, locator) == (type(refused.value), refused.value.locator)


def test_children_may_come_in_any_order():
    """
    Many clients do not follow the order of the schema.
    """
    document = (
        f'<GetObservation xmlns="{SOS}" service="SOS" version="2.0.0"><responseFormat>r</responseFormat>'
        "<observedProperty>q</observedProperty><offering>o</offering></GetObservation>"
    )

    assert GetObservation(("o",), observed_properties=("q",), response_format="r") == decode.decode(
        xml.parse(document.encode())
    )


def test_capabilities_are_asked_for_without_a_service():
    """
    The conformance tests leave the attribute out.
    """
    assert GetCapabilities() == decode.decode(xml.parse(f'<GetCapabilities xmlns="{SOS}"/>'.encode()))
