"""Units of measure as symbols and as URIs: what is written is valid, and is read as it was."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from sos_server.codecs import om20, om_documents, swe20, swe20_record, xml
from sos_server.codecs.sos20.encode import encode_request
from sos_server.codecs.uom import add_swe_uom, decode_swe_uom, decode_uom, encode_uom
from tests.sos_server.make import insertion, observation

# the types of GML 3.2 and SWE Common 2.0
SCHEMA = etree.XMLSchema(
    etree.fromstring(rb"""
<schema xmlns="http://www.w3.org/2001/XMLSchema" xmlns:t="t" targetNamespace="t">
  <simpleType name="Symbol"><restriction base="string"><pattern value="[^: \n\r\t]+"/></restriction></simpleType>
  <simpleType name="Uri"><restriction base="anyURI">
    <pattern value="([a-zA-Z][a-zA-Z0-9\-\+\.]*:|\.\./|\./|#).*"/></restriction></simpleType>
  <simpleType name="Identifier"><union memberTypes="t:Symbol t:Uri"/></simpleType>
  <element name="a"><complexType>
    <attribute name="uom" type="t:Identifier"/>
    <attribute name="code" type="t:Symbol"/>
    <attribute name="href" type="anyURI"/>
  </complexType></element>
</schema>""")
)
# parts that make strange URIs likely
UNITS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    st.lists(
        st.sampled_from(
            ["deg", " ", ":", "/", "//", "#", "%", "%20", "[", "]", "?", "@", "http:", "data:,", "é", "\t"]
        ),
        min_size=1,
    ).map("".join),
)


@pytest.mark.parametrize(
    ("unit", "written"),
    [
        pytest.param("Cel", "Cel", id="symbol"),
        pytest.param("°C", "°C", id="symbol that UCUM does not know"),
        pytest.param("urn:ogc:def:uom:UCUM::Cel", "urn:ogc:def:uom:UCUM::Cel", id="name"),
        pytest.param("http://qudt.org/vocab/unit#DEG_C", "http://qudt.org/vocab/unit#DEG_C", id="address"),
        pytest.param("deg C", "data:,deg%20C", id="space"),
        pytest.param("W m-2", "data:,W%20m-2", id="spaces between factors"),
        pytest.param("kg\tm", "data:,kg%09m", id="tab"),
        pytest.param("°C: air", "data:,%C2%B0C%3A%20air", id="colon"),
        pytest.param("urn:ogc:def:uom:UCUM::[degF]", "data:,urn%3Aogc%3Adef%3Auom%3AUCUM%3A%3A%5BdegF%5D", id="no URI"),
        pytest.param("data:,Cel", "data:,Cel", id="needlessly a data URI"),
        pytest.param("data:,deg%2520C", "data:,deg%2520C", id="looks like two"),
    ],
)
def test_a_unit_is_written_as_the_schema_asks(unit: str, written: str) -> None:
    """
    As it is where that is allowed, else as the URI of its text; it is read as it was.
    """
    assert (written, unit) == (encode_uom(unit), decode_uom(written))


@settings(max_examples=300)
@given(text=UNITS)
@example(text="http://:/")
@example(text="a:#b#c")
@example(text="data:,")
@example(text="data:,deg%20C")
def test_every_unit_is_written_validly_and_read_equal(text: str) -> None:
    """
    In O&M and in SWE Common; and what was read where it is valid is written as it stood there.
    """
    unit = decode_uom(text)
    quantity = xml.new("swe:Quantity")
    add_swe_uom(quantity, unit)
    (uom,) = quantity

    held = {etree.QName(name).localname: str(value) for name, value in uom.items()}
    element = etree.Element("{t}a", {"uom": encode_uom(unit)} | held)

    assert SCHEMA.validate(element), SCHEMA.error_log
    assert (unit, unit) == (decode_uom(encode_uom(unit)), decode_swe_uom(uom))
    assert encode_uom(text) == encode_uom(unit)


@pytest.mark.parametrize("number", [1, 40], ids=["one", "many"])
def test_observations_are_read_with_their_unit(number: int) -> None:
    """
    By both ways to read O&M 2.0, and by the one that reads documents of others.
    """
    made = [observation(at, float(at), uom="deg C") for at in range(number)]
    document = encode_request(insertion(*made))

    found = [*om20.decode_observations(xml.parse(document)), *om_documents.decode_observations(xml.parse(document))]

    assert b'uom="data:,deg%20C"' in document
    assert ["deg C"] * 2 * number == [each.uom for each in found]


def test_the_unit_of_a_record_is_written_validly() -> None:
    """
    A code that is none becomes a reference, and comes out of it again; what was a reference stays one.
    """
    text = b"""<swe:DataRecord xmlns:swe="http://www.opengis.net/swe/2.0" xmlns:x="http://www.w3.org/1999/xlink">
      <swe:field name="a"><swe:Quantity><swe:uom code="deg C"/><swe:value>1.0</swe:value></swe:Quantity></swe:field>
      <swe:field name="b"><swe:Quantity><swe:uom x:href="urn:x:Cel"/><swe:value>2</swe:value></swe:Quantity></swe:field>
    </swe:DataRecord>"""
    record = swe20_record.decode_record(xml.parse(text))

    written = swe20_record.encode_record(record)

    units = [dict(each.items()) for each in written.iter(xml.tag("swe:uom"))]
    assert [{xml.XLINK_HREF: "data:,deg%20C"}, {xml.XLINK_HREF: "urn:x:Cel"}] == units
    assert record == swe20_record.decode_record(written)
    assert ["deg C", "urn:x:Cel"] == [each.uom for each in swe20.decode_components(written)]
