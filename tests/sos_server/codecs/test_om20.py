"""Observations are read with all their members, and refused where a member cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sos_server.codecs import om20, xml
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue, SosError
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
TIME = '<gml:TimeInstant gml:id="t"><gml:timePosition>2020-01-01T12:00:00Z</gml:timePosition></gml:TimeInstant>'
MEMBERS = {
    "phenomenonTime": f"<om:phenomenonTime>{TIME}</om:phenomenonTime>",
    "resultTime": '<om:resultTime xlink:href="#t"/>',
    "procedure": '<om:procedure xlink:href="p"/>',
    "observedProperty": '<om:observedProperty xlink:href="q"/>',
    "featureOfInterest": '<om:featureOfInterest xlink:href="f"/>',
    "result": '<om:result xsi:type="gml:MeasureType" uom="m">1.5</om:result>',
}
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{xml.NAMESPACES[prefix]}"' for prefix in ("om", "gml", "xlink", "xsi", "swe", "sam", "sams")
)


def document(**members: str) -> bytes:
    body = "".join((MEMBERS | members).values())
    return f'<om:OM_Observation {NAMESPACES} gml:id="o">\n{body}</om:OM_Observation>'.encode()


def read(**members: str):
    return list(om20.decode_observations(xml.parse(document(**members))))


@pytest.mark.parametrize(
    ("result", "value", "uom", "observation_type"),
    [
        ('<om:result xsi:type="gml:MeasureType" uom="m">1.5</om:result>', 1.5, "m", OM_MEASUREMENT),
        ('<om:result xsi:type="xs:integer">3</om:result>', 3, None, OM_COUNT),
        ('<om:result xsi:type="xs:int">3</om:result>', 3, None, OM_COUNT),
        ('<om:result xsi:type="xs:boolean">true</om:result>', True, None, OM_TRUTH),
        ('<om:result xsi:type="gml:ReferenceType" xlink:href="c"/>', "c", None, OM_CATEGORY),
        ('<om:result xsi:type="xs:string"> a </om:result>', " a ", None, OM_TEXT),
        ('<om:result uom="deg">20</om:result>', 20.0, "deg", OM_MEASUREMENT),
        ("<om:result>20</om:result>", 20.0, None, OM_MEASUREMENT),
        ("<om:result>high</om:result>", "high", None, OM_TEXT),
    ],
)
def test_a_result_is_read_by_its_type(result, value, uom, observation_type):
    """
    Each result type gives its own Python type, an untyped one what it looks like.
    """
    (found,) = read(result=result)

    assert (value, uom, observation_type) == (found.value, found.uom, found.observation_type)
    assert type(value) is type(found.value)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ('<om:result xsi:nil="true"/>', "unknown"),
        ('<om:result nilReason="missing"/>', "missing"),
        ('<om:result uom="m" nilReason="below detection">-999</om:result>', "below detection"),
        ('<om:result xsi:type="gml:MeasureType" uom="m">NaN</om:result>', "unknown"),
    ],
)
def test_a_nil_result_is_no_number(result, reason):
    """
    A nil result gives None and why.
    """
    (found,) = read(result=result)

    assert (None, reason) == (found.value, found.nil_reason)


@pytest.mark.parametrize(
    ("members", "error", "locator"),
    [
        ({"result": '<om:result uom="m">high</om:result>'}, InvalidRequest, "result"),
        ({"result": '<om:result uom="m">INF</om:result>'}, InvalidRequest, "result"),
        ({"result": '<om:result uom="m"/>'}, InvalidRequest, "result"),
        ({"result": '<om:result xsi:type="xs:boolean">maybe</om:result>'}, InvalidRequest, "result"),
        ({"result": '<om:result xsi:type="xs:integer">1.5</om:result>'}, InvalidRequest, "result"),
        ({"result": '<om:result xsi:type="x:Unheard">1</om:result>'}, InvalidParameterValue, "resultType"),
        ({"result": '<om:result xsi:type="">1</om:result>'}, MissingParameterValue, "resultType"),
        ({"result": ""}, InvalidRequest, "result"),
        ({"phenomenonTime": "", "resultTime": ""}, InvalidRequest, "phenomenonTime"),
        ({"procedure": '<om:procedure xlink:href=""/>'}, MissingParameterValue, "procedure"),
        ({"observedProperty": "<om:observedProperty/>"}, MissingParameterValue, "observedProperty"),
        ({"featureOfInterest": ""}, MissingParameterValue, "featureOfInterest"),
        ({"type": '<om:type xlink:href=""/>'}, MissingParameterValue, "observationType"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(members, error, locator):
    """
    Nothing is repaired: the error has the locator and the line.
    """
    with pytest.raises(SosError) as refused:
        read(**members)

    assert (error, locator) == (type(refused.value), refused.value.locator)
    assert "line 2" in refused.value.message or "line 1" in refused.value.message


def test_a_feature_inline_gives_its_place_longitude_first():
    """
    A sampling feature is read with name, description, type and shape.
    """
    feature = (
        '<om:featureOfInterest><sams:SF_SpatialSamplingFeature gml:id="s"><gml:description>d</gml:description>'
        '<gml:identifier codeSpace="">f</gml:identifier><gml:name>n</gml:name><sam:sampledFeature xlink:href="lake"/>'
        '<sams:shape><gml:Point><gml:pos srsName="http://www.opengis.net/def/crs/EPSG/0/4326">52 7</gml:pos>'
        "</gml:Point></sams:shape></sams:SF_SpatialSamplingFeature></om:featureOfInterest>"
    )

    (found,) = read(featureOfInterest=feature)

    assert ("f", "n", "d", "lake") == (
        found.feature_of_interest,
        found.feature.name,
        found.feature.description,
        found.feature.sampled_feature,
    )
    assert {"type": "Point", "coordinates": [7.0, 52.0]} == found.feature.geometry


def test_a_shape_in_an_unknown_system_is_refused_only_where_it_is_stored():
    """
    A reader of values goes on without the place; strictly, it is refused.
    """
    feature = (
        '<om:featureOfInterest><sams:SF_SpatialSamplingFeature gml:id="s"><sams:shape><gml:Point>'
        '<gml:pos srsName="urn:ogc:def:crs:EPSG::31466">5700000 2600000</gml:pos></gml:Point></sams:shape>'
        "</sams:SF_SpatialSamplingFeature></om:featureOfInterest>"
    )

    (found,) = read(featureOfInterest=feature)

    assert ("s", None) == (found.feature_of_interest, found.feature.geometry)
    with pytest.raises(InvalidRequest, match="31466"):
        list(om20.decode_observations(xml.parse(document(featureOfInterest=feature)), strict=True))


def test_named_values_give_offering_and_place():
    """
    The sampling geometry and 52°North's offering are read from the parameters.
    """
    parameters = (
        '<om:parameter><om:NamedValue><om:name xlink:href="offering"/><om:value>o1</om:value></om:NamedValue>'
        "</om:parameter>"
        "<om:parameter><om:NamedValue>"
        '<om:name xlink:href="http://www.opengis.net/def/param-name/OGC-OM/2.0/samplingGeometry"/>'
        "<om:value><gml:Point><gml:pos>52 7</gml:pos></gml:Point></om:value></om:NamedValue></om:parameter>"
    )

    (found,) = read(parameter=parameters)

    assert ("o1", {"type": "Point", "coordinates": [7.0, 52.0]}) == (found.offering, found.geometry)


def test_a_column_without_a_time_has_that_of_the_observation():
    """
    The values of an array without a time column hold at the phenomenon time; each column is a property.
    """
    result = (
        "<om:result><swe:DataArray><swe:elementType name='r'><swe:DataRecord>"
        "<swe:field name='a'><swe:Quantity definition='qa'><swe:uom code='m'/></swe:Quantity></swe:field>"
        "<swe:field name='b'><swe:Count definition='qb'/></swe:field></swe:DataRecord></swe:elementType>"
        "<swe:encoding><swe:TextEncoding tokenSeparator=',' blockSeparator=';'/></swe:encoding>"
        "<swe:values>1.5,2;3,</swe:values></swe:DataArray></om:result>"
    )

    found = read(result=result)

    assert [("qa", 1.5), ("qb", 2), ("qa", 3.0), ("qb", None)] == [
        (observation.observed_property, observation.value) for observation in found
    ]
    assert {NOON} == {observation.phenomenon_time for observation in found}


def test_a_document_without_observations_gives_none():
    """
    An empty answer is no error.
    """
    root = xml.parse(b'<sos:GetObservationResponse xmlns:sos="http://www.opengis.net/sos/2.0"/>')

    assert [] == list(om20.decode_observations(root))
