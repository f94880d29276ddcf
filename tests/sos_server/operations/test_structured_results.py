"""Observations with geometries, records and annotations: whatever they hold comes out equal, in valid answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sos_server.codecs import om20, xml
from sos_server.codecs.om20_encode import encode_insertion, insertion_root
from sos_server.codecs.sos20.decode import decode
from sos_server.codecs.sos20.encode import encode
from sos_server.errors import InvalidParameterValue
from sos_server.filters import TemporalFilter, TemporalOperator
from sos_server.model import (
    OM_CATEGORY,
    OM_COMPLEX,
    OM_COUNT,
    OM_GEOMETRY,
    OM_MEASUREMENT,
    OM_OBSERVATION,
    OM_TEXT,
    OM_TRUTH,
    Annotations,
    NamedValue,
    Observation,
    Quality,
)
from sos_server.operations.base import FEATURE_TYPES, OBSERVATION_TYPES
from sos_server.requests import DeleteObservation, GetObservation, GetObservationById, GetResult, GetResultTemplate
from tests.sos_server.make import Asked, insertion, minute, observation, sensor
from weps.feeders.convert import convert_one

if TYPE_CHECKING:
    from collections.abc import Iterable

WORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=6)
UNITS = WORDS.filter(lambda word: ":" not in word)  # else it would be a URI (the UomIdentifier of GML)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(-(2**53), 2**53)
DEGREES = st.floats(-80, 80).map(lambda number: round(number, 6))
POSITIONS = st.tuples(DEGREES, DEGREES).map(list)
GEOMETRIES = st.one_of(
    st.builds(lambda place: {"type": "Point", "coordinates": place}, POSITIONS),
    st.builds(
        lambda places: {"type": "LineString", "coordinates": places},
        st.lists(POSITIONS, min_size=2, max_size=4, unique_by=tuple),
    ),
)


def as_text(value: Any) -> str:
    """The value of a geometry or complex observation."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _field(kind: str, values: st.SearchStrategy[Any], **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda value, number: {"kind": kind, "value": value, "definition": f"http://example.org/{number}"} | more,
        values,
        st.integers(0, 9),
    )


FIELDS = st.one_of(
    _field("Quantity", NUMBERS, uom={"code": "Cel"}, label="How warm"),
    _field("Quantity", st.none(), uom={"code": "Cel"}, nil={"-999": "missing"}, text="-999"),
    _field("Count", COUNTS),
    _field("Boolean", st.booleans()),
    _field("Category", WORDS, code_space="http://example.org/words"),
    _field("Text", WORDS),
)


def _record(fields: list[dict[str, Any]]) -> dict[str, Any]:
    named = [each | {"name": f"f{number}"} for number, each in enumerate(fields)]
    return {"kind": "DataRecord", "fields": named}


RECORDS = st.recursive(
    st.lists(FIELDS, min_size=1, max_size=4).map(_record),
    lambda inner: st.lists(FIELDS | inner, min_size=1, max_size=3).map(_record),
    max_leaves=3,
)
RESULTS = {
    OM_MEASUREMENT: NUMBERS,
    OM_COUNT: COUNTS,
    OM_TRUTH: st.booleans(),
    OM_CATEGORY: WORDS,
    OM_TEXT: WORDS,
    OM_GEOMETRY: GEOMETRIES.map(lambda value: json.dumps(value, separators=(",", ":"))),
    OM_COMPLEX: RECORDS.map(as_text),
}
PARAMETERS = st.one_of(
    st.builds(NamedValue, WORDS, NUMBERS, UNITS, st.just(OM_MEASUREMENT)),
    st.builds(NamedValue, WORDS, COUNTS, st.none(), st.just(OM_COUNT)),
    st.builds(NamedValue, WORDS, st.booleans(), st.none(), st.just(OM_TRUTH)),
    st.builds(NamedValue, WORDS, WORDS, st.none(), st.just(OM_CATEGORY)),
    st.builds(NamedValue, WORDS, WORDS, st.none(), st.just(OM_TEXT)),
    st.builds(NamedValue, WORDS, RESULTS[OM_GEOMETRY], st.none(), st.just(OM_GEOMETRY)),
).filter(lambda each: each.name != "offering" and not each.name.endswith("/samplingGeometry"))
CONFORMS = (
    '<gmd:DQ_DomainConsistency xmlns:gmd="http://www.isotc211.org/2005/gmd"><gmd:result><gmd:DQ_ConformanceResult>'
    '<gmd:specification xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="urn:rules"></gmd:specification>'
    '<gmd:explanation><gco:CharacterString xmlns:gco="http://www.isotc211.org/2005/gco">fine</gco:CharacterString>'
    '</gmd:explanation><gmd:pass><gco:Boolean xmlns:gco="http://www.isotc211.org/2005/gco">true</gco:Boolean>'
    "</gmd:pass></gmd:DQ_ConformanceResult></gmd:result></gmd:DQ_DomainConsistency>"
)
QUALITIES = st.builds(Quality, WORDS, st.none() | st.just("so good"), st.none()).filter(
    lambda each: each.title != each.code
)
QUALITIES = QUALITIES | st.just(Quality("true", None, CONFORMS))
ANNOTATIONS = st.none() | st.builds(
    lambda parameters, qualities: Annotations(tuple(parameters), tuple(qualities)),
    st.lists(PARAMETERS, max_size=3),
    st.lists(QUALITIES, max_size=2),
).filter(any)
PLACES = st.none() | GEOMETRIES


