"""Publishing observations: what is stored, what is recognised, what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from sos_server.errors import InvalidParameterValue, MissingParameterValue, SosError
from sos_server.model import (
    OM_CATEGORY,
    OM_COUNT,
    OM_MEASUREMENT,
    OM_TEXT,
    OM_TRUTH,
    SAMPLING_FEATURE,
    Extent,
    Offering,
)
from tests.sos_server.make import Asked, insertion, minute, observation, sensor


def test_observations_come_out_in_the_order_of_their_phenomenon_time(sos: Asked) -> None:
    """
    What is published out of order is read in order.
    """
    sos.ask(sensor())

    answer = sos.ask(insertion(observation(2, 3.0), observation(0, 1.0), observation(1, 2.0)))

    assert 3 == answer.count
    assert [("thermometer-offering", 0, 1.0), ("thermometer-offering", 1, 2.0), ("thermometer-offering", 2, 3.0)] == (
        sos.observations()
    )


def test_an_observation_sent_again_is_stored_once(sos: Asked) -> None:
    """
    A client that is not sure whether its request arrived sends it again, and with more.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0, 1.0), observation(1, None, nil_reason="unknown")))

    answer = sos.ask(insertion(observation(0, 1.0), observation(1, None, nil_reason="unknown"), observation(2, 3.0)))

    assert 1 == answer.count
    assert [1.0, None, 3.0] == [value for _, _, value in sos.observations()]


def test_another_value_of_the_same_observation_is_refused(sos: Asked) -> None:
    """
    A value is not changed silently; the whole request is refused, and the message says what to do.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0, 1.0)))

    with pytest.raises(
        InvalidParameterValue, match=r"2016-01-01T00:00:00Z .* \(1.0, not 2.0\); give a correction"
    ) as caught:
        sos.ask(insertion(observation(1, 5.0), observation(0, 2.0)))

    assert "observation" == caught.value.locator
    assert [1.0] == [value for _, _, value in sos.observations()]


def test_two_values_of_one_observation_in_one_request_are_refused(sos: Asked) -> None:
    """
    The first of them is not preferred.
    """
    sos.ask(sensor())

    with pytest.raises(InvalidParameterValue, match="is here already"):
        sos.ask(insertion(observation(0, 1.0), observation(0, 2.0)))

    assert [] == sos.observations()


def test_a_correction_with_a_later_result_time_stands_beside_the_first_value(sos: Asked) -> None:
    """
    Identity is the series with phenomenon time and result time.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0, 1.0)))

    sos.ask(insertion(observation(0, 2.0, result_time=minute(60))))

    assert [(0, 1.0), (0, 2.0)] == [(at, value) for _, at, value in sos.observations()]


def test_an_observation_under_two_offerings_is_one_observation(sos: Asked) -> None:
    """
    It is found under each of its offerings, and once where none is named.
    """
    request = sensor()
    both = (*request.description.offerings, Offering("second", "thermometer"))
    sos.ask(replace(request, description=replace(request.description, offerings=both)))

    sos.ask(insertion(observation(0, 1.0), offerings=("thermometer-offering", "second")))

    assert 1 == len(sos.observations())
    assert [("second", 0, 1.0)] == sos.observations(offerings=("second",))
    assert [("thermometer-offering", 0, 1.0)] == sos.observations(offerings=("thermometer-offering",))


@pytest.mark.parametrize(
    ("kind", "value", "uom"),
    [
        pytest.param(OM_MEASUREMENT, 0.1 + 0.2, "Cel", id="measurement"),
        pytest.param(OM_COUNT, 2**53, None, id="count"),
        pytest.param(OM_TRUTH, True, None, id="true"),
        pytest.param(OM_TRUTH, False, None, id="false"),
        pytest.param(OM_CATEGORY, "sunny", "weather", id="category"),
        pytest.param(OM_TEXT, "a <b> & ä", None, id="text"),
        pytest.param(OM_TEXT, "", None, id="empty text"),
    ],
)
def test_a_value_comes_out_as_the_type_it_was(sos: Asked, kind: str, value: object, uom: str | None) -> None:
    """
    Each observation type keeps its values and their Python type.
    """
    sos.ask(sensor(types=(kind,)))

    sos.ask(insertion(observation(0, value, observation_type=kind, uom=uom)))

    ((_, _, found),) = sos.observations()
    assert (type(value), value) == (type(found), found)


