"""Reading observations from files of every format, and writing them as JSON lines."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from weps.errors import InputError
from weps.feeders.documents import read_observations, to_json_line
from weps.model import Observation

TIME = datetime(2016, 1, 11, 3, 55, 45, 14_000, tzinfo=UTC)
CSV = """time,procedure,observed_property,feature_of_interest,lat,lon,value,uom,remark
2016-01-11T03:55:45.014Z,gauge,Level,"river, upper",-37.81,144.96,1.5,m,ok
2016-01-12,gauge,Level,"river, upper",,,2,m,
2016-01-13,gauge,Level,"river, upper",,,,m,dry
2016-01-14,gauge,State,"river, upper",,,frozen,,
2016-01-15,gauge,Alarm,"river, upper",,,true,,
"""
EXPECTED = (
    Observation(
        TIME,
        "gauge",
        "Level",
        "river, upper",
        1.5,
        "m",
        geometry={"type": "Point", "coordinates": [144.96, -37.81]},
        id="0",
    ),
    Observation(datetime(2016, 1, 12, tzinfo=UTC), "gauge", "Level", "river, upper", 2, "m", id="1"),
    Observation(datetime(2016, 1, 14, tzinfo=UTC), "gauge", "State", "river, upper", "frozen", id="3"),
    Observation(datetime(2016, 1, 15, tzinfo=UTC), "gauge", "Alarm", "river, upper", True, id="4"),
)
LINE = {
    "phenomenon_time": "2016-01-11T03:55:45.014Z",
    "procedure": "gauge",
    "observed_property": "Level",
    "feature_of_interest": "river",
    "value": 1.5,
}
OM = b"""<om:OM_Observation xmlns:om="http://www.opengis.net/om/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"
    xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" gml:id="o1">
  <om:type xlink:href="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"/>
  <om:phenomenonTime><gml:TimeInstant gml:id="t1">
    <gml:timePosition>2016-01-11T03:55:45.014Z</gml:timePosition></gml:TimeInstant></om:phenomenonTime>
  <om:resultTime xlink:href="#t1"/>
  <om:procedure xlink:href="gauge"/>
  <om:observedProperty xlink:href="Level"/>
  <om:featureOfInterest xlink:href="river"/>
  <om:result xsi:type="gml:MeasureType" uom="m">1.5</om:result>
