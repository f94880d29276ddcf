"""
Writing O&M 2.0 observations (OGC 10-025r1) as a stream of bytes.

The part that is the same for all observations of a series is built and escaped once with lxml, with marks where the
varying parts go; the text it gives is then filled for each observation, 8 and more times as cheap as a tree for each.

A feature with a shape stands inline at its first observation and is referred to by its identifier from then on: so
every observation but that one names procedure, property and feature by `xlink:href`, which is all that most clients
read. Result times are inline: few clients follow references.
"""

from __future__ import annotations

import itertools
import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import escape

from lxml import etree

from sos_server.codecs import gml32, sampling20, xml, xsd
from sos_server.model import OM_CATEGORY, OM_COUNT, OM_MEASUREMENT, OM_TEXT, OM_TRUTH, Feature, Observation, StoredRow
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sos_server.model import SeriesInfo, Value

SAMPLING_GEOMETRY = "http://www.opengis.net/def/param-name/OGC-OM/2.0/samplingGeometry"
ROWS_PER_CHUNK = 500

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_TEXT = {"\r": "&#13;"}
_IN_ATTRIBUTE = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;", '"': "&quot;"}
_NSMAP = {prefix: xml.NAMESPACES[prefix] for prefix in ("sos", "om", "gml", "sam", "sams", "swe", "xlink", "xsi", "xs")}

_NUMBER, _IDENTIFIER, _BEGIN, _END, _RESULT_TIME = "number", "identifier", "begin", "end", "result"
_VALID_BEGIN, _VALID_END, _VALUE, _NIL_REASON = "valid-begin", "valid-end", "value", "nil"


class Constants(NamedTuple):
    """What all observations of a series share in a document."""

    procedure: str
    observed_property: str
    feature: Feature
    observation_type: str
    uom: str | None
    geometry: Mapping[str, Any] | None = None


class _Form(NamedTuple):
    """Which optional parts an observation has; each form of a series has its own text block."""

    identified: bool
    period: bool
    valid: bool
    nil: bool
    inline_feature: bool


class _Holder(NamedTuple):
    """The document around the observations: its root, and the property that holds each."""

    root: etree._Element
    member: str


def encode_observations(
    series: Iterable[tuple[SeriesInfo, Iterator[StoredRow]]], *, counts_as_measures: bool = True
) -> Iterator[bytes]:
    """
    Write a GetObservationResponse as a stream; nothing is kept but the text blocks of the current series.

    With `counts_as_measures` counts go out as measures of unit 1, which more clients read than integers.
    """
    root = etree.Element(xml.tag("sos:GetObservationResponse"), nsmap=_NSMAP)
    rows = ((_constants(info), rows) for info, rows in series)
    yield from _encode(_Holder(root, "sos:observationData"), rows, counts_as_measures=counts_as_measures)


def encode_insertion(root: etree._Element, observations: Iterable[Observation]) -> Iterator[bytes]:
    """Write observations into an `sos:InsertObservation` that has its offerings already."""
    by_series = sorted(observations, key=attrgetter("procedure", "observed_property", "feature_of_interest"))
    groups = itertools.groupby(by_series, key=_constants_of)
    rows = ((constants, (_row(observation) for observation in group)) for constants, group in groups)
    yield from _encode(_Holder(root, "sos:observation"), rows, counts_as_measures=False)


def insertion_root(offerings: Iterable[str]) -> etree._Element:
    """Make the root element of an InsertObservation request."""
    root = etree.Element(xml.tag("sos:InsertObservation"), service="SOS", version="2.0.0", nsmap=_NSMAP)
    for offering in offerings:
        xml.add(root, "sos:offering", offering)
    return root


def _encode(
    holder: _Holder, series: Iterable[tuple[Constants, Iterable[StoredRow]]], *, counts_as_measures: bool
) -> Iterator[bytes]:
    head, tail = _frame(holder.root)
    written: list[str] = [head]
    features: dict[str, int] = {}
    numbers = itertools.count(1)
    for constants, rows in series:
        writer = _SeriesWriter(constants, holder, features, counts_as_measures=counts_as_measures)
        for row in rows:
            written.append(writer.write(next(numbers), row))
            if len(written) >= ROWS_PER_CHUNK:
                yield "".join(written).encode()
                written.clear()
    written.append(tail)
    yield "".join(written).encode()


def _frame(root: etree._Element) -> tuple[str, str]:
    """Give what stands before and after the observations."""
    mark = etree.SubElement(root, "mark")
    text = etree.tostring(root, encoding="unicode")
    root.remove(mark)
    head, _, tail = text.partition("<mark/>")
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{head}", tail


