"""Reading XML as a stream: the same observations as from the whole document, with a memory that does not grow."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from sos_server.codecs import xml_parts
from tests.weps.feeders.test_expected_documents import content, names
from weps.errors import InputError
from weps.feeders import xml_documents
from weps.feeders.documents import read_observations, stream_observations
from weps.model import Observation

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<sos:GetObservationResponse xmlns:sos="http://www.opengis.net/sos/2.0" xmlns:om="http://www.opengis.net/om/2.0"
    xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">"""
MEMBER = """
  <sos:observationData>
    <om:OM_Observation gml:id="o{number}">
      <om:phenomenonTime>{time}</om:phenomenonTime>
      <om:resultTime xlink:href="#t{number}"/>
      <om:procedure xlink:href="gauge"/>
      <om:observedProperty xlink:href="Level"/>
      <om:featureOfInterest xlink:href="river"/>
      <om:result xsi:type="gml:MeasureType" uom="m">{number}</om:result>
    </om:OM_Observation>
  </sos:observationData>"""
TIME = '<gml:TimeInstant gml:id="t{number}"><gml:timePosition>{time}</gml:timePosition></gml:TimeInstant>'
FOOT = "\n</sos:GetObservationResponse>\n"
BEGIN = datetime(2016, 1, 11, tzinfo=UTC)


def member(number: int, time: str | None = None) -> str:
    instant = (BEGIN + timedelta(minutes=number)).isoformat()
    return MEMBER.format(number=number, time=time or TIME.format(number=number, time=instant))


def document(count: int) -> bytes:
    return "".join([HEAD, *map(member, range(count)), FOOT]).encode()


def observation(number: int) -> Observation:
    time = BEGIN + timedelta(minutes=number)
    return Observation(time, "gauge", "Level", "river", float(number), "m", result_time=time, id=str(number))


