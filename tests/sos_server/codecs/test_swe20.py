"""SWE Common arrays are read to rows and values, never to numbers that are none."""

from __future__ import annotations

import pytest

from sos_server.codecs import swe20, xml
from sos_server.codecs.swe20_encoding import TextEncoding, XmlEncoding
from sos_server.errors import InvalidRequest

TIME = swe20.Component("Time", "time", swe20.PHENOMENON_TIME, swe20.GREGORIAN)
LEVEL = swe20.Component("Quantity", "level", "http://example.org/level", "m", {"-999": "missing"})
STATE = swe20.Component("Category", "state", "http://example.org/state")


def array(values: str, encoding: str = 'tokenSeparator="," blockSeparator="@@"', level: str = ""):
    return xml.parse(
        f"""<swe:DataArray xmlns:swe="http://www.opengis.net/swe/2.0">
        <swe:elementCount><swe:Count><swe:value>7</swe:value></swe:Count></swe:elementCount>
        <swe:elementType name="row"><swe:DataRecord>
        <swe:field name="time"><swe:Time/></swe:field>
        <swe:field name="level"><swe:Quantity><swe:uom code="m"/>{level}</swe:Quantity></swe:field>
        </swe:DataRecord></swe:elementType>
        <swe:encoding><swe:TextEncoding {encoding}/></swe:encoding>
        <swe:values>{values}</swe:values></swe:DataArray>""".encode()
    )


@pytest.mark.parametrize(
    ("values", "encoding"),
    [
        pytest.param("2020,1.5@@2021,2", 'tokenSeparator="," blockSeparator="@@"', id="usual"),
        pytest.param("\n 2020 , 1.5 @@\n 2021,2 @@\n", 'tokenSeparator="," blockSeparator="@@"', id="white space"),
        pytest.param("2020;1,5 2021;2", 'tokenSeparator=";" blockSeparator=" " decimalSeparator=","', id="German"),
        pytest.param(" 2020,1.5\n 2021,2\n", 'tokenSeparator="," blockSeparator="&#10;"', id="lines"),
        pytest.param("2020 1.5;2021 2", 'tokenSeparator=" " blockSeparator=";"', id="blank between tokens"),
    ],
)
def test_rows_are_split_by_the_declared_separators(values, encoding):
    """
    White space around tokens does not matter, the element count is not believed.
    """
    assert swe20.decode_array(array(values, encoding)).rows == (("2020", "1.5"), ("2021", "2"))


def test_a_constant_uses_no_token():
    """
    A component with an inline value has it in each row.
    """
    found = swe20.decode_array(array("2020@@2021", level="<swe:value>4</swe:value>"))

    assert found.rows == (("2020", "4"), ("2021", "4"))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(array("2020,1@@2021"), "Row 2 .* 1 tokens, 2", id="token missing"),
        pytest.param(array("2020,1", 'tokenSeparator="" blockSeparator=" "'), "tokenSeparator", id="no separator"),
    ],
)
def test_rows_of_another_shape_are_refused(document, message):
    """
    A row that does not fit its columns would shift all values after it.
    """
    with pytest.raises(InvalidRequest, match=message):
        swe20.decode_array(document)


@pytest.mark.parametrize(
    ("component", "text", "expected"),
    [
        pytest.param(LEVEL, "1.5", (1.5, None), id="quantity"),
        pytest.param(LEVEL, "-999", (None, "missing"), id="nil value"),
        pytest.param(LEVEL, "-999.0", (None, "missing"), id="nil value written otherwise"),
        pytest.param(LEVEL, "NaN", (None, "unknown"), id="NaN"),
        pytest.param(LEVEL, "", (None, "missing"), id="empty"),
        pytest.param(swe20.Component("Count", "n"), "3", (3, None), id="count"),
        pytest.param(swe20.Component("Boolean", "b"), "true", (True, None), id="boolean"),
        pytest.param(STATE, " dry ", ("dry", None), id="category"),
    ],
)
def test_a_value_is_read_as_its_component_says(component, text, expected):
    """
    Nil values give None and the reason, never a number.
    """
    assert swe20.decode_value(component, text, "line 1") == expected


@pytest.mark.parametrize("text", ["high", "INF", "1_000", "1,5"])
def test_a_bad_value_is_refused(text):
    """
    A text that is no number is refused with its component.
    """
    with pytest.raises(InvalidRequest, match=r"level.*line 1"):
        swe20.decode_value(LEVEL, text, "line 1")


@pytest.mark.parametrize(
    ("encoding", "values"),
    [
        pytest.param(TextEncoding("#", "@"), "2020-01-01#1.5#dry@2020-01-02#-999#wet", id="text"),
        pytest.param(
            XmlEncoding(),
            "<r><time>2020-01-01</time><level>1.5</level><state>dry</state></r>"
            "<r><time>2020-01-02</time><level>-999</level><state>wet</state></r>",
            id="XML",
        ),
    ],
)
def test_an_array_comes_back_equal(encoding, values):
    """
    Writing and reading an array are each other's inverse, in every encoding.
    """
    document = xml.serialize(swe20.encode_array("rows", (TIME, LEVEL, STATE), 2, encoding, "VALUES"))

    found = swe20.decode_array(xml.parse(document.replace(b"VALUES", values.encode())))

    rows = (("2020-01-01", "1.5", "dry"), ("2020-01-02", "-999", "wet"))
    assert found == swe20.DataArray((TIME, LEVEL, STATE), rows)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("<r><time>2020</time></r>", id="one is missing"),
        pytest.param("<r><level>1</level><time>2020</time><state>dry</state></r>", id="another order"),
    ],
)
def test_a_row_of_other_elements_is_refused(row):
    """
    In XML encoding the elements of a row are the components, in their order.
    """
    document = xml.serialize(swe20.encode_array("rows", (TIME, LEVEL, STATE), 1, XmlEncoding(), "VALUES"))

    with pytest.raises(InvalidRequest, match=r"Row 1 .* time, level, state are declared"):
        swe20.decode_array(xml.parse(document.replace(b"VALUES", row.encode())))


def test_a_range_is_one_element_with_two_ends():
    """
    In XML encoding both ends of a range stand in one element, with white space between.
    """
    period = swe20.Component("TimeRange", "time", swe20.PHENOMENON_TIME, swe20.GREGORIAN)
    document = xml.serialize(swe20.encode_array("rows", (period,), 1, XmlEncoding(), "VALUES"))

    found = swe20.decode_array(xml.parse(document.replace(b"VALUES", b"<r><time>2020 2021</time></r>")))

    assert (("2020/2021",),) == found.rows
