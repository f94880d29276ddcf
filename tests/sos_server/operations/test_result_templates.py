"""Templates of results: how they are inserted and found, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from sos_server.codecs import swe20
from sos_server.codecs.swe20_encoding import TextEncoding, XmlEncoding
from sos_server.codecs.swe20_results import read_form, same_form
from sos_server.errors import InvalidParameterValue
from sos_server.model import (
    OM_COUNT,
)
from sos_server.requests import (
    DeleteSensor,
    GetResultTemplate,
    InsertResult,
    InsertResultTemplate,
)
from tests.sos_server.make import Asked, insertion, observation
from tests.sos_server.results import (
    FEATURE,
    HOURS,
    OFFERING,
    RESULT_TIME,
    SENSOR,
    TEMPERATURE,
    TIME,
    template,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sos_server.model import ResultTemplate


def test_the_template_comes_out_as_it_went_in(ready: Asked) -> None:
    """
    Structure and encoding, for a property in an offering.
    """
    found = ready.ask(GetResultTemplate(OFFERING, "AirTemperature"))

    assert template() == found.template


def test_of_templates_that_come_at_once_one_form_is_taken(sos: Asked) -> None:
    """
    Results are asked for by offering and property only, so what is read has one form.
    """
    sos.ask(SENSOR)
    proposed = [template(identifier=mark, encoding=TextEncoding(mark)) for mark in "#;!|&$"]
    start = Barrier(len(proposed))

    def propose(each: ResultTemplate) -> str | None:
        start.wait(20)
        try:
            return str(sos.ask(InsertResultTemplate(each)).identifier)
        except InvalidParameterValue:
            return None

    with ThreadPoolExecutor(len(proposed)) as pool:
        accepted = [each for each in pool.map(propose, proposed) if each is not None]

    assert 1 == len(accepted)
    assert accepted[0] == sos.ask(GetResultTemplate(OFFERING, "AirTemperature")).template.identifier


def test_a_template_for_an_offering_that_was_just_deleted_is_refused(sos: Asked) -> None:
    """
    Also when that happens after it was looked at.
    """
    sos.ask(SENSOR)
    sos.ask(DeleteSensor("thermometer"))

    with pytest.raises(InvalidParameterValue, match="was just deleted") as caught:
        sos.service.storage.insert_result_template(template(), same_form)

    assert "offering" == caught.value.locator


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


@pytest.mark.parametrize(
    "encoding",
    [
        pytest.param(TextEncoding("-", "@@"), id="a sign"),
        pytest.param(TextEncoding("0", "@@"), id="a digit"),
        pytest.param(TextEncoding(";", ";"), id="twice the same"),
        pytest.param(TextEncoding(",", "@@", ","), id="the decimal separator"),
    ],
)
def test_separators_that_occur_in_values_are_refused(refusing: Asked, encoding: TextEncoding) -> None:
    """
    d11.08: values could not be told from what stands between them.
    """
    with pytest.raises(InvalidParameterValue, match="separators"):
        refusing.ask(InsertResultTemplate(template(encoding=encoding)))


def test_a_name_that_is_none_of_an_element_is_refused_in_xml_encoding(refusing: Asked) -> None:
    """
    It would have to be one.
    """
    named = replace(TEMPERATURE, name="air temperature")

    with pytest.raises(InvalidParameterValue, match="air temperature"):
        refusing.ask(InsertResultTemplate(template(TIME, named, encoding=XmlEncoding())))