class _SeriesWriter:
    """Writes the observations of one series; makes a text block for each form when it first occurs."""

    def __init__(
        self, constants: Constants, holder: _Holder, features: dict[str, int], *, counts_as_measures: bool
    ) -> None:
        if counts_as_measures and constants.observation_type == OM_COUNT:
            constants = constants._replace(observation_type=OM_MEASUREMENT, uom=constants.uom or "1")
        self._constants = constants
        self._holder = holder
        self._features = features
        self._blocks: dict[_Form, str] = {}
        self._write_value = _WRITERS.get(constants.observation_type, _write_text)

    def write(self, number: int, row: StoredRow) -> str:
        _, begin, end, result_time, value, identifier, _, valid_begin, _ = row
        feature = self._constants.feature
        inline = feature.geometry is not None and feature.identifier not in self._features
        form = _Form(identifier is not None, end != begin, valid_begin is not None, value is None, inline)
        block = self._blocks.get(form)
        if block is None:
            block = self._blocks[form] = self._block(form)
        begin_text = xsd.write_microseconds(begin)
        parts: dict[str, object] = {
            _NUMBER: number,
            _BEGIN: begin_text,
            _RESULT_TIME: begin_text if result_time == begin else xsd.write_microseconds(result_time),
        }
        if value is not None:
            parts[_VALUE] = self._write_value(value)
        if any(form):
            self._add_options(parts, form, row)
        return block % parts

    @staticmethod
    def _add_options(parts: dict[str, object], form: _Form, row: StoredRow) -> None:
        if form.identified:
            parts[_IDENTIFIER] = _write_text(row.identifier)
        if form.period:
            parts[_END] = xsd.write_microseconds(row.end)
        if row.valid_begin is not None and row.valid_end is not None:
            parts[_VALID_BEGIN] = xsd.write_microseconds(row.valid_begin)
            parts[_VALID_END] = xsd.write_microseconds(row.valid_end)
        if form.nil:
            parts[_NIL_REASON] = _write_attribute(row.nil_reason or "unknown")

    def _block(self, form: _Form) -> str:
        if form.inline_feature:
            self._features[self._constants.feature.identifier] = len(self._features) + 1
        mark = _free_mark(self._constants)
        root = etree.Element("root", nsmap=_NSMAP)
        _build(xml.add(root, self._holder.member), self._constants, form, mark, len(self._features))
        etree.cleanup_namespaces(root, keep_ns_prefixes=list(_NSMAP))
        text = etree.tostring(root, encoding="unicode")
        inside = text[text.index(">") + 1 : text.rindex("</")].replace("%", "%%")
        return re.sub(f"{mark}([a-z-]+){mark}", r"%(\1)s", inside) + "\n"


def _free_mark(constants: Constants) -> str:
    """Give a private character that occurs in none of the constants."""
    used = repr(constants)
    return next(letter for letter in map(chr, range(0xE000, 0xF8FF)) if letter not in used)


def _build(member: etree._Element, constants: Constants, form: _Form, mark: str, feature_number: int) -> None:
    """Build one observation with marks where the varying parts go."""

    def varying(name: str) -> str:
        return f"{mark}{name}{mark}"

    number = varying(_NUMBER)
    element = xml.add(member, "om:OM_Observation", **{xml.GML_ID: f"o_{number}"})
    if form.identified:
        xml.add(element, "gml:identifier", varying(_IDENTIFIER), codeSpace=sampling20.UNKNOWN)
    if not form.nil or constants.observation_type == OM_MEASUREMENT:
        # the rules of the other types know no nil result
        xml.add(element, "om:type", **{xml.XLINK_HREF: constants.observation_type})
    end = varying(_END) if form.period else None
    _add_time(xml.add(element, "om:phenomenonTime"), f"pt_{number}", varying(_BEGIN), end)
    _add_time(xml.add(element, "om:resultTime"), f"rt_{number}", varying(_RESULT_TIME))
    if form.valid:
        _add_time(xml.add(element, "om:validTime"), f"vt_{number}", varying(_VALID_BEGIN), varying(_VALID_END))
    xml.add(element, "om:procedure", **{xml.XLINK_HREF: constants.procedure})
    if constants.geometry is not None:
        _add_sampling_geometry(element, constants.geometry, f"sg_{number}")
    xml.add(element, "om:observedProperty", **{xml.XLINK_HREF: constants.observed_property})
    _add_feature(element, constants.feature, f"ssf_{feature_number}" if form.inline_feature else None)
    result = xml.add(element, "om:result")
    if form.nil:
        result.set("nilReason", varying(_NIL_REASON))
        if constants.observation_type == OM_MEASUREMENT:
            result.set("uom", constants.uom or "1")
            result.text = "NaN"
    else:
        _set_type(result, constants, varying(_VALUE))


