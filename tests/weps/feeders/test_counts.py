"""How many observations a source says that it has: GetDataAvailability as servers answer it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import misbehaving_sos as misbehaving
from tests.weps.feeders.sos_answers import report
from weps.feeders.base import Counted
from weps.feeders.template import build_request, known_during, read_json, read_kvp, read_pox

BEGIN, END = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 8, tzinfo=UTC)
GDA = (
    '<gda:GetDataAvailabilityResponse xmlns:gda="http://www.opengis.net/sosgda/1.0" '
    'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink">{}'
    "</gda:GetDataAvailabilityResponse>"
)
PERIOD = (
    '<gml:TimePeriod gml:id="{}"><gml:beginPosition>2024-03-01T00:00:00Z</gml:beginPosition>'
    "<gml:endPosition>2024-03-08T00:00:00Z</gml:endPosition></gml:TimePeriod>"
)


def member(feature: str, time: str, count: str = "") -> str:
    return (
        '<gda:dataAvailabilityMember><gda:procedure xlink:href="ws"/><gda:observedProperty xlink:href="t"/>'
        f'<gda:featureOfInterest xlink:href="{feature}"/>{time}{count}</gda:dataAvailabilityMember>'
    )


def during(identifier: str) -> str:
    return f"<gda:phenomenonTime>{PERIOD.format(identifier)}</gda:phenomenonTime>"


SAME_TIME = '<gda:phenomenonTime xlink:href="#one"/>'
AT_ONCE = (
    '<gda:phenomenonTime><gml:TimeInstant gml:id="i"><gml:timePosition>2024-03-01T00:00:00Z</gml:timePosition>'
    "</gml:TimeInstant></gda:phenomenonTime>"
)


def count(number: int) -> str:
    return f"<gda:count>{number}</gda:count>"


def in_json(**members: object) -> bytes:
    series = {"procedure": "ws", "observedProperty": "t", "featureOfInterest": "here"}
    return json.dumps({"request": "GetDataAvailability", "dataAvailability": [{**series, **members}]}).encode()


TIMES = ["2024-03-01T00:00:00Z", "2024-03-08T00:00:00Z"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (GDA.format(""), ()),
        (GDA.format(member("here", during("one"), count(137))), (Counted(137, BEGIN, END),)),
        (GDA.format(member("here", AT_ONCE, count(1))), (Counted(1, BEGIN, BEGIN),)),
        (
            GDA.format(member("here", during("one"), count(7)) + member("there", SAME_TIME, count(8))),
            (Counted(7, BEGIN, END), Counted(8, BEGIN, END)),
        ),
        (
            GDA.format(member("here", during("one"), count(7)) + member("here", SAME_TIME, count(7))),
            (Counted(7, BEGIN, END),),
        ),
        (GDA.format(member("here", "", count(7))), (Counted(7),)),
        (in_json(phenomenonTime=TIMES, count=137).decode(), (Counted(137, BEGIN, END),)),
        (in_json(phenomenonTime=TIMES[0], count=1).decode(), (Counted(1, BEGIN, BEGIN),)),
    ],
    ids=["nothing", "period", "instant", "time by reference", "two offerings", "no time", "json", "json instant"],
)
def test_counts_are_read_by_series(server, feeder, source, body, expected):
    """
    Each series once, with the times of its first and last observation; and they are asked for.
    """
    server.behaviours["/sos"] = misbehaving.answer(body.encode(), content_type="")

    found = feeder.counts(source)

    (request,) = server.requests
    query = parse_qs(urlsplit(request.target).query)
    assert found == expected
    assert (query["request"], query["ShowCount"]) == (["GetDataAvailability"], ["true"])


@pytest.mark.parametrize(
    ("behaviour", "asked"),
    [
        (misbehaving.answer(GDA.format(member("here", during("one"))).encode()), 1),
        (misbehaving.answer(in_json(phenomenonTime=TIMES)), 1),
        (misbehaving.answer(report("OperationNotSupported", "request"), 400), 1),
        (misbehaving.answer(b"<html><title>Login</title></html>"), 1),
        (misbehaving.hang, 1),
        (misbehaving.hang_up, 3),
    ],
    ids=["not counted", "not counted in json", "not offered", "a web page", "too slow", "not reached"],
)
def test_a_service_that_does_not_count_is_not_asked_again(server, feeder, source, behaviour, asked):
    """
    Unless it could not be reached: that says nothing of it.
    """
    server.behaviours["/sos"] = behaviour

    found = [feeder.counts(source) for _ in range(3)]

    assert found == [None] * 3
    assert len(server.requests) == asked


def test_a_series_that_a_service_does_not_know_keeps_no_other_from_being_counted(server, feeder, source):
    """
    It is refused by its name; the service is asked again, and counts.
    """
    server.behaviours["/sos"] = misbehaving.answer(report("InvalidParameterValue", "procedure"), 400)
    refused = feeder.counts(source)
    server.behaviours["/sos"] = misbehaving.answer(in_json(phenomenonTime=TIMES, count=137))

    assert (refused, feeder.counts(source)) == (None, (Counted(137, BEGIN, END),))


def test_sos_10_does_not_count(server, feeder):
    """
    There is no such request in SOS 1.0.0.
    """
    old = read_kvp(
        server.url("/sos") + "?service=SOS&version=1.0.0&request=GetObservation&offering=o&observedProperty=t"
        "&responseFormat=text/xml;subtype=%22om/1.0.0%22"
    )

    assert (feeder.counts(old), known_during(old), server.requests) == (None, None, [])


POX = (
    '<sos:GetObservation xmlns:sos="http://www.opengis.net/sos/2.0" service="SOS" version="2.0.0">'
    "<sos:offering>o</sos:offering><sos:featureOfInterest>here</sos:featureOfInterest></sos:GetObservation>"
)
KVP = "http://sos.example/?service=SOS&version=2.0.0&request=GetObservation&offering=o"
IN_JSON = '{"service": "SOS", "version": "2.0.0", "request": "GetObservation", "offering": "o"}'


@pytest.mark.parametrize(
    "source",
    [read_kvp(KVP), read_pox(POX, "http://sos.example/"), read_json(IN_JSON, "http://sos.example/")],
    ids=["kvp", "pox", "json"],
)
def test_what_became_known_in_a_time_can_be_asked_for(source):
    """
    The same request with its filter over the result time; a template that has it already is no other.
    """
    known = known_during(source)

    request = build_request(known, BEGIN, END)
    text = request.url + (request.body or b"").decode()
    assert "resultTime" in text
    assert "phenomenonTime" not in text
    assert known_during(known) is None
