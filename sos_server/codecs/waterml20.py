"""
WaterML 2.0 (OGC 10-126r4): timeseries as results, in time-value pairs and as domain and range.

The metadata of a point count before those that are the default of its series. A point without value, one that says that
it is nil, and the -999999 that the USGS writes beside a qualifier have the value None, with the reason.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from sos_server.codecs import gml32, swe_columns, xml
from sos_server.codecs.swe_structure import child
from sos_server.errors import InvalidRequest
from sos_server.model import OM_CATEGORY, OM_MEASUREMENT, Value

if TYPE_CHECKING:
    from lxml import etree

NAMESPACE = "http://www.opengis.net/waterml/2.0"
NO_VALUE = "missing"
_MISSING_NUMBER = -999999.0
_NIL_WORDS = frozenset({"missing", "inapplicable", "template", "unknown", "withheld", "null", "nan"})
_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)


class Point(NamedTuple):
    """One point of a series; without `time` it is of the observation's own time."""

    time: datetime | None
    value: Value
    uom: str | None
    nil_reason: str | None
    quality: str | None
    observation_type: str


class _Metadata(NamedTuple):
    uom: str | None = None
    quality: str | None = None
    qualifier: str | None = None
    nil_reason: str | None = None

    def over(self, default: _Metadata) -> _Metadata:
        return _Metadata(*(own or other for own, other in zip(self, default, strict=True)))


def is_timeseries(element: etree._Element) -> bool:
    """Tell whether a result is a series of WaterML, in time-value pairs or as domain and range."""
    return "Timeseries" in xml.local_name(element)


def decode_timeseries(element: etree._Element) -> Iterator[Point]:
    """Read the points of a series in their order; raises `InvalidRequest` with the line."""
    if xml.local_name(element).endswith("DomainRange") or child(element, "rangeSet") is not None:
        return _domain_range(element)
    return _pairs(element)


def _pairs(element: etree._Element) -> Iterator[Point]:
    defaults = _Metadata()
    for holder in element.iterchildren("{*}defaultPointMetadata"):
        defaults = _metadata(holder).over(defaults)
    is_category = xml.local_name(element).startswith("Categorical")
    regular = _regular_times(child(element, "metadata"))
    for holder in element.iterchildren("{*}point"):
        pair = xml.first_element(holder)
        if pair is None:
            continue
        parts = {str(each.tag).rpartition("}")[2]: each for each in pair.iterchildren("*")}
        own = parts.get("metadata")
        metadata = defaults if own is None else _metadata(own).over(defaults)
        time = gml32.decode_position(parts.get("time"))
        if regular is not None:
            following = next(regular)
            time = time or following
        yield _point(time, parts.get("value"), metadata, is_category=is_category)


def _point(time: datetime | None, holder: etree._Element | None, metadata: _Metadata, *, is_category: bool) -> Point:
    value, reason, uom = _value(holder, metadata, is_category=is_category)
    quality = metadata.quality or metadata.qualifier
    if reason is not None:
        reason = metadata.nil_reason or reason
    kind = OM_CATEGORY if is_category else OM_MEASUREMENT
    return Point(time, value, uom or (None if is_category else metadata.uom), reason, quality, kind)


def _value(
    holder: etree._Element | None, metadata: _Metadata, *, is_category: bool
) -> tuple[Value, str | None, str | None]:
    """Read a value with the reason where it is nil, and its own unit."""
    if holder is None:
        return None, NO_VALUE, None
    inner = xml.first_element(holder)
    text = xml.text_of(holder if inner is None else child(inner, "value"))
    uom = holder.get("uom") or (None if inner is None else _named(child(inner, "uom")))
    nil_reason = holder.get("nilReason") or (metadata.nil_reason if text is None else None)
    if nil_reason or text is None or holder.get(xml.XSI_NIL) in ("true", "1"):
        return None, nil_reason or NO_VALUE, uom
    if is_category:
        return text, None, uom
    value, reason = swe_columns.read_number(text)
    if value == _MISSING_NUMBER and metadata.qualifier is not None:
        return None, metadata.qualifier, uom
    return value, reason, uom


def _metadata(holder: etree._Element) -> _Metadata:
    """Read the metadata of a point, or of all points."""
    inner = xml.first_element(holder)
    if inner is None:
        return _Metadata()
    return _Metadata(
        uom=_named(child(inner, "uom")),
        quality=_named(child(inner, "quality")),
        qualifier=_named(child(inner, "qualifier")),
        nil_reason=_named(child(inner, "nilReason")) or _named(child(inner, "censoredReason")),
    )


def _named(holder: etree._Element | None) -> str | None:
    """Give what a reference, a unit or a qualifier says."""
    if holder is None:
        return None
    inner = xml.first_element(holder)
    if inner is not None:
        return xml.text_of(child(inner, "value")) or inner.get("definition") or holder.get(xml.XLINK_TITLE)
    told = holder.get("code") or xml.href(holder) or holder.get(xml.XLINK_TITLE)
    return told or xml.text_of(holder) or holder.get("nilReason")


