from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import feedparser
import pytest
import requests
from sqlalchemy import select

from tests.weps.notify.stores import add_alerts, open_store, subscribe
from weps.delivery import BackOff, DeliveryWorker, Dispatcher
from weps.errors import SourceUnreachable
from weps.notify.insert_rss import InsertRssChannel
from weps.notify.posting import Reply
from weps.store.tables import OUTBOX

NOW = datetime(2016, 1, 11, 5, tzinfo=UTC)
NO_JITTER = BackOff(jitter=0.0)


class Receiver:
    """A data store for notifications that behaves as the first part of the path says."""

    def __init__(self) -> None:
        self.guids: dict[str, list[str]] = {}
        self.failures_left = 2
        self.wish = ""
        self.released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                behaviour = self.path.split("/")[1]
                if behaviour == "hang":
                    receiver.released.wait(30)
                if behaviour in ("hang", "close"):
                    self.close_connection = True
                    return
                status = 200 if behaviour in ("good", "other") else receiver.status(behaviour)
                guid = feedparser.parse(body).entries[0].id
                receiver.guids.setdefault(self.path, []).append(guid)
                self.send_response(status)
                if status in (429, 503) and receiver.wish:
                    self.send_header("Retry-After", receiver.wish)
                self.send_header("Content-Length", "7")
                self.end_headers()
                self.wfile.write(b"because")

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def status(self, behaviour: str) -> int:
        """Answer the status that the path names; `unsteady` fails twice."""
        if behaviour != "unsteady":
            return int(behaviour)
        self.failures_left -= 1
        return 503 if self.failures_left >= 0 else 200

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    try:
        answer = requests.post(url, body, headers=headers, timeout=5)
        wish = answer.headers.get("Retry-After")
        return Reply(answer.status_code, answer.content, float(wish) if wish else None)
    except requests.RequestException as error:
        raise SourceUnreachable(type(error).__name__) from error


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path)
    yield opened
    opened.dispose()


@pytest.fixture
def channels():
    return {"insert-rss": InsertRssChannel(post, "http://weps.example.org/alerts")}


def outbox(store):
    with store.reading() as connection:
        rows = connection.execute(select(OUTBOX.c.status, OUTBOX.c.attempts, OUTBOX.c.due).order_by(OUTBOX.c.id))
        return [tuple(row) for row in rows]


def send_all(dispatcher: Dispatcher, now: datetime = NOW) -> int:
    """Send what is due until nothing is; gives how many were sent."""
    sent = 0
    while taken := dispatcher.run_due(now):
        sent += taken
        assert dispatcher.wait(10)
    return sent


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
    deadline = time.monotonic() + 4

    while len(receiver.guids.get("/good/InsertRSS", [])) < 3 and time.monotonic() < deadline:
        dispatcher.run_due(NOW)
        time.sleep(0.01)

    assert 3 == len(receiver.guids["/good/InsertRSS"])
    # the thread that sent the last good one may still be noting that it did
    while sum(thread.name.startswith("delivery-") for thread in threading.enumerate()) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)
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

    deadline = time.monotonic() + 5
    while store.next_delivery_due() and time.monotonic() < deadline:
        time.sleep(0.01)
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
from tests.weps.test_delivery import post
from weps.delivery import DeliveryWorker
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
        process = subprocess.Popen([sys.executable, "-c", WORKER, store.url], cwd=Path(__file__).parents[2])
        deadline = time.monotonic() + 30
        while (len(set(arrived)) < goal or (goal == 300 and store.next_delivery_due())) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
        process.wait()

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

    deadline = time.monotonic() + 5
    while store.next_delivery_due() and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.stop()
    store.dispose()
    assert {"/good/InsertRSS": [f"{subscription.id}-1"]} == receiver.guids
