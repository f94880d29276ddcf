"""Subscriptions that began in the past go on with all others of their source; nothing is told twice, or not at all."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.flows.rules import HEAT
from tests.scheduled_sos import ScheduledSos, Told
from tests.weps.bench import Bench, at
from tests.weps.test_result_times import BY_RESULT_TIME, publish
from tests.weps.test_schedules import FAULTS, MANY
from weps.engine import Engine
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp
from weps.model import AlertStatus, Corrections, LatePolicy, NewSubscription, Ordering, Page, RuleText, Subscription
from weps.reading import Horizon
from weps.rules.languages import THRESHOLD
from weps.store import Store

EVERY = json.dumps({**json.loads(HEAT), "trigger": "every"})
HOUR = timedelta(hours=1)
DAY = 24 * 60
HORIZON = Horizon(overlap=HOUR, lookback=HOUR, step=5 * HOUR)
ORDERINGS = (
    Ordering(),
    Ordering(corrections=Corrections.EVALUATE),
    Ordering(LatePolicy.DROP),
    Ordering(LatePolicy.REORDER, timedelta(minutes=30)),
)
NUMBERS = itertools.count()


def wanted(bench: Bench) -> list[int]:
    """The feeds that are polled."""
    return [feed.id for feed in bench.store.wanted_feeds()]


def test_subscriptions_from_many_times_on_are_polled_as_one_when_they_have_caught_up(bench: Bench):
    """
    Five with beginnings of their own and one without make one request an interval; each is told what is its own, once.
    """
    bench.sos.insert(*((at(minute), 31) for minute in range(-6 * DAY, 0, 60)))
    shared = bench.subscribe(EVERY)
    past = [bench.subscribe(EVERY, start=at(-day * DAY)) for day in (2, 3, 4, 5, 6)]
    bench.poll(1)
    bench.poll(2)
    bench.sos.asked.clear()
    for minute in (61, 121, 181):
        bench.sos.insert((at(minute - 1), 32))
        bench.poll(minute)

    assert wanted(bench) == [shared.feed_id]
    assert len(bench.sos.asked) == 3
    assert {bench.store.subscription(each.id).feed_id for each in past} == {shared.feed_id}
    for days, subscription in zip((2, 3, 4, 5, 6), past, strict=True):
        expected = [*range(-days * DAY, 0, 60), 60, 120, 180]
        assert [alert.phenomenon_time for alert in bench.alerts(subscription)] == [at(each) for each in expected]
    # the newest before it came is its first look
    assert [alert.phenomenon_time for alert in bench.alerts(shared)] == [at(each) for each in (-60, 60, 120, 180)]


def test_a_subscription_that_caught_up_alone_is_joined_by_those_that_come_later(bench: Bench):
    """
    Its feed becomes that of everybody: a new one has its first look also at a sensor that stopped before the beginning.
    """
    bench.sos.insert((at(-20 * DAY), 33), feature="old")
    bench.sos.insert(*((at(minute), 31) for minute in range(-3 * DAY, 0, 60)))
    past = bench.subscribe(EVERY, start=at(-2 * DAY))
    bench.poll(1)
    new = bench.subscribe(EVERY)
    bench.sos.insert((at(2), 32))
    bench.poll(3)

    assert (len(wanted(bench)), new.feed_id) == (1, past.feed_id)
    assert len(bench.alerts(past)) == 2 * 24 + 1
    assert sorted(alert.value for alert in bench.alerts(new)) == [31, 32, 33]


def test_sources_that_are_asked_by_the_result_time_are_joined_too(bench: Bench):
    """
    What becomes known after they are one is told to both, once, however long ago it held.
    """
    bench.sos.insert(*((at(minute), 31) for minute in range(-4 * DAY, 0, 60)))
    source = read_kvp(bench.sos.template() + BY_RESULT_TIME)
    shared, past = bench.subscribe(EVERY, source=source), bench.subscribe(EVERY, source=source, start=at(-2 * DAY))
    bench.poll(1)
    bench.poll(2)
    joined = wanted(bench)
    for minute in (61, 121):
        publish(bench, at(minute - 3 * DAY + 0.5), at(minute - 1), 32)
        bench.poll(minute)

    assert joined == [shared.feed_id]
    late = [at(minute - 3 * DAY + 0.5) for minute in (61, 121)]
    assert [alert.phenomenon_time for alert in bench.alerts(shared)][-2:] == late
    assert [alert.phenomenon_time for alert in bench.alerts(past)] == [
        *(at(minute) for minute in range(-2 * DAY, 0, 60)),
        *late,
    ]


def test_a_beginning_that_is_not_long_ago_is_waited_for(bench: Bench):
    """
    While polls look back to before it, what comes late from before would be shown: so it joins a day later.
    """
    bench.sos.insert((at(-2 * DAY), 20))
    shared = bench.subscribe(EVERY)
    past = bench.subscribe(EVERY, start=at(-60))
    polled = []
    for hour in range(1, 27):
        bench.sos.insert((at(60 * hour - 1), 31))
        bench.sos.insert((at(-61 - hour), 39)) if hour < 20 else None
        bench.poll(60 * hour)
        polled.append(len(wanted(bench)))

    assert (polled[:23], polled[-2:]) == ([2] * 23, [1, 1])
    assert {alert.value for alert in bench.alerts(past)} == {31}
    assert len(bench.alerts(past)) == 26
    assert len(bench.alerts(shared)) == 26 + 19


class Wish(NamedTuple):
    """A subscription: after how many polls it comes, how many minutes before that it begins, how it is shown things."""

    poll: int
    back: int
    ordering: Ordering


class Poll(NamedTuple):
    """Minutes after what was before, what the source does, whether we restart after it."""

    after: int
    fault: str | None
    restart: bool


SENSED = st.tuples(st.integers(0, 2), st.integers(1, 400), st.integers(0, 50))
POLLS = st.lists(
    st.builds(
        Poll,
        st.integers(1, 60),
        st.one_of(st.none(), st.none(), st.none(), st.sampled_from(sorted(FAULTS))),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
WISHES = st.lists(
    st.builds(Wish, st.integers(0, 11), st.integers(0, 300), st.sampled_from(ORDERINGS)), min_size=1, max_size=5
)


class Player:
    """A source that gives what it is told when it is told, and subscriptions that come as they wish."""

    def __init__(self, store: Store, sensed: list[tuple[int, int, int]]) -> None:
        self.store, self.now = store, at(0)
        found = {(series, minute): delay for series, minute, delay in sensed}
        told = [
            Told(at(minute + delay), at(minute), float(1000 + minute), at(minute + delay), f"station{series}")
            for (series, minute), delay in found.items()
        ]
        self.sos = ScheduledSos(lambda: self.now, told)
        self.source = read_kvp(
            f"http://joined{next(NUMBERS)}.example/?service=SOS&version=2.0.0&request=GetObservation&offering=ws"
        )
        self.engine = self._start()
        self.subscriptions: list[Subscription] = []

    def _start(self) -> Engine:
        return Engine(
            self.store,
            SosFeeder(self.sos),
            {},
            "http://weps.example",
            horizon=HORIZON,
            clock=lambda: self.now,
            first_look=30,
        )

    def feeds(self) -> list[int]:
        return [feed.id for feed in self.store.wanted_feeds() if feed.source == self.source]

    def subscribe(self, wish: Wish) -> None:
        start = max(self.now - timedelta(minutes=wish.back), at(0))
        new = NewSubscription(
            RuleText(THRESHOLD, EVERY), self.source, timedelta(minutes=1), start=start, ordering=wish.ordering
        )
        self.subscriptions.append(self.engine.subscribe(new))

    def poll(self, poll: Poll) -> None:
        self.now += timedelta(minutes=poll.after)
        self.sos.fault = FAULTS[poll.fault] if poll.fault else None
        for identifier in self.feeds():
            self.engine.poll(identifier)
        if poll.restart:
            self.engine.close(5)
            self.engine = self._start()

    def told(self, subscription: Subscription) -> Counter[tuple[str, int]]:
        alerts = self.store.alerts(subscription.id, Page(0, 10_000))
        minute = timedelta(minutes=1)
        return Counter(
            (alert.feature_of_interest, (alert.phenomenon_time - at(0)) // minute)
            for alert in alerts
            if alert.status is AlertStatus.EVENT
        )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("joining")
    made = Store(f"sqlite:///{folder / 'weps.db'}")
    made.migrate()
    yield made
    made.dispose()


@settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
@given(sensed=st.lists(SENSED, max_size=30), polls=POLLS, wishes=WISHES, has_others=st.booleans())
@pytest.mark.timeout(7200)
def test_whoever_joins_is_told_everything_once(
    store: Store, sensed: list[tuple[int, int, int]], polls: list[Poll], wishes: list[Wish], has_others: bool
):
    """
    Whenever they come, however far back they begin, behind faults and restarts: each is told all since its beginning.

    Rules that drop what is late are told nothing twice; what is missing is counted. In the end one feed is polled.
    """
    player = Player(store, sensed)
    if has_others:
        player.subscriptions.append(
            player.engine.subscribe(
                NewSubscription(RuleText(THRESHOLD, EVERY), player.source, timedelta(minutes=1), start=at(0))
            )
        )
    for number, poll in enumerate(polls):
        for wish in wishes:
            if wish.poll % len(polls) == number:
                player.subscribe(wish)
        player.poll(poll)
    after = range(1500, 1900, 60)
    player.sos.told += [Told(at(minute), at(minute), 5000.0, at(minute), "station0") for minute in after]
    player.poll(Poll(60, None, False))
    player.now = at(1440)
    for _ in range(9):
        player.poll(Poll(60, None, False))

    everything = {(f"station{series}", minute) for series, minute, _ in sensed} | {("station0", each) for each in after}
    for subscription in player.subscriptions:
        expected = {(name, minute) for name, minute in everything if at(minute) >= subscription.start}
        told = player.told(subscription)
        dropped = store.subscription(subscription.id).dropped
        assert max(told.values(), default=1) == 1
        assert set(told) <= expected
        if subscription.ordering.late is LatePolicy.ARRIVAL:
            assert set(told) == expected
        else:
            assert len(told) + dropped >= len(expected)
    assert len(player.feeds()) == 1
    for subscription in player.subscriptions:
        player.engine.cancel(subscription.id)
    player.engine.close(5)
