"""SWE Common 2.0 (OGC 08-094r1): scalar components, records and arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sos_server.codecs import xml, xsd
from sos_server.codecs.swe20_encoding import (
    Encoding,
    TextEncoding,
    decode_encoding,
    encode_encoding,
    named_rows,
    read_named,
)
from sos_server.codecs.uom import add_swe_uom, decode_swe_uom
from sos_server.errors import InvalidRequest
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lxml import etree

    from sos_server.codecs.swe20_complex import RecordForm

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
    inline value, in an array a constant that uses no token; `record` is the form of a whole record, which only rows of
    results have as one component.
    """

    kind: str
    name: str
    definition: str | None = None
    uom: str | None = None
    nil_values: Mapping[str, str] = field(default_factory=dict)
    value: str | None = None
    in_vector: bool = False
    record: RecordForm | None = None

    @property
    def is_time(self) -> bool:
        """Tell whether it holds a time."""
        return self.kind in _TIMES

    @property
    def tokens(self) -> int:
        """Give the number of tokens that it uses in a row."""
        if self.record is not None:
            return self.record.tokens
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
    yield Component(
        kind=kind,
        name=name,
        definition=element.get("definition") or None,
        uom=decode_swe_uom(xml.child(element, "swe:uom")),
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
    """Read a `swe:DataArray` in text or XML encoding; the element count is not believed."""
    holder = xml.first_element(xml.required_child(element, "swe:elementType"))
    if holder is None:
        raise InvalidRequest(f"The array at {xml.where(element)} has no element type inline.", "elementType")
    components = tuple(decode_components(holder))
    values = xml.child(element, "swe:values")
    if values is None or not "".join(values.itertext()).strip():
        return DataArray(components, ())
    encoding = decode_encoding(xml.first_element(xml.required_child(element, "swe:encoding")))
    return DataArray(components, tuple(_rows(values, encoding, components)))


def _rows(values: etree._Element, encoding: Encoding, components: Sequence[Component]) -> Iterator[tuple[str, ...]]:
    if isinstance(encoding, TextEncoding):
        expected = sum(component.tokens for component in components)
        for tokens in encoding.rows("".join(values.itertext()), expected, xml.where(values)):
            yield _fill(tokens, components)
        return
    names = [component.name for component in components if component.value is None]
    for texts in named_rows(read_named(values), names):
        found = iter(texts)
        yield tuple(
            "/".join(next(found).split()) if component.tokens == 2 else component.value or next(found)
            for component in components
        )


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
    if component.is_time:
        xml.add(element, "swe:uom", **{xml.XLINK_HREF: component.uom or GREGORIAN})
    elif component.kind == "Quantity":
        add_swe_uom(element, component.uom or "1")
    if component.value is not None:
        xml.add(element, "swe:value", component.value)
    return element


def encode_record(components: Iterable[Component]) -> etree._Element:
    """Write components as the fields of a `swe:DataRecord`."""
    record = xml.new("swe:DataRecord")
    for component in components:
        xml.add(record, "swe:field", name=component.name).append(encode_component(component))
    return record


def encode_array(
    name: str, components: Sequence[Component], count: int, encoding: Encoding, values: str
) -> etree._Element:
    """Write a `swe:DataArray` around values that are encoded already."""
    element = xml.new("swe:DataArray")
    xml.add(xml.add(xml.add(element, "swe:elementCount"), "swe:Count"), "swe:value", str(count))
    xml.add(element, "swe:elementType", name=name).append(encode_record(components))
    xml.add(element, "swe:encoding").append(encode_encoding(encoding))
    xml.add(element, "swe:values", values)
    return element
