"""Sources whose clocks are at the ends of the calendar, such as sensors that send the default of their language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sos_server.time import FIRST, LAST
from tests.weps.bench import Bench, at
from weps.feeders.template import read_kvp

FAR = {
    "first": FIRST,
    "first second": datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC),
    "last day": datetime(9999, 12, 31, tzinfo=UTC),
    "last second": LAST.replace(microsecond=0),
}


@pytest.mark.parametrize("far", FAR.values(), ids=FAR)
def test_an_observation_from_the_end_of_the_calendar_stops_nothing(bench: Bench, far: datetime):
    """
    It is looked at as any other, and what comes after it is not lost.
    """
    subscription = bench.subscribe()
    bench.poll(1)
    bench.sos.insert((far, 20), feature="lost in time")
    bench.poll(2)
    bench.sos.insert((at(3), 31), (at(4), 20))

    bench.poll(5)

    assert [("firing", at(3)), ("resolved", at(4))] == bench.times(subscription)
    assert 0 == bench.store.feed(subscription.feed_id).failures


@pytest.mark.parametrize("first", FAR.values(), ids=FAR)
def test_a_source_that_begins_at_the_end_of_the_calendar_is_read_on(bench: Bench, first: datetime):
    """
    Its first observation is the position, and does not keep those behind it from being asked for.
    """
    bench.sos.insert((first, 20), feature="lost in time")
    subscription = bench.subscribe()
    bench.poll(1)
    bench.sos.insert((at(3), 31), (at(4), 20))

    bench.poll(5)

    assert [("firing", at(3)), ("resolved", at(4))] == bench.times(subscription)


@pytest.mark.parametrize(("begin", "end"), [(FIRST, at(0)), (at(0), LAST), (FIRST, FIRST), (LAST, LAST)])
def test_a_span_to_the_end_of_the_calendar_can_be_asked_for(bench: Bench, begin: datetime, end: datetime):
    """
    What lies in it is given, and evidence of it has an address.
    """
    bench.sos.insert((FIRST, 1), (at(0), 2))
    source = read_kvp(bench.sos.template())

    values = [one.value for _, batch in bench.engine.history(source, begin, end) for one in batch.observations]

    expected = [value for time, value in ((FIRST, 1.0), (at(0), 2.0)) if begin <= time <= end]
    assert expected == list(dict.fromkeys(values))
    assert "GetObservation" in bench.engine.evidence_url(source, begin, end)
