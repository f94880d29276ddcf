"""Filters in time and space against the same filters in plain Python, on every database."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sos_server.filters import SpatialReference, TemporalFilter, TemporalOperator, TemporalReference, bounding_box
from sos_server.model import Feature, Observation
from sos_server.requests import GetObservation
from sos_server.service import Service
from sos_server.time import from_microseconds
from tests.sos_server.make import BASE_URL, NOW, Asked, insertion, minute, observation, sensor

if TYPE_CHECKING:
    from sos_server.filters import SpatialFilter

RESULT = TemporalReference.RESULT_TIME
NUMBERS = count(1)
DEGREES = st.integers(0, 4)
PLACES = st.tuples(DEGREES, DEGREES).map(
    lambda place: {"type": "Point", "coordinates": [float(each) for each in place]}
)
STATIONS = [
    Feature(f"station-{longitude}", geometry={"type": "Point", "coordinates": [longitude, 2.0]})
    for longitude in (1.0, 3.0)
]
TIMES = st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(0, 3))


@st.composite
def published(draw: st.DrawFn) -> list[Observation]:
    """Observations at two stations: periods or instants, known later or at once, at a place of their own or not."""
    times = draw(st.lists(TIMES, min_size=1, max_size=15, unique=True))
    return [
        observation(
            begin,
            float(number),
            phenomenon_time_end=minute(begin + length) if length else None,
            result_time=minute(begin + length + late),
            feature=(station := draw(st.sampled_from(STATIONS))),
            feature_of_interest=station.identifier,
            geometry=draw(st.none() | PLACES),
        )
        for number, (begin, length, late) in enumerate(times)
    ]


@st.composite
def conditions(draw: st.DrawFn) -> TemporalFilter:
    """A condition on one of the times; TEquals of a period, too."""
    operator = draw(
        st.sampled_from(
            [TemporalOperator.AFTER, TemporalOperator.BEFORE, TemporalOperator.DURING, TemporalOperator.EQUALS]
        )
    )
    begin = minute(draw(st.integers(0, 9)))
    end = begin + timedelta(minutes=draw(st.integers(0, 4)))
    return TemporalFilter(operator, begin, end, draw(st.sampled_from(list(TemporalReference))))


@st.composite
def boxes(draw: st.DrawFn) -> tuple[int, int, int, int, SpatialReference]:
    west, east = sorted((draw(DEGREES), draw(DEGREES)))
    south, north = sorted((draw(DEGREES), draw(DEGREES)))
    return west, south, east, north, draw(st.sampled_from(list(SpatialReference)))


def _holds(each: Observation, condition: TemporalFilter) -> bool:
    begin, end = each.phenomenon_time, each.phenomenon_time_end or each.phenomenon_time
    if condition.reference is RESULT:
        begin = end = each.result_time or end
    assert condition.begin is not None
    assert condition.end is not None
    return {
        TemporalOperator.AFTER: begin > condition.end,
        TemporalOperator.BEFORE: end < condition.begin,
        TemporalOperator.DURING: condition.begin <= begin and end <= condition.end,
        TemporalOperator.EQUALS: (begin, end) == (condition.begin, condition.end),
    }[condition.operator]


def _is_inside(each: Observation, box: tuple[int, int, int, int, SpatialReference], strict: bool) -> bool:
    west, south, east, north, reference = box
    assert each.feature is not None
    place = each.feature.geometry if reference is SpatialReference.SHAPE or not strict else None
    if reference is SpatialReference.SAMPLING_GEOMETRY and each.geometry is not None:
        place = each.geometry
    if place is None:
        return False
    longitude, latitude = place["coordinates"]
    return west <= longitude <= east and south <= latitude <= north


def _told(service: Service, request: GetObservation) -> list[tuple[datetime, datetime, Any]]:
    answer: Any = service.answer(request, BASE_URL, NOW)
    return sorted(
        (from_microseconds(row.begin), from_microseconds(row.result_time), row.value)
        for _, rows in answer.series
        for row in rows
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(published(), st.lists(conditions(), max_size=2), st.none() | boxes(), st.booleans())
def test_what_passes_the_filters_is_told(
    sos: Asked,
    made: list[Observation],
    wanted: list[TemporalFilter],
    box: tuple[int, int, int, int, SpatialReference] | None,
    strict: bool,
) -> None:
    """
    And nothing else, whatever is published and asked for, strictly or not.
    """
    procedure = f"sensor-{next(NUMBERS)}"
    sos.ask(sensor(procedure))
    sos.ask(insertion(*(each._replace(procedure=procedure) for each in made), offerings=(f"{procedure}-offering",)))
    place: SpatialFilter | None = None if box is None else bounding_box(*box[:4], box[4])
    request = GetObservation(procedures=(procedure,), temporal_filters=tuple(wanted), spatial_filter=place)
    # what is published without a place of its own would be refused by a strict service
    strictly = Service(sos.service.storage, sos.service.identity, strict_places=strict)

    found = _told(strictly, request)

    assert found == sorted(
        (each.phenomenon_time, each.result_time, each.value)
        for each in made
        if all(_holds(each, condition) for condition in wanted) and (box is None or _is_inside(each, box, strict))
    )
