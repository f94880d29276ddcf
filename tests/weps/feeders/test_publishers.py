"""Publishers of OGC Pub/Sub are asked for a publication, and again before what they granted is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import misbehaving_sos as misbehaving
from tests.pubsub_publisher import Publisher
from tests.waiting import wait_for
from weps.errors import InputError, SourceDenied, SourceException, SourceGarbled, SourceUnreachable
from weps.feeders.http import Fetcher
from weps.feeders.hubs import Hubs
from weps.feeders.publishers import Publishers
from weps.feeders.sources import PUBSUB, push_address, push_source

BASE = "http://weps.example/push"
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def publisher():
    with Publisher() as running:
        yield running


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def fetcher():
    return Fetcher(frozenset({"127.0.0.1"}), timeout=5)


@pytest.fixture
def publishers(fetcher, clock):
    return Publishers(fetcher.send, BASE, clock)


def make(publisher: Publisher, publication: str = "urn:levels"):
    return push_source(BASE, topic=publication, hub=publisher.url, protocol=PUBSUB)


def test_a_publisher_is_asked_once_with_the_address_that_is_pushed_to(publisher, publishers):
    """
    By a request that is valid; as long as its subscription lasts nothing more is asked.
    """
    source = make(publisher)

    publishers.require(source)
    publishers.require(source)

    assert (["Subscribe"], [push_address(source, BASE)]) == (publisher.asked, list(publisher.subscribers.values()))


@pytest.mark.parametrize(
    ("end", "later", "asked"),
    [
        (None, timedelta(hours=19), ["Subscribe"]),
        (None, timedelta(hours=20), ["Subscribe", "Renew"]),
        (None, timedelta(hours=25), ["Subscribe", "Subscribe"]),
        ("2024-03-01T13:00:00Z", timedelta(minutes=47), ["Subscribe"]),
        ("2024-03-01T13:00:00Z", timedelta(minutes=49), ["Subscribe", "Renew"]),
    ],
    ids=["lasts", "nearly over", "over", "shorter lasts", "shorter nearly over"],
)
def test_a_subscription_is_renewed_before_it_ends(publisher, publishers, clock, end, later, asked):
    """
    When four fifths of it are over, as the publisher has granted it; afterwards a new one is made.
    """
    publisher.end = end
    source = make(publisher)
    publishers.require(source)
    clock.now += later

    publishers.require(source)

    assert asked == publisher.asked


@pytest.mark.parametrize(
    ("later", "expected"),
    [(timedelta(hours=19), False), (timedelta(hours=20), True), (timedelta(hours=25), True)],
    ids=["lasts", "nearly over", "over"],
)
def test_a_subscription_is_to_be_renewed_whenever_the_next_look_is(
    publisher, publishers, fetcher, clock, later, expected
):
    """
    Looks may be a day apart; one that is not known, as after a restart, is to be made.
    """
    source = make(publisher)
    before = Hubs(fetcher.send, BASE).must_renew(source), publishers.must_renew(source)
    publishers.require(source)
    clock.now += later

    assert (before, publishers.must_renew(source)) == ((True, True), expected)


def test_what_a_publisher_refuses_is_left_to_the_next_look(publisher, publishers):
    """
    It is not asked each minute for what it does not give.
    """
    source = make(publisher, "urn:other")
    before = publishers.must_renew(source)
    with pytest.raises(SourceDenied):
        publishers.require(source)

    assert (before, publishers.must_renew(source)) == (True, False)


def test_what_a_publisher_has_forgotten_is_subscribed_to_anew(publisher, publishers, clock):
    """
    It may have been started again.
    """
    source = make(publisher)
    publishers.require(source)
    publisher.subscribers.clear()
    clock.now += timedelta(hours=20)

    publishers.require(source)

    assert (["Subscribe", "Renew", "Subscribe"], 1) == (publisher.asked, len(publisher.subscribers))


def test_what_a_publisher_refuses_is_denied_at_each_look(publisher, publishers):
    """
    With its own words.
    """
    source = make(publisher, "urn:other")

    for _ in range(2):
        with pytest.raises(SourceDenied, match=r"refuses the publication: .*there is no such publication"):
            publishers.require(source)


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (misbehaving.answer(b"", status=503), SourceUnreachable),
        (misbehaving.answer(b"<hello/>"), SourceGarbled),
        (misbehaving.answer(b'<p:SubscribeResponse xmlns:p="http://www.opengis.net/pubsub/1.0"/>'), SourceGarbled),
    ],
    ids=["busy", "no response", "no identifier"],
)
def test_what_is_no_answer_of_a_publisher_is_an_error(server, publishers, behaviour, error):
    """
    It is asked again at the next look.
    """
    server.behaviours["/pubsub"] = behaviour
    source = push_source(BASE, topic="urn:levels", hub=server.url("/pubsub"), protocol=PUBSUB)

    for _ in range(2):
        with pytest.raises(error):
            publishers.require(source)

    assert 2 == len(server.requests)


def test_a_fault_of_the_publisher_itself_is_no_denial(publisher, publishers):
    """
    It may be over soon.
    """
    publisher.refusal = ("NoApplicableCode", "the database is away")

    with pytest.raises(SourceException, match="the database is away"):
        publishers.require(make(publisher))


def test_a_publisher_is_asked_to_end_what_nobody_watches(publisher, fetcher):
    """
    As hubs are; the other subscription stays.
    """
    hubs = Hubs(fetcher.send, BASE)
    one, other = make(publisher), make(publisher)
    for source in (one, other):
        hubs.require(source)

    hubs.keep([other])
    hubs.keep([other])
    wait_for(lambda: "Unsubscribe" in publisher.asked)

    assert (["Subscribe", "Subscribe", "Unsubscribe"], [push_address(other, BASE)]) == (
        publisher.asked,
        list(publisher.subscribers.values()),
    )


@pytest.mark.parametrize("given", [{}, {"hub": "http://p.example", "topic": "t", "secret": "12345678"}])
def test_a_publication_needs_a_publisher_and_is_not_signed(given):
    """
    Pub/Sub knows no signatures.
    """
    with pytest.raises(InputError, match="asked for a publication, and signs nothing"):
        push_source(BASE, protocol=PUBSUB, **given)
