"""Results whose value is a record: templates with a record inside, their rows in and out, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sos_server.codecs import om20, xml
from sos_server.codecs.sos20.encode import encode
from sos_server.errors import InvalidParameterValue, OptionNotSupported
from sos_server.model import OM_COMPLEX, SAMPLING_FEATURE
from sos_server.requests import (
    GetObservation,
    GetResultTemplate,
    InsertResult,
    InsertResultTemplate,
)
from sos_server.time import format_instant
from tests.sos_server.make import Asked, insertion, minute, sensor
from tests.sos_server.results import OFFERING, template, values

if TYPE_CHECKING:
    from sos_server.model import ResultTemplate

NAMESPACE = "http://www.opengis.net/swe/2.0"
TIME = '<field name="time"><Time definition="http://www.opengis.net/def/property/OGC/0/PhenomenonTime"/></field>'
WEATHER = """<field name="weather"><DataRecord definition="Weather">
    <field name="height"><Quantity><uom code="m"/><value>2</value></Quantity></field>
    <field name="temperature"><Quantity definition="Temperature"><nilValues><NilValues>
        <nilValue reason="broken">-999</nilValue></NilValues></nilValues><uom code="Cel"/></Quantity></field>
    <field name="sky"><DataRecord>
        <field name="cover"><Category><codeSpace xmlns:xlink="http://www.w3.org/1999/xlink"
            xlink:href="http://sky.example/words"/></Category></field>
        <field name="clouds"><Count/></field>
        <field name="birds"><Boolean/></field>
    </DataRecord></field>
    <field name="remark"><Text/></field>
