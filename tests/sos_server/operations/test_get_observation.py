"""Finding observations: by what, where and when."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sos_server.errors import InvalidParameterValue, MissingParameterValue
from sos_server.filters import TemporalFilter, TemporalOperator, TemporalReference, bounding_box
from sos_server.model import OM_TEXT, SAMPLING_SURFACE, Feature, Observation
from sos_server.requests import GetObservation
from sos_server.time import from_microseconds
from tests.sos_server.make import Asked, insertion, minute, observation, open_service, sensor

if TYPE_CHECKING:
    pass

AFTER, BEFORE, DURING, EQUALS = (
    TemporalOperator.AFTER,
    TemporalOperator.BEFORE,
    TemporalOperator.DURING,
    TemporalOperator.EQUALS,
)
PHENOMENON, RESULT = TemporalReference.PHENOMENON_TIME, TemporalReference.RESULT_TIME


@pytest.fixture
def two(sos: Asked) -> Asked:
    """
    A thermometer with observations at minutes 0 to 4, and a barometer in another place with one at minute 2.
    """
    sos.ask(sensor())
    sos.ask(sensor("barometer", ("AirPressure", "AirTemperature")))
    sos.ask(insertion(*(observation(at, float(at)) for at in range(5))))
    hill = Feature("hill", geometry={"type": "Point", "coordinates": [8.0, 50.0]})
    high = observation(2, 990.0, procedure="barometer", observed_property="AirPressure", uom="hPa")
    sos.ask(insertion(high._replace(feature_of_interest="hill", feature=hill), offerings=("barometer-offering",)))
    return sos


@pytest.mark.parametrize(
    ("parameters", "values"),
    [
        pytest.param({}, [0, 1, 2, 3, 4, 990], id="everything"),
        pytest.param({"offerings": ("barometer-offering",)}, [990], id="offering"),
        pytest.param({"procedures": ("thermometer",)}, [0, 1, 2, 3, 4], id="procedure"),
        pytest.param({"observed_properties": ("AirPressure",)}, [990], id="property"),
        pytest.param({"features_of_interest": ("station",)}, [0, 1, 2, 3, 4], id="feature"),
        pytest.param({"procedures": ("thermometer", "barometer")}, [0, 1, 2, 3, 4, 990], id="two procedures"),
        pytest.param(
            {"procedures": ("thermometer",), "observed_properties": ("AirPressure",)}, [], id="never observed"
        ),
        pytest.param({"spatial_filter": bounding_box(7.5, 49, 9, 51)}, [990], id="box"),
        pytest.param({"spatial_filter": bounding_box(7, 51, 8, 52)}, [0, 1, 2, 3, 4], id="on the border of the box"),
        pytest.param({"spatial_filter": bounding_box(0, 0, 1, 1)}, [], id="outside the box"),
    ],
)
def test_observations_are_found_by_what_and_where(
    two: Asked, parameters: dict[str, object], values: list[float]
) -> None:
    """
    Values of one parameter are alternatives, parameters must all hold.
    """
    found = [value for _, _, value in two.observations(**parameters)]

    assert values == found


def test_a_surface_beside_the_box_is_not_found_by_its_bounds(sos: Asked) -> None:
    """
    A triangle whose bounds overlap the box may itself pass by.
    """
    sos.ask(sensor())
    corners = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [0.0, 0.0]]
    field = Feature("field", geometry={"type": "Polygon", "coordinates": [corners]}, feature_type=SAMPLING_SURFACE)
    sos.ask(insertion(observation(0, 1.0, feature_of_interest="field", feature=field)))

    beside = sos.observations(spatial_filter=bounding_box(8, 8, 9, 9))
    touching = sos.observations(spatial_filter=bounding_box(5, 5, 9, 9))

    assert ([], [("thermometer-offering", 0, 1.0)]) == (beside, touching)


@pytest.mark.parametrize(
    ("filters", "values"),
    [
        pytest.param([TemporalFilter(DURING, minute(1), minute(3))], [1, 2, 3], id="during has its borders"),
        pytest.param([TemporalFilter(AFTER, minute(3), minute(3))], [4], id="after"),
        pytest.param([TemporalFilter(BEFORE, minute(1), minute(1))], [0], id="before"),
        pytest.param([TemporalFilter(EQUALS, minute(2), minute(2))], [2], id="equals"),
        pytest.param([TemporalFilter(EQUALS, minute(9), minute(9))], [], id="nothing then"),
        pytest.param([TemporalFilter(TemporalOperator.FIRST)], [0], id="first"),
        pytest.param([TemporalFilter(TemporalOperator.LATEST)], [4], id="latest"),
        pytest.param(
            [TemporalFilter(DURING, minute(1), minute(3)), TemporalFilter(TemporalOperator.LATEST)],
            [3],
            id="latest during",
        ),
        pytest.param(
            [TemporalFilter(AFTER, minute(1), minute(1)), TemporalFilter(BEFORE, minute(3), minute(3))], [2], id="both"
        ),
        pytest.param([TemporalFilter(DURING, minute(1), minute(3), RESULT)], [1, 2, 3], id="result time"),
    ],
)
def test_observations_are_found_by_time(two: Asked, filters: list[TemporalFilter], values: list[float]) -> None:
    """
    Several filters must all hold; `first` and `latest` are of what the others leave.
    """
    found = two.observations(procedures=("thermometer",), temporal_filters=tuple(filters))

    assert values == [value for _, _, value in found]


def test_latest_gives_one_observation_of_each_series(two: Asked) -> None:
    """
    Series without observations in time give none.
    """
    found = two.observations(temporal_filters=(TemporalFilter(TemporalOperator.LATEST),))

    assert [("thermometer-offering", 4, 4.0), ("barometer-offering", 2, 990.0)] == found


@pytest.mark.parametrize(
    ("parameters", "error", "locator"),
    [
        pytest.param({"offerings": ("x",)}, InvalidParameterValue, "offering", id="offering"),
        pytest.param({"procedures": ("thermometer", "x")}, InvalidParameterValue, "procedure", id="procedure"),
        pytest.param({"observed_properties": ("x",)}, InvalidParameterValue, "observedProperty", id="property"),
        pytest.param({"features_of_interest": ("x",)}, InvalidParameterValue, "featureOfInterest", id="feature"),
        pytest.param({"response_format": "x"}, InvalidParameterValue, "responseFormat", id="format"),
        pytest.param({"response_format": ""}, MissingParameterValue, "responseFormat", id="empty format"),
        pytest.param(
            {"temporal_filters": tuple(map(TemporalFilter, (TemporalOperator.FIRST, TemporalOperator.LATEST)))},
            InvalidParameterValue,
            "temporalFilter",
            id="first and latest",
        ),
        pytest.param({"procedures": ("x",) * 50_000}, InvalidParameterValue, "procedure", id="endless list"),
    ],
)
def test_what_does_not_exist_is_refused(two: Asked, parameters: dict[str, object], error: type, locator: str) -> None:
    """
    Before the first row is read.
    """
    with pytest.raises(error) as caught:
        two.ask(GetObservation(**parameters))

    assert locator == caught.value.locator


def test_a_property_that_was_never_observed_gives_an_empty_answer(two: Asked) -> None:
    """
    It is known from the sensor.
    """
    found = two.observations(observed_properties=("AirTemperature",), procedures=("barometer",))

    assert [] == found


INSTANTS = st.integers(0, 8).map(minute)
PERIODS = st.tuples(INSTANTS, st.integers(0, 3)).map(lambda found: (found[0], found[0] + timedelta(minutes=found[1])))
VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False)
OBSERVATIONS = st.builds(
    lambda period, known, value: observation(
        0, value, phenomenon_time=period[0], phenomenon_time_end=period[1], result_time=known
    ),
    PERIODS,
    INSTANTS,
    VALUES,
)
FILTERS = st.builds(
    lambda operator, period, instant, reference: TemporalFilter(
        operator, period[0], period[0] if instant and operator is not DURING else period[1], reference
    ),
    st.sampled_from([AFTER, BEFORE, DURING, EQUALS]),
    PERIODS,
    st.booleans(),
    st.sampled_from([PHENOMENON, RESULT]),
)


def _passes(each: Observation, wanted: TemporalFilter) -> bool:
    """The meaning of a filter, said without a database."""
    begin, end = each.phenomenon_time, each.phenomenon_time_end or each.phenomenon_time
    if wanted.reference is RESULT:
        begin = end = each.result_time
    return {
        AFTER: begin > wanted.end,
        BEFORE: end < wanted.begin,
        DURING: wanted.begin <= begin and end <= wanted.end,
        EQUALS: (begin, end) == (wanted.begin, wanted.end),
    }[wanted.operator]


def _identity(each: Observation) -> tuple[datetime, datetime, datetime]:
    return each.phenomenon_time, each.phenomenon_time_end or each.phenomenon_time, each.result_time


@settings(max_examples=60, deadline=None)
@given(
    published=st.lists(OBSERVATIONS, min_size=1, max_size=25, unique_by=_identity),
    wanted=st.lists(FILTERS, max_size=2),
)
def test_what_is_published_comes_out_equal_and_filtered_as_by_hand(
    published: list[Observation], wanted: list[TemporalFilter]
) -> None:
    """
    For any observations and filters, against the same filter in plain Python.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(open_service(Path(folder)))
        asked.ask(sensor())
        asked.ask(insertion(*published))

        answer = asked.ask(GetObservation(temporal_filters=tuple(wanted)))
        found = [(*map(from_microseconds, row[1:4]), row.value) for _, rows in answer.series for row in rows]
        asked.service.storage.close()

    expected = [(*_identity(each), each.value) for each in published if all(_passes(each, one) for one in wanted)]
    assert sorted(expected, key=lambda each: each[:3]) == found


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=10
    )
)
def test_any_text_is_kept(values: list[str]) -> None:
    """
    Also what looks like SQL, markup or nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(open_service(Path(folder)))
        asked.ask(sensor(types=(OM_TEXT,)))

        asked.ask(
            insertion(*(observation(at, text, observation_type=OM_TEXT, uom=None) for at, text in enumerate(values)))
        )

        found = [value for _, _, value in asked.observations()]
        asked.service.storage.close()
    assert values == found
