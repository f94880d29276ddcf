"""Insertions that other people wrote, sent as they are: each does what it asks for, or is refused for a reason."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest

from sos_server.codecs import om20, xml
from sos_server.codecs.sos20.decode import decode
from sos_server.codecs.sos20.encode import encode_request
from sos_server.codecs.swe20_encoding import TextEncoding
from sos_server.operations.base import FEATURE_TYPES, OBSERVATION_TYPES
from sos_server.requests import (
    DescribeSensor,
    GetCapabilities,
    GetObservation,
    GetResultTemplate,
    InsertObservation,
    InsertResult,
    InsertResultTemplate,
    InsertSensor,
)
from tests.others import DOCUMENTS, requests_20
from tests.sos_server.make import sensor
from tests.sos_server.results import SENSOR, TEMPERATURE, TIME, template

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sos_server.model import Observation
    from tests.sos_server.asgi import Client

pytestmark = pytest.mark.shared
INVALID, MISSING = "InvalidParameterValue", "MissingParameterValue"
# by the end of the name: the code and the locator of the refusal; why is said beside
REFUSED = {
    # not well-formed: the prefix gml1 is not declared
    "_Transactional__InsertSensor.xml": ("InvalidRequest", None),
    # no metadata, which the standard asks for
    "InsertSensor_SML20_ComponentType.xml": (MISSING, "metadata"),
    "InsertSensor_SML20_SystemType.xml": (MISSING, "metadata"),
    # sensors are described in SensorML
    "InsertSensor_WML20.xml": (INVALID, "procedureDescriptionFormat"),
    # trajectories and profiles of INSPIRE are no types of O&M 2.0
    "InsertSensor_SML20_Mobile.xml": (INVALID, "observationType"),
    # specimens are no features of this service
    "OM_ComplexObservation__insertSensor.xml": (INVALID, "featureOfInterestType"),
    "specimenTimeSeriesObservation__insertSensor.xml": (INVALID, "featureOfInterestType"),
    # a truth inside what is called a measurement
    "mobileTimeSeriesObservation__insertObservation-1.xml": (INVALID, "resultType"),
    # of templates that nobody published
    "InsertResult_Profile.xml": (INVALID, "template"),
    "InsertResult_Trajectory_Profile.xml": (INVALID, "template"),
}


def _requests(operation: str) -> list[Path]:
    return [DOCUMENTS / name for name, _ in requests_20((operation,))]


def _refusal(file: Path) -> tuple[str, str | None] | None:
    return next((reason for name, reason in REFUSED.items() if file.name.endswith(name)), None)


def _body(document: bytes) -> Any:
    """The request, outside of an envelope."""
    root = xml.parse(document)
    body = root.find("{*}Body")
    return root if body is None else body[0]


def _told(answer: Any) -> tuple[str | None, str | None]:
    element = next(answer.root.iter("{http://www.opengis.net/ows/1.1}Exception"))
    return element.get("exceptionCode"), element.get("locator")


def _send(client: Client, file: Path) -> bool:
    """Send a document; gives whether it is taken, and checks how it is refused where it is not."""
    answer = client.post(file.read_bytes(), None)
    refusal = _refusal(file)
    assert (200 if refusal is None else 400) == answer.status, answer.body
    if refusal is not None:
        assert refusal == _told(answer)
    return refusal is None


def _register(client: Client, procedure: str, properties: set[str], offering: str) -> None:
    made = sensor(procedure, sorted(properties), OBSERVATION_TYPES, offering)
    assert 200 == client.post(encode_request(replace(made, feature_types=FEATURE_TYPES))).status


def _essence(observations: Iterable[Observation]) -> list[str]:
    """What was published; counts go out as measures."""
    return sorted(
        repr(
            (
                each.phenomenon_time,
                each.observed_property,
                each.feature_of_interest,
                float(each.value) if type(each.value) is int else each.value,
                each.annotations,
            )
        )
        for each in observations
    )


@pytest.mark.parametrize("file", _requests("InsertSensor"), ids=lambda file: f"{file.parent.name}-{file.name}")
def test_a_foreign_sensor_is_registered(client: Client, validate, file: Path) -> None:
    """
    It is in the capabilities and is described, validly, as its maker did it.
    """
    if not _send(client, file):
        return
    request = decode(_body(file.read_bytes()))
    assert isinstance(request, InsertSensor)
    description = request.description

    known = client.post(encode_request(GetCapabilities()))
    told = client.post(encode_request(DescribeSensor(description.procedure, description.description_format)))

    assert escape(description.procedure).encode() in known.body
    assert [] == validate(known.body)
    assert (200, True) == (told.status, escape(description.procedure).encode() in told.body)


@pytest.mark.parametrize("file", _requests("InsertObservation"), ids=lambda file: f"{file.parent.name}-{file.name}")
def test_foreign_observations_come_out_equal(client: Client, validate, file: Path) -> None:
    """
    Also from an envelope; in a valid answer.
    """
    request = decode(_body(file.read_bytes()))
    assert isinstance(request, InsertObservation)
    (procedure,) = {each.procedure for each in request.observations}
    (offering,) = request.offerings
    _register(client, procedure, {each.observed_property for each in request.observations}, offering)
    if not _send(client, file):
        return

    answer = client.post(encode_request(GetObservation()))

    found = om20.decode_observations(xml.parse(answer.body), whole=True)
    assert _essence(request.observations) == _essence(found)
    assert [] == validate(answer.body)


@pytest.mark.parametrize("file", _requests("InsertResultTemplate"), ids=lambda file: f"{file.parent.name}-{file.name}")
def test_a_foreign_template_is_kept_or_refused(client: Client, file: Path) -> None:
    """
    By the answer to the request for it.
    """
    request = decode(_body(file.read_bytes()))
    assert isinstance(request, InsertResultTemplate)
    proposed = request.template
    _register(client, proposed.procedure, {proposed.observed_property}, proposed.offering)

    is_kept = _send(client, file)

    asked = client.post(encode_request(GetResultTemplate(proposed.offering, proposed.observed_property)))
    assert (200 if is_kept else 400) == asked.status


@pytest.mark.parametrize("file", _requests("InsertResult"), ids=lambda file: f"{file.parent.name}-{file.name}")
def test_foreign_results_are_stored_or_refused(client: Client, validate, file: Path) -> None:
    """
    By the template beside them for records, and where a row has one value by one of their name and their separators.
    """
    request = decode(_body(file.read_bytes()))
    assert isinstance(request, InsertResult)
    if "Complex" in file.name:
        beside = file.with_name(file.name.replace("InsertResult_", "InsertResultTemplate_"))
        proposed = decode(_body(beside.read_bytes())).template
        _register(client, proposed.procedure, {proposed.observed_property}, proposed.offering)
        assert _send(client, beside)
    elif _refusal(file) is None:
        encoding = TextEncoding("#", "@") if "#" in request.values else TextEncoding(",", "@@")
        made = template(TIME, TEMPERATURE, encoding=encoding, identifier=request.template)
        for each in (SENSOR, InsertResultTemplate(made)):
            assert 200 == client.post(encode_request(each)).status

    if not _send(client, file):
        return

    answer = client.post(encode_request(GetObservation()))
    assert len(re.findall(r"T\d\d:", str(request.values))) == answer.body.count(b"<om:result ")
    assert [] == validate(answer.body)
