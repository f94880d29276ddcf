"""The feeder for SensorThings against a service on loopback that hands out pages of three Observations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import misbehaving_sos as misbehaving
from tests.sta_server import PLACE, StaServer
from weps.errors import InputError, SourceException, SourceGarbled, SourceUnreachable
from weps.feeders.http import Fetcher
from weps.feeders.sensorthings import SensorThingsFeeder
from weps.feeders.sources import sta_source

BEGIN = datetime(2024, 3, 1, tzinfo=UTC)
LEVEL = "http://example.org/level"


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


@pytest.fixture
def sta():
    with StaServer() as running:
        yield running


@pytest.fixture
def feeder(sta):
    return SensorThingsFeeder(Fetcher(frozenset({"127.0.0.1"}), timeout=5))


def test_all_pages_of_a_span_are_read(sta, feeder):
    """
    Ten observations come in four pages; both borders belong to the span, what lies beyond is dropped.
    """
    for minute in range(12):
        sta.observe(1, at(minute), minute)

    batch = feeder.fetch(sta_source(f"{sta.root}/Datastreams(1)"), at(1), at(10))

    assert list(range(1, 11)) == [one.value for one in batch.observations]
    assert 4 == len(sta.asked)


def test_what_was_given_is_counted_with_what_lies_beyond(sta, feeder):
    """
    Only so an answer that ends at a round number is noticed.
    """
    for minute in range(4):
        sta.observe(1, at(minute), minute)

    batch = feeder.fetch(sta_source(f"{sta.root}/Datastreams(1)"), at(1) + timedelta(milliseconds=500), at(3))

    assert ([2, 3], 3) == ([one.value for one in batch.observations], batch.total)


def test_pages_behind_a_proxy_are_read_where_the_first_was(sta, feeder):
    """
    A link may have a name that only the service knows, and lack the key that it was asked with.
    """
    sta.name = "http://inside:8080/FROST"
    for minute in range(5):
        sta.observe(1, at(minute), minute)

    batch = feeder.fetch(sta_source(f"{sta.root}/Datastreams(1)?key=abc"), at(0), at(10))

    assert [0, 1, 2, 3, 4] == [one.value for one in batch.observations]
    assert [True, True] == ["key=abc" in target for target in sta.asked]


def test_an_observation_tells_its_series_unit_place_and_id(sta, feeder):
    """
    All of it is expanded in the one request; the time is asked a second wider on both sides.
    """
    sta.observe(1, at(0), 1.5)

    (found,) = feeder.fetch(sta_source(f"{sta.root}/Datastreams(1)/Observations"), at(0), at(1)).observations

    assert ("gauge 1", LEVEL, "river 1") == found.series
    assert (1.5, "m", PLACE) == (found.value, found.uom, found.geometry)
    assert f"gauge 1|{LEVEL}|river 1|2024-03-01T00:00:00Z|{sta.root}/Observations(1)" == found.id
    assert ["phenomenonTime ge 2024-02-29T23:59:59Z and phenomenonTime le 2024-03-01T00:01:01Z"] == parse_qs(
        urlsplit(sta.asked[0]).query
    )["$filter"]


def test_nil_results_are_counted(sta, feeder):
    """
    A result of null is no observation.
    """
    sta.observe(1, at(0), None)
    sta.observe(1, at(1), 2)

    batch = feeder.fetch(sta_source(f"{sta.root}/Datastreams(1)"), at(0), at(5))

    assert ([2], 1) == ([one.value for one in batch.observations], batch.nils)


def test_the_newest_of_a_datastream_is_one_request(sta, feeder):
    """
    Whatever else there is, one observation is asked for and given.
    """
    for minute in range(5):
        sta.observe(1, at(minute), minute)

    batch = feeder.latest(sta_source(f"{sta.root}/Datastreams(1)"))

    assert ([4], 1) == ([one.value for one in batch.observations], len(sta.asked))


def test_the_newest_of_every_datastream_of_a_service_has_the_names_of_polls(sta, feeder):
    """
    Where all Observations are watched the newest are read with their Datastreams, as the same series.
    """
    source = sta_source(sta.root)
    for minute in range(3):
        sta.observe(1, at(minute), minute)
    sta.observe(2, at(0), 9)

    newest = feeder.latest(source).observations
    polled = feeder.fetch(source, at(0), at(5)).observations

    assert [("gauge 1", 2), ("gauge 2", 9)] == [(one.procedure, one.value) for one in newest]
    assert {one.series for one in newest} == {one.series for one in polled}
    assert {one.id for one in newest} <= {one.id for one in polled}


def test_an_own_filter_is_kept(sta, feeder):
    """
    It stands in brackets before the time; a key goes along, but not into the evidence.
    """
    source = sta_source(f"{sta.root}/Datastreams(1)?$filter=result gt 3 or result lt 1&key=abc")

    feeder.fetch(source, at(0), at(1))

    asked = parse_qs(urlsplit(sta.asked[0]).query)
    assert asked["$filter"][0].startswith("(result gt 3 or result lt 1) and phenomenonTime ge ")
    assert ["abc"] == asked["key"]
    assert "abc" not in feeder.evidence_url(source, at(0), at(1))


@pytest.mark.parametrize(
    ("path", "exists"), [("Datastreams(1)", True), ("Datastreams(77)", False)], ids=["there", "not"]
)
def test_whether_a_datastream_exists(sta, feeder, path, exists):
    """
    One that is not found does not.
    """
    assert exists is feeder.series_exists(sta_source(f"{sta.root}/{path}"))


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (misbehaving.answer(b'{"value": [{"result": 1}]}'), SourceGarbled),
        (
            misbehaving.answer(b'{"value": [{"result": "\\ud800", "phenomenonTime": "2024-03-01T00:00:00Z"}]}'),
            SourceGarbled,
        ),
        (misbehaving.answer(b'{"hello": 1}'), SourceGarbled),
        (misbehaving.answer(b"<html><body>", content_type="text/html"), SourceGarbled),
        (misbehaving.answer(b'{"code": 400, "message": "no such filter"}', status=400), SourceException),
        (misbehaving.answer(b"{}", status=503), SourceUnreachable),
        (misbehaving.answer(b'{"value": [], "@iot.nextLink": "http://127.0.0.1:1/v1.1/x"}'), SourceGarbled),
        (misbehaving.answer(b'{"value": [], "@iot.nextLink": "?"}'), SourceGarbled),
        (misbehaving.answer(b'{"value": [], "@iot.nextLink": "http://[sta/v1.1/x?$skip=1"}'), SourceGarbled),
    ],
    ids=[
        "no-time",
        "no-text",
        "no-collection",
        "html",
        "refused",
        "busy",
        "page-elsewhere",
        "page-again",
        "page-nowhere",
    ],
)
def test_what_is_no_whole_answer_is_an_error(server, fetcher, behaviour, error):
    """
    Nothing of it counts as read.
    """
    server.behaviours["/v1.1/Datastreams(1)/Observations"] = behaviour

    with pytest.raises(error):
        SensorThingsFeeder(fetcher).fetch(sta_source(server.url("/v1.1/Datastreams(1)")), at(0), at(1))


@pytest.mark.parametrize(
    "address",
    [
        "http://x.org/v1.1/Things(1)",
        "http://x.org/v1.1/Observations?$top=5",
        "http://x.org/sos",
        "http://x.org/v1.1/Datastreams(1,2)",
    ],
    ids=["things", "option", "no-service", "list"],
)
def test_other_addresses_are_refused(address):
    """
    Only Datastreams and Observations can be watched, and options are for the feeder to say.
    """
    with pytest.raises(InputError):
        sta_source(address)
