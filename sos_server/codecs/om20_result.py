"""
The results of O&M 2.0 observations: scalars of every type, nil, arrays, records and geometries.

A record is read field by field, or as a whole: then it is one value, as `swe20_record` writes it; and so is a geometry.

A result that cannot be read is refused with its line; a nil result gives the value None and its reason, never a number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sos_server.codecs import gml32, swe20, swe20_record, xml, xsd
from sos_server.codecs.uom import decode_uom
from sos_server.errors import InvalidParameterValue, InvalidRequest, MissingParameterValue
from sos_server.model import (
    OM_CATEGORY,
    OM_COMPLEX,
    OM_COUNT,
    OM_GEOMETRY,
    OM_MEASUREMENT,
    OM_TEXT,
    OM_TRUTH,
    SCALAR_TYPES,
    STRUCTURED_TYPES,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from lxml import etree

# the local names of xsi:type, and what they hold
_KINDS = {
    "MeasureType": "measure",
    "double": "measure",
    "decimal": "measure",
    "float": "measure",
    "integer": "count",
    "int": "count",
    "long": "count",
    "boolean": "truth",
    "ReferenceType": "category",
    "CodeType": "category",
    "string": "text",
}
_KINDS_BY_OBSERVATION_TYPE = {
    OM_MEASUREMENT: "measure",
    OM_COUNT: "count",
    OM_TRUTH: "truth",
    OM_CATEGORY: "category",
    OM_TEXT: "text",
}
_OBSERVATION_TYPES = {kind: uri for uri, kind in _KINDS_BY_OBSERVATION_TYPE.items()}


class ResultValue(NamedTuple):
    """
    One value of a result; what is None stands in the observation itself.

    `of_observation` tells that the value is of the observation's own observed property.
    """

    value: Value
    uom: str | None = None
    nil_reason: str | None = None
    observation_type: str | None = None
    observed_property: str | None = None
    of_observation: bool = True
    phenomenon_time: gml32.Time | None = None
    result_time: datetime | None = None
    geometry: Mapping[str, Any] | None = None


def decode_result(
    element: etree._Element, observation_type: str | None, *, whole: bool = False
) -> Iterator[ResultValue]:
    """
    Read all values of an `om:result`.

    With `whole` a record or geometry is one value as text, which its observation type must say; without it a record
    gives a value for each field, and a geometry none.
    """
    inner = xml.first_element(element)
    if inner is None:
        yield decode_scalar(element, observation_type)
        return
    name, namespace = xml.local_name(inner), xml.namespace(inner)
    if whole and (namespace == xml.NAMESPACES["gml"] or name == "DataRecord"):
        yield _structured(inner, observation_type)
    elif namespace == xml.NAMESPACES["gml"]:
        yield ResultValue(None, observation_type=OM_GEOMETRY, geometry=gml32.decode_geometry(inner))
    elif namespace != xml.NAMESPACES["swe"]:
        raise InvalidRequest(f"A result {name} is not supported ({xml.where(inner)}).", "result")
    elif name == "DataArray":
        yield from _array_values(inner)
    elif name == "DataRecord":
        components = tuple(swe20.decode_components(inner))
        row = tuple(component.value or "" for component in components)
        yield from _Columns(components, inner, is_complex=observation_type == OM_COMPLEX).values(row)
    else:
        (component,) = swe20.decode_components(inner)
        value, nil_reason = swe20.decode_value(component, component.value or "", xml.where(inner))
        yield ResultValue(
            value, component.uom, nil_reason, swe20.OBSERVATION_TYPES.get(component.kind, observation_type)
        )


def _structured(inner: etree._Element, observation_type: str | None) -> ResultValue:
    """Read a record or a geometry as one value."""
    found_type = OM_GEOMETRY if xml.namespace(inner) == xml.NAMESPACES["gml"] else OM_COMPLEX
    if observation_type in SCALAR_TYPES or observation_type in {*STRUCTURED_TYPES} - {found_type}:
        raise InvalidParameterValue(
            f"The result {xml.local_name(inner)} at {xml.where(inner)} is not what {observation_type} says.",
            "resultType",
        )
    if found_type == OM_COMPLEX:
        return ResultValue(swe20_record.decode_record(inner), observation_type=found_type)
    geometry = gml32.decode_geometry(inner)
    return ResultValue(json.dumps(geometry, separators=(",", ":")), observation_type=found_type)


def decode_scalar(element: etree._Element, observation_type: str | None) -> ResultValue:
    """Read a result without elements inside."""
    kind = _kind(element, observation_type)
    unit = element.get("uom")
    uom = None if unit is None else decode_uom(unit)
    text = (element.text or "").strip()
    found_type = observation_type or _OBSERVATION_TYPES[kind]
    nil_reason = element.get("nilReason")
    if nil_reason or element.get(xml.XSI_NIL) in ("true", "1") or (kind in ("measure", "count") and xsd.is_nan(text)):
        return ResultValue(None, uom, nil_reason or swe20.UNKNOWN, found_type)
    if found_type in STRUCTURED_TYPES:
        raise InvalidParameterValue(
            f"The result at {xml.where(element)} is a scalar, which {found_type} is not.", "resultType"
        )
    try:
        return ResultValue(_scalar(element, kind, text), uom, None, found_type)
    except ValueError as error:
        raise InvalidRequest(f"The result cannot be read: {error} ({xml.where(element)}).", "result") from error


def _scalar(element: etree._Element, kind: str, text: str) -> Value:
    match kind:
        case "measure":
            return xsd.read_double(text)
        case "count":
            return xsd.read_integer(text)
        case "truth":
            return xsd.read_boolean(text)
        case "category":
            return xml.href(element) or element.get(xml.XLINK_TITLE) or _not_empty(text)
        case _:
            return element.text or ""


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("it is empty, neither a value nor nil")
    return text


def _kind(element: etree._Element, observation_type: str | None) -> str:
    declared = element.get(xml.XSI_TYPE)
    if declared is not None:
        if not declared.strip():
            raise MissingParameterValue(f"The xsi:type of the result is empty ({xml.where(element)}).", "resultType")
        kind = _KINDS.get(declared.rpartition(":")[2].strip())
        if kind is None:
            raise InvalidParameterValue(
                f"The result type {declared} is not supported ({xml.where(element)}); use one of {', '.join(_KINDS)}.",
                "resultType",
            )
        return kind
    if element.get("uom") is not None:
        return "measure"
    return _KINDS_BY_OBSERVATION_TYPE.get(observation_type or "") or _guess(element)


def _guess(element: etree._Element) -> str:
    """Tell what a result without any type is: a reference, a number, or text."""
    if xml.href(element) is not None:
        return "category"
    try:
        xsd.read_double(element.text or "")
    except ValueError:
        return "text"
    return "measure"


def _array_values(element: etree._Element) -> Iterator[ResultValue]:
    array = swe20.decode_array(element)
    columns = _Columns(array.components, element)
    for row in array.rows:
        yield from columns.values(row)


class _Columns:
    """The columns of an array or record by what they mean: times, and the values that are observed."""

    def __init__(
        self, components: Sequence[swe20.Component], element: etree._Element, *, is_complex: bool = False
    ) -> None:
        self._element = element
        self._where = xml.where(element)
        self._time, self._result_time = choose_times(components)
        self._values = [
            (index, component)
            for index, component in enumerate(components)
            if not component.is_time and not component.in_vector
        ]
        # the property of a complex observation is the whole of its fields, however few
        self._is_of_observation = len(self._values) == 1 and not is_complex

    def values(self, row: Sequence[str]) -> Iterator[ResultValue]:
        time = None if self._time is None else self._read_time(row[self._time])
        result_time = None if self._result_time is None else self._read_time(row[self._result_time])
        for index, component in self._values:
            value, nil_reason = swe20.decode_value(component, row[index], self._where)
            yield ResultValue(
                value=value,
                uom=component.uom,
                nil_reason=nil_reason,
                observation_type=swe20.OBSERVATION_TYPES.get(component.kind),
                observed_property=component.definition or component.name,
                of_observation=self._is_of_observation,
                phenomenon_time=time,
                result_time=None if result_time is None else result_time.begin,
            )

    def _read_time(self, text: str) -> gml32.Time:
        begin, slash, end = text.partition("/")
        first = gml32.decode_instant(begin, self._element)
        return gml32.Time(first, gml32.decode_instant(end, self._element) if slash else None)


def _means(component: swe20.Component, word: str) -> bool:
    return word in (component.definition or component.name).lower()


def choose_times(components: Sequence[swe20.Component]) -> tuple[int | None, int | None]:
    """Give the columns of phenomenon time and result time: those whose definition says so, else the first time."""
    times = [index for index, component in enumerate(components) if component.is_time]
    result_time = next((index for index in times if _means(components[index], "resulttime")), None)
    return _phenomenon_time(components, [index for index in times if index != result_time]), result_time


def _phenomenon_time(components: Sequence[swe20.Component], times: Sequence[int]) -> int | None:
    """Choose the time column: the one whose definition says so, else the first."""
    for word in ("phenomenontime", "samplingtime"):
        for index in times:
            if _means(components[index], word):
                return index
    return times[0] if times else None
