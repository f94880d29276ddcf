"""
The form of results (OGC 12-006 clause 9.4): what each column of their rows means, as SWE Common 2.0 tells.

A row has a phenomenon time and one value, which may be a record (`swe20_complex`); it may have a result time, the
identifier of its feature of interest, and in a vector of latitude and longitude where it was observed. Reading rows is
in `swe20_rows`, writing them in `swe20_writer`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lxml import etree

from sos_server.codecs import om20_result, swe20, swe20_complex, xml
from sos_server.codecs.swe20_encoding import Encoding, TextEncoding, XmlEncoding, decode_encoding, encode_encoding
from sos_server.errors import InvalidParameterValue, InvalidRequest
from sos_server.model import OM_CATEGORY, OM_COMPLEX, OM_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sos_server.codecs.swe20 import Component
    from sos_server.model import ResultTemplate, RowSummary, SeriesInfo

RESULT_TIME = "http://www.opengis.net/def/property/OGC/0/ResultTime"
ROW_NAME = "record"
_KINDS = {observation_type: kind for kind, observation_type in swe20.OBSERVATION_TYPES.items()}
# texts may hold any separator, so they are written with none
_ENCODINGS: dict[str, Encoding] = {OM_TEXT: XmlEncoding(), OM_CATEGORY: XmlEncoding()}
_FRAMES = re.compile(r".*(EPSG.*\b4326|EPSG.*\b4979|CRS84)", re.IGNORECASE)
_ELEMENT_NAME = re.compile(r"[^\W\d][\w.-]*")
_IN_VALUES = re.compile(r"[\w+.:-]")
_NUMBERS_FOR_NIL = ("NaN", "INF", "-INF")  # no stored number is one of these


@dataclass(frozen=True, slots=True)
class ResultForm:
    """
    Columns and encoding of results; the indices tell which component means what.

    `place` are the indices of longitude, latitude and perhaps height.
    """

    components: tuple[Component, ...]
    encoding: Encoding
    phenomenon_time: int
    value: int
    result_time: int | None = None
    feature: int | None = None
    place: tuple[int, ...] = ()
    row_name: str = ROW_NAME

    @property
    def observation_type(self) -> str:
        """Give the observation type that the value column stands for."""
        component = self.components[self.value]
        return OM_COMPLEX if component.record is not None else swe20.OBSERVATION_TYPES[component.kind]

    @property
    def tokens(self) -> int:
        """Give the number of tokens of a row."""
        return sum(component.tokens for component in self.components)


def form_of(template: ResultTemplate) -> ResultForm:
    """Read the form of the results of a template as `read_form` does."""
    is_complex = template.observation_type == OM_COMPLEX
    return read_form(template.structure, template.encoding, is_complex=is_complex)


@lru_cache(maxsize=256)
def read_form(structure: bytes, encoding: bytes, *, is_complex: bool = False) -> ResultForm:
    """
    Read the form of results; raises `InvalidParameterValue` for one that is not served, saying why.

    A record inside of that of a row is one value where the results are complex, else it is taken as its fields.
    """
    decode = swe20_complex.decode_components if is_complex else swe20.decode_components
    try:
        row_name, row = _record(xml.parse(structure))
        form = _form(tuple(decode(row)), decode_encoding(xml.parse(encoding)), row_name)
    except InvalidRequest as error:
        raise _unusable(error.message) from error
    for vector in (
        row.iterfind("swe:field/swe:Vector", xml.NAMESPACES) if is_complex else row.iter(xml.tag("swe:Vector"))
    ):
        frame = vector.get("referenceFrame") or ""
        if _FRAMES.fullmatch(frame) is None:
            raise _unusable(f"The reference frame {frame!r} of a vector is not served; use that of EPSG 4326.")
    return form


def _record(root: etree._Element) -> tuple[str, etree._Element]:
    """Give the record of a row and the name of a row: it may stand in an array."""
    if root.tag != xml.tag("swe:DataArray"):
        return ROW_NAME, root
    holder = xml.required_child(root, "swe:elementType")
    inner = xml.first_element(holder)
    if inner is None:
        raise InvalidRequest("The array has no element type inline.")
    return holder.get("name") or ROW_NAME, inner


def _form(components: tuple[Component, ...], encoding: Encoding, row_name: str) -> ResultForm:
    phenomenon_time, result_time = om20_result.choose_times(components)
    feature = _only(components, _is_feature, "feature of interest")
    place = _place(components)
    told = {phenomenon_time, result_time, feature, *place}
    values = [index for index in range(len(components)) if index not in told and not components[index].is_time]
    if phenomenon_time is None:
        raise _unusable("The structure has no phenomenon time; add a field swe:Time with that definition.")
    if len(values) != 1 or components[values[0]].kind not in (*swe20.OBSERVATION_TYPES, "DataRecord"):
        names = ", ".join(components[index].name for index in values) or "none"
        raise _unusable(f"The structure needs one field with a value, it has {names}; make a template for each.")
    if components[values[0]].kind == "Quantity" and not components[values[0]].uom:
        raise _unusable(f"The field {components[values[0]].name} has no unit; add swe:uom.")
    is_complex = components[values[0]].record is not None
    _check_encoding(encoding, [row_name, *(component.name for component in components)], is_complex=is_complex)
    spare = sum(component.is_time for component in components) - 1 - (result_time is not None)
    if spare:
        raise _unusable("The structure has a time that is neither phenomenon time nor result time; leave it out.")
    return ResultForm(components, encoding, phenomenon_time, values[0], result_time, feature, place, row_name)


def _check_encoding(encoding: Encoding, names: Sequence[str], *, is_complex: bool) -> None:
    """Refuse an encoding in which values could not be told from what stands between them."""
    if isinstance(encoding, XmlEncoding):
        if is_complex:
            raise _unusable("Records are served in text encoding only; use swe:TextEncoding.")
        wrong = [name for name in names if _ELEMENT_NAME.fullmatch(name) is None]
        if wrong:
            raise _unusable(f"The name {wrong[0]!r} cannot be that of an element, which XML encoding makes of it.")
        return
    separators = encoding.token_separator, encoding.block_separator
    together = "".join(separators)
    if separators[0] == separators[1] or _IN_VALUES.search(together) or encoding.decimal_separator in together:
        raise _unusable(f"The separators {separators[0]!r} and {separators[1]!r} can occur in values; use others.")


def _unusable(reason: str) -> InvalidParameterValue:
    return InvalidParameterValue(f"The template cannot be used. {reason}", "proposedTemplate")


def _only(components: Sequence[Component], is_it: Callable[[Component], bool], what: str) -> int | None:
    found = [index for index, component in enumerate(components) if is_it(component)]
    if len(found) > 1:
        raise _unusable(f"The structure has more than one {what}.")
    return found[0] if found else None


def _is_feature(component: Component) -> bool:
    definition = component.definition or component.name
    return component.kind == "Text" and definition.lower().endswith("featureofinterest")


def _place(components: Sequence[Component]) -> tuple[int, ...]:
    """Find the coordinates of the sampling geometry: longitude, latitude, and the height where it is told."""
    vector = [index for index, component in enumerate(components) if component.in_vector]
    if not vector:
        return ()

    def coordinate(*words: str) -> list[int]:
        names = {index: (components[index].name or components[index].definition or "").lower() for index in vector}
        return [index for index, name in names.items() if name.startswith(words)]

    longitude, latitude = coordinate("lon", "x", "east"), coordinate("lat", "y", "north")
    height = [index for index in vector if index not in (*longitude, *latitude)]
    if len(longitude) != 1 or len(latitude) != 1 or len(height) > 1:
        raise _unusable("The vector has no coordinates named latitude and longitude.")
    return (longitude[0], latitude[0], *height)


def write_form(form: ResultForm) -> tuple[bytes, bytes]:
    """Write the structure and the encoding of a form, as a template keeps them."""
    return etree.tostring(swe20.encode_record(form.components)), etree.tostring(encode_encoding(form.encoding))


def usual_form(series: SeriesInfo) -> ResultForm:
    """Give the form for results of a series that nobody made a template for: phenomenon time and value."""
    nil_values = {"NaN": swe20.UNKNOWN} if _KINDS[series.observation_type] in ("Quantity", "Count") else {}
    components = (_time("phenomenonTime", swe20.PHENOMENON_TIME), _value(series, nil_values))
    return ResultForm(components, _encoding(series), 0, 1)


def merged_form(series: SeriesInfo, summary: RowSummary) -> ResultForm:
    """Give the form that tells all of the rows of a series: periods, result times and nil reasons where they occur."""
    kind = "TimeRange" if summary.has_periods else "Time"
    components = [_time("phenomenonTime", swe20.PHENOMENON_TIME, kind)]
    if summary.has_result_times:
        components.append(_time("resultTime", RESULT_TIME))
    if _KINDS[series.observation_type] in ("Quantity", "Count"):
        texts: Sequence[str] = _NUMBERS_FOR_NIL
    else:
        texts = [f"nil:{reason}" for reason in summary.nil_reasons]
    components.append(_value(series, dict(zip(texts, summary.nil_reasons, strict=False))))
    last = len(components) - 1
    return ResultForm(tuple(components), _encoding(series), 0, last, 1 if last == 2 else None)


def _encoding(series: SeriesInfo) -> Encoding:
    return _ENCODINGS.get(series.observation_type, TextEncoding())


def _time(name: str, definition: str, kind: str = "Time") -> Component:
    return swe20.Component(kind, name, definition, swe20.GREGORIAN)


def _value(series: SeriesInfo, nil_values: dict[str, str]) -> Component:
    kind = _KINDS[series.observation_type]
    uom = series.uom or "1" if kind == "Quantity" else None
    name = _field_name(series.observed_property)
    return swe20.Component(kind, name, series.observed_property, uom, nil_values)


def _field_name(observed_property: str) -> str:
    """Make a name of XML from the last part of an identifier."""
    last = re.split(r"[/#:]", observed_property.rstrip("/#:"))[-1]
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", last)
    return name if re.match(r"[A-Za-z_]", name) and name not in ("phenomenonTime", "resultTime") else f"value_{name}"


def same_form(one: ResultTemplate, other: ResultTemplate) -> bool:
    """Tell whether results of two templates have the same form."""
    return form_of(one) == form_of(other)
