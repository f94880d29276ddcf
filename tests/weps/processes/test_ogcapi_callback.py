"""Subscribers that hang, refuse or come back, and what others notice of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from queue import Empty, Queue
from typing import Any

import pytest

from tests.loopback import Loopback, Request
from tests.waiting import PATIENCE, wait_for
from weps.feeders.http import Fetcher
from weps.processes import ogcapi_callback
from weps.processes.base import Context
from weps.processes.job_control import JobControl
from weps.processes.lanes import Lanes
from weps.processes.ogcapi_callback import Callbacks
from weps.processes.registry import PROCESSES

FORM = {"response": "raw", "wanted": [["total", "text/plain"]]}
Heard = tuple[str, "Queue[dict[str, Any]]"]


@pytest.fixture
def ear() -> Iterator[Callable[..., Heard]]:
    """Make subscribers: each gives its address and what it hears; `react` tells what status it answers, and when."""
    servers = []

    def make(react: Callable[[], int]) -> Heard:
        heard: Queue = Queue()

        class Ear(Request):
            def post(self) -> None:
                heard.put(json.loads(self.body()))
                self.answer(react())

        servers.append(Loopback(Ear))
        return f"{servers[-1].url}/", heard

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def callbacks(wps) -> Callbacks:
    context = Context(wps.engine, Fetcher(frozenset({"127.0.0.1"})), f"{wps.base}/sos")
    return Callbacks(PROCESSES, context, JobControl(PROCESSES, context), wps.base)


def start(wps, callbacks: Callbacks, address: str) -> str:
    """Run a job that is over soon and whose end a subscriber wants to hear of."""
    context = Context(wps.engine, Fetcher(), f"{wps.base}/sos")
    subscriber = {"success": address, "in_progress": None, "failed": None}
    spec = PROCESSES["weps:ListRuleLanguages"]
    job = JobControl(PROCESSES, context).start(spec, {}, FORM | {"subscriber": subscriber}).id
    callbacks.watch(job)
    return job


def is_settled(wps, job: str) -> bool:
    return "subscriber" not in wps.engine.store.job(job).form


def test_a_subscriber_that_hangs_delays_nobody_else(wps, callbacks: Callbacks, ear, let_go: threading.Event):
    """
    However many jobs it wants to hear of: it takes one thread, and others are told meanwhile.
    """
    hanging, asked = ear(lambda: let_go.wait(20) and 204)
    quick, heard = ear(lambda: 204)
    stuck = [start(wps, callbacks, hanging) for _ in range(12)]
    asked.get(timeout=PATIENCE)

    done = start(wps, callbacks, quick)

    assert heard.get(timeout=PATIENCE)["total"] > 3
    wait_for(lambda: is_settled(wps, done))
    assert not any(is_settled(wps, job) for job in stuck)
    with pytest.raises(Empty):
        asked.get(timeout=0.1)
    let_go.set()
    wait_for(lambda: all(is_settled(wps, job) for job in stuck))


def test_a_subscriber_that_does_not_answer_in_time_is_told_again(
    wps, callbacks: Callbacks, ear, let_go: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    """
    It is not waited for longer than a callback may take.
    """
    monkeypatch.setattr(ogcapi_callback, "SECONDS_TO_ANSWER", 0.3)
    monkeypatch.setattr(ogcapi_callback, "WAITS", (0.05,))
    address, heard = ear(lambda: let_go.wait(20) and 204)

    job = start(wps, callbacks, address)

    assert [heard.get(timeout=PATIENCE) for _ in range(2)]
    wait_for(lambda: is_settled(wps, job))
    with pytest.raises(Empty):
        heard.get(timeout=0.3)


def test_a_subscriber_that_refuses_is_told_a_few_times_and_given_up(
    wps, callbacks: Callbacks, ear, monkeypatch: pytest.MonkeyPatch
):
    """
    Once, and once more after each wait; then nobody remembers it.
    """
    monkeypatch.setattr(ogcapi_callback, "WAITS", (0.05, 0.05, 0.05))
    address, heard = ear(lambda: 500)

    job = start(wps, callbacks, address)

    wait_for(lambda: is_settled(wps, job))
    assert heard.qsize() == 4


def test_a_subscriber_that_comes_back_is_told(wps, callbacks: Callbacks, ear, monkeypatch: pytest.MonkeyPatch):
    """
    Once: what was heard is not said again.
    """
    monkeypatch.setattr(ogcapi_callback, "WAITS", (0.05, 0.05, 0.05))
    answers = iter([503, 500, 204, 204])
    address, heard = ear(lambda: next(answers))

    job = start(wps, callbacks, address)

    wait_for(lambda: is_settled(wps, job))
    assert heard.qsize() == 3


def test_a_job_that_is_watched_twice_is_told_of_once(wps, callbacks: Callbacks, ear, let_go: threading.Event):
    """
    As one is that was started while those of before were looked up.
    """
    address, heard = ear(lambda: let_go.wait(20) and 204)

    job = start(wps, callbacks, address)
    heard.get(timeout=PATIENCE)
    callbacks.watch(job)
    callbacks.resume()
    let_go.set()

    wait_for(lambda: is_settled(wps, job))
    with pytest.raises(Empty):
        heard.get(timeout=0.5)


def test_waits_for_a_subscriber_grow_and_end():
    """
    A few tries within minutes.
    """
    waits = ogcapi_callback.WAITS

    assert sorted(waits) == list(waits)
    assert (len(waits), sum(waits) < 600) == (3, True)


def test_lanes_keep_the_order_of_each_and_survive_what_breaks():
    """
    Tasks of a lane come one after the other; one that raises is followed by the next.
    """
    lanes, ran = Lanes("test", 3), Queue()

    def task(lane: str, number: int) -> Callable[[], None]:
        def run() -> None:
            ran.put((lane, number))
            if number == 2:
                raise ValueError("broken")

        return run

    for number in range(5):
        for lane in "abcdef":
            lanes.put(lane, task(lane, number))

    done = [ran.get(timeout=PATIENCE) for _ in range(30)]
    assert [[number for name, number in done if name == lane] for lane in "abcdef"] == [[0, 1, 2, 3, 4]] * 6
