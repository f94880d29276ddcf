"""Sources that are asked by result time: late values and forecasts are each told once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import requests

from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import OM_MEASUREMENT, Observation
from sos_server.requests import InsertObservation
from tests.flows.rules import HEAT
from tests.weps.bench import Bench, at
from weps.feeders.template import read_kvp

EVERY = json.dumps({**json.loads(HEAT), "trigger": "every"})
DAYS = timedelta(days=1)
BY_RESULT_TIME = (
    "&namespaces=xmlns(om,http://www.opengis.net/om/2.0)&temporalFilter=om:resultTime,2024-01-01/2024-01-02"
)


def publish(bench: Bench, time: datetime, known: datetime, value: float) -> None:
    """Give the service an observation of one time that became known at another."""
    names = ("ws", "AirTemperature", "station")
    found = Observation(time, *names, value, "Cel", None, known, OM_MEASUREMENT)
    answer = requests.post(bench.sos.url, encode_request(InsertObservation(("ws",), (found,))), timeout=10)
    assert answer.ok, answer.text


def test_late_values_and_forecasts_are_told_once_each(bench: Bench):
    """
    However long after or before it holds a value became known, and though each poll asks for the last day again.
    """
    bench.sos.insert((at(-60), 20))
    subscription = bench.subscribe(EVERY, source=read_kvp(bench.sos.template() + BY_RESULT_TIME))
    bench.poll(1)
    publish(bench, at(0) - 10 * DAYS, at(2), 31)
    publish(bench, at(0) + 5 * DAYS, at(2), 32)
    for minute in (3, 4, 5):
        bench.poll(minute)
    publish(bench, at(0) + 6 * DAYS, at(6), 33)
    publish(bench, at(0) - 9 * DAYS, at(6), 34)
    bench.restart()
    for minute in (7, 8):
        bench.poll(minute)

    told = [(alert.phenomenon_time, alert.value) for alert in bench.alerts(subscription)]

    assert told == [
        (at(0) - 10 * DAYS, 31),
        (at(0) + 5 * DAYS, 32),
        (at(0) - 9 * DAYS, 34),
        (at(0) + 6 * DAYS, 33),
    ]


def test_what_was_seen_is_forgotten_when_it_is_not_asked_for_any_more(bench: Bench):
    """
    A day after it became known: what is kept of a source does not grow for ever.
    """
    bench.sos.insert((at(-60), 20))
    subscription = bench.subscribe(EVERY, source=read_kvp(bench.sos.template() + BY_RESULT_TIME))
    bench.poll(1)
    publish(bench, at(0) - 10 * DAYS, at(2), 31)
    bench.poll(3)
    kept = []
    for minute in (3, 60 * 24 + 10, 60 * 24 + 20):
        bench.poll(minute)
        with bench.store.batch(subscription.feed_id) as transaction:
            kept.append(
                len(
                    transaction.times_of(
                        [f"ws|AirTemperature|station|2024-02-20T12:00:00Z|{text}" for text in ("2024-03-01T12:02:00Z",)]
                    )
                )
            )

    assert kept == [1, 1, 0]
    assert [alert.value for alert in bench.alerts(subscription)] == [31]
