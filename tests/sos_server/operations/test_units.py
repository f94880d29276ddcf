"""Units of any kind come out as they went in, in answers that are valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sos_server.codecs import om20, xml
from sos_server.codecs.sos20.encode import encode
from sos_server.requests import GetObservation, GetResultTemplate
from tests.sos_server.make import insertion, observation, sensor
from tests.sos_server.results import OFFERING

if TYPE_CHECKING:
    from tests.sos_server.make import Asked

UNITS = [
    "Cel",
    "urn:ogc:def:uom:UCUM::Cel",
    "http://qudt.org/vocab/unit#DEG_C",
    "deg C",
    "urn:ogc:def:uom:UCUM::[degF]",
]


@pytest.mark.shared
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(GetObservation(), id="one by one"),
        pytest.param(GetObservation(merged=True), id="merged"),
        pytest.param(GetResultTemplate(OFFERING, "AirTemperature"), id="template"),
    ],
)
def test_a_unit_comes_out_valid_and_equal(sos: Asked, validate, request_: Any, unit: str) -> None:
    """
    Symbols, names and addresses as they are; what is none of these so that the schema takes it.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0, uom=unit), observation(1, uom=unit)))

    document = b"".join(encode(sos.ask(request_)))

    assert [] == validate(document)
    if isinstance(request_, GetObservation):
        assert [unit, unit] == [each.uom for each in om20.decode_observations(xml.parse(document))]


def test_a_unit_is_the_same_however_it_is_written(sos: Asked) -> None:
    """
    What was answered may be published again: it is there already.
    """
    sos.ask(sensor())
    sos.ask(insertion(observation(0, uom="deg C")))
    document = b"".join(encode(sos.ask(GetObservation())))

    again = sos.ask(insertion(*om20.decode_observations(xml.parse(document))))

    assert 0 == again.count
    assert 1 == len(sos.observations())
