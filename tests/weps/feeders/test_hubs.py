"""Hubs of WebSub are asked for a topic, and again before their lease is over."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from tests import misbehaving_sos as misbehaving
from tests.waiting import wait_for
from weps.errors import InputError, SourceDenied, SourceUnreachable
from weps.feeders.hubs import Hubs
from weps.feeders.sources import members_of, push_source

BASE = "http://weps.example/push"
TOPIC = "http://sos.example/topic"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hubs(fetcher, clock):
    return Hubs(fetcher.send, BASE, clock)


@pytest.fixture
def source(server):
    server.behaviours["/hub"] = misbehaving.answer(b"", status=202)
    return push_source(BASE, secret="the secret", topic=TOPIC, hub=server.url("/hub"))


def test_a_hub_is_asked_once_with_the_address_that_is_pushed_to(server, hubs, source):
    """
    With the secret that it is to sign with; while it has time to confirm it is not asked again.
    """
    hubs.require(source)
    hubs.require(source)

    (asked,) = server.requests
    form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
    assert {
        "hub.callback": f"{BASE}/{members_of(source)['token']}",
        "hub.mode": "subscribe",
        "hub.topic": TOPIC,
        "hub.secret": "the secret",
        "hub.lease_seconds": "864000",
    } == form


@pytest.mark.parametrize(
    ("confirmed", "later", "count"),
    [(None, 59, 1), (1000, 790, 1), (1000, 810, 2), (0, 7, 1)],
    ids=["may-confirm-yet", "leased", "lease-nearly-over", "no-lease"],
)
def test_a_hub_is_asked_again_before_it_stops(server, hubs, clock, source, confirmed, later, count):
    """
    When four fifths of its lease are over.
    """
    hubs.require(source)
    if confirmed is not None:
        hubs.confirmed(source, confirmed)
    clock.now += later

    hubs.require(source)

    assert count == len(server.requests)


@pytest.mark.parametrize(
    ("asked", "confirmed", "later", "expected"),
    [
        (False, None, 0, True),
        (True, None, 59, False),
        (True, None, 3600, False),
        (True, 1000, 700, False),
        (True, 1000, 810, True),
        (True, 1000, 5000, True),
    ],
    ids=["not known", "may confirm yet", "never confirmed", "leased", "lease nearly over", "lease over"],
)
def test_a_lease_is_to_be_renewed_whenever_the_next_look_is(hubs, clock, source, asked, confirmed, later, expected):
    """
    Looks may be a day apart: what nearly ends, or is not known after a restart, is said so once a minute.
    """
    if asked:
        hubs.require(source)
    if confirmed is not None:
        hubs.confirmed(source, confirmed)
    clock.now += later

    found = [hubs.must_renew(source) for _ in range(3)]
    clock.now += 60
    again = hubs.must_renew(source)

    assert (found, again) == ([expected, False, False], expected)


def test_what_is_asked_has_not_to_be_renewed_at_once(hubs, clock, source):
    """
    The hub has time to confirm; a source without a hub, and one that was denied, are never to be renewed.
    """
    hubs.require(source)
    hubs.confirmed(source, 1000)
    clock.now += 900
    before = hubs.must_renew(source)
    hubs.require(source)
    clock.now += 59
    denied = push_source(BASE, topic=TOPIC, hub="http://hub.example/")
    hubs.denied(denied, "not for you")

    assert (before, hubs.must_renew(source)) == (True, False)
    assert not hubs.must_renew(push_source(BASE))
    assert not hubs.must_renew(denied)


@pytest.mark.parametrize(("confirmed", "later"), [(None, 61), (1000, 1001)], ids=["never confirmed", "not again"])
def test_a_hub_that_does_not_confirm_is_a_source_that_fails_until_it_does(
    server, hubs, clock, source, confirmed, later
):
    """
    Nothing comes without its consent; it is asked each minute, and told once that it is well again.
    """
    hubs.require(source)
    if confirmed is not None:
        hubs.confirmed(source, confirmed)
        clock.now += confirmed * 0.9
        hubs.require(source)
        clock.now += confirmed * 0.1
    clock.now += later

    for _ in range(3):
        with pytest.raises(SourceUnreachable, match="the hub has not confirmed the topic; it must be able to reach"):
            hubs.require(source)
    clock.now += 60
    with pytest.raises(SourceUnreachable):
        hubs.require(source)
    news = [hubs.confirmed(source, 1000) for _ in range(2)]
    hubs.require(source)

    assert [True, False] == news
    assert (3 if confirmed is None else 4) == len(server.requests)


def test_a_hub_that_fails_is_asked_at_the_next_look(server, hubs, source):
    """
    And the source fails until then.
    """
    server.behaviours["/hub"] = misbehaving.answer(b"", status=503)
    with pytest.raises(SourceUnreachable):
        hubs.require(source)
    server.behaviours["/hub"] = misbehaving.answer(b"", status=202)

    hubs.require(source)

    assert 2 == len(server.requests)


def test_a_denial_is_told_until_the_hub_confirms(server, hubs, clock, source):
    """
    It is asked again after an hour only.
    """
    hubs.require(source)
    hubs.denied(source, "not for you")

    for later in (0, 3599, 2):
        clock.now += later
        with pytest.raises(SourceDenied, match="denied the topic: not for you"):
            hubs.require(source)
    hubs.confirmed(source, 1000)
    hubs.require(source)

    assert 2 == len(server.requests)


def test_a_hub_is_asked_to_end_what_is_not_kept(server, hubs, source):
    """
    Once, however often it is looked at, and with the address that it pushes to.
    """
    other = push_source(BASE, topic=TOPIC, hub=server.url("/hub"))
    for each in (source, other):
        hubs.require(each)
    asked = len(server.requests)

    for _ in range(3):
        hubs.keep([other])
    wait_for(lambda: len(server.requests) > asked)

    form = {name: values[0] for name, values in parse_qs(server.requests[-1].body.decode()).items()}
    assert {
        "hub.callback": f"{BASE}/{members_of(source)['token']}",
        "hub.mode": "unsubscribe",
        "hub.topic": TOPIC,
    } == form
    assert asked + 1 == len(server.requests)


def test_a_source_without_a_hub_asks_nobody(server, hubs):
    """
    Somebody else has seen to it that it is pushed to.
    """
    hubs.require(push_source(BASE, topic=TOPIC))

    assert [] == server.requests


def test_a_hub_needs_a_topic():
    """
    There would be nothing to ask it for.
    """
    with pytest.raises(InputError, match="a hub is asked for a topic"):
        push_source(BASE, hub="http://hub.example/")
