"""Sensor descriptions are read for what a service must know, and kept as they are."""

from __future__ import annotations

import pytest
from lxml import etree

from sos_server.codecs import sensorml, xml
from sos_server.codecs.sos20 import decode
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue, SosError
from sos_server.model import Offering
from tests.conftest import SHARED

OFFERING = Offering("http://example.org/o", "http://example.org/s", "An offering")


READABLE = (
    "52north-sos-examples/sos_v20__requests_soap__Transactional__InsertSensor_SML20_Mobile.xml",
    "52north-sos-examples/sos_v20__requests_xml__Transactional__InsertSensor_SML20_SystemInstance.xml",
    "istsos3/xml__insertSensor-3.xml",
    "ogc-sos20-examples/transactional__InsertSensor1.xml",
)


def test_a_written_description_comes_back_equal():
    """
    Identifier, name and offering are read from what was written.
    """
    written = sensorml.encode_description(
        OFFERING.procedure, "A sensor", OFFERING, [("http://example.org/p", "Cel")], (7.5, 52.0)
    )

    assert written == sensorml.decode_description(xml.parse(written.document), sensorml.SENSORML_20)


@pytest.mark.shared
def test_a_written_description_is_valid(validate):
    """
    The minimal description follows the schema, with or without a place.
    """
    with_place, without = (
        sensorml.encode_description(OFFERING.procedure, "A & B", OFFERING, [("p", None), ("q", "Cel")], place)
        for place in ((7.5, 52.0), None)
    )

    assert [] == validate(with_place.document) + validate(without.document)


def test_a_sensorml_101_description_is_read():
    """
    The unique identifier and 52°North's offerings are found in SensorML 1.0.1.
    """
    document = f"""<SensorML version="1.0.1" xmlns="{sensorml.SENSORML_101}"
        xmlns:swe="http://www.opengis.net/swe/1.0.1"><member><System><identification><IdentifierList>
        <identifier><Term definition="urn:ogc:def:identifier:OGC:1.0:uniqueID"><value> s1 </value></Term></identifier>
        <identifier name="longName"><Term><value>A
            sensor</value></Term></identifier></IdentifierList></identification>
        <capabilities name="other"><swe:SimpleDataRecord><swe:field name="x"><swe:Text><swe:value>no</swe:value>
        </swe:Text></swe:field></swe:SimpleDataRecord></capabilities>
        <capabilities name="offerings"><swe:SimpleDataRecord><swe:field name="First"><swe:Text><swe:value>o1</swe:value>
        </swe:Text></swe:field></swe:SimpleDataRecord></capabilities></System></member></SensorML>"""

    found = sensorml.decode_description(xml.parse(document.encode()), sensorml.SENSORML_101)

    assert ("s1", "A sensor", (Offering("o1", "s1", "First"),)) == (found.procedure, found.name, found.offerings)


@pytest.mark.shared
@pytest.mark.parametrize("name", READABLE)
def test_descriptions_of_others_are_kept_as_they_are(name):
    """
    The description that is stored is the inserted one, also when its namespaces were declared outside.
    """
    root = xml.parse((SHARED / "sos-documents" / name).read_bytes())
    request = next(root.iter(xml.tag("swes:InsertSensor")))

    found = decode.decode(request)

    inserted = request.find(".//{*}procedureDescription/*")
    assert etree.tostring(xml.parse(found.description.document), method="c14n", exclusive=True) == (
        etree.tostring(inserted, method="c14n", exclusive=True, with_tail=False)
    )


@pytest.mark.parametrize(
    ("document", "description_format", "error", "locator"),
    [
        ("<a/>", "http://example.org/other", InvalidParameterValue, "procedureDescriptionFormat"),
        ("<a/>", sensorml.SENSORML_20, InvalidRequest, "procedureDescription"),
        (
            f'<PhysicalSystem xmlns="{sensorml.SENSORML_20}"/>',
            sensorml.SENSORML_20,
            MissingParameterValue,
            "procedure",
        ),
    ],
    ids=["format", "other document", "no identifier"],
)
def test_what_is_no_description_is_refused(document, description_format, error, locator):
    """
    A format that is not read, or a document without an identifier, is refused.
    """
    with pytest.raises(SosError) as refused:
        sensorml.decode_description(xml.parse(document.encode()), description_format)

    assert (error, locator) == (type(refused.value), refused.value.locator)
