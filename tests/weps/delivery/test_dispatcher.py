"""Sending what is due: in order, again where it failed, and none because of another."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta

import pytest

from tests.waiting import wait_for
from tests.weps.delivery.receiver import NO_JITTER, NOW, outbox, send_all
from tests.weps.notify.stores import add_alerts, subscribe
from weps.delivery.dispatcher import BackOff, Dispatcher
from weps.notify.insert_rss import InsertRssChannel
from weps.notify.posting import Reply


def test_alerts_reach_their_target_in_order(store, channels, receiver):
    """
    Each alert is posted once, in the order of its detection, with its id as guid, and marked.
    """
    subscription = subscribe(store, f"{receiver.url}/good")
    add_alerts(store, subscription, range(1, 6), NOW)

    sent = send_all(Dispatcher(store, channels, clock=lambda: NOW))

    assert 5 == sent
    assert {"/good/InsertRSS": [f"{subscription.id}-{n}" for n in range(1, 6)]} == receiver.guids
    assert [("delivered", 1, NOW)] * 5 == outbox(store)
    assert store.next_delivery_due() is None


def test_what_is_not_yet_due_is_not_sent(store, channels, receiver):
    """
    A delivery waits for its time.
    """
    add_alerts(store, subscribe(store, f"{receiver.url}/good"), range(1, 2), NOW)

    taken = Dispatcher(store, channels).run_due(NOW - timedelta(seconds=1))

    assert 0 == taken
    assert {} == receiver.guids


def test_a_failed_delivery_is_tried_again_later_and_the_next_alert_waits(store, channels, receiver):
    """
    After two failures the first alert is taken, then the second: their order is kept.
    """
    subscription = subscribe(store, f"{receiver.url}/unsteady")
    add_alerts(store, subscription, range(1, 3), NOW)
    seconds = [0, 4, 5, 14, 15]
    attempts = []

    for second in seconds:
        now = NOW + timedelta(seconds=second)
        send_all(Dispatcher(store, channels, back_off=NO_JITTER, clock=lambda now=now: now), now)
        attempts.append(len(receiver.guids["/unsteady/InsertRSS"]))

    first, second = (f"{subscription.id}-{n}" for n in (1, 2))
    assert [1, 1, 2, 2, 4] == attempts
    assert [first, first, first, second] == receiver.guids["/unsteady/InsertRSS"]
    assert [("delivered", 3), ("delivered", 1)] == [row[:2] for row in outbox(store)]


ANSWERS = {
    "gone": ("410", "given-up"),
    "bad request": ("400", "given-up"),
    "too many requests": ("429", "queued"),
    "server error": ("500", "queued"),
    "closed in the middle": ("close", "queued"),
}


@pytest.mark.parametrize(("behaviour", "status"), ANSWERS.values(), ids=ANSWERS)
def test_a_refusal_is_given_up_and_a_failure_is_tried_again(store, channels, receiver, behaviour, status):
    """
    A target that says no is believed; one that has trouble is asked again in 5 s.
    """
    add_alerts(store, subscribe(store, f"{receiver.url}/{behaviour}"), range(1, 2), NOW)

    send_all(Dispatcher(store, channels, back_off=NO_JITTER, clock=lambda: NOW))

    due = NOW if status == "given-up" else NOW + timedelta(seconds=5)
    assert [(status, 1, due)] == outbox(store)


def test_a_given_up_alert_does_not_hold_back_the_next(store, channels, receiver):
    """
    What is given up is left behind.
    """
    add_alerts(store, subscribe(store, f"{receiver.url}/400"), range(1, 4), NOW)

    sent = send_all(Dispatcher(store, channels, clock=lambda: NOW))

    assert 3 == sent
    assert ["given-up"] * 3 == [row[0] for row in outbox(store)]


def test_a_target_that_hangs_delays_no_other(store, channels, receiver):
    """
    While one target hangs, another gets all its alerts; the hanging one is not asked a second time meanwhile.
    """
    hanging = subscribe(store, f"{receiver.url}/hang")
    good = subscribe(store, f"{receiver.url}/good", f"{receiver.url}/hang")
    add_alerts(store, hanging, range(1, 4), NOW)
    add_alerts(store, good, range(1, 4), NOW)
    dispatcher = Dispatcher(store, channels, clock=lambda: NOW)

    def good_ones() -> int:
        dispatcher.run_due(NOW)
        return len(receiver.guids.get("/good/InsertRSS", []))

    wait_for(lambda: good_ones() >= 3, 4, pause=0.01)

    assert 3 == len(receiver.guids["/good/InsertRSS"])
    # the thread that sent the last good one may still be noting that it did
    wait_for(lambda: sum(thread.name.startswith("delivery-") for thread in threading.enumerate()) <= 1, pause=0.01)
    receiver.released.set()
    assert dispatcher.wait(5)


def test_many_alerts_for_a_hanging_target_do_not_hide_those_for_others(store, channels, receiver):
    """
    However many subscriptions wait for a target that hangs, one behind them is found.
    """
    for _ in range(20):
        add_alerts(store, subscribe(store, f"{receiver.url}/hang"), range(1, 2), NOW)
    add_alerts(store, subscribe(store, f"{receiver.url}/good"), range(1, 2), NOW)
    dispatcher = Dispatcher(store, channels, parallel=2, clock=lambda: NOW)

    taken = [dispatcher.run_due(NOW)]

    assert [21] == taken
    receiver.released.set()
    assert dispatcher.wait(5)
    assert 1 == len(receiver.guids["/good/InsertRSS"])


def test_a_channel_that_is_not_configured_is_no_reason_to_drop_an_alert(store, receiver):
    """
    The alert waits for the channel to come back.
    """
    add_alerts(store, subscribe(store, f"{receiver.url}/good"), range(1, 2), NOW)

    send_all(Dispatcher(store, {}, back_off=NO_JITTER, clock=lambda: NOW))

    assert [("queued", 1, NOW + timedelta(seconds=5))] == outbox(store)


def test_a_channel_that_breaks_is_a_failed_delivery(store, receiver):
    """
    A fault in a channel's own code is logged and tried again, and frees the target.
    """

    def broken(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        raise ZeroDivisionError

    add_alerts(store, subscribe(store, f"{receiver.url}/good"), range(1, 2), NOW)
    channels = {"insert-rss": InsertRssChannel(broken, "http://weps.example.org/alerts")}

    send_all(Dispatcher(store, channels, back_off=NO_JITTER, clock=lambda: NOW))

    assert [("queued", 1, NOW + timedelta(seconds=5))] == outbox(store)


def test_the_wait_doubles_from_5_seconds_to_10_hours_and_then_it_is_over():
    """
    Twenty attempts, about four days, then the alert is given up.
    """
    waits = [NO_JITTER.delay(attempts) for attempts in range(1, 21)]

    assert [timedelta(seconds=5 * 2**n) for n in range(12)] == waits[:12]
    assert [timedelta(seconds=20480)] + [timedelta(hours=10)] * 6 == waits[12:19]
    assert waits[19] is None


def test_jitter_spreads_the_waits_around_their_middle():
    """
    A fifth more or less, never above the longest.
    """
    waits = {BackOff().delay(3) for _ in range(200)}

    assert len(waits) > 100
    assert timedelta(seconds=16) <= min(waits)
    assert max(waits) <= timedelta(seconds=24)
    assert max(BackOff().delay(15) for _ in range(50)) <= timedelta(hours=10)