def _regular_times(holder: etree._Element | None) -> Iterator[datetime] | None:
    """Give the times of points at equal distances (clause 9.9); None where the series is not such a one."""
    metadata = xml.first_element(holder)
    base, spacing = child(metadata, "baseTime"), xml.text_of(child(metadata, "spacing"))
    begin = gml32.decode_position(base)
    if begin is None or base is None or spacing is None:
        return None
    match = _DURATION.fullmatch(spacing)
    if match is None or len(spacing) < 3:
        raise InvalidRequest(f"The spacing {spacing!r} is no duration such as PT15M ({xml.where(base)}).")
    return _steps(begin, match, base)


def _steps(begin: datetime, spacing: re.Match[str], base: etree._Element) -> Iterator[datetime]:
    """Give the times from a begin on; months are those of the calendar."""
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in spacing.groups()[:6])
    number = 0
    while True:
        month = begin.month - 1 + (years * 12 + months) * number
        try:
            rest = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=float(spacing[7] or 0))
            first = begin.replace(year=begin.year + month // 12, month=month % 12 + 1, day=1)
            yield first.replace(day=min(begin.day, monthrange(first.year, first.month)[1])) + rest * number
        except (ValueError, OverflowError) as error:
            raise InvalidRequest(
                f"The spacing {spacing[0][:20]} leads beyond the year 9999 ({xml.where(base)})."
            ) from error
        number += 1


def _domain_range(element: etree._Element) -> Iterator[Point]:
    """Read a series as domain and range: as many values as times."""
    lists = element.iter("{*}timePositionList", "{*}TimePositionList")
    listed = next((each for each in lists if xml.text_of(each) is not None), None)
    if listed is None:
        raise InvalidRequest(f"The series at {xml.where(element)} has no timePositionList.")
    times = [gml32.decode_instant(text, listed) for text in (listed.text or "").split()]
    values, uom, is_category = _range(element)
    if len(values) != len(times):
        raise InvalidRequest(
            f"The series at {xml.where(element)} has {len(times)} times and {len(values)} values; one each is needed."
        )
    default = next(element.iter("{*}defaultMetadata", "{*}defaultPointMetadata"), None)
    metadata = _Metadata() if default is None else _metadata(default)
    qualities = _annotations(element, len(times))
    kind = OM_CATEGORY if is_category else OM_MEASUREMENT
    for time, text, quality in zip(times, values, qualities, strict=True):
        value, reason = _list_value(text, is_category=is_category)
        told = quality or metadata.quality or metadata.qualifier
        yield Point(time, value, uom or metadata.uom, reason, told, kind)


def _range(element: etree._Element) -> tuple[list[str], str | None, bool]:
    """Give the texts of the values, their unit, and whether they are categories."""
    holder = child(element, "rangeSet")
    inner = xml.first_element(holder)
    if inner is None:
        raise InvalidRequest(f"The series at {xml.where(element)} has no rangeSet.")
    is_category = "Category" in xml.local_name(inner)
    if xml.local_name(inner) == "ValueArray":
        values = [each for part in inner.iterchildren("{*}valueComponents", "{*}valueComponent") for each in part]
        texts = ["" if each.get(xml.XSI_NIL) in ("true", "1") else (each.text or "").strip() for each in values]
        uom = next((unit for each in values if (unit := each.get("uom"))), None)
        return texts, uom, any("Category" in xml.local_name(each) for each in values)
    listed = next((each for each in inner.iter("{*}tupleList")), inner)
    unit = next(iter(element.iter("{*}rangeType")), None)
    declared = None if unit is None else _named(next(unit.iter("{*}uom"), None))
    return (listed.text or "").split(), inner.get("uom") or declared, is_category


def _list_value(text: str, *, is_category: bool) -> tuple[Value, str | None]:
    """Read a value of a list, in which a nil reason may stand for one (GML 3.2.1 clause 16.2.3)."""
    if not text:
        return None, NO_VALUE
    if text.lower() in _NIL_WORDS or text.startswith("other:"):
        return None, text
    return (text, None) if is_category else swe_columns.read_number(text)


def _annotations(element: etree._Element, count: int) -> list[str | None]:
    """Give the quality of each point where the coverage of an annotation tells it."""
    for coverage in element.iter("{*}AnnotationCoverage"):
        listed = next(coverage.iter("{*}CategoryList"), None)
        texts: list[str] = [] if listed is None else (listed.text or "").split()
        if listed is not None and len(texts) == count and "quality" in (listed.get("codeSpace") or "quality"):
            return [None if text in _NIL_WORDS else text for text in texts]
    return [None] * count
