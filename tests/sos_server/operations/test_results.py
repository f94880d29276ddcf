"""Result handling: templates, results in and out, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sos_server.codecs import om20, swe20, xml
from sos_server.codecs.sos20.decode import decode
from sos_server.codecs.sos20.encode import encode, encode_request
from sos_server.codecs.swe20_encoding import TextEncoding, XmlEncoding
from sos_server.codecs.swe20_results import read_form
from sos_server.errors import InvalidParameterValue, MissingParameterValue, OptionNotSupported
from sos_server.filters import TemporalFilter, TemporalOperator, bounding_box
from sos_server.model import (
    OM_CATEGORY,
    OM_COUNT,
    OM_MEASUREMENT,
    OM_TEXT,
    OM_TRUTH,
    SWE_ARRAY,
    Feature,
    Observation,
    ResultTemplate,
)
from sos_server.requests import (
    DeleteSensor,
    GetObservation,
    GetResult,
    GetResultTemplate,
    InsertResult,
    InsertResultTemplate,
)
from tests.sos_server.make import STATION, Asked, insertion, minute, observation, open_service, sensor
from tests.sos_server.results import (
    ALL_TYPES,
    FEATURE,
    OFFERING,
    PERIOD,
    RESULT_TIME,
    SENSOR,
    TEMPERATURE,
    TIME,
    template,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sos_server.codecs.swe20_encoding import Encoding
    from sos_server.requests import ResultValues

ASK = GetResult(OFFERING, "AirTemperature")
HOURS = "2016-01-01T00:00:00Z,1.5@@2016-01-01T01:00:00Z,-2.0"


@pytest.fixture
def ready(sos: Asked) -> Asked:
    """
    A thermometer with a template.
    """
    sos.ask(SENSOR)
    sos.ask(InsertResultTemplate(template()))
    return sos


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[Asked]:
    """
    A thermometer without a template, on one kind of database: what is refused does not get there.
    """
    sos = Asked(open_service(tmp_path))
    sos.ask(SENSOR)
    yield sos
    sos.service.storage.close()


def values(sos: Asked, request: GetResult = ASK) -> str:
    """The result values of an answer, as they stand in the document."""
    answer = b"".join(encode(sos.ask(request)))
    found = xml.parse(answer).find("{http://www.opengis.net/sos/2.0}resultValues")
    assert found is not None
    return "".join(found.itertext())


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


def test_the_template_comes_out_as_it_went_in(ready: Asked) -> None:
    """
    Structure and encoding, for a property in an offering.
    """
    found = ready.ask(GetResultTemplate(OFFERING, "AirTemperature"))

    assert template() == found.template


def test_observations_without_a_template_have_results(sos: Asked) -> None:
    """
    Of time and value, so that results can be asked for of every series.
    """
    sos.ask(SENSOR)
    sos.ask(insertion(observation(0, 1.5), observation(60, None, nil_reason="unknown")))

    found = sos.ask(GetResultTemplate(OFFERING, "AirTemperature")).template

    kinds = [component.kind for component in read_form(found.structure, found.encoding).components]
    assert ["Time", "Quantity"] == kinds
    assert "2016-01-01T00:00:00Z,1.5@@2016-01-01T01:00:00Z,NaN" == values(sos)


def test_a_template_without_identifier_gets_one(sos: Asked) -> None:
    """
    And results can be inserted by it.
    """
    sos.ask(SENSOR)

    identifier = sos.ask(InsertResultTemplate(template(identifier=""))).identifier

    assert 2 == sos.ask(InsertResult(identifier, HOURS)).count


OTHER = swe20.Component("Count", "number", "Number")
_TOO_MUCH = swe20.Component("Time", "validTime", "http://www.example.org/validTime")


@pytest.mark.parametrize(
    ("wrong", "locator"),
    [
        pytest.param({"offering": "x"}, "offering", id="unknown offering"),
        pytest.param({"procedure": "x"}, "procedure", id="unknown procedure"),
        pytest.param({"observed_property": "x"}, "observedProperty", id="property not offered"),
        pytest.param({"observation_type": "x"}, "observationType", id="d11.07 unknown type"),
        pytest.param({"observation_type": OM_COUNT}, "observationType", id="d11.07 not what the structure means"),
        pytest.param({"structure": b"<x/>"}, "proposedTemplate", id="d11.08 no structure"),
        pytest.param({"encoding": b"<x/>"}, "proposedTemplate", id="d11.08 no encoding"),
        pytest.param({"feature_of_interest": None, "feature": None}, "proposedTemplate", id="no feature at all"),
    ],
)
def test_a_wrong_template_is_refused(refusing: Asked, wrong: dict[str, Any], locator: str) -> None:
    """
    And not kept.
    """
    with pytest.raises(InvalidParameterValue) as caught:
        refusing.ask(InsertResultTemplate(replace(template(), **wrong)))

    assert locator == caught.value.locator
    with pytest.raises(InvalidParameterValue, match="no template"):
        refusing.ask(InsertResult("hourly", HOURS))


@pytest.mark.parametrize(
    ("components", "message"),
    [
        pytest.param((TEMPERATURE,), "no phenomenon time", id="no time"),
        pytest.param((TIME,), "one field with a value, it has none", id="no value"),
        pytest.param((TIME, TEMPERATURE, OTHER), "it has temperature, number", id="two values"),
        pytest.param((TIME, TEMPERATURE, _TOO_MUCH), "neither phenomenon time nor result time", id="another time"),
        pytest.param((TIME, TEMPERATURE, FEATURE, FEATURE), "more than one feature", id="two features"),
    ],
)
def test_a_structure_that_is_not_served_is_refused(
    refusing: Asked, components: Sequence[swe20.Component], message: str
) -> None:
    """
    d11.08: saying why.
    """
    with pytest.raises(InvalidParameterValue, match=message) as caught:
        refusing.ask(InsertResultTemplate(template(*components)))

    assert "proposedTemplate" == caught.value.locator


def test_all_templates_of_a_property_have_one_form(ready: Asked) -> None:
    """
    Another identifier for the same form is fine; another form, or the same identifier again, is refused.
    """
    ready.ask(InsertResultTemplate(template(identifier="again")))

    for wrong in (template(TIME, RESULT_TIME, TEMPERATURE, identifier="other"), template()):
        with pytest.raises(InvalidParameterValue):
            ready.ask(InsertResultTemplate(wrong))
    assert 2 == ready.ask(InsertResult("again", HOURS)).count


def test_a_template_goes_with_its_sensor(ready: Asked) -> None:
    """
    Results for it are refused then.
    """
    ready.ask(DeleteSensor("thermometer"))

    with pytest.raises(InvalidParameterValue, match="no template"):
        ready.ask(InsertResult("hourly", HOURS))


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


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
_VALUES: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    OM_MEASUREMENT: ("Quantity", st.floats(allow_nan=False, allow_infinity=False)),
    OM_COUNT: ("Count", st.integers(-(2**53), 2**53)),
    OM_TRUTH: ("Boolean", st.booleans()),
    OM_CATEGORY: ("Category", _TEXTS),
    OM_TEXT: ("Text", _TEXTS),
}
_INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@st.composite
def _series(draw: st.DrawFn) -> tuple[str, list[Observation]]:
    """Observations of one type, some nil, some of a period, some known later."""
    observation_type = draw(st.sampled_from(list(_VALUES)))
    found = []
    for at in draw(st.lists(_INSTANTS, min_size=1, max_size=6, unique=True)):
        value = draw(st.none() | _VALUES[observation_type][1])
        end = at + draw(st.just(timedelta(0)) | st.timedeltas(timedelta(0), timedelta(days=2)))
        known = end + draw(st.just(timedelta(0)) | st.timedeltas(timedelta(0), timedelta(days=2)))
        found.append(
            observation(
                0,
                value,
                phenomenon_time=at,
                phenomenon_time_end=None if end == at else end,
                result_time=known,
                observation_type=observation_type,
                uom="Cel" if observation_type == OM_MEASUREMENT else None,
                nil_reason=draw(st.sampled_from(["missing", "unknown", "withheld"])) if value is None else None,
            )
        )
    return observation_type, found


def _essence(observations: Sequence[Observation]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            each.phenomenon_time,
            each.phenomenon_time_end or each.phenomenon_time,
            each.result_time,
            repr(each.value),
            each.uom,
            each.nil_reason,
            each.feature_of_interest,
        )
        for each in observations
    )


# one service for all examples, with a sensor for each: the tables of a new database take longer than the test
_PROPERTY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_NUMBERS = count(1)


def _publish(sos: Asked, observations: Sequence[Observation]) -> str:
    """Register a new sensor and publish observations of it; gives its offering."""
    procedure = f"sensor{next(_NUMBERS)}"
    sos.ask(sensor(procedure, types=ALL_TYPES))
    offering = f"{procedure}-offering"
    sos.ask(insertion(*(each._replace(procedure=procedure) for each in observations), offerings=(offering,)))
    return offering


@given(_series())
@_PROPERTY
def test_merged_observations_are_equal_to_those_inserted(sos: Asked, given_: tuple[str, list[Observation]]) -> None:
    """
    Of every type, nil or not, with period and result time.
    """
    offering = _publish(sos, given_[1])

    root = xml.parse(b"".join(encode(sos.ask(GetObservation((offering,), merged=True)))))

    assert 1 == len(root)
    assert _essence(given_[1]) == _essence(list(om20.decode_observations(root)))


def _full_template(observation_type: str, encoding: Encoding) -> ResultTemplate:
    """A template that has room for everything."""
    kind = _VALUES[observation_type][0]
    nil_values = {f"-{number}e300": reason for number, reason in enumerate(("missing", "unknown", "withheld"), 1)}
    if kind == "Boolean":
        nil_values = {"n1": "missing", "n2": "unknown", "n3": "withheld"}
    uom = "Cel" if kind == "Quantity" else None
    value = swe20.Component(kind, "value", "AirTemperature", uom, nil_values)
    return template(PERIOD, value, RESULT_TIME, encoding=encoding, observation_type=observation_type)


@given(_series(), st.sampled_from([TextEncoding(), TextEncoding("#", "@"), TextEncoding(";", "\n"), XmlEncoding()]))
@_PROPERTY
def test_results_are_equal_to_those_inserted(
    sos: Asked, given_: tuple[str, list[Observation]], encoding: Encoding
) -> None:
    """
    What GetResult gives of one sensor is taken by InsertResult for another, and is the same there; in each encoding.
    """
    observation_type, observations = given_
    texts = [each.value for each in observations if isinstance(each.value, str)]
    assume(isinstance(encoding, XmlEncoding) or not any(map(encoding.splits, texts)))
    source, target = _publish(sos, observations), f"sensor{next(_NUMBERS)}"
    sos.ask(sensor(target, types=ALL_TYPES))
    made = _full_template(observation_type, encoding)
    for offering in (source, f"{target}-offering"):
        procedure = offering.removesuffix("-offering")
        sos.ask(InsertResultTemplate(replace(made, identifier=offering, offering=offering, procedure=procedure)))
    given_out = xml.parse(b"".join(encode(sos.ask(GetResult(source, "AirTemperature")))))
    sent = xml.new("sos:InsertResult", service="SOS", version="2.0.0")
    xml.add(sent, "sos:template", f"{target}-offering")
    sent.append(given_out[0])

    sos.ask(decode(sent))

    root = xml.parse(b"".join(encode(sos.ask(GetObservation(procedures=(target,))), counts_as_measures=False)))
    assert _essence(observations) == _essence(list(om20.decode_observations(root)))


@pytest.mark.parametrize("merged", [True, False])
def test_the_service_may_merge_where_a_request_does_not_say(sos: Asked, merged: bool) -> None:
    """
    The request has the last word.
    """
    sos.ask(SENSOR)
    sos.ask(insertion(observation(0), observation(1)))
    merging = Asked(replace(sos.service, merged=merged))

    def types(request: GetObservation) -> list[str | None]:
        root = xml.parse(b"".join(encode(merging.ask(request))))
        return [xml.href(each) for each in root.iter("{http://www.opengis.net/om/2.0}type")]

    assert ([SWE_ARRAY] if merged else [OM_MEASUREMENT] * 2) == types(GetObservation())
    assert [SWE_ARRAY] == types(GetObservation(merged=True))
    assert [OM_MEASUREMENT] * 2 == types(GetObservation(merged=False))


@pytest.mark.shared
@pytest.mark.parametrize("observation_type", list(_VALUES))
def test_merged_observations_of_every_type_are_valid(sos: Asked, validate, observation_type: str) -> None:
    """
    With nil results, periods and result times; a feature stands inline once, each series is one observation.
    """
    examples = {OM_MEASUREMENT: 1.5, OM_COUNT: 3, OM_TRUTH: True, OM_CATEGORY: "a & b", OM_TEXT: "<dry>, warm"}
    common = {"observation_type": observation_type, "uom": "Cel" if observation_type == OM_MEASUREMENT else None}
    sos.ask(replace(SENSOR, observed_properties=("AirTemperature", "http://example.org/p#1 other")))
    for name in ("AirTemperature", "http://example.org/p#1 other"):
        sos.ask(
            insertion(
                observation(0, examples[observation_type], observed_property=name, **common),
                observation(1, None, nil_reason="missing", observed_property=name, **common),
                observation(
                    2, examples[observation_type], observed_property=name, phenomenon_time_end=minute(9), **common
                )._replace(result_time=minute(11)),
            )
        )

    answer = b"".join(encode(sos.ask(decode(xml.parse(encode_request(GetObservation(merged=True)))))))

    assert [] == validate(answer)
    assert 2 == answer.count(b"<om:OM_Observation ")
    assert 1 == answer.count(b"<sams:SF_SpatialSamplingFeature ")
