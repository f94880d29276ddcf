"""SWE Common 2.0 (OGC 08-094r1): scalar components, records, and arrays in text encoding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sos_server.codecs import xml, xsd
from sos_server.errors import InvalidRequest
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lxml import etree

PHENOMENON_TIME = "http://www.opengis.net/def/property/OGC/0/PhenomenonTime"
GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
MISSING = "missing"  # the nil reasons of GML for an empty token and for NaN
UNKNOWN = "unknown"

OBSERVATION_TYPES = {
    "Quantity": OM_MEASUREMENT,
    "Count": OM_COUNT,
    "Boolean": OM_TRUTH,
    "Category": OM_CATEGORY,
    "Text": OM_TEXT,
}
_TIMES = frozenset({"Time", "TimeRange"})


@dataclass(frozen=True, slots=True)
class Component:
    """
    A scalar component: a column of an array or a field of a record.

    `nil_values` gives the reason for each value that stands for none; `in_vector` marks coordinates; `value` is an
    inline value, in an array a constant that uses no token.
    """

    kind: str
    name: str
    definition: str | None = None
    uom: str | None = None
    nil_values: Mapping[str, str] = field(default_factory=dict)
    value: str | None = None
    in_vector: bool = False

    @property
    def is_time(self) -> bool:
        """Tell whether it holds a time."""
        return self.kind in _TIMES

    @property
    def tokens(self) -> int:
        """Give the number of tokens that it uses in a row."""
        return 0 if self.value is not None else 2 if self.kind.endswith("Range") else 1


@dataclass(frozen=True, slots=True)
class DataArray:
    """The columns of an array and its rows of texts; constants are filled in, so each row has all columns."""

    components: tuple[Component, ...]
    rows: tuple[tuple[str, ...], ...]


def decode_components(element: etree._Element, name: str = "") -> Iterator[Component]:
    """Read a component of any type, a record or vector as its fields one after the other."""
    kind = xml.local_name(element)
    if kind in ("DataRecord", "Vector"):
        part = "swe:field" if kind == "DataRecord" else "swe:coordinate"
        for index, holder in enumerate(element.iterchildren(xml.tag(part))):
            inner = xml.first_element(holder)
            if inner is None:
                raise InvalidRequest(f"The {part} at {xml.where(holder)} is empty; define it inline.")
            for component in decode_components(inner, holder.get("name") or f"field{index}"):
                yield _as_coordinate(component) if kind == "Vector" else component
        return
    if kind not in OBSERVATION_TYPES and kind not in _TIMES and kind not in ("QuantityRange", "CountRange"):
        raise InvalidRequest(f"A component {kind} inside an array or record is not supported ({xml.where(element)}).")
    uom = xml.child(element, "swe:uom")
    yield Component(
        kind=kind,
        name=name,
        definition=element.get("definition") or None,
        uom=None if uom is None else (uom.get("code") or xml.href(uom)),
        nil_values=_nil_values(element),
        value=xml.text_of(xml.child(element, "swe:value")),
    )


def _as_coordinate(component: Component) -> Component:
    return Component(
        component.kind,
        component.name,
        component.definition,
        component.uom,
        component.nil_values,
        component.value,
        in_vector=True,
    )


def _nil_values(element: etree._Element) -> dict[str, str]:
    return {
        (nil.text or "").strip(): nil.get("reason") or UNKNOWN
        for nil in element.iterfind(".//swe:nilValue", xml.NAMESPACES)
    }


def decode_value(component: Component, text: str, where: str) -> tuple[Value, str | None]:
    """Read a value as its component says, with the reason when it is nil; `where` is told when it cannot be read."""
    stripped = text.strip()
    nil_reason = _nil_reason(component, stripped)
    if nil_reason is not None:
        return None, nil_reason
    try:
        match component.kind:
            case "Quantity":
                return xsd.read_double(stripped), None
            case "Count":
                return xsd.read_integer(stripped), None
            case "Boolean":
                return xsd.read_boolean(stripped), None
            case _:
                return stripped, None
    except ValueError as error:
        raise InvalidRequest(f"{component.kind} {component.name}: {error} ({where}).") from error


def _nil_reason(component: Component, text: str) -> str | None:
    if text in component.nil_values:
        return component.nil_values[text]
    if not text:
        return MISSING
    if component.kind not in ("Quantity", "Count"):
        return None
    if xsd.is_nan(text):
        return UNKNOWN
    return next((reason for nil, reason in component.nil_values.items() if _equal_numbers(nil, text)), None)


def _equal_numbers(one: str, other: str) -> bool:
    try:
        return xsd.read_double(one) == xsd.read_double(other)
    except ValueError:
        return False


def decode_array(element: etree._Element) -> DataArray:
    """Read a `swe:DataArray` with its values in text encoding; the element count is not believed."""
    holder = xml.first_element(xml.required_child(element, "swe:elementType"))
    if holder is None:
        raise InvalidRequest(f"The array at {xml.where(element)} has no element type inline.", "elementType")
    components = tuple(decode_components(holder))
    values = xml.child(element, "swe:values")
    text = "".join(values.itertext()) if values is not None else ""
    if not text.strip():
        return DataArray(components, ())
    encoding = xml.first_element(xml.required_child(element, "swe:encoding"))
    if encoding is None or xml.local_name(encoding) != "TextEncoding" or values is None:
        raise InvalidRequest(
            f"The array at {xml.where(element)} is not in TextEncoding, which is needed here.", "encoding"
        )
    return DataArray(components, tuple(_rows(text, encoding, components, xml.where(values))))


def _rows(
    text: str, encoding: etree._Element, components: Sequence[Component], where: str
) -> Iterator[tuple[str, ...]]:
    token_separator, block_separator = encoding.get("tokenSeparator"), encoding.get("blockSeparator")
    if not token_separator or not block_separator:
        raise InvalidRequest(f"tokenSeparator or blockSeparator is empty ({xml.where(encoding)}).", "encoding")
    decimal_separator = encoding.get("decimalSeparator") or "."
    expected = sum(component.tokens for component in components)
    for number, block in enumerate(_split(text, block_separator), start=1):
        tokens = [token.strip() for token in _split_tokens(block, token_separator)]
        if len(tokens) != expected:
            raise InvalidRequest(
                f"Row {number} of the array has {len(tokens)} tokens, {expected} are declared ({where})."
            )
        if decimal_separator != ".":
            tokens = [token.replace(decimal_separator, ".") for token in tokens]
        yield _fill(tokens, components)


def _split(text: str, separator: str) -> Iterator[str]:
    if separator.strip() == "" and "\n" not in separator:
        yield from text.split()
        return
    for block in text.split(separator):
        if block.strip():
            yield block


def _split_tokens(block: str, separator: str) -> list[str]:
    return block.split() if not separator.strip() else block.split(separator)


def _fill(tokens: list[str], components: Iterable[Component]) -> tuple[str, ...]:
    filled: list[str] = []
    position = 0
    for component in components:
        filled.append(
            component.value if component.value is not None else "/".join(tokens[position : position + component.tokens])
        )
        position += component.tokens
    return tuple(filled)


def encode_component(component: Component) -> etree._Element:
    """Write a scalar component, with its value when it has one."""
    element = xml.new(f"swe:{component.kind}")
    if component.definition:
        element.set("definition", component.definition)
    if component.nil_values:
        nils = xml.add(xml.add(element, "swe:nilValues"), "swe:NilValues")
        for value, reason in component.nil_values.items():
            xml.add(nils, "swe:nilValue", value, reason=reason)
    if component.kind == "Time":
        xml.add(element, "swe:uom", **{xml.XLINK_HREF: component.uom or GREGORIAN})
    elif component.kind == "Quantity":
        xml.add(element, "swe:uom", code=component.uom or "1")
    if component.value is not None:
        xml.add(element, "swe:value", component.value)
    return element


def encode_array(
    name: str, components: Sequence[Component], rows: Sequence[Sequence[str]], separator: str = ",", block: str = "@@"
) -> etree._Element:
    """Write a `swe:DataArray` of rows of texts; a text that holds a separator cannot be written."""
    element = xml.new("swe:DataArray")
    xml.add(xml.add(xml.add(element, "swe:elementCount"), "swe:Count"), "swe:value", str(len(rows)))
    record = xml.add(xml.add(element, "swe:elementType", name=name), "swe:DataRecord")
    for component in components:
        xml.add(record, "swe:field", name=component.name).append(encode_component(component))
    xml.add(xml.add(element, "swe:encoding"), "swe:TextEncoding", tokenSeparator=separator, blockSeparator=block)
    if any(separator in text or block in text for row in rows for text in row):
        raise InvalidRequest(
            f"A text holds {separator!r} or {block!r}, which separate the tokens; choose other separators."
        )
    xml.add(element, "swe:values", block.join(separator.join(row) for row in rows))
    return element
