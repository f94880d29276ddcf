"""The feeder against servers that answer, each in its own way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import misbehaving_sos as misbehaving
from tests.weps.feeders.sos_answers import at, observation, report, response
from weps.errors import SourceException
from weps.feeders.template import read_pox

BEGIN = datetime(2016, 1, 11, 3, 0, tzinfo=UTC)
END = datetime(2016, 1, 11, 4, 0, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def test_the_observations_of_the_span_are_given_with_their_ids(server, feeder, source):
    """
    One request, asked a second wider on both sides; a nil result is counted, not given.
    """
    data = response(at(BEGIN), observation("2016-01-11T03:30:00Z", ' xsi:nil="true" nilReason="missing"><', 2))
    server.behaviours["/sos"] = misbehaving.answer(data)

    batch = feeder.fetch(source, BEGIN, END)

    assert [(one.value, one.uom, one.id) for one in batch.observations] == [
        (1.5, "m", "gauge|Level|river|2016-01-11T03:00:00Z|2016-01-12T00:00:00Z")
    ]
    assert (batch.nils, batch.octets) == (1, len(data))
    asked = parse_qs(urlsplit(server.requests[0].target).query)
    assert asked["temporalFilter"] == ["om:phenomenonTime,2016-01-11T02:59:59Z/2016-01-11T04:00:01Z"]
    assert len(server.requests) == 1


def test_the_borders_of_the_span_do_not_depend_on_the_server(server, feeder, source):
    """
    Whether a server's During is open or closed or wider, both borders belong to the span and nothing beyond does.
    """
    times = [BEGIN - MILLISECOND, BEGIN, BEGIN + MILLISECOND, END - MILLISECOND, END, END + MILLISECOND]
    data = response(*(at(instant, number) for number, instant in enumerate(times)))
    server.behaviours["/sos"] = misbehaving.answer(data)

    batch = feeder.fetch(source, BEGIN, END)

    assert [one.phenomenon_time for one in batch.observations] == times[1:5]


def test_a_period_belongs_to_the_span_that_holds_both_its_ends(server, feeder, source):
    """
    As During means it for periods.
    """
    spans = ["02:30/03:30", "03:00/04:00", "03:30/04:30"]
    members = (
        observation("/".join(f"2016-01-11T{clock}:00Z" for clock in span.split("/")), number=number)
        for number, span in enumerate(spans)
    )
    server.behaviours["/sos"] = misbehaving.answer(response(*members))

    batch = feeder.fetch(source, BEGIN, END)

    assert [(one.phenomenon_time, one.phenomenon_time_end) for one in batch.observations] == [(BEGIN, END)]


def test_an_empty_answer_is_an_empty_batch(server, feeder, source):
    """
    No observations in a span is no error.
    """
    server.behaviours["/sos"] = misbehaving.answer(response())

    batch = feeder.fetch(source, BEGIN, END)

    assert (batch.observations, batch.nils) == ((), 0)


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "", "text/html; charset=utf-8"])
def test_the_content_decides_and_not_what_it_is_called(server, feeder, source, kind):
    """
    Servers call XML all sorts of things; a SOAP envelope around it does not matter either.
    """
    data = response(at(BEGIN))
    envelope = (
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>' + data + b"</e:Body></e:Envelope>"
    )
    found = []

    for body in (data, envelope):
        server.behaviours["/sos"] = misbehaving.answer(body, content_type=kind)
        found.append(len(feeder.fetch(source, BEGIN, END).observations))

    assert found == [1, 1]


def test_a_pox_template_is_posted(server, feeder):
    """
    The same feeder serves both bindings.
    """
    template = (
        '<GetObservation xmlns="http://www.opengis.net/sos/2.0" service="SOS" version="2.0.0">'
        "<procedure>gauge</procedure></GetObservation>"
    )
    server.behaviours["/sos"] = misbehaving.answer(response(at(END)))

    batch = feeder.fetch(read_pox(template, server.url("/sos")), BEGIN, END)

    assert len(batch.observations) == 1
    assert server.requests[0].method == "POST"
    assert b"2016-01-11T02:59:59Z" in server.requests[0].body


def test_values_of_an_array_keep_their_id_when_the_array_grows(server, feeder, source):
    """
    A merged observation has the result time of its newest value; its older values are not new for that.
    """
    array = """<sos:observationData><om:OM_Observation gml:id="a">
      <om:phenomenonTime/><om:resultTime><gml:TimeInstant gml:id="r"><gml:timePosition>{result}</gml:timePosition>
      </gml:TimeInstant></om:resultTime><om:procedure xlink:href="gauge"/><om:observedProperty xlink:href="Level"/>
      <om:featureOfInterest xlink:href="river"/>
      <om:result><swe:DataArray xmlns:swe="http://www.opengis.net/swe/2.0"><swe:elementCount><swe:Count>
      <swe:value>{count}</swe:value></swe:Count></swe:elementCount><swe:elementType name="rows"><swe:DataRecord>
      <swe:field name="time"><swe:Time definition="http://www.opengis.net/def/property/OGC/0/PhenomenonTime">
      <swe:uom xlink:href="http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"/></swe:Time></swe:field>
      <swe:field name="level"><swe:Quantity definition="Level"><swe:uom code="m"/></swe:Quantity></swe:field>
      </swe:DataRecord></swe:elementType><swe:encoding><swe:TextEncoding tokenSeparator="," blockSeparator=";"/>
      </swe:encoding><swe:values>{rows}</swe:values></swe:DataArray></om:result>
    </om:OM_Observation></sos:observationData>"""
    first = array.format(result="2016-01-11T03:00:00Z", count=1, rows="2016-01-11T03:00:00Z,1")
    later = array.format(result="2016-01-11T03:30:00Z", count=2, rows="2016-01-11T03:00:00Z,1;2016-01-11T03:30:00Z,2")
    found = []

    for member in (first, later):
        server.behaviours["/sos"] = misbehaving.answer(response(member))
        found.append([one.id for one in feeder.fetch(source, BEGIN, END).observations])

    assert found == [
        ["gauge|Level|river|2016-01-11T03:00:00Z|"],
        ["gauge|Level|river|2016-01-11T03:00:00Z|", "gauge|Level|river|2016-01-11T03:30:00Z|"],
    ]


def test_the_newest_observation_is_asked_for(server, feeder, source):
    """
    `latest` is asked without a span and nothing is filtered.
    """
    server.behaviours["/sos"] = misbehaving.answer(response(observation("1999-01-01T00:00:00Z")))

    batch = feeder.latest(source)

    assert [one.phenomenon_time for one in batch.observations] == [datetime(1999, 1, 1, tzinfo=UTC)]
    assert "temporalFilter=om:phenomenonTime,latest" in server.requests[0].target


@pytest.mark.parametrize(
    "behaviour",
    [
        misbehaving.answer(report("InvalidParameterValue", "temporalFilter"), 400),
        misbehaving.answer(b"what?", 400),
        misbehaving.answer(b"<!doctype html><p>what?"),
    ],
    ids=["exception", "bad request", "web page"],
)
def test_a_server_without_latest_is_told_from_one_that_is_down(server, feeder, source, behaviour):
    """
    Whatever it answers instead, it is a `SourceException`, so that something else can be asked.
    """
    server.behaviours["/sos"] = behaviour

    with pytest.raises(SourceException):
        feeder.latest(source)


def test_the_evidence_includes_the_borders_whatever_the_server_thinks_of_them(feeder, source):
    """
    The URL asks a second wider, as a fetch does.
    """
    url = feeder.evidence_url(source, BEGIN, BEGIN)

    assert "temporalFilter=om:phenomenonTime,2016-01-11T02:59:59Z/2016-01-11T03:00:01Z" in url


def test_a_span_is_asked_in_whole_seconds(server, feeder, source):
    """
    Some servers know no others; both ends are still a second wider, and the observations are cut to the span itself.
    """
    begin, end = BEGIN + timedelta(microseconds=1), END - MILLISECOND
    times = [BEGIN, begin, end, END]
    server.behaviours["/sos"] = misbehaving.answer(
        response(*(at(instant, number) for number, instant in enumerate(times)))
    )

    batch = feeder.fetch(source, begin, end)

    assert [one.phenomenon_time for one in batch.observations] == [begin, end]
    asked = parse_qs(urlsplit(server.requests[0].target).query)
    assert asked["temporalFilter"] == ["om:phenomenonTime,2016-01-11T02:59:59Z/2016-01-11T04:00:01Z"]
