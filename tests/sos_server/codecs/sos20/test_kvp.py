"""KVP requests are read as clients really send them, and refused with the right code and locator."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from sos_server.codecs.sos20 import kvp, kvp_filters
from sos_server.errors import (
    InvalidParameterValue,
    MissingParameterValue,
    OperationNotSupported,
    OptionNotSupported,
    SosError,
)
from sos_server.filters import TemporalFilter, TemporalOperator, TemporalReference, bounding_box
from sos_server.requests import DescribeSensor, GetCapabilities, GetObservation

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)
DURING = TemporalFilter(TemporalOperator.DURING, BEGIN, END)
DESCRIBE = "service=SOS&version=2.0.0&request=DescribeSensor"
OBSERVE = "service=SOS&version=2.0.0&request=GetObservation"


def read(query: str):
    return kvp.decode(parse_qsl(query, keep_blank_values=True))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("service=SOS&request=GetCapabilities", GetCapabilities(), id="capabilities"),
        pytest.param("SERVICE=SOS&RequesT=GetCapabilities&foo=bar", GetCapabilities(), id="any case, unknown name"),
        pytest.param(
            "service=SOS&request=GetCapabilities&acceptversions=2.0.0,1.0.0&sections=Contents,serviceProvider",
            GetCapabilities(("2.0.0", "1.0.0"), ("Contents", "ServiceProvider")),
            id="sections",
        ),
        pytest.param("service=SOS&request=GetCapabilities&sections=", GetCapabilities(sections=()), id="no section"),
        pytest.param(
            "service=SOS&request=GetCapabilities&Sections=All", GetCapabilities(sections=None), id="all sections"
        ),
        pytest.param(
            f"{DESCRIBE}&procedure= p &procedureDescriptionFormat=http%253A%252F%252Ff",
            DescribeSensor("p", "http://f"),
            id="doubly encoded format",
        ),
        pytest.param(
            "service=SOS&version=2.0&request=GetObservation&offering=a, b&observedProperty=q&procedure=p"
            "&featureOfInterest=f&responseFormat=r",
            GetObservation(("a", "b"), ("p",), ("q",), ("f",), response_format="r"),
            id="lists",
        ),
        pytest.param(OBSERVE, GetObservation(), id="everything"),
    ],
)
def test_a_request_is_read(query, expected):
    """
    Names in any case, unknown ones ignored, lists with commas.
    """
    assert expected == read(query)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("om:phenomenonTime,2020-01-01T00:00:00Z/2020-01-02T00:00:00Z", DURING),
        ("x:phenomenonTime,2020-01-01T00:00:00/2020-01-02T00:00:00", DURING),
        ("phenomenonTime,2020-01-01T01:00:00+01:00/2020-01-02", DURING),
        ("om:phenomenonTime,2020-01-01T01:00:00 01:00/2020-01-02", DURING),
        ("om:phenomenonTime,2020-01-01", TemporalFilter(TemporalOperator.EQUALS, BEGIN, BEGIN)),
        (
            "om:resultTime,2020-01-01",
            TemporalFilter(TemporalOperator.EQUALS, BEGIN, BEGIN, TemporalReference.RESULT_TIME),
        ),
        ("om:phenomenonTime,latest", TemporalFilter(TemporalOperator.LATEST)),
        ("om:phenomenonTime,first", TemporalFilter(TemporalOperator.FIRST)),
    ],
)
def test_a_temporal_filter_is_read_with_any_prefix(text, expected):
    """
    Periods, instants, `latest` and `first`; a `+` that arrived as a blank is one.
    """
    assert expected == kvp_filters.decode_temporal(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("om:featureOfInterest/*/sams:shape,51,7,52,8,urn:ogc:def:crs:EPSG::4326", bounding_box(7, 51, 8, 52)),
        ("om:featureOfInterest/*/sams:shape,51,7,52,8", bounding_box(7, 51, 8, 52)),
        ("sams:shape,7,51,8,52,http://www.opengis.net/def/crs/OGC/1.3/CRS84", bounding_box(7, 51, 8, 52)),
    ],
)
def test_a_spatial_filter_is_read_in_the_order_of_its_system(text, expected):
    """
    EPSG 4326 has latitude first.
    """
    assert expected == kvp_filters.decode_spatial(text)


@pytest.mark.parametrize(
    ("query", "error", "locator"),
    [
        ("", MissingParameterValue, "service"),
        ("request=GetCapabilities", MissingParameterValue, "service"),
        ("service=&request=GetCapabilities", MissingParameterValue, "service"),
        ("service=ASDF&request=GetCapabilities", InvalidParameterValue, "service"),
        ("service=SOS", MissingParameterValue, "request"),
        ("service=SOS&version=2.0.0&request=Unheard", OperationNotSupported, "Unheard"),
        ("service=SOS&request=GetCapabilities&sections=Wrong", InvalidParameterValue, "section"),
        ("service=SOS&request=DescribeSensor", MissingParameterValue, "version"),
        ("service=SOS&request=DescribeSensor&version=", MissingParameterValue, "version"),
        ("service=SOS&request=DescribeSensor&version=999", InvalidParameterValue, "version"),
        (f"{DESCRIBE}&procedure=&procedureDescriptionFormat=f", MissingParameterValue, "procedure"),
        (f"{DESCRIBE}&procedure=p", MissingParameterValue, "procedureDescriptionFormat"),
        (f"{DESCRIBE}&procedure=p&procedureDescriptionFormat=f&validTime=now", InvalidParameterValue, "validTime"),
        (f"{DESCRIBE}&procedure=p&procedureDescriptionFormat=f&validTime=", MissingParameterValue, "validTime"),
        (f"{OBSERVE}&offering=", MissingParameterValue, "offering"),
        (f"{OBSERVE}&observedProperty=", MissingParameterValue, "observedProperty"),
        (f"{OBSERVE}&procedure=", MissingParameterValue, "procedure"),
        (f"{OBSERVE}&featureOfInterest=", MissingParameterValue, "featureOfInterest"),
        (f"{OBSERVE}&responseFormat=", MissingParameterValue, "responseFormat"),
        (f"{OBSERVE}&offering=a&Offering=b", InvalidParameterValue, "Offering"),
        (f"{OBSERVE}&offering=a%00b", InvalidParameterValue, "offering"),
        (f"{OBSERVE}&temporalFilter=", MissingParameterValue, "temporalFilter"),
        (f"{OBSERVE}&temporalFilter=om:phenomenonTime,yesterday", InvalidParameterValue, "temporalFilter"),
        (f"{OBSERVE}&temporalFilter=om:phenomenonTime,2021/2020", InvalidParameterValue, "temporalFilter"),
        (f"{OBSERVE}&temporalFilter=om:validTime,2020", InvalidParameterValue, "ValueReference"),
        (f"{OBSERVE}&spatialFilter=,0,10,0,10,urn:ogc:def:crs:EPSG::4326", MissingParameterValue, "ValueReference"),
        (f"{OBSERVE}&spatialFilter=now,0,10,0,10", InvalidParameterValue, "ValueReference"),
        (f"{OBSERVE}&spatialFilter=sams:shape,0,10", InvalidParameterValue, "spatialFilter"),
        (f"{OBSERVE}&spatialFilter=sams:shape,9,10,0,10", InvalidParameterValue, "spatialFilter"),
        (f"{OBSERVE}&spatialFilter=sams:shape,0,0,1,1,EPSG:31466", InvalidParameterValue, "spatialFilter"),
    ],
)
def test_a_bad_request_has_the_code_and_locator_of_the_conformance_tests(query, error, locator):
    """
    Each fault is told with the parameter that it is in.
    """
    with pytest.raises(SosError) as refused:
        read(query)

    assert (error, locator) == (type(refused.value), refused.value.locator)


@pytest.mark.parametrize(
    "request_",
    [
        GetCapabilities(("2.0.0",)),
        DescribeSensor("p", "http://f"),
        GetObservation(("o",), ("p",), ("q",), ("f",), (DURING,), bounding_box(7.5, 51, 8, 52), "r"),
        GetObservation(temporal_filters=(TemporalFilter(TemporalOperator.LATEST),)),
    ],
    ids=["capabilities", "describe", "observe", "latest"],
)
def test_a_written_request_comes_back_equal(request_):
    """
    What a client writes, the service reads.
    """
    assert request_ == read(kvp.encode(request_))


def test_what_has_no_form_in_kvp_is_not_written():
    """
    After is not turned into something else.
    """
    after = GetObservation(temporal_filters=(TemporalFilter(TemporalOperator.AFTER, BEGIN, BEGIN),))

    with pytest.raises(OptionNotSupported):
        kvp.encode(after)