def test_the_extent_of_an_offering_is_moved_by_the_insert(sos: Asked) -> None:
    """
    Capabilities know first and last times and the place at once.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(5, 1.0)))

    sos.ask(insertion(observation(9, 1.0, result_time=minute(20)), observation(3, 1.0)))

    (content,) = sos.service.storage.contents()
    assert Extent(minute(3), minute(9), minute(3), minute(20), (7.0, 51.0, 7.0, 51.0)) == content.extent


REFUSED = [
    pytest.param({"procedure": "nobody"}, InvalidParameterValue, "procedure", id="unknown procedure"),
    pytest.param({"procedure": "barometer"}, InvalidParameterValue, "procedure", id="procedure of another offering"),
    pytest.param({"observed_property": "Weight"}, InvalidParameterValue, "observedProperty", id="unknown property"),
    pytest.param(
        {"observation_type": OM_COUNT, "value": 1}, InvalidParameterValue, "observationType", id="type not offered"
    ),
    pytest.param({"observation_type": "urn:x"}, InvalidParameterValue, "observationType", id="unknown type"),
    pytest.param({"value": "warm"}, InvalidParameterValue, "resultType", id="value of another type"),
    pytest.param({"value": True}, InvalidParameterValue, "resultType", id="truth as measurement"),
    pytest.param({"value": math.nan}, InvalidParameterValue, "result", id="no number"),
    pytest.param({"value": math.inf}, InvalidParameterValue, "result", id="infinite"),
    pytest.param({"uom": "[degF]"}, InvalidParameterValue, "uom", id="another unit"),
    pytest.param({"uom": None}, MissingParameterValue, "uom", id="no unit"),
    pytest.param(
        {"feature_of_interest": "nowhere", "feature": None},
        InvalidParameterValue,
        "featureOfInterest",
        id="unknown feature",
    ),
    pytest.param(
        {"phenomenon_time_end": minute(1)}, InvalidParameterValue, "phenomenonTime", id="ends before it begins"
    ),
]


@pytest.mark.parametrize(("changes", "error", "locator"), REFUSED)
def test_a_refused_observation_leaves_nothing_of_its_request(
    sos: Asked, changes: dict[str, object], error: type[SosError], locator: str
) -> None:
    """
    All observations of a request are stored or none; the good one beside the bad one neither.
    """
    sos.ask(sensor())
    sos.ask(sensor("barometer"))
    sos.ask(insertion(observation(0, 1.0)))
    before = sos.service.storage.contents_and_time()

    with pytest.raises(error) as caught:
        sos.ask(insertion(observation(1, 2.0), observation(2, 3.0)._replace(**changes)))

    assert locator == caught.value.locator
    assert before == sos.service.storage.contents_and_time()
    assert [1.0] == [value for _, _, value in sos.observations()]


def test_an_unknown_offering_is_refused(sos: Asked) -> None:
    """
    The offering is looked at first.
    """
    sos.ask(sensor())

    with pytest.raises(InvalidParameterValue) as caught:
        sos.ask(insertion(observation(0), offerings=("nothing",)))

    assert "offering" == caught.value.locator


def test_a_series_that_began_nil_takes_the_first_unit(sos: Asked) -> None:
    """
    A nil result has no unit; the first value sets that of the series.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0, None, uom=None)))

    sos.ask(insertion(observation(1, 4.0, uom="K")))

    with pytest.raises(InvalidParameterValue, match="is kept in K, not in Cel"):
        sos.ask(insertion(observation(2, 4.0)))


def test_a_nil_result_without_type_is_of_the_only_type_there_is(sos: Asked) -> None:
    """
    O&M writes a nil count without its type.
    """
    sos.ask(sensor(types=(OM_COUNT,)))

    sos.ask(
        insertion(
            observation(0, None, observation_type=None, uom=None),
            observation(1, 7, observation_type=OM_COUNT, uom=None),
        )
    )

    assert [None, 7] == [value for _, _, value in sos.observations()]


def test_a_nil_result_without_type_is_refused_where_there_are_several(sos: Asked) -> None:
    """
    It is not guessed.
    """
    sos.ask(sensor(types=(OM_COUNT, OM_MEASUREMENT)))

    with pytest.raises(MissingParameterValue) as caught:
        sos.ask(insertion(observation(0, None, observation_type=None, uom=None)))

    assert "observationType" == caught.value.locator


def test_a_feature_without_shape_may_be_only_referred_to(sos: Asked) -> None:
    """
    Where the sensor allows sampling features of no certain kind, an identifier is all that there is to tell.
    """
    sos.ask(replace(sensor(), feature_types=(SAMPLING_FEATURE,)))

    sos.ask(insertion(observation(0, 1.0, feature_of_interest="river", feature=None)))

    assert [("thermometer-offering", 0, 1.0)] == sos.observations(features_of_interest=("river",))