</DataRecord></field>"""
CONSTANT = """<field name="one"><DataRecord>
    <field name="a"><Count><value>1</value></Count></field></DataRecord></field>"""
FEATURE = '<field name="foi"><Text definition="om:featureOfInterest"/></field>'
PLACE = """<field name="place"><Vector referenceFrame="http://www.opengis.net/def/crs/EPSG/0/4326">
    <coordinate name="latitude"><Quantity><uom code="deg"/></Quantity></coordinate>
    <coordinate name="longitude"><Quantity><uom code="deg"/></Quantity></coordinate></Vector></field>"""
TEXT = b'<TextEncoding xmlns="http://www.opengis.net/swe/2.0" tokenSeparator="#" blockSeparator="@"/>'
ROWS = "2016-01-01T00:00:00Z#1.5#clear#0#true#a remark@2016-01-01T01:00:00Z#-999#few clouds#2#false#"


def structure(*fields: str) -> bytes:
    """The record of a row with such fields."""
    return f'<DataRecord xmlns="{NAMESPACE}">{"".join(fields)}</DataRecord>'.encode()


def records(*fields: str, encoding: bytes = TEXT, **changes: Any) -> ResultTemplate:
    """A template for complex observations of a record."""
    made = replace(template(), structure=structure(*(fields or (TIME, WEATHER))), encoding=encoding)
    return replace(made, observation_type=OM_COMPLEX, **changes)


@pytest.fixture
def observing(sos: Asked) -> Asked:
    """A sensor that observes the weather as a whole, anywhere."""
    sos.ask(sensor(types=(OM_COMPLEX,)))
    return sos


@pytest.fixture
def publishing(observing: Asked) -> Asked:
    """The same, with a template."""
    observing.ask(InsertResultTemplate(records()))
    return observing


def test_records_come_out_as_they_went_in(observing: Asked) -> None:
    """
    The template with its structure and encoding, and the rows with all tokens, also of records inside of records.
    """
    observing.ask(InsertResultTemplate(records()))

    inserted = observing.ask(InsertResult("hourly", f"2@{ROWS}@"))

    found = observing.ask(GetResultTemplate(OFFERING, "AirTemperature")).template
    assert (2, ROWS) == (inserted.count, values(observing))
    assert (structure(TIME, WEATHER), TEXT) == (found.structure, found.encoding)


def test_records_of_results_are_complex_observations(observing: Asked) -> None:
    """
    A GetObservation tells each of them as a record with all that the template says of its fields.
    """
    observing.ask(InsertResultTemplate(records()))
    observing.ask(InsertResult("hourly", ROWS))

    answer = b"".join(encode(observing.ask(GetObservation())))

    root = xml.parse(answer)
    found = [each.text for each in root.findall(".//{*}result//{*}value")]
    assert ["2", "1.5", "clear", "0", "true", "a remark", "2", "-999", "few clouds", "2", "false"] == found
    assert [OM_COMPLEX, OM_COMPLEX] == [each.observation_type for each in om20.decode_observations(root, whole=True)]
    assert ["Weather", "Weather"] == [each.get("definition") for each in root.findall(".//{*}result/{*}DataRecord")]


def test_a_result_may_be_published_again_as_an_observation(observing: Asked) -> None:
    """
    It is the same value, so it is recognised.
    """
    observing.ask(InsertResultTemplate(records()))
    observing.ask(InsertResult("hourly", ROWS))
    answer = b"".join(encode(observing.ask(GetObservation())))

    again = observing.ask(insertion(*om20.decode_observations(xml.parse(answer), whole=True)))

    assert 0 == again.count


def test_records_tell_their_features_and_places(sos: Asked) -> None:
    """
    Beside the record stand the feature of interest and where it was observed, as 52°North's gliders send them.
    """
    sos.ask(replace(sensor(types=(OM_COMPLEX,)), feature_types=(SAMPLING_FEATURE,)))
    sos.ask(InsertResultTemplate(records(TIME, WEATHER, FEATURE, PLACE, feature_of_interest=None, feature=None)))
    rows = "2016-01-01T00:00:00Z#1.5#clear#0#true#a#one#51.5#7.25@2016-01-01T00:00:00Z#2#clear#0#true#b#two#51#7"

    sos.ask(InsertResult("hourly", rows))

    assert ["one", "two"] == [info.feature.identifier for info, _ in sos.ask(GetObservation()).series]
    assert rows == values(sos)


MINUTES = count()  # each row of each attempt has a time of its own
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="#@"), min_size=1)
RECORDS = st.tuples(
    st.floats(-1e9, 1e9).filter(lambda number: number != -999) | st.just("-999") | st.just(""),
    WORDS,
    st.integers(-(2**53), 2**53),
    st.booleans(),
    WORDS | st.just(""),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RECORDS, min_size=1, max_size=20))
def test_any_records_come_out_equal(publishing: Asked, found: list[tuple[object, ...]]) -> None:
    """
    Numbers, words, counts, truths and what is nil: by GetResult as they were sent.
    """
    sent = [
        [format_instant(minute(next(MINUTES))), _number(number), str(word), str(whole), str(truth).lower(), str(remark)]
        for number, word, whole, truth, remark in found
    ]
    publishing.ask(InsertResult("hourly", "@".join(map("#".join, sent))))

    by_time = {row[0]: row for row in (text.split("#") for text in values(publishing).split("@"))}

    assert sent == [by_time[row[0]] for row in sent]


def _number(value: object) -> str:
    text = repr(value) if isinstance(value, float) else str(value)
    return text.removesuffix(".0")


@pytest.mark.parametrize(
    ("fields", "encoding", "message"),
    [
        pytest.param((TIME, WEATHER, WEATHER), TEXT, "it has weather, weather", id="two records"),
        pytest.param(
            (TIME, WEATHER, '<field name="more"><Count/></field>'), TEXT, "it has weather, more", id="a value beside it"
        ),
        pytest.param(
            (TIME, '<field name="one"><Count/></field>'), TEXT, "means .*OM_CountObservation", id="no record at all"
        ),
        pytest.param(
            (TIME, WEATHER.replace("<Count/>", "<CountRange/>")), TEXT, "clouds .* is a range", id="a range inside"
        ),
        pytest.param(
            (TIME, WEATHER.replace("<Count/>", "<DataArray/>")), TEXT, "DataArray .* is not supported", id="an array"
        ),
        pytest.param(
            (TIME, CONSTANT),
            TEXT,
            "no field whose value stands in the rows",
            id="nothing but constants",
        ),
        pytest.param((WEATHER,), TEXT, "no phenomenon time", id="no time"),
        pytest.param(
            (TIME, WEATHER), f'<XMLEncoding xmlns="{NAMESPACE}"/>'.encode(), "text encoding only", id="XML encoding"
        ),
    ],
)  # fmt: skip
def test_templates_without_a_meaning_are_refused(
    observing: Asked, fields: tuple[str, ...], encoding: bytes, message: str
) -> None:
    """
    With what is wrong in them; nothing is kept.
    """
    with pytest.raises(InvalidParameterValue, match=message):
        observing.ask(InsertResultTemplate(records(*fields, encoding=encoding)))

    with pytest.raises(InvalidParameterValue, match="neither templates"):
        observing.ask(GetResultTemplate(OFFERING, "AirTemperature"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param("2016-01-01T00:00:00Z#1#clear#0#true", "Row 1 has 5 tokens, 6 are declared", id="a token less"),
        pytest.param("2016-01-01T00:00:00Z#warm#clear#0#true#a", "temperature.*row 1, column 2", id="no number"),
        pytest.param("2016-01-01T00:00:00Z#1#clear#0.5#true#a", "clouds.*row 1, column 4", id="half a cloud"),
        pytest.param("2016-01-01T00:00:00Z#1#clear#0#maybe#a", "birds.*row 1, column 5", id="no truth"),
    ],
)
def test_wrong_rows_are_refused_with_their_place(observing: Asked, row: str, message: str) -> None:
    """
    With row and column; nothing of the request is stored.
    """
    observing.ask(InsertResultTemplate(records()))

    with pytest.raises(InvalidParameterValue, match=message):
        observing.ask(InsertResult("hourly", row))

    assert [] == observing.observations()


@pytest.mark.parametrize(
    ("text", "changed", "message"),
    [
        pytest.param(b"a remark", b"a # remark", "holds a separator", id="a separator"),
        pytest.param(b'name="birds"', b'name="bees"', "not the structure", id="another field"),
        pytest.param(b">2</swe:value>", b">3</swe:value>", "not the structure", id="another constant"),
    ],
)
def test_records_that_have_no_form_in_rows_are_refused(
    observing: Asked, text: bytes, changed: bytes, message: str
) -> None:
    """
    Before the answer begins; they come with GetObservation.
    """
    observing.ask(InsertResultTemplate(records()))
    observing.ask(InsertResult("hourly", ROWS.partition("@")[0]))
    answer = b"".join(encode(observing.ask(GetObservation())))
    other = answer.replace(text, changed).replace(b"2016-", b"2017-")
    observing.ask(insertion(*om20.decode_observations(xml.parse(other), whole=True)))

    with pytest.raises(OptionNotSupported, match=message):
        values(observing)

    assert 2 == len(observing.observations())
