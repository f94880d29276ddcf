"""Registering sensors and describing them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sos_server.errors import InvalidParameterValue, MissingParameterValue, SosError
from sos_server.requests import DescribeSensor, GetCapabilities, InsertSensor
from sos_server.responses import SensorInserted
from tests.sos_server.make import FORMAT, Asked, sensor


def test_a_sensor_is_described_as_it_was_registered(sos: Asked) -> None:
    """
    Byte for byte.
    """
    request = sensor()

    answer = sos.ask(request)

    assert SensorInserted("thermometer", "thermometer-offering") == answer
    (described,) = sos.ask(DescribeSensor("thermometer", FORMAT)).descriptions
    assert request.description.document == described.document


def test_a_sensor_that_names_no_offering_gets_one(sos: Asked) -> None:
    """
    The answer tells which.
    """
    request = sensor()

    answer = sos.ask(replace(request, description=replace(request.description, offerings=())))

    assert SensorInserted("thermometer", "thermometer/observations") == answer
    (content,) = sos.ask(GetCapabilities()).contents
    assert "thermometer/observations" == content.offering.identifier


REFUSED = [
    pytest.param(sensor(), InvalidParameterValue, "procedure", id="procedure again"),
    pytest.param(sensor("b", offering="thermometer-offering"), InvalidParameterValue, "offering", id="offering again"),
    pytest.param(sensor("b", properties=()), MissingParameterValue, "observableProperty", id="no property"),
    pytest.param(sensor("b", properties=("",)), MissingParameterValue, "observableProperty", id="empty property"),
    pytest.param(sensor("b", types=()), MissingParameterValue, "observationType", id="no type"),
    pytest.param(sensor("b", types=("",)), MissingParameterValue, "observationType", id="empty type"),
    pytest.param(sensor("b", types=("urn:x",)), InvalidParameterValue, "observationType", id="unknown type"),
    pytest.param(
        replace(sensor("b"), feature_types=("",)),
        MissingParameterValue,
        "featureOfInterestType",
        id="empty feature type",
    ),
    pytest.param(
        replace(sensor("b"), feature_types=("x",)),
        InvalidParameterValue,
        "featureOfInterestType",
        id="unknown feature type",
    ),
]


@pytest.mark.parametrize(("request_", "error", "locator"), REFUSED)
def test_a_sensor_is_refused_and_nothing_stored(
    sos: Asked, request_: InsertSensor, error: type[SosError], locator: str
) -> None:
    """
    With the code and locator of the conformance suite.
    """
    sos.ask(sensor())
    before = sos.service.storage.contents_and_time()

    with pytest.raises(error) as caught:
        sos.ask(request_)

    assert locator == caught.value.locator
    assert before == sos.service.storage.contents_and_time()


@pytest.mark.parametrize(
    ("procedure", "description_format", "error", "locator"),
    [
        pytest.param("nobody", FORMAT, InvalidParameterValue, "procedure", id="procedure"),
        pytest.param("thermometer", "x", InvalidParameterValue, "procedureDescriptionFormat", id="format"),
        pytest.param("thermometer", "", MissingParameterValue, "procedureDescriptionFormat", id="empty format"),
        pytest.param(
            "thermometer",
            "http://www.opengis.net/sensorML/1.0.1",
            InvalidParameterValue,
            "procedureDescriptionFormat",
            id="another format than it was registered in",
        ),
    ],
)
def test_what_cannot_be_described_is_refused(
    sos: Asked, procedure: str, description_format: str, error: type[SosError], locator: str
) -> None:
    """
    With the code and locator of the conformance suite.
    """
    sos.ask(sensor())

    with pytest.raises(error) as caught:
        sos.ask(DescribeSensor(procedure, description_format))

    assert locator == caught.value.locator
