"""WaterML 2.0: what a random document does not show."""

from __future__ import annotations

import pytest

from sos_server.codecs import om_documents, xml
from sos_server.errors import InvalidRequest
from sos_server.time import format_instant
from tests.sos_server.codecs.written_documents import OM20

REGULAR = """<wml2:MeasurementTimeseries gml:id="s">
  <wml2:metadata><wml2:MeasurementTimeseriesMetadata>
    <wml2:baseTime>2010-12-31T00:00:00Z</wml2:baseTime><wml2:spacing>{spacing}</wml2:spacing>
  </wml2:MeasurementTimeseriesMetadata></wml2:metadata>{points}
</wml2:MeasurementTimeseries>"""
POINT = "<wml2:point><wml2:MeasurementTVP><wml2:value>1.5</wml2:value></wml2:MeasurementTVP></wml2:point>"
CATEGORIES = """<wml2:CategoricalTimeseries gml:id="s">
  <wml2:point><wml2:CategoricalTVP><wml2:time>2011-11-16</wml2:time>
    <wml2:value><swe:Category><swe:value>Drizzle</swe:value></swe:Category></wml2:value></wml2:CategoricalTVP></wml2:point>
  <wml2:point><wml2:CategoricalTVP><wml2:time>2011-11-17</wml2:time><wml2:value xsi:nil="true"/>
    <wml2:metadata><wml2:TVPMetadata><wml2:nilReason nilReason="withheld"/></wml2:TVPMetadata></wml2:metadata>
  </wml2:CategoricalTVP></wml2:point>
</wml2:CategoricalTimeseries>"""


def read(result: str) -> list:
    return list(om_documents.decode_observations(xml.parse(OM20.format(result=result).encode())))


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [
        ("P1M", ["2010-12-31T00:00:00Z", "2011-01-31T00:00:00Z", "2011-02-28T00:00:00Z", "2011-03-31T00:00:00Z"]),
        ("P1Y", ["2010-12-31T00:00:00Z", "2011-12-31T00:00:00Z", "2012-12-31T00:00:00Z", "2013-12-31T00:00:00Z"]),
        ("PT15M", ["2010-12-31T00:00:00Z", "2010-12-31T00:15:00Z", "2010-12-31T00:30:00Z", "2010-12-31T00:45:00Z"]),
        ("P1DT1S", ["2010-12-31T00:00:00Z", "2011-01-01T00:00:01Z", "2011-01-02T00:00:02Z", "2011-01-03T00:00:03Z"]),
    ],
)  # fmt: skip
def test_points_at_equal_distances_need_no_time(spacing, expected):
    """
    Months and years have as many days as they have.
    """
    found = read(REGULAR.format(spacing=spacing, points=POINT * 4))

    assert expected == [format_instant(each.phenomenon_time) for each in found]


@pytest.mark.parametrize("spacing", ["P", "often", "PT", "1D"])
def test_a_spacing_that_is_no_duration_is_refused(spacing):
    """
    With its line.
    """
    with pytest.raises(InvalidRequest, match=r"is no duration such as PT15M \(line 1[0-9]\)"):
        read(REGULAR.format(spacing=spacing, points=POINT))


@pytest.mark.parametrize("spacing", ["P9000Y", "P" + "9" * 30 + "D"])
def test_points_beyond_all_time_are_refused(spacing):
    """
    With the line of the series.
    """
    with pytest.raises(InvalidRequest, match=r"leads beyond the year 9999 \(line 1[0-9]\)"):
        read(REGULAR.format(spacing=spacing, points=POINT * 2))


def test_a_point_without_any_time_is_of_the_time_of_the_observation():
    """
    As the USGS writes a series without values.
    """
    (found,) = read(f'<wml2:MeasurementTimeseries gml:id="s">{POINT}</wml2:MeasurementTimeseries>')

    times = found.phenomenon_time, found.phenomenon_time_end
    assert [format_instant(time) for time in times] == ["2000-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]


def test_categories_are_texts():
    """
    Nil ones say why.
    """
    found = read(CATEGORIES)

    assert [(each.value, each.nil_reason, each.uom) for each in found] == [
        ("Drizzle", None, None),
        (None, "withheld", None),
    ]


def test_as_many_values_as_times_are_needed():
    """
    Values of unknown times would be invented.
    """
    result = (
        '<wml2dr:MeasurementTimeseriesDomainRange gml:id="s"><gml:domainSet><wml2dr:TimePositionList gml:id="d">'
        "<wml2dr:timePositionList>2001-01-01 2001-01-02</wml2dr:timePositionList></wml2dr:TimePositionList>"
        '</gml:domainSet><gml:rangeSet><gml:QuantityList uom="m">1</gml:QuantityList></gml:rangeSet>'
        "</wml2dr:MeasurementTimeseriesDomainRange>"
    )

    with pytest.raises(InvalidRequest, match="has 2 times and 1 values"):
        read(result)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "count", "first", "last"),
    [
        ("examples/measurement-timeseries-qualifier.xml", 13, 0.72, 0.625),
        ("examples/collection-forecasting-example.xml", 6, 21.7, 22.6),
        ("examples/encoding_examples/xsd-categorical-timeseries-tvp.xml", 3, "Drizzle", None),
        ("domain-range-informative/timeseries-domain-range-example.xml", 6, 2.03, 2.23),
    ],
)
def test_the_examples_of_the_standard_are_read(shared, file, count, first, last):
    """
    Also those that are but a series.
    """
    root = xml.parse((shared / "schemas/opengis/waterml/2.0" / file).read_bytes())

    found = list(om_documents.decode_observations(root))

    assert (len(found), found[0].value, found[-1].value) == (count, first, last)
