"""Whatever is published and deleted, in whatever order: what is kept beside the observations is true."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sos_server.check import check
from sos_server.errors import SosError
from sos_server.filters import TemporalFilter, TemporalOperator
from sos_server.model import SAMPLING_CURVE, SAMPLING_FEATURE, SAMPLING_POINT, Feature, Offering
from sos_server.requests import (
    DeleteObservation,
    DeleteSensor,
    GetCapabilities,
    GetDataAvailability,
    GetObservation,
    InsertObservation,
    InsertSensor,
)
from sos_server.storage.base import open_database
from sos_server.storage.retention import purge
from sos_server.time import to_microseconds
from tests.sos_server.make import STATION, Asked, insertion, minute, observation, open_service, sensor

if TYPE_CHECKING:
    from sos_server.model import Observation

LINE = {"type": "LineString", "coordinates": [[1, 1], [9, 20]]}
FEATURES = (STATION, Feature("bare"), Feature("line", geometry=LINE, feature_type=SAMPLING_CURVE))
OFFERINGS = (("one",), ("two",), ("one", "two"))
MINUTES = st.integers(0, 9)


def _sensor() -> InsertSensor:
    """A sensor with two offerings for all features."""
    request = sensor()
    offerings = tuple(Offering(name, "thermometer") for name in ("one", "two"))
    types = (SAMPLING_POINT, SAMPLING_CURVE, SAMPLING_FEATURE)
    return replace(request, feature_types=types, description=replace(request.description, offerings=offerings))


def _observation(at: int, feature: Feature, east: int | None, known: int) -> Observation:
    place = None if east is None else {"type": "Point", "coordinates": [east, 0]}
    return observation(
        at,
        float(at),
        feature=feature,
        feature_of_interest=feature.identifier,
        geometry=place,
        result_time=minute(at + known),
    )


def _during(begin: int, end: int) -> TemporalFilter:
    return TemporalFilter(TemporalOperator.DURING, minute(begin), minute(end))


_OBSERVATIONS = st.builds(
    _observation, MINUTES, st.sampled_from(FEATURES), st.none() | st.integers(10, 99), st.integers(0, 2)
)
_STEPS = st.one_of(
    st.builds(
        lambda made, offerings: insertion(*made, offerings=offerings),
        st.lists(_OBSERVATIONS, min_size=1, max_size=4),
        st.sampled_from(OFFERINGS),
    ),
    st.builds(
        lambda begin, length: DeleteObservation(temporal_filters=(_during(begin, begin + length),), version="2.0"),
        MINUTES,
        st.integers(0, 9),
    ),
    st.builds(lambda name: DeleteObservation(offerings=(name,), version="2.0"), st.sampled_from(["one", "two"])),
    st.builds(lambda at, batch: (at, batch), MINUTES, st.integers(1, 3)),
    st.just(DeleteSensor("thermometer")),
)
_FIRST = insertion(_observation(0, STATION, None, 0), offerings=("one",))
_MOVED = insertion(_observation(0, STATION, 99, 0), _observation(1, STATION, 10, 0), offerings=("one",))


def _do(sos: Asked, url: str, step: Any) -> None:
    if isinstance(step, tuple):
        database = open_database(url)
        list(purge(database, {"*": timedelta(seconds=1)}, to_microseconds(minute(step[0])), batch=step[1]))
        database.close()
        return
    with suppress(SosError):  # such as another value for what is there
        sos.ask(step)
    if isinstance(step, DeleteSensor):
        sos.ask(_sensor())


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(_STEPS, min_size=1, max_size=8))
@example(steps=[_FIRST, DeleteObservation(offerings=("one",), version="2.0"), _FIRST])
@example(steps=[_FIRST, (9, 1)])
@example(steps=[_FIRST, _MOVED])
def test_after_any_history_a_database_is_sound_and_told_as_it_is(
    steps: list[InsertObservation | DeleteObservation | DeleteSensor | tuple[int, int]],
) -> None:
    """
    The check finds nothing; a service that remembers what was there tells the same as one that has just been started.
    """
    told: list[object] = []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/sos.sqlite"
        sos = Asked(open_service(url))
        sos.ask(_sensor())
        for step in steps:
            _do(sos, url, step)
            sos.ask(GetObservation())  # so that there is something to remember
            sos.ask(GetCapabilities())
        started = Asked(open_service(url))

        found = [(each.ask(GetCapabilities()).contents, sorted(each.observations())) for each in (sos, started)]
        counted = sum(member.count for member in started.ask(GetDataAvailability()).members)
        for each in (sos, started):
            each.service.storage.close()
        check(url, told.append)

    assert found[0] == found[1]
    assert counted == len(found[0][1])
    assert [str(told[0])] == told
    assert str(told[0]).startswith("sound: 1 procedures, 2 offerings, ")
