"""Structures of SWE Common: references, depth, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sos_server.codecs import om_documents, xml
from sos_server.codecs.swe_structure import Array, Choice, Field, Record, decode_structure, flatten
from sos_server.errors import InvalidRequest
from tests.sos_server.codecs.written_documents import OM20

SWE = 'xmlns:swe="http://www.opengis.net/swe/2.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
QUANTITY = '<swe:Quantity id="T" definition="urn:t"><swe:uom code="Cel"/></swe:Quantity>'


def structure(text: str):
    return decode_structure(xml.parse(text.replace(">", f" {SWE}>", 1).encode()))


def read(result: str) -> list:
    return list(om_documents.decode_observations(xml.parse(OM20.format(result=result).encode())))


def test_a_scalar_is_referred_to_as_often_as_one_likes():
    """
    Each reference is a field of the name that it has there.
    """
    fields = f'<swe:field name="a">{QUANTITY}</swe:field>' + "".join(
        f'<swe:field name="{name}" xlink:href="#T"/>' for name in "bc"
    )

    found = flatten(structure(f"<swe:DataRecord>{fields}</swe:DataRecord>"))

    assert [(each.name, each.definition, each.uom) for each in found] == [(n, "urn:t", "Cel") for n in "abc"]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('<swe:DataRecord id="R"><swe:field name="a" xlink:href="#R"/></swe:DataRecord>', "referred to once more"),
        ('<swe:DataRecord><swe:field name="a" xlink:href="#R"/></swe:DataRecord>', "is empty; define it inline"),
        ('<swe:DataRecord><swe:field name="a"/></swe:DataRecord>', "is empty; define it inline"),
        ("<swe:DataChoice></swe:DataChoice>", "has no items"),
        ("<swe:DataArray></swe:DataArray>", "has no element type inline"),
        ("<swe:Geometry></swe:Geometry>", "A component Geometry is not supported"),
    ],
    ids=["cycle", "reference to nothing", "empty", "choice", "array", "other"],
)
def test_a_structure_that_says_nothing_is_refused(record, message):
    """
    With the line.
    """
    with pytest.raises(InvalidRequest, match=message) as refused:
        structure(record)

    assert "line 1" in refused.value.message


def test_a_structure_that_is_too_deep_is_refused():
    """
    However many records lie inside of records.
    """
    begin, end = '<swe:DataRecord><swe:field name="a">', "</swe:field></swe:DataRecord>"

    with pytest.raises(InvalidRequest, match="lies too deep"):
        structure(begin * 40 + QUANTITY + end * 40)


def test_records_that_refer_to_records_do_not_grow():
    """
    Two references in each of thirty records are not a billion components.
    """
    records = "".join(
        f'<swe:field name="f{number}"><swe:DataRecord id="R{number}">'
        f'<swe:field name="a" xlink:href="#R{number + 1}"/><swe:field name="b" xlink:href="#R{number + 1}"/>'
        "</swe:DataRecord></swe:field>"
        for number in range(20)
    )
    last = (
        '<swe:field name="z"><swe:DataRecord id="R20">'
        f'<swe:field name="t">{QUANTITY}</swe:field></swe:DataRecord></swe:field>'
    )

    with pytest.raises(InvalidRequest, match="referred to once more"):
        structure(f"<swe:DataRecord>{records}{last}</swe:DataRecord>")


def test_what_a_structure_is_made_of():
    """
    Records, choices and arrays as they stand in each other; only a record is always the same fields.
    """
    array = (
        "<swe:DataArray><swe:elementCount><swe:Count/></swe:elementCount>"
        f'<swe:elementType name="e">{QUANTITY}</swe:elementType></swe:DataArray>'
    )
    choice = f'<swe:DataChoice><swe:item name="i">{QUANTITY}</swe:item><swe:item name="dummy"/></swe:DataChoice>'

    found = structure(
        f'<swe:DataRecord><swe:field name="x">{array}</swe:field>'
        f'<swe:field name="y">{choice}</swe:field></swe:DataRecord>'
    )

    assert isinstance(found, Record)
    inner, chosen = found.parts
    assert isinstance(inner, Array)
    assert inner.count is None
    assert isinstance(chosen, Choice)
    assert [each.name for each in chosen.items] == ["i"]
    assert isinstance(chosen.items[0], Field)
    assert [flatten(each) for each in (found, inner, chosen)] == [None, None, None]


STREAM = """<swe:DataStream><swe:elementType name="r"><swe:DataRecord>
    <swe:field name="time"><swe:Time{time}/></swe:field>{fields}</swe:DataRecord></swe:elementType>
  <swe:encoding><swe:TextEncoding tokenSeparator="," blockSeparator="@@"/></swe:encoding>
  <swe:values>{values}</swe:values></swe:DataStream>"""
SPEED = '<swe:field name="speed"><swe:Quantity definition="urn:speed"><swe:uom code="m/s"/></swe:Quantity></swe:field>'
PLACE = """<swe:field name="place"><swe:Vector optional="true" referenceFrame="http://www.opengis.net/def/crs/EPSG/0/4326">
    <swe:coordinate name="lat"><swe:Quantity/></swe:coordinate>
    <swe:coordinate name="lon"><swe:Quantity/></swe:coordinate>
  </swe:Vector></swe:field>"""


def test_what_may_be_left_out_is_there_where_a_token_says_so():
    """
    Y or N stands before it (OGC 08-094r1 clause 8.3.3).
    """
    values = "2016-01-11T00:00:00Z,1.5,Y,51.9,7.6@@2016-01-11T00:01:00Z,2.5,N"

    found = read(STREAM.format(time="", fields=SPEED + PLACE, values=values))

    assert [each.value for each in found] == [1.5, 2.5]
    assert [each.geometry for each in found] == [{"type": "Point", "coordinates": [7.6, 51.9]}, None]


def test_a_time_may_be_a_number_of_units_since_another_time():
    """
    OGC 08-094r1 clause 7.2.11.
    """
    time = ' referenceTime="1999-01-01T00:00:00Z"><swe:uom code="s"/></swe:Time'

    stream = STREAM.format(time=time, fields=SPEED, values="0.5,1.5@@86400,2.5").replace("</swe:Time/>", "</swe:Time>")
    found = read(stream)

    assert [each.phenomenon_time for each in found] == [
        datetime(1999, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC),
        datetime(1999, 1, 2, tzinfo=UTC),
    ]


def test_a_period_may_stand_in_two_columns_or_one():
    """
    Begin and end of each row.
    """
    fields = '<swe:field name="EndTime"><swe:Time definition="urn:end"/></swe:field>' + SPEED
    day, next_day = "2016-01-11T00:00:00Z", "2016-01-12T00:00:00Z"
    columns = STREAM.format(time="", fields=fields, values=f"{day},{next_day},1.5").replace('"time"', '"StartTime"')
    ranges = STREAM.format(time="", fields=SPEED, values=f"{day},{next_day},1.5").replace("swe:Time/", "swe:TimeRange/")
    slashes = STREAM.format(time="", fields=SPEED, values=f"{day}/{next_day},1.5")

    for document in (columns, ranges, slashes):
        (found,) = read(document)
        assert (found.phenomenon_time, found.phenomenon_time_end) == (
            datetime(2016, 1, 11, tzinfo=UTC),
            datetime(2016, 1, 12, tzinfo=UTC),
        )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("2016-01-11T00:00:00Z,1.5,X", "'X' is neither Y nor N"),
        ("2016-01-11T00:00:00Z", "The row ends after 1 tokens, before speed"),
        ("2016-01-11T00:00:00Z,1.5,N,9", "the row goes on where it should end"),
        ("2016-01-11T00:00:00Z,1.5,Y,51.9", "The row ends after 4 tokens, before lon"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(values, message):
    """
    With its number and its line.
    """
    with pytest.raises(InvalidRequest, match=message) as refused:
        read(STREAM.format(time="", fields=SPEED + PLACE, values=values))

    assert "row 1, line" in refused.value.message


def test_an_array_of_constants_ends():
    """
    They use no token, so that their number alone would go on forever.
    """
    constant = '<swe:Quantity definition="urn:c"><swe:value>1</swe:value></swe:Quantity>'
    array = (
        '<swe:field name="a"><swe:DataArray><swe:elementCount><swe:Count><swe:value>999999999</swe:value></swe:Count>'
        f'</swe:elementCount><swe:elementType name="e">{constant}</swe:elementType></swe:DataArray></swe:field>'
    )

    with pytest.raises(InvalidRequest, match="has more elements than there are tokens"):
        read(STREAM.format(time="", fields=array, values="2016-01-11T00:00:00Z"))


def test_several_properties_are_those_of_the_fields():
    """
    An observation may name each of its properties in an element of its own.
    """
    document = OM20.replace(
        '<om:observedProperty xlink:href="all"/>',
        '<om:observedProperty xlink:href="urn:speed"/><om:observedProperty xlink:href="urn:other"/>',
    ).format(result=STREAM.format(time="", fields=SPEED, values="2016-01-11T00:00:00Z,1.5"))

    (found,) = om_documents.decode_observations(xml.parse(document.encode()))

    assert (found.observed_property, found.value, found.uom) == ("urn:speed", 1.5, "m/s")