@st.composite
def published(draw: st.DrawFn) -> tuple[str, list[Observation]]:
    """Observations of one type, each at its own minute, perhaps with a place and annotations."""
    kind = draw(st.sampled_from(sorted(RESULTS)))
    units = {OM_MEASUREMENT: "Cel"}
    found = [
        observation(at, value, observation_type=kind, uom=units.get(kind), geometry=place, annotations=told)
        for at, (value, place, told) in enumerate(
            draw(st.lists(st.tuples(RESULTS[kind], PLACES, ANNOTATIONS), min_size=1, max_size=6))
        )
    ]
    return kind, found


def essence(observations: Iterable[Observation]) -> list[tuple[Any, ...]]:
    """All that two observations have to agree in; what is told of the quality counts, not how it was given."""
    found = []
    for each in observations:
        told = each.annotations
        if told is None and each.quality is not None:
            told = Annotations(qualities=(Quality(each.quality),))
        place = None if each.geometry is None else as_text(each.geometry)
        found.append((each.phenomenon_time, type(each.value), each.value, each.uom, place, told))
    return sorted(found, key=lambda each: each[0])


def _publish(sos: Asked, procedure: str, found: list[Observation], kinds: tuple[str, ...]) -> list[Observation]:
    """Publish observations of a new sensor as a document, as clients do."""
    sos.ask(replace(sensor(procedure, types=kinds), feature_types=FEATURE_TYPES))
    mine = [each._replace(procedure=procedure) for each in found]
    document = b"".join(encode_insertion(insertion_root((f"{procedure}-offering",)), mine))
    sos.ask(decode(xml.parse(document)))
    return mine


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(published(), st.integers(0, 5), st.integers(0, 5))
def test_observations_of_any_type_come_out_equal(
    sos: Asked, given_: tuple[str, list[Observation]], one: int, other: int
) -> None:
    """
    Value, unit, place, parameters and quality, all of them and those that pass a filter; on every database.
    """
    kind, found = given_
    test_observations_of_any_type_come_out_equal.count += 1
    procedure = f"sensor-{test_observations_of_any_type_come_out_equal.count}"
    begin, end = sorted((minute(one), minute(other)))
    _publish(sos, procedure, found, (kind,))

    for filters, expected in (
        ((), found),
        (
            (TemporalFilter(TemporalOperator.DURING, begin, end),),
            [each for each in found if begin <= each.phenomenon_time <= end],
        ),
    ):
        request = GetObservation(procedures=(procedure,), temporal_filters=filters)
        answer = xml.parse(b"".join(encode(sos.ask(request), counts_as_measures=False)))
        assert essence(expected) == essence(om20.decode_observations(answer, whole=True))


test_observations_of_any_type_come_out_equal.count = 0


