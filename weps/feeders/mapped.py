"""
Observations in JSON or CSV that follows no standard, read as a mapping says (`mapping`).

An item without a value is none, as many sensors send only what changed; a document in which nothing stands where the
mapping has its values is refused, because the mapping must be wrong.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, TypeVar

from sos_server.time import parse_instant
from weps.errors import InputError
from weps.feeders.convert import observation_id
from weps.feeders.json_parts import result_of
from weps.feeders.mapping import ISO, Constant, InDocument, Place, ReadingMapping, TopicLevel
from weps.json_faults import json_fault
from weps.model import Observation

Found = TypeVar("Found")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SINCE_1970 = {"s": 1.0, "ms": 0.001}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class _Item:
    """Something that places are looked up in: `find` gives what stands at one, `_ABSENT` where nothing does."""

    find: Callable[[str], Any]
    whole: Callable[[str], Any]
    topic: str
    where: str
    is_csv: bool = False

    def at(self, place: Place | None) -> Any:
        if place is None:
            return _ABSENT
        if isinstance(place, Constant):
            return place.constant
        if isinstance(place, InDocument):
            return self.whole(place.document)
        if isinstance(place, TopicLevel):
            levels = self.topic.split("/")
            return levels[place.topic - 1] if place.topic <= len(levels) else _ABSENT
        return self.find(place)

    def text(self, place: Place | None) -> str | None:
        found = self.at(place)
        if found is _ABSENT or found is None or found == "":
            return None
        if isinstance(found, list | dict):
            raise InputError(f"at {place} stands {json.dumps(found)[:80]}, not a text", self.where)
        return str(found).strip() or None


def decode_json(mapping: ReadingMapping, data: bytes, topic: str = "") -> tuple[Observation, ...]:
    """Read JSON as a mapping says, nil results too; raises `InputError` with the item that cannot be read."""
    try:
        document = json.loads(data.removeprefix(b"\xef\xbb\xbf"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the message is no JSON: {json_fault(error)}") from error
    found = document if mapping.items is None else _look_up(document, mapping.items)
    if found is _ABSENT or (mapping.items is not None and not isinstance(found, list | dict)):
        raise InputError(f"the document has no list at {mapping.items}")
    items = found if isinstance(found, list) else [found]
    return _decode(
        mapping,
        (
            _Item(
                lambda place, item=item: _look_up(item, place),  # type: ignore[misc]
                lambda place: _look_up(document, place),
                topic,
                f"item {number}",
            )
            for number, item in enumerate(items, start=1)
        ),
    )


def decode_csv(mapping: ReadingMapping, data: bytes, topic: str = "") -> tuple[Observation, ...]:
    """Read CSV with a header as a mapping says; raises `InputError` with the line that cannot be read."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("the document is not UTF-8 text") from error
    return _decode(mapping, _rows(text, mapping.separator, _columns(mapping), topic))


def _columns(mapping: ReadingMapping) -> frozenset[str]:
    return frozenset(place for places in mapping.readings for place in places.values() if isinstance(place, str))


