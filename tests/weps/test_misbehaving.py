"""Each way in which a source misbehaves, over real connections: exactly the expected alerts, before and after it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests import misbehaving_sos as misbehaving
from tests.flows.rules import HEAT
from tests.misbehaving_sos import MisbehavingSos
from tests.scheduled_sos import ScheduledSos, Told
from tests.weps.bench import at
from tests.weps.feeders.sos_answers import report
from weps.engine import Engine
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp
from weps.model import NewSubscription, Page, RuleText, Subscription
from weps.rules.languages import THRESHOLD
from weps.store import Store

EVERY = json.dumps({**json.loads(HEAT), "trigger": "every"})


class Watching:
    """An engine that watches a schedule over HTTP."""

    def __init__(self, server: MisbehavingSos, folder: Path) -> None:
        self.now = at(0)
        self.server = server
        self.sos = ScheduledSos(lambda: self.now)
        self.store = Store(f"sqlite:///{folder / 'weps.db'}")
        self.store.migrate()
        fetcher = Fetcher(frozenset({"127.0.0.1"}), timeout=0.3, limit=2**20, deadline=0.6)
        self.engine = Engine(
            self.store, SosFeeder(fetcher), {}, "http://weps.example", clock=lambda: self.now, first_look=30
        )
        self.behave()

    def behave(self) -> None:
        self.server.behaviours["/sos"] = lambda exchange: misbehaving.answer(self.sos.document(exchange.target))(
            exchange
        )

    def subscribe(self, rule: str = EVERY, **changes) -> Subscription:
        template = f"{self.server.url('/sos')}?service=SOS&version=2.0.0&request=GetObservation&offering=ws"
        new = NewSubscription(RuleText(THRESHOLD, rule), read_kvp(template), timedelta(minutes=1))
        return self.engine.subscribe(replace(new, **changes))

    def tell(self, *values: tuple[float, float], since: float | None = None, feature: str = "station") -> None:
        """Give the source values by the minutes that they are of, from some minute on (else at once)."""
        for minute, value in values:
            known = at(minute if since is None else since)
            self.sos.told.append(Told(known, at(minute), value, known, feature))

    def poll(self, minute: float) -> None:
        self.now = at(minute)
        for feed in self.engine.due_feeds():
            self.engine.poll(feed.id)

    def told(self, subscription: Subscription) -> list[tuple]:
        alerts = self.store.alerts(subscription.id, Page(0, 1000))[::-1]
        return [(alert.phenomenon_time, alert.value, alert.late) for alert in alerts]


@pytest.fixture
def watching(tmp_path: Path):
    with MisbehavingSos() as server:
        made = Watching(server, tmp_path)
        yield made
        made.engine.close(5)
        made.store.dispose()


def half(body: bytes) -> misbehaving.Behaviour:
    return misbehaving.answer(body[: len(body) // 2])


WAYS = {
    "slow": lambda body: misbehaving.trickle_body,
    "slow in its headers": lambda body: misbehaving.trickle_headers,
    "slow between chunks": lambda body: misbehaving.trickle_chunks,
    "hanging": lambda body: misbehaving.hang,
    "hanging up": lambda body: misbehaving.hang_up,
    "resetting": lambda body: misbehaving.reset(),
    "resetting in the middle": lambda body: misbehaving.reset(
        misbehaving.head(Content_Length=len(body)) + body[: len(body) // 2]
    ),
    "half an answer": half,
    "less than it says": misbehaving.too_short,
    "more than it says": lambda body: misbehaving.too_long(body, len(body) - 100),
    "500": lambda body: misbehaving.answer(b"out of order", status=500),
    "500 with an answer": lambda body: misbehaving.answer(body, status=500),
    "redirects in a circle": lambda body: misbehaving.redirect("/sos"),
    "a gzip bomb": lambda body: misbehaving.gzip_bomb,
    "damaged gzip": lambda body: misbehaving.damaged_gzip,
    "an endless answer": lambda body: misbehaving.endless,
    "nothing": lambda body: misbehaving.answer(b""),
    "a web page": lambda body: misbehaving.answer(b"<html><title>Login</title></html>", content_type="text/html"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_bad_answer_moves_nothing_and_what_it_held_is_told_by_the_next(watching: Watching, way: str):
    """
    While the source misbehaves nothing is told; afterwards everything is, once.
    """
    watching.tell((-5, 20), (1, 31), (2, 20), (3, 33))
    subscription = watching.subscribe()
    watching.now = at(4)
    url = f"{watching.server.url('/sos')}?temporalFilter=om:phenomenonTime,2024-03-01/2024-03-02"
    watching.server.behaviours["/sos"] = WAYS[way](watching.sos.document(url))
    watching.poll(4)
    during, failures = watching.told(subscription), watching.store.feed(subscription.feed_id).failures
    watching.behave()
    watching.poll(30)
    watching.poll(31)

    assert (during, failures) == ([], 1)
    assert watching.told(subscription) == [(at(1), 31, False), (at(3), 33, False)]


def test_what_was_there_before_is_read_in_steps_where_the_newest_cannot_be_asked_for(watching: Watching):
    """
    A source without `latest` that refuses to give a whole day at once: what it had is no news, what comes is told.
    """
    watching.tell(*((minute, 31) for minute in range(-1000, 0, 5)), since=-1000)

    def refuse_much(exchange):
        document = watching.sos.document(exchange.target)
        refusal = report("ResponseExceedsSizeLimit", text="Ask for less.")
        return misbehaving.answer(document if len(document) < 50_000 else refusal)(exchange)

    watching.server.behaviours["/sos"] = refuse_much
    subscription = watching.subscribe()
    watching.tell((1, 33))
    watching.poll(2)
    watching.poll(3)

    feed = watching.store.feed(subscription.feed_id)
    assert (feed.primed, feed.failures, feed.last_error) == (True, 0, None)
    assert watching.told(subscription) == [(at(-5), 31, False), (at(1), 33, False)]


def test_a_redirect_is_followed(watching: Watching):
    """
    A source that moved is read where it is now.
    """
    watching.tell((1, 31))
    subscription = watching.subscribe()
    watching.server.behaviours["/new"] = watching.server.behaviours["/sos"]
    watching.server.behaviours["/sos"] = lambda exchange: misbehaving.redirect(
        exchange.target.replace("/sos", "/new"), 307
    )(exchange)
    watching.poll(2)

    assert watching.told(subscription) == [(at(1), 31, False)]


def test_a_clock_that_is_an_hour_slow_makes_nothing_late(watching: Watching):
    """
    Values that are an hour old when they come are told as ever.
    """
    subscription = watching.subscribe()
    for minute in (1, 2, 3):
        watching.tell((minute - 60, 30 + minute), since=minute)
        watching.poll(minute)

    assert watching.told(subscription) == [(at(-59), 31, False), (at(-58), 32, False), (at(-57), 33, False)]


def test_a_clock_that_is_an_hour_fast_is_told_when_its_time_has_come(watching: Watching):
    """
    Polls ask up to now: what the sensor dates an hour ahead is read an hour later, once and in order.
    """
    subscription = watching.subscribe()
    for minute in (1, 2, 3):
        watching.tell((minute + 60, 30 + minute), since=minute)
        watching.poll(minute)
    before = watching.told(subscription)
    watching.poll(64)
    watching.poll(65)

    assert before == []
    assert watching.told(subscription) == [(at(61), 31, False), (at(62), 32, False), (at(63), 33, False)]


def test_batches_that_come_hours_late_are_told_whole(watching: Watching):
    """
    Six hours of values come at once, twice; each is told once, and none is late in its series.
    """
    subscription = watching.subscribe()
    watching.tell(*((minute, minute) for minute in range(60, 360, 60)), since=400)
    watching.tell(*((minute, minute) for minute in range(420, 720, 60)), since=800)
    for minute in (100, 401, 500, 801, 900):
        watching.poll(minute)

    times = [*range(60, 360, 60), *range(420, 720, 60)]
    assert watching.told(subscription) == [(at(minute), minute, False) for minute in times]


def test_values_out_of_order_and_twice_are_told_once_in_order(watching: Watching):
    """
    An answer is put in order before rules see it; what stands in it twice, and comes again, is one observation.
    """
    subscription = watching.subscribe()
    watching.tell((3, 33), (1, 31), (3, 33), (2, 32), (1, 31))
    watching.poll(4)
    watching.poll(5)

    assert watching.told(subscription) == [(at(1), 31, False), (at(2), 32, False), (at(3), 33, False)]


def test_values_that_come_after_newer_ones_are_told_as_late(watching: Watching):
    """
    What is out of order between polls is told when it comes, once, and marked.
    """
    subscription = watching.subscribe()
    watching.tell((1, 31), (9, 39))
    watching.tell((5, 35), since=11)
    watching.tell((7, 37), since=13)
    watching.tell((3, 33), (12, 42), since=13)
    for minute in (10, 11, 12, 14, 15):
        watching.poll(minute)

    on_time = [(at(1), 31, False), (at(9), 39, False)]
    late = [(at(5), 35, True), (at(3), 33, True), (at(7), 37, True)]
    assert watching.told(subscription) == [*on_time, *late, (at(12), 42, False)]


def test_a_value_that_is_changed_in_its_place_is_a_correction(watching: Watching):
    """
    With the same result time too: it is recorded, and told to nobody who did not ask for that.
    """
    subscription = watching.subscribe()
    watching.tell((1, 31))
    watching.poll(2)
    watching.sos.told[0] = replace(watching.sos.told[0], value=41)
    watching.poll(3)
    watching.poll(4)

    (correction,) = watching.store.corrections(subscription.feed_id, Page())
    assert watching.told(subscription) == [(at(1), 31, False)]
    assert (correction.before, correction.after, correction.times) == ("31.0 Cel", "41.0 Cel", 1)


def test_one_series_of_twenty_that_stops_is_told_and_holds_nobody_back(watching: Watching):
    """
    Its silence is one alert and its return another; the nineteen others go on, and each value is told.
    """
    every = watching.subscribe()
    silence = watching.subscribe('{"type": "noData", "after": "PT2H", "correlate": "series"}')
    for hour in range(6):
        for number in range(20):
            if number != 7 or hour in (0, 1, 5):
                watching.tell((60 * hour + 1, 31 + number), feature=f"station{number}")
        watching.poll(60 * hour + 2)

    alerts = watching.store.alerts(silence.id, Page(0, 100))[::-1]
    found = [(alert.status.value, alert.event_time) for alert in alerts]
    assert found == [("no-data", at(181)), ("resolved", at(301))]
    assert all("station7" in alert.text for alert in alerts)
    assert sorted(watching.told(every)) == sorted(
        (at(60 * hour + 1), 31 + number, False)
        for hour in range(6)
        for number in range(20)
        if number != 7 or hour in (0, 1, 5)
    )
