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
import json
import re
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from lxml import etree

from sos_server.codecs import gml32_encode, om20_block, swe20_record, xml, xsd
from sos_server.codecs.om20_block import Block, Constants, Form
from sos_server.model import (
    OM_CATEGORY,
    OM_COMPLEX,
    OM_COUNT,
    OM_MEASUREMENT,
    OM_TEXT,
    OM_TRUTH,
    SCALAR_TYPES,
    STRUCTURED_TYPES,
    Feature,
    Observation,
    StoredRow,
    annotations_of,
)
from sos_server.time import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sos_server.model import SeriesInfo, Value

ROWS_PER_CHUNK = 500

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_TEXT = {"\r": "&#13;"}
_IN_ATTRIBUTE = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;", '"': "&quot;"}


class _Holder(NamedTuple):
    """The document around the observations: what stands before and after them, and the property that holds each."""

    head: str
    tail: str
    member: str


_MEMBERS = {"GetObservationResponse": "sos:observationData", "GetObservationByIdResponse": "sos:observation"}


def encode_observations(
    series: Iterable[tuple[SeriesInfo, Iterator[StoredRow]]], *, counts_as_measures: bool = True
) -> Iterator[bytes]:
    """
    Write a GetObservationResponse as a stream; nothing is kept but the text blocks of the current series.

    With `counts_as_measures` counts go out as measures of unit 1, which more clients read than integers.
    """
    rows = ((_constants(info), rows) for info, rows in series)
    yield from _encode(_response("GetObservationResponse"), rows, counts_as_measures=counts_as_measures)


def encode_by_id(
    series: Iterable[tuple[SeriesInfo, Iterator[StoredRow]]], *, counts_as_measures: bool = True
) -> Iterator[bytes]:
    """Write a GetObservationByIdResponse as a stream."""
    rows = ((_constants(info), rows) for info, rows in series)
    yield from _encode(_response("GetObservationByIdResponse"), rows, counts_as_measures=counts_as_measures)


def encode_insertion(root: etree._Element, observations: Iterable[Observation]) -> Iterator[bytes]:
    """Write observations into an `sos:InsertObservation` that has its offerings already."""
    by_series = sorted(observations, key=attrgetter("procedure", "observed_property", "feature_of_interest"))
    groups = itertools.groupby(by_series, key=_constants_of)
    rows = ((constants, (_row(observation) for observation in group)) for constants, group in groups)
    yield from _encode(_Holder(*_frame(root), "sos:observation"), rows, counts_as_measures=False)


def insertion_root(offerings: Iterable[str]) -> etree._Element:
    """Make the root element of an InsertObservation request."""
    root = etree.Element(xml.tag("sos:InsertObservation"), service="SOS", version="2.0.0", nsmap=om20_block.NAMESPACES)
    for offering in offerings:
        xml.add(root, "sos:offering", offering)
    return root


def _encode(
    holder: _Holder, series: Iterable[tuple[Constants, Iterable[StoredRow]]], *, counts_as_measures: bool
) -> Iterator[bytes]:
    written: list[str] = [holder.head]
    features: dict[str, int] = {}
    numbers = itertools.count(1)
    for constants, rows in series:
        writer = _SeriesWriter(constants, holder, features, counts_as_measures=counts_as_measures)
        for text in writer.write(rows, numbers):
            written.append(text)
            if len(written) >= ROWS_PER_CHUNK:
                yield "".join(written).encode()
                written.clear()
    written.append(holder.tail)
    yield "".join(written).encode()