def _rows(text: str, separator: str, wanted: frozenset[str], topic: str) -> Iterator[_Item]:
    lines = csv.reader(io.StringIO(text), delimiter=separator, strict=True, skipinitialspace=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        missing = sorted(wanted - set(header))
        if missing:
            raise InputError(f"the header has no column {', '.join(missing)}", "line 1")
        for row in lines:
            where = f"line {lines.line_num}"
            if not any(field.strip() for field in row):
                continue
            if len(row) != len(header):
                raise InputError(f"{len(row)} fields where the header names {len(header)}", where)
            fields = dict(zip(header, map(str.strip, row), strict=True))
            yield _Item(fields.__getitem__, lambda _: _ABSENT, topic, where, is_csv=True)
    except csv.Error as error:
        raise InputError(f"not CSV: {error}", f"line {lines.line_num}") from error


def _field(text: str) -> str | int | float:
    """Give what a field of CSV says: it has no other way to tell a number from a text."""
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else float(text)


def _decode(mapping: ReadingMapping, items: Iterator[_Item]) -> tuple[Observation, ...]:
    found: list[Observation] = []
    looked_at = 0
    for item in items:
        looked_at += 1
        for places in mapping.readings:
            observation = _observation(mapping, places, item)
            if observation is not None:
                found.append(observation._replace(id=observation_id(observation)))
    if looked_at and not found:
        wanted = ", ".join(str(one["value"]) for one in mapping.readings)
        raise InputError(f"nothing stands where the mapping has the value ({wanted})")
    return tuple(found)


def _observation(mapping: ReadingMapping, places: Mapping[str, Place], item: _Item) -> Observation | None:
    """Give an observation; None where the item has no such value."""
    value = item.at(places["value"])
    if value is _ABSENT:
        return None
    if item.is_csv:
        value = _field(value)
    uom = item.text(places.get("uom"))
    is_nil = value is None or value == "" or any(_is_same(value, nil) for nil in mapping.nil)
    result = result_of(None if is_nil else value, uom, item.where)
    if uom is not None and isinstance(result.value, str):
        raise InputError(f"the value {result.value[:80]!r} is no number, but has a unit", item.where)
    time = _needed(_time(mapping, item, places["time"]), "time", item)
    procedure = _needed(item.text(places["procedure"]), "procedure", item)
    return Observation(
        phenomenon_time=time,
        procedure=procedure,
        observed_property=_needed(item.text(places["observedProperty"]), "observedProperty", item),
        feature_of_interest=item.text(places.get("featureOfInterest")) or procedure,
        value=result.value,
        uom=result.uom,
        phenomenon_time_end=_end(mapping, item, places.get("end"), time),
        result_time=_time(mapping, item, places.get("resultTime")),
        nil_reason=result.nil_reason,
        geometry=_point(item, places),
        identifier=item.text(places.get("identifier")),
        quality=item.text(places.get("quality")),
    )


def _needed(found: Found | None, name: str, item: _Item) -> Found:
    if found is None:
        raise InputError(f"the observation has no {name}", item.where)
    return found


def _is_same(value: Any, nil: str | float) -> bool:
    if isinstance(value, bool):
        return False
    if value == nil or str(value) == str(nil):
        return True
    try:
        return math.isclose(float(value), float(nil), rel_tol=1e-12)
    except (TypeError, ValueError):
        return False


def _end(mapping: ReadingMapping, item: _Item, place: Place | None, begin: datetime) -> datetime | None:
    end = _time(mapping, item, place)
    if end is not None and end < begin:
        raise InputError("the period ends before it begins", item.where)
    return None if end == begin else end


def _time(mapping: ReadingMapping, item: _Item, place: Place | None) -> datetime | None:
    found = item.at(place)
    if found is _ABSENT or found is None or found == "":
        return None
    form = mapping.timeFormat
    try:
        if isinstance(found, bool):
            raise ValueError(f"{found} is no time")
        if form in _SINCE_1970:
            return _EPOCH + timedelta(seconds=float(found) * _SINCE_1970[form])
        if form != ISO:
            read = datetime.strptime(str(found), form)
            return (read if read.tzinfo else read.replace(tzinfo=_zone(mapping.timeZone))).astimezone(UTC)
        if not isinstance(found, str):
            raise ValueError(f"{found!r} is no time in ISO 8601; say timeFormat s or ms if it counts from 1970")
        return _iso(found, mapping.timeZone)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(str(error), item.where) from error


def _iso(text: str, zone: str | None) -> datetime:
    has_zone = re.search(r"(Z|[+-]\d\d:?\d\d)\s*$", text[10:], re.IGNORECASE)
    return parse_instant(text if has_zone or zone is None or len(text.strip()) <= 10 else f"{text.strip()}{zone}")


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def _point(item: _Item, places: Mapping[str, Place]) -> dict[str, Any] | None:
    longitude, latitude = item.text(places.get("longitude")), item.text(places.get("latitude"))
    if longitude is None or latitude is None:
        return None
    try:
        east, north = float(longitude), float(latitude)
    except ValueError as error:
        raise InputError(f"longitude {longitude!r} and latitude {latitude!r} are no place", item.where) from error
    if not (-180 <= east <= 180 and -90 <= north <= 90):
        raise InputError(f"longitude {longitude} and latitude {latitude} are no place in degrees", item.where)
    return {"type": "Point", "coordinates": [east, north]}


def _look_up(document: Any, place: str) -> Any:
    """Give what stands at a JSON pointer or a simple path, `_ABSENT` where nothing does."""
    for step in _steps(place):
        if isinstance(document, Mapping) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return _ABSENT
    return document


@lru_cache(maxsize=1024)
def _steps(place: str) -> Sequence[str]:
    if not place:
        return ()
    if place.startswith("/"):
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in place[1:].split("/"))
    return tuple(place.split("."))
