"""Result handling: templates, results in and out, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sos_server.codecs import om20, swe20, xml
from sos_server.codecs.sos20.encode import encode
from sos_server.codecs.swe20_encoding import TextEncoding
from sos_server.errors import InvalidParameterValue, MissingParameterValue, OptionNotSupported, SosError
from sos_server.filters import TemporalFilter, TemporalOperator, bounding_box
from sos_server.model import (
    OM_TEXT,
    Feature,
)
from sos_server.requests import (
    GetObservation,
    InsertResult,
    InsertResultTemplate,
)
from tests.sos_server.make import STATION, Asked, insertion, minute, observation, sensor
from tests.sos_server.results import (
    ASK,
    FEATURE,
    HOURS,
    RESULT_TIME,
    SENSOR,
    TEMPERATURE,
    TIME,
    template,
    values,
)

if TYPE_CHECKING:
    from sos_server.requests import ResultValues


def test_results_come_out_as_they_went_in(ready: Asked) -> None:
    """
    The rows have the form of the template; the answer says how many are new.
    """
    inserted = ready.ask(InsertResult("hourly", HOURS))

    assert 2 == inserted.count
    assert HOURS == values(ready)


def test_results_are_observations(ready: Asked) -> None:
    """
    They have what the template says, and are known when they were made.
    """
    ready.ask(InsertResult("hourly", HOURS))

    answer = b"".join(encode(ready.ask(GetObservation())))

    expected = observation(0, 1.5, feature=STATION)
    assert [expected, expected._replace(phenomenon_time=minute(60), result_time=minute(60), value=-2.0)] == [
        each._replace(feature=STATION) for each in om20.decode_observations(xml.parse(answer))
    ]


@pytest.mark.parametrize(
    ("sent", "rows"),
    [
        pytest.param(f"2@@{HOURS}", HOURS, id="their number in front"),
        pytest.param(f"{HOURS}@@", HOURS, id="a separator at the end"),
        pytest.param("\n 2016-01-01T01:00:00+01:00 , 1.5 @@\n2016-01-01T01:00:00Z,-2\n", HOURS, id="white space"),
        pytest.param("2016-01-01T00:00:00Z,-999", "2016-01-01T00:00:00Z,-999", id="nil"),
        pytest.param("2016-01-01T00:00:00Z,-999.0", "2016-01-01T00:00:00Z,-999", id="nil written otherwise"),
        pytest.param("2016-01-01T00:00:00Z,", "2016-01-01T00:00:00Z,-999", id="no token: missing"),
        pytest.param(
            "2016-01-01T00:00:00Z/2016-01-01T01:00:00Z,1",
            "2016-01-01T00:00:00Z/2016-01-01T01:00:00Z,1.0",
            id="a period in one token",
        ),
    ],
)
def test_results_are_read_as_clients_write_them(ready: Asked, sent: str, rows: str) -> None:
    """
    And written in one way.
    """
    ready.ask(InsertResult("hourly", sent))

    assert rows == values(ready)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param(f"{HOURS}@@2016-01-01T02:00:00Z", r"Row 3 has 1 tokens, 2 are declared", id="a token is missing"),
        pytest.param(f"2016-01-01T02:00:00Z,1,2@@{HOURS}", r"Row 1 has 3 tokens, 2 are declared", id="one too many"),
        pytest.param(f"{HOURS}@@yesterday,1", r"Row 3, column 1 \(phenomenonTime\): 'yesterday'", id="no time"),
        pytest.param(f"{HOURS}@@,1", r"Row 3, column 1 \(phenomenonTime\)", id="an empty time"),
        pytest.param(f"{HOURS}@@2016-01-01T02:00:00Z,warm", r"temperature: 'warm'.*row 3, column 2", id="no number"),
        pytest.param(f"{HOURS}@@2016-01-01T02:00:00Z,INF", r"row 3, column 2", id="no finite number"),
        pytest.param(f"{HOURS}@@2016-01-01T02:00:00Z,1_0", r"row 3, column 2", id="a number for Python only"),
        pytest.param(HOURS.replace(",", ";"), r"Row 1 has 1 tokens", id="another separator"),
        pytest.param(f"3@@{HOURS}", r"3 rows, but they are 2", id="fewer rows than told"),
        pytest.param(
            "2016-01-01T01:00:00Z/2016-01-01T00:00:00Z,1", r"ends before it begins", id="a time that runs backwards"
        ),
        pytest.param((((("time", "1"),)),), r"not in text encoding", id="another encoding"),
    ],
)
def test_wrong_results_are_refused_with_their_place(refusing: Asked, wrong: ResultValues, message: str) -> None:
    """
    d12.10: with row and column; nothing of the request is stored.
    """
    refusing.ask(InsertResultTemplate(template()))

    with pytest.raises(InvalidParameterValue, match=message):
        refusing.ask(InsertResult("hourly", wrong))

    assert [] == refusing.observations()


@pytest.mark.parametrize("empty", ["", "@@", " \n"])
def test_no_results_are_refused(refusing: Asked, empty: str) -> None:
    """
    d12.09: a request without a row.
    """
    refusing.ask(InsertResultTemplate(template()))

    with pytest.raises(MissingParameterValue) as caught:
        refusing.ask(InsertResult("hourly", empty))

    assert "resultValues" == caught.value.locator


def test_the_same_results_again_change_nothing_and_others_are_refused(ready: Asked) -> None:
    """
    A client may send again what it is not sure of.
    """
    ready.ask(InsertResult("hourly", HOURS))

    again = ready.ask(InsertResult("hourly", HOURS))
    with pytest.raises(InvalidParameterValue, match="already with another result"):
        ready.ask(InsertResult("hourly", HOURS.replace("1.5", "1.6")))

    assert 0 == again.count
    assert HOURS == values(ready)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param(
            {"temporal_filters": (TemporalFilter(TemporalOperator.AFTER, minute(30), minute(30)),)}, [2], id="after"
        ),
        pytest.param(
            {"temporal_filters": (TemporalFilter(TemporalOperator.DURING, minute(0), minute(60)),)}, [1, 2], id="during"
        ),
        pytest.param({"temporal_filters": (TemporalFilter(TemporalOperator.LATEST),)}, [2], id="latest"),
        pytest.param({"temporal_filters": (TemporalFilter(TemporalOperator.FIRST),)}, [1], id="first"),
        pytest.param({"features_of_interest": ("station",)}, [1, 2], id="feature"),
        pytest.param({"features_of_interest": ("hill",)}, [], id="another feature"),
        pytest.param({"spatial_filter": bounding_box(6, 50, 8, 52)}, [1, 2], id="box"),
        pytest.param({"spatial_filter": bounding_box(0, 0, 1, 1)}, [], id="elsewhere"),
    ],
)
def test_results_are_filtered_as_observations_are(ready: Asked, condition: dict[str, Any], expected: list[int]) -> None:
    """
    By time, feature and place.
    """
    ready.ask(InsertResult("hourly", "2016-01-01T00:00:00Z,1@@2016-01-01T01:00:00Z,2"))
    hill = Feature("hill", geometry={"type": "Point", "coordinates": [20.0, 50.0]})
    pressure = observation(0, 990.0, observed_property="AirPressure", feature_of_interest="hill", feature=hill)
    ready.ask(sensor("barometer", ("AirPressure",)))
    ready.ask(insertion(pressure._replace(procedure="barometer", uom="hPa"), offerings=("barometer-offering",)))

    found = values(ready, replace(ASK, **condition))

    assert expected == [float(row.split(",")[1]) for row in found.split("@@") if row]


def test_each_result_may_name_its_feature(sos: Asked) -> None:
    """
    In a field for it; without one of its own the template names none.
    """
    sos.ask(SENSOR)
    sos.ask(insertion(observation(0, 1.0)))
    hill = replace(STATION, identifier="hill")
    sos.ask(insertion(observation(0, 2.0, feature=hill, feature_of_interest="hill")))
    open_template = template(TIME, TEMPERATURE, FEATURE, feature_of_interest=None, feature=None)
    sos.ask(InsertResultTemplate(open_template))

    sos.ask(InsertResult("hourly", "2016-01-01T01:00:00Z,3,station@@2016-01-01T01:00:00Z,4,hill"))

    assert "@@".join(
        f"2016-01-01T0{hour}:00:00Z,{value},{feature}"
        for feature, rows in (("station", ((0, 1.0), (1, 3.0))), ("hill", ((0, 2.0), (1, 4.0))))
        for hour, value in rows
    ) == values(sos)


def test_the_feature_of_a_template_is_not_taken_for_others(refusing: Asked) -> None:
    """
    A row that names a feature nobody described is refused: it is not where the one of the template is.
    """
    refusing.ask(InsertResultTemplate(template(TIME, TEMPERATURE, FEATURE)))
    refusing.ask(InsertResult("hourly", "2016-01-01T00:00:00Z,1,station"))

    with pytest.raises(InvalidParameterValue, match="no feature 'hill'"):
        refusing.ask(InsertResult("hourly", "2016-01-01T01:00:00Z,3,station@@2016-01-01T01:00:00Z,4,hill"))

    assert [1.0] == [value for _, _, value in refusing.observations()]


def _with_place(structure: bytes, frame: str) -> bytes:
    """A structure with a vector of latitude and longitude more."""
    vector = xml.new("swe:Vector", referenceFrame=f"urn:ogc:def:crs:{frame}")
    for name in ("latitude", "longitude"):
        coordinate = swe20.Component("Quantity", name, name, "deg")
        xml.add(vector, "swe:coordinate", name=name).append(swe20.encode_component(coordinate))
    record = xml.parse(structure)
    xml.add(record, "swe:field", name="place").append(vector)
    return xml.serialize(record)


def test_results_may_tell_where_they_were_made(sos: Asked) -> None:
    """
    In a vector of latitude and longitude, which becomes the sampling geometry.
    """
    sos.ask(SENSOR)
    made = template(TIME, TEMPERATURE)
    sos.ask(InsertResultTemplate(replace(made, structure=_with_place(made.structure, "EPSG::4326"))))
    rows = "2016-01-01T00:00:00Z,1.0,51.5,7.25@@2016-01-01T01:00:00Z,2.0,51.75,7.5"

    sos.ask(InsertResult("hourly", rows))

    answer = b"".join(encode(sos.ask(GetObservation())))
    assert rows == values(sos)
    assert [[7.25, 51.5], [7.5, 51.75]] == [
        each.geometry["coordinates"] for each in om20.decode_observations(xml.parse(answer)) if each.geometry
    ]
    with pytest.raises(InvalidParameterValue, match="beyond 90 degrees"):
        sos.ask(InsertResult("hourly", "2016-01-01T02:00:00Z,1.0,91,7"))


def test_a_vector_in_another_frame_is_refused(refusing: Asked) -> None:
    """
    Its coordinates would mean other places.
    """
    made = template(TIME, TEMPERATURE)

    with pytest.raises(InvalidParameterValue, match=r"reference frame .*31466"):
        refusing.ask(InsertResultTemplate(replace(made, structure=_with_place(made.structure, "EPSG::31466"))))


def test_a_text_with_a_separator_has_no_form_in_text_encoding(sos: Asked) -> None:
    """
    It is refused before anything is sent, and told by the XML encoding that is used without a template.
    """
    sos.ask(SENSOR)
    remark = observation(0, "dry, warm", uom=None, observation_type=OM_TEXT)
    sos.ask(insertion(remark))
    without_template = values(sos)
    sos.ask(
        InsertResultTemplate(
            template(TIME, swe20.Component("Text", "remark", "AirTemperature"), observation_type=OM_TEXT)
        )
    )

    with pytest.raises(OptionNotSupported, match="separator"):
        sos.ask(ASK)

    assert "2016-01-01T00:00:00Zdry, warm" == without_template


def test_a_feature_with_a_separator_has_no_form_in_text_encoding(sos: Asked) -> None:
    """
    Where each row names its feature.
    """
    sos.ask(SENSOR)
    comma = replace(STATION, identifier="hill, north")
    sos.ask(insertion(observation(0, 1.0, feature=comma, feature_of_interest=comma.identifier)))
    sos.ask(InsertResultTemplate(template(TIME, TEMPERATURE, FEATURE, feature_of_interest=None, feature=None)))

    with pytest.raises(OptionNotSupported, match="separator"):
        sos.ask(ASK)


def test_a_result_time_may_stand_first(sos: Asked) -> None:
    """
    In every part of a long answer it is that of its own row.
    """
    sos.ask(SENSOR)
    sos.ask(InsertResultTemplate(template(RESULT_TIME, TIME, TEMPERATURE)))
    hours = [minute(60 * number).isoformat().replace("+00:00", "Z") for number in range(1200)]
    rows = "@@".join(f"{hour},{hour},1.0" for hour in hours)

    sos.ask(InsertResult("hourly", rows))

    assert rows == values(sos)


def test_the_rows_of_an_answer_are_read_as_it_is_sent(ready: Asked) -> None:
    """
    The first part of 10 000 rows comes before the last is read.
    """
    start = datetime(2016, 1, 1, tzinfo=UTC)
    rows = (f"{(start + timedelta(minutes=number)).isoformat()},{number}" for number in range(10_000))
    ready.ask(InsertResult("hourly", "@@".join(rows)))

    parts = encode(ready.ask(ASK))
    first = [next(parts), next(parts)]

    assert b"2016-01-01T00:00:00Z,0.0@@" in first[1]
    assert 10_000 == sum(part.count(b"@@") for part in (*first, *parts)) + 1


@given(st.text("0123456789-:TZ.,@ne/+xé", max_size=60) | st.from_regex(r"(2016-0[1-9]-0[1-9],-?[0-9]{1,400}(@@)?)+"))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_taken_or_refused(refusing: Asked, text: str) -> None:
    """
    Never anything else.
    """
    if refusing.service.storage.result_template("hourly") is None:
        refusing.ask(InsertResultTemplate(template()))

    outcome: Any
    try:
        outcome = refusing.ask(InsertResult("hourly", text)).count
    except SosError as error:
        outcome = error.locator

    assert outcome in (*range(text.count("@@") + 2), "resultValues", "observation", "result", "phenomenonTime")


def test_a_decimal_comma_is_read_and_written(sos: Asked) -> None:
    """
    Where the template says so.
    """
    sos.ask(SENSOR)
    sos.ask(InsertResultTemplate(template(encoding=TextEncoding(";", "@@", ","))))

    sos.ask(InsertResult("hourly", "2016-01-01T00:00:00Z;1,5"))

    assert [1.5] == [value for _, _, value in sos.observations()]
    assert "2016-01-01T00:00:00Z;1,5" == values(sos)


def test_a_row_without_its_feature_is_refused(refusing: Asked) -> None:
    """
    Where each has to name one.
    """
    refusing.ask(InsertResultTemplate(template(TIME, TEMPERATURE, FEATURE, feature_of_interest=None, feature=None)))

    with pytest.raises(InvalidParameterValue, match="Row 1 names no feature"):
        refusing.ask(InsertResult("hourly", "2016-01-01T00:00:00Z,1,"))
