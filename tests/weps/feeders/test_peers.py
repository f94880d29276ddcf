"""The feeder on services of other makers: SOS 1.0.0 in KVP, XML and SOAP, JSON of 52°North and istSOS, CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.peer_sos import DIALECTS, FEATURE, PROCEDURE, PROPERTY, TEMPLATES, PeerSos
from weps.errors import SourceException
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_template
from weps.model import Source

BEGIN = datetime(2016, 1, 11, 3, 0, tzinfo=UTC)
END = BEGIN + timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture(params=DIALECTS)
def peer(request: pytest.FixtureRequest) -> Iterator[PeerSos]:
    """A service of each kind."""
    with PeerSos(request.param) as running:
        yield running


@pytest.fixture
def feeder(peer: PeerSos) -> Iterator[SosFeeder]:
    """A feeder that may ask it."""
    fetcher = Fetcher(frozenset({peer.host}), timeout=5, limit=1024 * 1024, deadline=10)
    yield SosFeeder(fetcher)
    fetcher.close()


def source_of(peer: PeerSos) -> Source:
    """The source that a client of this service writes."""
    text = TEMPLATES[peer.dialect]
    return read_template(peer.url + text if text.startswith("?") else text, peer.url)


def test_every_service_tells_the_same(peer, feeder):
    """
    Series, time, value and unit, each with an id that stays.
    """
    peer.publish((BEGIN, 1.5), (BEGIN + timedelta(minutes=30), 2.5))
    source = source_of(peer)

    first, again = (feeder.fetch(source, BEGIN, END).observations for _ in range(2))

    assert [(one.phenomenon_time, one.value, one.uom) for one in first] == [
        (BEGIN, 1.5, "m"),
        (BEGIN + timedelta(minutes=30), 2.5, "m"),
    ]
    assert {one.series for one in first} == {(PROCEDURE, PROPERTY, FEATURE)}
    assert len({one.id for one in first}) == 2
    assert first == again


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])
def test_the_borders_of_a_span_do_not_depend_on_the_service(peer, feeder, closed):
    """
    Both belong to it, what is a moment beyond does not; also where a service knows whole seconds only.
    """
    peer.closed = closed
    begin, end = BEGIN + MILLISECOND, END - MILLISECOND
    peer.publish(*((time, 1.0) for time in (BEGIN, begin, BEGIN + timedelta(minutes=1), end, END)))

    found = feeder.fetch(source_of(peer), begin, end).observations

    assert [one.phenomenon_time for one in found] == [begin, BEGIN + timedelta(minutes=1), end]


def test_a_span_without_observations_is_empty(peer, feeder):
    """
    However a service says that there is nothing.
    """
    batch = feeder.fetch(source_of(peer), BEGIN, END)

    assert (batch.observations, batch.nils) == ((), 0)


def test_a_series_is_found_in_the_capabilities(peer, feeder):
    """
    Of SOS 1.0.0 they name things by reference; one that is not there is not found.
    """
    source = source_of(peer)
    other = Source(source.binding, source.endpoint, source.template.replace(PROCEDURE, "urn:other"))

    found = [feeder.series_exists(one) for one in (source, other)]

    assert found == [True, False]
    assert any("GetCapabilities" in asked for asked in peer.asked)


@pytest.mark.parametrize("peer", [name for name in DIALECTS if name != "52°North JSON"], indirect=True)
def test_sos_10_has_no_newest_observation_and_is_not_asked_for_it(peer, feeder):
    """
    Without a time filter some would answer everything they have.
    """
    with pytest.raises(SourceException) as raised:
        feeder.latest(source_of(peer))

    assert raised.value.code == "OptionNotSupported"
    assert peer.asked == []


@pytest.mark.parametrize("peer", ["52°North JSON"], indirect=True)
@pytest.mark.parametrize("what", ["refuses", "needs"])
def test_prefixes_are_declared_where_a_service_needs_it_and_left_out_where_it_refuses_them(peer, feeder, what):
    """
    It is asked once more the other way, and from then on at once; evidence is written so too.
    """
    setattr(peer, what, "namespaces=")
    source = read_template(f"{peer.url}?service=SOS&version=2.0.0&request=GetObservation&offering=all")
    peer.publish((BEGIN, 1.5))

    found = [len(feeder.fetch(source, BEGIN, END).observations) for _ in range(2)]

    assert found == [1, 1]
    declared = ["namespaces=" in asked for asked in peer.asked]
    assert declared == ([True, False, False] if what == "refuses" else [True, True])
    assert ("namespaces=" in feeder.evidence_url(source, BEGIN, END)) == (what == "needs")


@pytest.mark.parametrize("peer", ["52°North JSON"], indirect=True)
def test_a_service_that_stumbles_both_ways_is_told_with_its_words(peer, feeder):
    """
    Two requests, no more.
    """
    peer.refuses = "GetObservation"
    source = read_template(f"{peer.url}?service=SOS&version=2.0.0&request=GetObservation&offering=all")

    with pytest.raises(SourceException) as raised:
        feeder.fetch(source, BEGIN, END)

    assert raised.value.locator == "namespaces"
    assert len(peer.asked) == 2
