"""Descriptions go out with what the service knows besides, in valid SensorML of their own version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from sos_server.codecs import sensorml, xml
from sos_server.codecs.sensorml_enrich import enrich
from sos_server.model import Offering, ValidDescription
from sos_server.requests import DescribeSensor
from tests.sos_server.make import FORMAT, insertion, observation, sensor

if TYPE_CHECKING:
    from tests.sos_server.make import Asked

BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
OFFERINGS = (Offering("o1", "s1", "First"), Offering("http://example.org/o?2&3", "s1", "The second one"))
PROPERTIES = ("http://example.org/p1", "http://example.org/p2")
FEATURES = ("http://example.org/f1", "http://example.org/f2")
OLD = f"""<sml:SensorML xmlns:sml="{sensorml.SENSORML_101}" xmlns:swe="http://www.opengis.net/swe/1.0.1"
version="1.0.1"><sml:member><sml:System>
<sml:identification><sml:IdentifierList><sml:identifier name="uniqueID">
<sml:Term definition="urn:ogc:def:identifier:OGC:1.0:uniqueID"><sml:value>s1</sml:value></sml:Term>
</sml:identifier></sml:IdentifierList></sml:identification>
<sml:capabilities name="offerings"><swe:SimpleDataRecord><swe:field name="First"><swe:Text><swe:value>o1</swe:value>
</swe:Text></swe:field></swe:SimpleDataRecord></sml:capabilities>
<sml:outputs><sml:OutputList><sml:output name="one">
<swe:Quantity definition="{PROPERTIES[0]}"><swe:uom code="m"/></swe:Quantity>
</sml:output></sml:OutputList></sml:outputs></sml:System></sml:member></sml:SensorML>""".encode()
NEW = sensorml.encode_description("s1", "A sensor", OFFERINGS[0], [(PROPERTIES[0], "m")], (7.5, 52.0)).document
BARE = (
    f'<sml:PhysicalComponent xmlns:sml="{sensorml.SENSORML_20}" xmlns:gml="http://www.opengis.net/gml/3.2" '
    'gml:id="c"><gml:identifier codeSpace="uniqueID">s1</gml:identifier></sml:PhysicalComponent>'
).encode()
DOCUMENTS = [
    pytest.param(sensorml.SENSORML_101, OLD, id="1.0.1"),
    pytest.param(sensorml.SENSORML_20, NEW, id="2.0"),
    pytest.param(sensorml.SENSORML_20, BARE, id="2.0 bare"),
]


def _enriched(version: str, document: bytes, end: datetime | None = None) -> bytes:
    return bytes(
        etree.tostring(enrich(ValidDescription(version, document, BEGIN, end), OFFERINGS, PROPERTIES, FEATURES))
    )


@pytest.mark.shared
@pytest.mark.parametrize("end", [pytest.param(None, id="open"), pytest.param(END, id="ended")])
@pytest.mark.parametrize(("version", "document"), DOCUMENTS)
def test_a_description_tells_everything_and_is_valid(
    validate: Any, version: str, document: bytes, end: datetime | None
) -> None:
    """
    Each offering, property and feature once; what was there comes first and as it was.
    """
    found = _enriched(version, document, end)

    described = sensorml.decode_description(xml.parse(found), version)
    assert ("s1", [each.identifier for each in OFFERINGS]) == (
        described.procedure,
        [each.identifier for each in described.offerings],
    )
    assert [1, 1, 1, 1] == [
        found.count(f'"{name}"'.encode()) + found.count(f">{name}<".encode()) for name in PROPERTIES + FEATURES
    ]
    assert 1 == found.count(b"2020-01-01T00:00:00Z")
    assert [] == validate(found)


@pytest.mark.parametrize(("version", "document"), DOCUMENTS)
def test_a_description_that_tells_everything_is_left_as_it_is(version: str, document: bytes) -> None:
    """
    So one that is fetched and sent back does not grow.
    """
    found = _enriched(version, document)

    assert found == _enriched(version, found)


def test_a_sensor_is_described_with_its_features(sos: Asked) -> None:
    """
    As soon as it observed one.
    """
    sos.ask(sensor())
    before = sos.ask(DescribeSensor("thermometer", FORMAT))
    sos.ask(insertion(observation(0)))

    after = sos.ask(DescribeSensor("thermometer", FORMAT))

    assert ((), ("station",)) == (before.features, after.features)
    assert (["thermometer-offering"], ("AirTemperature",)) == (
        [each.identifier for each in after.offerings],
        after.observed_properties,
    )