@pytest.mark.shared
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_=published())
def test_answers_with_any_result_are_valid(validate, tmp_path_factory, given_: tuple[str, list[Observation]]) -> None:
    """
    As the schemas and the rules of the standard say.
    """
    document = b"".join(encode_insertion(insertion_root(("offering",)), given_[1]))

    assert [] == validate(document)


RECORD = as_text(
    _record([{"kind": "Quantity", "definition": "http://example.org/level", "uom": {"code": "m"}, "value": 1.5}])
)
POINT = '{"type":"Point","coordinates":[7.0,51.0]}'


def test_a_record_gives_a_feeder_one_observation_for_each_field() -> None:
    """
    With the definition of the field as its observed property.
    """
    made = observation(0, RECORD, observation_type=OM_COMPLEX, uom=None, quality="good")
    document = b"".join(encode_insertion(insertion_root(("offering",)), [made]))

    found = list(om20.decode_observations(xml.parse(document)))

    assert [("http://example.org/level", 1.5, "m", "good")] == [
        (each.observed_property, each.value, each.uom, each.quality) for each in found
    ]


@pytest.mark.parametrize(
    ("kind", "value"), [pytest.param(OM_COMPLEX, RECORD, id="record"), pytest.param(OM_GEOMETRY, POINT, id="geometry")]
)
def test_what_is_no_scalar_is_never_merged(sos: Asked, kind: str, value: str) -> None:
    """
    Neither has it a form among results; it is told as observations also where arrays are asked for.
    """
    _publish(sos, "s", [observation(0, value, observation_type=kind, uom=None)], (kind,))

    answer = xml.parse(b"".join(encode(sos.ask(GetObservation(procedures=("s",), merged=True)))))

    assert [value] == [each.value for each in om20.decode_observations(answer, whole=True)]
    for request in (GetResult("s-offering", "AirTemperature"), GetResultTemplate("s-offering", "AirTemperature")):
        with pytest.raises(InvalidParameterValue) as caught:
            sos.ask(request)
        assert "observedProperty" == caught.value.locator


def test_annotations_are_told_by_identifier_and_go_with_their_observation(sos: Asked) -> None:
    """
    The same observation once more changes nothing, also with other annotations.
    """
    told = Annotations((NamedValue("depth", 5.0, "cm", OM_MEASUREMENT),), (Quality("good"),))
    made = observation(0, identifier="first", quality="good", annotations=told)
    _publish(sos, "s", [made], OBSERVATION_TYPES)
    again = made._replace(procedure="s", quality=None, annotations=None)

    assert 0 == sos.ask(insertion(again, offerings=("s-offering",))).count

    answer = xml.parse(b"".join(encode(sos.ask(GetObservationById(("first",))))))
    assert [("good", told)] == [(each.quality, each.annotations) for each in om20.decode_observations(answer)]


def test_an_offering_of_any_result_takes_every_type(sos: Asked) -> None:
    """
    A result that is only called an observation is of the type that it looks like.
    """
    sos.ask(sensor(types=(OM_OBSERVATION,)))
    made = observation(0, "sunny", observation_type=OM_TEXT, uom=None)
    document = b"".join(encode_insertion(insertion_root(("thermometer-offering",)), [made]))

    sos.ask(decode(xml.parse(document.replace(OM_TEXT.encode(), OM_OBSERVATION.encode()))))

    ((info, rows),) = sos.ask(GetObservation()).series
    assert (OM_TEXT, ["sunny"]) == (info.observation_type, [row.value for row in rows])


@pytest.mark.parametrize(
    ("change", "locator"),
    [
        pytest.param((b"OM_ComplexObservation", b"OM_Measurement"), "resultType", id="a record that is a measurement"),
        pytest.param((b"OM_ComplexObservation", b"OM_GeometryObservation"), "resultType", id="a record as a geometry"),
        pytest.param((b">1.5<", b">warm<"), None, id="no number"),
        pytest.param((b"<swe:value>", b"<swe:quality/><swe:value>"), "result", id="a part that is not kept"),
    ],
)
def test_a_record_that_cannot_be_kept_is_refused(change: tuple[bytes, bytes], locator: str | None) -> None:
    """
    Rather than kept in part.
    """
    made = observation(0, RECORD, observation_type=OM_COMPLEX, uom=None)
    document = b"".join(encode_insertion(insertion_root(("offering",)), [made]))
    assert change[0] in document

    with pytest.raises((InvalidParameterValue, om20.InvalidRequest)) as caught:
        decode(xml.parse(document.replace(*change)))

    assert locator == caught.value.locator


