"""CSV as sensor observation services answer it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from weps.errors import InputError
from weps.feeders.csv_sos import matches, read_csv_answer
from weps.feeders.documents import read_observations

BUOY = """station_id,sensor_id,"latitude (degree)","longitude (degree)",date_time,"depth (m)","wind_speed (m/s)",\
"wind_from_direction (degree)"
urn:ioos:station:wmo:41012,urn:ioos:sensor:wmo:41012::anemometer1,30.04,-80.55,2008-07-17T00:50:00Z,,4.30,
"""
TIDE = """station_id,sensor_id,"latitude (degree)","longitude (degree)",date_time,\
"water_surface_height_above_reference_datum (m)",datum_id,"vertical_position (m)"
urn:x-noaa:def:station:NOAA.NOS.CO-OPS::8454000,urn:x-noaa:def:sensor:NOAA.NOS.CO-OPS::8454000:A1,41.8071,-71.4012,\
2010-12-01T00:00:00Z,0.833,urn:ogc:def:datum:noaa::MLLW,1.064
"""
CURRENTS = """station_id,sensor_id,"latitude (degree)","longitude (degree)",date_time,"bin (count)","depth (m)",\
"sea_water_speed (cm/s)"
s,adcp,30,-80,2008-07-17T00:50:00Z,1,5,12.5
s,adcp,30,-80,2008-07-17T00:50:00Z,2,10,11
"""
RAIN = "urn:ogc:def:parameter:x-istsos:1.0:meteo:air:rainfall"
ISTSOS = f"""urn:ogc:def:parameter:x-istsos:1.0:time:iso8601,urn:ogc:def:procedure,{RAIN},{RAIN}:qualityIndex
2014-06-03T15:10:00+02:00,T_LUGANO,0.2,200
"""


def test_a_buoy_is_read():
    """
    A value for each property with its unit, the place, and nil where nothing stands.
    """
    found = list(read_csv_answer(BUOY.encode()))

    assert [(one.observed_property, one.value, one.uom) for one in found] == [
        ("wind_speed", 4.3, "m/s"),
        ("wind_from_direction", None, "degree"),
    ]
    assert {(one.procedure, one.feature_of_interest) for one in found} == {
        ("urn:ioos:sensor:wmo:41012::anemometer1", "urn:ioos:station:wmo:41012")
    }
    assert {one.phenomenon_time for one in found} == {datetime(2008, 7, 17, 0, 50, tzinfo=UTC)}
    assert {one.position for one in found} == {(-80.55, 30.04)}


def test_a_tide_gauge_is_read():
    """
    The datum and the height of the sensor are no values.
    """
    found = list(read_csv_answer(TIDE.encode()))

    assert [(one.observed_property, one.value, one.uom) for one in found] == [
        ("water_surface_height_above_reference_datum", 0.833, "m")
    ]


def test_values_of_one_time_at_different_depths_are_told_apart():
    """
    They are two observations, though time and series are the same.
    """
    found = list(read_csv_answer(CURRENTS.encode()))

    assert [(one.value, one.identifier) for one in found] == [(12.5, "bin=1;depth=5"), (11, "bin=2;depth=10")]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ('"elevation (ft)"', [("elevation", 1.5)]),
        ("zonal_wind (m/s),z", [("zonal_wind", 1.5)]),
        ("binary,binary_qc", [("binary", 1.5)]),
    ],
    ids=["nothing but a level", "a name that begins as one", "quality"],
)
def test_a_level_is_told_from_what_is_observed(columns, expected):
    """
    What places a value is none, unless there is nothing else.
    """
    values = ",".join(["1.5", "2"][: columns.count(",") + 1])

    found = read_csv_answer(f"station_id,date_time,{columns}\ns,2016-01-11T10:00:00Z,{values}\n".encode())

    assert [(one.observed_property, one.value) for one in found] == expected


def test_istsos_is_read():
    """
    The quality index belongs to the property before it; the properties keep their names.
    """
    (found,) = read_csv_answer(ISTSOS.encode())

    assert (found.procedure, found.observed_property, found.value) == ("T_LUGANO", RAIN, 0.2)
    assert (found.quality, found.phenomenon_time) == ("200", datetime(2014, 6, 3, 13, 10, tzinfo=UTC))


@pytest.mark.parametrize("written", ["\ufeff" + BUOY, BUOY.replace("\n", "\r\n"), BUOY.replace(",", ";"), "\n" + BUOY])
def test_marks_line_ends_and_separators_do_not_matter(written):
    """
    The same file as other programs write it.
    """
    data = written.encode()

    assert matches(data)
    assert [one.value for one in read_csv_answer(data)] == [4.3, None]


@pytest.mark.parametrize(
    "data",
    [
        b"time,procedure,observed_property,feature_of_interest,value,lat\n",
        b'<a time="1" station="2,3"/>',
        b"It is time, said the sensor {",
        b"a,b\n1,2\n",
        b"",
    ],
    ids=["our own", "XML", "text", "another", "nothing"],
)
def test_what_is_no_such_file_is_left_to_others(data):
    """
    Our own CSV has other columns.
    """
    assert not matches(data)


@pytest.mark.parametrize(
    ("old", "new", "message", "where"),
    [
        ("4.30", "much", "'much' is no number", "line 2"),
        (",4.30,", ",4.30", "7 fields where the header names 8", "line 2"),
        ("2008-07-17T00:50:00Z", "now", "'now' is not an ISO 8601 time", "line 2"),
        ("30.04", "north", "are no place", "line 2"),
        (
            '"depth (m)","wind_speed (m/s)","wind_from_direction (degree)"',
            "a_id,b_id,c_id",
            "nothing that is observed",
            "line 1",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(old, new, message, where):
    """
    A row that was cut off is no row.
    """
    with pytest.raises(InputError) as refused:
        list(read_csv_answer(BUOY.replace(old, new).encode()))

    assert message in refused.value.message
    assert refused.value.where == where


@pytest.mark.parametrize("value", ["NaN", "null", "--", "n/a", "inf"])
def test_what_says_that_it_is_no_number_is_nil(value):
    """
    Never a number.
    """
    first, _ = read_csv_answer(BUOY.replace("4.30", value).encode())

    assert (first.value, first.nil_reason) == (None, "http://www.opengis.net/def/nil/OGC/0/missing")


def test_weps_read_takes_such_a_file():
    """
    Beside its own form of CSV.
    """
    found = read_observations(BUOY.encode())

    assert [(one.id, one.value) for one in found] == [("0", 4.3)]