@pytest.mark.shared
@pytest.mark.parametrize("file", [pytest.param(name, id=name) for name in names()])
@pytest.mark.parametrize("longest", [1 << 22, 3000], ids=["by members", "by rows"])
def test_a_stream_gives_what_the_whole_document_gives(file: str, longest: int, monkeypatch):
    """
    Whatever is referred to, and wherever the document is cut.
    """
    monkeypatch.setattr(xml_documents, "_CHUNK", 1000)
    monkeypatch.setattr(xml_parts, "_LONGEST_MEMBER", longest)

    found = tuple(stream_observations(io.BytesIO(content(file)), include_nil=True))

    assert read_observations(content(file), include_nil=True) == found


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_memory_does_not_grow_with_the_document(pack, monkeypatch):
    """
    Six thousand observations are three megabytes as text; the stream holds but a part of them at any time.
    """
    monkeypatch.setattr(xml_documents, "_CHUNK", 1 << 16)
    data = pack(document(6000))
    tracemalloc.start()

    total = sum(each.value for each in stream_observations(io.BytesIO(data)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert total == sum(range(6000))
    assert peak < 1_500_000


ARRAY = """<sos:observationData><om:OM_Observation gml:id="o1"><om:phenomenonTime/><om:procedure xlink:href="gauge"/>
  <om:observedProperty xlink:href="Level"/><om:featureOfInterest xlink:href="river"/>
  <om:result><swe:DataArray xmlns:swe="http://www.opengis.net/swe/2.0">
    <swe:elementType name="row"><swe:DataRecord>
      <swe:field name="time"><swe:Time/></swe:field>
      <swe:field name="Level"><swe:Quantity definition="Level"><swe:uom code="m"/></swe:Quantity></swe:field>
    </swe:DataRecord></swe:elementType>
    <swe:encoding><swe:TextEncoding tokenSeparator="," blockSeparator="{separator}"/></swe:encoding>
    <swe:values>{rows}</swe:values></swe:DataArray></om:result></om:OM_Observation></sos:observationData>"""


def array(count: int, separator: str) -> str:
    rows = (f"{(BEGIN + timedelta(minutes=number)).isoformat()},{number}" for number in range(count))
    declared = separator.replace("\n", "&#10;").replace("<", "&lt;")
    return ARRAY.format(separator=declared, rows=separator.replace("<", "&lt;").join(rows))


@pytest.mark.parametrize("separator", ["@@", "\n", " ", ";", "@@\n"], ids=["@@", "line", "blank", "semicolon", "both"])
def test_an_array_of_any_length_is_read_in_parts(separator, monkeypatch):
    """
    Other members are read before it and behind it.
    """
    monkeypatch.setattr(xml_documents, "_CHUNK", 1000)
    monkeypatch.setattr(xml_parts, "_LONGEST_MEMBER", 5000)
    data = "".join([HEAD, member(0), array(1000, separator), member(1), FOOT]).encode()

    values = [each.value for each in stream_observations(io.BytesIO(data))]

    assert values == [0.0, *map(float, range(1000)), 1.0]


def test_memory_does_not_grow_with_an_array(monkeypatch):
    """
    Three times as many rows take hardly more.
    """
    monkeypatch.setattr(xml_documents, "_CHUNK", 1 << 14)
    monkeypatch.setattr(xml_parts, "_LONGEST_MEMBER", 1 << 15)
    peaks = []

    for count in (10_000, 30_000):
        data = "".join([HEAD, array(count, "@@"), FOOT]).encode()
        tracemalloc.start()
        total = sum(each.value for each in stream_observations(io.BytesIO(data)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert total == sum(range(count))

    assert peaks[1] < 1.2 * peaks[0]


def test_a_wrong_row_far_down_an_array_is_told():
    """
    Also where the document is too long to be read again as a whole.
    """
    rows = array(330_000, ";")
    data = "".join([HEAD, rows.replace(",329999<", ",329999,9<"), FOOT]).encode()

    with pytest.raises(InputError, match="of the array has 3 tokens, 2 are declared"):
        sum(1 for _ in stream_observations(io.BytesIO(data)))


def test_a_reference_to_a_member_far_behind_is_followed(monkeypatch):
    """
    A stream cannot follow it, so the document is read as a whole, and no observation is given twice.
    """
    monkeypatch.setattr(xml_documents, "_CHUNK", 5000)
    members = [member(number) for number in range(30)]
    # the first refers to the time of the last, and the last but one to that of the third
    members[0] = (
        members[0]
        .replace(TIME.format(number=0, time=BEGIN.isoformat()), "")
        .replace("<om:phenomenonTime></om:phenomenonTime>", '<om:phenomenonTime xlink:href="#t29"/>')
        .replace('<om:resultTime xlink:href="#t0"/>', "")
    )
    data = "".join([HEAD, *members, FOOT]).encode()

    found = list(stream_observations(io.BytesIO(data)))

    assert found[0].phenomenon_time == BEGIN + timedelta(minutes=29)
    assert found[1:] == [observation(number) for number in range(1, 30)]


def test_what_stands_before_a_fault_is_given_before_it_is_told(monkeypatch):
    """
    The line is that of the document, and nothing is given twice.
    """
    monkeypatch.setattr(xml_documents, "_CHUNK", 5000)
    data = document(40).replace(b"2016-01-11T00:30:00+00:00", b"never")
    found = []

    with pytest.raises(InputError, match="'never' is not an ISO 8601 time") as refused:
        found.extend(stream_observations(io.BytesIO(data)))

    assert found == [observation(number) for number in range(30)]
    line = data[: data.index(b"never")].count(b"\n") + 1
    assert f"line {line}" in refused.value.message


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95, 0.999])
def test_a_document_that_breaks_off_is_an_error(kept: float):
    """
    Also where it breaks off between two members.
    """
    data = document(40)
    half = data[: int(len(data) * kept)]
    between = half[: half.rindex(b"</sos:observationData>") + 22] if kept > 0.1 else half

    for cut in (half, between):
        with pytest.raises(InputError, match="not well-formed"):
            list(stream_observations(io.BytesIO(cut)))


def test_members_in_comments_are_none(monkeypatch):
    """
    A comment that holds the end of a member is no place to cut.
    """
    monkeypatch.setattr(xml_documents, "_CHUNK", 700)
    members = [member(number) for number in range(20)]
    members[7] = f"<!-- {members[7]} -->"
    data = "".join([HEAD, *members, FOOT]).encode()

    found = tuple(stream_observations(io.BytesIO(data)))

    assert [each.value for each in found] == [float(number) for number in range(20) if number != 7]