def test_runs_of_observations_keep_the_quality_of_each() -> None:
    """
    Long runs are read by the pattern of their first one, which holds its quality.
    """
    flags = ["good"] * 20 + ["bad"] * 25 + ["good", "bad"] * 10 + [None] * 20
    made = [observation(at, float(at), quality=flag) for at, flag in enumerate(flags)]
    document = b"".join(encode_insertion(insertion_root(("offering",)), made))

    found = sorted(om20.decode_observations(xml.parse(document)), key=lambda each: each.phenomenon_time)

    assert flags == [each.quality for each in found]


def test_annotations_go_with_their_observation(sos: Asked) -> None:
    """
    The same observation, deleted and published again, tells only what it tells then.
    """
    sos.ask(sensor())
    told = Annotations(qualities=(Quality("good", "so good"),))
    sos.ask(insertion(observation(0, identifier="first", quality="good", annotations=told)))
    sos.ask(DeleteObservation(("first",)))
    sos.ask(insertion(observation(0, identifier="second")))

    ((info, rows),) = sos.ask(GetObservation()).series

    assert (None, ["second"]) == (info.annotations, [row.identifier for row in rows])


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        pytest.param(' xlink:href="http://example.org/flag/A"', "http://example.org/flag/A", id="reference"),
        pytest.param(' xlink:title="checked"', "checked", id="title"),
        pytest.param(f">{CONFORMS}<", "true", id="ISO 19139"),
        pytest.param(
            "><swe:Category xmlns:swe='http://www.opengis.net/swe/2.0'><swe:value>B2</swe:value></swe:Category><",
            "B2",
            id="category",
        ),
        pytest.param(
            "><swe:Text xmlns:swe='http://www.opengis.net/swe/2.0'><swe:value>suspect</swe:value></swe:Text><",
            "suspect",
            id="text",
        ),
        pytest.param(' nilReason="unknown"', None, id="nil"),
    ],
)
def test_the_code_of_a_quality_is_read_wherever_it_stands(inside: str, code: str | None) -> None:
    """
    As a reference, or as what an element inside says; a feeder gets it with the observation.
    """
    document = b"".join(encode_insertion(insertion_root(("offering",)), [observation(0, 1.5)])).decode()
    content = f"{inside}/om:resultQuality>" if inside.endswith("<") else f"{inside}/>"
    changed = document.replace("<om:result ", f"<om:resultQuality{content}<om:result ")

    (found,) = om20.decode_observations(xml.parse(changed.encode()))

    assert (code, code) == (found.quality, convert_one(found).quality)


@pytest.mark.parametrize(
    ("parameter", "locator"),
    [
        pytest.param(
            '<om:name xlink:href="p"/><om:value xsi:type="swe:DataRecordPropertyType"><swe:DataRecord/></om:value>',
            "parameter",
            id="a record",
        ),
        pytest.param('<om:name/><om:value xsi:type="xs:string">x</om:value>', "parameter", id="no name"),
        pytest.param('<om:name xlink:href="p"/>', "parameter", id="no value"),
        pytest.param('<om:name xlink:href="p"/><om:value xsi:type="xs:integer">x</om:value>', "parameter", id="wrong"),
    ],
)
def test_a_parameter_that_cannot_be_kept_is_refused(parameter: str, locator: str) -> None:
    """
    By an insertion; a feeder reads over it, as it has the result.
    """
    document = b"".join(encode_insertion(insertion_root(("offering",)), [observation(0, 1.5)])).decode()
    holder = f"<om:parameter><om:NamedValue>{parameter}</om:NamedValue></om:parameter><om:observedProperty "
    changed = xml.parse(document.replace("<om:observedProperty ", holder).encode())

    with pytest.raises(InvalidParameterValue) as caught:
        decode(changed)

    assert locator == caught.value.locator
    assert [1.5] == [each.value for each in om20.decode_observations(changed)]
