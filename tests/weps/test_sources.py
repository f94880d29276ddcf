"""How sources fare: their states, their silence, and what is kept of them over a restart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.flaky_sos import FlakySos
from tests.weps.bench import Bench, at
from tests.weps.sources import DAY, read_services, shown, told
from weps.engine import Engine
from weps.feeders.http import Fetcher
from weps.feeders.sos import SosFeeder
from weps.source_alerts import Alarm, in_seconds

if TYPE_CHECKING:
    from pathlib import Path

DOWN = (503, b"down for maintenance")


def feed_news(bench: Bench, *minutes: float) -> None:
    """Let a value be observed and read at each of these minutes."""
    for minute in minutes:
        bench.sos.insert((at(minute - 0.5), 20))
        bench.poll(minute)


def test_a_source_that_falls_silent_is_told_and_told_when_it_speaks_again(bench: Bench):
    """
    With news every ten minutes, a hundred minutes are still waited for; the end has the episode of the beginning.
    """
    subscription = bench.subscribe()
    feed_news(bench, 10, 20, 30, 40, 50, 60)
    found = []
    for minute in (120, 160, 161, 200):
        bench.poll(minute)
        bench.restart()
        found.append((told(bench, subscription), bench.store.source(subscription.feed_id).state.value))
    feed_news(bench, 210)

    silent, speaks = ["source-silent"], ["source-silent", "source-speaks"]
    assert found == [([], "ok"), ([], "ok"), (silent, "stale"), (silent, "stale")]
    assert (told(bench, subscription), bench.store.source(subscription.feed_id).state.value) == (speaks, "ok")
    first, last = bench.alerts(subscription)
    assert (first.episode, last.episode) == (first.id, first.id)
    assert "nothing new since 2024-03-01T13:00:00Z; usually there is something every 0:10:00" in first.text


@pytest.mark.parametrize(("seconds", "told"), [(0.2, "0:00:01"), (59.987825, "0:01:00"), (86400, "1 day, 0:00:00")])
def test_what_is_usual_is_told_in_whole_seconds(seconds: float, told: str):
    """
    Nobody reads microseconds; what comes faster than each second is told so.
    """
    assert str(in_seconds(timedelta(seconds=seconds))) == told


def test_a_source_that_was_never_regular_is_not_called_silent(bench: Bench):
    """
    After two observations nobody knows what is usual.
    """
    subscription = bench.subscribe()
    feed_news(bench, 10, 20)
    bench.poll(10 * DAY)

    assert told(bench, subscription) == []


def test_a_source_goes_from_ok_over_failing_to_down_and_back(bench: Bench):
    """
    The state follows the failures; the rates count each poll.
    """
    subscription = bench.subscribe()
    bench.sos.insert((at(-5), 20))
    states = []
    for minute, answer in ((1, None), (2, DOWN), (5, DOWN), (12, DOWN), (30, None)):
        bench.sos.answer = answer
        bench.poll(minute)
        source = bench.store.source(subscription.feed_id)
        states.append((source.state.value, source.feed.failures))

    members = shown(bench, f"/sources/{subscription.feed_id}")
    assert states == [("ok", 0), ("failing", 1), ("failing", 2), ("down", 3), ("ok", 0)]
    assert told(bench, subscription) == ["source-down", "source-up"]
    assert members["errorRate"] == {"lastHour": 0.5, "lastDay": 0.5}


def test_an_operator_says_when_subscribers_are_told(bench: Bench):
    """
    With one failure and twice the usual distance, both are told much earlier than without these settings.
    """
    feeder = SosFeeder(Fetcher(frozenset({"127.0.0.1"}), timeout=5, limit=2**24))
    alarm = Alarm(failures=1, stale_after=2)
    bench.engine.close(5)
    bench.engine = Engine(
        bench.store, feeder, {}, "http://weps.example", clock=lambda: bench.now, first_look=30, alarm=alarm
    )
    subscription = bench.subscribe()
    feed_news(bench, 10, 20, 30, 40, 50, 60)
    bench.poll(81)
    bench.sos.answer = DOWN
    bench.poll(90)

    assert told(bench, subscription) == ["source-silent", "source-down"]


def test_the_record_of_a_source_is_the_same_after_a_restart(bench: Bench):
    """
    State, rates, answer times and times to come are kept, not remembered.
    """
    subscription = bench.subscribe()
    feed_news(bench, 1, 2, 3)
    bench.sos.answer = DOWN
    bench.poll(4)
    read_services(bench, 4)
    before = shown(bench, f"/sources/{subscription.feed_id}")
    bench.restart()

    assert shown(bench, f"/sources/{subscription.feed_id}") == before
    assert (before["state"], before["answerTime"]["requests"]) == ("failing", 4)


def test_a_server_that_is_stopped_and_started_again(tmp_path: Path):
    """
    A real server that is gone is failing, then down; when it is back, what was observed meanwhile is read.
    """
    data = tmp_path / "sos"
    data.mkdir()
    with FlakySos(data) as sos:
        sos.insert_sensor()
        bench = Bench(sos, f"sqlite:///{tmp_path / 'weps.db'}")
        subscription = bench.subscribe()
        bench.poll(1)
    states = []
    for minute in (2, 5, 12):
        bench.poll(minute)
        states.append(bench.store.source(subscription.feed_id).state.value)
    again = FlakySos(data)
    again.port, again.url = sos.port, sos.url
    with again:
        again.insert((at(3), 31))
        bench.poll(40)
        states.append(bench.store.source(subscription.feed_id).state.value)
    bench.engine.close(5)
    bench.store.dispose()

    assert states == ["failing", "failing", "down", "ok"]