@cache
def _response(name: str) -> _Holder:
    root = etree.Element(xml.tag(f"sos:{name}"), nsmap=om20_block.NAMESPACES)
    return _Holder(*_frame(root), _MEMBERS[name])


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
        self._blocks: dict[Form, Block] = {}
        self._write_value = _WRITERS.get(constants.observation_type, _write_text)

    def write(self, rows: Iterable[StoredRow], numbers: Iterator[int]) -> Iterator[str]:
        """Write the observations; the usual form, that has nothing optional, has a way of its own."""
        usual, write_time, write_value = "", xsd.write_microseconds, self._write_value
        constants = self._constants
        has_geometries = constants.geometry is not None or constants.annotations is not None
        always_unusual = has_geometries or constants.observation_type in STRUCTURED_TYPES
        inline = self._is_new()
        for row, number in zip(rows, numbers, strict=False):
            _, begin, end, result_time, value, identifier, _, valid_begin, _ = row
            has_options = value is None or identifier is not None or end != begin or valid_begin is not None
            if has_options or inline or always_unusual:
                yield self._write(number, row, inline_feature=inline)
                inline = False
                continue
            usual = usual or self._block(om20_block.USUAL).text
            time = write_time(begin)
            result = time if result_time == begin else write_time(result_time)
            yield usual % (number, number, time, number, result, write_value(value))

    def _is_new(self) -> bool:
        """Tell whether the feature has a shape that this document does not show yet."""
        feature = self._constants.feature
        return feature.geometry is not None and feature.identifier not in self._features

    def _write(self, number: int, row: StoredRow, *, inline_feature: bool) -> str:
        """Write an observation of any form."""
        valid = row.valid_begin is not None and row.valid_end is not None
        form = Form(row.identifier is not None, row.end != row.begin, valid, row.value is None, inline_feature)
        block = self._block(form)
        begin = xsd.write_microseconds(row.begin)
        known = begin if row.result_time == row.begin else xsd.write_microseconds(row.result_time)
        parts: dict[str, object] = {om20_block.NUMBER: number, om20_block.BEGIN: begin, om20_block.RESULT_TIME: known}
        if form != (False, False, False, False, inline_feature):
            parts |= {
                om20_block.IDENTIFIER: _write_text(row.identifier),
                om20_block.END: xsd.write_microseconds(row.end),
                om20_block.VALID_BEGIN: xsd.write_microseconds(row.valid_begin or 0),
                om20_block.VALID_END: xsd.write_microseconds(row.valid_end or 0),
                om20_block.NIL_REASON: _write_attribute(row.nil_reason or "unknown"),
            }
        if row.value is not None:
            is_structured = self._constants.observation_type in STRUCTURED_TYPES
            parts[om20_block.VALUE] = (
                _write_structured(str(row.value), self._constants.observation_type, number)
                if is_structured
                else self._write_value(row.value)
            )
        return block.text % tuple(parts[name] for name in block.slots)

    def _block(self, form: Form) -> Block:
        if form not in self._blocks:
            if form.inline_feature:
                self._features[self._constants.feature.identifier] = len(self._features) + 1
            block = om20_block.build(self._holder.member, self._constants, form, len(self._features))
            self._blocks[form] = block
        return self._blocks[form]


def _write_text(value: Value) -> str:
    return escape(_ILLEGAL.sub("\ufffd", str(value)), _IN_TEXT)


def _write_attribute(value: Value) -> str:
    return escape(_ILLEGAL.sub("\ufffd", str(value)), _IN_ATTRIBUTE)


def _write_number(value: Value) -> str:
    return xsd.write_double(value) if isinstance(value, float) else str(int(value or 0))


def _write_structured(value: str, observation_type: str, number: int) -> str:
    """Write a record or a geometry as XML, inside a document that declares the namespaces of observations."""
    root = etree.Element("root", nsmap=om20_block.NAMESPACES)
    if observation_type == OM_COMPLEX:
        root.append(swe20_record.encode_record(value))
    else:
        root.append(gml32_encode.encode_geometry(json.loads(value), f"rg_{number}"))
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(om20_block.NAMESPACES))
    text: str = etree.tostring(root, encoding="unicode")
    return text[text.index(">") + 1 : text.rindex("</")]


_WRITERS: dict[str, Callable[[Value], str]] = {
    OM_MEASUREMENT: _write_number,
    OM_COUNT: _write_number,
    OM_TRUTH: xsd.write_boolean,
    OM_CATEGORY: _write_attribute,
    OM_TEXT: _write_text,
}


def _constants(info: SeriesInfo) -> Constants:
    return Constants(
        info.procedure,
        info.observed_property,
        info.feature,
        info.observation_type,
        info.uom,
        info.geometry,
        info.annotations,
    )


def _constants_of(observation: Observation) -> Constants:
    feature = observation.feature or Feature(observation.feature_of_interest)
    declared = observation.observation_type
    observation_type = declared if declared in (*SCALAR_TYPES, *STRUCTURED_TYPES) else _type_of(observation.value)
    return Constants(
        observation.procedure,
        observation.observed_property,
        feature,
        observation_type,
        observation.uom,
        observation.geometry,
        annotations_of(observation),
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
