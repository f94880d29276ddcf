"""Files of every format are read with a memory that does not grow with them."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sos_server.codecs import gml_any, xml_parts
from tests.weps.feeders.test_streaming import FOOT, HEAD, array, member
from weps.feeders import documents, json_large, xml_documents
from weps.feeders.documents import read_observations, stream_observations

BEGIN = datetime(2016, 1, 11, tzinfo=UTC)
SERIES = """<sos:observationData><om:OM_Observation gml:id="o1"><om:phenomenonTime/><om:procedure xlink:href="gauge"/>
  <om:observedProperty xlink:href="Level"/><om:featureOfInterest xlink:href="river"/><om:result>
  <wml2:MeasurementTimeseries xmlns:wml2="http://www.opengis.net/waterml/2.0"><wml2:defaultPointMetadata>
  <wml2:DefaultTVPMeasurementMetadata><wml2:uom code="m"/></wml2:DefaultTVPMeasurementMetadata>
  </wml2:defaultPointMetadata>{points}</wml2:MeasurementTimeseries></om:result></om:OM_Observation></sos:observationData>"""
POINT = "<wml2:point><wml2:MeasurementTVP>{time}<wml2:value>{value}</wml2:value></wml2:MeasurementTVP></wml2:point>\n"
OLD = """<om:ObservationCollection xmlns:om="http://www.opengis.net/om/1.0" xmlns:gml="http://www.opengis.net/gml"
 xmlns:xlink="http://www.w3.org/1999/xlink">{members}</om:ObservationCollection>"""
OLD_MEMBER = """<om:member><om:Measurement><om:samplingTime><gml:TimeInstant><gml:timePosition>{time}</gml:timePosition>
 </gml:TimeInstant></om:samplingTime><om:procedure xlink:href="gauge"/><om:observedProperty xlink:href="Level"/>
 <om:featureOfInterest xlink:href="river"/><om:result uom="m">{value}</om:result></om:Measurement></om:member>"""


def at(number: int) -> str:
    return (BEGIN + timedelta(minutes=number)).isoformat()


def om20(count: int) -> str:
    return "".join([HEAD, *map(member, range(count)), FOOT])


def om10(count: int) -> str:
    members = (OLD_MEMBER.format(time=at(number), value=number) for number in range(count))
    return OLD.format(members="".join(members))


def swe(count: int) -> str:
    return "".join([HEAD, array(count, "@@"), FOOT])


def waterml(count: int) -> str:
    points = (POINT.format(time=f"<wml2:time>{at(number)}</wml2:time>", value=number) for number in range(count))
    return "".join([HEAD, SERIES.format(points="".join(points)), member(0), FOOT])


def sensorthings(count: int) -> str:
    stream = {"name": "s", "unitOfMeasurement": {"symbol": "m"}}
    one = ({"phenomenonTime": at(number), "result": number, "Datastream": stream} for number in range(count))
    return json.dumps({"value": list(one), "@iot.nextLink": "http://sos.example/next"})


def data_array(count: int) -> str:
    rows = [[at(number), number] for number in range(count)]
    group = {"components": ["phenomenonTime", "result"], "dataArray": rows, "Datastream": {"@iot.id": 1}}
    return json.dumps({"value": [group]}, indent=1)


def om_json(count: int) -> str:
    common = {"procedure": "gauge", "observableProperty": "Level", "featureOfInterest": "river"}
    found = [
        {**common, "phenomenonTime": at(number), "result": {"uom": "m", "value": number}} for number in range(count)
    ]
    return json.dumps({"request": "GetObservation", "version": "2.0.0", "service": "SOS", "observations": found})


def istsos(count: int) -> str:
    fields = [{"name": "Time", "definition": "urn:ogc:def:parameter:x-istsos:1.0:time:iso8601"}, {"name": "Level"}]
    result = {"DataArray": {"values": [[at(number), str(number)] for number in range(count)], "field": fields}}
    return json.dumps({"success": True, "data": [{"procedure": "gauge", "result": result}]})


def timeseries(count: int) -> str:
    values = [{"timestamp": number * 60_000, "value": number} for number in range(count)]
    return json.dumps({"1": {"values": values}, "2": {"values": []}})


def csv_answer(count: int) -> str:
    rows = (f"station,sensor,{at(number)},{number}" for number in range(count))
    return "\n".join(["station_id,sensor_id,date_time,Level (m)", *rows])


def csv(count: int) -> str:
    rows = (f"{at(number)},gauge,Level,river,{number}" for number in range(count))
    return "\n".join(["time,procedure,observed_property,feature_of_interest,value", *rows])


def lines(count: int) -> str:
    common = {"procedure": "gauge", "observed_property": "Level", "feature_of_interest": "river"}
    return "\n".join(json.dumps({**common, "phenomenon_time": at(number), "value": number}) for number in range(count))


FORMATS = [
    *(om20, om10, swe, waterml, sensorthings, data_array, om_json, istsos, timeseries, csv_answer, csv, lines),
]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Limits at which the documents of these tests are long."""
    monkeypatch.setattr(xml_documents, "_CHUNK", 1 << 13)
    monkeypatch.setattr(xml_parts, "_LONGEST_MEMBER", 1 << 14)
    monkeypatch.setattr(documents, "_HEAD", 1 << 13)
    monkeypatch.setattr(gml_any, "_MOST", 64)
    for name in ("LARGE", "CHUNK", "BATCH"):
        monkeypatch.setattr(json_large, name, 1 << 13)


def peak(data: bytes) -> tuple[float, int]:
    """The sum of the values of a file, and the memory that reading it took."""
    tracemalloc.start()
    total = sum(each.value for each in stream_observations(io.BytesIO(data)))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return total, most


@pytest.mark.parametrize("write", FORMATS, ids=lambda write: write.__name__)
def test_three_times_as_much_takes_hardly_more(write: Callable[[int], str]):
    """
    All values are read, and no more than a part of the file is held at any time.
    """
    documents_of = {count: write(count).encode() for count in (800, 2400)}
    # what is remembered of times and names is bounded, and the same for both
    deque(stream_observations(io.BytesIO(documents_of[2400])), maxlen=0)

    (little, before), (much, after) = map(peak, documents_of.values())

    assert (sum(range(800)), sum(range(2400))) == (little, much)
    assert after < 1.4 * before


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("write", FORMATS, ids=lambda write: write.__name__)
def test_a_stream_gives_what_the_whole_file_gives(write, pack):
    """
    In the same order, also when it is compressed.
    """
    data = pack(write(700).encode())

    assert read_observations(data) == tuple(stream_observations(io.BytesIO(data)))


def test_points_that_are_spaced_are_not_parted():
    """
    The time of each follows from its place in the series.
    """
    spacing = (
        "<wml2:metadata><wml2:MeasurementTimeseriesMetadata><wml2:baseTime>2016-01-11T00:00:00Z</wml2:baseTime>"
        "<wml2:spacing>PT1M</wml2:spacing></wml2:MeasurementTimeseriesMetadata></wml2:metadata><wml2:defaultPoint"
    )
    points = "".join(POINT.format(time="", value=number) for number in range(700))
    series = SERIES.replace("<wml2:defaultPoint", spacing, 1).format(points=points)
    data = "".join([HEAD, series, member(0), FOOT]).encode()

    found = list(stream_observations(io.BytesIO(data)))

    assert [BEGIN + timedelta(minutes=number) for number in range(700)] == [each.phenomenon_time for each in found[:-1]]
