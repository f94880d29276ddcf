"""Pulling the plug: whatever happens when, the feed holds exactly the alerts of an undisturbed run."""

from __future__ import annotations

import random
import threading
import time
from datetime import timedelta

import pytest

from tests.flows.conftest import BEGIN, Running, observations_document
from tests.flows.rules import HEAT, OVERSHOOT
from tests.waiting import join, wait_for

KILLS = 50
MINUTES = 400


def series() -> list[tuple[int, float]]:
    """A series that crosses 30 degrees every few minutes."""
    generator = random.Random(7)
    return [(minute, round(generator.uniform(24, 36), 1)) for minute in range(MINUTES)]


def publish(service: Running, rows: list[tuple[int, float]], pause: float) -> None:
    """Publish row by row; a row that was not acknowledged is published again, as a sensor's owner would."""
    for minute, value in rows:
        document = observations_document("ws", "AirTemperature", [(BEGIN + timedelta(minutes=minute), value)])
        while True:
            try:
                if service.post_sos(document).status_code == 200:
                    break
            except OSError:
                time.sleep(0.05)
        time.sleep(pause)


def run(service: Running, disturb) -> list[list[tuple[str, ...]]]:
    service.insert_sensor("ws", "AirTemperature")
    template = service.template("ws", "AirTemperature")
    feeds = [
        service.subscribe(rule=rule, getObservationTemplate=template, samplingRate="PT0.1S")["feed"]
        for rule in (HEAT, OVERSHOOT)
    ]
    publishing = threading.Thread(target=publish, args=(service, series(), 0.02), daemon=True)
    publishing.start()
    disturb(publishing)
    join([publishing], 300)
    last = f"observations={MINUTES} "
    wait_for(lambda: last in service.log().rpartition(" polled ")[2])
    time.sleep(1)
    return [[summary(entry) for entry in service.entries(feed, pages=True)] for feed in feeds]


def summary(entry) -> tuple[str, ...]:
    """What must be the same in every run: all but ids and the time of detection."""
    members = ("weps_status", "weps_phenomenontime", "weps_value", "weps_pattern")
    return tuple(str(entry.get(member)) for member in members)


@pytest.mark.timeout(1200)
def test_killed_at_fifty_random_moments_the_feed_is_that_of_an_undisturbed_run(new_service):
    """
    A service that is killed again and again while observations come in loses no alert and doubles none.
    """
    # That a source is silent is told by the clock of the wall, so it may differ from run to run.
    calm = new_service("undisturbed", WEPS_STALE_AFTER="0")
    undisturbed = run(calm, lambda publishing: None)
    calm.kill()
    service = new_service("killed", WEPS_STALE_AFTER="0")
    generator = random.Random(11)

    def kill_again_and_again(publishing: threading.Thread) -> None:
        for _ in range(KILLS):
            time.sleep(generator.uniform(0.0, 0.5))
            service.kill()
            service.start()

    disturbed = run(service, kill_again_and_again)

    assert [len(feed) for feed in undisturbed] == [len(feed) for feed in disturbed]
    assert undisturbed == disturbed
    assert min(len(feed) for feed in undisturbed) > 100