</om:OM_Observation>"""


@pytest.mark.parametrize(
    "data",
    [CSV.encode(), b"\xef\xbb\xbf" + CSV.encode(), CSV.replace("\n", "\r\n").encode(), gzip.compress(CSV.encode())],
    ids=["plain", "byte order mark", "carriage returns", "gzip"],
)
def test_csv_is_read_by_the_names_of_its_columns(data):
    """
    Dates are their first instant, other columns are left alone, an empty value is nil but keeps its number.
    """
    found = read_observations(data)

    assert found == EXPECTED


def test_nil_results_come_when_they_are_asked_for():
    """
    `--nil` shows the row without a value.
    """
    found = read_observations(CSV.encode(), include_nil=True)

    assert [(observation.id, observation.value) for observation in found][2] == ("2", None)
    assert len(found) == 5


@pytest.mark.parametrize(
    ("row", "where", "message"),
    [
        ("", "line 1", "the header has no column value"),
        ("yesterday,g,L,r,1,m", "line 2", "'yesterday' is not an ISO 8601 time"),
        ("2016-01-01,g,L,r,wet,m", "line 2", "the value 'wet' is no number"),
        ("2016-01-01,g,L,r,NaN,", "line 2", "the value 'NaN' is no number"),
        ("2016-01-01,g,L,r,1e999,m", "line 2", "the value '1e999' is no number"),
        ("2016-01-01,,L,r,1,m", "line 2", "the column procedure is empty"),
        ("2016-01-01,g,L,r,1", "line 2", "5 fields where the header names 6"),
        ('2016-01-01,"g,L,r,1,m', "line 2", "not CSV"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(row, where, message):
    """
    Nothing is repaired: no number for a word, no time for a wish.
    """
    header = "time,procedure,observed_property,feature_of_interest" + (",value,uom" if row else "")

    with pytest.raises(InputError) as refused:
        read_observations(f"{header}\n{row}\n".encode())

    assert refused.value.where == where
    assert message in refused.value.message


@pytest.mark.parametrize("place", ["91,0", "0,181", "north,0", "1,", "nan,0"])
def test_a_place_off_the_earth_is_refused(place):
    """
    Half a place is no place, and neither is one beyond the poles.
    """
    data = f"time,procedure,observed_property,feature_of_interest,value,lat,lon\n2016-01-01,g,L,r,1,{place}\n".encode()

    with pytest.raises(InputError, match="no place in degrees"):
        read_observations(data)


def test_json_lines_are_read_with_id_and_geometry():
    """
    An id that is given is kept, else the position counts; longitude and latitude make a point.
    """
    polygon = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    lines = [
        {**LINE, "longitude": 144.96, "latitude": -37.81},
        {**LINE, "id": "second", "geometry": polygon, "uom": "m", "offering": "o", "value": True},
        {**LINE, "id": 7, "phenomenon_time_end": "2016-01-11T05:00:00+01:00", "result_time": "2016-01-12"},
    ]

    found = read_observations("\n\n".join(json.dumps(line) for line in lines).encode())

    base = Observation(TIME, "gauge", "Level", "river", 1.5)
    assert found == (
        base._replace(id="0", geometry={"type": "Point", "coordinates": [144.96, -37.81]}),
        base._replace(id="second", geometry=polygon, uom="m", offering="o", value=True),
        base._replace(
            id="7",
            phenomenon_time_end=datetime(2016, 1, 11, 4, tzinfo=UTC),
            result_time=datetime(2016, 1, 12, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not one JSON object on one line"),
        ("[1]", "not a JSON object"),
        pytest.param("[" * 100_000, "not one JSON object on one line", id="very deep"),
        ('{"value": 1}', "has no phenomenon_time, procedure, observed_property, feature_of_interest"),
        (json.dumps({**LINE, "value": [1]}), "neither a number, text, true, false nor null"),
        (json.dumps(LINE).replace("1.5", "NaN"), "NaN is no JSON number"),
        (json.dumps(LINE).replace("1.5", "1e999"), "neither a number"),
        (json.dumps({**LINE, "phenomenon_time": None}), "phenomenon_time is null"),
        (json.dumps({**LINE, "phenomenon_time": 5}), "text is needed"),
        (json.dumps({**LINE, "result_time": "late"}), "result_time: 'late' is not an ISO 8601 time"),
        (json.dumps({**LINE, "procedure": ""}), "procedure is empty"),
        (json.dumps({**LINE, "longitude": 1}), "needed together"),
        (json.dumps({**LINE, "geometry": {"type": "Point"}}), "no GeoJSON geometry"),
        (json.dumps({**LINE, "id": [1]}), "neither text nor a whole number"),
    ],
)
def test_a_wrong_json_line_is_refused_with_its_line(line, message):
    """
    The first line is right, the second is not, and the error says so.
    """
    with pytest.raises(InputError) as refused:
        read_observations(f"{json.dumps(LINE)}\n{line}\n".encode())

    assert refused.value.where == "line 2"
    assert message in refused.value.message


@pytest.mark.parametrize(
    "data",
    [
        OM,
        b'\n<?xml version="1.0"?>\n' + OM,
        '<?xml version="1.0" encoding="UTF-16"?>'.encode("utf-16") + OM.decode().encode("utf-16")[2:],
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>' + OM + b"</s:Body></s:Envelope>",
    ],
    ids=["bare", "blank line before the declaration", "UTF-16", "SOAP"],
)
def test_an_om_document_is_read_whatever_it_is_wrapped_in(data):
    """
    A file's identity is the place in the file, not the identity in a feed.
    """
    found = read_observations(data)

    assert found == (Observation(TIME, "gauge", "Level", "river", 1.5, "m", result_time=TIME, id="0"),)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\x1f\x8bno gzip", "gzip compression"),
        (gzip.compress(OM)[:-20], "gzip compression"),
        (OM[:-20], "not well-formed"),
        (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        (b"<a/>", "the document (a) holds no observations"),
        (OM.replace(b"2016-01-11T03:55:45.014Z", b"today"), "'today' is not an ISO 8601 time"),
        (b"hello", "the header has no column time"),
        (b"\xff\xfeno xml", "not well-formed"),
        (b"time\xff", "not UTF-8"),
    ],
    ids=[
        "empty",
        "blank",
        "no gzip",
        "half gzip",
        "half XML",
        "doctype",
        "other",
        "time",
        "text",
        "utf-16",
        "latin-1",
    ],
)
def test_a_file_that_cannot_be_read_is_refused(data, message):
    """
    The error says what is wrong with it.
    """
    with pytest.raises(InputError) as refused:
        read_observations(data)

    assert message in refused.value.message


def test_a_result_that_is_no_number_is_nil():
    """
    It is never read as a number, and the reason holds what stood there; the other observations are read.
    """
    found = read_observations(OM.replace(b">1.5<", b">much<"), include_nil=True)

    assert [(one.value, one.nil_reason, one.uom) for one in found] == [(None, "not a number: much", "m")]


def test_an_answer_without_observations_is_no_error():
    """
    An empty GetObservationResponse is a document that holds observations, only none.
    """
    found = read_observations(b'<GetObservationResponse xmlns="http://www.opengis.net/sos/2.0"/>')

    assert found == ()


def test_a_json_line_has_what_is_known_in_the_fixed_form():
    """
    Fractions only when they are not zero, a place as longitude and latitude, nothing that is not known.
    """
    full = EXPECTED[0]._replace(result_time=datetime(2016, 1, 11, 4, tzinfo=UTC), offering="o", id="kept to itself")

    found = [to_json_line(full), to_json_line(Observation(TIME, "gauge", "Level", "river", False))]

    assert found == [
        {
            "phenomenon_time": "2016-01-11T03:55:45.014Z",
            "result_time": "2016-01-11T04:00:00Z",
            "procedure": "gauge",
            "observed_property": "Level",
            "feature_of_interest": "river, upper",
            "offering": "o",
            "value": 1.5,
            "uom": "m",
            "longitude": 144.96,
            "latitude": -37.81,
        },
        {**LINE, "value": False},
    ]


def test_a_json_line_of_a_nil_result_says_why():
    """
    The value is null, and the reason is there even if it is not known.
    """
    nil = Observation(TIME, "gauge", "Level", "river", None, phenomenon_time_end=TIME, nil_reason="withheld")

    found = [to_json_line(nil), to_json_line(nil._replace(nil_reason=None))]

    assert [(line["value"], line["nil_reason"]) for line in found] == [(None, "withheld"), (None, None)]
    assert found[0]["phenomenon_time_end"] == "2016-01-11T03:55:45.014Z"


def test_what_is_written_as_json_lines_is_read_back_equal():
    """
    The output of `weps read` is an input of `weps backtest`.
    """
    lines = "\n".join(json.dumps(to_json_line(observation)) for observation in EXPECTED)

    found = read_observations(lines.encode())

    assert found == tuple(observation._replace(id=str(index)) for index, observation in enumerate(EXPECTED))


BACKWARDS = {
    "json lines": '{"phenomenon_time": "2024-03-02T00:00:00Z", "phenomenon_time_end": "2024-03-01T00:00:00Z", '
    '"procedure": "p", "observed_property": "o", "feature_of_interest": "f", "value": 1}',
    "om json": '[{"procedure": "p", "observedProperty": "o", "result": 1, '
    '"phenomenonTime": ["2024-03-02T00:00:00Z", "2024-03-01T00:00:00Z"]}]',
    "sensorthings": '{"@iot.id": 1, "result": 1, "phenomenonTime": "2024-03-02T00:00:00Z/2024-03-01T00:00:00Z"}',
    "csv": "station_id,sensor_id,date_time,level (m)\ns,p,2024-03-02T00:00:00Z/2024-03-01T00:00:00Z,1\n",
}


@pytest.mark.parametrize("text", BACKWARDS.values(), ids=BACKWARDS)
def test_a_period_that_ends_before_it_begins_is_refused(text: str):
    """
    In each format, as in XML: nobody can tell which of its ends is wrong.
    """
    with pytest.raises(InputError, match="ends before it begins"):
        read_observations(text.encode())
