"""What real servers write that is easily read wrong, each on a document of one of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHARED
from weps.feeders.documents import read_observations, to_json_line

pytestmark = pytest.mark.shared
AIR = "http://mmisw.org/ont/cf/parameter/air_temperature"
NIL_UNKNOWN = "http://www.opengis.net/def/nil/OGC/0/unknown"


@pytest.fixture
def read(shared: Path):
    """Read a document, as it is or with some of its text replaced, to what `weps read --nil` prints."""

    def lines(file: str, *replaced: tuple[str, str]) -> list[dict[str, Any]]:
        text = (shared / "sos-documents" / file).read_text()
        for old, new in replaced:
            assert old in text, f"{old!r} is not in {file}"
            text = text.replace(old, new)
        found = [to_json_line(one) for one in read_observations(text.encode(), include_nil=True)]
        json.dumps(found, allow_nan=False)
        return found

    return lines


def values(lines: list[dict[str, Any]]) -> list[Any]:
    return [line["value"] for line in lines]


def times(lines: list[dict[str, Any]]) -> list[str]:
    return [line["phenomenon_time"] for line in lines]


@pytest.mark.parametrize(
    ("file", "count", "time"),
    [
        ("52north-imis-eventing/OvershootObservation.xml", 1, "2015-01-01T00:00:00Z"),
        ("52north-arctic-sea/InsertObservation_Multiple.xml", 5, "2019-11-19T17:42:15Z"),
    ],
    ids=["result time to the own time", "times to another member"],
)
def test_times_by_reference_are_followed(read, file, count, time):
    """
    Also to the time of another member, in both ways.
    """
    found = read(file)

    assert [(time, time)] * count == [(line["phenomenon_time"], line["result_time"]) for line in found]


@pytest.mark.parametrize(
    ("file", "count", "first", "last"),
    [
        ("wupperverband-52north/GetObservationResponse.xml", 364, "2014-12-08T00:00:00Z", "2015-12-07T00:00:00Z"),
        ("noaa-ndbc/ndbc_trajectory.xml", 2041, "2010-07-26T00:02:00Z", "2010-07-26T23:51:00Z"),
        ("ncsos/GetObservation-TimeSeries-om1.0.0.xml", 1488, None, None),
    ],
)
def test_the_times_of_a_period_sit_in_its_rows(read, file, count, first, last):
    """
    Each row is an observation at its instant; the period of the whole is of none of them.
    """
    found = read(file)

    assert len(found) == count
    assert all("phenomenon_time_end" not in line for line in found)
    assert first is None or (min(times(found)), max(times(found))) == (first, last)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("niwa-52north/GetObservationResponse_200_WML_200.xml", "2019-01-01T00:00:00Z"),
        ("usgs-nwis/WaterML2Example.xml", "2014-09-01T00:00:00Z"),
        ("ogc-sos20-examples/useCase_mobile_sensors__GetObservation_response.xml", "2008-01-01T08:34:26Z"),
        ("niwa-52north/hydro-sos.niwa.co.nz_Discharge_29808.om.xml", "2019-05-16T19:00:00Z"),
        ("istsos2-docs/insert_1.xml", "2014-06-03T12:10:00Z"),
        ("istsos2/locarnoinsertobservation.xml", "2015-06-03T12:10:00Z"),
        ("52north-ses/NotifyOM.xml", "2007-08-29T23:00:00Z"),
    ],
    ids=["month", "day", "no zone", "+12:00", "+0200", "+02", "+02 in a row"],
)
def test_times_are_read_in_every_form(read, file, expected):
    """
    A month or day is its start, a time without zone UTC.
    """
    assert expected in times(read(file))


@pytest.mark.parametrize(
    ("file", "declared", "rows"),
    [
        ("istsos2/insertObservation_stationary_insitu_composite.xml", "<swe:value>5</swe:value>", 12),
        ("ncsos/GetObservation-Section-om1.0.0.xml", "<swe:value>2</swe:value>", 8),
    ],
)
def test_the_element_count_is_not_believed(read, file, declared, rows):
    """
    As many rows are read as there are, whatever is declared.
    """
    found = read(file)

    assert len({json.dumps(line) for line in read(file, (declared, "<swe:value>9999</swe:value>"))}) <= len(found)
    assert len(found) % rows == 0
    assert values(found) == values(read(file, (declared, "<swe:value>0</swe:value>")))


@pytest.mark.parametrize(
    ("replaced", "label"),
    [
        ([], "semicolon"),
        ([(',0.56;', ',0.56@@'), ('blockSeparator=";"', 'blockSeparator="@@"')], "@@"),
        ([(',0.56;', ',0.56 '), ('blockSeparator=";"', 'blockSeparator=" "')], "blank"),
        ([(',0.56;', ',0.56\n'), ('blockSeparator=";"', 'blockSeparator="\\n"')], "backslash n"),
        ([(',0.56;', ',0.56\\n'), ('blockSeparator=";"', 'blockSeparator="\\n"')], "backslash n in the values"),
        ([(',0.56;', ',0.56@@'), ('blockSeparator=";"', 'blockSeparator="@@&#10;"')], "@@ and a line"),
        ([('blockSeparator=";"', 'blockSeperator=";"')], "misspelt name"),
        ([('tokenSeparator=","', 'tokenSeperator=","'), ('decimalSeparator="."', "")], "misspelt tokens"),
        (
            [
                (",0.56;", ",0,56;"),
                (".000+02:00,", ".000+02:00|"),
                ("Uhr,0", "Uhr|0"),
                ('tokenSeparator=","', 'tokenSeparator="|"'),
                ('decimalSeparator="."', 'decimalSeparator=","'),
            ],
            "decimal comma",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_separators_of_every_kind_part_the_rows(read, replaced, label):
    """
    Misspelt, escaped and blank ones too.
    """
    found = read("52north-ses/InitialMatch_Notify1.xml", *replaced)

    assert [(line["value"], line["phenomenon_time"]) for line in found] == [(0.56, "2011-09-09T23:54:00Z")], label


def test_rows_that_are_parted_otherwise_than_declared_are_read(read):
    """
    Where the declared separator does not part the text into rows of their width, and another one does.
    """
    file = "istsos2-docs/insert_1.xml"

    found = read(file, ('blockSeparator="@"', 'blockSeparator="@@"'))

    assert found == read(file)
    assert len(found) == 44


def test_constants_use_no_token(read):
    """
    The station and its place stand in the structure of NDBC's stream, the sensor and the time in its rows.
    """
    found = read("noaa-ndbc/ndbc_timeseries.xml")

    assert found[0] == {
        "phenomenon_time": "2011-03-01T00:50:00Z",
        "procedure": "urn:ioos:sensor:wmo:41012::anemometer1",
        "observed_property": "http://mmisw.org/ont/cf/parameter/wind_from_direction",
        "feature_of_interest": "urn:ioos:station:wmo:41012",
        "value": 200.0,
        "uom": "deg",
        "longitude": -80.55,
        "latitude": 30.04,
    }
    assert len(found) == 72


def test_places_stand_in_rows(read):
    """
    A trajectory is observed somewhere else in each row.
    """
    found = read("noaa-ndbc/ndbc_trajectory.xml")

    assert len({(line["longitude"], line["latitude"]) for line in found}) > 50


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "oostethys-ogc-om1/sosObservation1.xml",
            [
                "urn:ogc:def:property:OGC:Latitude:wgs84",
                "urn:ogc:def:property:OGC:Longitude:wgs84",
                "urn:ogc:def:property:OGC:Altitude:wgs84",
                "urn:ogc:def:property:OGC:ChemicalPresenceInAirDPM",
                "urn:ogc:def:property:OGC:ChemicalPresenceInAirMS",
                "urn:ogc:def:property:OGC:ChemicalPresenceInAirGA",
            ],
        ),
        ("istsos3/xml__insertObservation-2.xml", ["urn:ogc:def:parameter:x-istsos:1.0:meteo:air:temperature"] * 3),
        ("52north-ses/Notification1.xml", ["Wasserstand"]),
        ("ioos-swe-profile/pyoos_swe_timeseries_single_sensor.xml", [AIR] * 3),
    ],
    ids=["several", "one", "one beside the time", "none"],
)  # fmt: skip
def test_observed_properties_are_those_of_the_fields(read, file, expected):
    """
    Where an observation has several or none; where it has one, that is it.
    """
    assert expected == [line["observed_property"] for line in read(file)]


def test_the_place_of_a_record_is_told_by_its_fields(read):
    """
    Latitude and longitude need not stand in a vector.
    """
    found = read("oostethys-ogc-om1/sosObservation1.xml")

    assert {(line["longitude"], line["latitude"]) for line in found} == {(38.512, -77.8912)}


QUANTITY = '<swe:Quantity definition="http://mmisw.org/ont/cf/parameter/salinity">'
NIL = (
    f'{QUANTITY}<swe:nilValues><swe:NilValues><swe:nilValue reason="above">-999.9</swe:nilValue>'
    "</swe:NilValues></swe:nilValues>"
)


@pytest.mark.parametrize(
    ("replaced", "salinity", "reason"),
    [
        ([], -999.9, None),
        ([(QUANTITY, NIL)], None, "above"),
        ([(QUANTITY, NIL), ("-999.9,", "-9.999e2,")], None, "above"),
        ([("-999.9,", "NaN,")], None, "unknown"),
        ([("-999.9,", ",")], None, "missing"),
        ([("-999.9,", "n/a,")], None, "not a number: n/a"),
        ([("-999.9,", "INF,")], None, "not a number: INF"),
    ],
    ids=["undeclared", "declared", "declared, written otherwise", "NaN", "empty", "text", "infinite"],
)
def test_what_stands_for_no_value_is_never_a_number(read, replaced, salinity, reason):
    """
    But -999 stays a number where nobody says that it is none.
    """
    found = read("ncsos/GetObservation-Section-om1.0.0.xml", *replaced)

    mine = [line for line in found if line["observed_property"].endswith("salinity")]
    assert [line["value"] for line in mine[:3]] == [37.15755, 9.691621, 11.261549]
    assert {(line["value"], line.get("nil_reason")) for line in mine[3:]} == {(salinity, reason)}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ('<om:result xsi:type="gml:MeasureType" uom="deg">5</om:result>', (5.0, None)),
        ('<om:result xsi:type="gml:MeasureType" uom="deg" xsi:nil="true"/>', (None, "unknown")),
        ('<om:result xsi:type="gml:MeasureType" uom="deg" nilReason="withheld"/>', (None, "withheld")),
        ('<om:result xsi:type="gml:MeasureType" uom="deg"/>', (None, "missing")),
        ('<om:result xsi:type="gml:MeasureType" uom="deg">NaN</om:result>', (None, "unknown")),
        ('<om:result/>', (None, "missing")),
    ],
)  # fmt: skip
def test_a_nil_result_has_no_value(read, result, expected):
    """
    And says why, where it is told.
    """
    file = "52north-imis-eventing/OvershootObservation.xml"
    text = (SHARED / "sos-documents" / file).read_text()
    written = re.search("<om:result [^>]*>[^<]*</om:result>", text)
    declared = result.replace("<om:result", '<om:result xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"', 1)

    found = read(file, (written[0], declared))

    assert [(line["value"], line.get("nil_reason")) for line in found] == [expected]


VALUE = "<wml2:value>2690.0</wml2:value>"
QUALIFIED = "<wml2:metadata><wml2:TVPMeasurementMetadata>{}</wml2:TVPMeasurementMetadata></wml2:metadata>"


@pytest.mark.parametrize(
    ("point", "value", "reason"),
    [
        ("<wml2:value>-999999</wml2:value>", None, "P"),
        ("<wml2:value>-999999.00</wml2:value>" + QUALIFIED.format('<wml2:qualifier xlink:title="Ice"/>'), None, "Ice"),
        ('<wml2:value xsi:nil="true"/>', None, "missing"),
        ('<wml2:value xsi:nil="true"/>' + QUALIFIED.format('<wml2:nilReason xlink:href="urn:ice"/>'), None, "urn:ice"),
        ("<wml2:value/>", None, "missing"),
        ("<wml2:value>NaN</wml2:value>", None, "unknown"),
        ("", None, "missing"),
        ("<wml2:value>-999</wml2:value>", -999.0, None),
    ],
)  # fmt: skip
def test_a_point_of_waterml_without_value_has_none(read, point, value, reason):
    """
    The USGS writes -999999 beside a qualifier; another number stays what it is.
    """
    found = read("usgs-nwis/WaterML2Example.xml", (VALUE, point))

    assert (found[1]["value"], found[1].get("nil_reason")) == (value, reason)
    assert [line["value"] for line in found[2:4]] == [2750.0, 2990.0]


def test_quality_goes_with_the_value(read):
    """
    As the default of a series, or as the quality index beside each value of istSOS.
    """
    series = read("usgs-nwis/WaterML2Example.xml")
    rows = read("istsos2/locarnoinsertobservation.xml")

    assert {line["quality"] for line in series} == {"P"}
    assert {line["quality"] for line in rows if not line["observed_property"].endswith("qualityIndex")} == {"200"}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("istsos2/locarnoinsertobservation.xml", {"mm", "-", "°C"}),
        ("usgs-nwis/WaterML2Example.xml", {"ft3/s"}),
        ("ogc-sos20-examples/core__GetObservation3_foiIDFilter_response.xml", {"urn:ogc:def:uom:OGC:m"}),
        ("52north-ses/Notification1.xml", {"m+NN"}),
    ],
    ids=["codes", "only a title", "a reference", "with a datum"],
)
def test_units_are_told_as_they_are_written(read, file, expected):
    """
    Whether a code, a reference or only a title.
    """
    assert expected == {line["uom"] for line in read(file)}


def test_a_feature_tells_the_place(read):
    """
    Inline as of O&M 1.0 in a collection of one, and where there is but a bare place.
    """
    notified = read("52north-ses/NotifyOM.xml")
    stream = read("ioos-swe-profile/pyoos_swe_timeseries_single_sensor.xml")

    assert {(line["feature_of_interest"], line["longitude"], line["latitude"]) for line in notified} == {
        ("IFGI_d1", 10.0, 10.0)
    }
    assert {(line["procedure"], line["longitude"], line["latitude"]) for line in stream} == {
        ("TimeSeries_1", -78.5, 32.5)
    }


def test_stations_and_sensors_of_ioos_are_told_apart(read):
    """
    The choice in each row names the sensor whose station and place stand in another record.
    """
    found = read("ioos-swe-profile/SWE-MultiStation-TimeSeries.xml")

    assert len(found) == 9 + 6 + 3 + 3 + 1
    assert found[-1] == {
        "phenomenon_time": "2009-05-23T01:00:00Z",
        "procedure": "urn:ioos:sensor:wmo:41003:sensor1",
        "observed_property": "http://mmisw.org/ont/cf/parameter/air_temperature",
        "feature_of_interest": "urn:ioos:station:wmo:41003",
        "value": 15.8,
        "uom": "Celsius",
        "longitude": -79.5,
        "latitude": 33.5,
    }


@pytest.mark.parametrize("encoding", ["text", "xml"])
def test_nested_arrays_are_read_in_both_encodings(read, encoding):
    """
    Each element of an inner array is observed at the time of the row that it stands in.
    """
    found = read(f"opensensorhub/swe__spec__enc_{encoding}_profile_series.xml")

    rows = [(line["phenomenon_time"], line["value"]) for line in found]
    assert rows[:10] == [("2005-05-16T21:47:12Z", value) for value in (0, 45, 10, 20, 20, 30, 30, 35, 40, 40)]
    assert rows[10] == ("2005-05-16T22:43:05Z", 0.0)
    assert {line["procedure"] for line in found} == {NIL_UNKNOWN}


def test_a_choice_tells_what_each_row_is(read):
    """
    Rows of different fields follow one another in one stream.
    """
    found = read("opensensorhub/swe__spec__enc_text_choice_stream.xml")

    assert [(line["value"], line["uom"]) for line in found] == [
        (25.5, "Cel"),
        (25.6, "Cel"),
        (56.3, "km/h"),
        (226.3, "deg"),
        (25.5, "Cel"),
    ]
