"""Requests of other makers for the enhanced and transactional operations, against a service that has what they name."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape, unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest

from sos_server.codecs.sos20.encode import encode_request
from sos_server.model import Feature, SensorDescription
from tests.others import DOCUMENTS, requests_20
from tests.sos_server.make import insertion, observation, sensor

if TYPE_CHECKING:
    from tests.sos_server.asgi import Client

# what of a request its answer tells
TOLD = {
    "GetObservationById": "observation",
    "GetFeatureOfInterest": "featureOfInterest",
    "GetDataAvailability": "procedure",
    "UpdateSensorDescription": "procedure",
    "DeleteSensor": "procedure",
    "DeleteObservation": "observation",
}


def _named(document: bytes, name: str) -> list[str]:
    found = re.findall(rb"<(?:\w+:)?%s>\s*([^<\s]+)\s*<" % name.encode(), document)
    return list(dict.fromkeys(unescape(each.decode()) for each in found))


def _publish(client: Client, document: bytes) -> None:
    """Register what a request names, and observe each property with each sensor once."""
    offered = _named(document, "offering")
    procedures = _named(document, "procedure") or [f"sensor {each}" for each in offered] or ["a sensor"]
    properties = _named(document, "observedProperty") or ["a property"]
    names = _named(document, "observation") or [None]
    offerings = dict(zip(procedures, offered, strict=False))
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
@pytest.mark.parametrize(("name", "operation"), requests_20(TOLD))
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


SENSORML_101 = "http://www.opengis.net/sensorML/1.0.1"
SYSTEM = f"""<sml:SensorML xmlns:sml="{SENSORML_101}" version="1.0.1"><sml:member><sml:System>
<sml:identification><sml:IdentifierList><sml:identifier name="uniqueID">
<sml:Term definition="urn:ogc:def:identifier:OGC:1.0:uniqueID"><sml:value>%s</sml:value></sml:Term>
</sml:identifier></sml:IdentifierList></sml:identification></sml:System></sml:member></sml:SensorML>"""
# what is refused, and why
REFUSED = {
    "sos_v20__requests_soap__DescribeSensor_WML20.xml": "no sensor is described in WaterML here",
    "sos_v20__requests_xml__DescribeSensor_WML20.xml": "no sensor is described in WaterML here",
    "core__DescribeSensor1.xml": "the format is misspelt: sensorml/1.0.1 instead of sensorML/1.0.1",
    "core__DescribeSensorWithTime.xml": "the format is misspelt: sensorml/1.0.1 instead of sensorML/1.0.1",
}


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name, _ in requests_20(("DescribeSensor",)) if "aqd_v10" not in name])
def test_a_foreign_description_is_given(client: Client, validate, name: str) -> None:
    """
    In the format that is asked for, of a sensor that was registered in it.
    """
    document = (DOCUMENTS / name).read_bytes()
    (procedure,) = _named(document, "procedure")
    described = SensorDescription(procedure, SENSORML_101, (SYSTEM % procedure).encode())
    assert 200 == client.post(encode_request(replace(sensor(procedure), description=described))).status

    answer = client.post(document, None)

    if name.rpartition("/")[2] in REFUSED:
        assert 400 == answer.status
        assert b"procedureDescriptionFormat" in answer.body
        return
    assert 200 == answer.status, answer.body
    assert f"<sml:value>{procedure}</sml:value>".encode() in answer.body
    assert [] == validate(answer.body)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "operation"),
    [each for each in requests_20(("GetCapabilities", "GetObservation", "GetResult")) if "aqd_v10" not in each[0]],
)
def test_a_foreign_question_is_answered(client: Client, validate, name: str, operation: str) -> None:
    """
    Validly, by a service that has what it names, whatever is found at its times and places.
    """
    document = (DOCUMENTS / name).read_bytes()
    _publish(client, re.sub(rb"<!--.*?-->", b"", document, flags=re.DOTALL))

    answer = client.post(document, None)

    assert 200 == answer.status, answer.body
    assert f"{operation}Response".encode() in answer.body or operation == "GetCapabilities"
    assert [] == validate(answer.body)


def _queries() -> list[str]:
    if not DOCUMENTS.is_dir():
        return ["absent"]
    found = (DOCUMENTS / "ogc-sos20-examples").glob("*KVP.txt")
    return [line for file in sorted(found) for line in file.read_text().splitlines() if line.strip()]


@pytest.mark.shared
@pytest.mark.parametrize("query", _queries())
def test_a_query_of_the_standard_is_answered(client: Client, validate, query: str) -> None:
    """
    O&M 1.0, which one of them asks for, is no format of this service.
    """
    pairs = dict(parse_qsl(query))
    named = "".join(
        f"<{name}>{escape(value)}</{name}>"
        for name in ("procedure", "offering", "observedProperty", "featureOfInterest")
        for value in pairs.get(name, "").split(",")
        if value
    )
    _publish(client, named.encode())

    answer = client.get(query.replace("#", "%23"))  # what comes after it would never be sent

    if "om/1.0" in query:
        assert (400, ("InvalidParameterValue", "responseFormat")) == (answer.status, answer.exception)
    else:
        assert 200 == answer.status, answer.body
        assert [] == validate(answer.body)
