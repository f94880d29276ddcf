"""Requests of other makers for the enhanced and transactional operations, against a service that has what they name."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pytest

from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import Feature
from tests.conftest import SHARED
from tests.sos_server.make import insertion, observation, sensor

if TYPE_CHECKING:
    from tests.sos_server.asgi import Client

DOCUMENTS = SHARED / "sos-documents"
# what of a request its answer tells
TOLD = {
    "GetObservationById": "observation",
    "GetFeatureOfInterest": "featureOfInterest",
    "GetDataAvailability": "procedure",
    "UpdateSensorDescription": "procedure",
    "DeleteSensor": "procedure",
    "DeleteObservation": "observation",
}


def _requests() -> list[tuple[str, str]]:
    if not DOCUMENTS.is_dir():
        return [("absent", "")]
    with (DOCUMENTS / "INDEX.csv").open(encoding="utf-8") as index:
        return [
            (row["file"], row["operation"])
            for row in csv.DictReader(index)
            if row["operation"] in TOLD
            and row["service_version"] == "2.0.0"
            and row["direction"].startswith("request")
            and row["file"].endswith(".xml")
        ]


def _named(document: bytes, name: str) -> list[str]:
    found = re.findall(rb"<(?:\w+:)?%s>\s*([^<\s]+)\s*<" % name.encode(), document)
    return list(dict.fromkeys(each.decode() for each in found))


def _publish(client: Client, document: bytes) -> None:
    """Register what a request names, and observe each property with each sensor once."""
    procedures = _named(document, "procedure") or ["a sensor"]
    properties = _named(document, "observedProperty") or ["a property"]
    names = _named(document, "observation") or [None]
    offerings = dict(zip(procedures, _named(document, "offering"), strict=False))
    features = _named(document, "featureOfInterest") or ["a feature"]
    for procedure in procedures:
        offering = offerings.get(procedure, f"{procedure}-offering")
        made = [
            observation(at, procedure=procedure, observed_property=each, feature_of_interest=feature)._replace(
                feature=Feature(feature, geometry={"type": "Point", "coordinates": [7.52, 52.9]}),
                identifier=name,
            )
            for each in properties
            for feature in features
            for at, name in enumerate(names)
        ]
        for request in (sensor(procedure, properties, offering=offering), insertion(*made, offerings=(offering,))):
            answer = client.post(encode_request(request))
            assert 200 == answer.status, answer.body


@pytest.mark.shared
@pytest.mark.parametrize(("name", "operation"), _requests())
def test_a_foreign_request_is_answered(client: Client, validate, name: str, operation: str) -> None:
    """
    With what it asks for: nothing that it names is missing from the answer, which is valid.
    """
    document = (DOCUMENTS / name).read_bytes()
    uncommented = re.sub(rb"<!--.*?-->", b"", document, flags=re.DOTALL)
    _publish(client, uncommented)

    answer = client.post(document, None)

    assert 200 == answer.status, answer.body
    assert f"{operation}Response".encode() in answer.body
    assert [] == [each for each in _named(uncommented, TOLD[operation]) if each.encode() not in answer.body]
    assert [] == validate(answer.body)