def _add_time(holder: etree._Element, gml_id: str, begin: str, end: str | None = None) -> None:
    if end is None:
        instant = xml.add(holder, "gml:TimeInstant", **{xml.GML_ID: gml_id})
        xml.add(instant, "gml:timePosition", begin)
        return
    period = xml.add(holder, "gml:TimePeriod", **{xml.GML_ID: gml_id})
    xml.add(period, "gml:beginPosition", begin)
    xml.add(period, "gml:endPosition", end)


def _add_sampling_geometry(element: etree._Element, geometry: Mapping[str, Any], gml_id: str) -> None:
    named = xml.add(xml.add(element, "om:parameter"), "om:NamedValue")
    xml.add(named, "om:name", **{xml.XLINK_HREF: SAMPLING_GEOMETRY})
    value = xml.add(named, "om:value", **{xml.XSI_TYPE: "gml:GeometryPropertyType"})
    value.append(gml32.encode_geometry(geometry, gml_id))


def _add_feature(element: etree._Element, feature: Feature, gml_id: str | None) -> None:
    holder = xml.add(element, "om:featureOfInterest")
    if gml_id is not None:
        holder.append(sampling20.encode_feature(feature, gml_id))
        return
    holder.set(xml.XLINK_HREF, feature.identifier)
    if feature.name:
        holder.set(xml.XLINK_TITLE, feature.name)


def _set_type(result: etree._Element, constants: Constants, value: str) -> None:
    match constants.observation_type:
        case "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation":
            result.set(xml.XSI_TYPE, "gml:ReferenceType")
            result.set(xml.XLINK_HREF, value)
            return
        case "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement":
            result.set(xml.XSI_TYPE, "gml:MeasureType")
            result.set("uom", constants.uom or "1")
        case "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation":
            result.set(xml.XSI_TYPE, "xs:integer")
        case "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_TruthObservation":
            result.set(xml.XSI_TYPE, "xs:boolean")
        case _:
            result.set(xml.XSI_TYPE, "xs:string")
    result.text = value


def _write_text(value: Value) -> str:
    return escape(_ILLEGAL.sub("\ufffd", str(value)), _IN_TEXT)


def _write_attribute(value: Value) -> str:
    return escape(_ILLEGAL.sub("\ufffd", str(value)), _IN_ATTRIBUTE)


def _write_number(value: Value) -> str:
    return xsd.write_double(value) if isinstance(value, float) else str(int(value or 0))


_WRITERS: dict[str, Callable[[Value], str]] = {
    OM_MEASUREMENT: _write_number,
    OM_COUNT: _write_number,
    OM_TRUTH: xsd.write_boolean,
    OM_CATEGORY: _write_attribute,
    OM_TEXT: _write_text,
}


def _constants(info: SeriesInfo) -> Constants:
    return Constants(info.procedure, info.observed_property, info.feature, info.observation_type, info.uom)


def _constants_of(observation: Observation) -> Constants:
    feature = observation.feature or Feature(observation.feature_of_interest)
    observation_type = observation.observation_type or _type_of(observation.value)
    return Constants(
        observation.procedure,
        observation.observed_property,
        feature,
        observation_type,
        observation.uom,
        observation.geometry,
    )


def _type_of(value: Value) -> str:
    if isinstance(value, bool):
        return OM_TRUTH
    if isinstance(value, int):
        return OM_COUNT
    return OM_TEXT if isinstance(value, str) else OM_MEASUREMENT


def _row(observation: Observation) -> StoredRow:
    """Give an observation as a row; without a result time it is taken as known when it was over."""
    begin = to_microseconds(observation.phenomenon_time)
    end = begin if observation.phenomenon_time_end is None else to_microseconds(observation.phenomenon_time_end)
    valid = observation.valid_time
    return StoredRow(
        id=0,
        begin=begin,
        end=end,
        result_time=end if observation.result_time is None else to_microseconds(observation.result_time),
        value=observation.value,
        identifier=observation.identifier,
        nil_reason=observation.nil_reason,
        valid_begin=None if valid is None else to_microseconds(valid[0]),
        valid_end=None if valid is None else to_microseconds(valid[1]),
    )
