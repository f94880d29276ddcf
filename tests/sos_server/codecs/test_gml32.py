"""Times and places are read and written as GML 3.2 has them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sos_server.codecs import gml32, gml32_encode, xml
from sos_server.errors import InvalidRequest

GML = 'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink"'
NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)


def element(text: str):
    return xml.parse(text.replace(">", f" {GML}>", 1).encode())


def test_a_reference_finds_a_time_that_comes_later():
    """
    A time by reference is the one with that gml:id anywhere in the document.
    """
    root = element(
        '<a><t xlink:href="#t1"/><t><gml:TimeInstant gml:id="t1"><gml:timePosition>2020-01-01T13:00:00+01:00'
        "</gml:timePosition></gml:TimeInstant></t></a>"
    )

    assert gml32.Times(root).read(root[0]) == gml32.Time(NOON)


def test_a_reference_to_nothing_is_refused():
    """
    No time is made up for one that is not there.
    """
    root = element('<a>\n<t xlink:href="#t1"/></a>')

    with pytest.raises(InvalidRequest, match=r"t1.*line 2"):
        gml32.Times(root).read(root[0])


def test_a_period_may_hold_instants():
    """
    The ends of a period are positions or instants.
    """
    period = element(
        "<gml:TimePeriod><gml:begin><gml:TimeInstant><gml:timePosition>2020-01-01T12:00:00Z</gml:timePosition>"
        "</gml:TimeInstant></gml:begin><gml:endPosition>2020-01-01T12:00:00</gml:endPosition></gml:TimePeriod>"
    )

    assert gml32.decode_time(period) == gml32.Time(NOON, NOON)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(
            "<gml:TimeInstant><gml:timePosition>yesterday</gml:timePosition></gml:TimeInstant>", "yesterday", id="word"
        ),
        pytest.param(
            "<gml:TimePeriod><gml:beginPosition>2021</gml:beginPosition><gml:endPosition>2020</gml:endPosition>"
            "</gml:TimePeriod>",
            "before it begins",
            id="swapped",
        ),
        pytest.param("<gml:TimeNode></gml:TimeNode>", "TimeInstant or TimePeriod", id="other"),
    ],
)
def test_a_bad_time_is_refused(document, message):
    """
    A time that cannot be read is refused with what and where.
    """
    with pytest.raises(InvalidRequest, match=message):
        gml32.decode_time(element(document))


@pytest.mark.parametrize(
    ("srs_name", "expected"),
    [
        ("http://www.opengis.net/def/crs/EPSG/0/4326", [7.5, 52.0]),
        ("urn:ogc:def:crs:EPSG::4326", [7.5, 52.0]),
        ("urn:ogc:def:crs:EPSG:6.8:4283", [7.5, 52.0]),
        ("EPSG:4326", [7.5, 52.0]),
        ("http://www.opengis.net/gml/srs/epsg.xml#4326", [7.5, 52.0]),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", [52.0, 7.5]),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", [52.0, 7.5]),
    ],
)
def test_the_axis_order_follows_the_reference_system(srs_name, expected):
    """
    EPSG's geographic systems have latitude first, CRS84 longitude; inside the project longitude is first.
    """
    point = element(f'<gml:Point srsName="{srs_name}"><gml:pos>52 7.5</gml:pos></gml:Point>')

    assert gml32.decode_geometry(point) == {"type": "Point", "coordinates": expected}


RING = "<gml:exterior><gml:LinearRing><gml:posList>{}</gml:posList></gml:LinearRing></gml:exterior>"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param('<gml:Point srsName="urn:ogc:def:crs:EPSG::31466"><gml:pos>5 7</gml:pos></gml:Point>', id="crs"),
        pytest.param("<gml:Point><gml:pos>100 7</gml:pos></gml:Point>", id="latitude"),
        pytest.param("<gml:Point><gml:pos>1</gml:pos></gml:Point>", id="one coordinate"),
        pytest.param("<gml:Point><gml:pos>a b</gml:pos></gml:Point>", id="words"),
        pytest.param("<gml:Point></gml:Point>", id="none"),
        pytest.param("<gml:Tin></gml:Tin>", id="shape"),
        pytest.param("<gml:LineString><gml:posList>1 2</gml:posList></gml:LineString>", id="a line of one point"),
        pytest.param("<gml:Polygon></gml:Polygon>", id="no ring"),
        pytest.param(f"<gml:Polygon>{RING.format('0 0 1 1 0 0')}</gml:Polygon>", id="a ring without extent"),
        pytest.param(f"<gml:Polygon>{RING.format('0 0 1 1 1 0 0 1')}</gml:Polygon>", id="an open ring"),
        pytest.param("<gml:MultiPoint></gml:MultiPoint>", id="no parts"),
    ],
)
def test_a_place_that_is_none_is_refused(document):
    """
    A shape that gives no longitude and latitude is refused with its line.
    """
    with pytest.raises(InvalidRequest, match="line 1"):
        gml32.decode_geometry(element(document))


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [7.651968812254194, 51.935101100104916]},
        {"type": "Point", "coordinates": [7.65, 51.93, 52.0]},
        {"type": "LineString", "coordinates": [[7.0, 51.0], [8.0, 52.0]]},
        {"type": "Polygon", "coordinates": [[[7.0, 51.0], [8.0, 51.0], [8.0, 52.0], [7.0, 51.0]]]},
        {"type": "MultiPoint", "coordinates": [[7.0, 51.0], [8.0, 52.0]]},
        {"type": "MultiLineString", "coordinates": [[[7.0, 51.0], [8.0, 52.0]], [[1.0, 2.0], [3.0, 4.0]]]},
        {"type": "MultiPolygon", "coordinates": [[[[7.0, 51.0], [8.0, 51.0], [8.0, 52.0], [7.0, 51.0]]]]},
    ],
    ids=lambda geometry: geometry["type"],
)
def test_a_geometry_comes_back_equal(geometry):
    """
    Writing and reading are each other's inverse.
    """
    written = gml32_encode.encode_geometry(geometry, "g1")

    assert gml32.decode_geometry(xml.parse(xml.serialize(written))) == geometry


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param("<gml:Point><gml:coordinates>52,7</gml:coordinates></gml:Point>", [7.0, 52.0], id="coordinates"),
        pytest.param(
            '<gml:LineString><gml:posList srsDimension="3">52 7 1 53 8 2</gml:posList></gml:LineString>',
            [[7.0, 52.0, 1.0], [8.0, 53.0, 2.0]],
            id="heights",
        ),
        pytest.param(
            "<gml:LineString><gml:pos>52 7</gml:pos><gml:pos>53 8</gml:pos></gml:LineString>",
            [[7.0, 52.0], [8.0, 53.0]],
            id="positions",
        ),
    ],
)
def test_coordinates_come_in_several_forms(document, expected):
    """
    Lists of positions, single positions and the old comma form mean the same.
    """
    assert gml32.decode_geometry(element(document))["coordinates"] == expected
