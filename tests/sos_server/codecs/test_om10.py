"""Observations of O&M 1.0, and the ways in which services of that time told what they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sos_server.codecs import om_documents, xml
from sos_server.errors import InvalidRequest
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH

TIME = datetime(2016, 1, 11, 3, 55, 45, tzinfo=UTC)
INSTANT = '<gml:TimeInstant gml:id="t1"><gml:timePosition>2016-01-11T03:55:45Z</gml:timePosition></gml:TimeInstant>'
OBSERVATION = """<om:{name} xmlns:om="http://www.opengis.net/om/1.0" xmlns:gml="http://www.opengis.net/gml"
    xmlns:swe="http://www.opengis.net/swe/1.0.1" xmlns:sa="http://www.opengis.net/sampling/1.0"
    xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <gml:name>the gauge</gml:name>
  <om:samplingTime>{time}</om:samplingTime>{procedure}
  <om:observedProperty xlink:href="Level"/>{feature}
  {result}
</om:{name}>"""
QUANTITY = '<swe:Quantity><swe:uom code="m"/><swe:value>1.5</swe:value></swe:Quantity>'
PROCEDURE = '<om:procedure xlink:href="gauge"/>'
FEATURE = '<om:featureOfInterest xlink:href="river"/>'


def document(
    result: str, name: str = "Observation", time: str = INSTANT, procedure: str = PROCEDURE, feature: str = FEATURE
) -> str:
    return OBSERVATION.format(name=name, time=time, procedure=procedure, feature=feature, result=result)


def read(text: str) -> list:
    return list(om_documents.decode_observations(xml.parse(text.encode())))


@pytest.mark.parametrize(
    ("name", "result", "value", "uom", "observation_type"),
    [
        ("Measurement", '<om:result uom="m">1.5</om:result>', 1.5, "m", OM_MEASUREMENT),
        ("Observation", '<om:result xsi:type="gml:MeasureType" uom="m">1.5</om:result>', 1.5, "m", OM_MEASUREMENT),
        ("Observation", f"<om:result>{QUANTITY}</om:result>", 1.5, "m", OM_MEASUREMENT),
        ("Observation", '<om:result><gml:Quantity uom="m">1.5</gml:Quantity></om:result>', 1.5, "m", OM_MEASUREMENT),
        ("CountObservation", "<om:result>12</om:result>", 12, None, OM_COUNT),
        ("TruthObservation", "<om:result>true</om:result>", True, None, OM_TRUTH),
        ("CategoryObservation", '<om:result codeSpace="x">high</om:result>', "high", None, OM_CATEGORY),
        ("Observation", '<om:result xsi:type="gml:ReferenceType" xlink:href="high"/>', "high", None, OM_CATEGORY),
        ("Observation", "<om:result>all is well</om:result>", "all is well", None, OM_TEXT),
        ("Observation", "<om:result>1.5</om:result>", 1.5, None, OM_MEASUREMENT),
        ("Measurement", '<om:result uom="m"/>', None, "m", OM_MEASUREMENT),
        ("Measurement", '<om:result uom="m" xsi:nil="true"/>', None, "m", OM_MEASUREMENT),
        ("CountObservation", "<om:result>many</om:result>", None, None, OM_COUNT),
    ],
)  # fmt: skip
def test_a_result_is_what_its_type_its_unit_or_its_observation_says(name, result, value, uom, observation_type):
    """
    Else what it looks like; and never a number where it is none.
    """
    (found,) = read(document(result, name))

    assert (found.value, type(found.value), found.uom) == (value, type(value), uom)
    assert found.observation_type == observation_type
    assert (found.phenomenon_time, found.procedure, found.observed_property, found.feature_of_interest) == (
        TIME,
        "gauge",
        "Level",
        "river",
    )
    assert (found.nil_reason is None) == (value is not None)


@pytest.mark.parametrize(
    "result",
    [
        '<om:result><gml:Point><gml:pos srsName="EPSG:4326">52 7</gml:pos></gml:Point></om:result>',
        '<om:result xsi:type="swe:DataArrayPropertyType" xlink:href="http://elsewhere.example.org/data"/>',
    ],
    ids=["a place", "an array that is elsewhere"],
)
def test_what_is_no_value_gives_no_observation(result):
    """
    Nor a nil one.
    """
    assert read(document(result)) == []


@pytest.mark.parametrize(
    "result",
    ["<om:result><gml:MultiPointCoverage/></om:result>", "<om:result><swe:Geometry/></om:result>", ""],
    ids=["coverage", "unknown", "none"],
)
def test_a_result_that_cannot_be_read_is_refused(result):
    """
    With its line, and not left out.
    """
    with pytest.raises(InvalidRequest, match=r"line [0-9]+"):
        read(document(result))


MEASURED = '<om:result uom="m">1.5</om:result>'
POINT = '<gml:Point><gml:pos srsName="urn:ogc:def:crs:EPSG::4326">51.9 7.6</gml:pos></gml:Point>'
SAMPLED = (
    '<sa:SamplingPoint gml:id="river-1"><gml:name>River</gml:name>'
    f"<sa:position>{POINT}</sa:position></sa:SamplingPoint>"
)


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (f"<om:featureOfInterest>{SAMPLED}</om:featureOfInterest>", "river-1"),
        (
            "<om:featureOfInterest><gml:FeatureCollection><gml:featureMember>"
            f"{SAMPLED}</gml:featureMember></gml:FeatureCollection></om:featureOfInterest>",
            "river-1",
        ),
        (
            '<om:featureOfInterest xlink:href="urn:river"><gml:FeatureCollection><gml:location>'
            f"{POINT}</gml:location></gml:FeatureCollection></om:featureOfInterest>",
            "urn:river",
        ),
        (
            "<om:featureOfInterest><gml:FeatureCollection><gml:location>"
            f"{POINT}</gml:location></gml:FeatureCollection></om:featureOfInterest>",
            "the gauge",
        ),
    ],
    ids=["inline", "in a collection", "istSOS", "only a place"],
)
def test_a_feature_is_known_by_what_is_told_of_it(feature, expected):
    """
    Its place goes with it.
    """
    (found,) = read(document(MEASURED, feature=feature))

    assert found.feature_of_interest == expected
    assert found.feature.geometry == {"type": "Point", "coordinates": [7.6, 51.9]}


@pytest.mark.parametrize(
    ("procedure", "expected"),
    [
        ("<om:procedure>gauge</om:procedure>", "gauge"),
        ('<om:procedure><om:Process><gml:member xlink:href="urn:1"/></om:Process></om:procedure>', "urn:1"),
        ('<om:procedure><om:Process gml:id="p1"/></om:procedure>', "p1"),
        ("<om:procedure/>", "the gauge"),
        ("", "the gauge"),
    ],
)
def test_a_procedure_is_known_by_what_is_told_of_it(procedure, expected):
    """
    Where nothing is told, the observation's name stands for it.
    """
    (found,) = read(document(MEASURED, procedure=procedure))

    assert found.procedure == expected


def test_rows_tell_which_feature_of_a_collection_they_are_of():
    """
    52°North's SOS 1.0 puts all features into one observation.
    """
    other = SAMPLED.replace("river-1", "lake-2").replace("51.9 7.6", "52.9 8.6")
    members = "".join(f"<gml:featureMember>{each}</gml:featureMember>" for each in (SAMPLED, other))
    feature = f"<om:featureOfInterest><gml:FeatureCollection>{members}</gml:FeatureCollection></om:featureOfInterest>"
    array = """<om:result><swe:DataArray><swe:elementType name="row"><swe:SimpleDataRecord>
        <swe:field name="Time"><swe:Time definition="urn:ogc:data:time:iso8601"/></swe:field>
        <swe:field name="feature"><swe:Text definition="urn:ogc:data:feature"/></swe:field>
        <swe:field name="Level"><swe:Quantity definition="Level"><swe:uom code="m"/></swe:Quantity></swe:field>
      </swe:SimpleDataRecord></swe:elementType>
      <swe:encoding><swe:TextBlock tokenSeparator="," blockSeparator=";" decimalSeparator="."/></swe:encoding>
      <swe:values>2016-01-11T01:00:00+01,lake-2,1.5;2016-01-11T01:00:00+01,river-1,noData;</swe:values>
    </swe:DataArray></om:result>"""

    found = read(document(array, feature=feature, time=""))

    assert [(each.feature_of_interest, each.value, each.nil_reason) for each in found] == [
        ("lake-2", 1.5, None),
        ("river-1", None, "not a number: noData"),
    ]
    assert [each.feature.geometry["coordinates"] for each in found] == [[8.6, 52.9], [7.6, 51.9]]


@pytest.mark.parametrize(
    "envelope", ["http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"]
)
def test_observations_are_read_in_any_envelope_and_collection(envelope):
    """
    SOAP 1.1 and 1.2, and collections inside.
    """
    inner = f"<om:member>{document(MEASURED)}</om:member>" * 2
    collection = (
        f'<om:ObservationCollection xmlns:om="http://www.opengis.net/om/1.0">{inner}</om:ObservationCollection>'
    )

    found = read(f'<s:Envelope xmlns:s="{envelope}"><s:Header/><s:Body>{collection}</s:Body></s:Envelope>')

    assert [each.value for each in found] == [1.5, 1.5]


@pytest.mark.parametrize("envelope", ["{}", '<s:Envelope xmlns:s="urn:s"><s:Body>{}</s:Body></s:Envelope>'])
def test_values_that_stand_for_themselves_are_read(envelope):
    """
    What observed them, and on what, is unknown.
    """
    stream = """<swe:DataStream xmlns:swe="http://www.opengis.net/swe/1.0.1">
        <swe:field name="time"><swe:Time/></swe:field><swe:field name="Level"><swe:Quantity/></swe:field>
        <swe:encoding><swe:TextBlock tokenSeparator="," blockSeparator=";"/></swe:encoding>
        <swe:values>2016-01-11T03:55:45Z,1.5;</swe:values></swe:DataStream>"""

    (found,) = read(envelope.format(stream))

    unknown = "http://www.opengis.net/def/nil/OGC/0/unknown"
    assert (found.phenomenon_time, found.observed_property, found.value) == (TIME, "Level", 1.5)
    assert (found.procedure, found.feature_of_interest) == (unknown, unknown)


@pytest.mark.parametrize(
    "time",
    [
        "",
        "<gml:TimeInstant><gml:timePosition indeterminatePosition='unknown'/></gml:TimeInstant>",
        "<gml:TimeInstant><gml:timePosition>lately</gml:timePosition></gml:TimeInstant>",
    ],
)
def test_a_scalar_without_time_is_refused(time):
    """
    No time is made up.
    """
    with pytest.raises(InvalidRequest, match=r"line [0-9]+"):
        read(document(MEASURED, time=time))
