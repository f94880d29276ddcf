"""
Random schedules of a source and of its reader: whatever happens, every observation is told once.

The SOS is one of the tests, and answers with real documents; feeder, engine, rules and store are ours, the clock is
moved by the test. `WEPS_SCHEDULES=10000` plays so many schedules (`make soak`), in parts that processes can share.
"""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.flows.rules import HEAT
from tests.scheduled_sos import ScheduledSos, Told
from tests.weps.bench import at
from weps.engine import Engine
from weps.errors import SourceTooLarge, SourceTooSlow, SourceUnreachable
from weps.feeders.http import Answer
from weps.feeders.sos import SosFeeder
from weps.feeders.template import read_kvp
from weps.model import AlertStatus, Corrections, LatePolicy, NewSubscription, Ordering, Page, RuleText
from weps.rules.languages import THRESHOLD
from weps.store import Store

MANY = int(os.environ.get("WEPS_SCHEDULES", "10"))
PARTS = max(1, MANY // 500)
EVERY = RuleText(THRESHOLD, json.dumps({**json.loads(HEAT), "trigger": "every"}))
BOUND = timedelta(minutes=30)
ORDERINGS = {
    "arrival": Ordering(),
    "evaluate": Ordering(corrections=Corrections.EVALUATE),
    "drop": Ordering(LatePolicy.DROP),
    "reorder": Ordering(LatePolicy.REORDER, BOUND),
}
NUMBERS = itertools.count()


def _fail(error: type[Exception]):
    def fault(body: bytes) -> Answer:
        raise error("as scheduled")

    return fault


FAULTS = {
    "resets": _fail(SourceUnreachable),
    "hangs": _fail(SourceTooSlow),
    "floods": _fail(SourceTooLarge),
    "half an answer": lambda body: Answer(200, "application/xml", body[: len(body) // 2], "http://sos.example"),
    "a web page": lambda body: Answer(200, "text/html", b"<html><title>Login</title></html>", "http://sos.example"),
    "500": lambda body: Answer(500, "text/plain", b"out of order", "http://sos.example"),
}


class Sensed(NamedTuple):
    """An observation of a series: when it holds, how late it comes, when and how late it is corrected."""

    series: int
    minute: int
    delay: int
    correction: int | None
    is_replaced: bool


class Poll(NamedTuple):
    """Something that happens: minutes after what was before, what the source does, whether we restart after it."""

    after: int
    fault: str | None
    restart: bool


SENSED = st.builds(
    Sensed,
    st.integers(0, 2),
    st.integers(1, 300),
    st.one_of(st.just(0), st.integers(0, 25), st.integers(60, 900)),
    st.one_of(st.none(), st.none(), st.integers(1, 200)),
    st.booleans(),
)
POLLS = st.lists(
    st.builds(
        Poll,
        st.integers(1, 120),
        st.one_of(st.none(), st.none(), st.sampled_from(sorted(FAULTS))),
        st.booleans(),
    ),
    max_size=12,
)


class Player:
    """One schedule on a store that many share, each with a source of its own."""

    def __init__(self, store: Store, database: str) -> None:
        self.store, self.now = store, at(0)
        self.sos = ScheduledSos(lambda: self.now)
        self.engine = self._start()
        source = read_kvp(
            f"http://sos{next(NUMBERS)}.example/?service=SOS&version=2.0.0&request=GetObservation&offering=ws"
        )
        self.subscriptions = {
            name: self.engine.subscribe(
                NewSubscription(EVERY, source, timedelta(minutes=1), ordering=ordering, title=database)
            )
            for name, ordering in ORDERINGS.items()
        }
        self.feed_id = self.subscriptions["arrival"].feed_id

    def _start(self) -> Engine:
        return Engine(self.store, SosFeeder(self.sos), {}, "http://weps.example", clock=lambda: self.now, first_look=30)

    def poll(self, poll: Poll) -> None:
        self.now += timedelta(minutes=poll.after)
        self.sos.fault = FAULTS[poll.fault] if poll.fault else None
        self.engine.poll(self.feed_id)
        if poll.restart:
            self.engine.close(5)
            self.engine = self._start()

    def finish(self, until: datetime) -> None:
        self.sos.fault = None
        self.now = max(self.now, until)
        for _ in range(2):
            self.now += timedelta(minutes=60)
            self.engine.poll(self.feed_id)
        self.engine.close(5)
        for subscription in self.subscriptions.values():
            self.engine.cancel(subscription.id)

    def told(self, name: str) -> list[tuple[str, datetime, float]]:
        alerts = self.store.alerts(self.subscriptions[name].id, Page(0, 10_000))[::-1]
        kept = [alert for alert in alerts if alert.status is AlertStatus.EVENT]
        return [(alert.feature_of_interest, alert.phenomenon_time, alert.value) for alert in kept]

    def dropped(self, name: str) -> int:
        return self.store.subscription(self.subscriptions[name].id).dropped


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("schedules")
    made = Store(f"sqlite:///{folder / 'weps.db'}")
    made.migrate()
    yield made
    made.dispose()


def schedule(sensed: list[Sensed]) -> tuple[list[Told], dict[tuple[str, datetime], list[float]]]:
    """What the source has and when, and the values that each series had at each time, in their order."""
    told: list[Told] = []
    values: dict[tuple[str, datetime], list[float]] = {}
    for each in {(one.series, one.minute): one for one in sensed}.values():
        feature, time = f"station{each.series}", at(each.minute)
        since = at(each.minute + each.delay)
        corrected = None if each.correction is None else since + timedelta(minutes=each.correction)
        values[feature, time] = [float(1000 + each.minute)]
        until = corrected if each.is_replaced else None
        told.append(Told(since, time, values[feature, time][0], since, feature, until))
        if corrected is not None:
            values[feature, time].append(float(5000 + each.minute))
            told.append(Told(corrected, time, values[feature, time][1], corrected, feature))
    return told, values


@pytest.mark.parametrize("part", range(PARTS))
@settings(
    max_examples=MANY // PARTS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sensed=st.lists(SENSED, max_size=25), polls=POLLS)
@pytest.mark.timeout(7200)
def test_whatever_happens_every_observation_is_told_once(
    store: Store, part: int, sensed: list[Sensed], polls: list[Poll]
):
    """
    Late, out of order, corrected, behind faults and restarts: nothing is lost, nothing is doubled.

    Who ignores corrections is told one value of each time; who evaluates them the one that holds in the end as well.
    Who drops or reorders is told in order, and all that is missing is counted.
    """
    player = Player(store, "soak")
    player.sos.told, values = schedule(sensed)
    player.sos.told += player.sos.told[: len(player.sos.told) // 3]
    for poll in polls:
        player.poll(poll)

    player.finish(max((each.since for each in player.sos.told), default=at(0)))

    arrival, evaluated = player.told("arrival"), player.told("evaluate")
    assert Counter((feature, time) for feature, time, _ in arrival) == Counter(list(values))
    assert all(value in values[feature, time] for feature, time, value in arrival)
    assert max(Counter(evaluated).values(), default=1) == 1
    assert {(feature, time): value for feature, time, value in evaluated} == {
        place: versions[-1] for place, versions in values.items()
    }
    assert set(arrival) <= set(evaluated)
    for name in ("drop", "reorder"):
        told = player.told(name)
        for _, of_series in itertools.groupby(sorted(told, key=lambda one: one[0]), key=lambda one: one[0]):
            times = [time for _, time, _ in of_series]
            assert times == sorted(set(times))
        assert len(told) + player.dropped(name) == len(values)


@pytest.mark.parametrize("part", range(PARTS))
@settings(max_examples=MANY // PARTS // 2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    minutes=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 300), st.integers(0, 14)), max_size=25),
    distances=st.lists(st.integers(1, 15), min_size=30, max_size=30),
    restarts=st.sets(st.integers(0, 29)),
)
@pytest.mark.timeout(7200)
def test_within_the_bound_rules_see_everything_in_the_order_of_its_time(
    store: Store, part: int, minutes: list[tuple[int, int, int]], distances: list[int], restarts: set[int]
):
    """
    Whatever order observations come in, as long as the next poll sees them before their bound has passed.
    """
    player = Player(store, "order")
    found = {(series, minute): delay for series, minute, delay in minutes}
    player.sos.told = [
        Told(at(minute + delay), at(minute), float(100 + minute), at(minute + delay), f"station{series}")
        for (series, minute), delay in found.items()
    ]
    for number, distance in enumerate(distances):
        player.poll(Poll(distance, None, number in restarts))

    while player.now < at(320):
        player.poll(Poll(15, None, False))
    player.finish(at(400))

    told = player.told("reorder")
    assert [(time, feature) for feature, time, _ in told] == sorted(
        (at(minute), f"station{series}") for series, minute in found
    )
    assert player.dropped("reorder") == 0
