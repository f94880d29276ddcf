"""The thread that delivers: woken, stopped, killed, and with a store that fails."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from tests.commands import started
from tests.waiting import wait_for
from tests.weps.delivery.receiver import NOW, outbox
from tests.weps.notify.stores import add_alerts, open_store, subscribe
from weps.delivery.dispatcher import BackOff
from weps.delivery.worker import DeliveryWorker


def test_the_worker_sends_what_it_is_woken_for_and_tries_again_by_itself(store, channels, receiver):
    """
    From `start` on alerts go out at a wake, and failed ones go out again when their wait is over.
    """
    back_off = BackOff(first=timedelta(milliseconds=20), jitter=0.0)
    worker = DeliveryWorker(store, channels, back_off=back_off, interval=30)
    good, unsteady = subscribe(store, f"{receiver.url}/good"), subscribe(store, f"{receiver.url}/unsteady")
    worker.start()
    time.sleep(0.1)

    add_alerts(store, good, range(1, 4), NOW)
    add_alerts(store, unsteady, range(1, 2), NOW)
    worker.wake()

    wait_for(lambda: store.next_delivery_due() is None, pause=0.01)
    worker.stop()
    assert [("delivered", 1)] * 3 + [("delivered", 3)] == [row[:2] for row in outbox(store)]
    assert [1, 2, 3] == [int(guid[-1]) for guid in receiver.guids["/good/InsertRSS"]]


def test_the_worker_stops_in_time_and_what_was_in_hand_is_sent_after_the_next_start(store, channels, receiver):
    """
    A hanging target does not hold back the stop; its alert stays in the outbox.
    """
    add_alerts(store, subscribe(store, f"{receiver.url}/hang"), range(1, 2), NOW)
    worker = DeliveryWorker(store, channels, interval=0.05)
    worker.start()
    time.sleep(0.3)
    began = time.monotonic()

    worker.stop(timeout=1)

    assert time.monotonic() - began < 2
    assert [("queued", 0, NOW)] == outbox(store)
    assert [len(ready.deliveries) for ready in store.ready(NOW, 10, 10)] == [1]


WORKER = """
import sys, time
from tests.weps.delivery.receiver import post
from weps.delivery.worker import DeliveryWorker
from weps.notify.insert_rss import InsertRssChannel
from weps.store import Store
worker = DeliveryWorker(Store(sys.argv[1]), {"insert-rss": InsertRssChannel(post, "http://weps.example.org/alerts")})
worker.start()
time.sleep(60)
"""


def test_a_worker_that_is_killed_loses_nothing(store, receiver):
    """
    Killed in the middle three times, every alert arrives at least once, in order, only the one in hand again.
    """
    subscription = subscribe(store, f"{receiver.url}/good")
    add_alerts(store, subscription, range(1, 301), NOW)
    arrived = receiver.guids.setdefault("/good/InsertRSS", [])
    expected = [f"{subscription.id}-{n}" for n in range(1, 301)]

    for goal in (20, 60, 120, 300):
        with started([sys.executable, "-c", WORKER, store.url], cwd=Path(__file__).parents[3]):
            wait_for(lambda goal=goal: len(set(arrived)) >= goal, pause=0.005)
            if goal == 300:
                wait_for(lambda: store.next_delivery_due() is None)

    assert expected == list(dict.fromkeys(arrived))
    assert len(arrived) <= 303
    assert {"delivered"} == {row[0] for row in outbox(store)}


def test_the_worker_survives_a_store_that_fails(tmp_path, channels, receiver):
    """
    A database that cannot be read for a while stops nothing for good.
    """
    store = open_store(tmp_path)
    subscription = subscribe(store, f"{receiver.url}/good")
    with store.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox RENAME TO away")
    worker = DeliveryWorker(store, channels, interval=0.05)
    worker.start()
    time.sleep(0.2)

    with store.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO outbox")
    add_alerts(store, subscription, range(1, 2), NOW)

    wait_for(lambda: store.next_delivery_due() is None, pause=0.01)
    worker.stop()
    store.dispose()
    assert {"/good/InsertRSS": [f"{subscription.id}-1"]} == receiver.guids
